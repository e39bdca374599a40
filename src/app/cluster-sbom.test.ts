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
      `container pkg:oci/pause@${digest}?repository_url=registry.k8s.io%2Fpause&tag=3.9`,
      'container pkg:oci/web@1.2?repository_url=ghcr.io%2Fshop%2Fweb&tag=1.2',
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

test('what is no manifest is refused with its place', async () => {
  const input = { name: 'x', manifests: [{ name: 'bad.yaml', text: 'a: [' }], signal: new AbortController().signal };
  await assert.rejects(createClusterSbom(createTestPorts(), input), { kind: 'invalid-input', message: /bad\.yaml/ });
});
