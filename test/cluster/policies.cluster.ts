/** Policies of the API server itself: followed within a second, by a server that has no more rights than the installation gives it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createBench, missingPeers, type Bench, type Server } from '../interop/support.ts';
import { CLUSTER_PEERS, createControlPlane, type ControlPlane } from './control-plane.ts';
import { createImages, pod, type Images } from './fixtures.ts';
import {
  installAllButWebhooks,
  installWebhooks,
  NAMESPACE,
  probe,
  serveCluster,
  until,
  type Json,
} from './installation.ts';

/** What changes in the API server is in force after this many milliseconds. */
const WITHIN = 1000;

describe('policies of the API server', missingPeers(...CLUSTER_PEERS), () => {
  let bench: Bench;
  let plane: ControlPlane;
  let images: Images;
  let server: Server;

  before(async () => {
    bench = await createBench();
    plane = await createControlPlane(bench);
    images = await createImages(bench);
    const kubeconfig = await installAllButWebhooks(bench, plane);
    server = await serveCluster(bench, kubeconfig);
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

  /** The message of a denial, or nothing. */
  async function tryPod(image: string): Promise<string> {
    return (await plane.tryKubectl('create --dry-run=server -f -', pod('tried', image))).stderr;
  }

  const conditionOf = async (name: string): Promise<Json> => {
    const { stdout } = await plane.kubectl(`get clusterimagepolicy ${name} -o jsonpath={.status.conditions[0]}`);
    return stdout === '' ? {} : (JSON.parse(stdout) as Json);
  };

  test('an image that no policy speaks of is denied, until the settings say otherwise', async () => {
    assert.match(await tryPod(images.unsigned), /no policy/);
    const settings = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'config-policy-controller', namespace: NAMESPACE },
    };
    await plane.kubectl('apply -f -', { ...settings, data: { 'no-match-policy': 'warn' } });
    await until(async () => (await tryPod(images.unsigned)).startsWith('Warning: '), WITHIN);
    await plane.kubectl('apply -f -', { ...settings, data: { 'no-match-policy': 'perhaps' } });
    await until(async () => /denied the request/.test(await tryPod(images.unsigned)), WITHIN);
    await plane.kubectl(`delete configmap config-policy-controller -n ${NAMESPACE}`);
  });

  test('a policy is in force within a second, and says so', async () => {
    await plane.kubectl('apply -f -', images.policy('signed-by-the-team'));
    await until(async () => (await tryPod(images.signed)) === '', WITHIN);
    assert.match(await tryPod(images.unsigned), /signed-by-the-team/);
    await until(async () => (await conditionOf('signed-by-the-team'))['status'] === 'True');
    await plane.kubectl('create -f -', pod('good', images.signed));
    const { stdout } = await plane.kubectl('get pod good -n shop -o jsonpath={.spec.containers[0].image}');
    assert.equal(stdout, `${images.signed}@${images.digest}`);
  });

  test('a key may lie in a secret beside us: without it the policy denies, with it it judges', async () => {
    const policy = images.policy('signed-by-the-team');
    const authorities = [{ name: 'team', key: { secretRef: { name: 'team-key' } } }];
    await plane.kubectl('apply -f -', { ...policy, spec: { ...(policy['spec'] as Json), authorities } });
    await until(async () => /expected Secret team-key, found none/.test(await tryPod(images.signed)), WITHIN);
    await plane.kubectl(`create secret generic team-key -n ${NAMESPACE} --from-file=${join(bench.folder, 'team.pub')}`);
    await until(async () => (await tryPod(images.signed)) === '', WITHIN);
    assert.match(await tryPod(images.unsigned), /denied the request/);
    await until(async () => (await conditionOf('signed-by-the-team'))['status'] === 'True');
    await plane.kubectl('apply -f -', policy);
  });

  test('a policy in warn mode lets through with a warning that names it', async () => {
    const policy = images.policy('signed-by-the-team');
    await plane.kubectl('apply -f -', { ...policy, spec: { ...(policy['spec'] as Json), mode: 'warn' } });
    await until(async () => /^Warning: .*signed-by-the-team/s.test(await tryPod(images.unsigned)), WITHIN);
    await plane.kubectl('apply -f -', policy);
    await until(async () => /denied the request/.test(await tryPod(images.unsigned)), WITHIN);
  });

  test('a policy that cannot be used is refused where it is written, a misspelt field too', async () => {
    const policy = images.policy('broken');
    const spec = policy['spec'] as { readonly authorities: readonly Json[] };
    const misspelt = { ...policy, spec: { ...spec, authorities: [{ ...spec.authorities[0], attestation: [] }] } };
    const { stderr } = await plane.tryKubectl('apply -f -', misspelt);
    assert.match(stderr, /denied the request: invalid-input: .*authorities\[0\]\.attestation: unknown field/);
    const noKey = { ...policy, spec: { ...spec, authorities: [{ key: { data: 'no key' } }] } };
    assert.match((await plane.tryKubectl('apply -f -', noKey)).stderr, /denied the request: invalid-input/);
  });

  test('one that came in all the same denies what it speaks of, names its fault, and leaves the others alone', async () => {
    const all = await plane.kubectl('get validatingwebhookconfiguration plimsoll -o json');
    const configuration = JSON.parse(all.stdout) as { readonly webhooks: readonly { readonly name: string }[] };
    const without = configuration.webhooks.filter(({ name }) => name !== 'policies.plimsoll.dev');
    await plane.kubectl('replace -f -', { ...configuration, webhooks: without });
    const policy = images.policy('broken');
    const spec = { images: [{ glob: '**/signed:*' }], authorities: [{ key: { data: 'no key' } }] };
    await until(async () => (await plane.tryKubectl('apply -f -', { ...policy, spec })).code === 0);
    await until(async () => /broken\/authority-0: the policy cannot be used/.test(await tryPod(images.signed)), WITHIN);
    assert.doesNotMatch(await tryPod(images.unsigned), /broken/);
    await until(async () => (await conditionOf('broken'))['status'] === 'False');
    assert.match(String((await conditionOf('broken'))['message']), /key/);
    await plane.kubectl('delete clusterimagepolicy broken');
    await until(async () => (await tryPod(images.signed)) === '', WITHIN);
  });

  test('an API server that is away leaves what is known in force, and is followed again when it is back', async () => {
    await plane.stopServer();
    const ready = await probe(server, '/readyz');
    assert.equal(ready.status, 200);
    assert.match(ready.text, /^ok\npolicies: confirmed \d+ s ago\n$/);
    await plane.start();
    assert.equal(await tryPod(images.signed), '');
    await plane.kubectl('delete clusterimagepolicy signed-by-the-team');
    // the first watch begins after a pause of two seconds at most
    await until(async () => /no policy/.test(await tryPod(images.signed)), 3 * WITHIN);
  });

  test('a server that has never read the API server is not ready and denies', async () => {
    const kubeconfig = plane.kubeconfig;
    await plane.stopServer();
    const alone = await serveCluster(bench, kubeconfig, '--namespace', NAMESPACE);
    try {
      const { status, text } = await probe(alone, '/readyz');
      assert.equal(status, 503);
      assert.match(text, /not been read from the API server yet/);
      await plane.start();
      await until(async () => (await probe(alone, '/readyz')).status === 200);
    } finally {
      await alone.stop();
    }
  });
});
