import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { hashLeaf, isConsistent, isIncluded } from './merkle.ts';

const LARGEST = 20;
const leaves = Array.from({ length: LARGEST }, (_, index) => hashLeaf(Buffer.from(`leaf ${index}`)));

/** RFC 6962 2.1, as it is written there. */
function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  const [only] = hashes;
  if (only === undefined) return createHash('sha256').digest();
  if (hashes.length === 1) return only;
  const k = split(hashes.length);
  return node(rootOf(hashes.slice(0, k)), rootOf(hashes.slice(k)));
}

function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256')
    .update(Buffer.concat([Uint8Array.of(1), left, right]))
    .digest();
}

/** The largest power of two below n. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** RFC 6962 2.1.1. */
function pathOf(index: number, hashes: readonly Uint8Array[]): Uint8Array[] {
  if (hashes.length === 1) return [];
  const k = split(hashes.length);
  return index < k
    ? [...pathOf(index, hashes.slice(0, k)), rootOf(hashes.slice(k))]
    : [...pathOf(index - k, hashes.slice(k)), rootOf(hashes.slice(0, k))];
}

/** RFC 6962 2.1.2. */
function consistencyOf(older: number, hashes: readonly Uint8Array[], isWhole = true): Uint8Array[] {
  if (older === hashes.length) return isWhole ? [] : [rootOf(hashes)];
  const k = split(hashes.length);
  return older <= k
    ? [...consistencyOf(older, hashes.slice(0, k), isWhole), rootOf(hashes.slice(k))]
    : [...consistencyOf(older - k, hashes.slice(k), false), rootOf(hashes.slice(0, k))];
}

function headOf(size: number) {
  return { size, root: rootOf(leaves.slice(0, size)) };
}

function flipped(proof: readonly Uint8Array[], at: number): Uint8Array[] {
  return proof.map((hash, index) => (index === at ? hash.map((byte, place) => (place === 0 ? byte ^ 1 : byte)) : hash));
}

test('leaves and nodes are hashed apart, or a node could pass for an entry', () => {
  const empty = '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d';
  assert.equal(Buffer.from(hashLeaf(new Uint8Array())).toString('hex'), empty);
});

test('every leaf of every small tree is included at its place and nowhere else', () => {
  for (let size = 1; size <= LARGEST; size += 1) {
    for (let index = 0; index < size; index += 1) {
      const proof = pathOf(index, leaves.slice(0, size));
      const hash = leaves[index] ?? new Uint8Array();
      assert.ok(isIncluded({ index, hash }, proof, headOf(size)), `${index} of ${size}`);
      for (let other = 0; other <= size; other += 1) {
        assert.equal(
          isIncluded({ index: other, hash }, proof, headOf(size)),
          other === index,
          `${index} as ${other} of ${size}`,
        );
      }
      assert.ok(!isIncluded({ index, hash }, [...proof, hash], headOf(size)), 'a longer proof');
      assert.ok(!isIncluded({ index, hash: hashLeaf(hash) }, proof, headOf(size)), 'another leaf');
      for (let at = 0; at < proof.length; at += 1) {
        assert.ok(!isIncluded({ index, hash }, flipped(proof, at), headOf(size)), 'a flipped bit');
        assert.ok(!isIncluded({ index, hash }, proof.toSpliced(at, 1), headOf(size)), 'a shorter proof');
      }
    }
  }
});

test('every small tree is consistent with each of its beginnings, and with no other tree', () => {
  for (let size = 1; size <= LARGEST; size += 1) {
    for (let older = 1; older <= size; older += 1) {
      const proof = consistencyOf(older, leaves.slice(0, size));
      assert.ok(isConsistent(headOf(older), headOf(size), proof), `${older} in ${size}`);
      const forked = { size: older, root: hashLeaf(Buffer.from('fork')) };
      assert.ok(!isConsistent(forked, headOf(size), proof), `fork of ${older} in ${size}`);
      assert.ok(!isConsistent(headOf(older), { size, root: forked.root }, proof), `${older} in a fork of ${size}`);
      assert.ok(!isConsistent(headOf(older), headOf(size), [...proof, forked.root]), 'a longer proof');
      for (let at = 0; at < proof.length; at += 1) {
        assert.ok(!isConsistent(headOf(older), headOf(size), flipped(proof, at)), 'a flipped bit');
        assert.ok(!isConsistent(headOf(older), headOf(size), proof.toSpliced(at, 1)), 'a shorter proof');
      }
    }
  }
  assert.ok(isConsistent(headOf(0), headOf(5), []));
  assert.ok(!isConsistent({ size: 0, root: leaves[0] ?? new Uint8Array() }, headOf(5), []));
  assert.ok(!isConsistent(headOf(5), headOf(4), []));
});

test('a tree of more than 2^32 leaves is walked without losing bits', () => {
  const size = 2 ** 40 + 1;
  const left = leaves[0] ?? new Uint8Array();
  const last = leaves[1] ?? new Uint8Array();
  assert.ok(isIncluded({ index: size - 1, hash: last }, [left], { size, root: node(left, last) }));
  assert.ok(!isIncluded({ index: 0, hash: left }, [last], { size, root: node(left, last) }));
  assert.ok(!isIncluded({ index: 0.5, hash: left }, [], { size: 1, root: left }));
  assert.ok(!isIncluded({ index: 0, hash: left }, [], { size: 2 ** 53, root: left }));
});

test('a hash of another length is no proof', () => {
  const head = headOf(2);
  const proof = [new Uint8Array(31)];
  assert.ok(!isIncluded({ index: 0, hash: leaves[0] ?? new Uint8Array() }, proof, head));
});
