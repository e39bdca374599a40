/**
 * Dart and Flutter (dart.dev/tools/pub): `pubspec.lock`, with who needs whom where the cache of pub lies in the tree, and
 * `pubspec.yaml`, which names the package itself.
 */
import { isRecord, mismatch } from '../../../../core/index.ts';
import type { FileEntry } from '../../../../core/index.ts';
import type { Scope } from '../../../sbom/index.ts';
import { parseYaml } from '../../documents.ts';
import { addEntries, createFileCataloger, vcsUrl } from '../../file-cataloger.ts';
import type { Entry, Reading } from '../../file-cataloger.ts';
import type { Given } from '../../components.ts';
import { hexHashes, recordOf } from '../../values.ts';
import type { Raw } from '../../values.ts';

/** Packages that pub keeps for all projects: `hosted/pub.dev/meta-1.11.0/pubspec.yaml`. */
const CACHED = /(?:^|\/)hosted\/[^/]+\/([^/]+)\/pubspec\.yaml$/;

export const pubLock = createFileCataloger({
  id: 'pub-lock',
  evidence: 'lock',
  names: ['pubspec.lock', 'pubspec.yaml'],
  isChosen: (path) => path.endsWith('.lock') || CACHED.test(path),
  isRead: (path) => path.endsWith('.lock'),
  read: readLock,
});

export const pubPackage = createFileCataloger({
  id: 'pub-package',
  evidence: 'manifest',
  names: ['pubspec.yaml', 'pubspec.yml'],
  isChosen: (path) => !CACHED.test(path),
  read: readPackage,
});

async function readLock(reading: Reading): Promise<void> {
  const { content, file, files, tree } = reading;
  const lock = parseYaml(content, file.path);
  if (!isRecord(lock) || !isRecord(lock.packages)) throw mismatch(file.path, 'an object with packages', lock);
  const cached = new Map(files.map(({ path }) => [CACHED.exec(path)?.[1], path]));
  const entries = new Map<string, Entry>();
  for (const [name, raw] of Object.entries(lock.packages)) {
    if (!isRecord(raw) || typeof raw.version !== 'string') continue;
    const path = cached.get(`${name}-${raw.version}`);
    const pubspec = path === undefined ? undefined : await tree.read(path);
    const needs =
      pubspec === undefined || path === undefined
        ? []
        : Object.keys(recordOf(recordOf(parseYaml(pubspec, path)).dependencies));
    entries.set(name, { given: describe(name, raw.version, raw), needs });
  }
  addEntries(reading, entries);
}

function describe(name: string, version: string, raw: Raw): Given {
  const description = recordOf(raw.description);
  const [address, commit] = [description.url, description['resolved-ref']];
  const isRepository = raw.source === 'git' && typeof address === 'string' && typeof commit === 'string';
  const scope: Scope = raw.dependency === 'direct dev' ? 'development' : 'runtime';
  if (raw.source === 'path') return { name, version, kind: 'application', scope };
  return {
    name,
    version,
    purl: { type: 'pub', name, version, qualifiers: { vcs_url: isRepository ? vcsUrl(address, commit) : undefined } },
    hashes: hexHashes('sha256', description.sha256),
    scope,
  };
}

function readPackage({ content, file, finds }: Reading): void {
  const { name, version } = readPubspec(content, file);
  if (typeof name !== 'string' || typeof version !== 'string') return;
  finds.add(file, { name, version, kind: 'application', purl: { type: 'pub', name, version } });
}

function readPubspec(content: Uint8Array, file: FileEntry): Raw {
  const pubspec = parseYaml(content, file.path);
  if (!isRecord(pubspec)) throw mismatch(file.path, 'an object', pubspec);
  return pubspec;
}
