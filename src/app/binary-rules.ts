/** Rules of the user's own for programs that no package manager knows. */
import type { Ports } from '../core/index.ts';
import { createOwnCatalogers } from '../metadata/catalog/index.ts';
import type { CatalogerSet } from '../metadata/catalog/index.ts';

/** Some thousand rules. */
const MAX_RULES_BYTES = 1024 * 1024;

/** Throws `not-found`, `invalid-input`. */
export async function loadBinaryRules(ports: Pick<Ports, 'files'>, path: string): Promise<CatalogerSet> {
  const text = Buffer.from(await ports.files.read(path, MAX_RULES_BYTES)).toString('utf8');
  return createOwnCatalogers(text, path);
}
