/** Which installed packages of Python need which: what they require, and what extras require that anyone asks for (PEP 508). */
import type { Component, Dependency } from '../../../sbom/index.ts';
import { foldName } from './python-package.ts';
import type { Requirement } from './python-package.ts';

export interface Installed {
  readonly component: Component;
  /** The folder of packages that it lies in. */
  readonly place: string;
  readonly requirements: readonly Requirement[];
}

/** `extra == "test"`, whichever way round. */
const EXTRA = /\bextra\s{0,8}={2,3}\s{0,8}(["'])([^"']{1,200})\1|(["'])([^"']{1,200})\3\s{0,8}={2,3}\s{0,8}extra\b/g;

/** A requirement is one of what lies in the same folder, else of what lies in one other folder alone. */
export function resolveRequirements(installed: readonly Installed[]): readonly Dependency[] {
  const find = createFinder(installed);
  const nodes = new Map(
    installed.map((one) => [one, { needs: byExtra(one), to: new Set<string>(), asked: new Set<string>() }]),
  );
  const waiting: (readonly [Installed, string])[] = installed.map((one) => [one, ALWAYS]);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [from, extra] = next;
    const node = nodes.get(from);
    for (const requirement of node?.needs.get(extra) ?? []) {
      const target = find(from, requirement);
      if (target === undefined) continue;
      node?.to.add(target.component.id);
      const { asked } = nodes.get(target) ?? { asked: new Set() };
      const added = requirement.extras.filter((one) => !asked.has(one));
      for (const one of added) asked.add(one);
      waiting.push(...added.map((one) => [target, one] as const));
    }
  }
  return [...nodes].map(([{ component }, { to }]) => ({ from: component.id, to: [...to] }));
}

/** In the place of an extra: no extra has this name. */
const ALWAYS = '';

function byExtra({ requirements }: Installed): ReadonlyMap<string, readonly Requirement[]> {
  const groups = new Map<string, Requirement[]>();
  for (const requirement of requirements) {
    const extras = [...requirement.marker.matchAll(EXTRA)].map(([, , after, , before]) => after ?? before ?? '');
    for (const extra of extras.length === 0 ? [ALWAYS] : extras.map(foldName))
      groups
        .set(extra, groups.get(extra) ?? [])
        .get(extra)
        ?.push(requirement);
  }
  return groups;
}

function createFinder(installed: readonly Installed[]) {
  const byPlace = new Map(installed.map((one) => [`${one.place}\n${foldName(one.component.name)}`, one]));
  const byName = Map.groupBy(installed, ({ component }) => foldName(component.name));
  return ({ place }: Installed, requirement: Requirement): Installed | undefined => {
    const name = foldName(requirement.name);
    const [only, ...others] = byName.get(name) ?? [];
    return byPlace.get(`${place}\n${name}`) ?? (others.length === 0 ? only : undefined);
  };
}
