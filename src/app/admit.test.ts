import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, digestOf } from '../core/index.ts';
import type { Evidence } from '../core/index.ts';
import { parsePolicies } from '../policies/index.ts';
import { createSignature, createTestKey, policyText } from '../policies/testing.ts';
import { admit } from './admit.ts';
import type { AdmitInput } from './admit.ts';
import type { EvidenceSource } from './gather-evidence.ts';
import { reviewAdmission } from './review.ts';

const key = createTestKey();
const at = new Date('2026-01-02T00:00:00Z');
const signal = new AbortController().signal;
const policies = parsePolicies(policyText([{ key: { data: key.pem } }]), 'p.yaml');
const digest = digestOf('app');

/** Every tag means `digest`; evidence by digest. */
function createSource(evidence: readonly Evidence[], more: Partial<EvidenceSource> = {}): EvidenceSource {
  return {
    resolve: async () => digest,
    epoch: async () => '',
    gather: async (wanted) => ({
      evidence: evidence.filter((item) => item.artifact === wanted.digest),
      rejected: [],
    }),
    ...more,
  };
}

const signed = createSource([createSignature(key, digest)]);

function pod(...images: string[]): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { containers: images.map((image, index) => ({ name: `c${index}`, image })) },
  };
}

function judge(object: Record<string, unknown>, source: EvidenceSource, more: Partial<AdmitInput> = {}) {
  return admit(source, { object, policies, noMatch: 'deny', at, ...more }, signal);
}

test('admit allows a pod whose every image is signed, and pins what it judged', async () => {
  const { outcome, images } = await judge(pod('r.example/app:1'), signed);
  assert.equal(outcome, 'allow');
  assert.equal(images[0]?.pinned, `r.example/app:1@${digest}`);
});

test('one unsigned image denies the object', async () => {
  const { outcome, images } = await judge(pod('r.example/app:1', `r.example/other@${digestOf('other')}`), signed);
  assert.deepEqual([outcome, ...images.map(({ verdict }) => verdict.outcome)], ['deny', 'allow', 'deny']);
});

test('every error on the way is a denial that names its kind', async () => {
  const failures: readonly (readonly [Partial<EvidenceSource>, string])[] = [
    [{ resolve: () => Promise.reject(new AppError('not-found', 'no such tag')) }, 'error-not-found'],
    [{ gather: () => Promise.reject(new AppError('unavailable', 'registry is down')) }, 'error-unavailable'],
    [{ gather: () => Promise.reject(new TypeError('a bug')) }, 'error-internal'],
    [{ resolve: () => Promise.reject(new DOMException('late', 'TimeoutError')) }, 'error-unavailable'],
  ];
  for (const [broken, code] of failures) {
    const { outcome, images } = await judge(
      pod('r.example/app:1'),
      createSource([createSignature(key, digest)], broken),
    );
    assert.deepEqual([outcome, images[0]?.verdict.reasons[0]?.code], ['deny', code]);
  }
});

test('malformed references and malformed pods are denied', async () => {
  assert.equal((await judge(pod('R.example/UPPER:1'), signed)).outcome, 'deny');
  assert.equal(
    (await judge({ apiVersion: 'v1', kind: 'Pod', spec: { containers: [{}] } }, signed)).reasons[0]?.code,
    'error-invalid-input',
  );
});

test('an update is judged by what it changes', async () => {
  const moved = createSource([]);
  const oldObject = pod('r.example/app:1');
  assert.equal((await judge(pod('r.example/app:1'), moved, { oldObject })).outcome, 'allow');
  assert.equal((await judge(pod('r.example/app:2'), moved, { oldObject })).outcome, 'deny');
  assert.equal(
    (await judge(pod('r.example/app:1', 'r.example/app:1'), moved, { oldObject })).outcome,
    'deny',
    'an added container is new',
  );
});

