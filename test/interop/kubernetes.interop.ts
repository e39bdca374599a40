/**
 * Admission with objects of the real kubectl: wrapped into reviews as an API server sends them, judged over HTTPS by the server as a user
 * starts it, and patched by kubectl with what it answers. The images lie signed and unsigned in a registry of ours.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createBench, makeLayout, missingPeers, peer, PLIMSOLL, type Bench, type Server } from './support.ts';

const kubectl = peer('PEER_KUBECTL');
const ours = (...args: readonly string[]): readonly string[] => [PLIMSOLL, ...args];

type Json = Readonly<Record<string, unknown>>;

interface Answer {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly code: number; readonly message: string };
  readonly patchType?: string;
  readonly patch?: string;
  readonly warnings?: readonly string[];
}

interface Deed {
  readonly operation?: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly oldObject?: Json;
  readonly subResource?: string;
}

/** The resource of each kind, as discovery tells it. */
const RESOURCES: Readonly<Record<string, string>> = {
  Pod: 'pods',
  Deployment: 'deployments',
  Job: 'jobs',
  CronJob: 'cronjobs',
  ReplicaSet: 'replicasets',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
  Service: 'services',
};

const OPTIONS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

/** All that k8s.io/api/admission/v1 AdmissionRequest has, with nulls where the API server encodes an empty RawExtension. */
function makeReview(object: Json, { operation = 'CREATE', oldObject, subResource }: Deed): Json {
  const [version = '', group = ''] = String(object['apiVersion']).split('/').toReversed();
  const kind = { group, version, kind: object['kind'] };
  const resource = { group, version, resource: RESOURCES[String(object['kind'])] };
  const { name } = object['metadata'] as { readonly name: string };
  const part = subResource === undefined ? {} : { subResource, requestSubResource: subResource };
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: randomUUID(),
      kind,
      resource,
      ...part,
      requestKind: kind,
      requestResource: resource,
      name,
      namespace: 'team',
      operation,
      userInfo: { username: 'kubernetes-admin', groups: ['kubeadm:cluster-admins', 'system:authenticated'] },
      object: operation === 'DELETE' ? null : object,
      oldObject: oldObject ?? null,
      dryRun: false,
      options: { kind: OPTIONS[operation], apiVersion: 'meta.k8s.io/v1', fieldManager: 'kubectl-create' },
    },
  };
}

