import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKubeClient } from '../cluster/index.ts';
import { createMemoryApi } from '../cluster/testing.ts';
import { digestOf } from '../core/index.ts';
import { createTestPorts, TEST_TIME } from '../io/testing.ts';
import { parsePolicies } from '../policies/index.ts';
import { policyText } from '../policies/testing.ts';
import { auditWorkloads } from './audit-workloads.ts';
import { readClusterExceptions } from './policy-cluster.ts';

const EXCEPTIONS = '/apis/plimsoll.dev/v1alpha1/namespaces/ours/admissionexceptions';
const signal = new AbortController().signal;
const image = `r.example/team/app@${digestOf('app')}`;
const closed = {
  policies: parsePolicies(policyText([{ static: { action: 'fail' } }]), 'p.yaml'),
  noMatch: 'deny',
} as const;

function setUp() {
  const api = createMemoryApi();
  const connection = { url: 'https://api.test', tls: {}, namespace: 'ours', authorization: async () => undefined };
  const put = (name: string, expires: string, spec: object = {}) =>
    api.put(EXCEPTIONS, name, {
      metadata: { creationTimestamp: '2026-01-02T00:00:00Z' },
      spec: {
        images: ['r.example/team/**'],
        namespaces: ['shop'],
        reason: 'outage',
        requestedBy: 'jane',
        expires,
        ...spec,
      },
    });
  const ports = createTestPorts();
  const read = async () => await readClusterExceptions(ports, createKubeClient(api.http, connection), signal);
  const pod = (namespace: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace },
    spec: { containers: [{ name: 'c', image }] },
  });
  const audit = async () => {
    const objects = [pod('shop'), pod('other')];
    const input = {
      objects,
      rules: closed,
      against: closed,
      exceptions: await read(),
      namespace: 'default',
      at: TEST_TIME,
    };
    return await auditWorkloads(ports, input, signal);
  };
  return { api, put, read, audit };
}

test('what an exception lets through is shown as such, with its end, under both sets of policies', async () => {
  const { put, audit } = setUp();
  assert.deepEqual(
    (await audit()).map(({ admission }) => admission.outcome),
    ['deny', 'deny'],
  );
  put('over', '2026-01-02T03:00:00Z');
  put('broken', 'tomorrow');
  put('elsewhere', '2026-01-03T00:00:00Z', { images: ['r.example/others/**'] });
  assert.deepEqual(
    (await audit()).map(({ admission }) => admission.outcome),
    ['deny', 'deny'],
  );
  put('outage', '2026-01-03T00:00:00Z');
  const [shop, other] = await audit();
  assert.deepEqual(
    [shop?.admission.outcome, shop?.before?.outcome, other?.admission.outcome],
    ['warn', 'warn', 'deny'],
  );
  assert.deepEqual(shop?.admission.images[0]?.exception, { name: 'outage', expires: new Date('2026-01-03T00:00:00Z') });
  assert.equal(other?.admission.images[0]?.exception, undefined);
});

test('a cluster without the kind has no exceptions, one that does not let us see them says so', async () => {
  const { api, read } = setUp();
  api.failWith({ status: 404, body: { message: 'no such kind' } });
  assert.deepEqual(await read(), []);
  api.failWith({ status: 403, body: { message: 'forbidden' } });
  await assert.rejects(read(), { kind: 'unauthorized' });
});
