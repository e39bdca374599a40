/** Files as artifacts, in the forms that oras has for them, and back. */
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  createRegistry,
  EMPTY_CONTENT,
  EMPTY_DESCRIPTOR,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
  writeTar,
} from '../artifacts/index.ts';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, digestOf, parseReference, type ErrorKind } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { attachFiles } from './attach-files.ts';
import { tagArtifact } from './change-artifact.ts';
import { resolveManifest } from './inspect-artifact.ts';
import { pullArtifacts } from './pull-artifact.ts';
import { isLocalImage, pushFiles, pushImage } from './push-artifact.ts';
import { openRepository } from './registry.ts';

const HOST = 'localhost:5000';
const { signal } = new AbortController();
const isError = (kind: ErrorKind, message: RegExp) => (error: unknown) =>
  error instanceof AppError && error.kind === kind && message.test(error.message);

interface Document {
  readonly artifactType?: string;
  readonly config: { readonly mediaType: string; readonly size: number; readonly annotations?: object };
  readonly layers: readonly { readonly mediaType: string; readonly annotations: Readonly<Record<string, string>> }[];
  readonly annotations: Readonly<Record<string, string>>;
}

async function setUp() {
  const base = createTestPorts();
  const handler = createRegistry(base.files, join(base.home, 'registry'), base);
  const ports = { ...base, http: createHandlerHttp({ [HOST]: handler }) };
  const at = (name: string) => join(ports.home, name);
  const write = (name: string, text: string) => ports.files.writeAtomic(at(name), text);
  await write('a.txt', 'a');
  const documentOf = async (reference: string) =>
    JSON.parse(new TextDecoder().decode((await resolveManifest(ports, { reference }, signal)).bytes)) as Document;
  return { ports, at, write, documentOf, input: { files: [at('a.txt')], annotations: [] } };
}

test('annotations come from a file by $manifest, $config and title, and those of flags count more', async () => {
  const { ports, at, write, documentOf, input } = await setUp();
  const notes = { $manifest: { m: '1', n: '2' }, $config: { c: '3' }, 'a.txt': { t: '4' }, 'other.txt': { o: '5' } };
  await write('notes.json', JSON.stringify(notes));
  const reference = `${HOST}/app:1`;
  await pushFiles(ports, { ...input, reference, annotations: ['n=flag'], annotationFile: at('notes.json') }, signal);
  const { layers, config, annotations } = await documentOf(reference);
  assert.deepEqual(layers[0]?.annotations, { 'org.opencontainers.image.title': 'a.txt', t: '4' });
  assert.deepEqual([config.annotations, annotations.m, annotations.n], [{ c: '3' }, '1', 'flag']);
  for (const [text, message] of [
    ['[]', /expected an object/],
    ['{"$manifest":{"a":1}}', /\$manifest\.a/],
    ['{"x":"y"}', /notes\.json\.x/],
  ] as const) {
    await write('notes.json', text);
    const bad = pushFiles(ports, { ...input, reference, annotationFile: at('notes.json') }, signal);
    await assert.rejects(bad, isError('invalid-input', message), text);
  }
});

test('several tags name one manifest, which is written to a file when asked for', async () => {
  const { ports, at, input } = await setUp();
  const pushed = await pushFiles(
    ports,
    { ...input, reference: `${HOST}/app:1,2,3`, exportManifest: at('m.json') },
    signal,
  );
  assert.deepEqual(pushed.tags, ['1', '2', '3']);
  for (const tag of ['1', '2', '3']) {
    const { descriptor, bytes } = await resolveManifest(ports, { reference: `${HOST}/app:${tag}` }, signal);
    assert.equal(descriptor.digest, pushed.descriptor.digest);
    assert.deepEqual(Buffer.from(bytes), Buffer.from(await ports.files.read(at('m.json'))));
  }
});

test('a configuration of its own, and the form of image specification 1.0', async () => {
  const { ports, at, write, documentOf, input } = await setUp();
  await write('config.json', '{"x":1}');
  const reference = `${HOST}/app:1`;
  await pushFiles(ports, { ...input, reference, config: `${at('config.json')}:a/config` }, signal);
  const { config, artifactType } = await documentOf(reference);
  assert.deepEqual(
    [config.mediaType, config.size, artifactType],
    ['a/config', 7, 'application/vnd.unknown.artifact.v1'],
  );
  await pushFiles(ports, { ...input, reference, isSpec10: true, artifactType: 'a/old' }, signal);
  const old = await documentOf(reference);
  assert.deepEqual([old.config.mediaType, 'artifactType' in old], ['a/old', false]);
  const options = { references: [reference], output: at('out'), format: 'files', configPath: 'c.json' } as const;
  const [pulled] = await pullArtifacts(ports, options, signal);
  assert.deepEqual(pulled?.paths, [at('out/a.txt'), at('out/c.json')]);
});

