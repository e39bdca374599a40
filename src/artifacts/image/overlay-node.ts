/** The nodes of layers laid over each other, and the ways through them. */
import type { FileEntry, LayerRef } from '../../core/index.ts';
import type { LayerIndex } from './layer-index.ts';
import { joinPath, splitPath, type LayerEntry } from './layer-table.ts';

const DEFAULT_FOLDER_MODE = 0o755;

export interface PlacedLayer {
  readonly index: LayerIndex;
  /** Absent for a lone archive, which is no image. */
  readonly ref?: LayerRef;
}

/** What an entry says stays in the table of its layer. */
export interface Node {
  readonly parent: Node | undefined;
  readonly name: string;
  /** Absent while it has none. */
  children: Children | undefined;
  /** The uppermost layer that wrote it, or changed a folder's mode. */
  ref: LayerRef | undefined;
  /** Where its content and its attributes come from; a hard link has its file's. None of a folder that no tar mentions. */
  index: LayerIndex | undefined;
  row: number;
  /** Whether the selector may have chosen it; sure is only that it did not choose others. */
  isCandidate: boolean;
}

/** Above the ceiling of a layer's entries. */
const ROWS = 2 ** 22;

/**
 * What is in a folder. Of some hundred thousand files most are plain ones for which no cataloger asks: these are held as a number, of
 * their layer and the row in its table, and made into a node when they are looked at.
 */
export class Children implements Iterable<Node> {
  readonly #byName = new Map<string, Node | number>();
  readonly #folder: Node;
  readonly #layers: readonly PlacedLayer[];

  /** `layers` may go on growing. */
  constructor(folder: Node, layers: readonly PlacedLayer[]) {
    this.#folder = folder;
    this.#layers = layers;
  }

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): Node | undefined {
    const child = this.#byName.get(name);
    return typeof child === 'number' ? this.#unpack(name, child) : child;
  }

  put(node: Node): void {
    this.#byName.set(node.name, node);
  }

  /** Of a plain file in the uppermost layer. */
  pack({ name, row }: Node): void {
    this.#byName.set(name, (this.#layers.length - 1) * ROWS + row);
  }

  delete(name: string): void {
    this.#byName.delete(name);
  }

  *[Symbol.iterator](): Generator<Node> {
    for (const [name, child] of this.#byName) yield typeof child === 'number' ? this.#unpack(name, child) : child;
  }

  /** Without the packed ones. */
  *held(): Generator<Node> {
    for (const child of this.#byName.values()) if (typeof child !== 'number') yield child;
  }

  #unpack(name: string, packed: number): Node {
    const { index, ref } = this.#layers[Math.floor(packed / ROWS)] ?? {};
    return { parent: this.#folder, name, children: undefined, ref, index, row: packed % ROWS, isCandidate: false };
  }
}

export type Source = Pick<Node, 'index' | 'row'>;

/** Of a folder that no tar mentions. */
export const IMPLIED: Source = { index: undefined, row: -1 };

export function kindOf({ index, row }: Node): LayerEntry['kind'] {
  return index === undefined ? 'directory' : index.entries.kindOf(row);
}

export function modeOf({ index, row }: Node): number {
  return index === undefined ? DEFAULT_FOLDER_MODE : index.entries.attributesOf(row).mode;
}

export function pathOf(node: Node): string {
  let path = node.name;
  for (let at = node.parent; at?.parent !== undefined; at = at.parent) path = `${at.name}/${path}`;
  return path;
}

/** Follows no links; what a folder's path leads to is looked up once for all its files. */
export function lookingUp(root: Node): (path: string) => Node | undefined {
  const folders = new Map<string, Node | undefined>([['', root]]);
  const lookUp = (path: string): Node | undefined => {
    const { folder, name } = splitPath(path);
    if (!folders.has(folder)) folders.set(folder, lookUp(folder));
    return folders.get(folder)?.children?.get(name);
  };
  return lookUp;
}

/** Undefined for the root, and for devices and the like. */
export function entryOf(node: Node, path: string): FileEntry | undefined {
  const kind = kindOf(node);
  if (node.parent === undefined || kind === 'other' || kind === 'hardlink') return undefined;
  const placed = node.ref === undefined ? {} : { layer: node.ref };
  if (kind === 'directory' || node.index === undefined) return { path, kind, size: 0, mode: modeOf(node), ...placed };
  const { size, mode, linkName } = node.index.entries.attributesOf(node.row);
  return { path, kind, size, mode, ...(kind === 'symlink' ? { linkTarget: linkName } : {}), ...placed };
}

/** Sorted by path. */
export function* listEntries(top: Node, topPath?: string): Generator<FileEntry> {
  for (const { node, path } of nodesBelow(top, topPath)) {
    const entry = entryOf(node, path);
    if (entry !== undefined) yield entry;
  }
}

/** Likewise; plain files are passed over without a thought for their paths. */
export function listCandidates(root: Node): readonly FileEntry[] {
  const found: FileEntry[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const node of folder.children?.held() ?? []) {
      if (node.children !== undefined) folders.push(node);
      const entry = node.isCandidate ? entryOf(node, pathOf(node)) : undefined;
      if (entry?.kind === 'file') found.push(entry);
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Step {
  readonly node: Node;
  readonly path: string;
  /** What lies in a folder comes after all that comes before its path with a slash. */
  readonly key: string;
  readonly isInside: boolean;
}

export function* nodesBelow(top: Node, topPath = ''): Generator<Step> {
  const todo = stepsInto(top, topPath);
  for (let step = todo.pop(); step !== undefined; step = todo.pop()) {
    if (!step.isInside) yield step;
    else for (const inside of stepsInto(step.node, step.path)) todo.push(inside);
  }
}

/** The last first. */
function stepsInto(folder: Node, folderPath: string): Step[] {
  const steps: Step[] = [];
  for (const node of folder.children ?? []) {
    const path = joinPath(folderPath, node.name);
    steps.push({ node, path, key: node.name, isInside: false });
    if (node.children !== undefined) steps.push({ node, path, key: `${node.name}/`, isInside: true });
  }
  return steps.sort((a, b) => (a.key < b.key ? 1 : -1));
}