describe('admission of objects that kubectl makes', missingPeers('PEER_KUBECTL'), () => {
  let bench: Bench;
  let registry: Server;
  let server: Server;
  let ca: Buffer;
  let signed = '';
  let unsigned = '';
  const digests = new Map<string, string>();

  before(async () => {
    bench = await createBench();
    registry = await bench.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--dir', 'registry']);
    const address = new URL(registry.ready['url'] ?? '').host;
    [signed, unsigned] = [`${address}/team/signed:v1`, `${address}/team/unsigned:v1`];
    for (const [index, reference] of [signed, unsigned].entries()) {
      const { digest } = await makeLayout(join(bench.folder, `layout${index}`), reference);
      await bench.run(ours('push', `layout${index}`, reference));
      digests.set(reference, digest);
    }
    await bench.run(ours('generate-key-pair', '--output-key-prefix', 'team'));
    await bench.run(ours('sign', '--key', 'team.key', signed));
    const data = await readFile(join(bench.folder, 'team.pub'), 'utf8');
    const policy = {
      apiVersion: 'policy.sigstore.dev/v1beta1',
      kind: 'ClusterImagePolicy',
      metadata: { name: 'signed-by-the-team' },
      spec: { images: [{ glob: `${address}/team/**` }], authorities: [{ name: 'team', key: { data } }] },
    };
    await writeFile(join(bench.folder, 'policy.yaml'), JSON.stringify(policy));
    server = await bench.serve(['serve', '--policy', 'policy.yaml', '--listen', '127.0.0.1:0']);
    ca = await readFile(server.ready['caFile'] ?? '');
  });

  after(async () => {
    await server.stop();
    await registry.stop();
    await bench.stop();
  });

  const pinned = (reference: string): string => `${reference}@${digests.get(reference)}`;

  /** Over TLS, with the server's certificate checked as an API server does by the CA bundle. */
  async function post(path: string, document: unknown): Promise<{ readonly status: number; readonly body: string }> {
    const body = JSON.stringify(document);
    const headers = { 'content-type': 'application/json', accept: 'application/json, */*' };
    return await new Promise((resolve, reject) => {
      const asking = request(
        `${server.ready['url']}${path}?timeout=10s`,
        { method: 'POST', ca, headers },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
          );
        },
      );
      asking.on('error', reject);
      asking.end(body);
    });
  }

  async function review(mode: 'validate' | 'mutate', object: Json, deed: Deed = {}): Promise<Answer> {
    const sent = makeReview(object, deed);
    const { status, body } = await post(`/${mode}`, sent);
    assert.equal(status, 200, body);
    const answer = JSON.parse(body) as {
      readonly apiVersion: string;
      readonly kind: string;
      readonly response: Answer;
    };
    assert.equal(answer.apiVersion, 'admission.k8s.io/v1');
    assert.equal(answer.kind, 'AdmissionReview');
    assert.equal(answer.response.uid, (sent['request'] as { readonly uid: string }).uid);
    return answer.response;
  }

  async function make(...words: readonly string[]): Promise<Json> {
    const { stdout } = await bench.run(kubectl('create', '--dry-run=client', '-o', 'json', ...words));
    return JSON.parse(stdout) as Json;
  }

  /** kubectl decodes the object and the result, so that a patch that makes no valid object fails here. */
  async function patchWithKubectl(object: Json, answer: Answer): Promise<Json> {
    assert.equal(answer.patchType, 'JSONPatch');
    const patch = Buffer.from(answer.patch ?? '', 'base64').toString('utf8');
    await writeFile(join(bench.folder, 'object.json'), JSON.stringify(object));
    const local = ['--local', '-f', 'object.json', '--type', 'json', '-p', patch, '-o', 'json'];
    return JSON.parse((await bench.run(kubectl('patch', ...local))).stdout) as Json;
  }

  /** The object as it must be after the patch: every image pinned, all else as it was. */
  function withPins(object: Json): unknown {
    return JSON.parse(
      JSON.stringify(object, (_key, value: unknown) => (value === signed ? pinned(signed) : value)),
    ) as unknown;
  }

  /** An object with one more image by hand, in each place that kubectl makes none. */
  function podOf(deployment: Json, more: Json = {}): Json {
    const { template } = deployment['spec'] as { readonly template: { readonly metadata: Json; readonly spec: Json } };
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...template.metadata, name: 'app' },
      spec: { ...template.spec, ...more },
    };
  }

  const makers: Readonly<Record<'deployment' | 'job' | 'cron job' | 'pod', (image: string) => Promise<Json>>> = {
    deployment: (image) => make('deployment', 'app', `--image=${image}`, '--replicas=2', '--port=80'),
    job: (image) => make('job', 'once', `--image=${image}`, '--', 'date'),
    'cron job': (image) => make('cronjob', 'nightly', `--image=${image}`, '--schedule=0 3 * * *', '--', 'date'),
    pod: async (image) => podOf(await make('deployment', 'app', `--image=${image}`)),
  };

  for (const [name, maker] of Object.entries(makers)) {
    test(`a ${name} of a signed image is admitted, and the patch pins it`, async () => {
      const object = await maker(signed);
      const answer = await review('mutate', object);
      assert.equal(answer.allowed, true, JSON.stringify(answer));
      const patched = await patchWithKubectl(object, answer);
      assert.deepEqual(patched, withPins(object));
      const validated = await review('validate', patched);
      assert.deepEqual([validated.allowed, validated.patch], [true, undefined]);
      const again = await review('mutate', patched);
      assert.deepEqual([again.allowed, again.patch], [true, undefined]);
    });

    test(`a ${name} of an unsigned or missing image is denied, with the policy's name`, async () => {
      for (const image of [unsigned, pinned(unsigned), signed.replace(':v1', ':v2')]) {
        for (const mode of ['mutate', 'validate'] as const) {
          const { allowed, status, patch } = await review(mode, await maker(image));
          assert.deepEqual([allowed, status?.code, patch], [false, 403, undefined]);
          assert.ok(status?.message.includes(image), JSON.stringify(status));
        }
      }
      const { status } = await review('validate', await maker(unsigned));
      assert.match(status?.message ?? '', /signed-by-the-team/);
    });
  }

  test('a deployment of several images is judged by each of them', async () => {
    const two = await make('deployment', 'app', `--image=${signed}`, `--image=${unsigned}`);
    const denied = await review('mutate', two);
    assert.deepEqual([denied.allowed, denied.patch], [false, undefined]);
    const message = denied.status?.message ?? '';
    assert.ok(message.includes(unsigned) && !message.includes(signed), message);
  });

  test('a pod that names a tag is pinned by the one webhook and denied by the other', async () => {
    const pod = await makers.pod(signed);
    assert.equal((await review('mutate', pod)).allowed, true);
    const { allowed, status } = await review('validate', pod);
    assert.equal(allowed, false);
    assert.ok(status?.message.includes(pinned(signed)), JSON.stringify(status));
  });

  const places: Readonly<Record<string, (image: string) => Json>> = {
    'an init container': (image) => ({ initContainers: [{ name: 'first', image }] }),
    'a sidecar': (image) => ({ initContainers: [{ name: 'side', image, restartPolicy: 'Always' }] }),
    'an ephemeral container': (image) => ({ ephemeralContainers: [{ name: 'debugger', image, stdin: true }] }),
    'an image volume': (image) => ({ volumes: [{ name: 'model', image: { reference: image, pullPolicy: 'Always' } }] }),
  };

  for (const [place, more] of Object.entries(places)) {
    test(`${place} is judged and pinned as a container is`, async () => {
      const deployment = await make('deployment', 'app', `--image=${signed}`);
      const good = podOf(deployment, more(signed));
      const answer = await review('mutate', good);
      assert.equal(answer.allowed, true, JSON.stringify(answer));
      assert.deepEqual(await patchWithKubectl(good, answer), withPins(good));
      const { allowed, status } = await review('mutate', podOf(deployment, more(unsigned)));
      assert.equal(allowed, false);
      assert.ok(status?.message.includes(unsigned));
    });
  }

  test('kubectl debug, an update of a subresource, is judged by the image that it adds', async () => {
    const deployment = await make('deployment', 'app', `--image=${pinned(signed)}`);
    const oldObject = podOf(deployment);
    for (const [image, expected] of [
      [signed, true],
      [unsigned, false],
    ] as const) {
      const object = podOf(deployment, { ephemeralContainers: [{ name: 'debugger', image, tty: true }] });
      const deed = { operation: 'UPDATE', oldObject, subResource: 'ephemeralcontainers' } as const;
      assert.equal((await review('mutate', object, deed)).allowed, expected, image);
    }
  });

  test('an update passes when its images stay, and is judged when they change', async () => {
    const oldObject = await makers.deployment(unsigned);
    await writeFile(join(bench.folder, 'old.json'), JSON.stringify(oldObject));
    const label = await bench.run(kubectl('label', '--local', '-f', 'old.json', 'a=b', '-o', 'json'));
    const labelled = JSON.parse(label.stdout) as Json;
    assert.equal((await review('validate', labelled, { operation: 'UPDATE', oldObject })).allowed, true);
    const wanted = ['--local', '-f', 'old.json', `*=${signed.replace(':v1', ':v2')}`, '-o', 'json'];
    const changed = JSON.parse((await bench.run(kubectl('set', 'image', ...wanted))).stdout) as Json;
    assert.equal((await review('validate', changed, { operation: 'UPDATE', oldObject })).allowed, false);
  });

  test('a deletion passes, and a kind without images that is sent all the same is refused', async () => {
    const oldObject = await makers.deployment(unsigned);
    assert.equal((await review('validate', oldObject, { operation: 'DELETE', oldObject })).allowed, true);
    const service = await make('service', 'clusterip', 'app', '--tcp=80:80');
    const { allowed, status } = await review('validate', service);
    assert.equal(allowed, false);
    assert.match(status?.message ?? '', /unknown-kind/);
  });

  test('reviews of another version, and bytes that are none, are refused without a verdict', async () => {
    const pod = makeReview(await makers.pod(signed), {});
    for (const bad of [{ ...pod, apiVersion: 'admission.k8s.io/v1beta1' }, { ...pod, request: undefined }, []]) {
      const { status, body } = await post('/validate', bad);
      assert.equal(status, 422, body);
      assert.ok(!body.includes('"allowed"'), body);
    }
  });

  test('a review whose kind is not that of its object is denied', async () => {
    const sent = makeReview(await makers.deployment(signed), {});
    const lying = { ...(sent['request'] as Json), kind: { group: '', version: 'v1', kind: 'Service' } };
    const { body } = await post('/validate', { ...sent, request: lying });
    const { response } = JSON.parse(body) as { readonly response: Answer };
    assert.equal(response.allowed, false);
  });
});
