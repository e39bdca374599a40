/** The program's real threads: what they learn of a layer is what this thread learns, and their errors arrive as what they were. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { AdmissionRecord } from '../src/app/admission-facts.ts';
import { layerReader } from '../src/app/layer-reader.ts';
import { createGraphTeller } from '../src/app/tell-graph.ts';
import { readLayer } from '../src/artifacts/index.ts';
import { makeTar } from '../src/artifacts/image/testing.ts';
import { AppError, digestOf } from '../src/core/index.ts';
import { openGraph } from '../src/graph/index.ts';
import { createTestPorts, temporaryFolder } from '../src/io/testing.ts';
import { createThreads } from '../src/io/threads.ts';
import { imageCatalogSelector } from '../src/metadata/catalog/index.ts';

const entry = join(import.meta.dirname, '../src/worker.ts');
const LARGE = 16 * 1024 * 1024;
const tar = makeTar([
  { path: 'etc/os-release', content: 'ID=debian\n' },
  { path: 'lib/.wh.gone', content: '' },
  { path: 'bin/sh', kind: 'symlink', linkName: 'bash' },
  { path: 'bin/large', content: randomBytes(LARGE).toString('hex') },
]);
const stored = gzipSync(tar, { level: 1 });

async function* pieces(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function options(what = 'layer') {
  return { selector: imageCatalogSelector, what, size: stored.length };
}

test('a thread learns of a layer what this one learns, and leaves the given bytes alone', async () => {
  const before = Buffer.from(stored);
  const threads = createThreads(entry, 1);
  const found = await layerReader({ threads })(pieces(stored), options());
  assert.deepEqual(found, await readLayer(pieces(stored), options()));
  assert.ok(found.contents.has('etc/os-release'));
  assert.deepEqual(stored, before);
});

test('more tasks than threads are all done', async () => {
  const read = layerReader({ threads: createThreads(entry, 2) });
  const found = await Promise.all(Array.from({ length: 5 }, () => read(pieces(stored), options())));
  assert.equal(new Set(found.map(({ diffId }) => diffId)).size, 1);
});

test('an error keeps its kind and words, and the thread goes on', async () => {
  const read = layerReader({ threads: createThreads(entry, 1) });
  const broken = async () => await read(pieces(Buffer.alloc(LARGE, 'no tar')), options('bad layer'));
  await assert.rejects(broken, (error) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.kind, 'invalid-input');
    assert.match(error.message, /^bad layer: expected a tar header/);
    return true;
  });
  assert.ok((await read(pieces(stored), options())).entries.length > 0);
});

test('an error of the source is the error of the task, and the thread goes on', async () => {
  const read = layerReader({ threads: createThreads(entry, 1) });
  const cut = async function* () {
    yield* pieces(stored.subarray(0, LARGE / 2));
    throw new AppError('unavailable', 'the connection broke');
  };
  await assert.rejects(read(cut(), options()), { kind: 'unavailable', message: 'the connection broke' });
  assert.ok((await read(pieces(stored), options())).entries.length > 0);
});

test('a thread that cannot start or does not know the task is an error, not a wait', async () => {
  const missing = layerReader({ threads: createThreads(join(import.meta.dirname, 'no-such-thread.ts'), 1) });
  for (let again = 0; again < 2; again += 1) {
    await assert.rejects(missing(pieces(stored), options()), { kind: 'internal' });
  }
  const unknown = createThreads(entry, 1).run({ name: 'no-such-task', input: {}, source: pieces(stored) });
  await assert.rejects(unknown, { kind: 'internal', message: /no task no-such-task/ });
});

test('the graph is told on a thread: all of it before the end, and what cannot be read is a warning', async () => {
  const path = join(temporaryFolder(), 'graph.sqlite');
  const warnings: unknown[] = [];
  const plain = createTestPorts();
  const log = { ...plain.log, warn: (event: string) => void warnings.push(event) };
  const graph = openGraph(path);
  const teller = createGraphTeller({ ...plain, log, threads: createThreads(entry, 1) }, graph, path);
  const digest = digestOf('image');
  const image = { image: `r.test/app@${digest}`, pointer: '/spec/containers/0/image', name: 'c', role: 'container' };
  const payload = Buffer.from('{"predicateType":"https://spdx.dev/Document","predicate":{}}');
  const sbom = { kind: 'attestation', source: digestOf(payload), artifact: digest, payload };
  const signed = { ...sbom, predicateType: 'https://spdx.dev/Document', signer: { kind: 'key', keyId: 'k' } };
  const images = [{ use: image, digest, verdict: { outcome: 'allow', reasons: [] }, evidence: [signed] }];
  const object = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web', labels: {}, document: {} };
  const admission = { object, outcome: 'allow', reasons: [], images, places: [image.pointer] };
  const request = { uid: 'u', operation: 'CREATE', namespace: 'shop', dryRun: false, kind: { kind: 'Pod' } };
  const at = new Date('2026-01-02T00:00:00Z');
  const record = { request, admission, response: {}, mode: 'validate', isAllowed: true, at };
  for (let count = 0; count < 100; count += 1) teller.tell(record as unknown as AdmissionRecord);
  await teller.close();
  assert.equal(graph.status().verdicts, 100);
  assert.deepEqual(
    graph.listWorkloads(digest).map(({ namespace, name }) => `${namespace}/${name}`),
    ['shop/web'],
  );
  assert.equal(warnings.length, 100);
  assert.equal(warnings[0], 'graph-not-told');
  graph.close();
});
