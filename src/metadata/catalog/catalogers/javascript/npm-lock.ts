/**
 * npm lock files: package-lock.json and npm-shrinkwrap.json of versions 1, 2 and 3, and node_modules/.package-lock.json.
 * Version 2 has both forms; `packages` is believed. A link into the tree is followed; the root package is the subject, no component.
 */
import { AppError, isRecord, parseJson } from '../../../../core/index.ts';
import type { FileEntry, FileTree, SkippedFile } from '../../../../core/index.ts';
import type { Component, Dependency, Hash, Scope } from '../../../sbom/index.ts';
import { MAX_DATABASE_BYTES, SKIP } from '../../cataloger.ts';
import type { Catalog, Cataloger } from '../../cataloger.ts';
import { createComponent, locationOf, trying } from '../../components.ts';
import { isNpmName, MAX_NPM_VERSION, npmLicences } from './npm-licence.ts';
import { npmIdentity } from './npm-installed.ts';

const LOCK = /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|node_modules\/\.package-lock\.json)$/;
const LOCK_ONLY = /(?:^|\/)package-lock\.json$/;
/** How deep version 1 may nest: npm itself flattens, so real files stay below 10. */
const MAX_DEPTH = 64;

export const npmLock: Cataloger = {
  id: 'npm-lock',
  evidence: 'declared',
  names: ['package-lock.json', 'npm-shrinkwrap.json', '.package-lock.json'],
  // A lock file inside an installed package is that package's own affair.
  select: ({ path }) =>
    LOCK.test(path) && !/(?:^|\/)node_modules\/(?!\.package-lock)/.test(path)
      ? { kind: 'keep', maxBytes: MAX_DATABASE_BYTES }
      : SKIP,
  catalog,
};

type Raw = Readonly<Record<string, unknown>>;

/** A package of the lock by its place: the key of `packages`, or the path of nested names in version 1. */
interface Locked {
  readonly place: string;
  readonly component: Component;
  readonly wanted: readonly string[];
}

async function catalog(tree: FileTree, files: readonly FileEntry[]): Promise<Catalog> {
  const skipped: SkippedFile[] = [];
  const components: Component[] = [];
  const dependencies: Dependency[] = [];
  const paths = new Set(files.map(({ path }) => path));
  for (const file of files) {
    // npm reads package-lock.json only where no npm-shrinkwrap.json lies beside it.
    if (paths.has(file.path.replace(/package-lock\.json$/, 'npm-shrinkwrap.json')) && LOCK_ONLY.test(file.path))
      continue;
    await trying(file.path, skipped, async () => {
      const bytes = await tree.read(file.path);
      if (bytes === undefined) return;
      const locked = readLock(bytes, file);
      components.push(...locked.values().map(({ component }) => component));
      dependencies.push(...locked.values().map((entry) => resolve(entry, locked)));
    });
  }
  return { components, dependencies, skipped };
}

function readLock(bytes: Uint8Array, file: FileEntry): ReadonlyMap<string, Locked> {
  const lock = parseJson(bytes, { what: file.path, maxBytes: MAX_DATABASE_BYTES });
  if (!isRecord(lock)) throw new AppError('invalid-input', `${file.path}: expected an object, found something else`);
  const locked = new Map<string, Locked>();
  if (isRecord(lock.packages)) readPackages(lock.packages, file, locked);
  else if (isRecord(lock.dependencies))
    readNested(lock.dependencies, { file, locked, place: '', depth: 0, isDevelopment: false });
  return locked;
}

function readPackages(packages: Raw, file: FileEntry, locked: Map<string, Locked>): void {
  const linked = linkedNames(packages);
  for (const [place, raw] of Object.entries(packages)) {
    if (place === '' || !isRecord(raw) || raw.link === true) continue;
    const name =
      typeof raw.name === 'string' ? raw.name : (nameAt(place) ?? linked.get(place) ?? unlinkedName(place, raw));
    if (name !== undefined) add(locked, { place, raw, file, name });
  }
  // Links make what they point to reachable from node_modules.
  for (const [place, raw] of Object.entries(packages)) {
    if (!isRecord(raw) || raw.link !== true || typeof raw.resolved !== 'string') continue;
    const target = locked.get(raw.resolved);
    if (target !== undefined && !locked.has(place)) locked.set(place, target);
  }
}

/** The text after the last node_modules; undefined for a workspace's folder. */
function nameAt(place: string): string | undefined {
  const at = place.lastIndexOf('node_modules/');
  return at < 0 ? undefined : place.slice(at + 'node_modules/'.length);
}

/** A folder that is not linked is still a package if it says its version. */
function unlinkedName(place: string, raw: Raw): string | undefined {
  return typeof raw.version === 'string' ? place.split('/').at(-1) : undefined;
}

