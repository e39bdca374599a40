/**
 * Layers laid over each other, after the clauses "Applying Changesets" and "Whiteouts" of the OCI image specification: of
 * each layer first the deletions, on what lower layers left, then its own entries. Parents that are symbolic links are
 * followed inside the root, as container runtimes do.
 */
import type { FileTree, FileVersion, LayerChange, LayerRef, SkippedFile } from '../../core/index.ts';
import { createFileTree } from './file-tree.ts';
import type { LayerIndex } from './layer-index.ts';
import { joinPath, splitPath, type LayerEntry } from './layer-table.ts';
import {
  Children,
  entryOf,
  IMPLIED,
  kindOf,
  listCandidates,
  listEntries,
  lookingUp,
  modeOf,
  nodesBelow,
  pathOf,
  type Node,
  type PlacedLayer,
  type Source,
} from './overlay-node.ts';
import { cleanPath } from './tar.ts';

export type { PlacedLayer };

const MAX_LINKS = 40;

/** What a layer calls a folder, which is elsewhere if symbolic links lead there. */
interface Folder {
  readonly node: Node;
  readonly isElsewhere: boolean;
}

export function overlayLayers(layers: readonly PlacedLayer[]): FileTree {
  return lay(layers).finish(() => lay(layers, { tracksChanges: true }).changes());
}

function lay(layers: readonly PlacedLayer[], options: { readonly tracksChanges?: boolean } = {}): Overlay {
  const overlay = new Overlay(options);
  for (const layer of layers) overlay.apply(layer);
  return overlay;
}

/** The tree of some of the layers, from the lowest. */
export interface LayerState {
  readonly tree: FileTree;
  /** The next layer, which takes away or changes content that is at hand; absent for the tree of all layers. */
  readonly changedBy?: LayerRef;
}

/**
 * The tree as it was below each layer that takes away or changes content at hand, lowest first, and then the tree of all layers. Each is to
 * be used before the next is asked for: it goes on changing.
 */
export function* stackLayers(layers: readonly PlacedLayer[]): Generator<LayerState> {
  const overlay = new Overlay();
  for (const layer of layers) {
    if (layer.ref !== undefined && overlay.isChangedBy(layer)) yield { tree: overlay.finish(), changedBy: layer.ref };
    overlay.apply(layer);
  }
  yield { tree: overlay.finish() };
}

/** What is there in the end. */
export interface Sources {
  /** Folders that no tar mentions. */
  readonly folders: readonly string[];
  /** The paths that each row of a layer's table gives: several for a file with hard links. */
  readonly rows: ReadonlyMap<LayerIndex, Map<number, readonly string[]>>;
}

export function findSources(layers: readonly PlacedLayer[]): Sources {
  return lay(layers).sources();
}

