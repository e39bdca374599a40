import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataSet, needsSharedData } from '../../test/shared-data.ts';
import { digestOf } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { rememberCatalog } from './catalog-cache.ts';
import { createSbom } from './sbom.ts';

const image = (...names: readonly string[]) => ({
  layers: names.map((name) => {
    const digest = digestOf(name);
    return { descriptor: { mediaType: 'layer', digest, size: 1 }, diffId: digest };
  }),
});

/** Counts how often the image is looked at. */
function createLook() {
  let looks = 0;
  const look = async () => {
    looks += 1;
    return { distro: undefined, components: [], dependencies: [], skipped: [{ path: 'a', reason: String(looks) }] };
  };
  return { look, count: () => looks };
}

test('what was found in an image is kept under its layers in order, what was asked, and the program', async () => {
  const ports = createTestPorts({ build: async () => 'one' });
  const { look, count } = createLook();
  const question = { image: image('a', 'b'), selector: 'all', allLayers: false };
  const first = await rememberCatalog(ports, question, look);
  assert.deepEqual((await rememberCatalog(ports, question, look)).skipped, first.skipped);
  assert.equal(count(), 1);
  for (const [changed, other] of [
    [ports, { ...question, image: image('b', 'a') }],
    [ports, { ...question, image: image('a') }],
    [ports, { ...question, allLayers: true }],
    [ports, { ...question, selector: 'others' }],
    [{ ...ports, build: async () => 'two' }, question],
  ] as const) {
    const before = count();
    await rememberCatalog(changed, other, look);
    assert.equal(count(), before + 1);
  }
});

test('a damaged catalog is none, and of a program that may change nothing is kept', async () => {
  const { look, count } = createLook();
  const question = { image: image('a'), selector: 'all', allLayers: false };
  for (const damage of ['', '{', '[]', 'null', '{"components":[],"dependencies":{},"skipped":[]}']) {
    const cache = { load: async () => Buffer.from(damage), save: async () => undefined };
    const before = count();
    await rememberCatalog({ cache, build: async () => 'one' }, question, look);
    assert.equal(count(), before + 1, damage);
  }
  const cache = { load: async () => assert.fail('asked'), save: async () => assert.fail('kept') };
  assert.ok(await rememberCatalog({ cache }, question, look));
});

test('an image that was looked at gives the same SBOM without a look at its layers', needsSharedData, async () => {
  const path = join(dataSet('goldens'), 'images/alpine-310.tar.gz');
  const read: string[] = [];
  const ports = createTestPorts({ build: async () => 'one', progress: ({ action }) => void read.push(action) });
  const first = await createSbom(ports, path);
  assert.ok(read.includes('read'));
  const keys: string[] = [];
  const cache = { ...ports.cache, load: async (key: string) => (keys.push(key), await ports.cache.load(key)) };
  assert.deepEqual(await createSbom({ ...ports, cache }, path), first);
  assert.deepEqual(
    keys.map((key) => key.split('\n')[0]),
    ['image-catalog'],
  );
});
