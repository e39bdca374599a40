/** Questions to an SBOM: which components an expression is true of, and by which ways the subject comes to need them. */
import { AppError } from '../core/index.ts';
import { findPurl } from '../metadata/ecosystem/index.ts';
import { findLayer, findRoots } from '../metadata/sbom/index.ts';
import type { Component, Sbom, SbomLayer } from '../metadata/sbom/index.ts';
import { compileCel } from '../policies/interpreters/index.ts';

/** Variables of an expression: facts of one component. */
export const QUERY_NAMES = [
  'name',
  'version',
  'type',
  'purl',
  'kind',
  'licences',
  'supplier',
  'scope',
  'locations',
  'layer',
  'instruction',
  'fromBase',
  'foundBy',
  'ownedBy',
  'hashes',
  'cpes',
  'properties',
] as const;

/** The components of which the CEL expression is true. Throws `invalid-input` for an expression that does not compile or gives no bool. */
export function queryComponents(sbom: Sbom, expression: string): readonly Component[] {
  const ask = compileCel(expression, QUERY_NAMES, 'expression');
  return sbom.components.filter((component) => {
    const outcome = ask(factsOf(component, findLayer(sbom, component)));
    if (outcome.kind === 'value' && typeof outcome.value === 'boolean') return outcome.value;
    const found = outcome.kind === 'error' ? outcome.message : JSON.stringify(outcome.value);
    throw new AppError('invalid-input', `expression: expected true or false of ${component.id}, found ${found}`);
  });
}

function factsOf(
  component: Component,
  layer: SbomLayer | undefined,
): ReadonlyMap<(typeof QUERY_NAMES)[number], unknown> {
  return new Map<(typeof QUERY_NAMES)[number], unknown>([
    ['name', component.name],
    ['version', component.version],
    ['type', findPurl(component.purl ?? '')?.type ?? ''],
    ['purl', component.purl ?? ''],
    ['kind', component.kind],
    ['licences', component.licences],
    ['supplier', component.supplier ?? ''],
    ['scope', component.scope],
    ['locations', component.locations.map(({ path }) => path)],
    ['layer', component.introducedBy?.index ?? -1],
    ['instruction', layer?.instruction ?? ''],
    ['fromBase', layer?.isBase === true],
    ['foundBy', component.foundBy ?? ''],
    ['ownedBy', component.ownedBy ?? ''],
    ['hashes', Object.fromEntries(component.hashes.map(({ algorithm, value }) => [algorithm, value]))],
    ['cpes', component.cpes ?? []],
    ['properties', component.properties],
  ]);
}

/** The shortest way to each component from what the subject needs directly, itself last; by id. Empty where none is known. */
export function findWays(sbom: Sbom, ids: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const edges = new Map(sbom.dependencies.map(({ from, to }) => [from, to]));
  const before = new Map<string, string | undefined>(findRoots(sbom).map((id) => [id, undefined]));
  // a Map keeps the order in which ids were found: breadth first
  for (const id of before.keys()) for (const next of edges.get(id) ?? []) if (!before.has(next)) before.set(next, id);
  const wayTo = (id: string): readonly string[] => {
    const way: string[] = [];
    for (let at: string | undefined = before.has(id) ? id : undefined; at !== undefined; at = before.get(at))
      way.unshift(at);
    return way;
  };
  return new Map(ids.map((id) => [id, wayTo(id)]));
}
