/**
 * Layers laid over each other, after the clauses "Applying Changesets" and "Whiteouts" of the OCI image specification: of
 * each layer first the deletions, on what lower layers left, then its own entries. Parents that are symbolic links are
 * followed inside the root, as container runtimes do.
 */
import type { FileEntry, FileTree, FileVersion, LayerChange, LayerRef, SkippedFile } from '../../core/index.ts';
import { createFileTree } from './file-tree.ts';
import type { LayerEntry, LayerIndex } from './layer-index.ts';
import { cleanPath } from './tar.ts';

const MAX_LINKS = 40;
const DEFAULT_FOLDER_MODE = 0o755;

export interface PlacedLayer {
  readonly index: LayerIndex;
  /** Absent for a lone archive, which is no image. */
  readonly ref?: LayerRef;
}

interface Node {
  entry: FileEntry | undefined;
  content: Uint8Array | undefined;
  /** Why its content is not at hand although it was asked for. */
  skipped: string | undefined;
  /** What its content and its attributes come from; a hard link has its file's. Absent for folders that no tar mentions. */
  source: LayerEntry | undefined;
  /** Absent while it has none, as most have: a map for each file would cost more than all else. */
  children: Map<string, Node> | undefined;
  readonly path: string;
}

export function overlayLayers(layers: readonly PlacedLayer[]): FileTree {
  const overlay = new Overlay();
  for (const layer of layers) overlay.apply(layer);
  return overlay.finish();
}

/** The tree of some of the layers, from the lowest. */
export interface LayerState {
  readonly tree: FileTree;
  /** The next layer, which takes away or changes content that is at hand; absent for the tree of all layers. */
  readonly changedBy?: LayerRef;
}

/**
 * The tree as it was below each layer that takes away or changes content at hand, lowest first, and then the tree of all layers. Each is to
 * be used before the next is asked for: its history goes on growing.
 */
export function* stackLayers(layers: readonly PlacedLayer[]): Generator<LayerState> {
  const overlay = new Overlay();
  for (const layer of layers) {
    if (layer.ref !== undefined && overlay.isChangedBy(layer)) yield { tree: overlay.finish(), changedBy: layer.ref };
    overlay.apply(layer);
  }
  yield { tree: overlay.finish() };
}

/**
 * The paths that are there in the end, by the entry that each comes from: several for a file with hard links. Under `undefined` are
 * folders that no tar mentions.
 */
export function findSources(layers: readonly PlacedLayer[]): ReadonlyMap<LayerEntry | undefined, readonly string[]> {
  const overlay = new Overlay();
  for (const layer of layers) overlay.apply(layer);
  return overlay.sources();
}

class Overlay {
  readonly #root: Node = newNode('');
  readonly #versions = new Map<string, FileVersion[]>();
  /** Of paths that more than one layer touched; all others were added by the layer of their entry. */
  readonly #changes = new Map<string, LayerChange[]>();
  readonly #skipped: SkippedFile[] = [];
  /** The one of the entry before, which most entries share; until anything is taken away, for it may have been on the way there. */
  #lastFolder: { readonly path: string; readonly node: Node } | undefined;

  apply(layer: PlacedLayer): void {
    for (const path of layer.index.opaques) this.#empty(path, layer);
    for (const path of layer.index.whiteouts) this.#delete(path, layer);
    for (const entry of layer.index.entries) this.#add(entry, layer);
    // of a file that a higher layer writes anew or deletes, what this layer could not keep is of no concern
    for (const { path, reason } of layer.index.skipped) {
      const node = this.#find(parentOf(path))?.children?.get(nameOf(path));
      if (cleanPath(path) === undefined) this.#skipped.push({ path, reason });
      else if (node !== undefined && node.content === undefined) node.skipped = reason;
    }
  }

