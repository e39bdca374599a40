/** Indexes by the platforms of nodes: a real API server says which there are, to a server with no more rights than the installation gives it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createBench, missingPeers, PLIMSOLL, type Bench, type Server } from '../interop/support.ts';
import { CLUSTER_PEERS, createControlPlane, type ControlPlane } from './control-plane.ts';
import { createImages, pod, type Images } from './fixtures.ts';
import { installAllButWebhooks, installWebhooks, probe, serveCluster, until } from './installation.ts';

describe('indexes by the platforms of nodes', missingPeers(...CLUSTER_PEERS), () => {
  let bench: Bench;
  let plane: ControlPlane;
  let images: Images;
  let server: Server;
  let index = '';

  const node = (name: string, arch: string) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': arch } },
  });
  const tryPod = async (image: string) =>
    (await plane.tryKubectl('create --dry-run=server -f -', pod('tried', image))).stderr;

  before(async () => {
    bench = await createBench();
    plane = await createControlPlane(bench);
    images = await createImages(bench);
    const repository = images.signed.replace(/\/team\/signed:v1$/, '/team/multi');
    await bench.run(['tar', 'cf', 'layer.tar', 'team.pub']);
    await bench.run([PLIMSOLL, 'append', '-f', 'layer.tar', '-t', `${repository}:base`]);
    for (const arch of ['amd64', 'arm64']) {
      const to = ['--set-platform', `linux/${arch}`, '-t', `${repository}:${arch}`];
      await bench.run([PLIMSOLL, 'mutate', `${repository}:base`, ...to]);
    }
    await bench.run([PLIMSOLL, 'sign', '--key', 'team.key', `${repository}:amd64`]);
    await bench.run([PLIMSOLL, 'manifest', 'index', 'create', `${repository}:all`, 'amd64', 'arm64']);
    index = `${repository}:all`;
    const kubeconfig = await installAllButWebhooks(bench, plane);
    await plane.kubectl('apply -f -', images.policy('signed-by-the-team'));
    await plane.kubectl('apply -f -', node('one', 'amd64'));
    server = await serveCluster(bench, kubeconfig, '--platforms', 'nodes', '--accept-platform-proofs');
    await until(async () => (await probe(server, '/readyz')).status === 200);
    await installWebhooks(bench, plane, server);
    await plane.kubectl('create namespace shop');
    await plane.kubectl('label namespace shop policy.sigstore.dev/include=true');
  });

  after(async () => {
    await server?.stop();
    await images?.registry.stop();
    await plane?.stop();
    await bench?.stop();
  });

  test('proofs of the images that nodes run let an index in, which is what is pinned', async () => {
    assert.equal(await tryPod(index), '');
    await plane.kubectl('create -f -', pod('multi', index));
    const { stdout } = await plane.kubectl('get pod multi -n shop -o jsonpath={.spec.containers[0].image}');
    const { stdout: digest } = await bench.run([PLIMSOLL, 'digest', index]);
    assert.equal(stdout, `${index}@${digest.trim()}`);
  });

  test('a node of another platform takes its unproven image with it, until it leaves', async () => {
    await plane.kubectl('apply -f -', node('two', 'arm64'));
    await until(async () => /linux\/arm64 sha256:[0-9a-f]{64}: /.test(await tryPod(index)), 2000);
    await plane.kubectl('delete node two');
    await until(async () => (await tryPod(index)) === '', 2000);
  });
});
