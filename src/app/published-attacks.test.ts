/**
 * Ways past admission that were published for other programs, or are open in them: each by its number (CVE, GHSA, or G for those without).
 * Signatures, registries and wire formats are real; what lies beside is in the tests of their rooms.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, digestOf, parseReference } from '../core/index.ts';
import type { Digest, WebHandler } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { parsePolicies } from '../policies/index.ts';
import { policyText } from '../policies/testing.ts';
import { attestImage, formatPublicKey, signImage } from '../trust/index.ts';
import { createSigningKey, pushImage, signOptionsOf } from '../trust/images/testing.ts';
import { admit } from './admit.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import type { EvidenceOptions } from './gather-evidence.ts';
import { fixedPlatforms } from './node-platforms.ts';
import type { EvidenceSource } from './gather-evidence.ts';
import { openRepository } from './registry.ts';
import { reviewAdmission } from './review.ts';
import { createTestRegistry } from './testing.ts';

type Json = Readonly<Record<string, unknown>>;

const HOST = 'localhost:5000';
const VULN = 'https://cosign.sigstore.dev/attestation/vuln/v1';
const key = createSigningKey();
const stranger = createSigningKey();
const keyed = { key: { data: formatPublicKey(key.publicKey) } };
const signal = new AbortController().signal;

interface Options {
  readonly evidence?: Omit<EvidenceOptions, 'reuseFor'>;
  /** Stands between us and the registry. */
  readonly wrap?: (inner: WebHandler) => WebHandler;
  readonly authority?: object;
  readonly policy?: Json;
}

async function setUp({ wrap = (inner) => inner, authority = keyed, policy = {}, evidence = {} }: Options = {}) {
  const plain = createTestPorts();
  const registry = createTestRegistry(plain);
  const direct = { ...plain, http: createHandlerHttp({ [HOST]: registry }) };
  const repository = openRepository(direct, parseReference(`${HOST}/app`));
  const signed = await pushImage(repository, 'signed');
  const unsigned = await pushImage(repository, 'unsigned');
  await signImage(repository, { subject: signed, annotations: { team: 'blue' } }, signOptionsOf(key));
  const tag = async (digest: Digest, name = 'v1') => {
    const { bytes, descriptor } = await repository.fetchManifest(digest);
    await repository.pushManifest(bytes, descriptor.mediaType, name);
  };
  await tag(signed.digest);
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: wrap(registry) }) };
  const source = createEvidenceSource(ports, { reuseFor: 0, ...evidence });
  const policies = parsePolicies(policyText([authority], policy), 'p.yaml');
  const judge = async (object: Json, oldObject?: Json) => {
    const input = { object, policies, noMatch: 'deny', exceptions: [], at: ports.clock() } as const;
    const judged = await admit(source, oldObject === undefined ? input : { ...input, oldObject }, signal);
    return { ...judged, codes: judged.images.flatMap(({ verdict }) => verdict.reasons.map(({ code }) => code)) };
  };
  const review = async (request: Json, mode: 'validate' | 'mutate' = 'validate', text?: string) => {
    const kind = { group: '', version: 'v1', kind: 'Pod' };
    const whole = { uid: 'u', kind, operation: 'CREATE', namespace: 'default', ...request };
    const document = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: whole };
    const bytes = new TextEncoder().encode(text ?? JSON.stringify(document));
    const settings = { mode, source, policies, noMatch: 'deny', exceptions: [], at: ports.clock() } as const;
    const { response } = await reviewAdmission(bytes, settings, signal);
    return response.response as { allowed: boolean; status?: { message: string }; patch?: string };
  };
  return { ports, repository, signed, unsigned, tag, judge, review, source };
}

function pod(image: string, more: { metadata?: Json; spec?: Json } = {}): Json {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', ...more.metadata },
    spec: { containers: [{ name: 'c', image }], ...more.spec },
  };
}

function deployment(image: string, replicas: number): Json {
  const { metadata, spec } = pod(image);
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas, template: { metadata: {}, spec } } };
}

const at = (digest: Digest) => `${HOST}/app@${digest}`;

