import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import {
  AppError,
  digestOf,
  holdWhole,
  type Descriptor,
  type Digest,
  type ErrorKind,
  type FileSelector,
  type FileTree,
} from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { openDockerArchive } from '../local/docker-archive.ts';
import { openArchive } from '../local/stored-files.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../media-types.ts';
import type { ReadableRepository } from '../repository.ts';
import { createMemoryRepository } from '../testing.ts';
import { indexLayers, openImage, parseImageConfig } from './image.ts';
import { checkPlatform } from './platform.ts';
import { LAYER_LIMITS, readLayer, type LayerLimits } from './layer-index.ts';
import { overlayLayers } from './overlay.ts';
import { makeTar, type TarSpec } from './testing.ts';

const ALL: FileSelector = { id: 'all', select: () => ({ kind: 'keep', maxBytes: 1000 }) };
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

interface Options {
  readonly diffIds?: readonly Digest[];
  readonly compress?: (tar: Buffer) => Buffer;
}

async function imageOf(layers: readonly (readonly TarSpec[])[], options: Options = {}) {
  const repository = createMemoryRepository();
  const tars = layers.map((layer) => makeTar(layer));
  const diffIds = options.diffIds ?? tars.map((tar) => digestOf(tar));
  const descriptors: Descriptor[] = [];
  for (const tar of tars) {
    const content = options.compress?.(tar) ?? tar;
    const layer = { mediaType: OCI_LAYER, digest: digestOf(content), size: content.length };
    await repository.pushBlob(layer, content);
    descriptors.push(layer);
  }
  const configBytes = encode({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } });
  const config = { mediaType: OCI_CONFIG, digest: digestOf(configBytes), size: configBytes.length };
  await repository.pushBlob(config, configBytes);
  await repository.pushManifest(
    encode({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: descriptors }),
    OCI_MANIFEST,
    'v1',
  );
  return repository;
}

async function treeOf(repository: ReadableRepository, target = 'v1', selector = ALL, cache = createTestPorts().cache) {
  return overlayLayers(await indexLayers(await openImage(repository, target), selector, { cache, parallelism: 2 }));
}

async function contentsOf(tree: FileTree): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of tree.entries()) {
    const content = entry.kind === 'file' ? await tree.read(entry.path) : undefined;
    if (content !== undefined) found[entry.path] = Buffer.from(content).toString();
  }
  return found;
}

