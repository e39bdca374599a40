import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { AppError, digestOf } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { openBolt } from './bolt.ts';
import { listContainerdImages } from './containerd.ts';

/** Written by bbolt 1.3.11 in two transactions, with sixty images in one namespace so that there are branch pages. */
const META = gunzipSync(readFileSync(join(import.meta.dirname, 'testdata/containerd-meta.db.gz')));
const PATH = 'io.containerd.metadata.v1.bolt/meta.db';

async function setUp(content: Uint8Array = META) {
  const { files, home } = createTestPorts();
  await files.writeAtomic(join(home, PATH), content);
  return { files, home };
}

const isError = (kind: string, message: RegExp) => (error: unknown) =>
  error instanceof AppError && error.kind === kind && message.test(error.message);

test('images are listed with their namespaces and digests, through branch pages and buckets inside values', async () => {
  const { files, home } = await setUp();
  const images = await listContainerdImages(files, home);
  assert.equal(images.length, 63);
  const name = 'registry.example.com/team/app-042:v1';
  assert.deepEqual(await listContainerdImages(files, home, name), [
    { namespace: 'k8s.io', name, digest: digestOf(name) },
  ]);
  for (const image of images.filter(({ namespace }) => namespace === 'k8s.io'))
    assert.equal(image.digest, digestOf(image.name));
});

test('a name in two namespaces is found twice, and another one not at all', async () => {
  const { files, home } = await setUp();
  const both = await listContainerdImages(files, home, 'docker.io/library/both:1');
  assert.deepEqual(
    both.map(({ namespace, digest }) => [namespace, digest]),
    [
      ['default', digestOf('two')],
      ['moby', digestOf('one')],
    ],
  );
  assert.deepEqual(await listContainerdImages(files, home, 'docker.io/library/none:1'), []);
});

test('of the two meta pages the newer whole one counts', async () => {
  const newest = Math.max(Number(META.readBigUInt64LE(64)), Number(META.readBigUInt64LE(4096 + 64)));
  const at = Number(META.readBigUInt64LE(64)) === newest ? 0 : 4096;
  const torn = Buffer.from(META);
  torn.fill(0, at + 40, at + 60);
  const { files, home } = await setUp(torn);
  const before = await listContainerdImages(files, home);
  assert.equal(before.length, 60, 'the transaction before had no others');
});

test('what is no such database, is cut, or points in circles is refused', async () => {
  const { files, home } = await setUp(Buffer.alloc(8192));
  await assert.rejects(openBolt(files, join(home, PATH)), isError('invalid-input', /expected a bbolt database/));
  await assert.rejects(openBolt(files, join(home, 'none')), isError('not-found', /no such file/));
  const cut = await setUp(META.subarray(0, 16_384));
  await assert.rejects(listContainerdImages(cut.files, cut.home), isError('invalid-input', /expected page/));
});

test('damage anywhere is an error or another list, never a crash or an endless walk', async () => {
  for (let at = 8192; at < 200_000; at += 9973) {
    const damaged = Buffer.from(META);
    damaged.fill(0xff, at, at + 24);
    const { files, home } = await setUp(damaged);
    try {
      assert.ok((await listContainerdImages(files, home)).length <= 63);
    } catch (error) {
      assert.ok(error instanceof AppError && error.kind === 'invalid-input', String(error));
    }
  }
});