  /** Whether content at hand may not be there any more, or not as it is, above the layer. */
  isChangedBy({ index: { opaques, whiteouts, entries } }: PlacedLayer): boolean {
    if (this.#versions.size === 0) return false;
    if (opaques.length > 0 || whiteouts.length > 0) return true;
    return entries.some(({ path, kind }) => {
      const parent = this.#find(parentOf(path));
      const found = parent?.children?.get(nameOf(path));
      if (parent?.content !== undefined || found?.content !== undefined) return true;
      return kind !== 'directory' && (found?.children?.size ?? 0) > 0;
    });
  }

  finish(): FileTree {
    const entries = new Map<string, FileEntry>();
    const contents = new Map<string, Uint8Array>();
    const skipped = [...this.#skipped];
    const todo = [this.#root];
    for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
      if (node.entry !== undefined) entries.set(node.path, node.entry);
      if (node.content !== undefined) contents.set(node.path, node.content);
      if (node.skipped !== undefined) skipped.push({ path: node.path, reason: node.skipped });
      todo.push(...childrenOf(node));
    }
    return createFileTree({
      entries,
      read: async (entry) => contents.get(entry.path),
      changes: () => this.#allChanges(entries),
      history: (path) => this.#versions.get(path) ?? [],
      skipped: skipped.sort((a, b) => (a.path < b.path ? -1 : 1)),
    });
  }

  sources(): ReadonlyMap<LayerEntry | undefined, readonly string[]> {
    const sources = new Map<LayerEntry | undefined, string[]>();
    const todo = [...childrenOf(this.#root)];
    for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
      const paths = sources.get(node.source);
      if (paths === undefined) sources.set(node.source, [node.path]);
      else paths.push(node.path);
      todo.push(...childrenOf(node));
    }
    return sources;
  }

  #empty(path: string, layer: PlacedLayer): void {
    const node = path === '' ? this.#root : this.#find(path);
    if (node === undefined) return;
    for (const child of childrenOf(node)) this.#forget(child, layer);
    node.children = undefined;
    this.#lastFolder = undefined;
  }

  #delete(path: string, layer: PlacedLayer): void {
    const parent = this.#find(parentOf(path));
    if (parent !== undefined) this.#drop(parent, nameOf(path), layer);
  }

  #add(entry: LayerEntry, layer: PlacedLayer): void {
    const folder = parentOf(entry.path);
    const parent = this.#lastFolder?.path === folder ? this.#lastFolder.node : this.#makeFolder(folder, layer);
    if (parent === undefined) {
      this.#skipped.push({ path: entry.path, reason: 'its folder is a circle of symbolic links' });
      return;
    }
    this.#lastFolder = { path: folder, node: parent };
    const name = nameOf(entry.path);
    const before = parent.children?.get(name);
    if (entry.kind === 'hardlink') {
      this.#link(entry, { parent, name, layer });
    } else if (entry.kind === 'directory') {
      // layers repeat the folders on the way to what they change
      const isThere = before?.entry?.kind === 'directory';
      const node = isThere ? before : this.#replace(parent, name, layer);
      node.source = entry;
      if (isThere && before.entry?.mode === entry.mode) return;
      if (node === before) this.#touch(node, 'changed', layer);
      node.entry = placed({ path: node.path, kind: 'directory', size: 0, mode: entry.mode }, layer);
    } else if (entry.kind === 'other') {
      this.#replace(parent, name, layer).source = entry;
    } else {
      const node = this.#replace(parent, name, layer);
      node.source = entry;
      const link = entry.kind === 'symlink' ? { linkTarget: entry.linkName } : {};
      node.entry = placed({ path: node.path, kind: entry.kind, size: entry.size, mode: entry.mode, ...link }, layer);
      this.#keep(node, layer.index.contents.get(entry.path), layer);
    }
  }

