/** Everything by which an image gets into a cluster, and everything that may go wrong on the way to a verdict about it. */
import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeLayout, missingPeers, PLIMSOLL } from '../interop/support.ts';
import { CLUSTER_PEERS } from './control-plane.ts';
import { pod } from './fixtures.ts';
import { probe, serveCluster, startCluster, until, type Cluster, type Json } from './installation.ts';

/** Seconds that the API server waits for a verdict, in these tests. */
const TIMEOUT = 4;

describe('workloads', missingPeers(...CLUSTER_PEERS), () => {
  let cluster: Cluster;
  let signed = '';
  let unsigned = '';
  let pinned = '';

  before(async () => {
    cluster = await startCluster('--webhook-timeout', String(TIMEOUT));
    ({ signed, unsigned } = cluster.images);
    pinned = `${signed}@${cluster.images.digest}`;
  });

  after(async () => {
    await cluster?.stop();
  });

  const kubectl = async (words: string, document?: unknown) => (await cluster.plane.kubectl(words, document)).stdout;
  const refusal = async (words: string, document?: unknown) => {
    const { code, stderr } = await cluster.plane.tryKubectl(words, document);
    assert.equal(code, 1, `${words}: expected a refusal`);
    return stderr;
  };

  const template = (image: string) => ({
    metadata: { labels: { app: 'a' } },
    spec: { restartPolicy: 'Always', containers: [{ name: 'main', image }] },
  });
  const once = (image: string) => ({ ...template(image), spec: { ...template(image).spec, restartPolicy: 'Never' } });
  const selector = { matchLabels: { app: 'a' } };
  const kinds: readonly (readonly [string, string, (image: string) => Json])[] = [
    ['apps/v1', 'Deployment', (image) => ({ selector, template: template(image) })],
    ['apps/v1', 'ReplicaSet', (image) => ({ selector, template: template(image) })],
    ['apps/v1', 'StatefulSet', (image) => ({ selector, serviceName: 'a', template: template(image) })],
    ['apps/v1', 'DaemonSet', (image) => ({ selector, template: template(image) })],
    ['v1', 'ReplicationController', (image) => ({ selector: { app: 'a' }, template: template(image) })],
    ['batch/v1', 'Job', (image) => ({ template: once(image) })],
    ['batch/v1', 'CronJob', (image) => ({ schedule: '0 3 * * *', jobTemplate: { spec: { template: once(image) } } })],
  ];
  for (const [apiVersion, kind, spec] of kinds) {
    test(`a ${kind} is denied or pinned as its pods would be`, async () => {
      const object = (image: string) => ({
        apiVersion,
        kind,
        metadata: { name: 'a', namespace: 'shop' },
        spec: spec(image),
      });
      assert.match(await refusal('create -f -', object(unsigned)), /denied the request: .*signed-by-the-team/s);
      const stored = await kubectl('create -o json -f -', object(signed));
      assert.ok(stored.includes(`"image": "${pinned}"`), stored);
    });
  }

  test('a pod template that nothing runs yet is judged, too', async () => {
    const object = { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'a', namespace: 'shop' } };
    assert.match(await refusal('create -f -', { ...object, template: template(unsigned) }), /denied the request/);
  });

  test('init containers, sidecars and image volumes are denied or pinned', async () => {
    const places: readonly ((image: string) => Json)[] = [
      (image) => ({ initContainers: [{ name: 'first', image }] }),
      (image) => ({ initContainers: [{ name: 'beside', image, restartPolicy: 'Always' }] }),
      (image) => ({ volumes: [{ name: 'model', image: { reference: image } }] }),
    ];
    for (const [index, place] of places.entries()) {
      const one = (image: string) => {
        const base = pod(`place-${index}`, pinned);
        return { ...base, spec: { ...(base['spec'] as Json), ...place(image) } };
      };
      assert.match(await refusal('create -f -', one(unsigned)), /denied the request/);
      const stored = JSON.parse(await kubectl('create -o json -f -', one(signed))) as { readonly spec: Json };
      const found = JSON.stringify(place(pinned)).includes('reference')
        ? (stored.spec['volumes'] as readonly { readonly image?: { readonly reference: string } }[])[0]?.image
            ?.reference
        : (stored.spec['initContainers'] as readonly { readonly image: string }[])[0]?.image;
      assert.equal(found, pinned);
    }
  });

  test('kubectl debug adds no unsigned container to a running pod, and a signed one pinned', async () => {
    await kubectl('create -f -', pod('running', signed));
    const debug = `debug running -n shop --attach=false --container`;
    assert.match(await refusal(`${debug} bad --image=${unsigned}`), /denied the request/);
    await kubectl(`${debug} good --image=${signed}`);
    const images = await kubectl('get pod running -n shop -o jsonpath={.spec.ephemeralContainers[*].image}');
    assert.equal(images, pinned);
  });

  test('scaling is not asked about; an image that changes in the same update is', async () => {
    await kubectl('scale deployment a -n shop --replicas=3');
    const less = (image: string) => [
      { op: 'replace', path: '/spec/replicas', value: 0 },
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: image },
    ];
    const patch = (image: string) => `patch deployment a -n shop --type json -p ${JSON.stringify(less(image))}`;
    assert.match(await refusal(patch(unsigned)), /denied the request/);
    assert.equal(await kubectl('get deployment a -n shop -o jsonpath={.spec.replicas}'), '3');
    await kubectl(patch(signed));
  });

  test('a tag that moves after the verdict changes nothing of what runs, and everything of what is asked next', async () => {
    const tag = signed.replace(':v1', ':moving');
    const { bench } = cluster;
    await bench.run([PLIMSOLL, 'copy', signed, tag]);
    await kubectl('create -f -', pod('before', tag));
    await makeLayout(join(bench.folder, 'layout-moved'), 'moved');
    await bench.run([PLIMSOLL, 'push', 'layout-moved', tag]);
    const image = await kubectl('get pod before -n shop -o jsonpath={.spec.containers[0].image}');
    assert.equal(image, `${tag}@${cluster.images.digest}`);
    assert.match(await refusal('create -f -', pod('after', tag)), /denied the request/);
    // the name is only a name: what was judged is the digest
    await kubectl('create -f -', pod('again', `${tag}@${cluster.images.digest}`));
  });

  test('what another webhook changes after us is judged again', async () => {
    const object = pod('changed', pinned);
    await kubectl('create -f -', object);
    const patch = JSON.stringify([{ op: 'replace', path: '/spec/containers/0/image', value: unsigned }]);
    assert.match(await refusal(`patch pod changed -n shop --type json -p ${patch}`), /denied the request/);
  });

  test('a registry that does not answer is a denial in time, with our reason', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    try {
      const policy = cluster.images.policy('slow');
      const spec = { ...(policy['spec'] as Json), images: [{ glob: `${host}/**` }] };
      await kubectl('apply -f -', { ...policy, spec });
      await until(async () => /could not decide/.test(await refusal('create -f -', pod('slow', `${host}/app:1`))));
      const start = performance.now();
      const message = await refusal('create -f -', pod('slow', `${host}/app:1`));
      const took = (performance.now() - start) / 1000;
      assert.match(message, /denied the request: .*could not decide: out of time while asking what its tag means/s);
      assert.ok(took < TIMEOUT + 0.5, `${took} s`);
    } finally {
      silent.close();
    }
  });

  test('a registry that is down is a denial, and what runs is left alone', async () => {
    await cluster.images.registry.stop();
    assert.match(await refusal('create -f -', pod('down', signed)), /denied the request: .*could not decide/s);
    await kubectl('label pod running -n shop a=b');
    await kubectl('scale deployment a -n shop --replicas=1');
    await kubectl('delete pod before -n shop --now');
  });

  test('a full stop and start of everything recovers by itself, and lets nothing through meanwhile', async () => {
    const { plane, bench, kubeconfig } = cluster;
    await cluster.server.stop();
    await plane.stop();
    await plane.start();
    const waiting = await refusal('create -f -', pod('early', pinned));
    assert.match(waiting, /failed calling webhook "mutate\.plimsoll\.dev"/);
    await kubectl('create -f -', pod('system', unsigned, 'kube-system'));
    const { port } = new URL(cluster.server.ready['url'] ?? '');
    cluster.server = await serveCluster(bench, kubeconfig, '--listen', `127.0.0.1:${port}`);
    await until(async () => (await probe(cluster.server, '/readyz')).status === 200);
    assert.match(await refusal('create -f -', pod('early', unsigned)), /denied the request/);
  });
});
