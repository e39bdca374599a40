import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKubeClient } from '../cluster/index.ts';
import { createMemoryApi } from '../cluster/testing.ts';
import { parseReference } from '../core/index.ts';
import type { Http } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { createTestKey } from '../policies/testing.ts';
import { openClusterPolicies } from './policy-cluster.ts';
import type { PolicySource } from './policy-source.ts';
import { createStatusWriter } from './policy-status.ts';
import type { StatusWriter } from './policy-status.ts';
import { reviewPolicy } from './review-policy.ts';

const POLICIES = '/apis/policy.sigstore.dev/v1beta1/clusterimagepolicies';
const SETTINGS = '/api/v1/namespaces/ours/configmaps';
const pass = [{ static: { action: 'pass' } }];
const connection = { url: 'https://api.test', tls: {}, namespace: 'ours', authorization: async () => undefined };

function open() {
  const api = createMemoryApi();
  return { api, start: () => openClusterPolicies(createTestPorts(), createKubeClient(api.http, connection)) };
}

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 400 && !condition(); round += 1) await sleep(5);
  assert.ok(condition(), condition.toString());
}

/** Names of the policies that speak of an image of a pod. */
function applying(source: PolicySource, image: string, labels: Readonly<Record<string, string>> = {}): string {
  const object = { apiVersion: 'v1', kind: 'Pod', name: 'p', labels };
  const subject = { reference: parseReference(image), asWritten: image, object } as never;
  return source.current.policies
    .filter((policy) => policy.appliesTo(subject))
    .map(({ name }) => name)
    .join();
}

test('policies and settings of the API server are followed', async () => {
  const { api, start } = open();
  api.put(POLICIES, 'a', { spec: { images: [{ glob: 'a.test/**' }], authorities: pass } });
  const source = start();
  assert.match(source.fault ?? '', /not been read/);
  await until(() => source.fault === undefined);
  assert.deepEqual([applying(source, 'a.test/x/y'), source.current.noMatch], ['a', 'deny']);
  api.put(SETTINGS, 'config-policy-controller', { data: { 'no-match-policy': 'warn' } });
  await until(() => source.current.noMatch === 'warn');
  api.put(SETTINGS, 'config-policy-controller', { data: { 'no-match-policy': 'constructor' } });
  await until(() => source.current.noMatch === 'deny');
  api.remove(POLICIES, 'a');
  await until(() => source.current.policies.length === 0);
  await source.close();
});

test('a policy that cannot be used denies what it speaks of, and no more', async () => {
  const { api, start } = open();
  const key = [{ key: { data: 'no key' } }];
  const match = [{ version: 'v1', resource: 'pods', selector: { matchLabels: { tier: 'db' } } }];
  api.put(POLICIES, 'narrow', { spec: { images: [{ glob: 'a.test/**' }], match, authorities: key } });
  api.put(POLICIES, 'no-match', { spec: { images: [{ glob: 'b.test/**' }], match: [{}], authorities: pass } });
  api.put(POLICIES, 'no-images', { spec: { images: [{ glob: '[' }], authorities: pass } });
  api.put(POLICIES, 'warns', { spec: { images: [{ glob: 'c.test/**' }], mode: 'warn', authorities: key } });
  const source = start();
  await until(() => source.fault === undefined);
  assert.equal(applying(source, 'a.test/x'), 'no-images');
  assert.equal(applying(source, 'a.test/x', { tier: 'db' }), 'narrow,no-images');
  assert.equal(applying(source, 'b.test/x'), 'no-images,no-match');
  assert.equal(source.current.policies.find(({ name }) => name === 'warns')?.mode, 'warn');
  for (const policy of source.current.policies) {
    const [authority, ...more] = policy.authorities;
    assert.deepEqual([authority?.kind, more.length], ['static', 0], policy.name);
    assert.ok(authority?.kind === 'static' && authority.action === 'fail');
  }
  const condition = () => {
    const { conditions } = (api.get(POLICIES, 'narrow')?.status ?? {}) as { conditions?: Record<string, unknown>[] };
    return conditions?.[0];
  };
  await until(() => condition() !== undefined);
  assert.equal(condition()?.status, 'False');
  assert.match(String(condition()?.message), /expected a PEM/);
  await source.close();
});

test('a status that stands already is not written again', async () => {
  const { api, start } = open();
  api.put(POLICIES, 'a', { metadata: { generation: 1 }, spec: { images: [{ glob: 'a.test/**' }], authorities: pass } });
  const source = start();
  const written = () => api.asked.filter((path) => path.startsWith('PATCH ')).length;
  await until(() => written() === 1);
  await sleep(50);
  assert.equal(written(), 1);
  await source.close();
});

test('the review of a policy refuses what could not be used, and lets through what only lacks trust for now', async () => {
  const review = async (spec: object, operation = 'CREATE') => {
    const object = {
      apiVersion: 'policy.sigstore.dev/v1beta1',
      kind: 'ClusterImagePolicy',
      metadata: { name: 'p' },
      spec,
    };
    const kind = { group: 'policy.sigstore.dev', version: 'v1beta1', kind: 'ClusterImagePolicy' };
    const request = { uid: 'u', kind, operation, object };
    const body = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
    const { response } = await reviewPolicy(createTestPorts(), Buffer.from(body));
    return response as { allowed: boolean; warnings?: string[]; status?: { code: number; message: string } };
  };
  const images = [{ glob: 'a.test/**' }];
  const key = [{ key: { data: createTestKey().pem } }];
  assert.equal((await review({ images, authorities: key })).allowed, true);
  const misspelt = await review({ images, authorities: key, mod: 'warn' });
  assert.deepEqual([misspelt.allowed, misspelt.status?.code], [false, 422]);
  assert.match(misspelt.status?.message ?? '', /spec\.mod: unknown field/);
  const keyless = [{ keyless: { url: 'https://ca.test', identities: [{ issuer: 'https://i.test', subject: 's' }] } }];
  const lacking = await review({ images, authorities: keyless });
  assert.equal(lacking.allowed, true);
  assert.match(lacking.warnings?.[0] ?? '', /denies until this is mended/);
  assert.equal((await review({ images: [] }, 'DELETE')).allowed, true);
});

