/** What is found as something of its own and may be another component of the tree, which is known when all are found. */
import { findPurl } from '../ecosystem/index.ts';
import type { Component, Dependency } from '../sbom/index.ts';
import type { Catalog } from './cataloger.ts';

/** Ids, by those until now, of what SBOMs are about: of the package whose file the SBOM is where it is that one. */
export function findDescribed(catalogs: readonly Catalog[]): ReadonlyMap<string, string> {
  const placed = catalogs.flatMap((catalog) => [...(catalog.placed ?? [])]);
  if (placed.length === 0) return new Map();
  const byId = new Map(catalogs.flatMap(({ components }) => components).map((one) => [one.id, one]));
  return new Map(
    placed.map(([id, { id: alone, describedBy }]) => {
      const root = byId.get(id);
      const owner = catalogs
        .map(({ owners }) => byId.get(owners?.get(describedBy) ?? ''))
        .find((one) => one !== undefined && root !== undefined && isSame(root, one));
      return [id, owner?.id ?? alone];
    }),
  );
}

/** An SBOM may leave out the version of its package, and say in the package URL which file of it is meant. */
function isSame(root: Component, owner: Component): boolean {
  if (root.version !== '' && root.version !== owner.version) return false;
  const [a, b] = [root, owner].map(({ purl }) => findPurl(purl ?? ''));
  if (a === undefined) return root.name.toLowerCase() === owner.name.toLowerCase();
  return a.type === b?.type && a.namespace === b.namespace && a.name === b.name;
}

interface Found {
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
}

export function renameIds({ components, dependencies }: Found, ids: ReadonlyMap<string, string>): Found {
  if (ids.size === 0) return { components, dependencies };
  const rename = (id: string) => ids.get(id) ?? id;
  return {
    components: components.map((one) => (ids.has(one.id) ? { ...one, id: rename(one.id) } : one)),
    dependencies: dependencies.map(({ from, to }) => ({ from: rename(from), to: to.map(rename) })),
  };
}
