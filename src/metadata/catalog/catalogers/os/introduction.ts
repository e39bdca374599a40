/**
 * Which layer brought a package, where every layer rewrites the whole package database: the earliest layer since which the package
 * has been in each version of the database without a break. A deleted or empty database ends all.
 */
import type { FileTree, LayerRef } from '../../../../core/index.ts';

/** `keysOf` gives the packages (name, version, architecture) in one version of the database. */
export async function findIntroductions(
  tree: FileTree,
  path: string,
  keysOf: (content: Uint8Array, layer: LayerRef) => Iterable<string>,
): Promise<ReadonlyMap<string, LayerRef>> {
  let present = new Map<string, LayerRef>();
  for (const { layer, content } of await tree.history(path)) {
    const next = new Map<string, LayerRef>();
    for (const key of content === undefined ? [] : keysOf(content, layer)) next.set(key, present.get(key) ?? layer);
    present = next;
  }
  return present;
}
