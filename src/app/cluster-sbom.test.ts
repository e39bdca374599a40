import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestPorts } from '../io/testing.ts';
import { createClusterSbom } from './cluster-sbom.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const object = (apiVersion: string, kind: string, name: string, rest: object) =>
  ({ apiVersion, kind, metadata: { name, namespace: 'shop' }, ...rest }) as const;
const containers = (...images: string[]) => ({
  containers: images.map((image, index) => ({ name: `c${index}`, image })),
});
const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1' },
  status: {
    nodeInfo: { kubeletVersion: 'v1.34.1', containerRuntimeVersion: 'containerd://2.1.0', osImage: 'Debian 12' },
  },
};
const deployment = object('apps/v1', 'Deployment', 'web', {
  spec: { template: { spec: containers('ghcr.io/shop/web:1.2', `registry.k8s.io/pause:3.9@${digest}`) } },
});

async function read(...objects: readonly object[]) {
  const text = objects.map((value) => JSON.stringify(value)).join('\n---\n');
  const input = { name: 'test', manifests: [{ name: 'all.yaml', text }], signal: new AbortController().signal };
  return await createClusterSbom(createTestPorts(), input);
}

test('workloads need their images and their API; nodes their kubelet and runtime', async () => {
  const sbom = await read(deployment, node, object('v1', 'ConfigMap', 'c', {}));
  assert.deepEqual(
    sbom.components.map(({ kind, id }) => `${kind} ${id}`),
    [
      'platform k8s-api/apps/v1',
      'platform k8s-api/v1',
      'platform k8s/Node/n1',
      'application k8s/shop/Deployment/web',
      'application pkg:golang/github.com/containerd/containerd/v2@v2.1.0#containerd',
      'application pkg:golang/k8s.io/kubernetes@v1.34.1#kubelet',
      `container pkg:oci/pause@${digest}?repository_url=registry.k8s.io%2Fpause`,
      'container pkg:oci/web?repository_url=ghcr.io%2Fshop%2Fweb&tag=1.2',
    ],
  );
  const edges = new Map(sbom.dependencies.map(({ from, to }) => [from, to.length]));
  assert.deepEqual([edges.get('k8s/shop/Deployment/web'), edges.get('k8s/Node/n1')], [3, 2]);
});

test('digests come from pods that run the image, unless two tell two', async () => {
  const pod = (name: string, id: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', ownerReferences: [{ kind: 'ReplicaSet', controller: true }] },
    spec: containers('ghcr.io/shop/web:1.2'),
    // nodes call images by names of their own
    status: {
      containerStatuses: [
        { name: 'c0', image: 'docker.io/other:name', imageID: `ghcr.io/shop/web@sha256:${id.repeat(64)}` },
      ],
    },
  });
  const versions = async (...pods: readonly object[]) =>
    (await read(deployment, ...pods)).components
      .filter(({ name }) => name === 'ghcr.io/shop/web')
      .map(({ version }) => version);
  assert.deepEqual(await versions(pod('a', 'b')), [`sha256:${'b'.repeat(64)}`]);
  assert.deepEqual(
    await versions(pod('a', 'b'), pod('c', 'd')),
    [`sha256:${'b'.repeat(64)}`, `sha256:${'d'.repeat(64)}`, '1.2'].toSorted(),
  );
  // a pod that a controller made is no workload of its own
  assert.ok(!(await read(pod('a', 'b'))).components.some(({ id }) => id.startsWith('k8s/shop')));
});

test('an object that is none of a cluster is named as passed over', async () => {
  assert.deepEqual((await read({ a: 1 })).skipped, [
    { path: 'all.yaml', reason: 'expected an object with kind and metadata, found a' },
  ]);
});

const imagesIn = ({ components }: { readonly components: readonly { readonly purl?: string | undefined }[] }) =>
  components.flatMap(({ purl }) => (purl?.startsWith('pkg:oci/') === true ? [purl.replace(/\?.*tag=/, ' ')] : []));

test('lists of one kind are what they hold', async () => {
  const items = [{ metadata: { name: 'a' }, spec: containers('a:1') }];
  const pods = { apiVersion: 'v1', kind: 'PodList', items };
  const sbom = await read({ apiVersion: 'v1', kind: 'List', items: [pods, deployment] });
  assert.ok(sbom.components.some(({ id }) => id === 'k8s/Pod/a'));
  assert.ok(sbom.components.some(({ id }) => id === 'k8s/shop/Deployment/web'));
});

