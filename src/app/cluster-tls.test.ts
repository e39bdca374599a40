import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKubeClient } from '../cluster/index.ts';
import { createMemoryApi } from '../cluster/testing.ts';
import type { Http } from '../core/index.ts';
import { createTestPorts, TEST_TIME } from '../io/testing.ts';
import { createServingCertificate } from '../trust/crypto/index.ts';
import { openClusterTls } from './cluster-tls.ts';
import { openCluster } from './open-cluster.ts';
import { followCluster } from './policy-cluster.ts';

const SECRETS = '/api/v1/namespaces/ours/secrets';
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const DAY_MS = 24 * 60 * 60 * 1000;
const connection = { url: 'https://api.test', tls: {}, namespace: 'ours', authorization: async () => undefined };
const hosts = ['plimsoll.ours.svc', '127.0.0.1'];

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 400 && !condition(); round += 1) await sleep(5);
  assert.ok(condition(), condition.toString());
}

function open(api = createMemoryApi(), at = TEST_TIME) {
  const served: X509Certificate[] = [];
  const ports = createTestPorts({ clock: () => at });
  const client = createKubeClient(api.http, connection);
  const secrets = followCluster(ports, client);
  const opened = openClusterTls(ports, client, {
    secret: 'tls',
    hosts,
    onRenew: ({ certificate }) => served.push(new X509Certificate(certificate)),
    secrets,
  });
  const close = async () => {
    await opened.close();
    await secrets.close();
  };
  const tls = {
    close,
    get fault() {
      return opened.fault;
    },
  };
  const secret = (): Record<string, string> => {
    const { data = {} } = (api.get(SECRETS, 'tls') ?? {}) as { data?: Record<string, string> };
    return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]));
  };
  const bundle = () => {
    const { webhooks } = (api.get(WEBHOOKS, 'plimsoll') ?? {}) as {
      webhooks?: { clientConfig: { caBundle?: string } }[];
    };
    return Buffer.from(webhooks?.[0]?.clientConfig.caBundle ?? '', 'base64').toString();
  };
  return { api, tls, served, secret, bundle };
}

function emptyApi() {
  const api = createMemoryApi();
  api.put(SECRETS, 'tls', { type: 'Opaque' });
  api.put(WEBHOOKS, 'plimsoll', { webhooks: [{ name: 'one', clientConfig: { url: 'https://x' } }] });
  return api;
}

test('an empty secret is filled, the authority is believed, and only then the certificate is served', async () => {
  const { tls, served, secret, bundle } = open(emptyApi());
  assert.match(tls.fault ?? '', /not been read/);
  await until(() => served.length === 1);
  const [leaf] = served;
  const authority = new X509Certificate(secret()['ca.crt'] ?? '');
  assert.ok(leaf?.verify(authority.publicKey) === true && leaf.checkIssued(authority) && !leaf.ca && authority.ca);
  assert.ok(leaf.checkHost('plimsoll.ours.svc') !== undefined && leaf.checkIP('127.0.0.1') !== undefined);
  assert.equal(bundle(), secret()['ca.crt']);
  assert.equal(tls.fault, undefined);
  await tls.close();
});

test('a certificate near its end is renewed by the same authority, one with time left is left alone', async () => {
  const first = open(emptyApi());
  await until(() => first.served.length === 1);
  await first.tls.close();
  const { 'ca.crt': authority } = first.secret();
  const early = open(first.api, new Date(TEST_TIME.getTime() + 59 * DAY_MS));
  await until(() => early.served.length === 1);
  await sleep(30);
  assert.equal(early.served.length, 1);
  assert.equal(early.served[0]?.serialNumber, first.served[0]?.serialNumber);
  await early.tls.close();
  const late = open(first.api, new Date(TEST_TIME.getTime() + 61 * DAY_MS));
  await until(() => late.served.length === 2);
  assert.equal(late.secret()['ca.crt'], authority);
  await late.tls.close();
});

test('an authority near its end is joined by another, which is believed before it signs anything', async () => {
  const first = open(emptyApi());
  await until(() => first.served.length === 1);
  await first.tls.close();
  const { 'ca.crt': old = '' } = first.secret();
  first.api.put(SECRETS, 'tls', { data: withoutKey(first.api.get(SECRETS, 'tls')) });
  const next = open(first.api);
  await until(() => next.secret()['ca.key'] !== undefined && next.bundle() === next.secret()['ca.crt']);
  assert.ok(next.secret()['ca.crt']?.endsWith(old) && next.secret()['ca.crt'] !== old);
  assert.equal(next.served.at(-1)?.serialNumber, first.served[0]?.serialNumber);
  await next.tls.close();
});

function withoutKey(secret: unknown): Record<string, string> {
  const { data } = secret as { data: Record<string, string> };
  return Object.fromEntries(Object.entries(data).filter(([key]) => key !== 'ca.key'));
}

test('a secret that somebody else fills is served and never written', async () => {
  const api = emptyApi();
  const given = await createServingCertificate({ hosts, at: TEST_TIME, days: 1, serial: Buffer.alloc(16, 1) });
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const data = {
    'tls.crt': encode(given.certificate),
    'tls.key': encode(given.key),
    'ca.crt': encode(given.certificate),
  };
  api.put(SECRETS, 'tls', { type: 'kubernetes.io/tls', data });
  const { tls, served, bundle } = open(api);
  await until(() => served.length === 1);
  assert.equal(bundle(), given.certificate);
  await sleep(30);
  assert.deepEqual(
    api.asked.filter((path) => path.includes('/secrets/')),
    [],
  );
  await tls.close();
});

test('what cannot be served with is a fault, and so is a secret that is not there', async () => {
  const api = emptyApi();
  const [a, b] = await Promise.all(
    [1, 2].map(
      async (serial) =>
        await createServingCertificate({ hosts, at: TEST_TIME, days: 1, serial: Buffer.alloc(16, serial) }),
    ),
  );
  const encode = (text: string | undefined) => Buffer.from(text ?? '').toString('base64');
  api.put(SECRETS, 'tls', { data: { 'tls.crt': encode(a?.certificate), 'tls.key': encode(b?.key) } });
  const torn = open(api);
  await until(() => /belongs to its key/.test(torn.tls.fault ?? ''));
  assert.deepEqual(torn.served, []);
  await torn.tls.close();
  const missing = open(createMemoryApi());
  await until(() => /secret ours\/tls: expected it, found none/.test(missing.tls.fault ?? ''));
  await missing.tls.close();
});

test('a certificate is filled in where policies follow the same secrets, which are listed once', async () => {
  const api = emptyApi();
  const listed: string[] = [];
  const http: Http = async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (request.method === 'GET' && searchParams.get('watch') === null) listed.push(pathname);
    return await api.http(request);
  };
  const ports = createTestPorts();
  const file = join(ports.home, 'config.json');
  const clusters = [{ name: 'c', cluster: { server: 'http://api.test' } }];
  const users = [{ name: 'u', user: { token: 't' } }];
  const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'ours' } }];
  const config = { apiVersion: 'v1', kind: 'Config', 'current-context': 'x', clusters, users, contexts };
  await ports.files.writeAtomic(file, JSON.stringify(config));
  const cluster = await openCluster({ ...ports, http }, { kubeconfig: file, namespace: undefined });
  const policies = cluster.openPolicies({});
  await until(() => policies.fault === undefined);
  let renewed = 0;
  const tls = cluster.openTls({ secret: 'tls', hosts, onRenew: () => (renewed += 1) });
  await until(() => renewed === 1);
  await tls.close();
  await policies.close();
  assert.equal(listed.filter((path) => path === SECRETS).length, 1);
});
