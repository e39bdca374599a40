import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { test } from 'node:test';
import { OCI_MANIFEST } from '../artifacts/index.ts';
import { makeTar, type TarSpec } from '../artifacts/image/testing.ts';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { digestOf, parseReference } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { describeLayers } from './describe-layers.ts';
import { openRepository } from './registry.ts';
import { createTestRegistry } from './testing.ts';

const { signal } = new AbortController();
const IMAGE = 'localhost:5000/app:v1';

async function setUp(tars: readonly (readonly TarSpec[])[]) {
  const plain = createTestPorts();
  const ports = { ...plain, http: createHandlerHttp({ 'localhost:5000': createTestRegistry(plain) }) };
  const repository = openRepository(ports, parseReference(IMAGE));
  const push = async (mediaType: string, content: Uint8Array) => {
    const descriptor = { mediaType, digest: digestOf(content), size: content.length };
    await repository.pushBlob(descriptor, content);
    return descriptor;
  };
  const layers = [];
  for (const tar of tars)
    layers.push(await push('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(makeTar(tar))));
  const [first, ...rest] = layers;
  const stargz = { ...first, annotations: { 'containerd.io/snapshot/stargz/toc.digest': first?.digest } };
  const config = await push(
    'application/vnd.oci.image.config.v1+json',
    Buffer.from(
      JSON.stringify({
        os: 'linux',
        architecture: 'amd64',
        rootfs: { diff_ids: tars.map((tar) => digestOf(makeTar(tar))) },
        history: [{ created_by: 'ADD base' }, { created_by: 'ENV A=1', empty_layer: true }, { created_by: 'RUN rm' }],
      }),
    ),
  );
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [stargz, ...rest] };
  await repository.pushManifest(Buffer.from(JSON.stringify(manifest)), OCI_MANIFEST, 'v1');
  return ports;
}

const TWO_LAYERS: readonly (readonly TarSpec[])[] = [
  [
    { path: 'etc', kind: 'directory', mode: 0o755 },
    { path: 'etc/kept', content: 'a' },
    { path: 'etc/written', content: 'a' },
    { path: 'etc/gone', content: 'a' },
  ],
  [
    { path: 'etc', kind: 'directory', mode: 0o755 },
    { path: 'etc/written', content: 'b' },
    { path: 'etc/.wh.gone' },
    { path: 'new', content: 'b' },
  ],
];

test('each layer is told with its step, its format and what it did', async () => {
  const { layers } = await describeLayers(await setUp(TWO_LAYERS), { source: IMAGE }, signal);
  assert.deepEqual(
    layers.map(({ format, createdBy, added, changed, deleted }) => ({ format, createdBy, added, changed, deleted })),
    [
      { format: 'estargz', createdBy: 'ADD base', added: 4, changed: 0, deleted: 0 },
      { format: 'gzip', createdBy: 'RUN rm', added: 1, changed: 1, deleted: 1 },
    ],
  );
});

test('of a path it is told who added, changed and deleted it', async () => {
  const { paths } = await describeLayers(await setUp(TWO_LAYERS), { source: IMAGE, path: '/etc/' }, signal);
  const told = paths?.map(
    ({ path, changes }) => `${path}: ${changes.map((step) => `${step.change} ${step.layer}`).join(' ')}`,
  );
  assert.deepEqual(told, [
    'etc: added 0',
    'etc/gone: added 0 deleted 1',
    'etc/kept: added 0',
    'etc/written: added 0 changed 1',
  ]);
});

test('a path that no layer has is not found, and a folder has no layers', async () => {
  const ports = await setUp(TWO_LAYERS);
  await assert.rejects(describeLayers(ports, { source: IMAGE, path: 'none' }, signal), { kind: 'not-found' });
  await assert.rejects(describeLayers(createTestPorts(), { source: `dir:${import.meta.dirname}` }, signal), {
    kind: 'usage',
  });
});
