/** Pipfile.lock: what is pinned for running, for development and for whoever asks for a group; it does not say who needs whom. */
import { isRecord, parseJson } from '../../../../core/index.ts';
import { MAX_DATABASE_BYTES } from '../../cataloger.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import type { Locked } from '../../locked.ts';
import type { Scope } from '../../../sbom/index.ts';
import { addEntries } from './lock-entries.ts';
import { onlyHash, recordOf, textOr, textsOf } from '../../values.ts';
import { pinOf } from './python-package.ts';

export const pipfileLock = createFileCataloger({
  id: 'pipfile-lock',
  evidence: 'lock',
  names: ['Pipfile.lock'],
  isChosen: () => true,
  read,
});

const SCOPES: ReadonlyMap<string, Scope> = new Map([
  ['default', 'runtime'],
  ['develop', 'development'],
]);

function read({ content, file, finds }: Reading): void {
  const lock = recordOf(parseJson(content, { what: file.path, maxBytes: MAX_DATABASE_BYTES }));
  const entries = Object.entries(lock).flatMap(([group, packages]) => {
    if (group === '_meta' || !isRecord(packages)) return [];
    return Object.entries(packages).flatMap(([name, raw]): readonly Locked[] => {
      const { version: specifier, hashes } = recordOf(raw);
      const scope = SCOPES.get(group) ?? 'optional';
      const version = pinOf(textOr(specifier, ''));
      if (version === undefined) {
        finds.skip(
          file,
          `${name.slice(0, 80)}: expected a version like ==1.0, found ${specifier === undefined ? 'none' : 'another'}`,
        );
        return [];
      }
      return [{ name, version, hashes: onlyHash(textsOf(hashes)), scope }];
    });
  });
  const ranks: readonly (Scope | undefined)[] = ['runtime', 'optional', 'development'];
  // of a package that stands in several groups, what is for running counts
  addEntries(
    finds,
    file,
    entries.toSorted((a, b) => ranks.indexOf(a.scope) - ranks.indexOf(b.scope)),
  );
}
