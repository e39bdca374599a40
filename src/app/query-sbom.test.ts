import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullSbom, createComponent, smallSbom } from '../metadata/sbom/testing.ts';
import { findWays, queryComponents } from './query-sbom.ts';

test('an expression finds components by any of their facts', () => {
  const names = (expression: string) => queryComponents(fullSbom, expression).map(({ name }) => name);
  assert.deepEqual(names('type == "deb" && layer == 0'), ['libssl3']);
  assert.deepEqual(names('licences.exists(l, l.contains("MIT"))'), ['@scope/left-pad']);
  assert.deepEqual(names('kind == "application" || ownedBy != ""').sort(), ['@scope/left-pad', 'tool']);
  assert.deepEqual(names('"go:h1" in properties && hashes.sha256.startsWith("aa")'), ['libssl3']);
});

test('an expression that is wrong, or gives no truth, is refused', () => {
  assert.throws(() => queryComponents(fullSbom, 'nam == "x"'), { kind: 'invalid-input', message: /unknown name nam/ });
  assert.throws(() => queryComponents(fullSbom, 'name'), { kind: 'invalid-input', message: /expected true or false/ });
  assert.throws(() => queryComponents(fullSbom, 'hashes.sha256 == "x"'), { kind: 'invalid-input' });
});

test('the shortest way is shown, in circles too, and none where nothing is known of what needs it', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => createComponent({ name, version: '1' }));
  assert.ok(a && b && c && d);
  const edges = (of: typeof a, ...to: (typeof a)[]) => ({ from: of.id, to: to.map(({ id }) => id) });
  const sbom = {
    ...smallSbom,
    components: [a, b, c, d],
    dependencies: [edges(a, b, c), edges(b, c), edges(c, d), edges(d, b)],
  };
  const ways = findWays(sbom, [d.id, 'pkg:npm/none@1']);
  assert.deepEqual(ways.get(d.id), [a.id, c.id, d.id]);
  assert.deepEqual(ways.get('pkg:npm/none@1'), []);
});
