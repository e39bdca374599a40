import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { test } from 'node:test';
import { OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST, writeTar } from '../artifacts/index.ts';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, digestOf, parseReference, type Digest } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { openRepository } from './registry.ts';
import { createTestRegistry } from './testing.ts';
import { validateImage } from './validate-image.ts';

const { signal } = new AbortController();
const HOST = 'localhost:5000';
const CONFIG = 'application/vnd.oci.image.config.v1+json';

/** `answers` replaces what the registry says to a GET of a path that ends so. */
function setUp() {
  const plain = createTestPorts();
  const registry = createTestRegistry(plain);
  const answers = new Map<string, () => Response>();
  const handler = async (request: Request) => {
    const name = decodeURIComponent(new URL(request.url).pathname.split('/').at(-1) ?? '');
    return (request.method === 'GET' ? answers.get(name)?.() : undefined) ?? (await registry(request));
  };
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: handler }) };
  const repository = openRepository(ports, parseReference(`${HOST}/app`));
  const push = async (mediaType: string, content: Uint8Array, size = content.length) => {
    await repository.pushBlob({ mediaType, digest: digestOf(content), size: content.length }, content);
    return { mediaType, digest: digestOf(content), size };
  };
  const validate = (target = 'v1', strict = false) =>
    validateImage(ports, { reference: `${HOST}/app:${target}`, strict }, signal);
  return { repository, answers, push, validate };
}

type World = ReturnType<typeof setUp>;
type Options = { readonly diffIds?: readonly Digest[]; readonly size?: number; readonly layer?: Uint8Array };

async function tarOf(content: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const bytes = Buffer.from(content);
  for await (const chunk of writeTar([{ path: 'file', size: bytes.length, content: bytes }])) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function pushImage({ push, repository }: World, options: Options = {}) {
  const tar = await tarOf('hello');
  const layer = await push(OCI_LAYER_GZIP, options.layer ?? gzipSync(tar), options.size);
  const document = { os: 'linux', architecture: 'amd64', rootfs: { diff_ids: options.diffIds ?? [digestOf(tar)] } };
  const config = await push(CONFIG, Buffer.from(JSON.stringify(document)));
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] });
  const image = await repository.pushManifest(Buffer.from(manifest), OCI_MANIFEST, 'v1');
  return { image, layer, config };
}

async function pushIndex({ repository }: World, manifests: readonly object[]) {
  const index = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  return await repository.pushManifest(Buffer.from(index), OCI_INDEX, 'v1');
}

test('a whole image has no problems, and an index is checked with all that is in it', async () => {
  const world = setUp();
  const { image } = await pushImage(world);
  const reference = `${HOST}/app@${image.digest}`;
  assert.deepEqual(await world.validate(), { reference, manifests: 1, blobs: 2, problems: [] });
  await pushIndex(world, [image, image]);
  const { manifests, blobs, problems } = await world.validate();
  assert.deepEqual({ manifests, blobs, problems }, { manifests: 2, blobs: 2, problems: [] });
});

test('an artifact that is no container image needs no diff ids, but its blobs must be whole', async () => {
  const world = setUp();
  const blob = await world.push('text/plain', Buffer.from('hello'));
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: blob, layers: [blob] });
  await world.repository.pushManifest(Buffer.from(manifest), OCI_MANIFEST, 'v1');
  assert.deepEqual((await world.validate()).problems, []);
  world.answers.set(blob.digest, () => new Response('jello'));
  assert.match((await world.validate()).problems.join('\n'), /blob sha256:\w+: expected its digest/);
});

test('a wrong diff id, a wrong number of them, and a layer that is no tar are problems', async () => {
  const cases: readonly (readonly [Options, RegExp])[] = [
    [{ diffIds: [digestOf('other')] }, /expected diff id/],
    [{ diffIds: [] }, /expected 1 diff ids/],
    [{ layer: gzipSync(Buffer.alloc(512, 'x')), diffIds: [digestOf(Buffer.alloc(512, 'x'))] }, /tar header/],
    [{ size: 1 }, /expected 1 bytes, found 89/],
    [{ size: 100_000 }, /expected 100000 bytes/],
  ];
  for (const [options, message] of cases) {
    const world = setUp();
    await pushImage(world, options);
    const { problems } = await world.validate();
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems.join('\n'), message);
  }
});

test('blobs that are missing or have other content are all named', async () => {
  const world = setUp();
  const { layer, config } = await pushImage(world);
  world.answers.set(layer.digest, () => new Response('', { status: 404 }));
  assert.match((await world.validate()).problems.join('\n'), new RegExp(layer.digest));
  world.answers.set(layer.digest, () => new Response(Buffer.alloc(layer.size)));
  assert.equal((await world.validate()).problems.length, 1);
  world.answers.set(config.digest, () => new Response(Buffer.alloc(config.size)));
  assert.match((await world.validate()).problems.join('\n'), new RegExp(`${config.digest}[^]*${layer.digest}`));
});

test('a configuration embedded in the manifest does not hide that its blob is broken', async () => {
  const world = setUp();
  const { layer, config } = await pushImage(world);
  const data = Buffer.from(await world.repository.fetchBlob(config, 10_000)).toString('base64');
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: { ...config, data }, layers: [layer] };
  await world.repository.pushManifest(Buffer.from(JSON.stringify(manifest)), OCI_MANIFEST, 'v1');
  assert.deepEqual((await world.validate()).problems, []);
  world.answers.set(config.digest, () => new Response(Buffer.alloc(config.size)));
  assert.equal((await world.validate()).problems.length, 1);
});

test('an image of an index that is missing, or of another size, is a problem', async () => {
  const world = setUp();
  const { image } = await pushImage(world);
  await pushIndex(world, [
    { ...image, size: image.size + 1 },
    { ...image, digest: digestOf('other') },
  ]);
  const { problems } = await world.validate();
  assert.equal(problems.length, 2);
  assert.match(problems.join('\n'), /expected \d+ bytes, found[^]*no manifest/);
});

test('what cannot be decided is an error, not a problem', async () => {
  const world = setUp();
  const { layer } = await pushImage(world);
  const kindOf = async (target?: string) =>
    await world.validate(target).then(
      () => 'done',
      (error) => (error instanceof AppError ? error.kind : error),
    );
  assert.equal(await kindOf('none'), 'not-found');
  world.answers.set(layer.digest, () => new Response('', { status: 403 }));
  assert.equal(await kindOf(), 'unauthorized');
});

test('only when asked are the rules of the specification applied, and each fault is named', async () => {
  const world = setUp();
  const { image } = await pushImage(world);
  assert.deepEqual((await world.validate()).problems, []);
  const { problems } = await world.validate('v1', true);
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? '', /config sha256:\w+\.rootfs\.type: expected layers, found nothing/);
  await pushIndex(world, [{ ...image, mediaType: 'no media type' }]);
  assert.match(
    (await world.validate('v1', true)).problems[0] ?? '',
    /manifests\[0\]\.mediaType: expected a media type/,
  );
});
