/** What policies would do to what runs, and what that is made of: read from a real API server, with statuses of pods as a kubelet would write them. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createBench, missingPeers, PLIMSOLL, type Bench } from '../interop/support.ts';
import { CLUSTER_PEERS, createControlPlane, type ControlPlane } from './control-plane.ts';
import { createImages, pod, type Images } from './fixtures.ts';
import { installAllButWebhooks, installWebhooks } from './installation.ts';

type Json = Readonly<Record<string, unknown>>;

interface Row {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly pods?: number;
  readonly outcome: string;
  readonly before?: string;
  readonly images: readonly {
    readonly image: string;
    readonly outcome: string;
    readonly exception?: { readonly name: string; readonly expires: string };
  }[];
}

describe('audit of what runs', missingPeers(...CLUSTER_PEERS), () => {
  let bench: Bench;
  let plane: ControlPlane;
  let images: Images;

  const deployment = (name: string, image: string, namespace: string, more: Json = {}): Json => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image }] } },
      ...more,
    },
  });
  const audit = async (...flags: readonly string[]) => {
    const command = [
      PLIMSOLL,
      'audit',
      '--kubeconfig',
      plane.kubeconfig,
      '--policy',
      'policy.yaml',
      '--json',
      ...flags,
    ];
    const { code, stdout, stderr } = await bench.attempt(command);
    return { code, stderr, rows: stdout === '' ? [] : (JSON.parse(stdout) as readonly Row[]) };
  };
  const shortOf = (rows: readonly Row[]) =>
    rows.map(({ namespace, kind, name, outcome }) => `${namespace}/${kind}/${name} ${outcome}`).sort();

  before(async () => {
    bench = await createBench();
    plane = await createControlPlane(bench);
    images = await createImages(bench);
    await writeFile(join(bench.folder, 'policy.yaml'), JSON.stringify(images.policy('signed-by-the-team')));
    for (const name of ['shop', 'other']) await plane.kubectl(`create namespace ${name}`);
    await plane.kubectl('apply -f -', [
      deployment('good', images.signed, 'shop'),
      deployment('bad', images.unsigned, 'shop'),
      deployment('asleep', images.unsigned, 'shop', { replicas: 0 }),
      deployment('elsewhere', images.unsigned, 'other'),
      pod('alone', images.signed),
      pod('ended', images.unsigned),
    ]);
    const status = (phase: string, containerStatuses: readonly Json[] = []) =>
      JSON.stringify({ status: { phase, containerStatuses } });
    await plane.kubectl(`patch pod ended -n shop --subresource=status --type=merge -p ${status('Succeeded')}`);
  });

  after(async () => {
    await images?.registry.stop();
    await plane?.stop();
    await bench?.stop();
  });

  test('controllers are judged by their templates, pods while they run; what sleeps, ended or is owned is not', async () => {
    const { code, rows, stderr } = await audit('-n', 'shop');
    assert.equal(code, 1, stderr);
    assert.deepEqual(shortOf(rows), ['shop/Deployment/bad deny', 'shop/Deployment/good allow', 'shop/Pod/alone allow']);
    assert.match(stderr, /3 workloads in 1 namespaces/);
  });

  test('a pod is judged by the digest that its node pulled, wherever the tag points now', async () => {
    const pulled = `${images.signed.replace(/:v1$/, '')}@sha256:${'0'.repeat(64)}`;
    const statuses = [
      {
        name: 'main',
        image: images.signed,
        imageID: pulled,
        ready: true,
        restartCount: 0,
        state: { running: {} },
      },
    ];
    const patch = JSON.stringify({ status: { phase: 'Running', containerStatuses: statuses } });
    await plane.kubectl(`patch pod alone -n shop --subresource=status --type=merge -p ${patch}`);
    const { rows } = await audit('-n', 'shop');
    const alone = rows.find(({ name }) => name === 'alone');
    assert.equal(alone?.outcome, 'deny');
    assert.equal(alone?.images[0]?.image, `${images.signed}@sha256:${'0'.repeat(64)}`);
  });

  test('the bill of the cluster has its workloads, images by the digests that nodes pulled, and nodes with their parts', async () => {
    const nodeInfo = {
      machineID: 'm',
      systemUUID: 's',
      bootID: 'b',
      kernelVersion: '6.1.0',
      osImage: 'Debian GNU/Linux 12',
      containerRuntimeVersion: 'containerd://2.1.0',
      kubeletVersion: 'v1.34.1',
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    };
    await plane.kubectl('apply -f -', [{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }]);
    const patch = JSON.stringify({ status: { nodeInfo } }).replaceAll(' ', '\\u0020');
    await plane.kubectl(`patch node n1 --subresource=status --type=merge -p ${patch}`);
    const words = [
      'sbom',
      'cluster',
      '--kubeconfig',
      plane.kubeconfig,
      '-o',
      'cyclonedx-json=cluster.json',
      '-o',
      'table',
    ];
    const { code, stdout, stderr } = await bench.attempt([PLIMSOLL, ...words]);
    assert.equal(code, 0, stderr);
    const found = stdout.split('\n').map((line) => line.split(/\s+/).slice(0, 2).join(' '));
    const repository = images.signed.replace(/:v1$/, '');
    for (const line of [
      `${repository} sha256:${'0'.repeat(64)}`,
      'n1 v1.34.1',
      'kubelet v1.34.1',
      'containerd v2.1.0',
      'apps/v1 v1',
    ]) {
      assert.ok(found.includes(line), `${line} in\n${stdout}`);
    }
    assert.match(stdout, /^kube-apiserver +v1\./m);
    assert.equal((await bench.attempt([PLIMSOLL, 'sbom', 'validate', 'cluster.json'])).code, 0);
    await plane.kubectl('delete node n1');
  });

  test('the bill of the cluster says what it could not read, and reads lists as the API server answers with', async () => {
    await plane.kubectl('create -f -', pod('unreadable', 'Team/App:1'));
    const { code, stdout, stderr } = await bench.attempt([
      PLIMSOLL,
      'sbom',
      'cluster',
      '--kubeconfig',
      plane.kubeconfig,
    ]);
    assert.equal(code, 0, stderr);
    assert.match(`${stdout}${stderr}`, /shop\/Pod\/unreadable: reference: expected a repository name in lower case/);
    const { stdout: list } = await plane.kubectl('get --raw /api/v1/namespaces/shop/pods');
    const read = await bench.attempt([PLIMSOLL, 'sbom', 'cluster', '-f', '-'], { input: list });
    assert.match(read.stdout, /^alone /m);
    await plane.kubectl('delete pod unreadable -n shop --now');
  });

  test('pods of one controller that are alike are one', async () => {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'good-1', uid: 'one', controller: true };
    const owned = (index: number): Json => ({
      ...pod(`good-1-${index}`, images.signed),
      metadata: {
        name: `good-1-${index}`,
        namespace: 'shop',
        labels: { app: 'good', 'apps.kubernetes.io/pod-index': String(index) },
        ownerReferences: [owner],
      },
    });
    await plane.kubectl('apply -f -', [owned(1), owned(2), owned(3)]);
    const { rows } = await audit('-n', 'shop');
    const alike = rows.filter(({ name }) => name.startsWith('good-1'));
    assert.deepEqual(
      alike.map(({ pods, outcome }) => [pods, outcome]),
      [[3, 'allow']],
    );
    await plane.kubectl('delete pod good-1-1 good-1-2 good-1-3 -n shop --now');
  });

  test('a change of policies shows what it changes, and only new denials count', async () => {
    const lax = {
      ...images.policy('lax'),
      spec: { images: [{ glob: '**' }], authorities: [{ static: { action: 'pass' } }] },
    };
    await writeFile(join(bench.folder, 'lax.yaml'), JSON.stringify(lax));
    const stricter = await audit('-n', 'other', '--against', 'lax.yaml');
    assert.equal(stricter.code, 1);
    assert.deepEqual(
      stricter.rows.map(({ name, before, outcome }) => [name, before, outcome]),
      [['elsewhere', 'allow', 'deny']],
    );
    assert.equal((await audit('-n', 'other', '--against', 'policy.yaml')).code, 0);
  });

  test('namespaces are those of the installed webhook, all before, and all with -A', async () => {
    const before = await audit();
    assert.match(before.stderr, /no webhook of plimsoll is installed: all namespaces are looked at/);
    assert.ok(shortOf(before.rows).includes('other/Deployment/elsewhere deny'));
    await installAllButWebhooks(bench, plane);
    await installWebhooks(bench, plane, 'https://127.0.0.1:1');
    await plane.kubectl('label namespace shop policy.sigstore.dev/include=true');
    const { rows, stderr } = await audit();
    assert.deepEqual([...new Set(rows.map(({ namespace }) => namespace))], ['shop'], stderr);
    await plane.kubectl('apply -f -', images.policy('in-force'));
    const inForce = await bench.attempt([PLIMSOLL, 'audit', '--kubeconfig', plane.kubeconfig, '--json']);
    assert.deepEqual(
      (JSON.parse(inForce.stdout) as readonly Row[])
        .filter(({ outcome }) => outcome === 'deny')
        .map(({ name }) => name),
      rows.filter(({ outcome }) => outcome === 'deny').map(({ name }) => name),
    );
    const compared = await audit('--against-cluster');
    assert.equal(compared.code, 0, compared.stderr);
    assert.ok(compared.rows.every(({ before, outcome }) => before === outcome));
    const everywhere = await audit('-A');
    assert.ok(shortOf(everywhere.rows).includes('other/Deployment/elsewhere deny'));
    assert.doesNotMatch(everywhere.stderr, /no webhook/);
  });

  test('what cannot be listed or is not there is an error, not nothing', async () => {
    assert.equal((await audit('-n', 'missing')).code, 4);
    assert.equal((await audit('--context', 'missing')).code, 3);
    const nobody = (await plane.kubectl('config view --raw --minify -o json')).stdout.replace(plane.token, 'wrong');
    await writeFile(join(bench.folder, 'nobody.kubeconfig'), nobody);
    const { code, stderr } = await bench.attempt([
      PLIMSOLL,
      'audit',
      '--kubeconfig',
      'nobody.kubeconfig',
      '--policy',
      'policy.yaml',
    ]);
    assert.equal(code, 5, stderr);
    assert.equal((await bench.attempt([PLIMSOLL, 'audit', '--policy', 'policy.yaml'])).code, 2);
    assert.equal((await bench.attempt([PLIMSOLL, 'audit', '-f', 'x', '-A', '--policy', 'policy.yaml'])).code, 2);
    assert.equal((await bench.attempt([PLIMSOLL, 'audit', '-f', 'x'])).code, 2);
    assert.equal((await audit('--against-cluster', '--against', 'policy.yaml')).code, 2);
  });

  test('what an exception lets through is no denial, and says until when', async () => {
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    const exception = {
      apiVersion: 'plimsoll.dev/v1alpha1',
      kind: 'AdmissionException',
      metadata: { name: 'outage', namespace: 'plimsoll-system' },
      spec: {
        images: [images.unsigned.replace(/\/.*/, '/**')],
        namespaces: ['shop'],
        reason: 'the signing service is down',
        requestedBy: 'admin',
        expires,
      },
    };
    const bad = async () => (await audit('-n', 'shop')).rows.find(({ name }) => name === 'bad');
    assert.equal((await bad())?.outcome, 'deny');
    await plane.kubectl('delete validatingwebhookconfiguration plimsoll');
    await plane.kubectl('create -f -', exception);
    const excepted = await bad();
    assert.equal(excepted?.outcome, 'warn');
    assert.deepEqual(excepted?.images[0]?.exception, { name: 'outage', expires });
  });
});