/** A workspace without a name of its own is called as the link to it. */
function linkedNames(packages: Raw): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(packages).flatMap(([place, raw]) => {
      const name = nameAt(place);
      const isLink = isRecord(raw) && raw.link === true && typeof raw.resolved === 'string';
      return isLink && name !== undefined ? [[raw.resolved as string, name] as const] : [];
    }),
  );
}

interface Nest {
  readonly file: FileEntry;
  readonly locked: Map<string, Locked>;
  readonly place: string;
  readonly depth: number;
  readonly isDevelopment: boolean;
}

function readNested(dependencies: Raw, nest: Nest): void {
  if (nest.depth > MAX_DEPTH) {
    throw new AppError('invalid-input', `${nest.file.path}: expected at most ${MAX_DEPTH} levels of dependencies`);
  }
  for (const [name, entry] of Object.entries(dependencies)) {
    if (!isRecord(entry)) continue;
    // What only a development package nests is for development too.
    const raw: Raw = nest.isDevelopment ? { dev: true, ...entry } : entry;
    const place = `${nest.place === '' ? '' : `${nest.place}/`}node_modules/${name}`;
    add(nest.locked, { place, raw, file: nest.file, name });
    if (isRecord(raw.dependencies))
      readNested(raw.dependencies, { ...nest, place, depth: nest.depth + 1, isDevelopment: raw.dev === true });
  }
}

interface Entry {
  readonly place: string;
  readonly raw: Raw;
  readonly file: FileEntry;
  readonly name: string;
}

function add(locked: Map<string, Locked>, entry: Entry): void {
  const { raw, file } = entry;
  const identity = identify(entry.name, raw.version);
  if (identity === undefined) return;
  const resolved = typeof raw.resolved === 'string' ? { 'npm:resolved': raw.resolved } : {};
  locked.set(entry.place, {
    place: entry.place,
    wanted: Object.keys({
      ...recordOf(raw.requires),
      ...recordOf(raw.dependencies),
      ...recordOf(raw.optionalDependencies),
    }),
    component: createComponent({
      ...npmIdentity(identity.name, identity.version),
      foundBy: 'npm-lock',
      evidence: 'lock',
      locations: [locationOf(file)],
      licences: npmLicences(raw),
      hashes: integrityHashes(raw.integrity),
      scope: scopeOf(raw),
      properties: resolved,
      ...(file.layer === undefined ? {} : { introducedBy: file.layer }),
    }),
  });
}

/** `npm:real@1.0.0` is an alias; a git or file address says no version. */
function identify(name: string, version: unknown): { readonly name: string; readonly version: string } | undefined {
  const text = typeof version === 'string' ? version : '';
  const alias = /^npm:(@?[^@]+)@(.+)$/.exec(text);
  const found = alias === null ? { name, version: text } : { name: alias[1] ?? name, version: alias[2] ?? '' };
  if (!isNpmName(found.name) || found.version.length > MAX_NPM_VERSION) return undefined;
  return /^(?:file:|git|https?:|link:|\.)|[/#]/.test(found.version) ? { name: found.name, version: '' } : found;
}

function scopeOf(raw: Raw): Scope {
  if (raw.dev === true || raw.devOptional === true) return 'development';
  return raw.optional === true ? 'optional' : 'runtime';
}

/** Subresource integrity: `sha512-<base64>`, several separated by spaces. */
function integrityHashes(integrity: unknown): readonly Hash[] {
  const words = typeof integrity === 'string' ? integrity.split(/\s+/) : [];
  return words.flatMap((word): readonly Hash[] => {
    const match = /^(sha1|sha256|sha384|sha512)-([A-Za-z0-9+/=]+)/.exec(word);
    const algorithm = (['sha1', 'sha256', 'sha384', 'sha512'] as const).find((known) => known === match?.[1]);
    return algorithm === undefined
      ? []
      : [{ algorithm, value: Buffer.from(match?.[2] ?? '', 'base64').toString('hex') }];
  });
}

function recordOf(value: unknown): Raw {
  return isRecord(value) ? value : {};
}

/** As Node does: the nearest node_modules from the package's place upwards. */
function resolve(entry: Locked, locked: ReadonlyMap<string, Locked>): Dependency {
  const to = entry.wanted.flatMap((name) => {
    for (
      let at: string | undefined = entry.place;
      at !== undefined;
      at = at === '' ? undefined : at.slice(0, Math.max(0, at.lastIndexOf('/')))
    ) {
      const found = locked.get(`${at === '' ? '' : `${at}/`}node_modules/${name}`);
      if (found !== undefined) return [found.component.id];
    }
    return [];
  });
  return { from: entry.component.id, to };
}