test('a key in a secret of our namespace is found, and a policy is compiled anew when it changes', async () => {
  const { api, start } = open();
  const secrets = '/api/v1/namespaces/ours/secrets';
  const authorities = [{ key: { secretRef: { name: 'team' } } }];
  api.put(POLICIES, 'a', { spec: { images: [{ glob: 'a.test/**' }], authorities } });
  const source = start();
  await until(() => source.fault === undefined);
  assert.equal(source.current.policies[0]?.authorities[0]?.kind, 'static');
  api.put(secrets, 'team', { data: { 'cosign.pub': btoa(createTestKey().pem) } });
  await until(() => source.current.policies[0]?.authorities[0]?.kind === 'signer');
  api.remove(secrets, 'team');
  await until(() => source.current.policies[0]?.authorities[0]?.kind === 'static');
  await source.close();
});

test('exceptions of our namespace are followed; one that lives too long lets nothing through', async () => {
  const { api, start } = open();
  const exceptions = '/apis/plimsoll.dev/v1alpha1/namespaces/ours/admissionexceptions';
  const spec = { images: ['a.test/**'], namespaces: ['shop'], reason: 'because', requestedBy: 'jane' };
  const metadata = { creationTimestamp: '2026-01-01T00:00:00Z' };
  api.put(exceptions, 'short', { metadata, spec: { ...spec, expires: '2026-01-02T00:00:00Z' } });
  api.put(exceptions, 'long', { metadata, spec: { ...spec, expires: '2027-01-02T00:00:00Z' } });
  const source = start();
  await until(() => source.fault === undefined);
  assert.deepEqual(
    source.current.exceptions.map(({ name }) => name),
    ['short'],
  );
  api.remove(exceptions, 'short');
  await until(() => source.current.exceptions.length === 0);
  await source.close();
});

test('a policy that is slow to compile holds up no other, and denies what it speaks of until it is there', async () => {
  const { api } = open();
  let answer = (): void => undefined;
  const slow = new Promise<void>((resolve) => (answer = resolve));
  const text = 'isCompliant: true';
  const http: Http = async (request) => {
    if (request.url.startsWith('https://api.test')) return await api.http(request);
    await slow;
    return {
      status: 200,
      headers: new Map(),
      body: (async function* body() {
        yield Buffer.from(text);
      })(),
    };
  };
  const remote = { url: 'https://policies.test/p', sha256sum: createHash('sha256').update(text).digest('hex') };
  const policy = { type: 'cue', remote };
  api.put(POLICIES, 'slow', { spec: { images: [{ glob: 'a.test/**' }], authorities: pass, policy } });
  const source = openClusterPolicies(createTestPorts({ http }), createKubeClient(api.http, connection));
  await until(() => source.fault === undefined);
  const authority = () => source.current.policies.find(({ name }) => name === 'slow')?.authorities[0];
  const isDenying = () => {
    const one = authority();
    return one?.kind === 'static' && one.action === 'fail';
  };
  assert.ok(isDenying());
  api.put(POLICIES, 'other', { spec: { images: [{ glob: 'b.test/**' }], authorities: pass } });
  await until(() => applying(source, 'b.test/x') === 'other');
  assert.ok(isDenying());
  answer();
  await until(() => !isDenying());
  assert.equal(source.faults, 0);
  await source.close();
});

test('a TrustRoot that cannot be used says so in its status, and the policy that names it denies', async () => {
  const { api, start } = open();
  const roots = '/apis/policy.sigstore.dev/v1alpha1/trustroots';
  api.put(roots, 'bad', { metadata: { generation: 1 }, spec: { remote: {} } });
  const keyless = { trustRootRef: 'bad', identities: [{ issuer: 'https://i.test', subject: 's' }] };
  api.put(POLICIES, 'a', { spec: { images: [{ glob: 'a.test/**' }], authorities: [{ keyless }] } });
  const source = start();
  const condition = () =>
    (api.get(roots, 'bad')?.status as { conditions: { status: string; message: string }[] } | undefined)?.conditions[0];
  await until(() => condition() !== undefined);
  assert.equal(condition()?.status, 'False');
  assert.match(condition()?.message ?? '', /TrustRoot bad/);
  assert.equal(source.current.policies[0]?.authorities[0]?.kind, 'static');
  await source.close();
});

test('replicas that disagree about a status do not answer each other without end', async () => {
  const api = createMemoryApi();
  api.put(POLICIES, 'a', { metadata: { generation: 1 } });
  const client = createKubeClient(api.http, connection);
  let now = 0;
  const clock = () => new Date(now);
  const [one, other] = [createStatusWriter(client, clock), createStatusWriter(client, clock)];
  const write = async (writer: StatusWriter, fault: string | undefined) =>
    await writer.write(
      { collection: POLICIES, document: api.get(POLICIES, 'a') ?? {}, fault },
      new AbortController().signal,
    );
  assert.deepEqual([await write(one, undefined), await write(other, 'x')], [true, true]);
  assert.deepEqual([await write(one, undefined), await write(other, 'x')], [false, true]);
  now = 5000;
  assert.equal(await write(one, undefined), true);
  assert.equal(api.asked.length, 3);
});
