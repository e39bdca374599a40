import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKubeClient } from '../cluster/index.ts';
import type { AdmissionRequest, KubeObject } from '../cluster/index.ts';
import { createMemoryApi } from '../cluster/testing.ts';
import { digestOf } from '../core/index.ts';
import type { Outcome } from '../core/index.ts';
import { createTestPorts, TEST_TIME } from '../io/testing.ts';
import { createClusterNotes } from './cluster-notes.ts';
import type { AdmissionRecord } from './admission-facts.ts';

const EVENTS = '/api/v1/namespaces/shop/events';
const REPORTS = '/apis/openreports.io/v1alpha1/namespaces/shop/reports';
const POLICY_REPORTS = '/apis/wgpolicyk8s.io/v1alpha2/namespaces/shop/policyreports';
const connection = { url: 'https://api.test', tls: {}, namespace: 'ours', authorization: async () => undefined };

interface Case {
  readonly outcomes: readonly Outcome[];
  readonly mode?: 'validate' | 'mutate';
  readonly request?: Partial<AdmissionRequest>;
  readonly metadata?: object;
  /** Images of the object that were not judged. */
  readonly unchanged?: number;
}

function record({ outcomes, mode = 'validate', request = {}, metadata = {}, unchanged = 0 }: Case): AdmissionRecord {
  const images = outcomes.map((outcome, index) => {
    const image = `a.test/app:${index}`;
    const reasons = [{ code: 'any', message: `it is ${outcome}`, rule: 'signed/team' }];
    const pointer = `/spec/containers/${index + unchanged}/image`;
    const use = { image, pointer, name: `c${index}`, role: 'container' as const };
    return { use, verdict: { outcome, reasons }, digest: digestOf(image), evidence: [] };
  });
  const places = Array.from({ length: unchanged + images.length }, (_, index) => `/spec/containers/${index}/image`);
  const outcome = outcomes.includes('deny') ? 'deny' : outcomes.includes('warn') ? 'warn' : 'allow';
  const object = { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'shop', labels: {}, document: {} };
  return {
    request: {
      dryRun: false,
      object: { metadata: { uid: 'u1', ...metadata } },
      ...request,
    } as AdmissionRequest,
    response: {},
    admission: { object, outcome, reasons: [], images, places },
    mode,
    isAllowed: outcome !== 'deny',
    at: TEST_TIME,
  };
}

async function note(records: readonly AdmissionRecord[], api = createMemoryApi()) {
  const notes = createClusterNotes(createTestPorts(), createKubeClient(api.http, connection));
  for (const one of records) notes.note(one);
  await sleep(20);
  await notes.close();
  return api;
}

const made = (api: ReturnType<typeof createMemoryApi>, path: string): KubeObject =>
  api.get(path, path === EVENTS ? 'undefined' : 'plimsoll-u1') ?? {};

test('what is denied or warned of makes one event, whoever asks again', async () => {
  const denied = await note([record({ outcomes: ['deny'], mode: 'mutate' }), record({ outcomes: ['deny'] })]);
  const event = made(denied, EVENTS);
  assert.deepEqual([event.reason, event.type], ['AdmissionDenied', 'Warning']);
  assert.match(String(event.message), /a\.test\/app:0.*it is deny/s);
  assert.deepEqual(event.involvedObject, { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'shop' });
  assert.equal(denied.asked.filter((path) => path === `POST ${EVENTS}`).length, 1);
  const warned = await note([record({ outcomes: ['warn'], mode: 'mutate' }), record({ outcomes: ['warn'] })]);
  assert.equal(made(warned, EVENTS).reason, 'AdmissionWarned');
  assert.equal(warned.asked.filter((path) => path === `POST ${EVENTS}`).length, 1);
});

test('what is let in has a report of each kind, with a result for each image, that goes with its object', async () => {
  const api = await note([record({ outcomes: ['allow', 'warn'] })]);
  for (const path of [REPORTS, POLICY_REPORTS]) {
    const report = made(api, path);
    assert.deepEqual(report.summary, { pass: 1, fail: 0, warn: 1, error: 0, skip: 0 });
    assert.deepEqual((report.metadata as KubeObject).ownerReferences, [
      { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'u1' },
    ]);
    const [first] = report.results as readonly KubeObject[];
    assert.deepEqual(
      [first?.policy, first?.rule, first?.result, first?.source],
      ['signed', 'signed/team', 'pass', 'plimsoll'],
    );
    assert.deepEqual(first?.properties, {
      image: 'a.test/app:0',
      place: '/spec/containers/0/image',
      digest: digestOf('a.test/app:0'),
    });
  }
});

test('an update keeps the results of images that it left alone, and drops those of places that are gone', async () => {
  const api = await note([record({ outcomes: ['allow', 'allow', 'allow'] })]);
  await note([record({ outcomes: ['warn'], unchanged: 1 })], api);
  const { results, summary } = made(api, REPORTS) as {
    results: { result: string; properties: { place: string } }[];
    summary: object;
  };
  assert.deepEqual(
    results.map(({ result, properties }) => [properties.place, result]),
    [
      ['/spec/containers/1/image', 'warn'],
      ['/spec/containers/0/image', 'pass'],
    ],
  );
  assert.deepEqual(summary, { pass: 1, fail: 0, warn: 1, error: 0, skip: 0 });
});

test('nothing is noted of dry runs, of the mutating step, of parts of others and of what names no image', async () => {
  const api = await note([
    record({ outcomes: ['deny'], request: { dryRun: true } }),
    record({ outcomes: ['allow'], mode: 'mutate' }),
    record({ outcomes: ['allow'], metadata: { ownerReferences: [{ controller: true }] } }),
    record({ outcomes: [] }),
  ]);
  assert.deepEqual(api.asked, []);
});

test('a cluster without reports is not asked again for each admission', async () => {
  const api = createMemoryApi();
  api.failWith({ status: 404, body: { message: 'no such resource' } });
  await note([record({ outcomes: ['allow'] }), record({ outcomes: ['allow'] })], api);
  assert.equal(api.asked.length, 2);
});

test('more notes than may wait are counted and given up', async () => {
  const api = createMemoryApi();
  const notes = createClusterNotes(createTestPorts(), createKubeClient(api.http, connection));
  for (let index = 0; index < 1010; index += 1) notes.note(record({ outcomes: ['allow'] }));
  assert.equal(notes.dropped, 10);
  await notes.close();
});