test('an image that cannot be read is told, and the others are there', async () => {
  const pod = object('v1', 'Pod', 'x', { spec: containers('Team/App:1', 'busybox') });
  const sbom = await read(pod, object('v1', 'Pod', 'y', { spec: { containers: [{ name: 'none' }] } }));
  assert.deepEqual(imagesIn(sbom), ['pkg:oci/busybox latest']);
  assert.deepEqual(
    sbom.skipped.map(({ reason }) => reason),
    [
      'shop/Pod/x: reference: expected a repository name in lower case, found "Team/App:1"',
      'shop/Pod/y: /spec/containers/0/image: expected an image reference, found nothing',
    ],
  );
});

test("operators' own kinds name images in steps, templates and as a whole", async () => {
  const machine = { spec: { image: 'ubuntu-24.04' } };
  const sbom = await read(
    object('tekton.dev/v1', 'Task', 'build', {
      spec: { steps: [{ name: 's', image: 'step:1' }], sidecars: [{ image: '$(params.image)' }] },
    }),
    object('argoproj.io/v1alpha1', 'Workflow', 'w', {
      spec: { templates: [{ container: { image: 'run:1' } }, { script: { image: 'script:1', source: 'x' } }] },
    }),
    object('monitoring.coreos.com/v1', 'Prometheus', 'p', { spec: { image: 'quay.io/p/prometheus:v3' } }),
    object('cluster.x-k8s.io/v1beta1', 'Machine', 'm', machine),
  );
  assert.deepEqual(imagesIn(sbom), ['pkg:oci/prometheus v3', 'pkg:oci/run 1', 'pkg:oci/script 1', 'pkg:oci/step 1']);
  assert.deepEqual(
    sbom.skipped.map(({ reason }) => reason.split(':')[0]),
    ['shop/Task/build'],
  );
});

test('what is past is left out; static pods and what operators bring are workloads', async () => {
  const owned = (kind: string, name: string, owner: string, rest: object) => ({
    ...object(kind === 'Pod' ? 'v1' : 'apps/v1', kind, name, rest),
    metadata: { name, ownerReferences: [{ kind: owner, controller: true }] },
  });
  const template = (image: string) => ({ template: { spec: containers(image) } });
  const sbom = await read(
    owned('ReplicaSet', 'web-1', 'Deployment', { spec: { replicas: 0, ...template('old:1') } }),
    owned('ReplicaSet', 'web-2', 'Deployment', { spec: { replicas: 2, ...template('new:1') } }),
    owned('ReplicaSet', 'roll-1', 'Rollout', { spec: { replicas: 2, ...template('rolled:1') } }),
    owned('Pod', 'evicted', 'ReplicaSet', { spec: containers('evicted:1'), status: { phase: 'Failed' } }),
    owned('Pod', 'etcd-n1', 'Node', { spec: containers('etcd:1') }),
  );
  assert.deepEqual(imagesIn(sbom), ['pkg:oci/etcd 1', 'pkg:oci/new 1', 'pkg:oci/rolled 1']);
  assert.deepEqual(
    sbom.components.filter(({ kind }) => kind === 'application').map(({ id }) => id),
    ['k8s/Pod/etcd-n1', 'k8s/ReplicaSet/roll-1'],
  );
});

test('manifests that hold nothing are refused', async () => {
  const input = { name: 'x', manifests: [{ name: 'none.yaml', text: '---\n' }], signal: new AbortController().signal };
  await assert.rejects(createClusterSbom(createTestPorts(), input), { kind: 'invalid-input', message: /none\.yaml/ });
});

test('objects without a name yet go by what it will begin with', async () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { generateName: 'hook-' }, spec: containers('hook:1') };
  assert.ok((await read(pod)).components.some(({ id, name }) => id === 'k8s/Pod/hook-' && name === 'hook-'));
});

test('what is no manifest is refused with its place', async () => {
  const input = { name: 'x', manifests: [{ name: 'bad.yaml', text: 'a: [' }], signal: new AbortController().signal };
  await assert.rejects(createClusterSbom(createTestPorts(), input), { kind: 'invalid-input', message: /bad\.yaml/ });
});
