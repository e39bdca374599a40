/** What lock files come to, whatever their form: packages by a key of the file's own, and who needs whom. */
import { pushAll } from '../../core/index.ts';
import type { FileEntry } from '../../core/index.ts';
import type { PurlParts } from '../ecosystem/index.ts';
import type { Component, Scope } from '../sbom/index.ts';
import type { Finds, Given } from './components.ts';
import { folderOf, joinPath } from './paths.ts';

/** Keys of other packages; those that the file does not hold are passed over. */
export type Needs = Partial<Readonly<Record<Scope, readonly string[]>>>;

export interface Locked extends Pick<Given, 'licences' | 'hashes' | 'properties' | 'supplier'> {
  readonly name: string;
  /** Empty where the file does not say it: of addresses and folders. */
  readonly version: string;
  /** The project itself or a workspace of it: an application without a package URL, since nothing published is in it. */
  readonly isLocal?: boolean;
  /** Of what is local, as from the file's own, where that is known. */
  readonly folder?: string | undefined;
  /** From no registry: without a package URL too, since nothing says that what a registry has under its name is the same. */
  readonly isUnpublished?: boolean;
  /** As the file says; else as the needs of what is local say. */
  readonly scope?: Scope;
  readonly needs?: Needs;
  /** Of the package URL: where it comes from, if that is not the usual registry. */
  readonly qualifiers?: Readonly<Record<string, string>>;
}

/** Versions and platforms of one package in one file: real ones have some ten. */
const MAX_ALIKE = 64;

/** Keys by the name that needs give, which mean them all. */
export function groupKeys(
  keys: Iterable<string>,
  nameOf: (key: string) => string,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const key of keys) {
    const name = nameOf(key);
    const known = groups.get(name);
    if (known === undefined) groups.set(name, [key]);
    else if (known.length < MAX_ALIKE) known.push(key);
  }
  return groups;
}

/** Undefined for what cannot be a package's name. */
type Identify = (entry: Locked) => PurlParts | undefined;

/** Weakest last: what is needed for more than one reason has the strongest. */
const SCOPES: readonly Scope[] = ['runtime', 'optional', 'development'];

export function addLocked(
  finds: Finds,
  file: FileEntry,
  { locked, identify }: { readonly locked: ReadonlyMap<string, Locked>; readonly identify: Identify },
): void {
  const scopes = findScopes(locked);
  const components = new Map<string, Component | undefined>();
  for (const [key, entry] of locked) {
    components.set(
      key,
      addOne(finds, file, { ...entry, scope: entry.scope ?? scopes.get(key) ?? 'runtime' }, identify),
    );
  }
  for (const [key, { needs = {} }] of locked) {
    const keys = SCOPES.flatMap((scope) => needs[scope] ?? []);
    finds.depend(
      components.get(key),
      keys.map((needed) => components.get(needed)),
    );
  }
}

function addOne(finds: Finds, file: FileEntry, entry: Locked, identify: Identify): Component | undefined {
  const { needs: _needs, isLocal, isUnpublished, qualifiers, folder: from, ...given } = entry;
  if (isLocal === true) {
    // a project may have no name, and is still from where others are needed
    const folder = from === undefined ? undefined : joinPath(folderOf(file.path), from);
    return entry.name === '' ? undefined : finds.add(file, { ...given, folder, kind: 'application', scope: 'runtime' });
  }
  const purl = identify(entry);
  if (purl !== undefined && isUnpublished === true) return finds.add(file, given);
  if (purl !== undefined)
    return finds.add(file, { ...given, purl: qualifiers === undefined ? purl : { ...purl, qualifiers } });
  const text = JSON.stringify(`${entry.name} ${entry.version}`.slice(0, 80));
  // cut where a user ends, it would be shown as the host
  finds.skip(file, `expected a package name and version, found ${entry.name.includes('://') ? 'an address' : text}`);
  return undefined;
}

/** By the strongest way from what is local; nothing where nothing local says what it needs. */
function findScopes(locked: ReadonlyMap<string, Locked>): ReadonlyMap<string, Scope> {
  const found = new Map<string, Scope>();
  const local = [...locked.values()].filter(({ isLocal }) => isLocal === true);
  for (const [rank, scope] of SCOPES.entries()) {
    const waiting = local.flatMap(({ needs = {} }) => [...(needs[scope] ?? [])]);
    // what is optional to something that runs; what others need for development is not installed
    if (scope === 'optional')
      pushAll(
        waiting,
        [...found.keys()].flatMap((key) => locked.get(key)?.needs?.optional ?? []),
      );
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      if (found.has(key)) continue;
      found.set(key, scope);
      const entry = locked.get(key);
      if (entry === undefined || entry.isLocal === true) continue;
      pushAll(waiting, entry.needs?.runtime ?? []);
      if (rank > 0) pushAll(waiting, entry.needs?.optional ?? []);
    }
  }
  return found;
}