test('CVE-2022-35930: an image signature does not stand in for the attestation that is required', async () => {
  const authority = { ...keyed, attestations: [{ name: 'scan', predicateType: 'vuln' }] };
  const { judge, signed } = await setUp({ authority });
  const { outcome, codes } = await judge(pod(at(signed.digest)));
  assert.deepEqual([outcome, codes[0]], ['deny', 'no-matching-attestation']);
});

test('CVE-2022-35929: an attestation of another type does not stand in for the one that is required', async () => {
  const authority = { ...keyed, attestations: [{ name: 'sbom', predicateType: 'spdxjson' }] };
  const { judge, signed, repository } = await setUp({ authority });
  await attestImage(repository, { subject: signed, predicateType: VULN, predicate: {} }, signOptionsOf(key));
  assert.equal((await judge(pod(at(signed.digest)))).outcome, 'deny');
});

test('CVE-2022-47633: a registry that serves another manifest at the second read cannot swap the image', async () => {
  let reads = 0;
  const swap: { digest?: Digest } = {};
  const { judge, signed, unsigned } = await setUp({
    wrap: (inner) => async (request, context) => {
      const isTag = new URL(request.url).pathname.endsWith('/manifests/v1') && request.method === 'GET';
      reads += isTag ? 1 : 0;
      if (!isTag || reads === 1 || swap.digest === undefined) return await inner(request, context);
      return await inner(new Request(request.url.replace('/v1', `/${swap.digest}`), request), context);
    },
  });
  swap.digest = unsigned.digest;
  const { outcome, images } = await judge(pod(`${HOST}/app:v1`));
  assert.deepEqual([outcome, images[0]?.pinned], ['allow', `${HOST}/app:v1@${signed.digest}`]);
  assert.equal(reads, 1, 'the tag is read once');
  const again = await judge(pod(`${HOST}/app:v1`));
  assert.deepEqual([again.outcome, again.images[0]?.digest], ['deny', unsigned.digest]);
});

test('CVE-2023-47630, CVE-2023-33959: the digest is that of the bytes, whatever the registry says it is', async () => {
  const said: { digest?: Digest } = {};
  const { judge, signed, unsigned, tag } = await setUp({
    wrap: (inner) => async (request, context) => {
      const response = await inner(request, context);
      const headers = new Headers(response.headers);
      if (said.digest !== undefined && headers.has('docker-content-digest'))
        headers.set('docker-content-digest', said.digest);
      return new Response(request.method === 'HEAD' ? null : await response.arrayBuffer(), {
        status: response.status,
        headers,
      });
    },
  });
  await tag(unsigned.digest);
  said.digest = signed.digest;
  const { outcome, images } = await judge(pod(`${HOST}/app:v1`));
  assert.equal(outcome, 'deny');
  assert.notEqual(images[0]?.pinned, `${HOST}/app:v1@${signed.digest}`);
});

test('kyverno 16336: a verdict that the object carries is not read', async () => {
  const { judge, unsigned } = await setUp();
  const annotations = {
    'kyverno.io/image-verification-outcomes': '{"all":"pass"}',
    'kyverno.io/verify-images': JSON.stringify({ [at(unsigned.digest)]: true }),
  };
  assert.equal((await judge(pod(at(unsigned.digest), { metadata: { annotations } }))).outcome, 'deny');
});

test('CVE-2023-34091: an object that is being deleted is judged like any other', async () => {
  const { judge, signed, unsigned } = await setUp();
  const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['keep/me'] };
  const before = pod(at(signed.digest));
  assert.equal((await judge(pod(at(unsigned.digest), { metadata }))).outcome, 'deny');
  assert.equal((await judge(pod(at(unsigned.digest), { metadata }), before)).outcome, 'deny');
  assert.equal((await judge(pod(at(signed.digest), { metadata }), before)).outcome, 'allow');
});

test('CVE-2025-29778: a field of an identity that is not known is refused, not passed over', () => {
  for (const field of ['subjectRegexp', 'issuerRegex', 'subjectRegExpr', 'extensions']) {
    const identity = { issuer: 'https://a.test', subject: 'b', [field]: 'c' };
    const text = policyText([{ keyless: { identities: [identity] } }]);
    assert.throws(() => parsePolicies(text, 'p.yaml'), new RegExp(`${field}: unknown field`));
  }
});

