import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { parseReference } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { pushImage } from '../trust/images/testing.ts';
import { fetchConfigs } from './fetch-configs.ts';
import type { NodePlatform } from './node-platforms.ts';
import { openRepository } from './registry.ts';
import { createTestRegistry } from './testing.ts';

const HOST = 'localhost:5000';
const INDEX = 'application/vnd.oci.image.index.v1+json';

async function setUp() {
  const plain = createTestPorts();
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: createTestRegistry(plain) }) };
  const repository = openRepository(ports, parseReference(`${HOST}/app`));
  const image = await pushImage(repository);
  const fetchFor = async (entries: readonly (object | undefined)[], platforms?: readonly NodePlatform[]) => {
    const manifests = entries.map((platform) => ({ ...image, platform }));
    const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests });
    const { digest } = await repository.pushManifest(new TextEncoder().encode(index), INDEX);
    return Object.keys(await fetchConfigs(repository, digest, { signal: new AbortController().signal, platforms }));
  };
  return { fetchFor };
}

const linux = { os: 'linux', architecture: 'amd64' };

test('configurations are by platform, with variant and version of the system', async () => {
  const { fetchFor } = await setUp();
  const arm = { os: 'linux', architecture: 'arm', variant: 'v7' };
  const windows = { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763.1' };
  assert.deepEqual(await fetchFor([undefined, arm, windows]), [
    'linux/amd64',
    'linux/arm/v7',
    'windows/amd64:10.0.17763.1',
  ]);
});

test('an index with two images for a platform is refused: a node would take the one that no rule saw', async () => {
  const { fetchFor } = await setUp();
  const refusal = { kind: 'invalid-input', message: /expected one image for linux\/amd64, found several/ };
  await assert.rejects(fetchFor([linux, linux]), refusal);
  await assert.rejects(fetchFor([linux, undefined]), refusal);
});

test('an index with no image for any platform is refused: nothing in it breaks a rule', async () => {
  const { fetchFor } = await setUp();
  const refusal = { kind: 'invalid-input', message: /expected an image for a platform, found none/ };
  await assert.rejects(fetchFor([]), refusal);
  await assert.rejects(fetchFor([{ os: 'unknown', architecture: 'unknown' }]), refusal);
});

test('only images that nodes may run are looked at, and an index that has none for them is refused', async () => {
  const { fetchFor } = await setUp();
  const arm64 = { os: 'linux', architecture: 'arm64' };
  const amd64 = { os: 'linux', architecture: 'amd64' };
  const old = { os: 'linux', architecture: '386' };
  const newest = { ...amd64, variant: 'v3' };
  const windows = { os: 'windows', architecture: 'amd64' };
  const unknown = { os: 'unknown', architecture: 'unknown' };
  assert.deepEqual(await fetchFor([amd64, arm64, windows, unknown], [amd64]), ['linux/amd64']);
  assert.deepEqual(await fetchFor([amd64, newest, old], [amd64]), ['linux/amd64', 'linux/amd64/v3']);
  assert.deepEqual(await fetchFor([newest, old], [amd64]), ['linux/amd64/v3', 'linux/386'], 'a node may be too old');
  assert.deepEqual(await fetchFor([old], [amd64, arm64]), ['linux/386']);
  // for whom it is, only its configuration says
  assert.deepEqual(await fetchFor([undefined, arm64], [arm64]), ['linux/amd64', 'linux/arm64']);
  const refusal = {
    kind: 'invalid-input',
    message: /expected an image for linux\/arm64, found linux\/amd64, windows\/amd64$/,
  };
  await assert.rejects(fetchFor([amd64, windows], [arm64]), refusal);
});
