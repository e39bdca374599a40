/** What is different between two bills, by component: there or not, in which version, under which licence and hash, from which layer. */
import { findPurl } from '../ecosystem/index.ts';
import type { Component, Sbom } from './sbom.ts';

export interface SbomDiff {
  readonly added: readonly ComponentChange[];
  readonly removed: readonly ComponentChange[];
  /** In another version: `before` and `after` are versions. */
  readonly versions: readonly ComponentChange[];
  /** The same version under other licences. */
  readonly licences: readonly ComponentChange[];
  /** The same version with another hash of an algorithm that both sides have: `before` and `after` are `ALGORITHM:HEX`. */
  readonly hashes: readonly ComponentChange[];
  /** The same version brought by another layer: `before` and `after` are diff ids. */
  readonly layers: readonly ComponentChange[];
}

export interface ComponentChange {
  /** Ecosystem as in package URLs; `-` where there is none. */
  readonly type: string;
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
}

/** All lists sorted by name. What lower layers alone hold is not there. */
export function diffSboms(before: Sbom, after: Sbom): SbomDiff {
  const [old, now] = [groupByName(before), groupByName(after)];
  const diff = { added: [], removed: [], versions: [], licences: [], hashes: [], layers: [] } as Record<
    keyof SbomDiff,
    ComponentChange[]
  >;
  for (const key of [...new Set([...old.keys(), ...now.keys()])].sort()) {
    compare(old.get(key) ?? [], now.get(key) ?? [], diff);
  }
  return diff;
}

/** By ecosystem, namespace and name: what one would call the same package in another version. */
function groupByName(sbom: Sbom): ReadonlyMap<string, readonly Component[]> {
  const there = sbom.components.filter(({ deletedBy }) => deletedBy === undefined);
  return Map.groupBy(there, ({ name, purl = '' }) => {
    const { type = '-', namespace = '' } = findPurl(purl) ?? {};
    return `${name}\0${type}\0${namespace}`;
  });
}

function labelOf({ name, purl }: Component): Pick<ComponentChange, 'type' | 'name'> {
  return { type: findPurl(purl ?? '')?.type ?? '-', name };
}

/** Versions that both have are paired; of the others each with one of the other side, as far as they go. */
function compare(
  old: readonly Component[],
  now: readonly Component[],
  diff: Record<keyof SbomDiff, ComponentChange[]>,
): void {
  const [before, after] = [old, now].map((list) => Map.groupBy(list, ({ version }) => version));
  for (const component of now) {
    const [same] = before?.get(component.version) ?? [];
    if (same !== undefined) compareSame(same, component, diff);
  }
  const gone = old.filter(({ version }) => after?.has(version) !== true);
  const come = now.filter(({ version }) => before?.has(version) !== true);
  for (let index = 0; index < Math.max(gone.length, come.length); index += 1) {
    const [before, after] = [gone[index], come[index]];
    if (before !== undefined && after !== undefined) {
      diff.versions.push({ ...labelOf(after), before: before.version, after: after.version });
    } else if (after !== undefined) diff.added.push({ ...labelOf(after), after: after.version });
    else if (before !== undefined) diff.removed.push({ ...labelOf(before), before: before.version });
  }
}

function compareSame(old: Component, now: Component, diff: Record<keyof SbomDiff, ComponentChange[]>): void {
  const licences = ({ licences: list }: Component) => [...list].sort().join(' AND ');
  const [oldLayer, layer] = [old.introducedBy?.diffId, now.introducedBy?.diffId];
  const label = { ...labelOf(now), name: `${now.name}@${now.version}` };
  if (licences(old) !== licences(now)) diff.licences.push({ ...label, before: licences(old), after: licences(now) });
  for (const { algorithm, value } of now.hashes) {
    const before = old.hashes.find((hash) => hash.algorithm === algorithm)?.value ?? value;
    if (before !== value)
      diff.hashes.push({ ...label, before: `${algorithm}:${before}`, after: `${algorithm}:${value}` });
  }
  // a side that knows no layers says nothing about them
  if (oldLayer !== undefined && layer !== undefined && oldLayer !== layer)
    diff.layers.push({ ...label, before: oldLayer, after: layer });
}
