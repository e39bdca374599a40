import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, digestOf } from '../core/index.ts';
import type { Evidence } from '../core/index.ts';
import { parsePolicies } from '../policies/index.ts';
import { createSignature, createTestKey, policyText } from '../policies/testing.ts';
import { admit } from './admit.ts';
import type { EvidenceSource } from './gather-evidence.ts';
import { createVerdictCache } from './verdict-cache.ts';

const key = createTestKey();
const signed = digestOf('signed');
const unsigned = digestOf('unsigned');
const keyed = { key: { data: key.pem } };

/** A registry whose tag can be moved, and a count of how often evidence was asked for. */
function setUp() {
  const state = { tag: signed, epoch: '', asked: 0, now: Date.parse('2026-01-01'), resolved: 0, isDown: false };
  const evidence: Evidence[] = [createSignature(key, signed)];
  const source: EvidenceSource = {
    resolve: async () => {
      state.resolved += 1;
      return state.tag;
    },
    epoch: async () => state.epoch,
    gather: async ({ digest }) => {
      state.asked += 1;
      if (state.isDown) throw new AppError('unavailable', 'down');
      return { evidence: evidence.filter(({ artifact }) => artifact === digest), rejected: [] };
    },
  };
  const cache = createVerdictCache(60_000);
  const judge = async (image: string, more: { policy?: string; namespace?: string; labels?: object } = {}) => {
    const { policy = policyText([keyed]), namespace = 'a', labels = {} } = more;
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace, labels },
      spec: { containers: [{ name: 'c', image }] },
    };
    const before = state.asked;
    const input = {
      object,
      policies: parsePolicies(policy, 'p.yaml'),
      noMatch: 'deny',
      at: new Date(state.now),
      cache,
    } as const;
    const { outcome, images } = await admit(source, input, new AbortController().signal);
    return { outcome, pinned: images[0]?.pinned, hasAsked: state.asked > before };
  };
  /** Judging anew takes some turns. */
  const settle = async () => {
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { state, evidence, judge, settle };
}

const byDigest = `r.test/app@${signed}`;

test('an image that was allowed is known, and neither registry nor evidence is asked for', async () => {
  const { state, judge } = setUp();
  assert.deepEqual(await judge(byDigest), { outcome: 'allow', pinned: byDigest, hasAsked: true });
  assert.deepEqual(await judge(byDigest), { outcome: 'allow', pinned: byDigest, hasAsked: false });
  assert.equal(state.resolved, 0);
  state.now += 61_000;
  assert.equal((await judge(byDigest)).hasAsked, true, 'for a minute');
});

test('G1: a tag that moved after its verdict was kept is judged anew, and what is pinned is what was judged', async () => {
  const { state, judge } = setUp();
  assert.deepEqual(await judge('r.test/app:1'), { outcome: 'allow', pinned: `r.test/app:1@${signed}`, hasAsked: true });
  state.tag = unsigned;
  assert.deepEqual(await judge('r.test/app:1'), {
    outcome: 'deny',
    pinned: `r.test/app:1@${unsigned}`,
    hasAsked: true,
  });
});

test('G9: what one namespace was allowed warms nothing for another', async () => {
  const { judge } = setUp();
  await judge(byDigest, { namespace: 'lax' });
  assert.equal((await judge(byDigest, { namespace: 'strict' })).hasAsked, true);
});

test('another policy, mode or trust is another question', async () => {
  const { state, judge } = setUp();
  await judge(byDigest);
  const other = policyText([{ ...keyed, name: 'other' }]);
  assert.equal((await judge(byDigest, { policy: other })).hasAsked, true);
  assert.equal((await judge(byDigest, { policy: policyText([keyed], { mode: 'warn' }) })).hasAsked, true);
  state.epoch = 'new root';
  assert.equal((await judge(byDigest)).hasAsked, true);
  assert.equal((await judge(byDigest)).hasAsked, false);
});

test('a rule that looks at the object is asked again for another object, and only then', async () => {
  const { judge } = setUp();
  const policy = (more: object) => policyText([keyed], { policy: { type: 'cel', data: 'true', ...more } });
  const ask = async (more: object, labels: object) =>
    (await judge(byDigest, { policy: policy(more), labels })).hasAsked;
  assert.equal(await ask({ includeObjectMeta: true }, { a: '1' }), true);
  assert.equal(await ask({ includeObjectMeta: true }, { a: '2' }), true);
  assert.equal(await ask({ includeObjectMeta: true }, { a: '2' }), false);
  assert.equal(await ask({}, { a: '1' }), true);
  assert.equal(await ask({}, { a: '2' }), false);
});

test('a denial is never kept: evidence may have come', async () => {
  const { evidence, judge } = setUp();
  const image = `r.test/app@${unsigned}`;
  assert.equal((await judge(image)).outcome, 'deny');
  evidence.push(createSignature(key, unsigned));
  assert.equal((await judge(image)).outcome, 'allow');
});

test('ten thousand verdicts are kept, and no more', async () => {
  const cache = createVerdictCache(60_000);
  const at = new Date();
  const verdict = { outcome: 'allow', reasons: [] } as const;
  for (let count = 0; count <= 10_000; count += 1) cache.keep(String(count), verdict, at);
  assert.equal(cache.find('0', at), undefined);
  assert.deepEqual(cache.find('1', at), verdict);
  assert.deepEqual(cache.find('10000', at), verdict);
});

test('a verdict in use is judged anew before it ends, and nobody waits for that', async () => {
  const { state, judge, settle } = setUp();
  await judge(byDigest);
  state.now += 30_000;
  assert.equal((await judge(byDigest)).hasAsked, false);
  state.now += 20_000;
  assert.equal((await judge(byDigest)).outcome, 'allow');
  await settle();
  assert.equal(state.asked, 2);
  state.now += 30_000;
  assert.deepEqual(await judge(byDigest), { outcome: 'allow', pinned: byDigest, hasAsked: false });
});

test('a verdict that would not be given again is forgotten at once', async () => {
  const { state, evidence, judge, settle } = setUp();
  await judge(byDigest);
  state.now += 50_000;
  evidence.length = 0;
  assert.equal((await judge(byDigest)).outcome, 'allow', 'it holds while it is looked at');
  await settle();
  assert.equal((await judge(byDigest)).outcome, 'deny');
});

test('where it cannot be judged anew a verdict holds until its end, and the registry is asked once', async () => {
  const { state, judge, settle } = setUp();
  await judge(byDigest);
  state.now += 50_000;
  state.isDown = true;
  for (let round = 0; round < 5; round += 1) {
    assert.equal((await judge(byDigest)).outcome, 'allow');
    await settle();
  }
  assert.equal(state.asked, 2);
  state.now += 10_000;
  assert.equal((await judge(byDigest)).outcome, 'deny');
});
