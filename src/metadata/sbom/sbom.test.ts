import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSbom } from './parse.ts';
import { excludeBase, findRoots } from './sbom.ts';
import type { Component } from './sbom.ts';
import { createComponent, smallSbom } from './testing.ts';

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

test("times of other tools' documents are of one form, hashes that cannot be such are left out", () => {
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    metadata: { timestamp: '2026-11-22T07:09:00.123+01:00' },
    components: [
      {
        type: 'library',
        name: 'a',
        hashes: [
          { alg: 'MD5', content: 'AB'.repeat(16) },
          { alg: 'SHA-256', content: 'abcd' },
          { alg: 'SHA3-256', content: 'ab'.repeat(32) },
        ],
      },
    ],
  };
  const sbom = readSbom(document, 'app.json');
  assert.equal(sbom.created, '2026-11-22T06:09:00Z');
  assert.deepEqual(sbom.components[0]?.hashes, [{ algorithm: 'md5', value: 'ab'.repeat(16) }]);
  assert.equal(readSbom({ ...document, metadata: {} }, 'app.json').created, '');
  for (const [timestamp, created] of [
    ['2026-11-22T07:09:00', '2026-11-22T07:09:00Z'],
    ['about 12', ''],
    ['1', ''],
    ['+275760-01-01T00:00:00Z', ''],
  ])
    assert.equal(readSbom({ ...document, metadata: { timestamp } }, 'app.json').created, created);
});

test('without the base there is what was put once more beside it, but not what a package database repeats', () => {
  const layer = (index: number) => ({ index, digest: `sha256:${index}`, diffId: `diff ${index}` });
  const introducedBy = layer(0);
  const at = (...indexes: readonly number[]) => indexes.map((index) => ({ path: `p${index}`, layer: `diff ${index}` }));
  const component = (name: string, more: Partial<Component>) =>
    createComponent({ name, version: '1', introducedBy, evidence: 'installed-metadata', ...more });
  const sbom = excludeBase({
    ...smallSbom,
    layers: [0, 1, 2].map((index) => ({ ...layer(index), isBase: index === 0 })),
    base: { foundBy: 'given', isExcluded: false },
    components: [
      component('base', { locations: at(0) }),
      component('rewritten', { locations: at(2) }),
      component('copied', { locations: at(0, 1, 2) }),
      component('listed', { locations: at(0, 2), evidence: 'installed-db' }),
      component('own', { locations: at(2), introducedBy: layer(2) }),
    ],
  });
  assert.deepEqual(
    sbom.components.map(({ name, introducedBy, locations }) => [name, introducedBy?.index, locations.length]),
    [
      ['copied', 1, 2],
      ['own', 2, 1],
    ],
  );
});
