import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { createTestPorts } from '../io/testing.ts';
import { BASE_DIGEST, BASE_NAME } from './base-image.ts';
import { createSbom, formatSbom, parseSbom } from './sbom.ts';
import { createTestRegistry, pushTestImage } from './testing.ts';
import type { TestImage } from './testing.ts';

const BASE = 'localhost:5000/base:1';
const APP = 'localhost:5000/app:1';
const RELEASE = { path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.20.1\n' };
const database = (...names: readonly string[]) => ({
  path: 'lib/apk/db/installed',
  content: names.map((name) => `P:${name}\nV:1\nD:musl\n\n`).join(''),
});
const base: TestImage = {
  layers: [[RELEASE, database('musl')], [{ path: 'etc/motd', content: 'hello' }]],
  history: [{ created_by: 'ADD root /' }, { created_by: 'COPY motd /etc' }],
};
const app: TestImage = {
  layers: [...base.layers, [database('musl', 'curl')]],
  history: [...(base.history ?? []), { created_by: 'RUN /bin/sh -c apk add curl # buildkit' }],
};

async function setUp(images: Readonly<Record<string, TestImage>>) {
  const plain = createTestPorts();
  const ports = { ...plain, http: createHandlerHttp({ 'localhost:5000': createTestRegistry(plain) }) };
  for (const [reference, image] of Object.entries(images)) await pushTestImage(ports, reference, image);
  return ports;
}

test('of a base that is given, its layers are marked, and each layer has its instruction', async () => {
  const sbom = await createSbom(await setUp({ [BASE]: base, [APP]: app }), APP, { base: BASE });
  assert.deepEqual(
    sbom.layers?.map(({ instruction, isBase }) => [instruction, isBase]),
    [
      ['ADD root /', true],
      ['COPY motd /etc', true],
      ['RUN apk add curl', false],
    ],
  );
  assert.equal(sbom.base?.name, BASE);
  assert.equal(sbom.base?.foundBy, 'given');
  assert.match(formatSbom(sbom, 'table'), /^curl +1 +apk +2 /m);
  assert.match(formatSbom(sbom, 'table'), /^musl +1 +apk +0\* /m);
});

test('what the base brought is left out when asked, which the document says', async () => {
  const ports = await setUp({ [BASE]: base, [APP]: app });
  const sbom = await createSbom(ports, APP, { base: BASE, excludesBase: true });
  assert.deepEqual(
    sbom.components.map(({ name }) => name),
    ['curl'],
  );
  assert.deepEqual(sbom.dependencies, []);
  for (const form of ['spdx-json', 'spdx-json@3.0', 'cyclonedx-json', 'spdx-tag-value', 'cyclonedx-xml'])
    assert.equal(parseSbom(formatSbom(sbom, form)).base?.isExcluded, true, form);
  assert.match(formatSbom(sbom, 'cyclonedx-json'), /"aggregate": "incomplete"/);
});

test('an image that does not stand on the given base is refused', async () => {
  const ports = await setUp({ [BASE]: base, [APP]: app });
  await assert.rejects(createSbom(ports, BASE, { base: APP }), {
    kind: 'invalid-input',
    message: /not based on it: expected layer 2 of .*, found no layer/,
  });
});

test('auto takes the base that annotations name, and labels where these do not', async () => {
  const other = { ...base, layers: [...base.layers].reverse() };
  const named = { ...app, annotations: { [BASE_NAME]: BASE }, labels: { [BASE_NAME]: 'localhost:5000/other:1' } };
  const ports = await setUp({ [BASE]: base, 'localhost:5000/other:1': other, [APP]: named });
  const sbom = await createSbom(ports, APP, { base: 'auto' });
  assert.equal(sbom.base?.foundBy, 'annotations');
  assert.deepEqual(
    sbom.layers?.map(({ isBase }) => isBase),
    [true, true, false],
  );
  // the digest counts, wherever the tag points to now
  const digest = (await pushTestImage(ports, BASE, base)).digest;
  await pushTestImage(ports, BASE, other);
  const pinned = { ...app, labels: { [BASE_NAME]: BASE, [BASE_DIGEST]: digest } };
  await pushTestImage(ports, APP, pinned);
  assert.equal((await createSbom(ports, APP, { base: 'auto' })).base?.digest, digest);
  await pushTestImage(ports, APP, named);
  await assert.rejects(createSbom(ports, APP, { base: 'auto' }), { kind: 'invalid-input' });
});

test('a base that cannot be fetched is an error where it was asked for, and without that nothing is fetched', async () => {
  const away = { ...app, annotations: { [BASE_NAME]: 'elsewhere.example.com/base:1' } };
  const ports = await setUp({ [APP]: away });
  await assert.rejects(createSbom(ports, APP, { base: 'auto' }), { kind: 'unavailable' });
  assert.equal((await createSbom(ports, APP)).base, undefined);
  const hostile = { ...app, annotations: { [BASE_NAME]: '???' } };
  assert.equal((await createSbom(await setUp({ [APP]: hostile }), APP)).base, undefined);
});

test('the history is the last trace of a base: a guess that says so', async () => {
  const command = { created_by: 'CMD ["sh"]', empty_layer: true };
  const guessable = { ...app, history: (app.history ?? []).toSpliced(2, 0, command) };
  const ports = await setUp({ [APP]: guessable });
  const sbom = await createSbom(ports, APP, { base: 'auto', excludesBase: true });
  assert.deepEqual(sbom.base, { foundBy: 'history', isExcluded: true });
  assert.deepEqual(
    sbom.components.map(({ name }) => name),
    ['curl'],
  );
  assert.match(formatSbom(sbom, 'table'), /base image, a guess from the history; its components are left out/);
});

test('without any trace of a base nothing is left out silently', async () => {
  const ports = await setUp({ [APP]: app });
  await assert.rejects(createSbom(ports, APP, { excludesBase: true }), { kind: 'invalid-input' });
  const folder = join(ports.home, 'source');
  await ports.files.writeAtomic(join(folder, 'go.mod'), 'module x\n');
  await assert.rejects(createSbom(ports, folder, { base: BASE }), { kind: 'usage' });
});

test('a history that does not fit the layers gives no instruction', async () => {
  const ports = await setUp({ [APP]: { ...app, history: [{ created_by: 'ADD root /' }] } });
  const sbom = await createSbom(ports, APP);
  const { layers } = sbom;
  assert.doesNotMatch(formatSbom(sbom, 'table'), /^layer/m);
  assert.ok(layers?.every(({ instruction }) => instruction === undefined));
  assert.equal(layers?.length, 3);
});
