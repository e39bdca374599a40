/** Pipfile.lock: what is pinned for running and what for development; it does not say who needs whom. */
import type { FileEntry } from '../../../../core/index.ts';
import { isRecord, parseJson } from '../../../../core/index.ts';
import { MAX_DATABASE_BYTES } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import type { Finds } from '../../components.ts';
import type { Locked } from '../../locked.ts';
import { addEntries } from './lock-entries.ts';
import { onlyHash, recordOf, textOr, textsOf } from '../../values.ts';
import { pinOf } from './python-package.ts';

export const pipfileLock: Cataloger = {
  id: 'pipfile-lock',
  evidence: 'declared',
  names: ['Pipfile.lock'],
  select: () => ({ kind: 'keep', maxBytes: MAX_DATABASE_BYTES }),
  catalog: async (tree, files, context) =>
    await catalogFiles(files, { tree, context, finder: { foundBy: 'pipfile-lock', evidence: 'lock' } }, read),
};

function read(content: Uint8Array, file: FileEntry, finds: Finds): void {
  const lock = recordOf(parseJson(content, { what: file.path, maxBytes: MAX_DATABASE_BYTES }));
  const entries = Object.entries(lock).flatMap(([group, packages]) => {
    if (group === '_meta' || !isRecord(packages)) return [];
    return Object.entries(packages).flatMap(([name, raw]): readonly Locked[] => {
      const { version: specifier, hashes } = recordOf(raw);
      const version = pinOf(textOr(specifier, ''));
      if (version === undefined) {
        finds.skip(
          file,
          `${name.slice(0, 80)}: expected a version like ==1.0, found ${specifier === undefined ? 'none' : 'another'}`,
        );
        return [];
      }
      return [
        { name, version, hashes: onlyHash(textsOf(hashes)), scope: group === 'develop' ? 'development' : 'runtime' },
      ];
    });
  });
  // of a package that stands in both groups, what is for running counts
  addEntries(
    finds,
    file,
    entries.toSorted((a, b) => Number(a.scope === 'development') - Number(b.scope === 'development')),
  );
}
