import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../core/index.ts';
import { createTestPorts, temporaryFolder } from '../../io/testing.ts';
import { createMemoryApi } from '../testing.ts';
import type { Http } from '../../core/index.ts';
import { createKubeClient, statusOf } from './client.ts';
import type { KubeObject } from './client.ts';
import { holdCollections } from './collections.ts';
import { openConnection } from './connection.ts';
import { metadataOf } from './follow.ts';

const THINGS = '/apis/example.com/v1/things';
const signal = new AbortController().signal;
const connection = { url: 'https://api.test', tls: {}, namespace: 'ours', authorization: async () => 'Bearer t' };

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 400 && !condition(); round += 1) await sleep(5);
  assert.ok(condition(), condition.toString());
}

function hold(api: ReturnType<typeof createMemoryApi>) {
  const faults: string[] = [];
  let changes = 0;
  const held = holdCollections(
    createKubeClient(api.http, connection),
    { things: THINGS },
    {
      clock: () => new Date(1000),
      onFault: (_collection, error) => faults.push(error.kind),
    },
  );
  held.subscribe(() => (changes += 1));
  const names = () => held.objects?.things.map((object) => String(metadataOf(object).name)).join();
  return { held, names, faults, changes: () => changes };
}

test('a collection is listed, and follows what is added, changed and deleted', async () => {
  const api = createMemoryApi();
  api.put(THINGS, 'b', { spec: 1 });
  const { held, names } = hold(api);
  await until(() => names() === 'b');
  api.put(THINGS, 'a', { spec: 1 });
  await until(() => names() === 'a,b');
  api.put(THINGS, 'a', { spec: 2 });
  await until(() => held.objects?.things[0]?.spec === 2);
  api.remove(THINGS, 'b');
  await until(() => names() === 'a');
  assert.equal(held.confirmed.getTime(), 1000);
  assert.equal(api.asked.filter((path) => path === `GET ${THINGS}`).length, api.asked.length);
  await held.close();
});

test('a watch whose version is forgotten begins with a new list', async () => {
  const api = createMemoryApi();
  api.put(THINGS, 'old', {});
  const { held, names, faults } = hold(api);
  await until(() => names() === 'old');
  api.remove(THINGS, 'old');
  api.put(THINGS, 'new', {});
  api.compact();
  await until(() => names() === 'new');
  assert.deepEqual(faults, []);
  await held.close();
});

test('nothing is held until all has been listed, and what is held outlives an API server that fails', async () => {
  const api = createMemoryApi();
  api.failWith({ status: 403, body: { kind: 'Status', message: 'things is forbidden' } });
  const { held, names, faults } = hold(api);
  await until(() => faults.length === 1);
  assert.equal(held.objects, undefined);
  assert.deepEqual([faults[0], held.confirmed.getTime()], ['unauthorized', 0]);
  assert.match(held.faults.join(), /things is forbidden/);
  api.failWith(undefined);
  api.put(THINGS, 'a', {});
  await until(() => names() === 'a');
  assert.deepEqual(held.faults, []);
  api.failWith({ status: 500, body: 'no JSON object' });
  await until(() => faults.length === 2);
  assert.equal(names(), 'a');
  await held.close();
});

test('the API server’s refusals have their kinds, and a conflict its number', async () => {
  const kinds: readonly (readonly [number, string])[] = [
    [400, 'invalid-input'],
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'not-found'],
    [409, 'unavailable'],
    [422, 'invalid-input'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ];
  for (const [status, kind] of kinds) {
    const api = createMemoryApi();
    api.failWith({ status, body: { message: 'because' } });
    const client = createKubeClient(api.http, connection);
    const error: unknown = await client.get(`${THINGS}/a`, signal).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof AppError);
    assert.deepEqual([error.kind, error.message, statusOf(error)], [kind, `API server: ${THINGS}/a: because`, status]);
  }
});

test('a list is read to its last page, and one without an end is refused', async () => {
  const page = (items: number, next: string) => ({
    status: 200,
    headers: new Map(),
    body: (async function* body() {
      const objects: KubeObject[] = Array.from({ length: items }, () => ({ metadata: { name: 'x' } }));
      yield Buffer.from(JSON.stringify({ items: objects, metadata: { continue: next, resourceVersion: '7' } }));
    })(),
  });
  const two = createKubeClient(async ({ url }) => page(2, url.includes('continue=more') ? '' : 'more'), connection);
  const { items, resourceVersion } = await two.list(THINGS, signal);
  assert.deepEqual([items.length, resourceVersion], [4, '7']);
  const endless = createKubeClient(async () => page(1000, 'more'), connection);
  await assert.rejects(endless.list(THINGS, signal), /expected at most 20000 objects/);
});

