/** Admission in a real cluster with policies of a folder: what people see on the terminal of kubectl, and what is stored. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createBench, missingPeers, type Bench, type Server } from '../interop/support.ts';
import { CLUSTER_PEERS, createControlPlane, type ControlPlane } from './control-plane.ts';
import { createImages, pod, webhooks, type Images } from './fixtures.ts';

describe('admission by policies of a folder', missingPeers(...CLUSTER_PEERS), () => {
  let bench: Bench;
  let plane: ControlPlane;
  let images: Images;
  let server: Server;

  before(async () => {
    bench = await createBench();
    plane = await createControlPlane(bench);
    images = await createImages(bench);
    await writeFile(join(bench.folder, 'policy.yaml'), JSON.stringify(images.policy('signed-by-the-team')));
    server = await bench.serve(['serve', '--policy', 'policy.yaml', '--listen', '127.0.0.1:0']);
    const caBundle = (await readFile(server.ready['caFile'] ?? '')).toString('base64');
    await plane.kubectl('create namespace shop');
    await plane.kubectl('label namespace shop policy.sigstore.dev/include=true');
    await plane.kubectl('apply -f -', webhooks(server.ready['url'] ?? '', caBundle));
  });

  after(async () => {
    await server?.stop();
    await images?.registry.stop();
    await plane?.stop();
    await bench?.stop();
  });

  test('kubectl shows why a pod of an unsigned image is denied, and nothing is stored', async () => {
    const { code, stderr } = await plane.tryKubectl('apply -f -', pod('bad', images.unsigned));
    assert.equal(code, 1);
    assert.match(stderr, /admission webhook "mutate\.plimsoll\.dev" denied the request: /);
    assert.ok(stderr.includes(images.unsigned), stderr);
    assert.match(stderr, /signed-by-the-team/);
    assert.equal((await plane.tryKubectl('get pod bad -n shop')).code, 1);
  });

  test('a pod of a signed image is stored with the digest that was judged', async () => {
    const { stdout } = await plane.kubectl('apply -f -', pod('good', images.signed));
    assert.equal(stdout, 'pod/good created\n');
    const stored = await plane.kubectl('get pod good -n shop -o jsonpath={.spec.containers[0].image}');
    assert.equal(stored.stdout, `${images.signed}@${images.digest}`);
  });

  test('a namespace that did not opt in is left alone', async () => {
    await plane.kubectl('apply -f -', pod('bad', images.unsigned, 'default'));
  });
});
