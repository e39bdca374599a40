import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openGraph } from '../graph/index.ts';
import { createTestPorts, temporaryFolder } from '../io/testing.ts';
import { createTestKey, policyText } from '../policies/testing.ts';
import { openAdmissionService } from './admission-service.ts';
import { loadPolicies } from './load-policies.ts';
import { openPolicyFolder } from './policy-folder.ts';

const key = createTestKey();
const closed = policyText([{ static: { action: 'fail', message: 'closed for today' } }]);

async function policyFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const ports = createTestPorts();
  const folder = join(temporaryFolder(), 'policies');
  await ports.files.makeFolder(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

async function serve(folder: string, ports = createTestPorts()) {
  const policies = await openPolicyFolder(ports, { paths: [folder], noMatch: 'deny', poll: 5 });
  return openAdmissionService(ports, { policies, graph: openGraph(':memory:') });
}

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 400 && !condition(); round += 1) await sleep(5);
  assert.ok(condition(), 'it did not come to closed');
}

const review = new TextEncoder().encode(
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      operation: 'CREATE',
      object: { apiVersion: 'v1', kind: 'Pod', spec: { containers: [] } },
    },
  }),
);

function message({ response }: { readonly response: Readonly<Record<string, unknown>> }): string {
  return JSON.stringify(response.response);
}

test('G4: policies that become bad deny everything, and mending them mends it', async () => {
  const folder = await policyFolder({ 'p.yaml': closed });
  const service = await serve(folder);
  const signal = new AbortController().signal;
  assert.equal((await service.review('validate', review, { signal })).outcome, 'allow');
  await writeFile(join(folder, 'p.yaml'), 'kind: Nonsense');
  await until(() => service.policyFault() !== undefined);
  const denied = await service.review('validate', review, { signal });
  assert.equal(denied.outcome, 'deny');
  assert.match(message(denied), /the policies cannot be used: .*expected a policy/);
  await writeFile(join(folder, 'p.yaml'), closed);
  await until(() => service.policyFault() === undefined);
  assert.equal((await service.review('validate', review, { signal })).outcome, 'allow');
  await service.close();
});

test('a policy folder that was away for a moment and comes back unchanged is used again', async () => {
  const folder = await policyFolder({ 'p.yaml': closed });
  const service = await serve(folder);
  await rename(folder, `${folder}-away`);
  await until(() => service.policyFault() !== undefined);
  await rename(`${folder}-away`, folder);
  await until(() => service.policyFault() === undefined);
  await service.close();
});

test('a server does not start without policies, and never takes an empty file for "everything may run"', async () => {
  for (const files of [{}, { 'README.md': closed }, { 'p.yaml': '# nothing yet' }, { 'p.yaml': '---\n---\n' }]) {
    await assert.rejects(serve(await policyFolder(files)), { kind: 'not-found' }, JSON.stringify(files));
  }
  await assert.rejects(serve('/nowhere/at/all'), { kind: 'not-found' });
});

test('loadPolicies refuses a name used twice, too many files and a key that cannot verify', async () => {
  const load = async (files: Readonly<Record<string, string>>) =>
    await loadPolicies(createTestPorts(), [await policyFolder(files)]);
  await assert.rejects(load({ 'a.yaml': closed, 'b.json': closed }), /found "policy" twice/);
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`${index}.yml`, '']));
  await assert.rejects(load(many), /expected at most 1000 policy files/);
  const twoKeys = policyText([{ key: { data: `${key.pem}${createTestKey().pem}` } }]);
  await assert.rejects(load({ 'a.yaml': twoKeys }), /policy policy: key: expected one PEM block/);
  assert.equal((await load({ 'a.yaml': policyText([{ key: { data: key.pem } }]) })).length, 1);
});

test('each decision is a line of the audit log: who, what, each image, why', async () => {
  const lines: (readonly [string, Readonly<Record<string, unknown>> | undefined])[] = [];
  const log = {
    info: (event: string, facts?: object) => void lines.push([event, { ...facts }]),
    warn: () => undefined,
  };
  const folder = await policyFolder({ 'p.yaml': closed });
  const service = await serve(folder, createTestPorts({ log }));
  const document = JSON.parse(Buffer.from(review).toString()) as { request: Record<string, unknown> };
  const image = 'No Image';
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'a', image }] },
  };
  const request = { ...document.request, object, namespace: 'shop', userInfo: { username: 'jane' } };
  const bytes = Buffer.from(JSON.stringify({ ...document, request }));
  assert.equal((await service.review('validate', bytes, { signal: new AbortController().signal })).outcome, 'deny');
  const [, facts] = lines.find(([event]) => event === 'admission') ?? ['', undefined];
  const { uid, user, namespace, kind, name, outcome } = facts ?? {};
  assert.deepEqual([uid, user, namespace, kind, name, outcome], ['u', 'jane', 'shop', 'Pod', 'web', 'deny']);
  const images = facts?.images as readonly { image: string; outcome: string; reasons: readonly string[] }[] | undefined;
  const [judged] = images ?? [];
  assert.deepEqual([judged?.image, judged?.outcome], [image, 'deny']);
  assert.ok((judged?.reasons.length ?? 0) > 0);
  await service.close();
});
