/** Copies and mirrors between a registry in the process and local forms. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, parseReference, type ErrorKind } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { attachFiles } from './attach-files.ts';
import { tagArtifact } from './change-artifact.ts';
import { copyArtifact } from './copy-artifact.ts';
import { listTags, resolveDigest } from './inspect-artifact.ts';
import { listReferrers } from './list-referrers.ts';
import { mirrorRepository } from './mirror-repository.ts';
import { pushFiles } from './push-artifact.ts';
import { openRepository } from './registry.ts';
import { createTestRegistry } from './testing.ts';

const HOST = 'localhost:5000';
const { signal } = new AbortController();

async function setUp() {
  const plain = createTestPorts();
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: createTestRegistry(plain) }) };
  const at = (name: string) => join(ports.home, name);
  const push = async (tag: string) => {
    await ports.files.writeAtomic(at(tag), `content of ${tag}`);
    return await pushFiles(ports, { reference: `${HOST}/app:${tag}`, files: [at(tag)], annotations: [] }, signal);
  };
  const pushed = await push('v1.0');
  await attachFiles(
    ports,
    { reference: `${HOST}/app:v1.0`, files: [at('v1.0')], artifactType: 'a/b', annotations: [] },
    signal,
  );
  return { ports, at, push, digest: pushed.descriptor.digest };
}

async function rejects(action: Promise<unknown>, kind: ErrorKind, message: RegExp) {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

test('a copy goes into a layout and an archive and back, with its referrer, digest and tag', async () => {
  const { ports, at, digest } = await setUp();
  for (const place of [`oci:${at('layout')}`, at('layout2'), `oci-archive:${at('image.tar')}`]) {
    const out = await copyArtifact(ports, { source: `${HOST}/app:v1.0`, target: place }, signal);
    assert.deepEqual([out.tags, out.differences, out.referrers, out.descriptor.digest], [['v1.0'], [], 1, digest]);
    const target = `${HOST}/back${place.length}`;
    const back = await copyArtifact(ports, { source: `${place}:v1.0`.replace(/^\//, 'oci:/'), target }, signal);
    assert.deepEqual([back.tags, back.differences, back.referrers], [['v1.0'], [], 1]);
    assert.equal((await listReferrers(ports, { reference: `${target}:v1.0` }, signal)).referrers.length, 1);
  }
});

test('a copy by digest has no tag in a registry and is latest in a layout; several tags are several tags', async () => {
  const { ports, at, digest } = await setUp();
  const source = `${HOST}/app@${digest}`;
  assert.deepEqual((await copyArtifact(ports, { source, target: `${HOST}/other` }, signal)).tags, []);
  assert.deepEqual((await copyArtifact(ports, { source, target: `oci:${at('l')}` }, signal)).tags, ['latest']);
  await copyArtifact(ports, { source, target: `${HOST}/other:a,b,c` }, signal);
  assert.deepEqual(await listTags(ports, { reference: `${HOST}/other` }, signal), ['a', 'b', 'c']);
});

test('what a folder of blobs holds is copied by its digest, and only by that', async () => {
  const { ports, at, digest } = await setUp();
  await copyArtifact(ports, { source: `${HOST}/app:v1.0`, target: `oci:${at('layout')}` }, signal);
  await ports.files.remove(at('layout/index.json'));
  await ports.files.remove(at('layout/oci-layout'));
  const copied = await copyArtifact(
    ports,
    { source: `blobs:${at('layout')}@${digest}`, target: `${HOST}/b:1` },
    signal,
  );
  assert.equal(copied.descriptor.digest, digest);
  const unnamed = copyArtifact(ports, { source: `blobs:${at('layout')}`, target: `${HOST}/b:1` }, signal);
  await rejects(unnamed, 'usage', /expected blobs:PATH@DIGEST/);
});

test('a source that is moved during the copy is a difference', async () => {
  const { ports, push } = await setUp();
  await push('v2');
  const http: typeof ports.http = async (request) => {
    const response = await ports.http(request);
    if (request.method === 'PUT' && request.url.endsWith('/manifests/v1.0')) {
      await tagArtifact(ports, { reference: `${HOST}/app:v2`, tags: ['v1.0'] }, signal);
    }
    return response;
  };
  const copied = await copyArtifact({ ...ports, http }, { source: `${HOST}/app:v1.0`, target: `${HOST}/to` }, signal);
  assert.match(copied.differences[0] ?? '', /tag v1\.0 was moved to sha256:\w+ during the copy/);
});

test('a mirror takes the tags that fit, says what it left, and a second run sends only what is new or moved', async () => {
  const { ports, push } = await setUp();
  for (const tag of ['v1.1', 'v1.1-rc1', 'v2.0']) await push(tag);
  const input = { source: `${HOST}/app`, target: `${HOST}/mirror`, include: ['v1.*'], exclude: ['*-rc?'] };
  const dry = await mirrorRepository(ports, { ...input, dryRun: true }, signal);
  assert.deepEqual(
    dry.copies.map(({ tags, sent }) => [tags[0], sent.manifests]),
    [
      ['v1.0', 2],
      ['v1.1', 1],
    ],
  );
  await rejects(listTags(ports, { reference: input.target }, signal), 'not-found', /./);
  const first = await mirrorRepository(ports, input, signal);
  assert.deepEqual(first.leftOut, ['v1.1-rc1', 'v2.0']);
  assert.deepEqual(await listTags(ports, { reference: input.target }, signal), ['v1.0', 'v1.1']);
  await tagArtifact(ports, { reference: `${HOST}/app:v2.0`, tags: ['v1.1'] }, signal);
  const second = await mirrorRepository(ports, input, signal);
  assert.deepEqual(
    second.copies.map(({ sent, movedTags }) => [sent.manifests, movedTags.length]),
    [
      [0, 0],
      [1, 1],
    ],
  );
  assert.ok(second.copies.every(({ differences }) => differences.length === 0));
});

test('a mirror loses no signature: of tagged subjects they go along, of others they go by themselves', async () => {
  const { ports, push, digest } = await setUp();
  const untagged = (await push('gone')).descriptor.digest;
  const repository = openRepository(ports, parseReference(`${HOST}/app`));
  await push('signature');
  for (const subject of [digest, untagged]) {
    const { bytes, descriptor } = await repository.fetchManifest('signature');
    await repository.pushManifest(bytes, descriptor.mediaType, `${subject.replace(':', '-')}.sig`);
  }
  for (const tag of ['gone', 'signature']) await repository.deleteManifest(tag);
  const input = { source: `${HOST}/app`, target: `${HOST}/mirror`, include: [], exclude: [] };
  const { copies } = await mirrorRepository(ports, input, signal);
  assert.deepEqual(
    copies.map(({ tags }) => tags[0]),
    ['v1.0', `${untagged.replace(':', '-')}.sig`],
  );
  const tags = await listTags(ports, { reference: input.target }, signal);
  assert.deepEqual(tags, await listTags(ports, { reference: input.source }, signal));
});

test('targets and patterns that make no sense are refused before anything is sent', async () => {
  const { ports, at, digest } = await setUp();
  const input = { source: `${HOST}/app`, include: [], exclude: [] };
  await rejects(mirrorRepository(ports, { ...input, target: `${HOST}/m:v1` }, signal), 'usage', /without a tag/);
  const archive = mirrorRepository(ports, { ...input, target: `docker-archive:${at('a.tar')}` }, signal);
  await rejects(archive, 'usage', /expected a registry or an OCI layout/);
  for (const glob of ['(a+)+', 'a/b', '*'.repeat(20), '{a']) {
    const bad = mirrorRepository(ports, { ...input, target: `${HOST}/m`, include: [glob] }, signal);
    await rejects(bad, 'usage', /--include: expected a pattern/);
  }
  const source = `${HOST}/app:v1.0`;
  const other = copyArtifact(
    ports,
    { source, target: `${HOST}/m@${digest.replace(/.$/, (x) => (x === '0' ? '1' : '0'))}` },
    signal,
  );
  await rejects(other, 'invalid-input', /target: expected sha256/);
  const dry = copyArtifact(ports, { source, target: `oci-archive:${at('a.tar')}`, dryRun: true }, signal);
  await rejects(dry, 'usage', /expected a registry or a layout with a dry run/);
  assert.equal((await resolveDigest(ports, { reference: source }, signal)).digest, digest);
});
