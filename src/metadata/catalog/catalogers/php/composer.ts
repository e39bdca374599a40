/** Composer (getcomposer.org): `composer.lock`, and `vendor/composer/installed.json` of versions 1 and 2. */
import { isRecord, mismatch, parseJson, recordsOf } from '../../../../core/index.ts';
import type { Scope } from '../../../sbom/index.ts';
import type { Given } from '../../components.ts';
import { addEntries, createFileCataloger, MAX_FILE_BYTES } from '../../file-cataloger.ts';
import type { Entry, Reading } from '../../file-cataloger.ts';
import { hexHashes, linksOf, recordOf, textsOf } from '../../values.ts';
import type { Raw } from '../../values.ts';

export const composerInstalled = createFileCataloger({
  id: 'composer-installed',
  evidence: 'installed-db',
  names: ['installed.json'],
  isChosen: (path) => /(?:^|\/)composer\/installed\.json$/.test(path),
  read: readInstalled,
});

export const composerLock = createFileCataloger({
  id: 'composer-lock',
  evidence: 'lock',
  names: ['composer.lock'],
  read: readLock,
});

function readInstalled(reading: Reading): void {
  const { content, file } = reading;
  const installed = parseJson(content, { what: file.path, maxBytes: MAX_FILE_BYTES });
  const packages: unknown = isRecord(installed) ? installed.packages : installed;
  if (!Array.isArray(packages)) throw mismatch(file.path, 'a list of packages', packages);
  const names: unknown = isRecord(installed) ? installed['dev-package-names'] : undefined;
  const development = new Set<unknown>(Array.isArray(names) ? names : []);
  add(reading, packages, (name) => (development.has(name) ? 'development' : 'runtime'));
}

function readLock(reading: Reading): void {
  const { content, file } = reading;
  const lock = parseJson(content, { what: file.path, maxBytes: MAX_FILE_BYTES });
  if (!isRecord(lock) || !Array.isArray(lock.packages)) throw mismatch(file.path, 'an object with packages', lock);
  const development: readonly unknown[] = Array.isArray(lock['packages-dev']) ? lock['packages-dev'] : [];
  const names = new Set(development.map((raw) => (isRecord(raw) ? raw.name : undefined)));
  add(reading, [...lock.packages, ...development], (name) => (names.has(name) ? 'development' : 'runtime'));
}

function add(reading: Reading, packages: readonly unknown[], scopeOf: (name: string) => Scope): void {
  const entries = new Map<string, Entry>();
  const providers = new Map<string, string>();
  for (const raw of packages) {
    if (!isRecord(raw) || typeof raw.name !== 'string' || typeof raw.version !== 'string') {
      reading.finds.skip(reading.file, 'expected a package with name and version, found neither');
      continue;
    }
    entries.set(raw.name, {
      given: { ...describe(raw.name, raw.version, raw), scope: scopeOf(raw.name) },
      needs: namesIn(raw.require),
    });
    for (const name of [...namesIn(raw.replace), ...namesIn(raw.provide)]) providers.set(name, raw.name);
  }
  const resolved = [...entries].map(([name, { given, needs }]) => {
    const known = needs.map((needed) => (entries.has(needed) ? needed : (providers.get(needed) ?? needed)));
    return [name, { given, needs: known }] as const;
  });
  addEntries(reading, new Map(resolved));
}

function describe(name: string, version: string, raw: Raw): Given {
  const slash = name.indexOf('/');
  const [supplier, reference] = [recordsOf(raw.authors)[0]?.name, recordOf(raw.source).reference];
  return {
    name,
    version,
    purl: {
      type: 'composer',
      namespace: slash < 0 ? undefined : name.slice(0, slash),
      name: name.slice(slash + 1),
      version,
    },
    licences: textsOf([raw.license].flat()).filter((licence) => licence !== ''),
    hashes: hexHashes('sha1', recordOf(raw.dist).shasum),
    ...linksOf(raw.homepage, recordOf(raw.source).url),
    ...(typeof supplier === 'string' && supplier !== '' ? { supplier } : {}),
    ...(typeof reference === 'string' ? { properties: { 'composer:reference': reference } } : {}),
  };
}

function namesIn(value: unknown): readonly string[] {
  return Object.keys(recordOf(value));
}
