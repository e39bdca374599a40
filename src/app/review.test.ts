/** What somebody sends who wants an image to run that nobody vouched for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../core/index.ts';
import type { Digest, Evidence } from '../core/index.ts';
import { parsePolicies } from '../policies/index.ts';
import type { Policy } from '../policies/index.ts';
import { createSignature, createTestKey, policyText } from '../policies/testing.ts';
import { admit } from './admit.ts';
import type { EvidenceSource, Wanted } from './gather-evidence.ts';
import { reviewAdmission } from './review.ts';
import type { ReviewSettings } from './review.ts';

const key = createTestKey();
const other = createTestKey();
const at = new Date('2026-01-02T00:00:00Z');
const good = digestOf('signed');
const bad = digestOf('not signed');
const GOOD = `r.example/app@${good}`;
const BAD = `r.example/app@${bad}`;
const signedByKey = parsePolicies(policyText([{ key: { data: key.pem } }]), 'p.yaml');

/** Every tag means the unsigned digest, so that only who is judged by the signed one passes. */
function createSource(evidence: readonly Evidence[] = [createSignature(key, good)]) {
  const asked: string[] = [];
  const wanted: Wanted[] = [];
  const source: EvidenceSource = {
    resolve: async (reference) => {
      asked.push(reference.repository);
      return bad;
    },
    epoch: async () => '',
    gather: async (need) => {
      wanted.push(need);
      return { evidence: evidence.filter(({ artifact }) => artifact === need.digest), rejected: [] };
    },
  };
  return { source, asked, wanted };
}

type Json = Readonly<Record<string, unknown>>;

function pod(images: readonly string[], more: Json = {}, spec: Json = {}): Json {
  const containers = images.map((image, index) => ({ name: `c${index}`, image }));
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', ...more }, spec: { containers, ...spec } };
}

interface Answer {
  readonly allowed: boolean;
  readonly message: string;
  readonly patch: readonly { readonly path: string; readonly value: string }[] | undefined;
}

async function send(text: string, more: Partial<ReviewSettings> = {}): Promise<Answer> {
  const settings: ReviewSettings = {
    mode: 'validate',
    source: createSource().source,
    policies: signedByKey,
    noMatch: 'deny',
    exceptions: [],
    at,
    ...more,
  };
  const { response } = await reviewAdmission(new TextEncoder().encode(text), settings, new AbortController().signal);
  const answer = response.response as { allowed: boolean; status?: { message: string }; patch?: string };
  return {
    allowed: answer.allowed,
    message: answer.status?.message ?? '',
    patch:
      answer.patch === undefined
        ? undefined
        : (JSON.parse(Buffer.from(answer.patch, 'base64').toString()) as Answer['patch']),
  };
}

function review(request: Json, more: Partial<ReviewSettings> = {}): Promise<Answer> {
  const whole = { uid: 'u', kind: { group: '', version: 'v1', kind: 'Pod' }, operation: 'CREATE', ...request };
  const document = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: whole };
  return send(JSON.stringify(document), more);
}

test('names that are no image references are denied, and no registry hears of them', async () => {
  const hex = 'a'.repeat(64);
  const names = [
    ' r.example/app:1',
    'r.example/app:1 ',
    'r.example/app:1\n',
    'r.example/app :1',
    'r.example./app:1',
    '.r.example/app:1',
    'r..example/app:1',
    'r.example/App:1',
    'r.example/app:',
    'r.example/app@',
    'r.example/app@sha256:abc',
    `r.example/app@sha256:${hex.toUpperCase()}`,
    `r.example/app@sha256:${hex}@sha256:${hex}`,
    `r.example/app@md5:${hex.slice(0, 32)}`,
    `sha256:${hex}`,
    hex,
    'https://r.example/app:1',
    'r.example/../app:1',
    'r.example//app:1',
    'r.example/app:1?x=y',
    'r.example/app%2f:1',
    'r\u0435gistry.example/app:1',
    'r.example/\u0430pp:1',
    'r.example\u3002com/app:1',
    'r.example/app\u0000:1',
    'user@r.example/app:1',
    'r.example:99999999/app',
    `r.example/${'a'.repeat(256)}`,
  ];
  for (const name of names) {
    const { source, asked } = createSource();
    const answer = await review({ object: pod([name]) }, { source, noMatch: 'allow' });
    assert.equal(answer.allowed, false, JSON.stringify(name));
    assert.match(answer.message, /could not decide: (?:reference: )?expected/, JSON.stringify(name));
    assert.deepEqual(asked, [], JSON.stringify(name));
  }
});