test('CVE-2025-46342: labels that are missing take no object out of every policy unseen', async () => {
  const match = [{ version: 'v1', resource: 'pods', selector: { matchLabels: { tier: 'web' } } }];
  const { judge, signed, unsigned } = await setUp({ policy: { match } });
  const labelled = { metadata: { labels: { tier: 'web' } } };
  assert.equal((await judge(pod(at(signed.digest), labelled))).outcome, 'allow');
  for (const image of [at(signed.digest), at(unsigned.digest)]) {
    const { outcome, codes } = await judge(pod(image));
    assert.deepEqual([outcome, codes], ['deny', ['no-matching-policy']]);
  }
});

test('CVE-2023-42813 to 42816, CVE-2023-46737, CVE-2024-29902, CVE-2024-29903: endless evidence is read up to a ceiling', async () => {
  let asked = 0;
  const { judge, unsigned } = await setUp({
    wrap: (inner) => async (request, context) => {
      asked += 1;
      const { pathname } = new URL(request.url);
      if (!pathname.includes('/referrers/')) return await inner(request, context);
      const manifests = Array.from({ length: 5000 }, (_, index) => ({
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: digestOf(String(index)),
        size: 400,
        artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      }));
      const body = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
      return Response.json(body, { headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' } });
    },
  });
  const { outcome } = await judge(pod(at(unsigned.digest)));
  assert.equal(outcome, 'deny');
  assert.ok(asked < 1500, `${asked} requests`);
});

test('CVE-2026-39395: a signature whose payload cannot be read proves nothing', async () => {
  const { judge, signed } = await setUp({
    wrap: (inner) => async (request, context) => {
      const response = await inner(request, context);
      const isBlob = new URL(request.url).pathname.includes('/blobs/');
      return isBlob ? new Response('{"critical":', { status: response.status }) : response;
    },
  });
  assert.equal((await judge(pod(at(signed.digest)))).outcome, 'deny');
});

test('CVE-2025-47281, CVE-2026-23881, CVE-2026-41485: a condition that never ends, or grows without end, denies', async () => {
  const nested = 'predicate.l.all(a, predicate.l.all(b, predicate.l.all(c, predicate.l.all(d, a + b + c + d > -1))))';
  const conditions = [
    { type: 'cel', data: nested },
    {
      type: 'rego',
      data: 'package sigstore\nl := input.predicate.l\nisCompliant { count([1 | l[a]; l[b]; l[c]; l[d]]) > 0 }',
    },
    { type: 'cue', data: '#a: {b: #a}\nx: #a' },
  ];
  for (const policy of conditions) {
    const judged = async () => {
      const authority = { ...keyed, attestations: [{ name: 'scan', predicateType: 'vuln', policy }] };
      const { judge, signed, repository } = await setUp({ authority });
      const predicate = { l: Array.from({ length: 400 }, (_, index) => index) };
      await attestImage(repository, { subject: signed, predicateType: VULN, predicate }, signOptionsOf(key));
      return (await judge(pod(at(signed.digest)))).codes[0];
    };
    // refused when it is loaded, or an error when it is judged
    const outcome = await judged().catch((error: unknown) => (error instanceof AppError ? error.kind : String(error)));
    assert.ok(outcome === 'condition-error' || outcome === 'invalid-input', `${policy.type}: ${outcome}`);
  }
});

test('CVE-2022-36085: what reaches outside cannot be reached through `with` either', () => {
  const rule = (data: string) => ({
    name: 'a',
    predicateType: 'vuln',
    policy: { type: 'rego', data: `package sigstore\n${data}` },
  });
  for (const data of [
    'isCompliant { http.send({"method": "GET", "url": "http://169.254.169.254"}).status_code == 200 }',
    'isCompliant { count("x") == 1 with count as http.send }',
    'isCompliant { opa.runtime().env.TOKEN }',
    'isCompliant { net.lookup_ip_addr("a.test") }',
  ])
    assert.throws(
      () => parsePolicies(policyText([{ ...keyed, attestations: [rule(data)] }]), 'p.yaml'),
      AppError,
      data,
    );
});

test('GHSA-459x-q9hg-4gpq, CVE-2026-22039: a policy text from elsewhere is asked for by https alone', () => {
  for (const url of ['http://169.254.169.254/latest', 'file:///etc/passwd', 'https', '']) {
    const policy = { type: 'cel', remote: { url, sha256sum: '0'.repeat(64) } };
    const text = policyText([{ ...keyed, attestations: [{ name: 'a', predicateType: 'vuln', policy }] }]);
    assert.throws(() => parsePolicies(text, 'p.yaml'), /remote\.url: expected an https address/, url);
  }
});

test('G2: an attestation that nobody signed, or somebody else, is none, wherever it is stored', async () => {
  const authority = { ...keyed, attestations: [{ name: 'scan', predicateType: 'vuln' }] };
  const { judge, signed, repository } = await setUp({ authority });
  await attestImage(repository, { subject: signed, predicateType: VULN, predicate: {} }, signOptionsOf(stranger));
  const { outcome, codes } = await judge(pod(at(signed.digest)));
  assert.equal(outcome, 'deny');
  assert.ok(codes.includes('no-matching-attestation'));
  await attestImage(repository, { subject: signed, predicateType: VULN, predicate: {} }, signOptionsOf(key));
  assert.equal((await judge(pod(at(signed.digest)))).outcome, 'allow');
});

test('G3: every failure on the way denies, an answer that is none too', async () => {
  const { policies, clock } = {
    policies: parsePolicies(policyText([keyed]), 'p.yaml'),
    clock: createTestPorts().clock,
  };
  const good: EvidenceSource = {
    resolve: async () => digestOf('a'),
    epoch: async () => '',
    gather: async () => ({ evidence: [], rejected: [] }),
  };
  const failures: readonly Partial<EvidenceSource>[] = [
    { resolve: () => Promise.reject(new Error('plain')) },
    { gather: () => Promise.reject(new DOMException('cancelled', 'AbortError')) },
    { gather: () => Promise.reject(new AppError('unavailable', 'down')) },
    { gather: () => Promise.resolve({} as never) },
    {},
  ];
  for (const failure of failures) {
    const input = { object: pod('r.test/app:1'), policies, noMatch: 'allow', at: clock() } as const;
    assert.equal((await admit({ ...good, ...failure }, input, signal)).outcome, 'deny');
  }
});

test('G5: an update that lowers replicas and changes an image is judged; one that only scales is not in the way', async () => {
  const { judge, signed, unsigned } = await setUp();
  const before = deployment(at(signed.digest), 3);
  assert.equal((await judge(deployment(at(unsigned.digest), 1), before)).outcome, 'deny');
  const old = deployment(at(unsigned.digest), 3);
  for (const replicas of [1, 5])
    assert.equal((await judge(deployment(at(unsigned.digest), replicas), old)).outcome, 'allow');
});

test('G6: every place that runs an image is looked at', async () => {
  const { judge, review, signed, unsigned } = await setUp();
  const good = at(signed.digest);
  const bad = at(unsigned.digest);
  const specs: readonly Json[] = [
    { initContainers: [{ name: 'i', image: bad }] },
    { ephemeralContainers: [{ name: 'e', image: bad }] },
    { volumes: [{ name: 'v', image: { reference: bad } }] },
    { initContainers: [{ name: 'sidecar', image: bad, restartPolicy: 'Always' }] },
  ];
  for (const spec of specs) assert.equal((await judge(pod(good, { spec }))).outcome, 'deny', JSON.stringify(spec));
  const template = { metadata: {}, spec: pod(bad).spec };
  const owners: readonly Json[] = [
    { apiVersion: 'v1', kind: 'ReplicationController', spec: { template } },
    { apiVersion: 'v1', kind: 'PodTemplate', template },
    { apiVersion: 'apps/v1', kind: 'StatefulSet', spec: { template } },
    { apiVersion: 'apps/v1', kind: 'DaemonSet', spec: { template } },
    { apiVersion: 'batch/v1', kind: 'CronJob', spec: { jobTemplate: { spec: { template } } } },
    { apiVersion: 'custom.test/v1', kind: 'Rollout', spec: { template } },
  ];
  for (const owner of owners)
    assert.equal((await judge({ metadata: { name: 'x' }, ...owner })).outcome, 'deny', String(owner.kind));
  const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x', 'kubernetes.io/config.source': 'file' } };
  assert.equal((await judge(pod(bad, { metadata: mirror }))).outcome, 'deny', 'a static pod says nothing for itself');
  const scale = {
    kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
    subResource: 'scale',
    operation: 'UPDATE',
  };
  const object = { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 3 } };
  assert.equal(
    (await review({ ...scale, object })).allowed,
    false,
    'a webhook that is asked about scale is misconfigured, and says so',
  );
});

test('G7: another spelling of a name takes no image out of a policy', async () => {
  const images = [{ glob: 'index.docker.io/library/nginx*' }];
  const policies = parsePolicies(policyText([{ static: { action: 'fail' } }], { images }), 'p.yaml');
  const speaks = (image: string) => {
    const subject = { reference: parseReference(image), asWritten: image };
    const object = { apiVersion: 'v1', kind: 'Pod', name: 'p', labels: {}, document: {} };
    return policies[0]?.appliesTo({ ...subject, object });
  };
  const digest = digestOf('nginx');
  for (const image of [
    'nginx',
    'nginx:1.25',
    `nginx@${digest}`,
    `nginx:1.25@${digest}`,
    'docker.io/nginx',
    'docker.io/library/nginx',
    'index.docker.io/library/nginx:1',
  ])
    assert.equal(speaks(image), true, image);
  for (const image of [
    'docker.io.evil.com/library/nginx',
    'evil.com/index.docker.io/library/nginx',
    'docker.io/evil/nginx',
  ])
    assert.equal(speaks(image), false, image);
});

test('G8: an identity that anybody has is refused', () => {
  const identities = [{ issuerRegExp: '.*', subjectRegExp: '^.*$' }];
  assert.throws(
    () => parsePolicies(policyText([{ keyless: { identities } }]), 'p.yaml'),
    /patterns that anybody matches/,
  );
});

test('G10: of nothing everything is true, so nothing is no answer', async () => {
  const rego = {
    type: 'rego',
    data: 'package sigstore\nisCompliant { count([x | x := input.authorityMatches[_]]) == 0 }',
  };
  const { judge, unsigned } = await setUp({ policy: { policy: rego } });
  const { outcome, codes } = await judge(pod(at(unsigned.digest)));
  assert.deepEqual([outcome, codes.includes('policy-holds')], ['deny', false], 'an authority must be satisfied first');
});

test('G12: proofs of its images let an index in where that is accepted, and only if nodes run no other', async () => {
  const outcomes = await Promise.all(
    ['linux/amd64', 'linux/arm64', 'linux/amd64,linux/arm64', 'any', 'linux/s390x'].map(async (platforms) => {
      const evidence = { platforms: fixedPlatforms(platforms), acceptsPlatformProofs: true };
      const { judge, index } = await setUpIndex({ evidence });
      return (await judge(pod(at(index.digest)))).outcome;
    }),
  );
  assert.deepEqual(outcomes, ['allow', 'deny', 'deny', 'deny', 'deny']);
  const { judge, index } = await setUpIndex({ evidence: { platforms: fixedPlatforms('linux/amd64') } });
  assert.equal((await judge(pod(at(index.digest)))).outcome, 'deny', 'nobody accepted them');
});

/** An index of a signed image for amd64 and an unsigned one for arm64. */
async function setUpIndex(options: Options = {}) {
  const set = await setUp(options);
  const { repository, signed, unsigned } = set;
  const entry = ({ mediaType, digest, size }: typeof signed, architecture: string) => ({
    mediaType,
    digest,
    size,
    platform: { os: 'linux', architecture },
  });
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    manifests: [entry(signed, 'amd64'), entry(unsigned, 'arm64')],
  });
  return { ...set, index: await repository.pushManifest(new TextEncoder().encode(text), mediaType) };
}

