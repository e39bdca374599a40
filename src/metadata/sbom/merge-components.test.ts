import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeComponents } from './merge-components.ts';
import type { Component } from './sbom.ts';
import { createComponent } from './testing.ts';

const found = (given: Partial<Component>) =>
  createComponent({ name: 'a', version: '1', locations: [{ path: 'x' }], ...given });

test('places, hashes and facts of one component are joined; hashes that differ speak for none', () => {
  const [one, ...others] = mergeComponents([
    found({ locations: [{ path: 'b' }], hashes: [{ algorithm: 'sha1', value: '1' }], properties: { p: 'first' } }),
    found({
      locations: [{ path: 'a' }],
      hashes: [{ algorithm: 'sha1', value: '2' }],
      licences: ['MIT'],
      supplier: 'S',
    }),
    found({
      locations: [{ path: 'b' }],
      hashes: [{ algorithm: 'md5', value: '3' }],
      properties: { p: 'second', q: 'only' },
    }),
  ]);
  assert.deepEqual(others, []);
  assert.deepEqual(one?.locations, [{ path: 'a' }, { path: 'b' }]);
  assert.deepEqual(one?.hashes, [{ algorithm: 'md5', value: '3' }]);
  assert.deepEqual([one?.licences, one?.supplier, one?.properties], [['MIT'], 'S', { p: 'first', q: 'only' }]);
});

test('why it is there, lock files say; among these, what runs anywhere runs', () => {
  const scopeOf = (...parts: Parameters<typeof found>[0][]) => mergeComponents(parts.map(found))[0]?.scope;
  const installed = { evidence: 'installed-metadata', scope: 'runtime' } as const;
  assert.equal(scopeOf(installed, { evidence: 'lock', scope: 'development' }), 'development');
  assert.equal(
    scopeOf(installed, { evidence: 'lock', scope: 'development' }, { evidence: 'lock', scope: 'optional' }),
    'optional',
  );
  assert.equal(scopeOf(installed, { evidence: 'binary', scope: 'development' }), 'runtime');
});

test('a component that is found very often takes time that grows with their number', () => {
  const many = Array.from({ length: 200_000 }, (_, index) => found({ locations: [{ path: `x${index}` }] }));
  const start = performance.now();
  assert.equal(mergeComponents(many)[0]?.locations.length, 200_000);
  assert.ok(performance.now() - start < 5000);
});

test('what is gone in one place and there in another is there', () => {
  const gone = found({ deletedBy: { index: 1, digest: 'sha256:a', diffId: 'sha256:b' } });
  assert.equal(mergeComponents([gone, found({})])[0]?.deletedBy, undefined);
  assert.equal(mergeComponents([gone, gone])[0]?.deletedBy?.index, 1);
});