test('titles are paths inside the folder, and two files have two', async () => {
  const { ports, at, write } = await setUp();
  await write('b/a.txt', 'b');
  const twice = { reference: `${HOST}/app:1`, files: [at('a.txt'), at('b/a.txt')], annotations: [] };
  await assert.rejects(pushFiles(ports, twice, signal), isError('usage', /title a\.txt, found two/));
  await write('c:d', 'c');
  const named = await pushFiles(ports, { ...twice, files: [`${at('c:d')}:`] }, signal);
  const [pulled] = await pullArtifacts(
    ports,
    { references: [named.reference], output: at('out'), format: 'files' },
    signal,
  );
  assert.deepEqual(pulled?.paths, [at('out/c:d')]);
});

test('a layout folder takes files and what is attached to them', async () => {
  const { ports, at, input } = await setUp();
  const layout = `oci:${at('layout')}`;
  assert.equal(await isLocalImage(ports, `${layout}:v1`, input.files), false);
  const pushed = await pushFiles(ports, { ...input, reference: `${layout}:v1` }, signal);
  const attached = await attachFiles(ports, { ...input, reference: `${layout}:v1`, artifactType: 'a/b' }, signal);
  assert.equal(attached.subject, pushed.reference);
  const archive = `oci-archive:${at('none.tar')}`;
  await assert.rejects(pushFiles(ports, { ...input, reference: archive }, signal), isError('usage', /archive/));
  assert.equal(await isLocalImage(ports, `${layout}:v1`, [`${HOST}/app:1`]), true);
  const { descriptor } = await pushImage(ports, { source: `${layout}:v1`, reference: `${HOST}/app:1` }, signal);
  assert.equal(descriptor.digest, pushed.descriptor.digest);
});

test('files of subjects come along when asked for, and old files are kept when asked for', async () => {
  const { ports, at, write, input } = await setUp();
  const subject = await pushFiles(ports, { ...input, reference: `${HOST}/app:1` }, signal);
  await write('b.txt', 'b');
  const attach = {
    reference: subject.reference,
    artifactType: 'a/b',
    annotations: [],
    files: [at('b.txt'), at('a.txt')],
  };
  const { reference } = await attachFiles(ports, attach, signal);
  const options = { references: [reference], output: at('out'), format: 'files', withSubjects: true } as const;
  const [pulled] = await pullArtifacts(ports, options, signal);
  assert.deepEqual(pulled?.paths, [at('out/b.txt'), at('out/a.txt')]);
  const again = pullArtifacts(ports, { ...options, keepOld: true }, signal);
  await assert.rejects(again, isError('invalid-input', /expected no file/));
  await write('a.txt', 'changed');
  const other = await attachFiles(ports, { ...attach, files: [at('a.txt')] }, signal);
  const clash = pullArtifacts(ports, { ...options, references: [other.reference] }, signal);
  await assert.rejects(clash, isError('invalid-input', /title a\.txt, found two/));
});

test('a folder is packed and unpacked with its modes, and a link in it comes back as what it points to', async () => {
  const { ports, at, write, documentOf } = await setUp();
  await write('folder/sub/file', 'x');
  await ports.files.writeAtomic(at('folder/run'), '#!', { mode: 0o755 });
  symlinkSync('sub/file', at('folder/link'));
  const pushed = await pushFiles(ports, { reference: `${HOST}/f:1`, files: [at('folder')], annotations: [] }, signal);
  const [layer] = (await documentOf(`${HOST}/f:1`)).layers;
  assert.equal(layer?.mediaType, 'application/vnd.oci.image.layer.v1.tar+gzip');
  assert.equal(layer?.annotations['io.deis.oras.content.unpack'], 'true');
  assert.match(layer?.annotations['io.deis.oras.content.digest'] ?? '', /^sha256:/);
  const pull = { references: [pushed.reference], output: at('out'), format: 'files' } as const;
  await pullArtifacts(ports, pull, signal);
  const read = async (name: string) => new TextDecoder().decode(await ports.files.read(at(name)));
  assert.deepEqual([await read('out/folder/sub/file'), await read('out/folder/link')], ['x', 'x']);
  assert.equal((await ports.files.stat(at('out/folder/link'), { follow: false }))?.kind, 'file');
  assert.equal(((await ports.files.stat(at('out/folder/run')))?.mode ?? 0) & 0o100, 0o100);
  assert.deepEqual(await ports.files.list(ports.settings.cacheDir), []);
  const again = await pushFiles(ports, { reference: `${HOST}/f:2`, files: [at('folder')], annotations: [] }, signal);
  const [second] = (await documentOf(again.reference)).layers;
  assert.deepEqual(second, layer);
});

