/** One component per id, however many catalogers and places found it. */
import { EVIDENCE } from './sbom.ts';
import type { Component, Hash, Location, Scope } from './sbom.ts';

/** Strongest first: what runs anywhere runs. */
const SCOPE_RANK: readonly Scope[] = ['runtime', 'optional', 'development'];

export function mergeComponents(found: readonly Component[]): readonly Component[] {
  const merged = new Map<string, Component>();
  for (const component of found) {
    const known = merged.get(component.id);
    merged.set(component.id, known === undefined ? component : join(known, component));
  }
  return [...merged.values()].map((component) => ({ ...component, locations: sortLocations(component.locations) }));
}

function join(a: Component, b: Component): Component {
  const introducedBy = earlier(a.introducedBy, b.introducedBy);
  const evidence = EVIDENCE.find((kind) => a.evidence === kind || b.evidence === kind);
  const cpes = joinLists(a.cpes, b.cpes);
  const detectedLicences = joinLists(a.detectedLicences, b.detectedLicences);
  return {
    ...b,
    ...a,
    kind: a.kind === 'application' || b.kind === 'application' ? 'application' : a.kind,
    licences: a.licences.length > 0 ? a.licences : b.licences,
    locations: [...a.locations, ...b.locations],
    hashes: joinHashes(a.hashes, b.hashes),
    scope: SCOPE_RANK.find((scope) => a.scope === scope || b.scope === scope) ?? 'runtime',
    properties: { ...b.properties, ...a.properties },
    ...(introducedBy === undefined ? {} : { introducedBy }),
    ...(evidence === undefined ? {} : { evidence }),
    ...(cpes.length === 0 ? {} : { cpes }),
    ...(detectedLicences.length === 0 ? {} : { detectedLicences }),
  };
}

function joinLists(a: readonly string[] = [], b: readonly string[] = []): readonly string[] {
  return [...new Set([...a, ...b])];
}

function earlier(a: Component['introducedBy'], b: Component['introducedBy']): Component['introducedBy'] {
  if (a === undefined || b === undefined) return a ?? b;
  return a.index <= b.index ? a : b;
}

/** Two different hashes of one algorithm belong to two files: then none of them speaks for the component. */
function joinHashes(a: readonly Hash[], b: readonly Hash[]): readonly Hash[] {
  const all = [
    ...a,
    ...b.filter((hash) => !a.some((known) => known.algorithm === hash.algorithm && known.value === hash.value)),
  ];
  return all.filter((hash) => all.every((other) => other.algorithm !== hash.algorithm || other.value === hash.value));
}

function sortLocations(locations: readonly Location[]): readonly Location[] {
  const unique = new Map(
    locations.map((location) => [
      `${location.path} ${location.layer ?? ''} ${location.lines?.join('-') ?? ''}`,
      location,
    ]),
  );
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, location]) => location);
}
