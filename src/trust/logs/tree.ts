/**
 * A Merkle tree that grows (RFC 6962 2.1), kept as tiles of 256 hashes (C2SP tlog-tiles).
 *
 * Level L of the tiles holds the roots of whole subtrees of 256^L leaves. Roots and proofs are put together from the tiles.
 */
import { HASH_BYTES, hashNode } from '../crypto/index.ts';

export const TILE_WIDTH = 256;
/** 256^6 leaves are more than whole numbers of 53 bits count. */
const TILE_LEVELS = 7;

/** Node hashes in memory: those of the proofs of some thousand neighbours. */
const MAX_NODES = 65_536;

/** The hashes of one tile, as many as there are: 256 when it is full. */
export type ReadTile = (level: number, index: number, width: number) => Promise<Uint8Array>;

export interface TileUpdate {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
}

/** The right edge of a tree: all that is needed to add leaves. */
export interface Edge {
  readonly size: number;
  /** Per level, the hashes of the tile that is not full yet. */
  readonly partial: readonly (readonly Uint8Array[])[];
}

export const EMPTY_EDGE: Edge = { size: 0, partial: Array.from({ length: TILE_LEVELS }, () => []) };

/** From the tiles of a tree of this size. */
export async function readEdge(size: number, read: ReadTile): Promise<Edge> {
  const partial: Uint8Array[][] = [];
  for (let level = 0; level < TILE_LEVELS; level += 1) {
    const hashes = countAt(size, level);
    const [index, width] = [Math.floor(hashes / TILE_WIDTH), hashes % TILE_WIDTH];
    partial.push(width === 0 ? [] : split(await read(level, index, width)));
  }
  return { size, partial };
}

/** The edge after these leaves, and each tile that changed, as it is then. */
export function addLeaves(
  edge: Edge,
  leaves: readonly Uint8Array[],
): { readonly edge: Edge; readonly tiles: readonly TileUpdate[] } {
  const partial = edge.partial.map((hashes) => [...hashes]);
  const full: TileUpdate[] = [];
  const touched = new Set<number>();
  const sizes = partial.map((_, level) => countAt(edge.size, level));
  const add = (level: number, hash: Uint8Array): void => {
    const tile = partial[level] ?? [];
    tile.push(hash);
    sizes[level] = (sizes[level] ?? 0) + 1;
    touched.add(level);
    if (tile.length < TILE_WIDTH) return;
    full.push({ level, index: (sizes[level] ?? 0) / TILE_WIDTH - 1, hashes: Buffer.concat(tile) });
    partial[level] = [];
    add(level + 1, rootOf(tile));
  };
  for (const leaf of leaves) add(0, leaf);
  const open = [...touched].flatMap((level): TileUpdate[] => {
    const tile = partial[level] ?? [];
    const index = Math.floor((sizes[level] ?? 0) / TILE_WIDTH);
    return tile.length === 0 ? [] : [{ level, index, hashes: Buffer.concat(tile) }];
  });
  return { edge: { size: edge.size + leaves.length, partial }, tiles: [...full, ...open] };
}

/** The root of the tree with this edge. */
export function edgeRoot(edge: Edge): Uint8Array {
  let root: Uint8Array | undefined;
  for (const tile of edge.partial) {
    // what is to the right of a tile's hashes is smaller than any of them
    const hashes = root === undefined ? tile : [...tile, root];
    if (hashes.length > 0) root = rootOf(hashes);
  }
  return root ?? EMPTY_ROOT;
}

/** Node hashes of a tree of this size, read from its tiles; proofs about it. */
export class TreeReader {
  readonly #size: number;
  readonly #read: ReadTile;
  /** Proofs of one tree have most of their nodes in common. */
  readonly #nodes = new Map<string, Promise<Uint8Array>>();

  constructor(size: number, read: ReadTile) {
    this.#size = size;
    this.#read = read;
  }