test('where tag and digest disagree the digest is judged, and nothing else is pinned', async () => {
  assert.equal((await review({ object: pod([`r.example/app:1@${bad}`]) })).allowed, false);
  const answer = await review({ object: pod([`r.example/app:1@${good}`]) }, { mode: 'mutate' });
  assert.deepEqual([answer.allowed, answer.patch], [true, undefined]);
});

test('a sha512 digest of the same image is another name, for which nothing was signed', async () => {
  const answer = await review({ object: pod([`r.example/app@${digestOf('signed', 'sha512')}`]) });
  assert.equal(answer.allowed, false);
  assert.match(answer.message, /no signature of this image/);
});

test('every place in a pod is judged, init, ephemeral and volume alike', async () => {
  const specs: readonly Json[] = [
    { initContainers: [{ name: 'x', image: BAD }] },
    { ephemeralContainers: [{ name: 'x', image: BAD }] },
    { volumes: [{ name: 'x', image: { reference: BAD } }] },
  ];
  for (const spec of specs) {
    assert.equal((await review({ object: pod([GOOD], {}, spec) })).allowed, false, JSON.stringify(spec));
  }
  assert.equal((await review({ object: pod([GOOD]) })).allowed, true);
});

test('an ephemeral container added to a running pod is judged', async () => {
  const debug = { ephemeralContainers: [{ name: 'debug', image: BAD }] };
  const request = { operation: 'UPDATE', subResource: 'ephemeralcontainers', oldObject: pod([GOOD]) };
  assert.equal((await review({ ...request, object: pod([GOOD], {}, debug) })).allowed, false);
});

test('an update is judged for whatever stands where it did not stand before', async () => {
  const oldObject = pod([BAD, GOOD]);
  const update = (object: Json, old: Json = oldObject) => review({ operation: 'UPDATE', object, oldObject: old });
  assert.equal((await update(pod([BAD, GOOD], { labels: { a: 'b' } }))).allowed, true, 'nothing changed');
  assert.equal((await update(pod([GOOD, BAD]))).allowed, false, 'reordered');
  assert.equal((await update(pod([BAD, GOOD, BAD]))).allowed, false, 'one more');
  assert.equal((await update(pod([BAD, 'r.example/app:1']))).allowed, false, 'a tag instead of a digest');
  assert.equal(
    (await update(pod([BAD, GOOD], {}, { initContainers: [{ image: BAD }] }))).allowed,
    false,
    'another list',
  );
  const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x/y'] };
  assert.equal((await update(pod([BAD, BAD], leaving), pod([BAD, GOOD], leaving))).allowed, false, 'while it leaves');
  assert.equal((await update(pod([BAD, GOOD], leaving), pod([BAD, GOOD]))).allowed, true, 'and it may leave');
});

test('an old object excuses nothing on creation, nor one of another kind', async () => {
  assert.equal((await review({ operation: 'CREATE', object: pod([BAD]), oldObject: pod([BAD]) })).allowed, false);
  const template = { spec: { containers: [{ name: 'c', image: BAD }] } };
  const kind = { group: 'apps', version: 'v1', kind: 'Deployment' };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: {}, spec: { template } };
  const update = (oldObject: Json) => review({ operation: 'UPDATE', kind, object: deployment, oldObject });
  assert.equal((await update({ ...deployment, kind: 'ReplicaSet' })).allowed, false);
  assert.equal((await update({ ...deployment, apiVersion: 'apps/v2' })).allowed, false);
  assert.equal((await update(deployment)).allowed, true);
});

test('what is not judged is denied, and says why', async () => {
  const rows: readonly (readonly [Json, RegExp])[] = [
    [{ operation: 'CONNECT', object: { apiVersion: 'v1', kind: 'PodExecOptions' } }, /CONNECT carries no object/],
    [{ object: null }, /expected an object in the review, found none/],
    [{ object: { ...pod([GOOD]), kind: 'Service' } }, /expected an object of v1 Pod .* found v1 Service/],
    [{ object: { ...pod([GOOD]), apiVersion: 'v2' } }, /expected an object of v1 Pod .* found v2 Pod/],
    [{ object: { metadata: {} } }, /found undefined undefined/],
    [
      {
        subResource: 'scale',
        operation: 'UPDATE',
        kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
        object: { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 3 } },
      },
      /images of Scale cannot be judged; take it out of the webhook's rules/,
    ],
    [
      { kind: { version: 'v1', kind: 'List' }, object: { apiVersion: 'v1', kind: 'List', items: [pod([BAD])] } },
      /images of List cannot be judged/,
    ],
    [{ object: { ...pod([GOOD]), spec: { containers: 'none' } } }, /containers: expected a list/],
  ];
  for (const [request, pattern] of rows) {
    const answer = await review(request, { noMatch: 'allow' });
    assert.equal(answer.allowed, false, JSON.stringify(request));
    assert.match(answer.message, pattern);
  }
});

