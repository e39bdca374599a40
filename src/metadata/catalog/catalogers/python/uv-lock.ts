/** uv.lock: the project and its workspace are in it, with what they need for themselves, for extras and for development. */
import { AppError, recordsOf } from '../../../../core/index.ts';
import { createFileCataloger, vcsUrl } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { parseToml } from '../../documents.ts';
import type { Locked } from '../../locked.ts';
import { addEntries } from './lock-entries.ts';
import { onlyHash, recordOf, textOr } from '../../values.ts';
import { foldName } from './python-package.ts';
import type { Raw } from '../../values.ts';

export const uvLock = createFileCataloger({
  id: 'uv-lock',
  evidence: 'lock',
  names: ['uv.lock'],
  isChosen: () => true,
  read,
});

function read({ content, file, finds }: Reading): void {
  const packages = recordsOf(parseToml(content, file.path).package);
  const folders = packages.flatMap((raw) => localFolder(raw) ?? []);
  // uv writes the project into its lock file, and each folder holds one
  if (packages.length > 0 && folders.length === 0) {
    throw new AppError('invalid-input', `${file.path}: expected the project itself among its packages, found none`);
  }
  if (new Set(folders).size < folders.length) {
    throw new AppError('invalid-input', `${file.path}: expected one package for each folder, found several`);
  }
  addEntries(finds, file, packages.map(readPackage));
}

/** Of what is built from the tree itself. */
function localFolder(raw: Raw): string | undefined {
  const source = recordOf(raw.source);
  return [source.editable, source.virtual, source.directory].find((folder) => typeof folder === 'string');
}

function readPackage(raw: Raw): Locked {
  const source = recordOf(raw.source);
  const [address = '', commit = ''] = textOr(source.git, '').split('#');
  const wheels = recordsOf(raw.wheels).map(({ hash }) => hash);
  const sdist = recordOf(raw.sdist).hash;
  return {
    name: textOr(raw.name, ''),
    version: textOr(raw.version, ''),
    isLocal: localFolder(raw) !== undefined,
    hashes: onlyHash(sdist === undefined ? wheels : [...wheels, sdist]),
    ...(commit === '' ? {} : { qualifiers: { vcs_url: vcsUrl(address, commit) } }),
    needs: {
      runtime: keysOf(raw.dependencies),
      optional: Object.values(recordOf(raw['optional-dependencies'])).flatMap(keysOf),
      development: Object.values(recordOf(raw['dev-dependencies'])).flatMap(keysOf),
    },
  };
}

/** The version stands there where the lock file has several. */
function keysOf(wanted: unknown): readonly string[] {
  return recordsOf(wanted).map(({ name, version }) =>
    typeof version === 'string' ? `${foldName(textOr(name, ''))}@${version}` : textOr(name, ''),
  );
}