  root(): Promise<Uint8Array> {
    return this.#size === 0 ? Promise.resolve(EMPTY_ROOT) : this.#range(0, this.#size);
  }

  /** RFC 6962 2.1.1. */
  async inclusionProof(leaf: number): Promise<readonly Uint8Array[]> {
    const proof: Uint8Array[] = [];
    let [start, end] = [0, this.#size];
    while (end - start > 1) {
      const middle = start + leftSize(end - start);
      if (leaf < middle) {
        proof.push(await this.#range(middle, end));
        end = middle;
      } else {
        proof.push(await this.#range(start, middle));
        start = middle;
      }
    }
    return proof.reverse();
  }

  /** RFC 6962 2.1.2: that the tree of `older` leaves is a beginning of this one. */
  async consistencyProof(older: number): Promise<readonly Uint8Array[]> {
    if (older === 0 || older === this.#size) return [];
    const proof: Uint8Array[] = [];
    let [start, end] = [0, this.#size];
    while (end !== older) {
      const middle = start + leftSize(end - start);
      if (older <= middle) {
        proof.push(await this.#range(middle, end));
        end = middle;
      } else {
        proof.push(await this.#range(start, middle));
        start = middle;
      }
    }
    if (start !== 0) proof.push(await this.#range(start, end));
    return proof.reverse();
  }

  /** The root over leaves from `start`, a multiple of the size of the largest whole subtree in it, to before `end`. */
  async #range(start: number, end: number): Promise<Uint8Array> {
    const count = end - start;
    if (isPowerOfTwo(count)) return await this.#node(Math.log2(count), start / count);
    const middle = start + leftSize(count);
    return hashNode(await this.#range(start, middle), await this.#range(middle, end));
  }

  /** The root of the whole subtree of 2^height leaves. */
  #node(height: number, index: number): Promise<Uint8Array> {
    const key = `${height}/${index}`;
    const found = this.#nodes.get(key) ?? this.#findNode(height, index);
    if (this.#nodes.size >= MAX_NODES) this.#nodes.clear();
    this.#nodes.set(key, found);
    return found;
  }

  async #findNode(height: number, index: number): Promise<Uint8Array> {
    if (height % 8 !== 0)
      return hashNode(await this.#node(height - 1, index * 2), await this.#node(height - 1, index * 2 + 1));
    const level = height / 8;
    const tile = Math.floor(index / TILE_WIDTH);
    const at = (index % TILE_WIDTH) * HASH_BYTES;
    const width = Math.min(TILE_WIDTH, countAt(this.#size, level) - tile * TILE_WIDTH);
    return (await this.#read(level, tile, width)).subarray(at, at + HASH_BYTES);
  }
}

const EMPTY_ROOT = Uint8Array.from(
  Buffer.from('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'hex'),
);

/** 1234067 is `x001/x234/067`. */
export function tilePath(index: number): string {
  const groups = [index % 1000];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) groups.unshift(rest % 1000);
  return groups.map((group, at) => `${at === groups.length - 1 ? '' : 'x'}${String(group).padStart(3, '0')}`).join('/');
}

/** How many hashes this level of tiles has for so many leaves. */
function countAt(size: number, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  const [first] = hashes;
  if (first === undefined) return EMPTY_ROOT;
  if (hashes.length === 1) return first;
  const middle = leftSize(hashes.length);
  return hashNode(rootOf(hashes.slice(0, middle)), rootOf(hashes.slice(middle)));
}

/** The largest power of two below `count`. */
function leftSize(count: number): number {
  let size = 1;
  while (size * 2 < count) size *= 2;
  return size;
}

function isPowerOfTwo(count: number): boolean {
  return count === 1 || leftSize(count) * 2 === count;
}

function split(hashes: Uint8Array): Uint8Array[] {
  return Array.from({ length: hashes.length / HASH_BYTES }, (_, index) =>
    hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
  );
}
