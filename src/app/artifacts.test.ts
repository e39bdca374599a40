import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRegistry, loginRules, writeTar } from '../artifacts/index.ts';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, type ErrorKind, type FileSelector, type Ports } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { appendLayers } from './append-layer.ts';
import { deleteArtifact, tagArtifact } from './change-artifact.ts';
import { copyArtifact } from './copy-artifact.ts';
import { fetchConfig, listTags, resolveDigest } from './inspect-artifact.ts';
import { listReferrers } from './list-referrers.ts';
import { login, logout } from './login.ts';
import { openSource } from './open-source.ts';
import { pullArtifacts } from './pull-artifact.ts';
import { isLocalImage, pushFiles, pushImage } from './push-artifact.ts';

const { signal } = new AbortController();
const KEEP: FileSelector = { id: 'keep', select: () => ({ kind: 'keep', maxBytes: 1000 }) };
const HOST = 'localhost:5000';

async function setUp(changes: Partial<Ports> = {}) {
  const base = createTestPorts(changes);
  const handler = createRegistry(base.files, join(base.home, 'registry'), base);
  const ports = { ...base, http: createHandlerHttp({ [HOST]: handler }) };
  const at = (name: string) => join(ports.home, name);
  const layer = { path: 'etc/motd', size: 5, content: Buffer.from('hello') };
  await ports.files.append(at('layer.tar'), writeTar([layer]));
  const config = Buffer.from(
    JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } }),
  );
  const manifest = Buffer.from(JSON.stringify([{ Config: 'c.json', RepoTags: ['base:1'], Layers: [] }]));
  await ports.files.append(
    at('base.tar'),
    writeTar([
      { path: 'manifest.json', size: manifest.length, content: manifest },
      { path: 'c.json', size: config.length, content: config },
    ]),
  );
  const base1 = `${HOST}/base:1`;
  await pushImage(ports, { source: at('base.tar'), reference: base1 }, signal);
  const append = (target: string) => appendLayers(ports, { base: base1, layers: [at('layer.tar')], target }, signal);
  return { ports, at, append };
}

