/**
 * Which layer brought a component: the earliest since which it has been there without a break. Layers write package databases, and whatever
 * lists many packages in one file, anew as a whole, and some write files again as they are; so a component is looked for in each earlier
 * version of its file. A deleted or empty file ends all.
 */
import type { FileEntry, FileTree, FileVersion, LayerRef } from '../../core/index.ts';

/** Ids of the components that one file gave when the tree was as it is here. */
type IdsAt = (tree: FileTree, file: FileEntry) => Promise<ReadonlySet<string>>;

/** With the layer since which its content is what it is, in the place of the last one that wrote it. */
export async function settleLayer(tree: FileTree, file: FileEntry): Promise<FileEntry> {
  const versions = await tree.history(file.path);
  const layer = versions[firstSame(versions)]?.layer;
  return layer === undefined ? file : { ...file, layer };
}

/** The layer of each component that is older than the content of its file. */
export async function findIntroductions(
  tree: FileTree,
  files: readonly FileEntry[],
  idsAt: IdsAt,
): Promise<ReadonlyMap<string, LayerRef>> {
  const introduced = new Map<string, LayerRef>();
  for (const file of files) {
    const versions = await tree.history(file.path);
    const first = firstSame(versions);
    if (first <= 0 || versions[first - 1]?.content === undefined) continue;
    let open = await idsAt(tree, file);
    for (let at = first - 1; at >= 0 && open.size > 0; at -= 1) {
      const version = versions[at];
      if (version?.content === undefined) break;
      if (!isSame(version, versions[at + 1])) {
        const there = await idsAt(treeAt(tree, version.layer), file);
        open = new Set([...open].filter((id) => there.has(id)));
      }
      for (const id of open) introduced.set(id, version.layer);
    }
  }
  return introduced;
}

/** Of the versions that are as the last one, without a break, the first; -1 of none. */
function firstSame(versions: readonly FileVersion[]): number {
  let first = versions.length - 1;
  while (first > 0 && isSame(versions[first - 1], versions[first])) first -= 1;
  return first;
}

function isSame(a: FileVersion | undefined, b: FileVersion | undefined): boolean {
  if (a?.content === undefined || b?.content === undefined) return false;
  return Buffer.compare(a.content, b.content) === 0;
}

/** Contents as they were when the layer was the uppermost. */
function treeAt(tree: FileTree, layer: LayerRef): FileTree {
  return {
    ...tree,
    read: async (path) => {
      const versions = await tree.history(path);
      if (versions.length === 0) return await tree.read(path);
      return versions.findLast((version) => version.layer.index <= layer.index)?.content;
    },
  };
}
