import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import type { KubeClient, KubeObject } from '../cluster/index.ts';
import { AppError, parseReference } from '../core/index.ts';
import type { WebHandler } from '../core/index.ts';
import { createTestPorts, TEST_TIME } from '../io/testing.ts';
import type { Requirement } from '../policies/index.ts';
import { formatPublicKey, signImage } from '../trust/index.ts';
import { createSigningKey, pushImage, signOptionsOf } from '../trust/images/testing.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import { openRepository } from './registry.ts';
import { createTestRegistry } from './testing.ts';
import { createWorkloadSecrets } from './workload-secrets.ts';
import type { Workload } from './workload-secrets.ts';

const HOST = 'localhost:5000';
const key = createSigningKey();
const { keyId } = key.publicKey;
const signal = new AbortController().signal;
const basic = (password: string) => `Basic ${Buffer.from(`team:${password}`).toString('base64')}`;

function secretOf(password: string, host = HOST): KubeObject {
  const auth = Buffer.from(`team:${password}`).toString('base64');
  const text = JSON.stringify({ auths: { [host]: { auth } } });
  return { data: { '.dockerconfigjson': Buffer.from(text).toString('base64') } };
}

function requirement(pullSecrets: readonly string[] = []): Requirement {
  const place = pullSecrets.length === 0 ? {} : { source: { repository: `${HOST}/app`, pullSecrets } };
  const signer = { kind: 'key', id: keyId, key: { keyId, pem: formatPublicKey(key.publicKey) }, ...place } as const;
  return { kind: 'signature', signer };
}

const workload = (namespace: string, secrets: readonly string[] = [], serviceAccount = 'default'): Workload => ({
  namespace,
  secrets,
  serviceAccount,
});

/** A registry that wants one password, a signed image in it, and an API server with these objects by path. */
async function setUp(objects: Record<string, KubeObject | AppError>) {
  const plain = createTestPorts();
  const inner = createTestRegistry(plain);
  const state = { now: TEST_TIME.getTime(), password: 'right', asked: [] as string[], warnings: [] as string[] };
  const guarded: WebHandler = async (request) =>
    request.headers.get('authorization') === basic(state.password)
      ? await inner(request)
      : new Response('{}', { status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } });
  const log = { ...plain.log, warn: (event: string) => void state.warnings.push(event) };
  const http = createHandlerHttp({ [HOST]: guarded });
  const ports = { ...plain, http, log, clock: () => new Date(state.now) };
  const credential = { kind: 'password', username: 'team', password: 'right' } as const;
  const repository = openRepository(ports, parseReference(`${HOST}/app`), { credential });
  const image = await pushImage(repository);
  await signImage(repository, { subject: image, annotations: {} }, signOptionsOf(key));
  const get: KubeClient['get'] = async (path) => {
    state.asked.push(path);
    const found = objects[path.replace('/api/v1/namespaces/', '')] ?? new AppError('not-found', `${path}: none`);
    if (found instanceof AppError) throw found;
    return found;
  };
  const secrets = createWorkloadSecrets(ports, { get } as KubeClient);
  const source = createEvidenceSource(ports, { reuseFor: 60_000, secrets });
  const reference = parseReference(`${HOST}/app`);
  const gather = async (whose: Workload, need = requirement()) =>
    (await source.gather({ reference, digest: image.digest, requirements: [need], workload: whose }, signal)).evidence;
  return { state, objects, image, source, secrets, gather };
}

test('what a pod names opens the registry for its namespace, and what it opened is no other namespace’s', async () => {
  const set = await setUp({ 'shop/secrets/pull': secretOf('right'), 'other/secrets/pull': secretOf('wrong') });
  assert.ok((await set.gather(workload('shop', ['pull']))).length > 0);
  for (const whose of [workload('other'), workload('other', ['pull']), workload('shop')])
    await assert.rejects(set.gather(whose), { kind: 'unauthorized' }, JSON.stringify(whose));
  const resolve = async (whose: Workload) =>
    await set.source.resolve(parseReference(`${HOST}/app@${set.image.digest}`), signal, whose);
  assert.equal(await resolve(workload('shop', ['pull'])), set.image.digest);
  await assert.rejects(resolve(workload('other')), { kind: 'unauthorized' });
});

