import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, parseReference } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { attachFiles } from './attach-files.ts';
import { findGarbage } from './find-garbage.ts';
import { listTags } from './inspect-artifact.ts';
import { pushFiles } from './push-artifact.ts';
import { openRepository } from './registry.ts';
import { createTestRegistry } from './testing.ts';

const HOST = 'localhost:5000';
const { signal } = new AbortController();

/** Two artifacts, each with a signature under cosign's tag and a signed report; the second one is gone. */
async function setUp() {
  const plain = createTestPorts();
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: createTestRegistry(plain) }) };
  const repository = openRepository(ports, parseReference(`${HOST}/app`));
  const push = async (tag: string) => {
    const file = join(ports.home, tag);
    await ports.files.writeAtomic(file, tag);
    return (await pushFiles(ports, { reference: `${HOST}/app:${tag}`, files: [file], annotations: [] }, signal))
      .descriptor;
  };
  const attach = async (subject: string, name: string) => {
    const file = join(ports.home, name);
    await ports.files.writeAtomic(file, name);
    const input = { reference: `${HOST}/app@${subject}`, files: [file], artifactType: 'a/b', annotations: [] };
    return (await attachFiles(ports, input, signal)).descriptor.digest;
  };
  const made = [];
  for (const name of ['here', 'gone']) {
    const { digest } = await push(name);
    const sigTag = `${digest.replace(':', '-')}.sig`;
    const signature = await push(sigTag);
    const report = await attach(digest, `${name}-report`);
    const deep = await attach(report, `${name}-deep`);
    made.push({ digest, sigTag, signature: signature.digest, report, deep });
  }
  const [here, gone] = made;
  assert.ok(here !== undefined && gone !== undefined);
  await repository.deleteManifest(gone.digest);
  return { ports, repository, here, gone };
}

test('signatures and referrers of what is gone are found, deepest first, and nothing is deleted unless told to', async () => {
  const { ports, repository, here, gone } = await setUp();
  const input = { repository: `${HOST}/app`, delete: false };
  const found = await findGarbage(ports, input, signal);
  assert.deepEqual(
    new Set(found.garbage.map(({ digest }) => digest)),
    new Set([gone.deep, gone.report, gone.signature]),
  );
  const order = found.garbage.map(({ digest }) => digest);
  assert.ok(order.indexOf(gone.deep) < order.indexOf(gone.report));
  assert.notEqual(await repository.findManifest(gone.report), undefined);
  const deleted = await findGarbage(ports, { ...input, delete: true }, signal);
  assert.deepEqual([deleted.deleted, deleted.garbage.length], [true, 3]);
  for (const digest of order) assert.equal(await repository.findManifest(digest), undefined);
  for (const digest of [here.signature, here.report, here.deep]) {
    assert.notEqual(await repository.findManifest(digest), undefined);
  }
  assert.deepEqual(await listTags(ports, { reference: `${HOST}/app` }, signal), ['here', here.sigTag].toSorted());
  assert.deepEqual((await findGarbage(ports, input, signal)).garbage, []);
});

test('a referrer with a tag of its own is said and stays, and a signature that somebody tagged keeps its manifest', async () => {
  const { ports, repository, gone } = await setUp();
  for (const [digest, tag] of [
    [gone.report, 'mine'],
    [gone.signature, 'kept'],
  ] as const) {
    const { bytes, descriptor } = await repository.fetchManifest(digest);
    await repository.pushManifest(bytes, descriptor.mediaType, tag);
  }
  const report = await findGarbage(ports, { repository: `${HOST}/app`, delete: true }, signal);
  assert.deepEqual(
    report.kept.map(({ tag, subject }) => [tag, subject]),
    [['mine', gone.digest]],
  );
  assert.notEqual(await repository.findManifest('mine'), undefined);
  assert.notEqual(await repository.findManifest('kept'), undefined);
  assert.notEqual(await repository.findManifest(gone.deep), undefined);
});

test('a registry that fails is no proof that a subject is gone', async () => {
  const { ports, gone } = await setUp();
  const http: typeof ports.http = async (request) =>
    request.url.endsWith(`/manifests/${gone.digest}`)
      ? { status: 403, headers: new Map(), body: new Blob([]).stream() }
      : await ports.http(request);
  await assert.rejects(
    findGarbage({ ...ports, http }, { repository: `${HOST}/app`, delete: true }, signal),
    (error) => error instanceof AppError && error.kind === 'unauthorized',
  );
});

test('what has a tag is there, even where the registry does not give it by its digest', async () => {
  const { ports, here } = await setUp();
  const http: typeof ports.http = async (request) =>
    request.url.endsWith(`/manifests/${here.digest}`)
      ? { status: 404, headers: new Map(), body: new Blob([]).stream() }
      : await ports.http(request);
  const { garbage } = await findGarbage({ ...ports, http }, { repository: `${HOST}/app`, delete: false }, signal);
  assert.ok(garbage.every(({ subject }) => subject !== here.digest));
});