test('what is selected of a collection is listed and watched with the selection', async () => {
  const urls: string[] = [];
  const api = createMemoryApi();
  const http: Http = async (request) => {
    urls.push(request.url);
    return await api.http(request);
  };
  const client = createKubeClient(http, connection);
  const selected = `${THINGS}?fieldSelector=metadata.name%3Da`;
  const { resourceVersion } = await client.list(selected, signal);
  for await (const _ of client.watch(selected, resourceVersion, signal)) assert.fail('expected no change');
  assert.equal(urls.length, 2);
  for (const url of urls) {
    const { pathname, searchParams } = new URL(url);
    assert.deepEqual([pathname, searchParams.get('fieldSelector')], [THINGS, 'metadata.name=a']);
    assert.ok(searchParams.has('limit') || searchParams.get('watch') === '1');
  }
});

test('a pod finds the API server by its environment and its service account', async () => {
  const ports = createTestPorts();
  await assert.rejects(openConnection(ports, undefined), { kind: 'not-found' });
  const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  const texts: Record<string, string> = { 'ca.crt': 'CA', namespace: 'ours\n', token: 'first\n' };
  const files = {
    ...ports.files,
    read: async (path: string) => Buffer.from(texts[path.split('/').at(-1) ?? ''] ?? ''),
  };
  let now = 0;
  const pod = await openConnection({ files, environment, clock: () => new Date(now), run: ports.run }, undefined);
  assert.deepEqual([pod.url, pod.tls, pod.namespace], ['https://[fd00::1]:443', { ca: 'CA' }, 'ours']);
  assert.equal(await pod.authorization(), 'Bearer first');
  texts.token = 'second';
  assert.equal(await pod.authorization(), 'Bearer first');
  now = 61_000;
  assert.equal(await pod.authorization(), 'Bearer second');
});

test('a kubeconfig names server, authority and user; what is not supported is refused by name', async () => {
  const ports = createTestPorts();
  const write = async (user: object, context = 'here') => {
    const path = `${temporaryFolder()}/config`;
    const config = {
      'current-context': context,
      contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'n' } }],
      clusters: [{ name: 'c', cluster: { server: 'https://a.test/', 'certificate-authority-data': btoa('CA') } }],
      users: [{ name: 'u', user }],
    };
    await ports.files.writeAtomic(path, JSON.stringify(config));
    return path;
  };
  const byToken = await openConnection(ports, await write({ token: 't' }));
  assert.deepEqual([byToken.url, byToken.namespace, byToken.tls], ['https://a.test', 'n', { ca: 'CA' }]);
  assert.equal(await byToken.authorization(), 'Bearer t');
  const data = { 'client-certificate-data': btoa('C'), 'client-key-data': btoa('K') };
  const byCertificate = await openConnection(ports, await write(data));
  assert.deepEqual(byCertificate.tls, { ca: 'CA', certificate: 'C', key: 'K' });
  assert.equal(await byCertificate.authorization(), undefined);
  const path = await write({ tokenFile: 'keys/token', 'client-certificate': 'keys/c', 'client-key': 'keys/k' });
  for (const name of ['token', 'c', 'k']) await ports.files.writeAtomic(join(path, '../keys', name), name);
  const byFiles = await openConnection(ports, path);
  assert.deepEqual(byFiles.tls, { ca: 'CA', certificate: 'c', key: 'k' });
  assert.equal(await byFiles.authorization(), 'Bearer token');
  await assert.rejects(openConnection(ports, await write({ 'auth-provider': {} })), /auth-provider is not supported/);
  await assert.rejects(openConnection(ports, await write({}, 'elsewhere')), /expected an entry "elsewhere"/);
  const bad = `${temporaryFolder()}/config`;
  await ports.files.writeAtomic(bad, 'token: "secret');
  await assert.rejects(openConnection(ports, bad), (error: Error) => !error.message.includes('secret'));
});
