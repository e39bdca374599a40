import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeReviewResponse, MAX_REVIEW_BYTES, parseReview } from './review.ts';

const review = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u1',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    operation: 'CREATE',
    namespace: 'ns',
    object: { kind: 'Pod' },
    oldObject: null,
    dryRun: true,
  },
};

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

test('parseReview reads what the API server sends', () => {
  const request = parseReview(bytes(review));
  assert.deepEqual(
    [request.uid, request.operation, request.namespace, request.dryRun, request.oldObject],
    ['u1', 'CREATE', 'ns', true, undefined],
  );
});

test('parseReview refuses other versions, missing requests and text that is no JSON', () => {
  const bad = [
    { ...review, apiVersion: 'admission.k8s.io/v1beta1' },
    { ...review, kind: 'AdmissionRequest' },
    { ...review, request: undefined },
    { ...review, request: { ...review.request, uid: undefined } },
    { ...review, request: { ...review.request, dryRun: 'true' } },
    { ...review, request: { ...review.request, kind: 'Pod' } },
    { ...review, request: { ...review.request, operation: 'PATCH' } },
    { ...review, request: { ...review.request, object: [] } },
  ];
  for (const document of bad) assert.throws(() => parseReview(bytes(document)), { kind: 'invalid-input' });
  assert.throws(() => parseReview(new TextEncoder().encode('{')), { kind: 'invalid-input' });
});

test('a review larger than any API server sends is refused', () => {
  const large = { ...review, padding: 'x'.repeat(MAX_REVIEW_BYTES) };
  assert.throws(() => parseReview(bytes(large)), /expected at most 8388608 bytes/);
});

test('what the API server would cut is cut here', () => {
  const warnings = Array.from({ length: 100 }, () => 'w');
  const allowed = encodeReviewResponse('u', { allowed: true, warnings }) as { response: { warnings: string[] } };
  assert.equal(allowed.response.warnings.length, 15);
  const denied = encodeReviewResponse('u', { allowed: false, message: 'm'.repeat(100_000) }) as {
    response: { status: { message: string } };
  };
  assert.equal(denied.response.status.message.length, 16 * 1024);
});

test('a denial carries its message and never a patch', () => {
  const patch = [{ op: 'replace', path: '/spec', value: 'x' }] as const;
  const { response } = encodeReviewResponse('u1', { allowed: false, message: 'no', patch }) as {
    response: Record<string, unknown>;
  };
  assert.deepEqual(response, { uid: 'u1', allowed: false, status: { code: 403, message: 'no' } });
});

test('a patch is base64 of RFC 6902, long warnings are cut', () => {
  const patch = [{ op: 'replace', path: '/spec/containers/0/image', value: 'a@sha256:b' }] as const;
  const { response } = encodeReviewResponse('u1', { allowed: true, warnings: ['w'.repeat(300)], patch }) as {
    response: Record<string, unknown>;
  };
  assert.equal(response.patchType, 'JSONPatch');
  assert.deepEqual(JSON.parse(Buffer.from(String(response.patch), 'base64').toString()), patch);
  assert.equal((response.warnings as string[])[0]?.length, 250);
});
