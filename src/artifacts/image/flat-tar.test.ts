import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, digestOf, type Digest } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../media-types.ts';
import type { ReadableRepository } from '../repository.ts';
import { createMemoryRepository } from '../testing.ts';
import { flattenImage } from './flat-tar.ts';
import { openImage } from './image.ts';
import { TarParser } from './tar.ts';
import { makeEntry, makeTar, type TarSpec } from './testing.ts';

async function pushLayers(tars: readonly Buffer[]): Promise<ReadableRepository> {
  const repository = createMemoryRepository();
  const push = async (mediaType: string, bytes: Uint8Array) => {
    const blob = { mediaType, digest: digestOf(bytes), size: bytes.length };
    await repository.pushBlob(blob, bytes);
    return blob;
  };
  const layers = await Promise.all(tars.map((tar) => push(OCI_LAYER, tar)));
  const rootfs = { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) };
  const config = await push(OCI_CONFIG, Buffer.from(JSON.stringify({ rootfs })));
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
  await repository.pushManifest(Buffer.from(JSON.stringify(manifest)), OCI_MANIFEST, 'v1');
  return repository;
}

async function flat(repository: ReadableRepository): Promise<Buffer> {
  const image = await openImage(repository, 'v1');
  const chunks: Uint8Array[] = [];
  for await (const chunk of flattenImage(image, { cache: createTestPorts().cache, parallelism: 2 })) {
    chunks.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(chunks);
}

/** One line for each entry, in the tar's order. */
function listOf(tar: Buffer): readonly string[] {
  const lines: string[] = [];
  const parser = new TarParser('tar', ({ path, kind, linkName, mode }) => {
    const at = lines.push(`${kind} ${path}${linkName === '' ? '' : ` > ${linkName}`} ${mode.toString(8)}`) - 1;
    return { write: (chunk) => void (lines[at] += ` ${Buffer.from(chunk).toString()}`), end: () => undefined };
  });
  parser.push(tar);
  parser.finish();
  return lines;
}

const flatList = async (...layers: readonly (readonly TarSpec[])[]) =>
  listOf(await flat(await pushLayers(layers.map((specs) => makeTar(specs)))));

test('higher layers replace and delete what lower ones have; an opaque folder keeps its own', async () => {
  const lower: TarSpec[] = [
    { path: 'etc/', kind: 'directory', mode: 0o700 },
    { path: 'etc/a', content: 'old' },
    { path: 'etc/gone', content: 'x' },
    { path: 'opaque/x', content: 'x' },
  ];
  const upper: TarSpec[] = [
    { path: 'opaque/own', content: 'own' },
    { path: 'opaque/.wh..wh..opq' },
    { path: 'etc/.wh.gone' },
    { path: './etc/a', content: 'new', mode: 0o600 },
  ];
  assert.deepEqual(await flatList(lower, upper), [
    'directory opaque/ 755',
    'directory etc/ 700',
    'file opaque/own 644 own',
    'file etc/a 600 new',
  ]);
});

test('a hard link keeps the content that it was made for when its first name is replaced or deleted', async () => {
  const lower: TarSpec[] = [
    { path: 'a', content: 'old' },
    { path: 'b', kind: 'hardlink', linkName: 'a' },
    { path: 'c', kind: 'hardlink', linkName: 'a' },
  ];
  const list = await flatList(lower, [{ path: 'a', content: 'new' }], [{ path: 'd', kind: 'hardlink', linkName: 'a' }]);
  const names = list.map((line) => line.replace(/ 644/, ''));
  assert.deepEqual(
    names.toSorted(),
    [
      ...(names.includes('file b old') ? ['file b old', 'hardlink c > b'] : ['file c old', 'hardlink b > c']),
      ...(names.includes('file a new') ? ['file a new', 'hardlink d > a'] : ['file d new', 'hardlink a > d']),
    ].toSorted(),
  );
});

test('a file under a folder that is a symbolic link comes under the folder that it leads to', async () => {
  const lower: TarSpec[] = [
    { path: 'usr/lib/', kind: 'directory' },
    { path: 'lib', kind: 'symlink', linkName: 'usr/lib' },
  ];
  const list = await flatList(lower, [{ path: 'lib/new', content: 'n' }]);
  assert.ok(list.includes('file usr/lib/new 644 n'));
  assert.ok(list.includes('symlink lib > usr/lib 644'));
});

test('devices, long names, and owners and attributes in extension records stay as they are', async () => {
  const long = `deep/${'n'.repeat(140)}`;
  const attribute = '31 SCHILY.xattr.user.x=\u0000\u0001abcde\n';
  const path = `${10 + long.length} path=${long}\n`;
  const tar = Buffer.concat([
    makeEntry({ path: 'dev', type: '3' }),
    makeEntry({ path: 'pax', type: 'x', content: attribute + path }),
    makeTar([{ path: 'short', content: 'content' }]),
  ]);
  const written = await flat(await pushLayers([tar]));
  assert.ok(listOf(written).some((line) => line.startsWith(`file ${long} 644 content`)));
  assert.ok(listOf(written).some((line) => line.startsWith('other dev')));
  assert.ok(written.includes(attribute));
});

test('a sparse file, a layer of another diff id, and damaged content are refused', async () => {
  const sparse = await pushLayers([makeTar([{ path: 's', type: 'S', content: 'x' }])]);
  await assert.rejects(flat(sparse), (error) => error instanceof AppError && /sparse/.test(error.message));
  const good = await pushLayers([makeTar([{ path: 'a', content: 'a' }])]);
  let reads = 0;
  const changing: ReadableRepository = {
    ...good,
    streamBlob: (blob, signal) => {
      reads += 1;
      return reads === 1 ? good.streamBlob(blob, signal) : refuse(blob.digest);
    },
  };
  await assert.rejects(flat(changing), (error) => error instanceof AppError && error.kind === 'invalid-input');
});

async function* refuse(digest: Digest): AsyncGenerator<Uint8Array> {
  yield makeTar([{ path: 'a', content: 'b' }]);
  throw new AppError('invalid-input', `${digest}: expected its digest`);
}