async function rejects(action: Promise<unknown>, kind: ErrorKind, message: RegExp) {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

const motd = async (ports: Ports, source: string) => {
  const { tree } = await openSource(ports, source, { selector: KEEP, signal });
  return Buffer.from((await (await tree()).read('etc/motd')) ?? []).toString();
};

test('an appended image is the same each time, and opens from every form it is pulled in', async () => {
  const { ports, at, append } = await setUp({ environment: { SOURCE_DATE_EPOCH: '1' } });
  const first = await append(`${HOST}/app:1`);
  assert.equal((await append(`${HOST}/app:2`)).descriptor.digest, first.descriptor.digest);
  const reference = `${HOST}/app:1`;
  await pullArtifacts(ports, { references: [reference], output: at('app.tar'), format: 'tarball' }, signal);
  await pullArtifacts(ports, { references: [reference], output: at('layout'), format: 'oci' }, signal);
  for (const source of [
    reference,
    `registry:${reference}`,
    at('app.tar'),
    `docker-archive:${at('app.tar')}`,
    at('layout'),
    `oci-dir:${at('layout')}:1`,
    at('layer.tar'),
  ]) {
    assert.equal(await motd(ports, source), 'hello', source);
  }
  const opened = await openSource(ports, reference, { selector: KEEP, signal });
  assert.equal(opened.image?.reference, first.reference);
  assert.equal(opened.kind, 'image');
  assert.match(
    new TextDecoder().decode((await fetchConfig(ports, { reference }, signal)).bytes),
    /"created":"1970-01-01T00:00:01Z"/,
  );
});

test('SOURCE_DATE_EPOCH that is no time is refused', async () => {
  const { append } = await setUp({ environment: { SOURCE_DATE_EPOCH: 'yesterday' } });
  await rejects(append(`${HOST}/app:1`), 'usage', /SOURCE_DATE_EPOCH/);
});

test('files are pushed with their types, found as referrers, copied along and pulled back', async () => {
  const { ports, at, append } = await setUp();
  await append(`${HOST}/app:1`);
  await ports.files.writeAtomic(at('report.json'), '{"a":1}');
  const artifactType = 'application/vnd.example.report';
  const input = {
    reference: `${HOST}/app`,
    files: [`${at('report.json')}:application/json`],
    artifactType,
    annotations: ['k=v=w'],
  };
  const pushed = await pushFiles(ports, { ...input, subject: `${HOST}/app:1` }, signal);
  const copied = await copyArtifact(ports, { source: `${HOST}/app:1`, target: `${HOST}/mirror:x` }, signal);
  assert.equal(copied.referrers, 1);
  const tree = await listReferrers(ports, { reference: `${HOST}/mirror:x` }, signal);
  assert.deepEqual(
    tree.referrers.map(({ descriptor }) => [descriptor.digest, descriptor.artifactType, descriptor.annotations?.k]),
    [[pushed.descriptor.digest, artifactType, 'v=w']],
  );
  assert.deepEqual(await listTags(ports, { reference: `${HOST}/mirror` }, signal), ['x']);
  const [pulled] = await pullArtifacts(
    ports,
    { references: [pushed.reference], output: at('out'), format: 'files' },
    signal,
  );
  assert.deepEqual(pulled?.paths, [at('out/report.json')]);
  assert.equal(new TextDecoder().decode(await ports.files.read(at('out/report.json'))), '{"a":1}');
  await rejects(pushFiles(ports, { ...input, files: [at('none')] }, signal), 'not-found', /no such file/);
  await rejects(pushFiles(ports, { ...input, annotations: ['novalue'] }, signal), 'usage', /KEY=VALUE/);
  await rejects(pushFiles(ports, { ...input, subject: `${HOST}/other:1` }, signal), 'usage', /subject/);
});

test('a title that leaves the folder is refused before anything is written', async () => {
  const { ports, at } = await setUp();
  await ports.files.writeAtomic(at('x'), 'x');
  for (const title of ['../evil', '/etc/evil', 'a/../../evil', 'a\\..\\evil', '', '.', 'a//b']) {
    const annotations = { 'org.opencontainers.image.title': title };
    const pushed = await pushFiles(ports, { reference: `${HOST}/evil:1`, files: [at('x')], annotations: [] }, signal);
    const { openRepository } = await import('./registry.ts');
    const { parseReference } = await import('../core/index.ts');
    const repository = openRepository(ports, parseReference(pushed.reference));
    const document = JSON.parse(
      new TextDecoder().decode((await repository.fetchManifest(pushed.descriptor.digest)).bytes),
    ) as { layers: object[] };
    document.layers = document.layers.map((layer) => ({ ...layer, annotations }));
    await repository.pushManifest(new TextEncoder().encode(JSON.stringify(document)), pushed.descriptor.mediaType, '1');
    await rejects(
      pullArtifacts(ports, { references: [`${HOST}/evil:1`], output: at('out'), format: 'files' }, signal),
      'invalid-input',
      /title inside the folder/,
    );
  }
  assert.equal(await ports.files.stat(at('evil')), undefined);
});

test('tags are moved and removed; nothing is deleted by default', async () => {
  const { ports, append } = await setUp();
  const { descriptor } = await append(`${HOST}/app:1`);
  await tagArtifact(ports, { reference: `${HOST}/app:1`, tags: ['stable'] }, signal);
  assert.equal((await resolveDigest(ports, { reference: `${HOST}/app:stable` }, signal)).digest, descriptor.digest);
  await rejects(
    tagArtifact(ports, { reference: `${HOST}/app:1`, tags: ['fine', 'not fine'] }, signal),
    'invalid-input',
    /tag/,
  );
  await rejects(deleteArtifact(ports, { reference: `${HOST}/app` }, signal), 'usage', /expected a tag or a digest/);
  await deleteArtifact(ports, { reference: `${HOST}/app:1` }, signal);
  assert.deepEqual(await listTags(ports, { reference: `${HOST}/app` }, signal), ['stable']);
});

test('a source that is nothing is told apart from an image of that name', async () => {
  const { ports, at } = await setUp();
  const open = (source: string) => openSource(ports, source, { selector: KEEP, signal });
  await rejects(open('./nowhere'), 'not-found', /no such file or folder/);
  await rejects(open(`dir:${at('nowhere')}`), 'not-found', /no such file or folder/);
  await rejects(open(`${HOST}/nowhere:1`), 'not-found', /no manifest/);
  await rejects(open('NOT a reference'), 'invalid-input', /reference/);
  await ports.files.writeAtomic(at('folder/file'), 'x');
  assert.equal((await open(at('folder'))).kind, 'folder');
  assert.equal((await open(at('folder/file'))).kind, 'file');
  assert.equal((await open(at('layer.tar'))).kind, 'archive');
  assert.equal(await isLocalImage(ports, at('base.tar')), true);
  assert.equal(await isLocalImage(ports, at('layer.tar')), false);
  assert.equal(await isLocalImage(ports, `${HOST}/app:1`), false);
});

test('login asks the registry before it stores; logout forgets; the rest of the file stays', async () => {
  const base = createTestPorts();
  const credential = { kind: 'password', username: 'user', password: 'secret' } as const;
  const handler = createRegistry(base.files, join(base.home, 'registry'), {
    ...base,
    rules: async () => loginRules(credential),
  });
  const ports = { ...base, http: createHandlerHttp({ [HOST]: handler }) };
  const path = join(ports.home, '.docker/config.json');
  await ports.files.writeAtomic(path, JSON.stringify({ keep: 'me', auths: { 'other.io': { auth: 'YTpi' } } }));
  const read = async () =>
    JSON.parse(new TextDecoder().decode(await ports.files.read(path))) as Record<string, unknown>;
  await rejects(
    login(ports, { registry: HOST, credential: { ...credential, password: 'wrong' } }, signal),
    'unauthorized',
    /401/,
  );
  assert.deepEqual((await read()).auths, { 'other.io': { auth: 'YTpi' } });
  await login(ports, { registry: HOST, credential }, signal);
  assert.equal((await ports.files.stat(path))?.mode, 0o600);
  await rejects(listTags(ports, { reference: `${HOST}/app` }, signal), 'not-found', /NAME_UNKNOWN/);
  assert.equal(await logout(ports, { registry: HOST }), true);
  assert.deepEqual(await read(), { keep: 'me', auths: { 'other.io': { auth: 'YTpi' } } });
  assert.equal(await logout(ports, { registry: HOST }), false);
  await rejects(listTags(ports, { reference: `${HOST}/app` }, signal), 'unauthorized', /401/);
});

test('a credential given for the target of a copy is not shown to the registry of the source', async () => {
  const { ports } = await setUp();
  const seen: string[] = [];
  const guarded = (host: string) => async (request: Request) => {
    seen.push(`${host} ${request.headers.get('authorization') ?? 'nothing'}`);
    return new Response('', { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } });
  };
  const http = createHandlerHttp({ 'evil.example.com': guarded('evil'), 'good.example.com': guarded('good') });
  const credential = { kind: 'password', username: 'user', password: 'secret' } as const;
  const input = { source: 'evil.example.com/a:1', target: 'good.example.com/a:1', access: { credential } };
  await rejects(copyArtifact({ ...ports, http }, input, signal), 'unauthorized', /401/);
  const append = { base: input.source, target: input.target, layers: [], access: input.access };
  await rejects(appendLayers({ ...ports, http }, append, signal), 'unauthorized', /401/);
  assert.deepEqual(new Set(seen), new Set(['evil nothing']));
  seen.length = 0;
  const sourceAccess = { credential: { ...credential, username: 'reader' } };
  await rejects(copyArtifact({ ...ports, http }, { ...input, sourceAccess }, signal), 'unauthorized', /401/);
  const basic = Buffer.from('reader:secret').toString('base64');
  assert.deepEqual(new Set(seen), new Set(['evil nothing', `evil Basic ${basic}`]));
});
