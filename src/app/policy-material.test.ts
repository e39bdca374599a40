/** What policies rest on stays at hand, is refreshed apart from who needs it, and is used no longer than it is good. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHandlerHttp } from '../artifacts/testing.ts';
import type { WebHandler } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { parsePolicies } from '../policies/index.ts';
import type { Need } from '../policies/index.ts';
import { createTestKey, policyText } from '../policies/testing.ts';
import { serveTestRepository } from '../trust/tuf/testing.ts';
import { keepMaterial } from './policy-material.ts';
import { openPolicyFolder } from './policy-folder.ts';

const HOUR = 60 * 60 * 1000;
const KEY: Need = { kind: 'kms', reference: 'hashivault://release' };
const NAME = 'key hashivault://release';
const identities = [{ issuer: 'https://issuer.test', subject: 's' }];

/** A TUF repository, a key service, and a clock that is set by hand. */
async function setUp() {
  const state = { now: Date.parse('2026-01-01T00:00:00Z'), asked: 0, status: 200, key: createTestKey().pem };
  const plain = createTestPorts({ clock: () => new Date(state.now) });
  const tuf = await serveTestRepository(plain);
  const answered =
    (inner: WebHandler): WebHandler =>
    async (request, client) => {
      state.asked += 1;
      return state.status === 200 ? await inner(request, client) : new Response('', { status: state.status });
    };
  const vault = async () =>
    Response.json({ data: { type: 'ecdsa-p256', latest_version: 1, keys: { 1: { public_key: state.key } } } });
  const http = createHandlerHttp({ 'localhost:5555': answered(tuf.handler), 'vault.test': answered(vault) });
  const environment = { VAULT_ADDR: 'http://vault.test/', VAULT_TOKEN: 'token' };
  const ports = { ...plain, http, environment };
  const material = keepMaterial(ports, 1_000_000);
  let heard = 0;
  material.subscribe(() => (heard += 1));
  const remote = { root: Buffer.from(tuf.root).toString('base64'), mirror: 'http://localhost:5555/tuf' };
  const root = {
    apiVersion: 'policy.sigstore.dev/v1alpha1',
    kind: 'TrustRoot',
    metadata: { name: 'own' },
    spec: { remote },
  };
  const text = `${policyText([{ keyless: { identities, trustRootRef: 'own' } }])}\n---\n${JSON.stringify(root)}`;
  const [authority] = parsePolicies(text, 'p.yaml')[0]?.authorities ?? [];
  assert.ok(authority?.kind === 'signer');
  const { signer } = authority;
  return { state, ports, material, heard: () => heard, demand: () => material.signers.demand(signer) };
}

test('a root that is due is looked at apart from who needs it, and the same root changes nothing', async () => {
  const { state, material, heard, demand } = await setUp();
  await Promise.all([demand(), demand()]);
  const first = state.asked;
  const epoch = await material.signers.epoch();
  state.now += 2 * HOUR;
  await demand();
  assert.equal(state.asked, first, 'nobody waits for what is due');
  await material.refresh();
  assert.ok(state.asked > first);
  assert.deepEqual([material.faults, heard(), material.confirmed.getTime()], [[], 0, state.now]);
  assert.equal(await material.signers.epoch(), epoch);
  material.close();
});

test('a root that is not to be had is told of, tried again, and believed until its metadata expires', async () => {
  const { state, material, heard, demand } = await setUp();
  await demand();
  state.status = 503;
  state.now += 2 * HOUR;
  await material.refresh();
  const [fault, ...more] = material.faults;
  assert.deepEqual([fault?.what, more.length, heard()], ['TrustRoot own', 0, 1]);
  assert.ok(fault?.until !== undefined && fault.until.getTime() > state.now);
  assert.equal((await demand()).kind, 'identities');
  state.status = 200;
  await material.refresh();
  assert.equal(material.faults.length, 1, 'not at once');
  state.now += HOUR;
  await material.refresh();
  assert.deepEqual([material.faults, heard()], [[], 2]);
  state.status = 503;
  state.now = fault.until.getTime() + HOUR * 24 * 365;
  await assert.rejects(demand(), 'it has expired');
  material.close();
});

test('a key of a key service is asked for once, and again when it is due', async () => {
  const { state, material, heard } = await setUp();
  const bring = async () => (await material.bring([KEY])).get(NAME);
  assert.equal(await bring(), state.key);
  assert.equal(await bring(), state.key);
  await material.refresh();
  assert.equal(state.asked, 1);
  state.now += 2 * HOUR;
  await material.refresh();
  assert.deepEqual([state.asked, material.stamp, heard()], [2, 0, 0]);
  state.key = createTestKey().pem;
  state.now += 2 * HOUR;
  await material.refresh();
  assert.deepEqual([material.stamp, heard(), await bring()], [1, 1, state.key]);
  material.close();
});

test('a key that its service does not confirm is used for a day, one that it refuses no more', async () => {
  for (const [status, hours, isKept] of [
    [503, 2, true],
    [503, 25, false],
    [403, 2, false],
    [404, 2, false],
  ] as const) {
    const { state, material } = await setUp();
    await material.bring([KEY]);
    state.status = status;
    state.now += hours * HOUR;
    await material.refresh();
    const what = `${status} after ${hours} hours`;
    assert.deepEqual([material.stamp, material.faults.length], isKept ? [0, 1] : [1, 0], what);
    if (isKept) assert.equal((await material.bring([KEY])).get(NAME), state.key);
    else await assert.rejects(material.bring([KEY]), what);
    material.close();
  }
});

test('policies of a folder are compiled anew when a key that they name is another', async () => {
  const { state, ports, material } = await setUp();
  const path = join(ports.home, 'p.yaml');
  await ports.files.writeAtomic(path, policyText([{ key: { kms: 'hashivault://release' } }]));
  const source = await openPolicyFolder(ports, { paths: [path], noMatch: 'deny', material, poll: 5 });
  const version = () => source.current.policies[0]?.version;
  const before = version();
  state.key = createTestKey().pem;
  state.now += 2 * HOUR;
  await material.refresh();
  for (let round = 0; round < 400 && version() === before; round += 1) await sleep(5);
  assert.notEqual(version(), before);
  state.status = 403;
  state.now += 2 * HOUR;
  await material.refresh();
  for (let round = 0; round < 400 && source.fault === undefined; round += 1) await sleep(5);
  assert.match(source.fault ?? '', /403/);
  await source.close();
  material.close();
});
