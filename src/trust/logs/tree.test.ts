import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { hashLeaf, isConsistent, isIncluded } from '../crypto/index.ts';
import { addLeaves, edgeRoot, readEdge, TreeReader, type Edge, type ReadTile } from './tree.ts';

const EMPTY: Edge = { size: 0, partial: Array.from({ length: 7 }, () => []) };
const leaf = (index: number) => hashLeaf(Buffer.from(`leaf ${index}`));

/** The definition, word by word. */
function slowRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return createHash('sha256').digest();
  if (leaves.length === 1) return leaves[0] ?? new Uint8Array();
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  const parts = [Uint8Array.of(1), slowRoot(leaves.slice(0, half)), slowRoot(leaves.slice(half))];
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

const roots = new Map<number, Uint8Array>();

function rootOf(size: number): Uint8Array {
  const root = roots.get(size) ?? slowRoot(Array.from({ length: size }, (_, index) => leaf(index)));
  roots.set(size, root);
  return root;
}

/** A tree of so many leaves, added in batches of changing sizes, with its tiles at every size. */
function grow(size: number) {
  const tiles = new Map<string, Uint8Array>();
  const read: ReadTile = async (level, index, width) => {
    const found = tiles.get(`${level}/${index}`);
    assert.ok(found !== undefined && found.length >= width * 32, `tile ${level}/${index} of ${width}`);
    return found.subarray(0, width * 32);
  };
  let edge = EMPTY;
  for (let batch = 1; edge.size < size; batch = (batch * 7) % 523) {
    const leaves = Array.from({ length: Math.min(batch, size - edge.size) }, (_, at) => leaf(edge.size + at));
    const added = addLeaves(edge, leaves);
    edge = added.edge;
    for (const { level, index, hashes } of added.tiles) tiles.set(`${level}/${index}`, hashes);
  }
  return { edge, read };
}

test('roots, edges and proofs are those of the definition, over several levels of tiles', async () => {
  const sizes = [0, 1, 2, 3, 7, 8, 255, 256, 257, 511, 513, 1000, 66_000];
  for (const size of sizes) {
    const { edge, read } = grow(size);
    const root = rootOf(size);
    assert.deepEqual(Buffer.from(edgeRoot(edge)), Buffer.from(root), `root of ${size}`);
    assert.deepEqual(await readEdge(size, read), edge, `edge of ${size}`);
    const reader = new TreeReader(size, read);
    assert.deepEqual(Buffer.from(await reader.root()), Buffer.from(root), `root of ${size} from tiles`);
    const head = { size, root };
    for (const index of [0, 1, 2, 254, 255, 256, 257, 300, size - 2, size - 1]) {
      if (index < 0 || index >= size) continue;
      const proof = await reader.inclusionProof(index);
      assert.ok(isIncluded({ index, hash: leaf(index) }, proof, head), `${index} in ${size}`);
      assert.ok(!isIncluded({ index, hash: leaf(index + 1) }, proof, head));
    }
    for (const older of sizes.filter((count) => count <= size)) {
      assert.ok(
        isConsistent({ size: older, root: rootOf(older) }, head, await reader.consistencyProof(older)),
        `${older} ${size}`,
      );
    }
  }
});
