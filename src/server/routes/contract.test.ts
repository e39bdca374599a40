import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdmissionService } from '../../app/admission-service.ts';
import { StepTimes } from '../../app/step-times.ts';
import { parseReview } from '../../cluster/index.ts';
import type { Ports } from '../../core/index.ts';
import { createHandler } from '../index.ts';
import { routes } from './index.ts';

/** A service that decodes reviews as the real one does and allows all. */
const service: AdmissionService = {
  graph: { status: () => ({ artifacts: 0 }), listVerdicts: () => [] } as unknown as AdmissionService['graph'],
  review: async (_mode, bytes) => ({
    response: { response: { uid: parseReview(bytes).uid, allowed: true } },
    outcome: 'allow',
  }),
  reviewPolicy: async (bytes) => ({ response: { uid: parseReview(bytes).uid, allowed: true } }),
  reviewException: (bytes) => ({ response: { uid: parseReview(bytes).uid, allowed: true } }),
  steps: new StepTimes(),
  facts: () => ({ policies: 2, policyFaults: 1, exceptions: 0, notesDropped: 0, material: [] }),
  policyFault: () => undefined,
  policiesConfirmed: () => new Date(0),
  close: async () => undefined,
};
const ports = {
  clock: () => new Date(42_000),
  log: { info: () => undefined, warn: () => undefined },
} as unknown as Ports;

const able = { servesPrivate: false, fault: () => undefined, isDraining: () => false };

function ask(path: string, init?: RequestInit, servesPrivate = true): Promise<Response> {
  return createHandler(ports, service, { ...able, servesPrivate })(new Request(`https://localhost${path}`, init));
}

test('every route answers malformed requests by their kind, never with a 500', async () => {
  assert.equal(routes.length, 4);
  const requests: readonly (readonly [string, RequestInit | undefined, number])[] = [
    ['/validate', { method: 'POST', body: '{' }, 422],
    ['/validate', { method: 'POST', body: '{"apiVersion":"v1"}' }, 422],
    ['/mutate', { method: 'POST', body: new Uint8Array(9 * 1024 * 1024) }, 422],
    ['/mutate', { method: 'POST' }, 422],
    ['/policies', { method: 'POST', body: '[]' }, 422],
    ['/exceptions', { method: 'POST', body: '[]' }, 422],
    ['/validate', undefined, 404],
    ['/v1/verdicts?limit=0', undefined, 400],
    ['/v1/verdicts?limit=many', undefined, 400],
    ['/v1/verdicts?limit=0x10', undefined, 400],
    ['/v1/verdicts?limit=1001', undefined, 400],
    ['/nowhere', undefined, 404],
  ];
  for (const [path, init, status] of requests) {
    const response = await ask(path, init);
    assert.equal(response.status, status, path);
    const body = (await response.json()) as { error?: { kind?: string; message?: string } };
    assert.ok(body.error?.kind !== undefined && body.error.message !== undefined, path);
  }
});

test('routes that tell what runs where are not served to the world', async () => {
  assert.equal((await ask('/v1/status', undefined, true)).status, 200);
  assert.equal((await ask('/v1/status', undefined, false)).status, 404);
});

test('reviews are counted and timed', async () => {
  const handler = createHandler(ports, service, able);
  const request = { uid: 'u', kind: { version: 'v1', kind: 'Pod' }, operation: 'CREATE', object: {} };
  const body = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
  const review = await handler(new Request('https://localhost/validate?timeout=5s', { method: 'POST', body }));
  assert.equal(review.status, 200);
  const text = await (await handler(new Request('https://localhost/metrics'))).text();
  assert.match(text, /plimsoll_admission_reviews_total\{mode="validate",outcome="allow"\} 1/);
  assert.match(text, /duration_seconds_count 1/);
  assert.match(text, /plimsoll_policies_at_fault 1\n/);
  assert.match(text, /plimsoll_policies_age_seconds 42\n/);
});

test('a server that is ready says how old what it knows of policies is', async () => {
  const ready = await ask('/readyz');
  assert.deepEqual([ready.status, await ready.text()], [200, 'ok\npolicies: confirmed 42 s ago\n']);
});

test('a server whose policies are at fault is alive and not ready', async () => {
  const broken = createHandler(ports, { ...service, policyFault: () => 'p.yaml: bad' }, able);
  assert.equal((await broken(new Request('https://localhost/healthz'))).status, 200);
  const ready = await broken(new Request('https://localhost/readyz'));
  assert.deepEqual([ready.status, await ready.text()], [503, 'policies: p.yaml: bad\n']);
});

test('a server that is about to end is not ready, and still answers', async () => {
  const draining = createHandler(ports, service, { ...able, isDraining: () => true });
  const ready = await draining(new Request('https://localhost/readyz'));
  assert.deepEqual([ready.status, await ready.text()], [503, 'draining\n']);
  const request = { uid: 'u', kind: { version: 'v1', kind: 'Pod' }, operation: 'CREATE', object: {} };
  const body = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
  const review = await draining(new Request('https://localhost/validate', { method: 'POST', body }));
  assert.deepEqual([review.status, review.headers.get('connection')], [200, 'close']);
});