  /** The target may be in this layer or a lower one; its content is the one it has now. */
  #link(entry: LayerEntry, place: { readonly parent: Node; readonly name: string; readonly layer: PlacedLayer }): void {
    const target = cleanPath(entry.linkName);
    const folder = target === undefined ? undefined : this.#find(parentOf(target));
    const found = folder?.children?.get(nameOf(target ?? ''));
    if (found?.entry === undefined || found.entry.kind === 'directory') {
      this.#skipped.push({ path: entry.path, reason: 'a hard link to a file that is not there' });
      return;
    }
    if (place.parent.children?.get(place.name) === found) return;
    const node = this.#replace(place.parent, place.name, place.layer);
    node.entry = placed({ ...found.entry, path: node.path }, place.layer);
    node.source = found.source;
    this.#keep(node, found.content, place.layer);
  }

  #keep(node: Node, content: Uint8Array | undefined, layer: PlacedLayer): void {
    node.content = content;
    if (content !== undefined) this.#note(node.path, content, layer);
  }

  #note(path: string, content: Uint8Array | undefined, layer: PlacedLayer): void {
    if (layer.ref === undefined) return;
    const versions = this.#versions.get(path) ?? [];
    if (versions.at(-1)?.layer.index === layer.ref.index) versions.pop();
    versions.push({ layer: layer.ref, content });
    this.#versions.set(path, versions);
  }

  /** Called while the node still has the entry that it had before. What a layer deletes and writes anew, it changes. */
  #touch({ path, entry }: Node, change: LayerChange['change'], { ref }: PlacedLayer): void {
    // of a path that nobody touched before there is nothing to tell yet
    if (ref === undefined || (entry?.layer === undefined && !this.#changes.has(path))) return;
    const before = entry?.layer === undefined ? [] : [{ layer: entry.layer, change: 'added' as const }];
    const changes = this.#changes.get(path) ?? before;
    const last = changes.at(-1);
    if (last?.layer.index !== ref.index) changes.push({ layer: ref, change });
    else if (change === 'deleted') changes.splice(-1, 1, ...(last.change === 'added' ? [] : [{ layer: ref, change }]));
    else if (last.change === 'deleted') changes.splice(-1, 1, { layer: ref, change: 'changed' });
    if (changes.length > 1) this.#changes.set(path, changes);
  }

  #allChanges(entries: ReadonlyMap<string, FileEntry>): ReadonlyMap<string, readonly LayerChange[]> {
    const all = new Map<string, readonly LayerChange[]>(this.#changes);
    for (const { path, layer } of entries.values()) {
      if (layer !== undefined && !all.has(path)) all.set(path, [{ layer, change: 'added' }]);
    }
    return all;
  }

  /** A new node in place of whatever was there. */
  #replace(parent: Node, name: string, layer: PlacedLayer): Node {
    this.#drop(parent, name, layer);
    const node = newNode(parent.path === '' ? name : `${parent.path}/${name}`);
    parent.children ??= new Map();
    parent.children.set(name, node);
    this.#touch(node, 'added', layer);
    return node;
  }

  #drop(parent: Node, name: string, layer: PlacedLayer): void {
    const before = parent.children?.get(name);
    if (before === undefined) return;
    this.#forget(before, layer);
    parent.children?.delete(name);
    this.#lastFolder = undefined;
  }

  /** Notes for every kept file at and under the node that this layer deleted it. */
  #forget(node: Node, layer: PlacedLayer): void {
    const todo = [node];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      if (next.content !== undefined) this.#note(next.path, undefined, layer);
      this.#touch(next, 'deleted', layer);
      todo.push(...childrenOf(next));
    }
  }

  #find(path: string): Node | undefined {
    return this.#walk(path, undefined);
  }

  #makeFolder(path: string, layer: PlacedLayer): Node | undefined {
    return this.#walk(path, layer);
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
      if (child?.entry?.kind === 'symlink') {
        links += 1;
        if (links > MAX_LINKS) return undefined;
        const target = child.entry.linkTarget ?? '';
        if (target.startsWith('/')) trail.length = 1;
        todo.push(...target.split('/').reverse());
        continue;
      }
      const isFolder = child?.entry?.kind === 'directory';
      if (child !== undefined && (isFolder || layer === undefined)) trail.push(child);
      else if (layer === undefined) return undefined;
      else trail.push(this.#implied(here, part, layer));
    }
    return trail.at(-1);
  }

  /** A folder that the tar does not mention. */
  #implied(parent: Node, name: string, layer: PlacedLayer): Node {
    const node = this.#replace(parent, name, layer);
    node.entry = placed({ path: node.path, kind: 'directory', size: 0, mode: DEFAULT_FOLDER_MODE }, layer);
    return node;
  }
}

function childrenOf({ children }: Node): Iterable<Node> {
  return children?.values() ?? [];
}

function newNode(path: string): Node {
  return { entry: undefined, content: undefined, skipped: undefined, source: undefined, children: undefined, path };
}

function placed(entry: FileEntry, { ref }: PlacedLayer): FileEntry {
  return ref === undefined ? entry : { ...entry, layer: ref };
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
