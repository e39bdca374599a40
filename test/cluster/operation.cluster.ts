/** Three replicas under load while what they depend on changes: no wrong allow, and no review without an answer. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBench, missingPeers, type Bench, type Server } from '../interop/support.ts';
import { CLUSTER_PEERS, createControlPlane, type ControlPlane } from './control-plane.ts';
import { createImages, pod, type Images } from './fixtures.ts';
import { installAllButWebhooks, installWebhooks, NAMESPACE, probe, until, type Json } from './installation.ts';
import { startLoad, startService, type Load, type Service, type Verdicts } from './load.ts';

describe('three replicas under load', missingPeers(...CLUSTER_PEERS), () => {
  let bench: Bench;
  let plane: ControlPlane;
  let images: Images;
  let service: Service;
  let load: Load;
  let kubeconfig = '';
  const replicas: Server[] = [];

  before(async () => {
    bench = await createBench();
    plane = await createControlPlane(bench);
    images = await createImages(bench);
    kubeconfig = await installAllButWebhooks(bench, plane);
    service = await startService();
    // nobody's certificate is believed until the replicas have agreed on theirs
    await installWebhooks(bench, plane, service.url);
    await plane.kubectl('create namespace shop');
    await plane.kubectl('label namespace shop policy.sigstore.dev/include=true');
    await Promise.all([1, 2, 3].map(startReplica));
    await until(async () => (await plane.tryKubectl('apply -f -', images.policy('signed-by-the-team'))).code === 0);
    const pods = { signed: pod('signed', images.signed), unsigned: pod('unsigned', images.unsigned) };
    await until(async () => (await plane.tryKubectl('create --dry-run=server -f -', pods.signed)).code === 0);
    load = await startLoad(plane, pods, { clients: 4 });
  });

  after(async () => {
    await load?.stop();
    for (const replica of replicas) await replica.stop();
    await service?.stop();
    await images?.registry.stop();
    await plane?.stop();
    await bench?.stop();
  });

  async function startReplica(number: number): Promise<void> {
    const env = { PLIMSOLL_DATA_DIR: `${bench.folder}/replica-${number}` };
    const flags = ['--tls-secret', 'plimsoll-tls', '--drain', '1'];
    const args = ['serve', '--cluster', '--kubeconfig', kubeconfig, '--listen', '127.0.0.1:0', ...flags];
    const replica = await bench.serve(args, { env });
    replicas.push(replica);
    service.replicas.add(replica);
    await until(async () => (await probe(replica, '/readyz')).status === 200);
  }

  /** What came of all that was asked while it ran, and a moment after. */
  async function during(work: () => Promise<unknown>): Promise<Record<'signed' | 'unsigned', Verdicts>> {
    load.take();
    await work();
    await sleep(1500);
    const { signed, unsigned } = load.take();
    assert.ok(signed !== undefined && unsigned !== undefined);
    assert.equal(unsigned.allowed, 0, 'an unsigned image was let through');
    assert.ok(
      signed.allowed + signed.denied > 20 && unsigned.denied > 20,
      `expected load, found ${JSON.stringify({ signed, unsigned })}`,
    );
    return { signed, unsigned };
  }

  function assertAllRight({ signed, unsigned }: Record<'signed' | 'unsigned', Verdicts>): void {
    assert.deepEqual([signed.unanswered, unsigned.unanswered, signed.denied], [[], [], 0]);
  }

  const secret = async (): Promise<Readonly<Record<string, string>>> => {
    const { stdout } = await plane.kubectl(`get secret plimsoll-tls -n ${NAMESPACE} -o json`);
    return (JSON.parse(stdout) as { readonly data: Readonly<Record<string, string>> }).data;
  };
  const bundles = async (): Promise<readonly string[]> => {
    const { stdout } = await plane.kubectl('get validatingwebhookconfiguration plimsoll -o json');
    const { webhooks } = JSON.parse(stdout) as { readonly webhooks: readonly { readonly clientConfig: Json }[] };
    return webhooks.map(({ clientConfig }) => String(clientConfig['caBundle']));
  };

  test('the replicas serve one certificate, whose authority stands in the webhooks', async () => {
    const { 'ca.crt': authority } = await secret();
    assert.deepEqual([...new Set(await bundles())], [authority]);
    assertAllRight(await during(async () => await sleep(500)));
  });

  test('a certificate is replaced under load', async () => {
    const before = await secret();
    const verdicts = await during(async () => {
      const patch = JSON.stringify({ data: { 'tls.crt': null, 'tls.key': null } });
      await plane.kubectl(`patch secret plimsoll-tls -n ${NAMESPACE} --type merge -p ${patch}`);
      await until(async () => ![undefined, before['tls.crt']].includes((await secret())['tls.crt']));
    });
    const after = await secret();
    assert.equal(after['ca.crt'], before['ca.crt']);
    assertAllRight(verdicts);
  });

  test('an authority is replaced under load: the new one is believed before anything is served by it', async () => {
    const before = await secret();
    const patch = (fields: readonly string[]) =>
      JSON.stringify({ data: Object.fromEntries(fields.map((name) => [name, null])) });
    const change = async (...fields: readonly string[]) =>
      await plane.kubectl(`patch secret plimsoll-tls -n ${NAMESPACE} --type merge -p ${patch(fields)}`);
    assertAllRight(
      await during(async () => {
        await change('ca.key');
        await until(async () => (await secret())['ca.key'] !== undefined);
        const { 'ca.crt': both = '', 'tls.crt': served } = await secret();
        assert.equal(served, before['tls.crt']);
        assert.ok(Buffer.from(both, 'base64').includes(Buffer.from(before['ca.crt'] ?? '', 'base64')));
        await until(async () => (await bundles()).every((bundle) => bundle === both));
        await change('tls.crt', 'tls.key');
        await until(async () => ![undefined, before['tls.crt']].includes((await secret())['tls.crt']));
      }),
    );
  });

  test('a policy is changed under load: from one moment on the new one holds', async () => {
    const policy = images.policy('signed-by-the-team');
    const closed = { ...policy, spec: { ...(policy['spec'] as Json), authorities: [{ static: { action: 'fail' } }] } };
    const { signed, unsigned } = await during(async () => await plane.kubectl('apply -f -', closed));
    assert.ok(signed.denied > 0, 'the new policy holds');
    assert.deepEqual([signed.unanswered, unsigned.unanswered], [[], []]);
    load.take();
    await sleep(500);
    assert.equal(load.take()['signed']?.allowed, 0);
    await plane.kubectl('apply -f -', policy);
    await sleep(1500);
    assertAllRight(await during(async () => await sleep(200)));
  });

  test('a replica that is told to end loses nothing', async () => {
    const [leaving] = replicas.splice(0, 1);
    assert.ok(leaving !== undefined);
    assertAllRight(
      await during(async () => {
        await leaving.stop();
        service.replicas.delete(leaving);
      }),
    );
    await startReplica(4);
  });

  test('a replica that is killed lets nothing through; what it had taken is refused, all else is answered', async () => {
    const [killed] = replicas.splice(0, 1);
    assert.ok(killed !== undefined);
    const { signed, unsigned } = await during(async () => {
      await killed.stop('SIGKILL');
      service.replicas.delete(killed);
      await sleep(1000);
    });
    assert.equal(signed.denied, 0);
    const lost = [...signed.unanswered, ...unsigned.unanswered];
    for (const message of lost) assert.match(message, /^500 .*failed calling webhook/);
    // no more than were asked at that moment, once for each connection that the API server kept to it
    assert.ok(lost.length <= 8, `${lost.length} lost: ${lost[0]}`);
    assertAllRight(await during(async () => await sleep(200)));
    await startReplica(5);
  });
});
