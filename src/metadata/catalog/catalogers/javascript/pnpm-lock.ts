/**
 * pnpm-lock.yaml of lock file versions 5 to 9. Keys of packages: `/name/1.0.0_peer@2` up to 5, `/name@1.0.0(peer@2)` in 6 to 8; in 9
 * `packages` has `name@1.0.0` and `snapshots` one entry for each set of peers. From version 9 on, what is for development follows
 * from what the importers need. A first document may speak of what runs pnpm itself.
 */
import { AppError, isRecord, parseYamlTexts } from '../../../../core/index.ts';
import type { Scope } from '../../../sbom/index.ts';
import { MAX_DATABASE_BYTES } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { textOf } from '../../components.ts';
import type { Locked } from '../../locked.ts';
import { recordOf } from '../../values.ts';
import { npmOrigin } from './npm-origin.ts';
import { integrityHashes, splitAt } from './npm-package.ts';
import type { Raw } from '../../values.ts';
import { folderOf, joinPath } from '../../paths.ts';
import { projectLock } from './project-lock.ts';
import type { LockSource } from './project-lock.ts';

/** Names and versions have some ten characters, addresses some hundred. */
const MAX_KEY = 2048;

export const pnpmLock: Cataloger = projectLock({
  id: 'pnpm-lock',
  name: 'pnpm-lock.yaml',
  maxBytes: MAX_DATABASE_BYTES,
  *read(content, source) {
    const { path } = source.file;
    for (const document of parseYamlTexts(textOf(content), path)) {
      // an empty document is a project without dependencies
      if (document === null || document === '') continue;
      if (!isRecord(document)) throw new AppError('invalid-input', `${path}: expected a map, found something else`);
      yield readDocument(document, source);
    }
  },
});

function readDocument(document: Raw, source: LockSource): ReadonlyMap<string, Locked> {
  const version = Number.parseFloat(String(document.lockfileVersion));
  const packages = recordOf(document.packages);
  const snapshots = recordOf(document.snapshots);
  // a snapshot says who needs whom, its package what is fetched
  const entries = new Map<string, Raw>();
  for (const [key, raw] of Object.entries(snapshots)) {
    entries.set(key, { ...recordOf(packages[withoutPeers(key)]), ...recordOf(raw) });
  }
  const covered = new Set([...entries.keys()].map(withoutPeers));
  for (const [key, raw] of Object.entries(packages)) if (!covered.has(key)) entries.set(key, recordOf(raw));
  const locked = new Map<string, Locked>();
  for (const [key, raw] of entries) {
    const entry = readEntry(key, raw, { version, entries });
    if (entry === undefined)
      source.finds.skip(
        source.file,
        `expected a package's name and version, found ${JSON.stringify(key.slice(0, 80))}`,
      );
    else locked.set(key, entry);
  }
  for (const [folder, importer] of importersOf(document)) {
    locked.set(`importer ${folder}`, readImporter(folder, importer, { ...source, version, entries }));
  }
  return locked;
}

/** Peers stand in brackets after the version. */
function withoutPeers(key: string): string {
  const bracket = key.indexOf('(', 1);
  return bracket < 0 ? key : key.slice(0, bracket);
}

interface Keys {
  readonly version: number;
  readonly entries: ReadonlyMap<string, Raw>;
}

function readEntry(key: string, raw: Raw, keys: Keys): Locked | undefined {
  const parsed = keys.version < 6 ? parseOldKey(key) : parseKey(key);
  const name = typeof raw.name === 'string' ? raw.name : parsed?.name;
  const version = typeof raw.version === 'string' ? raw.version : parsed?.version;
  if (name === undefined || version === undefined) return undefined;
  const resolution = recordOf(raw.resolution);
  const { tarball, repo, commit, directory } = resolution;
  const origin =
    typeof repo === 'string'
      ? `${/^(?:git\+|git@)/.test(repo) ? '' : 'git+'}${repo}#${String(commit)}`
      : (tarball ?? directory);
  return {
    name,
    version,
    ...npmOrigin(origin),
    ...(typeof directory === 'string' ? { isLocal: true, folder: directory } : {}),
    hashes: integrityHashes(resolution.integrity),
    ...(keys.version < 9 ? scopeOf(raw) : {}),
    needs: { runtime: keysOf(raw.dependencies, keys), optional: keysOf(raw.optionalDependencies, keys) },
  };
}

/** `/@scope/name@1.0.0(peer@2.0.0)`; what stands for an address has no version. */
function parseKey(key: string): { readonly name: string; readonly version: string } | undefined {
  const found = splitAt(withoutPeers(key).replace(/^\//, ''));
  return found === undefined ? undefined : { name: found.name, version: /^\d/.test(found.range) ? found.range : '' };
}

/** `/@scope/name/1.0.0_peer@2.0.0`, before which a registry's host may stand. */
function parseOldKey(key: string): { readonly name: string; readonly version: string } | undefined {
  if (key.length > MAX_KEY) return undefined;
  const match = /^(?:[^/@]*\.[^/@]*)?\/((?:@[^/]+\/)?[^/@]+)\/(\d[^/_(]*)/.exec(key);
  return match?.[1] === undefined || match[2] === undefined ? undefined : { name: match[1], version: match[2] };
}

/** The flags of lock files up to version 8. */
function scopeOf({ dev, optional }: Raw): { readonly scope?: Scope } {
  if (dev === 'true') return { scope: 'development' };
  if (optional === 'true') return { scope: 'optional' };
  return dev === 'false' ? { scope: 'runtime' } : {};
}

/** A version stands for the package of the name before it; else the text is a key itself, or one without its first slash. */
function keysOf(wanted: unknown, { version, entries }: Keys): readonly string[] {
  return Object.entries(recordOf(wanted)).flatMap(([name, value]) => {
    const range = String(isRecord(value) ? value.version : value);
    const candidates =
      version < 6 ? [`/${name}/${range}`, range] : [`/${name}@${range}`, `${name}@${range}`, range, `/${range}`];
    return candidates.find((candidate) => entries.has(candidate)) ?? [];
  });
}

/** Folders of workspaces; a project alone has its needs at the top. */
function importersOf(document: Raw): readonly (readonly [string, Raw])[] {
  const importers = isRecord(document.importers) ? Object.entries(document.importers) : [['.', document] as const];
  return importers.map(([folder, importer]) => [folder, recordOf(importer)] as const);
}

function readImporter(folder: string, importer: Raw, source: LockSource & Keys): Locked {
  const path = folder === '.' ? '' : `${folder}/`;
  const project = source.projects.get(`${folderOf(source.file.path)}${path}`);
  const tools = { ...recordOf(importer.configDependencies), ...recordOf(importer.packageManagerDependencies) };
  return {
    name: project?.name ?? '',
    version: project?.version ?? '',
    isLocal: true,
    folder,
    needs: {
      runtime: [...keysOf(importer.dependencies, source), ...linksOf(importer.dependencies, folder)],
      optional: keysOf(importer.optionalDependencies, source),
      development: [...keysOf(importer.devDependencies, source), ...keysOf(tools, source)],
    },
  };
}

/** `link:../other` is another importer. */
function linksOf(wanted: unknown, folder: string): readonly string[] {
  return Object.values(recordOf(wanted)).flatMap((value) => {
    const range = String(isRecord(value) ? value.version : value);
    if (!range.startsWith('link:')) return [];
    const linked = joinPath(folder === '.' ? '' : `${folder}/`, range.slice('link:'.length));
    return linked === undefined ? [] : [`importer ${linked === '' ? '.' : linked}`];
  });
}
