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

/** Each layer asks for the one of the rules that the program was given, whose patterns take long to compile. */
let last: FileSelector | undefined;

/** The selector of images with this id, for other threads: it is all that they are told. */
export function findOwnSelector(id: string): FileSelector | undefined {
  if (last?.id === id) return last;
  const start = `${imageCatalogSelector.id}${WITH_RULES}`;
  if (!id.startsWith(start)) return undefined;
  last = createOwnCatalogers(id.slice(start.length), 'binary rules').imageSelector;
  return last;
}
