/** mutate, flatten and rebase, over a registry in the process. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, openImage, writeTar } from '../artifacts/index.ts';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, digestOf, parseReference, type Descriptor, type ErrorKind } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { editIndex } from './edit-index.ts';
import { flattenImage } from './flatten-image.ts';
import { mutateImage, type MutateInput } from './mutate-image.ts';
import { openSource } from './open-source.ts';
import { rebaseImage } from './rebase-image.ts';
import { openRepository } from './registry.ts';
import { createTestRegistry } from './testing.ts';

const HOST = 'localhost:5000';
const { signal } = new AbortController();
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

type Layer = Readonly<Record<string, string>>;

async function tarOf(files: Layer): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const list = Object.entries(files).map(([path, text]) => ({ path, size: text.length, content: Buffer.from(text) }));
  for await (const chunk of writeTar(list)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function setUp() {
  const plain = createTestPorts({ environment: { SOURCE_DATE_EPOCH: '0' } });
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: createTestRegistry(plain) }) };
  const repository = openRepository(ports, parseReference(`${HOST}/app`));
  const push = async (mediaType: string, bytes: Uint8Array) => {
    const blob = { mediaType, digest: digestOf(bytes), size: bytes.length };
    await repository.pushBlob(blob, bytes);
    return blob;
  };
  const image = async (layers: readonly Layer[], tag?: string, extra: object = {}): Promise<Descriptor> => {
    const tars = await Promise.all(layers.map(tarOf));
    const described = await Promise.all(tars.map((tar) => push(OCI_LAYER, tar)));
    const config = await push(
      OCI_CONFIG,
      encode({
        os: 'linux',
        architecture: 'amd64',
        config: { Cmd: ['old'], Env: ['A=1', 'B=2'] },
        rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) },
        history: layers.map((_, index) => ({ created_by: `layer ${index}` })),
      }),
    );
    const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: described, ...extra };
    return await repository.pushManifest(encode(manifest), OCI_MANIFEST, tag);
  };
  const configOf = async (target: string) => (await openImage(repository, target)).config;
  return { ports, repository, image, configOf };
}

const NOTHING: Omit<MutateInput, 'source'> = {
  annotations: [],
  labels: [],
  environment: [],
  entrypoint: [],
  command: [],
  ports: [],
  append: [],
};

async function rejects(action: Promise<unknown>, kind: ErrorKind, message: RegExp) {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

test('mutate changes what is named and keeps the rest; an entry point takes the command away', async () => {
  const { ports, image, configOf, repository } = setUp();
  await image([{ a: 'a' }], 'v1', { annotations: { kept: 'yes' }, artifactType: 'a/b' });
  const input = {
    ...NOTHING,
    source: `${HOST}/app:v1`,
    labels: ['l=x=y'],
    environment: ['B=3', 'C=4'],
    annotations: ['k=v'],
  };
  const pushed = await mutateImage(ports, { ...input, entrypoint: ['/run'], ports: ['80', '53/udp'] }, signal);
  assert.match(pushed.reference, /^localhost:5000\/app@sha256:/);
  const { document } = await configOf(pushed.descriptor.digest);
  const { config } = document as { config: object };
  assert.deepEqual(config, {
    Labels: { l: 'x=y' },
    Env: ['A=1', 'B=3', 'C=4'],
    ExposedPorts: { '80/tcp': {}, '53/udp': {} },
    Entrypoint: ['/run'],
  });
  const manifest = JSON.parse(
    Buffer.from((await repository.fetchManifest(pushed.descriptor.digest)).bytes).toString(),
  ) as Record<string, unknown>;
  assert.deepEqual([manifest.annotations, manifest.artifactType], [{ kept: 'yes', k: 'v' }, 'a/b']);
  await rejects(mutateImage(ports, { ...input, labels: ['none'] }, signal), 'usage', /label: expected KEY=VALUE/);
  await rejects(mutateImage(ports, { ...input, ports: ['http'] }, signal), 'usage', /port: expected a number/);
});

test('of an index each image is changed, attestations about the old ones are left out, and the tag names the new index', async () => {
  const { ports, image, repository, configOf } = setUp();
  const platform = { os: 'linux', architecture: 'amd64' };
  const one = await image([{ a: 'a' }]);
  const two = await image([{ b: 'b' }]);
  const about = { ...(await image([{ c: 'c' }])), platform: { os: 'unknown', architecture: 'unknown' } };
  const manifests = [{ ...one, platform }, { ...two, platform: { ...platform, architecture: 'arm64' } }, about];
  await repository.pushManifest(encode({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }), OCI_INDEX, 'v1');
  const input = { ...NOTHING, source: `${HOST}/app:v1`, target: `${HOST}/app:v2`, user: 'u' };
  await mutateImage(ports, input, signal);
  const index = JSON.parse(Buffer.from((await repository.fetchManifest('v2')).bytes).toString()) as {
    manifests: Descriptor[];
  };
  assert.deepEqual(
    index.manifests.map((entry) => entry.platform?.architecture),
    ['amd64', 'arm64'],
  );
  for (const { digest } of index.manifests) {
    const { document } = await configOf(digest);
    assert.equal((document as { config: { User: string } }).config.User, 'u');
  }
});

test('mutate appends a layer; the image goes into another repository with all its layers', async () => {
  const { ports, image } = setUp();
  await image([{ a: 'a' }], 'v1');
  const path = join(ports.home, 'new.tar');
  await ports.files.writeAtomic(path, await tarOf({ b: 'new' }));
  const input = { ...NOTHING, source: `${HOST}/app:v1`, target: `${HOST}/other:v1`, append: [path] };
  await mutateImage(ports, input, signal);
  const selector = { id: 'all', select: () => ({ kind: 'keep', maxBytes: 100 }) as const };
  const opened = await openSource(ports, `${HOST}/other:v1`, { selector });
  const tree = await opened.tree();
  const texts = await Promise.all(
    ['a', 'b'].map(async (name) => Buffer.from((await tree.read(name)) ?? []).toString()),
  );
  assert.deepEqual(texts, ['a', 'new']);
  assert.deepEqual(await ports.files.list(ports.settings.cacheDir), []);
});

test('flatten makes one layer of the same files, the same each time, with the old history as a comment', async () => {
  const { ports, image, repository, configOf } = setUp();
  const old = await image(
    [
      { a: 'a', b: 'b' },
      { b: 'B', '.wh.a': '' },
    ],
    'v1',
  );
  const first = await flattenImage(ports, { source: `${HOST}/app:v1`, target: `${HOST}/app:flat` }, signal);
  const second = await flattenImage(ports, { source: `${HOST}/app:v1` }, signal);
  assert.equal(first.descriptor.digest, second.descriptor.digest);
  const flat = await openImage(repository, 'flat');
  assert.equal(flat.layers.length, 1);
  const { history, document } = await configOf('flat');
  assert.equal(history[0]?.createdBy, `plimsoll flatten ${old.digest}`);
  assert.match(JSON.stringify(document), /layer 0.*layer 1/);
});

test('rebase swaps the base, keeps what is above, and notes the new base; then it needs no flags', async () => {
  const { ports, image, repository } = setUp();
  const base1 = [{ os: 'one' }];
  const base2 = [{ os: 'two' }, { more: 'x' }];
  const own = { app: 'app' };
  const first = await image(base1, 'base1');
  await image(base2, 'base2');
  await image([...base1, own], 'v1');
  const at = (tag: string) => `${HOST}/app:${tag}`;
  await rebaseImage(ports, { source: at('v1'), target: at('v2'), oldBase: at('base1'), newBase: at('base2') }, signal);
  const rebased = await openImage(repository, 'v2');
  assert.deepEqual(
    rebased.config.diffIds,
    await Promise.all([...base2, own].map(async (files) => digestOf(await tarOf(files)))),
  );
  assert.deepEqual(
    rebased.config.history.map((entry) => entry.createdBy),
    ['layer 0', 'layer 1', 'layer 1'],
  );
  assert.equal(rebased.manifest.annotations['org.opencontainers.image.base.name'], at('base2'));
  await rebaseImage(ports, { source: at('v2'), target: at('v3'), newBase: at('base1') }, signal);
  const back = await openImage(repository, 'v3');
  assert.equal(back.manifest.annotations['org.opencontainers.image.base.digest'], first.digest);
  assert.equal(back.config.diffIds.length, 2);
});

test('an image that does not stand on the old base, or names none, is not rebased', async () => {
  const { ports, image } = setUp();
  await image([{ os: 'one' }], 'base');
  await image([{ other: 'x' }, { app: 'app' }], 'v1');
  const input = { source: `${HOST}/app:v1`, target: `${HOST}/app:v2`, newBase: `${HOST}/app:base` };
  const wrong = rebaseImage(ports, { ...input, oldBase: `${HOST}/app:base` }, signal);
  await rejects(wrong, 'invalid-input', /is not based on it: expected layer 0/);
  await rejects(rebaseImage(ports, input, signal), 'usage', /expected the old base, found no annotation/);
});

test('an index is made of manifests with their platforms, and changed; what is no index or not listed is refused', async () => {
  const { ports, image, repository } = setUp();
  const one = await image([{ a: 'a' }], 'one');
  const two = await image([{ b: 'b' }], 'two');
  const nothing = { add: [], merge: [], remove: [], annotations: [], tags: [], isUpdate: false };
  const target = `${HOST}/app:index,latest`;
  const made = await editIndex(ports, { ...nothing, target, add: ['one', one.digest], annotations: ['k=v'] }, signal);
  assert.equal(made.remarks, undefined);
  const listed = async (tag: string) =>
    JSON.parse(Buffer.from((await repository.fetchManifest(tag)).bytes).toString()) as {
      readonly manifests: readonly Descriptor[];
      readonly annotations: object;
    };
  const created = await listed('latest');
  assert.deepEqual(created.annotations, { k: 'v' });
  assert.deepEqual(
    created.manifests.map(({ digest, platform }) => [digest, platform?.architecture]),
    [[one.digest, 'amd64']],
  );
  const update = { ...nothing, target: `${HOST}/app:index`, isUpdate: true };
  await editIndex(ports, { ...update, add: ['two'], remove: [one.digest], tags: ['next'] }, signal);
  for (const tag of ['index', 'next']) {
    assert.deepEqual(
      (await listed(tag)).manifests.map(({ digest }) => digest),
      [two.digest],
    );
  }
  await editIndex(ports, { ...update, merge: ['latest'] }, signal);
  assert.deepEqual(
    (await listed('index')).manifests.map(({ digest }) => digest),
    [two.digest, one.digest],
  );
  await rejects(editIndex(ports, { ...update, merge: ['one'] }, signal), 'invalid-input', /expected an index/);
  await rejects(editIndex(ports, { ...update, add: ['none'] }, signal), 'not-found', /no manifest none/);
  const bare = Buffer.from('{"rootfs":{"type":"layers","diff_ids":[]}}');
  const config = { mediaType: OCI_CONFIG, digest: digestOf(bare), size: bare.length };
  await repository.pushBlob(config, bare);
  const anywhere = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] }));
  await repository.pushManifest(anywhere, OCI_MANIFEST, 'anywhere');
  const { remarks = [] } = await editIndex(ports, { ...update, add: ['latest', 'anywhere'] }, signal);
  assert.match(remarks.join('\n'), /: an index, listed without a platform; .*\n.*: listed without a platform, since/);
  const absent = editIndex(ports, { ...update, remove: [digestOf('x')] }, signal);
  await rejects(absent, 'not-found', /expected sha256:\w+ in the index/);
});
