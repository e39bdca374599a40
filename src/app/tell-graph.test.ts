import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGraph } from '../graph/index.ts';
import { createTestPorts } from '../io/testing.ts';
import type { AdmissionRecord } from './admission-facts.ts';
import { createGraphTeller } from './tell-graph.ts';

function record(uid: string): AdmissionRecord {
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const object = { apiVersion: 'v1', kind: 'Pod', name: uid, labels: {}, document: {} };
  const use = { image: 'r.test/app:1', pointer: '/spec/containers/0/image', name: 'c', role: 'container' } as const;
  const images = [{ use, verdict: { outcome: 'deny', reasons: [] }, evidence: [] } as const];
  const request = { uid, operation: 'CREATE', namespace: 'a', subResource: undefined, dryRun: false, kind } as const;
  const admission = { object, outcome: 'deny', reasons: [], images, places: [] } as const;
  const at = new Date('2026-01-02T00:00:00Z');
  const whole = { request: { ...request, object: {}, oldObject: undefined }, response: {}, admission };
  return { ...whole, mode: 'validate', isAllowed: false, at } as unknown as AdmissionRecord;
}

test('more admissions than may wait are left out, the oldest first, and one warning says how many', async () => {
  const warnings: string[] = [];
  const plain = createTestPorts();
  const log = {
    ...plain.log,
    warn: (event: string, facts?: object) => void warnings.push(`${event} ${JSON.stringify(facts)}`),
  };
  const graph = openGraph(':memory:');
  const teller = createGraphTeller({ ...plain, log }, graph);
  for (let count = 0; count < 10_050; count += 1) teller.tell(record(String(count)));
  await teller.close();
  const told = graph.listVerdicts(20_000).map(({ uid }) => Number(uid));
  assert.equal(told.length, 10_000);
  assert.equal(Math.min(...told), 50);
  assert.deepEqual(warnings, [
    'graph-not-told {"reason":"expected at most 10000 admissions to wait; the oldest 50 of more are not in the graph"}',
  ]);
});

test('a graph that cannot be told is tried again after a while, and keeps no server from ending', async () => {
  const reasons: unknown[] = [];
  const plain = createTestPorts();
  const log = {
    ...plain.log,
    warn: (_event: string, facts?: { readonly reason?: unknown }) => void reasons.push(facts?.reason),
  };
  let tries = 0;
  const run = async () => {
    tries += 1;
    throw new Error('no disk');
  };
  const graph = openGraph(':memory:');
  const teller = createGraphTeller({ ...plain, log, threads: { run } }, graph, 'graph.db');
  teller.tell(record('1'));
  await new Promise((resolve) => void setTimeout(resolve, 50));
  assert.equal(tries, 1);
  await teller.close();
  assert.equal(tries, 2);
  assert.deepEqual(reasons, ['no disk', 'no disk', 'the server ends; 1 admissions are not in the graph']);
});
