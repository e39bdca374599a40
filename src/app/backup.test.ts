/** Repositories into one file and back, and checks of what lies on the disk. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, digestOf, type ErrorKind } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { attachFiles } from './attach-files.ts';
import { listTags, resolveDigest } from './inspect-artifact.ts';
import { listReferrers } from './list-referrers.ts';
import { mirrorRepository } from './mirror-repository.ts';
import { pushFiles, pushImage } from './push-artifact.ts';
import { createTestRegistry } from './testing.ts';
import { validateImage } from './validate-image.ts';

const HOST = 'localhost:5000';
const { signal } = new AbortController();
const isError = (kind: ErrorKind, message: RegExp) => (error: unknown) =>
  error instanceof AppError && error.kind === kind && message.test(error.message);
const ALL = { include: [], exclude: [] };

async function setUp() {
  const plain = createTestPorts();
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: createTestRegistry(plain) }) };
  const at = (name: string) => join(ports.home, name);
  for (const tag of ['v1', 'v2', 'v3']) {
    await ports.files.writeAtomic(at(tag), tag);
    await pushFiles(ports, { reference: `${HOST}/app:${tag}`, files: [at(tag)], annotations: [] }, signal);
  }
  const report = { reference: `${HOST}/app:v1`, files: [at('v2')], annotations: [], artifactType: 'a/report' };
  await attachFiles(ports, report, signal);
  return { ports, at };
}

test('a repository goes into one file and comes back with all that refers to it', async () => {
  const { ports, at } = await setUp();
  const archive = `oci-archive:${at('all.tar')}`;
  const kept = await mirrorRepository(ports, { ...ALL, source: `${HOST}/app`, target: archive }, signal);
  assert.deepEqual(
    kept.copies.flatMap(({ tags, differences }) => [...tags, ...differences]),
    ['v1', 'v2', 'v3'],
  );
  assert.match(kept.copies[0]?.reference ?? '', /all\.tar@sha256:/);
  assert.deepEqual(await ports.files.list(ports.settings.cacheDir), []);
  const restored = await mirrorRepository(ports, { ...ALL, source: at('all.tar'), target: `${HOST}/back` }, signal);
  assert.deepEqual(
    restored.copies.flatMap(({ differences }) => differences),
    [],
  );
  for (const tag of ['v1', 'v2', 'v3']) {
    const [one, two] = await Promise.all(
      ['app', 'back'].map((name) => resolveDigest(ports, { reference: `${HOST}/${name}:${tag}` }, signal)),
    );
    assert.equal(one?.digest, two?.digest);
  }
  const { referrers } = await listReferrers(ports, { reference: `${HOST}/back:v1` }, signal);
  assert.deepEqual(
    referrers.map(({ descriptor }) => descriptor.artifactType),
    ['a/report'],
  );
});

test('only the tags that are named are taken, and one that is not there is refused', async () => {
  const { ports, at } = await setUp();
  const input = { ...ALL, source: `${HOST}/app`, target: `oci:${at('some')}` };
  await mirrorRepository(ports, { ...input, tags: ['v1', 'v3'] }, signal);
  assert.deepEqual(await listTags(ports, { reference: at('some') }, signal), ['v1', 'v3']);
  const absent = mirrorRepository(ports, { ...input, tags: ['v1', 'v9'] }, signal);
  await assert.rejects(absent, isError('not-found', /no tag v9/));
  const dry = mirrorRepository(ports, { ...input, target: `oci-archive:${at('a.tar')}`, dryRun: true }, signal);
  await assert.rejects(dry, isError('usage', /dry run/));
});

test('what lies on the disk is checked as a registry is; a fast check leaves the content of layers alone', async () => {
  const { ports, at } = await setUp();
  await mirrorRepository(ports, { ...ALL, source: `${HOST}/app`, target: `oci:${at('layout')}`, tags: ['v1'] }, signal);
  const reference = `oci:${at('layout')}:v1`;
  const problems = async (fast: boolean) => (await validateImage(ports, { reference, fast }, signal)).problems;
  assert.deepEqual(await problems(false), []);
  const folder = at('layout/blobs/sha256');
  for (const name of await ports.files.list(folder)) {
    const path = join(folder, name);
    if ((await ports.files.stat(path))?.size === 2) await ports.files.writeAtomic(path, '??');
  }
  assert.match((await problems(false)).join(), /expected its digest/);
});

test('an image of the engine on this host is read by its name, and one in two namespaces by its namespace', async () => {
  const { ports, at } = await setUp();
  const root = ports.settings.containerdDir;
  const database = gunzipSync(
    readFileSync(join(import.meta.dirname, '../artifacts/local/testdata/containerd-meta.db.gz')),
  );
  await mirrorRepository(ports, { ...ALL, source: `${HOST}/app`, target: `oci:${at('layout')}`, tags: ['v1'] }, signal);
  const { digest } = await resolveDigest(ports, { reference: at('layout') }, signal);
  // the database names digests of its own: the name of one is given another of the same length
  const known = digestOf('nginx');
  const changed = Buffer.from(database.toString('latin1').replaceAll(known, digest), 'latin1');
  await ports.files.writeAtomic(join(root, 'io.containerd.metadata.v1.bolt/meta.db'), changed);
  for (const name of await ports.files.list(at('layout/blobs/sha256'))) {
    const content = await ports.files.read(at(`layout/blobs/sha256/${name}`));
    await ports.files.writeAtomic(join(root, 'io.containerd.content.v1.content/blobs/sha256', name), content);
  }
  for (const reference of ['containerd:nginx', 'containerd:docker.io/library/nginx:latest'])
    assert.equal((await resolveDigest(ports, { reference }, signal)).digest, digest);
  await pushImage(ports, { source: 'containerd:nginx', reference: `${HOST}/nginx:1` }, signal);
  assert.equal((await resolveDigest(ports, { reference: `${HOST}/nginx:1` }, signal)).digest, digest);
  const ask = (reference: string, namespace?: string) =>
    resolveDigest({ ...ports, environment: { CONTAINERD_NAMESPACE: namespace } }, { reference }, signal);
  const back = mirrorRepository(ports, { ...ALL, source: `${HOST}/app`, target: 'containerd:x' }, signal);
  await assert.rejects(back, isError('usage', /is only read/));
  await assert.rejects(ask('containerd:none'), isError('not-found', /no image docker\.io\/library\/none:latest/));
  await assert.rejects(ask('containerd:both:1'), isError('usage', /found others of that name in default, moby/));
  await assert.rejects(ask('containerd:both:1', 'moby'), isError('not-found', new RegExp(digestOf('one'))));
  await assert.rejects(ask('containerd:nginx', 'moby'), isError('not-found', /no image/));
});