test('a name that leads out of the namespace is no name', async () => {
  const { secrets, gather, state } = await setUp({ 'shop/secrets/pull': secretOf('right') });
  for (const name of ['../../shop/secrets/pull', '..', '../secrets', 'a/b', 'pull?x', '%2e%2e', 'Pull', '']) {
    assert.deepEqual(await secrets.named('other', [name]), []);
    await assert.rejects(gather(workload('other', [name], name)), { kind: 'unauthorized' });
  }
  assert.deepEqual(await secrets.named('../namespaces/shop', ['pull']), []);
  assert.deepEqual(state.asked, []);
});

test('equal credentials of two namespaces keep two pieces of evidence', async () => {
  const set = await setUp({ 'a/secrets/pull': secretOf('right'), 'b/secrets/pull': secretOf('right') });
  await set.gather(workload('a', ['pull']));
  set.state.password = 'changed';
  assert.ok((await set.gather(workload('a', ['pull']))).length > 0, 'kept');
  await assert.rejects(set.gather(workload('b', ['pull'])), { kind: 'unauthorized' });
});

test('the secrets of its service account count as its own', async () => {
  const set = await setUp({
    'shop/serviceaccounts/builder': { imagePullSecrets: [{ name: 'pull' }] },
    'shop/secrets/pull': secretOf('right'),
  });
  assert.ok((await set.gather(workload('shop', [], 'builder'))).length > 0);
  await assert.rejects(set.gather(workload('shop')), { kind: 'unauthorized' });
});

test('a source’s secrets are looked up where the workload lives', async () => {
  const set = await setUp({ 'shop/secrets/signatures': secretOf('right') });
  assert.ok((await set.gather(workload('shop'), requirement(['signatures']))).length > 0);
  await assert.rejects(set.gather(workload('other'), requirement(['signatures'])), { kind: 'unauthorized' });
});

test('a secret that is not there or not ours to read is passed over, one for another registry is not sent', async () => {
  const set = await setUp({
    'shop/secrets/hidden': new AppError('unauthorized', 'forbidden'),
    'shop/secrets/elsewhere': secretOf('right', 'registry.example.com'),
    'shop/secrets/opaque': { data: { password: 'cmlnaHQ=' } },
  });
  for (const name of ['hidden', 'elsewhere', 'opaque', 'missing'])
    await assert.rejects(set.gather(workload('shop', [name])), { kind: 'unauthorized' }, name);
  assert.deepEqual(set.state.warnings, ['pull-secret-not-read']);
});

test('an API server that does not answer is no answer, and a broken secret is named without its text', async () => {
  const down = new AppError('unavailable', 'down');
  const broken = { data: { '.dockerconfigjson': Buffer.from('hunter2').toString('base64') } };
  const set = await setUp({ 'shop/secrets/down': down, 'shop/secrets/broken': broken });
  await assert.rejects(set.gather(workload('shop', ['down'])), { kind: 'unavailable' });
  await assert.rejects(set.gather(workload('shop', ['broken'])), (error) => {
    assert.ok(error instanceof AppError && error.kind === 'invalid-input');
    assert.match(error.message, /^secret shop\/broken: expected credentials/);
    assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /hunter2/);
    return true;
  });
});

test('a secret is read again after half a minute, and not for each review', async () => {
  const set = await setUp({ 'shop/secrets/pull': secretOf('wrong') });
  await assert.rejects(set.gather(workload('shop', ['pull'])), { kind: 'unauthorized' });
  set.objects['shop/secrets/pull'] = secretOf('right');
  await assert.rejects(set.gather(workload('shop', ['pull'])), { kind: 'unauthorized' });
  assert.equal(set.state.asked.filter((path) => path.endsWith('/pull')).length, 1);
  set.state.now += 31_000;
  assert.ok((await set.gather(workload('shop', ['pull']))).length > 0);
});
