/** Version catalogs of Gradle (`libs.versions.toml`): libraries with the versions that the build asks for. */
import { isRecord } from '../../../../core/index.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import { parseToml } from '../../documents.ts';
import { mavenPackage } from './maven.ts';

export const gradleCatalog = createFileCataloger({
  id: 'gradle-catalog',
  evidence: 'manifest',
  names: ['*.toml'],
  isChosen: (path) => path.endsWith('.versions.toml'),
  read: ({ content, file, finds }) => {
    const document = parseToml(content, file.path);
    const versions = isRecord(document.versions) ? document.versions : {};
    for (const library of Object.values(isRecord(document.libraries) ? document.libraries : {})) {
      const found = readLibrary(library, versions);
      if (found !== undefined) finds.add(file, found);
    }
  },
});

function readLibrary(library: unknown, versions: Readonly<Record<string, unknown>>): ReturnType<typeof mavenPackage> {
  if (typeof library === 'string') {
    const [group = '', artifact = '', version = ''] = library.split(':');
    return mavenPackage(group, artifact, version);
  }
  if (!isRecord(library)) return undefined;
  const [group, artifact] =
    typeof library.module === 'string' ? library.module.split(':') : [library.group, library.name];
  return mavenPackage(String(group), String(artifact), readVersion(library.version, versions));
}

/** A text, a reference to the table of versions, or a rich version. A range is none. */
function readVersion(version: unknown, versions: Readonly<Record<string, unknown>>): string {
  const named = isRecord(version) && typeof version.ref === 'string' ? versions[version.ref] : version;
  const text = isRecord(named) ? (named.strictly ?? named.require ?? named.prefer) : named;
  return typeof text === 'string' && /^[^[\](),+]*$/.test(text) ? text : '';
}