test('G12: what is signed is what is judged, the index or the one image of it', async () => {
  const { judge, repository, unsigned, index } = await setUpIndex();
  assert.equal((await judge(pod(at(index.digest)))).outcome, 'deny', 'a signed child signs no index');
  await signImage(repository, { subject: index, annotations: {} }, signOptionsOf(key));
  assert.equal((await judge(pod(at(index.digest)))).outcome, 'allow');
  assert.equal(
    (await judge(pod(at(unsigned.digest)))).outcome,
    'deny',
    'nor a signed index its children by their own name',
  );
});

test('G13: a statement is about the digests that it names, whatever names stand beside', async () => {
  const authority = { ...keyed, attestations: [{ name: 'scan', predicateType: 'vuln' }] };
  const { judge, repository, signed, unsigned } = await setUp({ authority });
  await attestImage(
    repository,
    { subject: unsigned, predicateType: VULN, predicate: { image: signed.digest } },
    signOptionsOf(key),
  );
  const copied = await repository.fetchManifest(`${unsigned.digest.replace(':', '-')}.att`);
  await repository.pushManifest(copied.bytes, copied.descriptor.mediaType, `${signed.digest.replace(':', '-')}.att`);
  assert.equal((await judge(pod(at(unsigned.digest)))).outcome, 'allow');
  assert.equal((await judge(pod(at(signed.digest)))).outcome, 'deny', 'laid beside another image');
});

