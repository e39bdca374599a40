/** What admissions leave behind, and the way past them in an emergency: events, reports, metrics, audit lines, exceptions that end. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { missingPeers } from '../interop/support.ts';
import { dataSet, needsSharedData } from '../shared-data.ts';
import { CLUSTER_PEERS, writeKubeconfig } from './control-plane.ts';
import { pod } from './fixtures.ts';
import { NAMESPACE, probe, startCluster, until, type Cluster, type Json } from './installation.ts';

describe('what admissions leave behind', missingPeers(...CLUSTER_PEERS), () => {
  let cluster: Cluster;

  before(async () => {
    cluster = await startCluster();
  });

  after(async () => {
    await cluster?.stop();
  });

  const get = async (words: string): Promise<Json> =>
    JSON.parse((await cluster.plane.kubectl(`get ${words} -o json`)).stdout) as Json;
  const itemsOf = async (words: string) => (await get(words))['items'] as readonly Json[];

  test('a denial makes an event in its namespace, once', async () => {
    const { plane, images } = cluster;
    await plane.tryKubectl('create -f -', pod('bad', images.unsigned));
    await plane.tryKubectl('create -f -', pod('bad', images.unsigned));
    await until(async () => (await itemsOf('events -n shop')).length > 0);
    const [event, ...more] = await itemsOf('events -n shop');
    assert.deepEqual([event?.['reason'], event?.['type'], more.length], ['AdmissionDenied', 'Warning', 0]);
    assert.match(String(event?.['message']), /signed-by-the-team/);
  });

  test('what is let in has a report in each form, owned by its object', needsSharedData, async () => {
    const { plane, images } = cluster;
    const folder = join(dataSet('policy'), 'crds');
    for (const file of ['openreports/openreports.io_reports.yaml', 'kyverno/wgpolicyk8s.io_policyreports.yaml'])
      await plane.kubectl('apply --server-side -f -', await readFile(join(folder, file), 'utf8'));
    await plane.kubectl('wait --for=condition=Established crd/reports.openreports.io');
    await plane.kubectl('wait --for=condition=Established crd/policyreports.wgpolicyk8s.io');
    await plane.kubectl('create -f -', pod('good', images.signed));
    const { uid } = (await get('pod good -n shop'))['metadata'] as { readonly uid: string };
    for (const kind of ['reports.openreports.io', 'policyreports.wgpolicyk8s.io']) {
      await until(async () => (await itemsOf(`${kind} -n shop`)).length === 1);
      const [report = {}] = await itemsOf(`${kind} -n shop`);
      assert.deepEqual(report['summary'], { pass: 1, fail: 0, warn: 0, error: 0, skip: 0 });
      const { ownerReferences } = report['metadata'] as { readonly ownerReferences: readonly Json[] };
      assert.deepEqual(ownerReferences, [{ apiVersion: 'v1', kind: 'Pod', name: 'good', uid }]);
      const [result = {}] = report['results'] as readonly Json[];
      assert.equal((result['properties'] as Json)['digest'], images.digest);
    }
  });

  test('metrics tell how long each step took, and how old what is known is', async () => {
    const { text } = await probe(cluster.server, '/metrics');
    assert.match(text, /plimsoll_admission_step_duration_seconds_count\{step="resolve"\} [1-9]/);
    assert.match(text, /plimsoll_admission_step_duration_seconds_bucket\{step="gather",le="\+Inf"\} [1-9]/);
    assert.match(text, /plimsoll_admission_reviews_total\{mode="mutate",outcome="deny"\} [1-9]/);
    assert.match(text, /plimsoll_policies 1\n/);
    const age = Number(/^plimsoll_policies_age_seconds (\S+)$/m.exec(text)?.[1]);
    assert.ok(age >= 0 && age < 60, `age ${age}`);
  });

  /** An exception for all images of the registry. */
  const exception = (name: string, spec: Json = {}, namespace = NAMESPACE): Json => ({
    apiVersion: 'plimsoll.dev/v1alpha1',
    kind: 'AdmissionException',
    metadata: { name, namespace },
    spec: {
      images: [cluster.images.unsigned.replace(/\/.*/, '/**')],
      namespaces: ['shop'],
      reason: 'the signing service is down since noon',
      requestedBy: 'admin',
      expires: new Date(Date.now() + 3_600_000).toISOString(),
      ...spec,
    },
  });

  test('an exception names who made it, lives for a week at most, and counts in our namespace only', async () => {
    const { plane } = cluster;
    const refusal = async (document: Json) => (await plane.tryKubectl('create -f -', document)).stderr;
    assert.match(
      await refusal(exception('a', { requestedBy: 'jane' })),
      /requestedBy: expected who makes it, admin, found jane/,
    );
    const late = new Date(Date.now() + 8 * 86_400_000).toISOString();
    assert.match(await refusal(exception('a', { expires: late })), /expected at most 7 days/);
    assert.match(await refusal(exception('a', { expires: undefined })), /spec\.expires: Required value/);
    assert.match(await refusal(exception('a', { reason: 'short' })), /spec\.reason/);
    assert.match(await refusal(exception('a', {}, 'shop')), /expected an exception in namespace plimsoll-system/);
  });

  test('an exception lets through with a warning, cannot be changed, and ends by itself', async () => {
    const { plane, images } = cluster;
    const tried = async (namespace = 'shop') =>
      await plane.tryKubectl('create --dry-run=server -f -', pod('tried', images.unsigned, namespace));
    assert.equal((await tried()).code, 1);
    const expires = new Date(Date.now() + 5000).toISOString();
    await plane.kubectl('create -f -', exception('outage', { expires }));
    await until(async () => (await tried()).code === 0, 1000);
    const { stdout, stderr } = await tried();
    assert.match(stderr, /^Warning: .*let through by exception outage of admin until .*the signing service is down/);
    assert.match(stdout, /created \(server dry run\)/);
    const patch = JSON.stringify({ spec: { namespaces: ['shop', 'default'] } });
    const changed = await plane.tryKubectl(`patch admissionexception outage -n ${NAMESPACE} --type merge -p ${patch}`);
    assert.match(changed.stderr, /an exception is not changed/);
    await until(async () => (await tried()).code === 1, 8000);
    assert.ok(Date.now() >= Date.parse(expires), 'not before its end');
  });

  test('who may not write in our namespace makes no exception', async () => {
    const { plane, bench } = cluster;
    await plane.kubectl('create serviceaccount developer -n shop');
    await plane.kubectl('create rolebinding developer -n shop --clusterrole=admin --serviceaccount=shop:developer');
    const token = (await plane.kubectl('create token developer -n shop')).stdout.trim();
    const config = join(bench.folder, 'developer.kubeconfig');
    await writeKubeconfig(config, { url: plane.url, caFile: plane.caFile, token });
    const { stderr } = await plane.tryKubectl(`create --kubeconfig ${config} -f -`, exception('mine'));
    assert.match(stderr, /forbidden/);
  });
});
