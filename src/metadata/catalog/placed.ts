/** What is found under an id of its own until all are known: the subjects of SBOMs, and projects of the tree. */
import { findPurl } from '../ecosystem/index.ts';
import type { Component, Dependency } from '../sbom/index.ts';
import type { Catalog, Placed } from './cataloger.ts';

/** Ids, by those until now, of what SBOMs are about: of the package whose file the SBOM is where it is that one. */
export function findDescribed(catalogs: readonly Catalog[]): ReadonlyMap<string, string> {
  const described = [...joinPlaced(catalogs)].filter(([, { describedBy }]) => describedBy !== undefined);
  if (described.length === 0) return new Map();
  const byId = new Map(catalogs.flatMap(({ components }) => components).map((one) => [one.id, one]));
  return new Map(
    described.map(([id, { id: alone, describedBy = '' }]) => {
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

export function joinPlaced(catalogs: readonly Catalog[]): ReadonlyMap<string, Placed> {
  return new Map(catalogs.flatMap(({ placed }) => [...(placed ?? [])]));
}

/**
 * Ids, by those until now, of projects: as each is alone, and of several of one name and version but the first the folder behind it. So a
 * project that comes behind another changes nobody's.
 */
export function findProjects(placed: ReadonlyMap<string, Placed>): ReadonlyMap<string, string> {
  const projects = [...placed].flatMap(([id, { id: alone, folder }]) =>
    folder === undefined ? [] : [{ id, alone, folder }],
  );
  const groups = Map.groupBy(
    projects.sort((a, b) => (a.folder < b.folder ? -1 : 1)),
    ({ alone }) => alone,
  );
  return new Map(
    [...groups].flatMap(([alone, group]) =>
      group.map(({ id, folder }, index) => [id, index === 0 ? alone : `${alone}#${folder}`] as const),
    ),
  );
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