async function rejects(action: Promise<unknown>, kind: ErrorKind, message: RegExp) {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

const file = (path: string, content = path): TarSpec => ({ path, content });

test('the published layered images give the published files after their last layer', needsSharedData, async () => {
  interface Case {
    readonly tar: string;
    readonly name: string;
    readonly chainLayers:
      | readonly { readonly filepathContentPairs: readonly { filepath: string; content?: string }[] }[]
      | null;
    readonly wantError: unknown;
  }
  const folder = join(dataSet('goldens'), 'layered-images');
  const cases = JSON.parse(readFileSync(join(folder, 'expected-chain-layers.json'), 'utf8')) as readonly Case[];
  const ports = createTestPorts();
  let checked = 0;
  for (const entry of cases) {
    const path = join(folder, entry.tar);
    if ((await ports.files.stat(path)) === undefined || entry.chainLayers === null) continue;
    const { repository, images } = await openDockerArchive(await openArchive(ports.files, path));
    const large: FileSelector = { id: 'large', select: () => ({ kind: 'keep', maxBytes: 100_000 }) };
    const tree = await treeOf(repository, images[0]?.digest, large);
    // their limits of size and depth are settings; a link that leads nowhere is absent here, an error there
    const isAbsent = entry.wantError !== null && !/size|depth/.test(entry.name.toLowerCase());
    for (const { filepath, content } of entry.chainLayers.at(-1)?.filepathContentPairs ?? []) {
      const found = await tree.read(filepath);
      assert.equal(
        found === undefined ? undefined : Buffer.from(found).toString(),
        isAbsent ? undefined : content,
        `${entry.name}: ${filepath}`,
      );
      checked += 1;
    }
  }
  assert.ok(checked > 20);
});

test('a real docker archive opens with its packages and links', needsSharedData, async () => {
  const ports = createTestPorts();
  const path = join(dataSet('goldens'), 'images/alpine-310.tar.gz');
  const { repository, images } = await openDockerArchive(await openArchive(ports.files, path));
  assert.deepEqual(images[0]?.tags, ['alpine:3.10']);
  const big: FileSelector = { id: 'big', select: () => ({ kind: 'keep', maxBytes: 100_000 }) };
  const tree = await treeOf(repository, images[0]?.digest, big);
  assert.match(Buffer.from((await tree.read('/lib/apk/db/installed')) ?? []).toString(), /^P:musl$/m);
  assert.equal(tree.find('/bin/sh')?.path, 'bin/busybox');
  assert.equal((await tree.history('lib/apk/db/installed')).length, 1);
  assert.ok(tree.skipped.some((entry) => entry.path === 'bin/busybox'));
});

test('a whiteout deletes files and folders of lower layers, never of its own layer, whatever the order', async () => {
  const lower = [file('a'), file('dir/b'), file('dir/sub/c'), file('keep')];
  for (const upper of [
    [file('.wh.a', ''), file('a', 'new'), file('.wh.dir', '')],
    [file('a', 'new'), file('.wh.a', ''), file('.wh.dir', '')],
  ]) {
    const tree = await treeOf(await imageOf([lower, upper]));
    assert.deepEqual(await contentsOf(tree), { a: 'new', keep: 'keep' });
    assert.equal(tree.find('dir'), undefined);
  }
});

test('an opaque folder hides what lower layers put in it, never what its own layer does, whatever the order', async () => {
  const lower = [file('dir/old'), file('dir/sub/old'), file('dir2/old')];
  const opaque = file('dir/.wh..wh..opq', '');
  for (const upper of [
    [opaque, file('dir/new')],
    [file('dir/new'), opaque],
  ]) {
    assert.deepEqual(await contentsOf(await treeOf(await imageOf([lower, upper]))), {
      'dir/new': 'dir/new',
      'dir2/old': 'dir2/old',
    });
  }
});

test('a folder deleted and made anew does not revive its old children', async () => {
  const tree = await treeOf(await imageOf([[file('dir/old')], [file('.wh.dir', '')], [file('dir/new')]]));
  assert.deepEqual(await contentsOf(tree), { 'dir/new': 'dir/new' });
});

test('bookkeeping of AUFS is no file and deletes nothing', async () => {
  const tree = await treeOf(
    await imageOf([
      [file('plnk'), file('a')],
      [file('.wh..wh.plnk/1'), file('.wh..wh.aufs', '')],
    ]),
  );
  assert.deepEqual(
    Object.keys(await contentsOf(tree)).filter((path) => !path.startsWith('.wh')),
    ['a', 'plnk'],
  );
});

test('a file over a folder takes its children away; a folder over a file replaces it; folders merge', async () => {
  const over = await treeOf(
    await imageOf([
      [file('x/a'), file('y')],
      [file('x'), { path: 'y/', kind: 'directory' }, file('y/b')],
    ]),
  );
  assert.deepEqual(await contentsOf(over), { x: 'x', 'y/b': 'y/b' });
  const merged = await treeOf(
    await imageOf([[file('x/a')], [{ path: 'x', kind: 'directory', mode: 0o700 }, file('x/b')]]),
  );
  assert.deepEqual(await contentsOf(merged), { 'x/a': 'x/a', 'x/b': 'x/b' });
  assert.equal(merged.find('x')?.mode, 0o700);
});

test('links resolve inside the root: absolute, relative, through folders, never out, never in circles', async () => {
  const tree = await treeOf(
    await imageOf([
      [
        { path: 'lib', kind: 'symlink', linkName: 'usr/lib' },
        file('usr/lib/os-release'),
        { path: 'etc/os-release', kind: 'symlink', linkName: '../lib/os-release' },
        { path: 'abs', kind: 'symlink', linkName: '/etc/os-release' },
        { path: 'out', kind: 'symlink', linkName: '../../../../usr/lib/os-release' },
        { path: 'loop', kind: 'symlink', linkName: 'loop' },
        { path: 'gone', kind: 'symlink', linkName: 'nowhere' },
      ],
    ]),
  );
  for (const path of ['lib/os-release', 'etc/os-release', 'abs', '/abs', 'out'])
    assert.equal(tree.find(path)?.path, 'usr/lib/os-release', path);
  for (const path of ['loop', 'gone', 'loop/x', 'usr/lib/os-release/x']) assert.equal(tree.find(path), undefined, path);
});

test('a layer that writes or deletes through a link of a lower layer reaches the real folder', async () => {
  const lower: readonly TarSpec[] = [
    { path: 'lib', kind: 'symlink', linkName: 'usr/lib' },
    file('usr/lib/a'),
    file('usr/lib/b'),
  ];
  const tree = await treeOf(await imageOf([lower, [file('lib/.wh.a', ''), file('lib/c')]]));
  assert.deepEqual(await contentsOf(tree), { 'usr/lib/b': 'usr/lib/b', 'usr/lib/c': 'lib/c' });
});

test('a hard link has the content that its target has at that layer', async () => {
  const link: TarSpec = { path: 'link', kind: 'hardlink', linkName: './target' };
  const same = await treeOf(await imageOf([[file('target', 'one'), link]]));
  assert.equal((await contentsOf(same)).link, 'one');
  const lower = await treeOf(await imageOf([[file('target', 'one')], [link], [file('target', 'two')]]));
  assert.deepEqual(await contentsOf(lower), { link: 'one', target: 'two' });
  const none = await treeOf(await imageOf([[{ path: 'link', kind: 'hardlink', linkName: '../../etc/passwd' }]]));
  assert.equal(none.find('link'), undefined);
  assert.match(none.skipped[0]?.reason ?? '', /hard link/);
  const links: FileSelector = {
    id: 'links',
    select: ({ path }) => (path === 'link' ? { kind: 'keep', maxBytes: 9 } : { kind: 'skip' }),
  };
  const unchosen = await treeOf(await imageOf([[file('target', 'one'), link]]), 'v1', links);
  assert.deepEqual(unchosen.skipped, [{ path: 'link', reason: 'a hard link to target, whose content was not chosen' }]);
});

test('a path that leaves the root is left out and named', async () => {
  const tree = await treeOf(await imageOf([[file('../../etc/passwd'), file('a/../b'), file('/c'), file('./d')]]));
  assert.deepEqual(Object.keys(await contentsOf(tree)), ['b', 'c', 'd']);
  assert.deepEqual(tree.skipped, [{ path: '../../etc/passwd', reason: 'its path leaves the root' }]);
});

test('history tells each version of a file and its deletion, and entries name their layer', async () => {
  const tree = await treeOf(
    await imageOf([
      [file('db', 'one')],
      [file('other')],
      [file('db', 'two')],
      [file('.wh.db', '')],
      [file('db', 'three')],
    ]),
  );
  const history = await tree.history('db');
  assert.deepEqual(
    history.map(({ layer, content }) => [
      layer.index,
      content === undefined ? undefined : Buffer.from(content).toString(),
    ]),
    [
      [0, 'one'],
      [2, 'two'],
      [3, undefined],
      [4, 'three'],
    ],
  );
  assert.equal(tree.find('db')?.layer?.index, 4);
  assert.equal(tree.find('other')?.layer?.index, 1);
});

test('layers are read by their magic bytes: gzip of several members, zstd of several frames, none', async () => {
  const halves = (tar: Buffer, compress: (part: Buffer) => Buffer) =>
    Buffer.concat([compress(tar.subarray(0, 700)), compress(tar.subarray(700))]);
  for (const compress of [
    (tar: Buffer) => gzipSync(tar),
    (tar: Buffer) => halves(tar, gzipSync),
    (tar: Buffer) => zstdCompressSync(tar),
    (tar: Buffer) => halves(tar, zstdCompressSync),
    (tar: Buffer) => Buffer.concat([Buffer.from('502a4d1804000000deadbeef', 'hex'), zstdCompressSync(tar)]),
  ]) {
    assert.deepEqual(await contentsOf(await treeOf(await imageOf([[file('a'), file('b')]], { compress }))), {
      a: 'a',
      b: 'b',
    });
  }
});

test('a layer that is not what its diff id says, or is cut or damaged, is refused', async () => {
  const wrong = await imageOf([[file('a')]], { diffIds: [digestOf('other')] });
  await rejects(treeOf(wrong), 'invalid-input', /expected diff id/);
  const cut = await imageOf([[file('a', 'x'.repeat(900))]], { compress: (tar) => gzipSync(tar).subarray(0, -20) });
  await rejects(treeOf(cut), 'invalid-input', /unexpected end/);
  const damaged = await imageOf([[file('a')]], {
    compress: (tar) => Buffer.concat([gzipSync(tar).subarray(0, 20), Buffer.alloc(50, 7)]),
  });
  await rejects(treeOf(damaged), 'invalid-input', /compressed content/);
  await rejects(treeOf(await imageOf([[file('a')]], { diffIds: [] })), 'invalid-input', /expected 1 diff ids/);
});

test('a second reading comes from the cache; a damaged entry of it is read anew', async () => {
  const repository = await imageOf([
    [file('a'), { path: 'l', kind: 'symlink', linkName: 'a' }],
    [file('.wh.a', ''), file('b')],
  ]);
  const { cache } = createTestPorts();
  const image = await openImage(repository, 'v1');
  const first = overlayLayers(await indexLayers(image, ALL, { cache, parallelism: 1 }));
  const offline = { ...image, repository: { ...repository, streamBlob: () => assert.fail('a layer was read again') } };
  const second = overlayLayers(await indexLayers(offline, ALL, { cache, parallelism: 1 }));
  assert.deepEqual([...second.entries()], [...first.entries()]);
  assert.deepEqual(await contentsOf(second), await contentsOf(first));
  const other = { ...ALL, id: 'another' };
  await assert.rejects(indexLayers(offline, other, { cache, parallelism: 1 }), /read again/);
  for (const damage of [Buffer.from('x'), Buffer.from('\0\0\0\u0002{}'), Buffer.alloc(0)]) {
    const damaged = { load: async () => damage, save: async () => undefined };
    assert.deepEqual(
      await contentsOf(overlayLayers(await indexLayers(image, ALL, { cache: damaged, parallelism: 1 }))),
      { b: 'b' },
    );
  }
});

test('files that may have been chosen are listed apart, whatever way led to them', async () => {
  const selector: FileSelector = {
    id: 'jars',
    select: ({ path }) => (path.endsWith('.jar') ? { kind: 'keep', maxBytes: 10 } : { kind: 'skip' }),
  };
  const tree = await treeOf(
    await imageOf([
      [file('usr/lib/a.jar'), file('usr/lib/a.txt'), { path: 'lib', kind: 'symlink', linkName: 'usr/lib' }],
      [file('lib/b.jar'), file('lib/b.txt'), file('c.txt'), { path: 'd.jar', kind: 'hardlink', linkName: 'c.txt' }],
    ]),
    'v1',
    selector,
  );
  // through a link, and under another name, the selector was shown another path: it is to be asked again
  assert.deepEqual(
    [...(tree.candidates?.() ?? [])].map(({ path }) => path),
    ['d.jar', 'usr/lib/a.jar', 'usr/lib/b.jar', 'usr/lib/b.txt'],
  );
  assert.deepEqual(
    [...tree.entries('usr/lib')].map(({ path }) => path),
    ['usr/lib/a.jar', 'usr/lib/a.txt', 'usr/lib/b.jar', 'usr/lib/b.txt'],
  );
  assert.deepEqual([...tree.entries('lib')], []);
});

test('entries are sorted by path, and what lies in a folder is not torn from it', async () => {
  const paths = ['a', 'a-b', 'a-b/c', 'a.b', 'a/b', 'a/b.c', 'a/b/c', 'a0', 'z'];
  const folders = new Set(['a', 'a-b', 'a/b']);
  const layer = paths.toReversed().flatMap((path) => (folders.has(path) ? [] : [file(path)]));
  const tree = await treeOf(await imageOf([layer]));
  assert.deepEqual(
    [...tree.entries()].map(({ path }) => path),
    paths.toSorted((a, b) => (a < b ? -1 : 1)),
  );
});

test('a layer of more entries, or of longer names, than there are anywhere is refused', async () => {
  const tar = makeTar([file('folder/a'), file('folder/b')]);
  const read = async (limits: Partial<LayerLimits>) =>
    await readLayer(Readable.from([tar]), { selector: ALL, what: 'x', limits: { ...LAYER_LIMITS, ...limits } });
  assert.equal((await read({ entries: 2, nameBytes: 10 })).entries.length, 2);
  await rejects(read({ entries: 1 }), 'invalid-input', /^x: expected at most 1 entries, found more$/);
  await rejects(read({ nameBytes: 7 }), 'invalid-input', /^x: expected at most 7 bytes of names, found more$/);
  const deletions = makeTar([file('.wh.a', ''), file('.wh.b', '')]);
  const limits = { ...LAYER_LIMITS, entries: 1 };
  await rejects(
    readLayer(Readable.from([deletions]), { selector: ALL, what: 'x', limits }),
    'invalid-input',
    /at most 1 entries/,
  );
});

test('only chosen files are kept; condensed ones by their head; the rest is named', async () => {
  const selector: FileSelector = {
    id: 'some',
    select: ({ path }) => {
      if (path.startsWith('bin/')) {
        const open = (head: Uint8Array, size: number) =>
          head[0] === 0x7f ? holdWhole(size, (content) => content.subarray(0, 2)) : undefined;
        return { kind: 'condense', maxBytes: 100, open };
      }
      return path === 'skip' ? { kind: 'skip' } : { kind: 'keep', maxBytes: 5 };
    },
  };
  const specs = [
    file('bin/elf', '\u007FELF and so on and on'),
    file('bin/sh', '#!/bin/sh and so on'),
    file('skip'),
    file('long', 'longer'),
    file('ok'),
  ];
  const tree = await treeOf(await imageOf([specs]), 'v1', selector);
  assert.deepEqual(await contentsOf(tree), { 'bin/elf': '\u007FE', ok: 'ok' });
  assert.deepEqual(tree.skipped, [{ path: 'long', reason: 'larger than 5 bytes' }]);
});

test('an index gives the image of the platform, of ARM the best variant; attestations are no images', async () => {
  const repository = await imageOf([[file('a')]]);
  const image = (await repository.fetchManifest('v1')).descriptor;
  const entries = [
    { ...image, platform: { os: 'unknown', architecture: 'unknown' } },
    { ...image, platform: { os: 'linux', architecture: 'arm', variant: 'v6' } },
    { ...image, platform: { os: 'linux', architecture: 'amd64' } },
  ];
  await repository.pushManifest(
    encode({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries }),
    OCI_INDEX,
    'index',
  );
  const open = (os: string, architecture: string, variant?: string) =>
    openImage(repository, 'index', { platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } });
  assert.equal((await openImage(repository, 'index')).descriptor.digest, image.digest);
  await open('linux', 'arm', 'v7');
  await rejects(open('linux', 'arm', 'v5'), 'not-found', /linux\/arm\/v5, found linux\/arm\/v6, linux\/amd64$/);
  await rejects(open('windows', 'amd64'), 'not-found', /windows\/amd64/);
  await rejects(open('unknown', 'unknown'), 'not-found', /unknown/);
});

test('a lone image is for the platform that its configuration tells', async () => {
  const repository = await imageOf([[file('a')]]);
  const image = await openImage(repository, 'v1', { platform: { os: 'linux', architecture: 'arm64' } });
  const check = async (architecture: string, variant?: string) =>
    checkPlatform(image, { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) });
  await check('amd64');
  await rejects(check('arm64'), 'not-found', /expected an image for linux\/arm64, found linux\/amd64$/);
  await rejects(check('amd64', 'v3'), 'not-found', /linux\/amd64\/v3, found linux\/amd64$/);
});

test('a configuration with a name that container runtimes take for another one is refused', () => {
  const plain = { os: 'linux', architecture: 'amd64', config: { User: '1000' }, rootfs: { diff_ids: [] } };
  const parse = (document: object) => () => parseImageConfig(Buffer.from(JSON.stringify(document)), 'c');
  assert.doesNotThrow(parse({ ...plain, container_config: { user: '0' } }));
  assert.throws(parse({ ...plain, Config: { User: '0' } }), /expected config, found "Config"/);
  assert.throws(parse({ ...plain, config: { User: '1000', user: '0' } }), /expected User, found "user"/);
});