test('an archive that reaches out of its folder is not unpacked', async () => {
  const { ports, at } = await setUp();
  const repository = openRepository(ports, parseReference(`${HOST}/evil`));
  for (const entries of [
    [{ path: 'other/file', text: 'x' }],
    [
      { path: 'folder/../../file', text: 'x' },
      { path: 'elsewhere', text: 'x' },
    ],
    [{ path: 'folder/passwd', linkTarget: '/etc/passwd' }],
    [{ path: 'folder/up', linkTarget: '../../../secret' }],
    [{ path: 'folder', linkTarget: '/tmp' }],
  ]) {
    const chunks: Uint8Array[] = [];
    const files = entries.map(({ text = '', ...entry }: { path: string; text?: string; linkTarget?: string }) => ({
      ...entry,
      size: text.length,
      content: Buffer.from(text),
    }));
    for await (const chunk of writeTar(files)) chunks.push(chunk);
    const tar = gzipSync(Buffer.concat(chunks));
    const annotations = { 'org.opencontainers.image.title': 'folder', 'io.deis.oras.content.unpack': 'true' };
    const layer = { mediaType: OCI_LAYER_GZIP, digest: digestOf(tar), size: tar.length, annotations };
    await repository.pushBlob(layer, tar);
    await repository.pushBlob(EMPTY_DESCRIPTOR, EMPTY_CONTENT);
    const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: EMPTY_DESCRIPTOR, layers: [layer] };
    await repository.pushManifest(new TextEncoder().encode(JSON.stringify(document)), OCI_MANIFEST, '1');
    const pull = { references: [`${HOST}/evil:1`], output: at('out'), format: 'files' } as const;
    const name = JSON.stringify(entries);
    await assert.rejects(pullArtifacts(ports, pull, signal), isError('invalid-input', /expected files below it/), name);
    assert.deepEqual(await ports.files.list(at('out')), [], name);
  }
});

test('an image that is amiss is said to be, instead of where it was to go', async () => {
  const { ports, at, write } = await setUp();
  const target = [`${HOST}/app:1`];
  await assert.rejects(isLocalImage(ports, at('none.tar'), target), isError('not-found', /none\.tar: no such file/));
  await write('cut.tar', 'cut');
  await assert.rejects(
    isLocalImage(ports, at('cut.tar'), target),
    isError('invalid-input', /cut\.tar: expected an OCI/),
  );
  assert.equal(await isLocalImage(ports, `${HOST}/app:1`, [at('a.txt')]), false);
  assert.equal(await isLocalImage(ports, `${HOST}/app:1`, ['none.txt']), false);
});

test('what is in a layout folder takes further tags', async () => {
  const { ports, at, input } = await setUp();
  const reference = `oci:${at('layout')}:v1`;
  const { descriptor } = await pushFiles(ports, { ...input, reference }, signal);
  await tagArtifact(ports, { reference, tags: ['v2', 'v3'] }, signal);
  for (const tag of ['v1', 'v2', 'v3']) {
    const found = await resolveManifest(ports, { reference: `oci:${at('layout')}:${tag}` }, signal);
    assert.equal(found.descriptor.digest, descriptor.digest);
  }
  await assert.rejects(
    tagArtifact(ports, { reference, tags: ['v4', 'a b'] }, signal),
    isError('invalid-input', /a tag of/),
  );
  const untouched = resolveManifest(ports, { reference: `oci:${at('layout')}:v4` }, signal);
  await assert.rejects(untouched, isError('not-found', /no manifest v4/));
});

test('all images of a layout are pushed as its index', async () => {
  const { ports, at, write, input } = await setUp();
  const one = await pushFiles(ports, { ...input, reference: `oci:${at('layout')}:one` }, signal);
  await write('a.txt', 'two');
  const two = await pushFiles(ports, { ...input, reference: `oci:${at('layout')}:two` }, signal);
  const push = { source: at('layout'), reference: `${HOST}/all:1` };
  await assert.rejects(pushImage(ports, push, signal), isError('usage', /expected one image, found 2/));
  await pushImage(ports, { ...push, withAll: true }, signal);
  const { bytes } = await resolveManifest(ports, { reference: `${HOST}/all:1` }, signal);
  assert.deepEqual(Buffer.from(bytes), Buffer.from(await ports.files.read(at('layout/index.json'))));
  for (const { descriptor } of [one, two])
    await resolveManifest(ports, { reference: `${HOST}/all@${descriptor.digest}` }, signal);
});
