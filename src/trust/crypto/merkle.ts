/** Merkle trees of transparency logs with SHA-256 (RFC 6962 2.1; proofs are checked as in RFC 9162 2.1.3.2 and 2.1.4.2). */
import { createHash } from 'node:crypto';
import { isEqualBytes } from './bytes.ts';

/** A path has one hash per level; trees of 2^53 leaves have 53. */
export const MAX_PROOF_HASHES = 64;
export const HASH_BYTES = 32;

export function hashLeaf(entry: Uint8Array): Uint8Array {
  return createHash('sha256').update(LEAF_PREFIX).update(entry).digest();
}

export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(NODE_PREFIX).update(left).update(right).digest();
}

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** The root of the empty tree: the hash of nothing. */
const EMPTY_ROOT = createHash('sha256').digest();

export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Whether the leaf with this hash stands at `index` of the tree. Sizes and indexes are whole numbers below 2^53. */
export function isIncluded(
  leaf: { readonly index: number; readonly hash: Uint8Array },
  proof: readonly Uint8Array[],
  head: TreeHead,
): boolean {
  if (!isNatural(leaf.index) || !isNatural(head.size) || leaf.index >= head.size || !areHashes(proof)) return false;
  let position = leaf.index;
  let last = head.size - 1;
  let hash = leaf.hash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      hash = hashNode(sibling, hash);
      while (position % 2 === 0 && position !== 0) [position, last] = [half(position), half(last)];
    } else {
      hash = hashNode(hash, sibling);
    }
    [position, last] = [half(position), half(last)];
  }
  return last === 0 && isEqualBytes(hash, head.root);
}

/** Whether the newer tree holds all of the older one unchanged and in the same order. */
export function isConsistent(older: TreeHead, newer: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (!isNatural(older.size) || !isNatural(newer.size) || older.size > newer.size || !areHashes(proof)) return false;
  if (older.size === newer.size) return proof.length === 0 && isEqualBytes(older.root, newer.root);
  if (older.size === 0) return proof.length === 0 && isEqualBytes(older.root, EMPTY_ROOT);
  let position = older.size - 1;
  let last = newer.size - 1;
  while (position % 2 === 1) [position, last] = [half(position), half(last)];
  // A whole left subtree is its own first hash, so the proof leaves it out.
  const path = position === 0 ? [older.root, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let [oldHash, newHash] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      oldHash = hashNode(sibling, oldHash);
      newHash = hashNode(sibling, newHash);
      while (position % 2 === 0 && position !== 0) [position, last] = [half(position), half(last)];
    } else {
      newHash = hashNode(newHash, sibling);
    }
    [position, last] = [half(position), half(last)];
  }
  return last === 0 && isEqualBytes(oldHash, older.root) && isEqualBytes(newHash, newer.root);
}

/** Shifts of JavaScript numbers end at 32 bits; production logs have passed 2^31. */
function half(value: number): number {
  return Math.floor(value / 2);
}

function isNatural(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(proof: readonly Uint8Array[]): boolean {
  return proof.length <= MAX_PROOF_HASHES && proof.every((hash) => hash.length === HASH_BYTES);
}