test('G14: an owner that was admitted, or says so, excuses no pod', async () => {
  const { judge, unsigned } = await setUp();
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'good', uid: 'u', controller: true }];
  assert.equal((await judge(pod(at(unsigned.digest), { metadata: { ownerReferences } }))).outcome, 'deny');
});

test('G17: an image that somebody swaps after the mutating webhook is judged again, by digest', async () => {
  const { review, signed, unsigned } = await setUp();
  const mutated = await review({ object: pod(`${HOST}/app:v1`) }, 'mutate');
  const patch = Buffer.from(mutated.patch ?? '', 'base64').toString();
  assert.ok(patch.includes(`${HOST}/app:v1@${signed.digest}`));
  assert.equal((await review({ object: pod(`${HOST}/app:v1@${unsigned.digest}`) })).allowed, false);
  assert.equal((await review({ object: pod(`${HOST}/app:v1`) })).allowed, false, 'a tag may move until it is pulled');
  assert.equal((await review({ object: pod(`${HOST}/app:v1@${signed.digest}`) })).allowed, true);
});

test('G19: an ephemeral container is judged, and a connection that nobody can judge is not let in', async () => {
  const { review, signed, unsigned } = await setUp();
  const before = pod(at(signed.digest));
  const debug = (image: string) =>
    pod(at(signed.digest), { spec: { ephemeralContainers: [{ name: 'debug', image }] } });
  const ask = (image: string) =>
    review({ operation: 'UPDATE', subResource: 'ephemeralcontainers', object: debug(image), oldObject: before });
  assert.equal((await ask(at(unsigned.digest))).allowed, false);
  assert.equal((await ask(at(signed.digest))).allowed, true);
  assert.equal((await review({ operation: 'CONNECT', subResource: 'exec', object: undefined })).allowed, false);
});

test('G20: keys that are written twice, reviews that are too large and too many containers', async () => {
  const { review, signed, unsigned } = await setUp();
  const good = JSON.stringify(pod(at(signed.digest)));
  const twice = good.replace(
    `"image":"${at(signed.digest)}"`,
    `"image":"${at(signed.digest)}","image":"${at(unsigned.digest)}"`,
  );
  const request = `{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},"operation":"CREATE","object":${twice}}`;
  const text = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":${request}}`;
  assert.equal((await review({}, 'validate', text)).allowed, false, 'the last one counts, as for the API server');
  const padded = { metadata: { annotations: { padding: 'x'.repeat(9 * 1024 * 1024) } } };
  await assert.rejects(review({ object: pod(at(signed.digest), padded) }), { kind: 'invalid-input' });
  const containers = Array.from({ length: 1001 }, (_, index) => ({ name: `c${index}`, image: at(signed.digest) }));
  assert.equal((await review({ object: pod(at(signed.digest), { spec: { containers } }) })).allowed, false);
});