test('of a key written twice the last one is judged and patched, as the API server reads it', async () => {
  const object =
    '{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"GOOD"}],"containers":[{"image":"BAD"}]}}';
  const request = `{"uid":"u","kind":{"version":"v1","kind":"Pod"},"operation":"CREATE","object":${object}}`;
  const text = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":${request}}`;
  assert.equal((await send(text.replace('GOOD', GOOD).replace('BAD', BAD))).allowed, false);
  assert.equal((await send(text.replace('GOOD', BAD).replace('BAD', GOOD))).allowed, true);
});

test('names that every object inherits are plain labels and fields', async () => {
  const labels = JSON.parse('{"__proto__": "x", "constructor": "y", "toString": "z"}') as Json;
  const match = (matchLabels: Json) =>
    parsePolicies(
      policyText([{ static: { action: 'fail' } }], {
        match: [{ version: 'v1', resource: 'pods', selector: { matchLabels } }],
      }),
      'p.yaml',
    );
  const ask = (object: Json, policies: readonly Policy[]) => review({ object }, { policies, noMatch: 'allow' });
  assert.equal((await ask(pod([GOOD], { labels }), match({ constructor: 'y' }))).allowed, false);
  assert.equal((await ask(pod([GOOD]), match({ constructor: 'y' }))).allowed, true);
  const hostile = JSON.parse(`{"__proto__": {"spec": {"containers": []}}, "apiVersion": "v1", "kind": "Pod"}`) as Json;
  assert.equal((await ask(hostile, [])).allowed, false);
  const odd = pod([GOOD], { labels: { tier: 5, app: ['x'] }, name: 7, namespace: {} });
  assert.equal((await ask(odd, signedByKey)).allowed, true, 'labels that are no text are no labels');
});

test('a thousand containers of one image ask once, one more is refused', async () => {
  const { source, asked, wanted } = createSource();
  assert.equal((await review({ object: pod(Array.from({ length: 1000 }, () => GOOD)) }, { source })).allowed, true);
  assert.deepEqual([asked.length, wanted.length], [0, 1]);
  const answer = await review({ object: pod(Array.from({ length: 1001 }, () => GOOD)) });
  assert.match(answer.message, /expected at most 1000 images/);
});

test('a thousand images are asked for some at a time', async () => {
  let running = 0;
  let most = 0;
  const { source } = createSource();
  const slow: EvidenceSource = {
    ...source,
    resolve: async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return good;
    },
  };
  const images = Array.from({ length: 1000 }, (_, index) => `r${index}.example/app:1`);
  assert.equal((await review({ object: pod(images) }, { source: slow, mode: 'mutate' })).allowed, true);
  assert.equal(most, 32);
});

test('a registry that no policy speaks of is not asked', async () => {
  const policies = parsePolicies(
    policyText([{ static: { action: 'pass' } }], { images: [{ glob: 'r.example/**' }] }),
    'p',
  );
  const { source, asked } = createSource();
  const answer = await review({ object: pod(['169.254.169.254/latest/meta-data:1']) }, { source, policies });
  assert.deepEqual([answer.allowed, asked], [false, []]);
  assert.match(answer.message, /no policy speaks of this image/);
  assert.equal((await review({ object: pod([GOOD]) }, { source, policies })).allowed, true);
  assert.deepEqual(asked, [], 'a digest is what it is');
  assert.equal(
    (await review({ object: pod(['r.example/app:1']) }, { source, policies, mode: 'mutate' })).allowed,
    true,
  );
  assert.deepEqual(asked, ['app']);
});

