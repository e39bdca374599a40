/** The catalogers with rules of the user's own beside theirs. */
import type { FileSelector } from '../../core/index.ts';
import { createCatalogerSet, imageCatalogSelector } from './catalog-tree.ts';
import type { CatalogerSet } from './catalog-tree.ts';
import { createBinaryCataloger } from './catalogers/binary/binary.ts';
import { parseOwnRules } from './catalogers/binary/own-rules.ts';

/** Between what the usual selector is called and the text of the rules. */
const WITH_RULES = '\nbinary-rules:\n';

/**
 * `text` is a document of rules as docs/guides/sbom-of-images.md shows it; `where` names it in errors. Layers are kept by the selector's
 * id, which holds the rules. Throws `invalid-input`.
 */
export function createOwnCatalogers(text: string, where: string): CatalogerSet {
  return createCatalogerSet(createBinaryCataloger(parseOwnRules(text, where)), `${WITH_RULES}${text}`);
}

/** The selector of images with this id, for other threads: it is all that they are told. Parses the rules. */
export function findOwnSelector(id: string): FileSelector | undefined {
  const start = `${imageCatalogSelector.id}${WITH_RULES}`;
  return id.startsWith(start) ? createOwnCatalogers(id.slice(start.length), 'binary rules').imageSelector : undefined;
}
