/** One component per id, however many catalogers and places found it. */
import { EVIDENCE } from './sbom.ts';
import type { Component, Hash, Location, Scope } from './sbom.ts';

/** Strongest first: what runs anywhere runs. */
const SCOPES: readonly Scope[] = ['runtime', 'optional', 'development'];

/** The first finding's facts win where they cannot be joined. */
export function mergeComponents(found: readonly Component[]): readonly Component[] {
  const groups = new Map<string, [Component, ...Component[]]>();
  for (const component of found) {
    const group = groups.get(component.id);
    if (group === undefined) groups.set(component.id, [component]);
    else group.push(component);
  }
  return [...groups.values()].map((group) => {
    const component = group.length === 1 ? group[0] : join(group);
    return { ...component, locations: sortLocations(component.locations) };
  });
}

/** In time that grows with their number: a hostile file may name one component a million times. */
function join(group: readonly [Component, ...Component[]]): Component {
  const [first] = group;
  const joined: Record<string, unknown> = {};
  for (const component of group) for (const [name, value] of Object.entries(component)) joined[name] ??= value;
  const introducedBy = group
    .flatMap((one) => one.introducedBy ?? [])
    .reduce<Component['introducedBy']>(earlier, undefined);
  const evidence = EVIDENCE.find((kind) => group.some((one) => one.evidence === kind));
  const cpes = unique(group.flatMap((one) => one.cpes ?? []));
  const detectedLicences = unique(group.flatMap((one) => one.detectedLicences ?? []));
  // what is gone in one place is there if it is in another
  if (group.some(({ deletedBy }) => deletedBy === undefined)) delete joined.deletedBy;
  return {
    ...(joined as unknown as Component),
    kind: group.some(({ kind }) => kind === 'application') ? 'application' : first.kind,
    licences: group.find(({ licences }) => licences.length > 0)?.licences ?? [],
    locations: group.flatMap(({ locations }) => locations),
    hashes: joinHashes(group.flatMap(({ hashes }) => hashes)),
    scope: joinScopes(group),
    properties: joinProperties(group),
    ...(introducedBy === undefined ? {} : { introducedBy }),
    ...(evidence === undefined ? {} : { evidence }),
    ...(cpes.length === 0 ? {} : { cpes }),
    ...(detectedLicences.length === 0 ? {} : { detectedLicences }),
  };
}

/** What lies installed does not say why it is there; where a lock file or a manifest does, that counts. */
function joinScopes(group: readonly Component[]): Scope {
  const declared = group.filter(({ evidence }) => evidence === 'lock' || evidence === 'manifest');
  const counted = declared.length > 0 ? declared : group;
  return SCOPES.find((scope) => counted.some((one) => one.scope === scope)) ?? 'runtime';
}

function joinProperties(group: readonly Component[]): Readonly<Record<string, string>> {
  const joined = new Map<string, string>();
  for (const { properties } of group)
    for (const [name, value] of Object.entries(properties)) if (!joined.has(name)) joined.set(name, value);
  return Object.fromEntries(joined);
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

function earlier(a: Component['introducedBy'], b: Component['introducedBy']): Component['introducedBy'] {
  if (a === undefined || b === undefined) return a ?? b;
  return a.index <= b.index ? a : b;
}

/** Two different hashes of one algorithm belong to two files: then none of them speaks for the component. */
function joinHashes(all: readonly Hash[]): readonly Hash[] {
  const values = new Map<string, Set<string>>();
  for (const { algorithm, value } of all) values.set(algorithm, (values.get(algorithm) ?? new Set()).add(value));
  const distinct = new Map(all.map((hash) => [`${hash.algorithm} ${hash.value}`, hash]));
  return [...distinct.values()].filter(({ algorithm }) => values.get(algorithm)?.size === 1);
}

function sortLocations(locations: readonly Location[]): readonly Location[] {
  const distinct = new Map(
    locations.map((location) => [
      `${location.path} ${location.layer ?? ''} ${location.lines?.join('-') ?? ''}`,
      location,
    ]),
  );
  return [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, location]) => location);
}
