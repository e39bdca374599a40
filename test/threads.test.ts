/** The program's real threads: what they learn of a layer is what this thread learns, and their errors arrive as what they were. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { layerReader } from '../src/app/layer-reader.ts';
import { readLayer } from '../src/artifacts/index.ts';
import { makeTar } from '../src/artifacts/image/testing.ts';
import { AppError } from '../src/core/index.ts';
import { createThreads } from '../src/io/threads.ts';
import { catalogSelector } from '../src/metadata/catalog/index.ts';

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
  return { selector: catalogSelector, what, size: stored.length };
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
