/** One installation in three forms: what the program prints, the Helm chart, the kustomization; and what an API server says to it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createBench, missingPeers, peer, PLIMSOLL, type Bench } from '../interop/support.ts';
import { CLUSTER_PEERS, createControlPlane, type ControlPlane } from './control-plane.ts';
import { NAMESPACE, parseYaml, printInstallation, type Json } from './installation.ts';

const root = join(import.meta.dirname, '../..');

function sorted(documents: readonly Json[]): readonly Json[] {
  const nameOf = ({ kind, metadata }: Json) => `${String(kind)} ${(metadata as { readonly name: string }).name}`;
  return documents.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

describe('installation', missingPeers(...CLUSTER_PEERS, 'PEER_HELM'), () => {
  let bench: Bench;
  let plane: ControlPlane;

  before(async () => {
    bench = await createBench();
    plane = await createControlPlane(bench);
  });

  after(async () => {
    await plane?.stop();
    await bench?.stop();
  });

  const choices: readonly (readonly [string, readonly string[], Json])[] = [
    ['as it comes', [], {}],
    [
      'with every choice made otherwise',
      [
        '--namespaces',
        'opt-out',
        '--replicas',
        '5',
        '--exempt',
        'boot',
        '--registry',
        'a.example',
        '--webhook-timeout',
        '5',
      ],
      {
        namespaces: 'opt-out',
        replicas: 5,
        exempt: ['kube-system', 'boot'],
        registries: ['a.example'],
        webhookTimeout: 5,
      },
    ],
  ];
  for (const [name, flags, values] of choices) {
    test(`helm renders what plimsoll install prints, ${name}`, async () => {
      const printed = await printInstallation(bench, '--namespace', 'guard', ...flags);
      const given = JSON.stringify({ image: 'registry.example/plimsoll:1', ...values });
      const chart = join(root, 'deploy/helm/plimsoll');
      const words = [
        'template',
        'any-name',
        chart,
        '--namespace',
        'guard',
        '--kube-version',
        '1.36.0',
        '--values',
        '-',
      ];
      const { stdout } = await bench.run(peer('PEER_HELM')(...words), { input: given });
      // helm makes the namespace by itself
      const expected = printed.filter(({ kind }) => kind !== 'Namespace');
      assert.deepEqual(sorted(parseYaml(stdout)), sorted(expected));
    });
  }

  test('helm refuses to render without an image', async () => {
    const words = ['template', 'any-name', join(root, 'deploy/helm/plimsoll'), '--kube-version', '1.36.0'];
    const { code, stderr } = await bench.attempt(peer('PEER_HELM')(...words));
    assert.equal(code, 1);
    assert.match(stderr, /image: expected the reference of an image/);
  });

  test('kubectl builds the kustomization into what plimsoll install prints', async () => {
    const { stdout } = await plane.kubectl(`kustomize ${join(root, 'deploy/kustomize')}`);
    const { stdout: printed } = await bench.run([PLIMSOLL, 'install', '--image', 'plimsoll']);
    assert.deepEqual(sorted(parseYaml(stdout)), sorted(parseYaml(printed)));
  });

  test('the API server takes all of it, and takes it again unchanged', async () => {
    const manifests = await printInstallation(bench, '--registry', 'registry.example');
    await plane.kubectl('apply --server-side -f -', manifests);
    const again = await plane.kubectl('apply --server-side -f -', manifests);
    assert.equal(again.stdout.trim().split('\n').length, manifests.length);
  });

  test('the pod of the deployment starts in our namespace, under the restricted profile, with all our servers down', async () => {
    const deployment = JSON.parse((await plane.kubectl(`get deployment plimsoll -n ${NAMESPACE} -o json`)).stdout) as {
      readonly spec: { readonly template: { readonly metadata: Json; readonly spec: Json } };
    };
    const { metadata, spec } = deployment.spec.template;
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'first', namespace: NAMESPACE }, spec };
    const made = await plane.kubectl('create -f -', pod);
    assert.equal(made.stderr, '');
    const root = {
      ...pod,
      metadata: { name: 'root', namespace: NAMESPACE },
      spec: { containers: [{ name: 'a', image: 'a' }] },
    };
    const refused = await plane.tryKubectl('create -f -', root);
    assert.match(refused.stderr, /violates PodSecurity "restricted:latest"/);
  });

  test('a judged namespace waits for us, and the second line of defence holds without us', async () => {
    await plane.kubectl('create namespace shop');
    await plane.kubectl('label namespace shop policy.sigstore.dev/include=true');
    const digest = `@sha256:${'0'.repeat(64)}`;
    const pod = (image: string): Json => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'one', namespace: 'shop' },
      spec: { containers: [{ name: 'main', image }] },
    });
    const waiting = await plane.tryKubectl('create -f -', pod(`registry.example/app${digest}`));
    assert.match(waiting.stderr, /failed calling webhook "mutate\.plimsoll\.dev"/);
    await plane.kubectl('delete mutatingwebhookconfiguration,validatingwebhookconfiguration plimsoll');
    const verdict = async (image: string) =>
      (await plane.tryKubectl('create --dry-run=server -f -', pod(image))).stderr;
    await untilText(
      async () => await verdict('registry.example/app:1'),
      /expected images by digest, found registry\.example\/app:1/,
    );
    assert.match(await verdict(`elsewhere.example/app${digest}`), /expected images of the registries/);
    assert.match(await verdict(`registry.example.evil/app${digest}`), /expected images of the registries/);
    assert.equal(await verdict(`registry.example/app${digest}`), '');
  });
});

/** The API server compiles a new policy within seconds. */
async function untilText(read: () => Promise<string>, expected: RegExp): Promise<void> {
  let found = '';
  for (let round = 0; round < 50; round += 1) {
    found = await read();
    if (expected.test(found)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.match(found, expected);
}