test('an update that brings an image under another policy, or shows one something else, is judged', async () => {
  const source = createSource([]);
  const labelled = (tier: string, more: object = {}) => {
    const object = pod('r.example/app:1');
    return { ...object, metadata: { ...(object.metadata as object), labels: { tier }, ...more } };
  };
  const keyed = { key: { data: key.pem } };
  const outcome = async (text: string, tier: string, more: object = {}) => {
    const oldObject = labelled('dev', more);
    const input = { oldObject, policies: parsePolicies(text, 'p.yaml') };
    return (await judge(labelled(tier, more), source, input)).outcome;
  };
  const selector = { matchLabels: { tier: 'prod' } };
  const strict = policyText([keyed], { match: [{ version: 'v1', resource: 'pods', selector }] });
  assert.deepEqual([await outcome(strict, 'dev'), await outcome(strict, 'prod')], ['allow', 'deny']);
  const looking = policyText([keyed], { policy: { type: 'cel', data: 'true', includeObjectMeta: true } });
  assert.deepEqual([await outcome(looking, 'dev'), await outcome(looking, 'prod')], ['allow', 'deny']);
  const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  assert.equal(await outcome(looking, 'prod', going), 'allow', 'nothing is kept from going');
});

test('an object that runs nothing is allowed, an unknown one with a pod spec is not', async () => {
  assert.equal((await judge({ apiVersion: 'v1', kind: 'Service', spec: { ports: [] } }, signed)).outcome, 'allow');
  const rollout = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    spec: { template: { spec: { containers: [{ image: 'x' }] } } },
  };
  const { outcome, reasons } = await judge(rollout, signed);
  assert.deepEqual([outcome, reasons[0]?.code], ['deny', 'unknown-kind']);
});

interface Answer {
  readonly allowed: boolean;
  readonly patch?: string;
  readonly warnings?: readonly string[];
  readonly status?: { readonly message: string };
}

async function review(
  mode: 'validate' | 'mutate',
  request: Record<string, unknown>,
  source = signed,
  use = policies,
): Promise<Answer> {
  const body = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'u', kind: { group: '', version: 'v1', kind: 'Pod' }, operation: 'CREATE', ...request },
  };
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const { response } = await reviewAdmission(
    bytes,
    { mode, source, policies: use, noMatch: 'deny', exceptions: [], at },
    signal,
  );
  return response.response as Answer;
}

function patchOf(answer: Answer): unknown {
  return answer.patch === undefined ? undefined : JSON.parse(Buffer.from(answer.patch, 'base64').toString());
}

test('mutating replaces a tag by tag and digest, validating then accepts the pod', async () => {
  const mutated = await review('mutate', { object: pod('r.example/app:1') });
  assert.deepEqual(patchOf(mutated), [
    { op: 'replace', path: '/spec/containers/0/image', value: `r.example/app:1@${digest}` },
  ]);
  const validated = await review('validate', { object: pod(`r.example/app:1@${digest}`) });
  assert.equal(validated.allowed, true);
});

test('validating refuses a pod by tag even when the tag means a signed image now', async () => {
  const answer = await review('validate', { object: pod('r.example/app:1') });
  assert.equal(answer.allowed, false);
  assert.match(answer.status?.message ?? '', /not-pinned: .*expected an image by digest/);
});

test('a denial tells every denied image and why', async () => {
  const answer = await review('mutate', { object: pod('r.example/a:1', 'r.example/b:1') }, createSource([]));
  assert.match(
    answer.status?.message ?? '',
    /r\.example\/a:1 \(container c0\):\n- .*no signature[^]*r\.example\/b:1 \(container c1\):/,
  );
  assert.equal(answer.patch, undefined);
});

test('a policy that warns admits with warnings', async () => {
  const warn = parsePolicies(policyText([{ key: { data: key.pem } }], { mode: 'warn' }), 'p.yaml');
  const answer = await review('mutate', { object: pod('r.example/a:1') }, createSource([]), warn);
  assert.equal(answer.allowed, true);
  assert.match(answer.warnings?.[0] ?? '', /no signature/);
});

