import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRoots } from './sbom.ts';
import { createComponent } from './testing.ts';

const rootsOf = (edges: Readonly<Record<string, readonly string[]>>) =>
  findRoots({
    components: Object.keys(edges).map((id) => createComponent({ id, name: id, version: '1' })),
    dependencies: Object.entries(edges).map(([from, to]) => ({ from, to })),
  });

test('from the roots every component is reached, circles among them', () => {
  assert.deepEqual(rootsOf({}), []);
  assert.deepEqual(rootsOf({ a: ['b'], b: ['c'], c: [], d: [] }), ['a', 'd']);
  assert.deepEqual(rootsOf({ a: ['b'], b: ['a'], c: ['d'], d: ['e'], e: ['d'] }), ['a', 'c']);
  assert.deepEqual(rootsOf({ a: ['a'] }), ['a']);
});
