/**
 * Sections of Conan's text files: `conanfile.txt`, which says what a project wants, and `conaninfo.txt` in the cache of Conan 1, which
 * says what a built package was built with. The package itself is named by its folders there.
 */
import type { FileEntry } from '../../../../core/index.ts';
import { textOf } from '../../components.ts';
import type { Given } from '../../components.ts';
import { createFileCataloger, linesOf } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { conanIdentity, findConanReference, named } from './conan-reference.ts';

export const conanFile = createFileCataloger({
  id: 'conan-file',
  evidence: 'manifest',
  names: ['conanfile.txt'],
  read: (reading) => {
    addSection(reading, 'requires', 'runtime');
    for (const section of ['tool_requires', 'build_requires', 'test_requires'])
      addSection(reading, section, 'development');
  },
});

export const conanInfo = createFileCataloger({
  id: 'conan-info',
  evidence: 'installed-metadata',
  names: ['conaninfo.txt'],
  read: (reading) => {
    const { finds, file } = reading;
    const own = ownReference(file);
    const built = own === undefined ? undefined : finds.add(file, own);
    finds.depend(built, addSection(reading, 'full_requires', 'runtime'));
  },
});

/** `<cache>/<name>/<version>/<user>/<channel>/package/<id>/conaninfo.txt`. */
function ownReference({ path }: FileEntry): Given | undefined {
  const [, name, version, user, channel] =
    /(?:^|\/)([^/]+)\/([^/]+)\/([^/]+)\/([^/]+)\/package\/[0-9a-f]{40}\/conaninfo\.txt$/.exec(path) ?? [];
  if (name === undefined || version === undefined) return undefined;
  return conanIdentity({ name, version, user: named(user), channel: named(channel) });
}

function addSection({ content, file, finds }: Reading, wanted: string, scope: 'runtime' | 'development') {
  let section = '';
  return textOf(content)
    .split(/\r?\n/)
    .flatMap((raw, index) => {
      const line = raw.replace(/^\s*#.*$|\s#.*$/, '').trim();
      const title = /^\[([\w]+)\]$/.exec(line)?.[1];
      section = title ?? section;
      if (title !== undefined || line === '' || section !== wanted) return [];
      const reference = findConanReference(line);
      if (reference !== undefined)
        return [finds.add(file, { ...conanIdentity(reference), scope, locations: linesOf(file, index + 1) })];
      finds.skip(file, `expected name/version, found "${line.slice(0, 80)}"`);
      return [];
    });
}