test('unknown kinds, connections and objects that contradict the review are denied', async () => {
  const service = {
    kind: { group: '', version: 'v1', kind: 'Service' },
    object: { apiVersion: 'v1', kind: 'Service' },
  };
  for (const request of [
    service,
    { operation: 'CONNECT' },
    { object: null },
    { object: { ...pod('x'), kind: 'Service' } },
  ]) {
    assert.equal((await review('validate', request)).allowed, false, JSON.stringify(request));
  }
});

test('deletion is never in the way', async () => {
  assert.equal((await review('validate', { operation: 'DELETE', object: null, oldObject: pod('x') })).allowed, true);
});

/** Of `digest`, which is an index, signatures by digest; nodes run the images that are named. */
function createIndexSource(signatures: readonly string[], images: readonly string[] | undefined): EvidenceSource {
  const evidence = signatures.map((name) => createSignature(key, digestOf(name)));
  const entries = images?.map((architecture) => {
    const platform = { os: 'linux', architecture };
    return {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: digestOf(architecture),
      size: 1,
      platform,
    };
  });
  return createSource(evidence, { listImages: async () => entries });
}

test('an index is let in by its own proof, or where that is accepted by those of all images that nodes run', async () => {
  const both = ['amd64', 'arm64'];
  const rows: readonly (readonly [readonly string[], readonly string[] | undefined, string, string])[] = [
    [['app'], both, 'allow', 'signature-verified'],
    [both, both, 'allow', 'judged-by-platform'],
    [['amd64'], ['amd64'], 'allow', 'judged-by-platform'],
    [['amd64'], both, 'deny', 'judged-by-platform'],
    [[], both, 'deny', 'judged-by-platform'],
    [both, undefined, 'deny', 'no-matching-signature'],
    [both, [], 'deny', 'judged-by-platform'],
  ];
  for (const [signatures, images, expected, code] of rows) {
    const judged = await judge(pod('r.example/app:1'), createIndexSource(signatures, images));
    const what = JSON.stringify([signatures, images]);
    assert.equal(judged.outcome, expected, what);
    assert.equal(judged.images[0]?.verdict.reasons[0]?.code, code, what);
    assert.equal(judged.images[0]?.pinned, `r.example/app:1@${digest}`, 'the index is pinned');
  }
  const unwilling = createSource(both.map((name) => createSignature(key, digestOf(name))));
  assert.equal((await judge(pod('r.example/app:1'), unwilling)).outcome, 'deny');
});

test('an index that is proven and breaks a condition is not let in by its images', async () => {
  const source = createIndexSource(['app', 'amd64'], ['amd64']);
  const data = `isCompliant := false`;
  const broken = policyText([{ key: { data: key.pem } }], {
    policy: { type: 'rego', data: `package sigstore\n${data}` },
  });
  const { outcome, images } = await judge(pod('r.example/app:1'), source, {
    policies: parsePolicies(broken, 'p.yaml'),
  });
  assert.equal(outcome, 'deny');
  assert.ok(!images[0]?.verdict.reasons.some(({ code }) => code === 'judged-by-platform'));
});

test('where no policy wants a proof, nobody is asked for the images of an index', async () => {
  const listImages = () => assert.fail('asked');
  const failing = policyText([{ static: { action: 'fail' } }]);
  const source = createSource([], { listImages });
  const closed = await judge(pod('r.example/app:1'), source, { policies: parsePolicies(failing, 'p.yaml') });
  assert.equal(closed.outcome, 'deny');
  assert.equal((await judge(pod('r.example/app:1'), source, { policies: [], noMatch: 'warn' })).outcome, 'warn');
});

test('what denies an image of an index says its platform', async () => {
  const { images } = await judge(pod('r.example/app:1'), createIndexSource(['amd64'], ['amd64', 'arm64']));
  const messages = images[0]?.verdict.reasons.map(({ message }) => message) ?? [];
  assert.ok(
    messages.some((message) => message.startsWith(`linux/arm64 ${digestOf('arm64')}: `)),
    messages.join('\n'),
  );
});
