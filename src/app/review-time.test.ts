/** Who did not answer in time is named, in time to say so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, toAppError } from '../core/index.ts';
import type { Http } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { parsePolicies } from '../policies/index.ts';
import { createSignature, createTestKey, policyText } from '../policies/testing.ts';
import { admit } from './admit.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import type { EvidenceOptions, EvidenceSource } from './gather-evidence.ts';
import { ReviewTime } from './review-time.ts';

const TIME_MS = 600;
const key = createTestKey();
const digest = digestOf('app');
const never = new Promise<never>(() => undefined);
const keyed = policyText([{ key: { data: key.pem } }]);

/** What a pod of this image is told, and how much of its time was left then. */
async function ask(source: EvidenceSource, image: string, text = keyed) {
  const object = { apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: 'c', image }] } };
  const policies = parsePolicies(text, 'p.yaml');
  const start = performance.now();
  const time = new ReviewTime(TIME_MS);
  const input = { object, policies, noMatch: 'deny', at: new Date(), time } as const;
  const { outcome, images } = await admit(source, input, AbortSignal.timeout(TIME_MS));
  const [reason] = images[0]?.verdict.reasons ?? [];
  return { outcome, reason, left: TIME_MS - (performance.now() - start) };
}

function sourceWith(http: Http, more: Partial<EvidenceOptions> = {}): EvidenceSource {
  return createEvidenceSource(createTestPorts({ http }), { reuseFor: 0, ...more });
}

const byDigest = `r.example/app@${digest}`;
const absent: Http = async () => ({ status: 404, headers: new Map(), body: (async function* body() {})() });
const unbelievable = { demand: () => never, epoch: async () => '', refresh: async () => [] };

for (const [who, step, source, image] of [
  [
    'a registry that says not what a tag means',
    'asking what its tag means',
    sourceWith(() => never),
    'r.example/app:1',
  ],
  ['a registry without an answer', 'fetching its signatures and attestations', sourceWith(() => never), byDigest],
  ['a root that is not to be had', 'asking whom to believe', sourceWith(absent, { signers: unbelievable }), byDigest],
] as const) {
  test(`${who} is named while there is time`, async () => {
    const { outcome, reason, left } = await ask(source, image);
    assert.deepEqual([outcome, reason?.code], ['deny', 'error-unavailable']);
    assert.match(
      reason?.message ?? '',
      new RegExp(`^could not decide: out of time while ${step}: expected it within \\d+ ms$`),
    );
    assert.ok(left > 0, `${left} ms left`);
  });
}

test('conditions have the time that is left, and no more', async () => {
  const source: EvidenceSource = {
    resolve: async () => digest,
    epoch: async () => '',
    gather: async () => ({ evidence: [createSignature(key, digest)], rejected: [] }),
  };
  const list = `[${Array.from({ length: 400 }, (_, index) => index).join()}]`;
  const nested = `${list}.all(a, ${list}.all(b, ${list}.all(c, a + b + c >= 0)))`;
  const slow = policyText([{ key: { data: key.pem } }], { policy: { type: 'cel', data: nested } });
  const { outcome, reason, left } = await ask(source, byDigest, slow);
  assert.deepEqual([outcome, reason?.code], ['deny', 'condition-error']);
  assert.match(reason?.message ?? '', /conditions of all policies together: expected an answer within \d{1,3} ms/);
  assert.ok(left > -500, `${left} ms left`);
});

test('a step ends with what ends the whole, and with its own work', async () => {
  const time = new ReviewTime(60_000);
  const ended = AbortSignal.abort(new DOMException('late', 'TimeoutError'));
  const heeding = async (signal: AbortSignal) => signal.throwIfAborted();
  await assert.rejects(time.limit('asking whom to believe', ended, heeding), (error) => {
    assert.equal(toAppError(error).kind, 'unavailable');
    return true;
  });
  assert.equal(await time.limit('asking whom to believe', new AbortController().signal, async () => 1), 1);
});
