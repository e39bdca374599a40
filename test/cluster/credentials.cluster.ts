/** With what workloads pull: the registry wants a password that only some namespaces hold. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { missingPeers, PLIMSOLL, type Server } from '../interop/support.ts';
import { CLUSTER_PEERS } from './control-plane.ts';
import { pod } from './fixtures.ts';
import { startCluster, until, type Cluster, type Json } from './installation.ts';

/** Milliseconds within which another secret counts. */
const WITHIN = 40_000;

describe('credentials of workloads', missingPeers(...CLUSTER_PEERS), () => {
  let cluster: Cluster;
  let registry: Server;
  let image = '';
  let address = '';

  before(async () => {
    cluster = await startCluster();
    const { bench, plane } = cluster;
    const login = ['--username', 'team', '--password', 'right'];
    registry = await bench.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--dir', 'closed', ...login]);
    address = new URL(registry.ready['url'] ?? '').host;
    image = `${address}/team/closed:v1`;
    const access = ['--registry-username', 'team', '--registry-password', 'right'];
    await bench.run([PLIMSOLL, 'push', 'layout-signed', image, ...login]);
    await bench.run([PLIMSOLL, 'sign', '--key', 'team.key', image, ...access]);
    const { spec, ...policy } = cluster.images.policy('closed');
    await plane.kubectl('apply -f -', { ...policy, spec: { ...(spec as Json), images: [{ glob: `${address}/**` }] } });
    await plane.kubectl('create namespace other');
    await plane.kubectl('label namespace other policy.sigstore.dev/include=true');
    await plane.kubectl('apply -f -', secret('pull', 'shop', 'right'));
    await until(async () => /answered 401/.test(await tryPod('shop')), WITHIN);
  });

  after(async () => {
    await registry?.stop();
    await cluster?.stop();
  });

  const secret = (name: string, namespace: string, password: string): Json => {
    const auth = Buffer.from(`team:${password}`).toString('base64');
    const config = JSON.stringify({ auths: { [address]: { auth } } });
    const metadata = { name, namespace };
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': config },
    };
  };

  /** The message of a denial, or nothing. */
  const tryPod = async (namespace: string, ...pullSecrets: readonly string[]): Promise<string> => {
    const { spec, ...rest } = pod('tried', image, namespace);
    const imagePullSecrets = pullSecrets.map((name) => ({ name }));
    const tried = { ...rest, spec: { ...(spec as Json), imagePullSecrets } };
    return (await cluster.plane.tryKubectl('create --dry-run=server -f -', tried)).stderr;
  };

  test('a pod is judged with the secret that it names, and without it is denied', async () => {
    assert.equal(await tryPod('shop', 'pull'), '');
    assert.match(await tryPod('shop'), /denied the request: .*answered 401/s);
    assert.match(await tryPod('shop', 'missing'), /answered 401/);
  });

  test('what one namespace may pull no other may for that', async () => {
    assert.equal(await tryPod('shop', 'pull'), '');
    assert.match(await tryPod('other', 'pull'), /answered 401/);
    await cluster.plane.kubectl('apply -f -', secret('wrong', 'other', 'wrong'));
    assert.match(await tryPod('other', 'wrong'), /answered 401/);
  });

  test('the secrets of its service account serve a pod', async () => {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'shop' } };
    await cluster.plane.kubectl('apply -f -', { ...account, imagePullSecrets: [{ name: 'pull' }] });
    await until(async () => (await tryPod('shop')) === '', WITHIN);
  });
});