test('an image that needs no policy is resolved and pinned all the same', async () => {
  const policies = parsePolicies(
    policyText([{ static: { action: 'fail' } }], { images: [{ glob: 'r.example/**' }] }),
    'p',
  );
  for (const noMatch of ['allow', 'warn'] as const) {
    const answer = await review({ object: pod(['other.example/app:1']) }, { mode: 'mutate', policies, noMatch });
    assert.deepEqual(
      answer.patch?.map(({ value }) => value),
      [`other.example/app:1@${bad}`],
    );
  }
});

test('only what applying policies require is gathered, and for the digest that is judged', async () => {
  const elsewhere = parsePolicies(
    policyText([{ key: { data: other.pem } }], { images: [{ glob: 'elsewhere.example/**' }] }),
    'q.yaml',
  );
  const { source, wanted } = createSource();
  await review({ object: pod([GOOD]) }, { source, policies: [...signedByKey, ...elsewhere] });
  assert.deepEqual(
    wanted.map(({ digest, requirements }) => [
      digest,
      requirements.map((need) => (need.kind === 'config' ? need.kind : need.signer.id)),
    ]),
    [[good, [key.keyId]]],
  );
});

test('no denial rests on old evidence, and an allow needs no second look', async () => {
  const gathered: boolean[] = [];
  const source = (old: readonly Evidence[], fresh: readonly Evidence[]): EvidenceSource => ({
    resolve: async () => good,
    epoch: async () => '',
    gather: async ({ isFresh = false }) => {
      gathered.push(isFresh);
      return { evidence: isFresh ? fresh : old, rejected: [], isOld: !isFresh };
    },
  });
  const signature = [createSignature(key, good)];
  assert.equal((await review({ object: pod([GOOD]) }, { source: source([], signature) })).allowed, true);
  assert.equal((await review({ object: pod([GOOD]) }, { source: source([], []) })).allowed, false);
  assert.equal((await review({ object: pod([GOOD]) }, { source: source(signature, []) })).allowed, true);
  assert.deepEqual(gathered, [false, true, false, true, false]);
});

test('whoever hangs is denied when the time is up', async () => {
  const never = new Promise<never>(() => undefined);
  const hanging: readonly EvidenceSource[] = [
    { ...createSource().source, resolve: () => never },
    { ...createSource().source, gather: () => never },
  ];
  for (const source of hanging) {
    const input = { object: pod([GOOD, 'r.example/app:1']), policies: signedByKey, noMatch: 'allow' as const, at };
    const { outcome, images } = await admit(source, input, AbortSignal.timeout(20));
    assert.equal(outcome, 'deny');
    const [late] = images.flatMap(({ verdict }) => verdict.reasons.filter(({ code }) => code === 'error-unavailable'));
    assert.match(
      late?.message ?? '',
      /^could not decide: out of time while (?:asking what its tag|fetching and verif)/,
    );
  }
  const late = await admit(
    createSource().source,
    { object: pod([GOOD]), policies: signedByKey, noMatch: 'allow', at },
    AbortSignal.abort(),
  );
  assert.equal(late.outcome, 'deny');
});

test('nothing in the object speaks for it', async () => {
  const claims = {
    annotations: {
      'plimsoll/verdict': 'allow',
      'kubernetes.io/config.mirror': 'x',
      'policy.sigstore.dev/exclude': 'true',
    },
    labels: { 'policy.sigstore.dev/include': 'false' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'x', uid: 'y', controller: true }],
  };
  assert.equal((await review({ object: pod([BAD], claims) })).allowed, false);
});

test('an object lives where it says, else where the review says', async () => {
  const where = async (object: Json, namespace?: string) => {
    const input = { object, policies: signedByKey, noMatch: 'deny' as const, at };
    const more = namespace === undefined ? {} : { namespace };
    return (await admit(createSource().source, { ...input, ...more }, new AbortController().signal)).object.namespace;
  };
  assert.equal(await where(pod([GOOD], { namespace: 'own' }), 'review'), 'own');
  assert.equal(await where(pod([GOOD]), 'review'), 'review');
  assert.equal(await where(pod([GOOD])), undefined);
});

test('images of one pod are judged each for itself', async () => {
  const digests: readonly Digest[] = [good, bad];
  for (const [first, second] of [digests, digests.toReversed()]) {
    const answer = await review({ object: pod([`r.example/a@${first}`, `r.example/b@${second}`]) });
    assert.equal(answer.allowed, false);
    assert.match(answer.message, first === bad ? /^r\.example\/a@/ : /^r\.example\/b@/);
  }
});