class Overlay {
  readonly #root: Node = {
    ...IMPLIED,
    parent: undefined,
    name: '',
    children: undefined,
    ref: undefined,
    isCandidate: false,
  };
  readonly #layers: PlacedLayer[] = [];
  /** By a folder as layers write it: most entries share theirs with others. Until what may have been on the way there is taken away. */
  readonly #folders = new Map<string, Folder>();
  readonly #contents = new Map<Node, Uint8Array>();
  /** Why content is not at hand although it was asked for. */
  readonly #unkept = new Map<Node, string>();
  readonly #versions = new Map<string, FileVersion[]>();
  /** Of paths that more than one layer touched; all others were added by the layer of their node. */
  readonly #changes: Map<string, LayerChange[]> | undefined;
  readonly #skipped: SkippedFile[] = [];

  constructor({ tracksChanges = false }: { readonly tracksChanges?: boolean } = {}) {
    this.#changes = tracksChanges ? new Map() : undefined;
  }

  apply(layer: PlacedLayer): void {
    this.#layers.push(layer);
    for (const path of layer.index.opaques) this.#empty(path, layer);
    for (const path of layer.index.whiteouts) this.#delete(path, layer);
    for (const entry of layer.index.entries) this.#add(entry, layer);
    // of a file that a higher layer writes anew or deletes, what this layer could not keep is of no concern
    for (const { path, reason } of layer.index.skipped) {
      const node = this.#childAt(path);
      if (cleanPath(path) === undefined) this.#skipped.push({ path, reason });
      else if (node?.isCandidate === true && !this.#contents.has(node)) this.#unkept.set(node, reason);
    }
  }

  /** Whether content at hand may not be there any more, or not as it is, above the layer. */
  isChangedBy({ index: { opaques, whiteouts, entries } }: PlacedLayer): boolean {
    if (this.#contents.size === 0) return false;
    if (opaques.length > 0 || whiteouts.length > 0) return true;
    for (const { folder, name, kind } of entries) {
      const parent = this.#walk(folder, undefined);
      const found = parent?.children?.get(name);
      if ([parent, found].some((node) => node !== undefined && this.#contents.has(node))) return true;
      if (kind !== 'directory' && (found?.children?.size ?? 0) > 0) return true;
    }
    return false;
  }

  finish(changes: () => ReadonlyMap<string, readonly LayerChange[]> = () => new Map()): FileTree {
    this.#folders.clear();
    const lookUp = lookingUp(this.#root);
    const contents = new Map([...this.#contents].map(([node, content]) => [pathOf(node), content]));
    const skipped = [...this.#unkept].map(([node, reason]) => ({ path: pathOf(node), reason }));
    return createFileTree({
      list: (folder) => {
        const top = folder === undefined ? this.#root : lookUp(folder);
        return top === undefined ? [] : listEntries(top, folder);
      },
      candidates: () => listCandidates(this.#root),
      get: (path) => {
        const node = lookUp(path);
        return node === undefined ? undefined : entryOf(node, path);
      },
      read: async (entry) => contents.get(entry.path),
      changes,
      history: (path) => this.#versions.get(path) ?? [],
      skipped: [...this.#skipped, ...skipped].sort((a, b) => (a.path < b.path ? -1 : 1)),
    });
  }

  changes(): ReadonlyMap<string, readonly LayerChange[]> {
    const all = new Map<string, readonly LayerChange[]>(this.#changes);
    for (const { path, layer } of listEntries(this.#root)) {
      if (layer !== undefined && !all.has(path)) all.set(path, [{ layer, change: 'added' }]);
    }
    return all;
  }

  sources(): Sources {
    const folders: string[] = [];
    const rows = new Map<LayerIndex, Map<number, string[]>>();
    for (const { node, path } of nodesBelow(this.#root)) {
      if (node.index === undefined) {
        folders.push(path);
        continue;
      }
      const paths = rows.get(node.index) ?? new Map<number, string[]>();
      rows.set(node.index, paths.set(node.row, [...(paths.get(node.row) ?? []), path]));
    }
    return { folders, rows };
  }

  #empty(path: string, layer: PlacedLayer): void {
    const node = path === '' ? this.#root : this.#walk(path, undefined);
    if (node === undefined) return;
    for (const child of node.children ?? []) this.#forget(child, layer);
    node.children = undefined;
    this.#folders.clear();
  }

  #delete(path: string, layer: PlacedLayer): void {
    const { folder, name } = splitPath(path);
    const parent = this.#walk(folder, undefined);
    if (parent !== undefined) this.#drop(parent, name, layer);
  }

  #add(entry: LayerEntry, layer: PlacedLayer): void {
    const folder = this.#makeFolder(entry.folder, layer);
    const path = () => joinPath(entry.folder, entry.name);
    if (folder === undefined) {
      this.#skipped.push({ path: path(), reason: 'its folder is a circle of symbolic links' });
      return;
    }
    const place = { parent: folder.node, layer };
    if (entry.kind === 'hardlink') return this.#link(entry, place);
    if (entry.kind === 'directory') return this.#addFolder(entry, place);
    const node = this.#replace(place, entry.name, { index: layer.index, row: entry.row });
    node.isCandidate = entry.isChosen || folder.isElsewhere;
    if (entry.isChosen) this.#keep(node, layer.index.contents.get(path()), layer);
    if (entry.kind === 'file' && !node.isCandidate) folder.node.children?.pack(node);
  }

  #makeFolder(path: string, layer: PlacedLayer): Folder | undefined {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const node = this.#walk(path, layer);
    if (node === undefined) return undefined;
    const folder = { node, isElsewhere: pathOf(node) !== path };
    this.#folders.set(path, folder);
    return folder;
  }

  /** Layers repeat the folders on the way to what they change. */
  #addFolder(entry: LayerEntry, { parent, layer }: Place): void {
    const before = parent.children?.get(entry.name);
    if (before === undefined || kindOf(before) !== 'directory') {
      this.#replace({ parent, layer }, entry.name, { index: layer.index, row: entry.row });
      return;
    }
    const isSame = modeOf(before) === entry.mode;
    if (!isSame) this.#touch(before, 'changed', layer);
    before.index = layer.index;
    before.row = entry.row;
    if (!isSame) before.ref = layer.ref;
  }

  /** The target may be in this layer or a lower one; its content is the one it has now. */
  #link(entry: LayerEntry, { parent, layer }: Place): void {
    const target = cleanPath(entry.linkName);
    const found = target === undefined ? undefined : this.#childAt(target);
    if (found === undefined || ['directory', 'other'].includes(kindOf(found))) {
      const path = joinPath(entry.folder, entry.name);
      this.#skipped.push({ path, reason: 'a hard link to a file that is not there' });
      return;
    }
    if (found.parent === parent && found.name === entry.name) return;
    const content = this.#contents.get(found);
    const node = this.#replace({ parent, layer }, entry.name, { index: found.index, row: found.row });
    node.isCandidate = true;
    this.#keep(node, content, layer);
  }

  #keep(node: Node, content: Uint8Array | undefined, layer: PlacedLayer): void {
    if (content === undefined) return;
    this.#contents.set(node, content);
    this.#note(node, content, layer);
  }

  #note(node: Node, content: Uint8Array | undefined, layer: PlacedLayer): void {
    if (layer.ref === undefined) return;
    const path = pathOf(node);
    const versions = this.#versions.get(path) ?? [];
    if (versions.at(-1)?.layer.index === layer.ref.index) versions.pop();
    versions.push({ layer: layer.ref, content });
    this.#versions.set(path, versions);
  }

  /** Called while the node still has the layer that it had before; none when it is new. What a layer deletes and writes anew, it changes. */
  #touch(node: Node, change: LayerChange['change'], { ref }: PlacedLayer): void {
    if (this.#changes === undefined || ref === undefined) return;
    const path = pathOf(node);
    const known = this.#changes.get(path);
    const before = kindOf(node) === 'other' ? undefined : node.ref;
    // of a path that nobody touched before there is nothing to tell yet
    if (known === undefined && before === undefined) return;
    const changes = known ?? (before === undefined ? [] : [{ layer: before, change: 'added' as const }]);
    const last = changes.at(-1);
    if (last?.layer.index !== ref.index) changes.push({ layer: ref, change });
    else if (change === 'deleted') changes.splice(-1, 1, ...(last.change === 'added' ? [] : [{ layer: ref, change }]));
    else if (last.change === 'deleted') changes.splice(-1, 1, { layer: ref, change: 'changed' });
    if (changes.length > 1) this.#changes.set(path, changes);
  }

  /** A new node in place of whatever was there. */
  #replace({ parent, layer }: Place, name: string, source: Source): Node {
    this.#drop(parent, name, layer);
    const { index, row } = source;
    const node: Node = { parent, name, children: undefined, ref: undefined, index, row, isCandidate: false };
    parent.children ??= new Children(parent, this.#layers);
    parent.children.put(node);
    this.#touch(node, 'added', layer);
    node.ref = layer.ref;
    return node;
  }

  #drop(parent: Node, name: string, layer: PlacedLayer): void {
    const before = parent.children?.get(name);
    if (before === undefined) return;
    this.#forget(before, layer);
    parent.children?.delete(name);
    // nothing lies below a file
    if (['directory', 'symlink'].includes(kindOf(before))) this.#folders.clear();
  }

  /** Notes for every kept file at and under the node that this layer deleted it. */
  #forget(top: Node, layer: PlacedLayer): void {
    const todo = [top];
    for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
      if (this.#contents.delete(node)) this.#note(node, undefined, layer);
      this.#unkept.delete(node);
      this.#touch(node, 'deleted', layer);
      for (const child of node.children ?? []) todo.push(child);
    }
  }

  /** Its folders may be links; it is not followed itself. */
  #childAt(path: string): Node | undefined {
    const { folder, name } = splitPath(path);
    return this.#walk(folder, undefined)?.children?.get(name);
  }

  /** Follows links; makes missing folders when `layer` is given. Undefined: absent, or a circle. */
  #walk(path: string, layer: PlacedLayer | undefined): Node | undefined {
    const todo = path.split('/').reverse();
    const trail: Node[] = [this.#root];
    let links = 0;
    for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
      const here = trail.at(-1) ?? this.#root;
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (trail.length > 1) trail.pop();
        continue;
      }
      const child = here.children?.get(part);
      const kind = child === undefined ? undefined : kindOf(child);
      if (child !== undefined && kind === 'symlink') {
        links += 1;
        if (links > MAX_LINKS) return undefined;
        const target = child.index?.entries.attributesOf(child.row).linkName ?? '';
        if (target.startsWith('/')) trail.length = 1;
        todo.push(...target.split('/').reverse());
      } else if (child !== undefined && (kind === 'directory' || layer === undefined)) trail.push(child);
      else if (layer === undefined) return undefined;
      else trail.push(this.#replace({ parent: here, layer }, part, IMPLIED));
    }
    return trail.at(-1);
  }
}

interface Place {
  readonly parent: Node;
  readonly layer: PlacedLayer;
}
