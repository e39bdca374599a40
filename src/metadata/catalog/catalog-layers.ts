/** What was there at any time while an image was built: the components of all its layers, with the layer that took away those that are gone. */
import type { FileTree, LayerRef } from '../../core/index.ts';
import type { Component } from '../sbom/index.ts';
import type { Placed } from './cataloger.ts';
import { catalogPlaced, nameProjects } from './catalog-tree.ts';
import type { CatalogOptions, TreeCatalog } from './catalog-tree.ts';

/**
 * `states` are the trees of more and more layers, each with the layer that then changes it, the last with none. What is gone is said as it was
 * when it was last there, with `deletedBy`; what came back is not gone.
 */
export async function catalogLayers(
  states: Iterable<{ readonly tree: FileTree; readonly changedBy?: LayerRef }>,
  options: CatalogOptions,
): Promise<TreeCatalog> {
  const gone = new Map<string, Component>();
  const skipped = new Map<string, TreeCatalog['skipped'][number]>();
  const dependencies = new Map<string, TreeCatalog['dependencies']>();
  const placed = new Map<string, Placed>();
  let last: TreeCatalog = { distro: undefined, components: [], dependencies: [], skipped: [] };
  let changedBy: LayerRef | undefined;
  for (const state of states) {
    const next = await catalogPlaced(state.tree, options);
    for (const [id, one] of next.placed) placed.set(id, one);
    const there = new Set(next.components.map(({ id }) => id));
    const needs = Map.groupBy(last.dependencies, ({ from }) => from);
    for (const component of last.components) {
      if (changedBy === undefined || there.has(component.id)) continue;
      gone.set(component.id, { ...component, deletedBy: changedBy });
      dependencies.set(component.id, needs.get(component.id) ?? []);
    }
    for (const id of there) gone.delete(id);
    for (const one of next.skipped) skipped.set(`${one.path}\n${one.reason}`, one);
    [last, changedBy] = [next, state.changedBy];
  }
  return nameProjects({
    placed,
    distro: last.distro,
    components: [...last.components, ...gone.values()],
    dependencies: [...last.dependencies, ...[...gone.keys()].flatMap((id) => dependencies.get(id) ?? [])],
    skipped: [...skipped.values()],
  });
}
