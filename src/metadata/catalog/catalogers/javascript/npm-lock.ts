/**
 * npm lock files: package-lock.json and npm-shrinkwrap.json of versions 1, 2 and 3, and node_modules/.package-lock.json.
 * Version 2 has both forms; `packages` is believed. A link into the tree is followed.
 */
import { AppError, isRecord, parseJson } from '../../../../core/index.ts';
import type { FileEntry } from '../../../../core/index.ts';
import type { Scope } from '../../../sbom/index.ts';
import { MAX_DATABASE_BYTES, SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import { addLocked } from '../../locked.ts';
import { findUpwards } from './npm-resolution.ts';
import type { Locked } from '../../locked.ts';
import { recordOf } from '../../values.ts';
import { npmOrigin } from './npm-origin.ts';
import { integrityHashes, npmLicences, npmPurl } from './npm-package.ts';
import type { Raw } from '../../values.ts';

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
  catalog: async (tree, files, context) => {
    const paths = new Set(files.map(({ path }) => path));
    // npm reads package-lock.json only where no npm-shrinkwrap.json lies beside it.
    const read = files.filter(
      ({ path }) => !LOCK_ONLY.test(path) || !paths.has(path.replace(/package-lock\.json$/, 'npm-shrinkwrap.json')),
    );
    return await catalogFiles(
      read,
      { tree, context, finder: { foundBy: 'npm-lock', evidence: 'lock' } },
      (content, file, finds) => addLocked(finds, file, { locked: readLock(content, file), identify: npmPurl }),
    );
  },
};

function readLock(bytes: Uint8Array, file: FileEntry): ReadonlyMap<string, Locked> {
  const lock = parseJson(bytes, { what: file.path, maxBytes: MAX_DATABASE_BYTES });
  if (!isRecord(lock)) throw new AppError('invalid-input', `${file.path}: expected an object, found something else`);
  const places = new Map<string, Placed>();
  if (isRecord(lock.packages)) readPackages(lock.packages, places);
  else if (isRecord(lock.dependencies))
    readNested(lock.dependencies, { what: file.path, places, place: '', depth: 0, isDevelopment: false });
  // what npm keeps of what it installed counts from the folder above
  const above = file.path.endsWith('node_modules/.package-lock.json') ? '../' : '';
  return resolve(places, linksOf(recordOf(lock.packages)), above);
}

/** A package at its place: the key of `packages`, or the path of nested names in version 1. */
interface Placed {
  readonly name: string;
  readonly raw: Raw;
  readonly isLocal: boolean;
}

function readPackages(packages: Raw, places: Map<string, Placed>): void {
  const linked = new Map([...linksOf(packages)].map(([place, target]) => [target, nameAt(place)]));
  for (const [place, raw] of Object.entries(packages)) {
    if (!isRecord(raw) || raw.link === true) continue;
    const installed = nameAt(place);
    // a workspace without a name of its own is called as the link to it; a folder that is not linked must say its version
    const unlinked = typeof raw.version === 'string' ? place.split('/').at(-1) : undefined;
    const name = typeof raw.name === 'string' ? raw.name : (installed ?? linked.get(place) ?? unlinked);
    if (name !== undefined && name !== '') places.set(place, { name, raw, isLocal: installed === undefined });
  }
}

/** The text after the last node_modules; undefined for a workspace's folder. */
function nameAt(place: string): string | undefined {
  const at = place.lastIndexOf('node_modules/');
  return at < 0 ? undefined : place.slice(at + 'node_modules/'.length);
}

/** Where links in node_modules lead. */
function linksOf(packages: Raw): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(packages).flatMap(([place, raw]) =>
      isRecord(raw) && raw.link === true && typeof raw.resolved === 'string' ? [[place, raw.resolved] as const] : [],
    ),
  );
}

interface Nest {
  readonly what: string;
  readonly places: Map<string, Placed>;
  readonly place: string;
  readonly depth: number;
  readonly isDevelopment: boolean;
}

function readNested(dependencies: Raw, nest: Nest): void {
  if (nest.depth > MAX_DEPTH) {
    throw new AppError('invalid-input', `${nest.what}: expected at most ${MAX_DEPTH} levels of dependencies`);
  }
  for (const [name, entry] of Object.entries(dependencies)) {
    if (!isRecord(entry)) continue;
    // What only a development package nests is for development too.
    const raw: Raw = nest.isDevelopment ? { dev: true, ...entry } : entry;
    const place = `${nest.place === '' ? '' : `${nest.place}/`}node_modules/${name}`;
    nest.places.set(place, { name, raw, isLocal: false });
    if (isRecord(raw.dependencies))
      readNested(raw.dependencies, { ...nest, place, depth: nest.depth + 1, isDevelopment: raw.dev === true });
  }
}

function resolve(
  places: ReadonlyMap<string, Placed>,
  links: ReadonlyMap<string, string>,
  above: string,
): ReadonlyMap<string, Locked> {
  const isKey = (key: string) => places.has(key) || links.has(key);
  return new Map(
    [...places].map(([place, { name, raw, isLocal }]) => {
      const find = (wanted: unknown) =>
        Object.keys(recordOf(wanted)).flatMap((needed) => {
          const found = findUpwards(place, (at) => `${at === '' ? '' : `${at}/`}node_modules/${needed}`, isKey);
          return found === undefined ? [] : [links.get(found) ?? found];
        });
      const locked: Locked = {
        ...identify(name, raw.version),
        // version 1 has the place of what is from no registry in the version
        ...npmOrigin(isPlace(raw.version) ? raw.version : raw.resolved),
        isLocal,
        folder: `${above}${place}`,
        licences: npmLicences(raw),
        hashes: integrityHashes(raw.integrity),
        scope: scopeOf(raw),
        needs: {
          // in version 1 `dependencies` are what is nested, which `requires` names
          runtime: find({
            ...recordOf(raw.requires),
            ...recordOf(raw.dependencies),
            ...recordOf(raw.peerDependencies),
          }),
          optional: find(raw.optionalDependencies),
          development: isLocal ? find(raw.devDependencies) : [],
        },
      };
      return [place, locked];
    }),
  );
}

/** `npm:real@1.0.0` is an alias; a git or file address says no version. */
function identify(name: string, version: unknown): { readonly name: string; readonly version: string } {
  const text = typeof version === 'string' ? version : '';
  const alias = /^npm:(@?[^@]+)@(.+)$/.exec(text);
  const found = alias === null ? { name, version: text } : { name: alias[1] ?? name, version: alias[2] ?? '' };
  return isPlace(found.version) ? { name: found.name, version: '' } : found;
}

function isPlace(version: unknown): boolean {
  return /^(?:file:|git|https?:|link:|\.)|^(?!npm:).*[/#]/s.test(typeof version === 'string' ? version : '');
}

/** `devOptional` is for development and optional to what runs: it stays where development is left out. */
function scopeOf(raw: Raw): Scope {
  if (raw.dev === true) return 'development';
  return raw.optional === true || raw.devOptional === true ? 'optional' : 'runtime';
}
