import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, parseReference } from '../core/index.ts';
import type { Outcome } from '../core/index.ts';
import type { Admission } from './admit.ts';
import { applyExceptions, parseException, reviewException } from './exceptions.ts';

const at = new Date('2026-01-02T00:00:00Z');
const digest = digestOf('image');

function exception(spec: object = {}, metadata: object = {}) {
  return {
    kind: 'AdmissionException',
    metadata: { name: 'outage', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: {
      images: ['a.test/team/**'],
      namespaces: ['shop'],
      reason: 'the signing service is down',
      requestedBy: 'jane',
      expires: '2026-01-03T00:00:00Z',
      ...spec,
    },
  };
}

function denied(image: string, options: { resolved?: boolean; outcome?: Outcome; namespace?: string } = {}): Admission {
  const { resolved = true, outcome = 'deny', namespace = 'shop' } = options;
  const reference = parseReference(image);
  const verdict = { outcome, reasons: [{ code: 'no-signature', message: 'no signature' }] };
  const use = { image, pointer: '/spec/containers/0/image', name: 'main', role: 'container' as const };
  const found = resolved ? { digest, pinned: `${image}@${digest}` } : {};
  const object = { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace, labels: {}, document: {} };
  return {
    object,
    outcome,
    reasons: [],
    images: [{ use, verdict, reference, ...found, evidence: [] }],
    places: [use.pointer],
  };
}

test('an exception turns the denial of its images in its namespaces into a warning that names it', () => {
  const exceptions = [parseException(exception())];
  const { outcome, images } = applyExceptions(denied('a.test/team/app:1'), exceptions, at);
  assert.equal(outcome, 'warn');
  assert.deepEqual(
    images[0]?.verdict.reasons.map(({ code }) => code),
    ['exception', 'no-signature'],
  );
  assert.match(
    images[0]?.verdict.reasons[0]?.message ?? '',
    /exception outage of jane until 2026-01-03T.*signing service/,
  );
});

test('an exception does nothing elsewhere, for other images, after its end, and to what is let through anyway', () => {
  const exceptions = [parseException(exception())];
  const outcomeOf = (admission: Admission, time = at) => applyExceptions(admission, exceptions, time).outcome;
  assert.equal(outcomeOf(denied('a.test/team/app:1', { namespace: 'other' })), 'deny');
  assert.equal(outcomeOf(denied('a.test/other/app:1')), 'deny');
  assert.equal(outcomeOf(denied('a.test.evil/team/app:1')), 'deny');
  assert.equal(outcomeOf(denied('a.test/team/app:1'), new Date('2026-01-03T00:00:00Z')), 'deny');
  assert.equal(outcomeOf(denied('a.test/team/app:1', { outcome: 'allow' })), 'allow');
});

test('an excepted image must be one that can be pinned', () => {
  const exceptions = [parseException(exception())];
  const outcomeOf = (image: string) => applyExceptions(denied(image, { resolved: false }), exceptions, at);
  assert.equal(outcomeOf('a.test/team/app:1').outcome, 'deny');
  const byDigest = outcomeOf(`a.test/team/app@${digest}`);
  assert.deepEqual([byDigest.outcome, byDigest.images[0]?.pinned], ['warn', `a.test/team/app@${digest}`]);
});

test('an exception must be whole, and live for a week at most from its creation', () => {
  const bad: readonly object[] = [
    { images: [] },
    { namespaces: [] },
    { reason: '' },
    { requestedBy: '' },
    { expires: 'tomorrow' },
    { expires: '2026-13-01T00:00:00Z' },
    { expires: '2026-01-08T00:00:01Z' },
    { expires: '2026' },
    { images: ['a b'] },
    { until: 'ever' },
  ];
  for (const spec of bad)
    assert.throws(() => parseException(exception(spec)), { kind: 'invalid-input' }, JSON.stringify(spec));
  assert.throws(() => parseException(exception({}, { creationTimestamp: null })), { kind: 'invalid-input' });
  assert.equal(parseException(exception({ expires: '2026-01-08T00:00:00Z' })).name, 'outage');
});

test('an exception is made in our namespace, by whom it names, for a time to come', () => {
  const review = (changes: object = {}, spec: object = {}) => {
    const kind = { group: 'plimsoll.dev', version: 'v1alpha1', kind: 'AdmissionException' };
    const object = exception(spec, { creationTimestamp: null });
    const userInfo = { username: 'jane' };
    const request = { uid: 'u', kind, operation: 'CREATE', namespace: 'ours', userInfo, object, ...changes };
    const bytes = Buffer.from(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }));
    const { response } = reviewException(bytes, { namespace: 'ours', at }).response as {
      response: { allowed: boolean; status?: { message: string } };
    };
    return response.allowed ? 'allowed' : response.status?.message;
  };
  assert.equal(review(), 'allowed');
  assert.equal(review({ operation: 'DELETE', object: null }), 'allowed');
  assert.match(review({ namespace: 'shop' }) ?? '', /expected an exception in namespace ours/);
  assert.match(review({ userInfo: { username: 'joe' } }) ?? '', /requestedBy: expected who makes it, joe, found jane/);
  assert.match(review({ userInfo: undefined }) ?? '', /requestedBy/);
  assert.match(review({}, { expires: '2026-01-01T00:00:00Z' }) ?? '', /expected a time to come/);
  assert.match(review({}, { expires: '2026-01-20T00:00:00Z' }) ?? '', /at most 7 days/);
});
