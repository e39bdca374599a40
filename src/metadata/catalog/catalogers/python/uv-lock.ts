/** uv.lock: the project and its workspace are in it, with what they need for themselves, for extras and for development. */
import { AppError, recordsOf } from '../../../../core/index.ts';
import { createFileCataloger, vcsUrl } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { parseToml } from '../../documents.ts';
import type { Locked } from '../../locked.ts';
import { addEntries } from './lock-entries.ts';
import { onlyHash, recordOf, textOr, textsOf } from '../../values.ts';
import { foldName } from './python-package.ts';
import { localFolder, localPlace } from './local-folders.ts';
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
  const asked = askedExtras(packages);
  const entries = packages.map((raw) => readPackage(raw, asked));
  addEntries(finds, file, entries);
}

/** `name[extra]` of what a package cannot do without; the extras of the project itself are for whoever wants them. */
function askedExtras(packages: readonly Raw[]): ReadonlySet<string> {
  const wanted = packages.flatMap((raw) => [
    ...recordsOf(raw.dependencies),
    ...(localFolder(raw) === undefined ? Object.values(recordOf(raw['optional-dependencies'])).flatMap(recordsOf) : []),
  ]);
  return new Set(wanted.flatMap(({ name, extra }) => textsOf(extra).map((text) => keyOf(name, text))));
}

function keyOf(name: unknown, extra: string): string {
  return `${textOr(name, '')}[${extra}]`;
}

function readPackage(raw: Raw, asked: ReadonlySet<string>): Locked {
  const source = recordOf(raw.source);
  const [address = '', commit = ''] = textOr(source.git, '').split('#');
  const wheels = recordsOf(raw.wheels).map(({ hash }) => hash);
  const sdist = recordOf(raw.sdist).hash;
  const extras = Object.entries(recordOf(raw['optional-dependencies']));
  const isAsked = ([extra]: readonly [string, unknown]) => asked.has(keyOf(raw.name, extra));
  const needsOf = (some: typeof extras) => some.flatMap(([, wanted]) => keysOf(wanted));
  return {
    name: textOr(raw.name, ''),
    version: textOr(raw.version, ''),
    ...localPlace(raw),
    hashes: onlyHash(sdist === undefined ? wheels : [...wheels, sdist]),
    ...(commit === '' ? {} : { qualifiers: { vcs_url: vcsUrl(address, commit) } }),
    needs: {
      runtime: [...keysOf(raw.dependencies), ...needsOf(extras.filter(isAsked))],
      optional: needsOf(extras.filter((entry) => !isAsked(entry))),
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
