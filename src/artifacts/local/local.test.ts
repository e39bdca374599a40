import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { AppError, digestOf, type ErrorKind, type FileSelector } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { copyArtifact } from '../copy/copy.ts';
import { writeTar } from '../image/tar-writer.ts';
import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from '../manifest.ts';
import { OCI_MANIFEST } from '../media-types.ts';
import { createMemoryRepository } from '../testing.ts';
import { openDockerArchive } from './docker-archive.ts';
import { openFileTree, openFolderTree } from './folder-tree.ts';
import { defaultTarget, openLayout, openLayoutReader } from './layout.ts';
import { openArchive, openFolder } from './stored-files.ts';

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

async function rejects(action: Promise<unknown>, kind: ErrorKind, message: RegExp) {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

async function filled() {
  const repository = createMemoryRepository();
  await repository.pushBlob(EMPTY_DESCRIPTOR, EMPTY_CONTENT);
  const push = (extra: object, tag?: string) =>
    repository.pushManifest(
      encode({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: EMPTY_DESCRIPTOR, layers: [], ...extra }),
      OCI_MANIFEST,
      tag,
    );
  const image = await push({}, 'v1');
  const referrer = await push({ subject: image, artifactType: 'application/x.sbom' });
  const deep = await push({ subject: referrer, artifactType: 'application/x.sig' });
  await push({ annotations: { cosign: 'yes' } }, `${image.digest.replace(':', '-')}.sig`);
  return { repository, image, referrer, deep, push };
}

test('a copy takes referrers, referrers of referrers and cosign tags along, into a layout and out of it', async () => {
  const { repository, image, referrer, deep } = await filled();
  const ports = createTestPorts();
  const path = join(ports.home, 'layout');
  const layout = await openLayout(ports.files, path);
  const result = await copyArtifact(repository, layout, 'v1', { tag: 'v1' });
  assert.deepEqual([result.manifests, result.blobs, result.referrers], [4, 1, 3]);
  const stored = openFolder(ports.files, path);
  assert.equal(await defaultTarget(stored), image.digest);
  const back = createMemoryRepository();
  await copyArtifact(await openLayoutReader(stored), back, 'v1', { tag: 'v2' });
  assert.deepEqual(await back.listTags(), [`${image.digest.replace(':', '-')}.sig`, 'v2']);
  assert.equal((await back.listReferrers(image.digest))[0]?.digest, referrer.digest);
  assert.equal((await back.listReferrers(referrer.digest))[0]?.digest, deep.digest);
});

test('a copy asked for the artifact only takes nothing else', async () => {
  const { repository } = await filled();
  const target = createMemoryRepository('other.example.com/app');
  assert.equal((await copyArtifact(repository, target, 'v1', { tag: 'v1', only: true })).manifests, 1);
});

test('a target that lost a manifest fails the copy', async () => {
  const { repository, referrer } = await filled();
  const target = createMemoryRepository('other.example.com/app');
  const forgetful = {
    ...target,
    findManifest: async (name: string) => (name === referrer.digest ? undefined : await target.findManifest(name)),
  };
  await rejects(copyArtifact(repository, forgetful, 'v1', { tag: 'v1' }), 'unavailable', /is missing after the copy/);
});

test('a layout refuses damaged blobs, lies about size, and folders of other things', async () => {
  const ports = createTestPorts();
  const path = join(ports.home, 'layout');
  const layout = await openLayout(ports.files, path);
  const content = new TextEncoder().encode('content');
  const blob = { mediaType: 'x/y', digest: digestOf(content), size: content.length };
  await rejects(
    layout.pushBlob({ ...blob, digest: digestOf('other') }, content),
    'invalid-input',
    /expected its digest/,
  );
  assert.equal(await layout.hasBlob(digestOf('other')), false);
  await layout.pushBlob(blob, content);
  const file = join(path, 'blobs/sha256', blob.digest.slice(7));
  await ports.files.writeAtomic(file, 'CONTENT');
  await rejects(layout.fetchBlob(blob, 100), 'invalid-input', /expected its digest/);
  await ports.files.writeAtomic(file, 'CONTENT!');
  await rejects(layout.fetchBlob(blob, 100), 'invalid-input', /expected 7 bytes, found 8/);
  await rejects(layout.fetchBlob({ ...blob, digest: digestOf('none') }, 100), 'not-found', /no such blob/);
  await rejects(
    openLayout(ports.files, join(path, 'blobs')),
    'invalid-input',
    /expected an OCI layout or an empty folder/,
  );
  await ports.files.writeAtomic(join(path, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
  await rejects(openLayoutReader(openFolder(ports.files, path)), 'invalid-input', /version 1.0.0/);
});

async function archiveOf(files: Readonly<Record<string, string | Uint8Array>>) {
  const ports = createTestPorts();
  const path = join(ports.home, 'image.tar');
  const entries = Object.entries(files).map(([name, text]) => {
    const content = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    return { path: name, size: content.length, content };
  });
  await ports.files.append(path, writeTar(entries));
  return await openArchive(ports.files, path);
}

test('a docker archive that points outside, lacks a layer, or has a false one is refused', async () => {
  const config = JSON.stringify({ rootfs: { diff_ids: [digestOf('a layer')] } });
  const open = async (manifest: unknown, files: Record<string, string> = {}) =>
    await openDockerArchive(await archiveOf({ 'manifest.json': JSON.stringify(manifest), 'c.json': config, ...files }));
  await rejects(open([{ Config: '../c.json', Layers: [] }]), 'invalid-input', /leaves the archive/);
  await rejects(open([{ Config: 'c.json', Layers: ['../../l'] }]), 'invalid-input', /leaves the archive/);
  await rejects(open([{ Config: 'c.json', Layers: ['none.tar'] }]), 'not-found', /no layer none.tar/);
  await rejects(open([{ Config: 'c.json', Layers: [] }]), 'invalid-input', /expected 1 layers/);
  await rejects(open([]), 'invalid-input', /expected an image/);
  const { repository, images } = await open([{ Config: 'c.json', Layers: ['l.tar'] }], { 'l.tar': 'not it' });
  const layer = { mediaType: 'x/y', digest: digestOf('a layer'), size: 6 };
  assert.equal(images.length, 1);
  await rejects(repository.fetchBlob(layer, 100), 'invalid-input', /expected its digest/);
});

test('an archive that was cut off says so, compressed or not, instead of lacking files', async () => {
  const ports = createTestPorts();
  const chunks: Uint8Array[] = [];
  const content = Buffer.alloc(3000, 'x');
  for await (const chunk of writeTar([
    { path: 'a', size: 3000, content },
    { path: 'b', size: 0, content: Buffer.of() },
  ]))
    chunks.push(chunk);
  const whole = Buffer.concat(chunks);
  const open = async (bytes: Uint8Array) => {
    await ports.files.writeAtomic(join(ports.home, 'a.tar'), bytes);
    return await openArchive(ports.files, join(ports.home, 'a.tar'));
  };
  assert.equal(await (await open(whole)).size('b'), 0);
  // without its end mark it is still whole
  assert.equal(await (await open(whole.subarray(0, 4096 + 512))).size('b'), 0);
  for (const size of [600, 3000, 3511, 3700]) {
    const cut = whole.subarray(0, size);
    for (const bytes of [cut, gzipSync(cut)])
      await rejects(open(bytes), 'invalid-input', /a\.tar: the tar ends inside an entry/);
  }
});

const KEEP: FileSelector = { id: 'keep', select: () => ({ kind: 'keep', maxBytes: 100 }) };

test('a folder is walked without following links out of it', async () => {
  const ports = createTestPorts();
  const root = join(ports.home, 'root');
  await ports.files.writeAtomic(join(ports.home, 'secret'), 'secret');
  await ports.files.writeAtomic(join(root, 'sub/file'), 'inside');
  await ports.files.writeAtomic(join(root, 'large'), 'x'.repeat(101));
  symlinkSync('../secret', join(root, 'out'));
  symlinkSync(join(ports.home, 'secret'), join(root, 'absolute'));
  symlinkSync('..', join(root, 'up'));
  symlinkSync('sub', join(root, 'link'));
  symlinkSync('/sub/file', join(root, 'rooted'));
  const tree = await openFolderTree(ports.files, root, KEEP);
  assert.deepEqual(
    [...tree.entries()].map((entry) => entry.path),
    ['absolute', 'large', 'link', 'out', 'rooted', 'sub', 'sub/file', 'up'],
  );
  for (const path of ['out', 'absolute', 'up/secret', '../secret', 'up/../../secret'])
    assert.equal(await tree.read(path), undefined, path);
  for (const path of ['link/file', 'rooted', '/sub/file', 'up/sub/file'])
    assert.equal(Buffer.from((await tree.read(path)) ?? []).toString(), 'inside', path);
  assert.equal(await tree.read('large'), undefined);
  assert.deepEqual(tree.skipped, [{ path: 'large', reason: 'larger than 100 bytes' }]);
});

test("another process's root is read through its link, which reads as our own root, and without what its kernel makes up", async () => {
  const ports = createTestPorts();
  const root = join(ports.home, 'proc/7/root');
  for (const path of ['etc/os-release', 'proc/1/status', 'sys/kernel/x', 'opt/proc/file'])
    await ports.files.writeAtomic(join(root, path), 'inside');
  const files = { ...ports.files, realPath: async () => '/' };
  for (const options of [{}, { isSystem: true }]) {
    const tree = await openFolderTree(files, root, KEEP, options);
    assert.deepEqual(
      [...tree.entries()].filter(({ kind }) => kind === 'file').map(({ path }) => path),
      ['etc/os-release', 'opt/proc/file'],
    );
    assert.equal(String(Buffer.from((await tree.read('etc/os-release')) ?? [])), 'inside');
  }
});

test('of a file whose head is enough, no more is read', async () => {
  const ports = createTestPorts();
  await ports.files.writeAtomic(join(ports.home, 'model'), 'head and much more after it');
  const seen: string[] = [];
  const selector: FileSelector = {
    id: 'head',
    select: () => ({
      kind: 'condense',
      maxBytes: 100,
      open: () => ({
        bytes: 4,
        write: (chunk) => void seen.push(Buffer.from(chunk).toString()),
        end: () => Buffer.from('kept'),
      }),
    }),
  };
  const tree = await openFolderTree(ports.files, ports.home, selector);
  assert.equal(String(await tree.read('model')), 'kept');
  assert.deepEqual(seen.join(''), 'head');
});

test('what a file of a folder is condensed to is made once, whoever asks for it', async () => {
  const ports = createTestPorts();
  await ports.files.writeAtomic(join(ports.home, 'tool'), '\x7fELF and more');
  let opened = 0;
  const open = () => ({ write: () => undefined, end: () => Buffer.from(String(++opened)) });
  const selector: FileSelector = { id: 'tools', select: () => ({ kind: 'condense', maxBytes: 100, open }) };
  const tree = await openFolderTree(ports.files, ports.home, selector);
  const found = await Promise.all([tree.read('tool'), tree.read('tool')]);
  assert.deepEqual([...found, await tree.read('tool')].map(String), ['1', '1', '1']);
});

test('what cannot be read is named, and the walk goes on', async () => {
  const ports = createTestPorts();
  await ports.files.writeAtomic(join(ports.home, 'a/file'), 'x');
  await ports.files.writeAtomic(join(ports.home, 'b/file'), 'x');
  const files = {
    ...ports.files,
    list: async (path: string) => {
      if (path.endsWith('/a')) throw new AppError('unauthorized', `${path}: the system refuses access`);
      return await ports.files.list(path);
    },
  };
  const tree = await openFolderTree(files, ports.home, KEEP);
  assert.ok(tree.find('b/file'));
  assert.deepEqual(
    tree.skipped.map((entry) => entry.path),
    ['a'],
  );
  await rejects(openFolderTree(ports.files, join(ports.home, 'none'), KEEP), 'not-found', /no such folder/);
});

test('a single file is a tree of one', async () => {
  const ports = createTestPorts();
  await ports.files.writeAtomic(join(ports.home, 'app.jar'), 'jar');
  const tree = await openFileTree(ports.files, join(ports.home, 'app.jar'), KEEP);
  assert.deepEqual(
    [...tree.entries()].map((entry) => entry.path),
    ['app.jar'],
  );
  assert.equal(Buffer.from((await tree.read('app.jar')) ?? []).toString(), 'jar');
  assert.equal(await tree.read('none'), undefined);
});

test('a compressed archive, held in memory or inflated anew for each file, reads as it would uncompressed', async () => {
  const ports = createTestPorts();
  for (const size of [1000, 70 * 1024 * 1024]) {
    const big = Buffer.alloc(size, 7);
    const files = [
      { path: 'one', size: 3, content: Buffer.from('one') },
      { path: 'big', size, content: big },
      { path: 'two', size: 3, content: Buffer.from('two') },
    ];
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeTar(files)) chunks.push(chunk);
    const path = join(ports.home, `${size}.tar.gz`);
    await ports.files.writeAtomic(path, gzipSync(Buffer.concat(chunks), { level: 1 }));
    const archive = await openArchive(ports.files, path);
    const read = async (name: string, range?: { readonly start: number; readonly end: number }) => {
      const parts: Uint8Array[] = [];
      for await (const part of archive.stream(name, range)) parts.push(Uint8Array.from(part));
      return Buffer.concat(parts);
    };
    assert.equal((await read('one')).toString(), 'one');
    assert.equal((await read('two', { start: 1, end: 3 })).toString(), 'wo');
    assert.ok((await read('big')).equals(big));
    assert.deepEqual([await archive.size('big'), await archive.size('none')], [size, undefined]);
  }
});

test('referrers of many images in a layout are found by reading each manifest once', async () => {
  const ports = createTestPorts();
  const layout = await openLayout(ports.files, join(ports.home, 'layout'));
  const push = async (extra: object, tag?: string) =>
    await layout.pushManifest(encode({ config: EMPTY_DESCRIPTOR, layers: [], ...extra }), OCI_MANIFEST, tag);
  const images = await Promise.all(['1', '2', '3', '4', '5'].map((tag) => push({ annotations: { tag } }, tag)));
  for (const subject of images) await push({ subject });
  let reads = 0;
  const stored = openFolder(ports.files, join(ports.home, 'layout'));
  const reader = await openLayoutReader({
    ...stored,
    stream: (path, range) => {
      reads += Number(path.startsWith('blobs/'));
      return stored.stream(path, range);
    },
  });
  for (const { digest } of images) assert.equal((await reader.listReferrers(digest)).length, 1);
  assert.equal(reads, 10);
});

test('an archive that says twice what is in it is refused: readers differ in which one counts', async () => {
  const ports = createTestPorts();
  for (const path of ['index.json', 'oci-layout', 'manifest.json']) {
    const tar: Uint8Array[] = [];
    for await (const chunk of writeTar([path, 'other', 'other', `./${path}`].map(textFile))) tar.push(chunk);
    const archive = join(ports.home, 'twice.tar');
    await ports.files.writeAtomic(archive, Buffer.concat(tar));
    await rejects(openArchive(ports.files, archive), 'invalid-input', /expected one .* in the archive, found two/);
  }
});

function textFile(path: string) {
  return { path, size: 2, content: EMPTY_CONTENT };
}
