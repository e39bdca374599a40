import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKubeClient } from '../cluster/index.ts';
import { createMemoryApi } from '../cluster/testing.ts';
import { AppError } from '../core/index.ts';
import type { Http } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { fixedPlatforms, followNodes } from './node-platforms.ts';

const NODES = '/api/v1/nodes';
const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64' };

function setUp() {
  const api = createMemoryApi();
  const accepted = new Set<string | undefined>();
  const http: Http = async (request) => {
    accepted.add(request.headers?.accept);
    return await api.http(request);
  };
  const connection = { url: 'https://api.test', tls: {}, namespace: 'ours', authorization: async () => undefined };
  const client = createKubeClient(http, connection, { metadataOnly: true });
  const put = (name: string, os: string | undefined, arch: string | undefined) =>
    api.put(NODES, name, { metadata: { labels: { 'kubernetes.io/os': os, 'kubernetes.io/arch': arch } } });
  return { api, accepted, put, open: () => followNodes(createTestPorts(), client) };
}

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 400 && !condition(); round += 1) await sleep(5);
  assert.ok(condition(), condition.toString());
}

test('platforms are those of the nodes, each once, as they come and go', async () => {
  const { api, accepted, put, open } = setUp();
  put('a', 'linux', 'amd64');
  put('b', 'linux', 'amd64');
  const source = open();
  await until(() => source.fault === undefined);
  assert.deepEqual(source.current(), [amd64]);
  put('c', 'linux', 'arm64');
  await until(() => source.current()?.length === 2);
  assert.deepEqual(source.current(), [amd64, arm64]);
  api.remove(NODES, 'a');
  api.remove(NODES, 'b');
  await until(() => source.current()?.length === 1);
  assert.deepEqual(source.current(), [arm64]);
  await source.close();
  assert.equal(accepted.size, 2);
  for (const accept of accepted) assert.match(accept ?? '', /^application\/json;as=PartialObjectMetadata(?:List)?;/);
});

test('without nodes, or with one that does not say what it is, all of an index counts', async () => {
  const { put, open } = setUp();
  const source = open();
  await until(() => source.fault === undefined);
  assert.equal(source.current(), undefined);
  put('a', 'linux', 'amd64');
  await until(() => source.current() !== undefined);
  put('b', 'linux', undefined);
  await until(() => source.current() === undefined);
  await source.close();
});

test('before the nodes have been read nothing is said of them', async () => {
  const { api, open } = setUp();
  api.failWith({ status: 403, body: { message: 'nodes is forbidden' } });
  const source = open();
  await until(() => /nodes is forbidden/.test(source.fault ?? ''));
  assert.throws(() => source.current(), { kind: 'unavailable', message: /have not been read .*nodes is forbidden/ });
  api.failWith(undefined);
  await until(() => source.fault === undefined);
  await source.close();
});

test('a list of platforms is read, and nothing that is none', () => {
  assert.equal(fixedPlatforms('any').current(), undefined);
  assert.deepEqual(fixedPlatforms('linux/amd64, linux/arm64').current(), [amd64, arm64]);
  for (const text of ['', 'nodes', 'amd64', 'linux/arm/v7', 'linux/amd64,'])
    assert.throws(() => fixedPlatforms(text), AppError, text);
});
