/** `packages.config`, which projects of the .NET Framework have: exact versions, without who needs whom. */
import { mismatch, parseXml } from '../../../../core/index.ts';
import { textOf } from '../../components.ts';
import { createFileCataloger, linesOf, MAX_FILE_BYTES } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { exactVersion } from './msbuild-project.ts';
import { nugetIdentity } from './nuget.ts';

export const packagesConfig = createFileCataloger({
  id: 'nuget-packages-config',
  evidence: 'manifest',
  names: ['packages.config'],
  read,
});

function read({ content, file, finds }: Reading): void {
  const root = parseXml(textOf(content), { what: file.path, maxLength: MAX_FILE_BYTES });
  if (root.name !== 'packages') throw mismatch(file.path, 'the element packages', root.name);
  for (const { name, attributes, line } of root.children) {
    const { id = '', version: written = '', developmentDependency } = attributes;
    if (name !== 'package') continue;
    const version = exactVersion(written);
    if (id === '' || version === undefined)
      finds.skip(file, `expected a package's id and version, found "${id} ${written}"`);
    else
      finds.add(file, {
        ...nugetIdentity(id, version),
        locations: linesOf(file, line),
        scope: developmentDependency === 'true' ? 'development' : 'runtime',
      });
  }
}
