/** Indexes and new images that go to another repository, a layout or an archive, over a registry in the process. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { writeTar } from '../artifacts/index.ts';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, type ErrorKind, type Platform } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { appendLayers } from './append-layer.ts';
import { appendToIndex, filterIndex } from './compose-index.ts';
import { editIndex, previewIndex } from './edit-index.ts';
import { resolveDigest, resolveManifest } from './inspect-artifact.ts';
import { mutateImage } from './mutate-image.ts';
import { createTestRegistry } from './testing.ts';
import { validateImage } from './validate-image.ts';

const HOST = 'localhost:5000';
const { signal } = new AbortController();
const isError = (kind: ErrorKind, message: RegExp) => (error: unknown) =>
  error instanceof AppError && error.kind === kind && message.test(error.message);

interface Entry {
  readonly digest: string;
  readonly platform?: Platform;
}

async function setUp() {
  const plain = createTestPorts({ environment: { SOURCE_DATE_EPOCH: '0' } });
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: createTestRegistry(plain) }) };
  const at = (name: string) => join(ports.home, name);
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar([{ path: 'a', size: 1, content: Buffer.from('a') }])) chunks.push(chunk);
  await ports.files.writeAtomic(at('layer.tar'), Buffer.concat(chunks));
  await ports.files.writeAtomic(at('layer.tar.gz'), gzipSync(Buffer.concat(chunks)));
  const image = async (target: string, os: string, architecture: string, layers = ['layer.tar']) =>
    await appendLayers(
      ports,
      { base: undefined, layers: layers.map(at), target, platform: { os, architecture } },
      signal,
    );
  const entriesOf = async (reference: string) => {
    const { bytes } = await resolveManifest(ports, { reference }, signal);
    return (JSON.parse(new TextDecoder().decode(bytes)) as { readonly manifests: readonly Entry[] }).manifests;
  };
  const platformsOf = async (reference: string) =>
    (await entriesOf(reference)).map(({ platform }) => `${platform?.os}/${platform?.architecture}`);
  return { ports, at, image, entriesOf, platformsOf };
}

async function withIndex() {
  const all = await setUp();
  await all.image(`${HOST}/one:1`, 'linux', 'amd64');
  await all.image(`${HOST}/two:1`, 'linux', 'arm64');
  await all.image(`${HOST}/three:1`, 'windows', 'amd64');
  const manifests = [`${HOST}/one:1`, `${HOST}/two:1`, `${HOST}/three:1`];
  const target = `${HOST}/all:1`;
  await appendToIndex(all.ports, { manifests, flatten: true, target }, signal);
  return { ...all, target };
}

test('an index of images from other repositories brings them along', async () => {
  const { ports, platformsOf, target, entriesOf } = await withIndex();
  assert.deepEqual(await platformsOf(target), ['linux/amd64', 'linux/arm64', 'windows/amd64']);
  assert.deepEqual((await validateImage(ports, { reference: target }, signal)).problems, []);
  const again = { base: target, manifests: [`${HOST}/one:1`], flatten: true, target: `${HOST}/other:1` };
  await appendToIndex(ports, again, signal);
  assert.deepEqual(await entriesOf(`${HOST}/other:1`), await entriesOf(target));
  assert.deepEqual((await validateImage(ports, { reference: `${HOST}/other:1` }, signal)).problems, []);
});

test('an index that is appended is listed by what it lists, or by itself when asked for', async () => {
  const { ports, entriesOf, target } = await withIndex();
  const { digest } = await resolveDigest(ports, { reference: target }, signal);
  const append = { manifests: [target], target: `${HOST}/nested:1` };
  await appendToIndex(ports, { ...append, flatten: true }, signal);
  assert.equal((await entriesOf(`${HOST}/nested:1`)).length, 3);
  await appendToIndex(ports, { ...append, flatten: false }, signal);
  assert.deepEqual(
    (await entriesOf(`${HOST}/nested:1`)).map((entry) => entry.digest),
    [digest],
  );
  const image = { base: `${HOST}/one:1`, manifests: [], flatten: true, target };
  await assert.rejects(appendToIndex(ports, image, signal), isError('invalid-input', /one:1: expected an index/));
});

test('a filtered index has only what fits, and only that is brought along', async () => {
  const { ports, platformsOf, target } = await withIndex();
  const filter = async (into: string, ...platforms: Partial<Platform>[]) =>
    await filterIndex(ports, { base: target, platforms, target: into }, signal);
  await filter(`${HOST}/linux:1`, { os: 'linux' });
  assert.deepEqual(await platformsOf(`${HOST}/linux:1`), ['linux/amd64', 'linux/arm64']);
  assert.deepEqual((await validateImage(ports, { reference: `${HOST}/linux:1` }, signal)).problems, []);
  const windows = await resolveDigest(ports, { reference: `${HOST}/three:1` }, signal);
  const left = resolveDigest(ports, { reference: `${HOST}/linux@${windows.digest}` }, signal);
  await assert.rejects(left, isError('not-found', /no manifest/));
  await assert.rejects(filter(`${HOST}/none:1`, { os: 'plan9' }), isError('not-found', /platform that stays/));
  await filter(target, { os: 'linux', architecture: 'arm64' }, { os: 'windows', architecture: 'amd64' });
  assert.deepEqual(await platformsOf(target), ['linux/arm64', 'windows/amd64']);
});

test('a preview of an index pushes nothing, and is what would be pushed', async () => {
  const { ports, target } = await withIndex();
  const input = {
    target: `${HOST}/one:index`,
    add: ['1'],
    merge: [],
    remove: [],
    annotations: [],
    tags: [],
    isUpdate: false,
  };
  const { bytes } = await previewIndex(ports, input, signal);
  await assert.rejects(resolveDigest(ports, { reference: input.target }, signal), isError('not-found', /no manifest/));
  await editIndex(ports, input, signal);
  assert.deepEqual(
    Buffer.from((await resolveManifest(ports, { reference: input.target }, signal)).bytes),
    Buffer.from(bytes),
  );
  const layout = `oci:${ports.home}/layout`;
  await appendToIndex(ports, { manifests: [target], flatten: true, target: `${layout}:1` }, signal);
  const { digest } = await resolveDigest(ports, { reference: target }, signal);
  assert.equal((await resolveDigest(ports, { reference: `${layout}:1` }, signal)).digest, digest);
});

test('a new image goes into an archive or a layout, with one layer twice, and leaves nothing beside it', async () => {
  const { ports, at, image } = await setUp();
  const pushed = await image(`${HOST}/app:1`, 'linux', 'amd64', ['layer.tar.gz', 'layer.tar.gz']);
  for (const target of [`docker-archive:${at('a.tar')}`, `oci-archive:${at('b.tar')}`, `oci:${at('layout')}:1`]) {
    const made = await image(target, 'linux', 'amd64', ['layer.tar.gz', 'layer.tar.gz']);
    assert.equal(made.descriptor.digest, pushed.descriptor.digest, target);
    assert.equal((await resolveDigest(ports, { reference: target }, signal)).digest, pushed.descriptor.digest, target);
  }
  const change = {
    annotations: [],
    labels: ['a=b'],
    environment: [],
    entrypoint: [],
    command: [],
    ports: [],
    append: [],
  };
  const source = `docker-archive:${at('a.tar')}`;
  const mutated = await mutateImage(ports, { ...change, source, target: `oci:${at('other')}:1` }, signal);
  assert.equal((await resolveDigest(ports, { reference: at('other') }, signal)).digest, mutated.descriptor.digest);
  assert.deepEqual(await ports.files.list(ports.settings.cacheDir), []);
});

test('the annotations of a base are those that a rebase looks for, when they are asked for', async () => {
  const { ports, at, image } = await setUp();
  const base = await image(`${HOST}/base:1`, 'linux', 'amd64');
  const input = { base: `${HOST}/base:1`, layers: [at('layer.tar')], target: `${HOST}/app:1` };
  const annotationsOf = async () =>
    (
      JSON.parse(
        new TextDecoder().decode((await resolveManifest(ports, { reference: input.target }, signal)).bytes),
      ) as { readonly annotations?: object }
    ).annotations;
  await appendLayers(ports, input, signal);
  assert.equal(await annotationsOf(), undefined);
  await appendLayers(ports, { ...input, annotateBase: true }, signal);
  assert.deepEqual(await annotationsOf(), {
    'org.opencontainers.image.base.name': `${HOST}/base:1`,
    'org.opencontainers.image.base.digest': base.descriptor.digest,
  });
});
