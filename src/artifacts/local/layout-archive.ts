/** An OCI archive, the tar of an image layout, written in one stream: nothing lies on the disk in between. */
import { join } from 'node:path';
import { AppError, type Descriptor, type Files } from '../../core/index.ts';
import type { CopyPlan } from '../copy/plan.ts';
import { writeTar, type TarFile } from '../image/tar-writer.ts';
import { readSubject } from '../manifest.ts';
import { blobPath, encodeLayoutIndex, entryOf, LAYOUT_MARKER } from './layout.ts';

/** All that the plan names, its root under a tag. Each blob's stream throws at its end when size or digest is wrong. */
export function layoutArchive(
  plan: CopyPlan,
  tag: string,
  stream: (blob: Descriptor) => AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const entries = [
    entryOf(plan.root, tag),
    ...plan.tags.map((tagged) => entryOf(tagged.manifest, tagged.tag)),
    ...plan.manifests.filter((one) => readSubject(one).subject !== undefined).map((one) => entryOf(one, undefined)),
  ];
  const files: TarFile[] = [
    textFile('oci-layout', LAYOUT_MARKER),
    textFile('index.json', encodeLayoutIndex(entries)),
    ...plan.manifests.map(({ bytes, descriptor }) => ({
      path: blobPath(descriptor.digest),
      size: bytes.length,
      content: bytes,
    })),
    ...plan.blobs.map((blob) => ({
      path: blobPath(blob.digest),
      size: blob.size,
      content: stream(blob),
    })),
  ];
  return writeTar(files);
}

function textFile(path: string, text: string): TarFile {
  const content = new TextEncoder().encode(text);
  return { path, size: content.length, content };
}

/** A layout folder as it is, oci-layout and index.json first. */
export async function* folderArchive(files: Files, folder: string): AsyncGenerator<Uint8Array> {
  const paths = ['oci-layout', 'index.json'];
  for (const algorithm of await files.list(join(folder, 'blobs'))) {
    const names = await files.list(join(folder, 'blobs', algorithm));
    paths.push(...names.map((name) => `blobs/${algorithm}/${name}`));
  }
  const entries: TarFile[] = [];
  for (const path of paths) {
    const stat = await files.stat(join(folder, path));
    if (stat?.kind !== 'file') throw new AppError('invalid-input', `${join(folder, path)}: expected a file`);
    entries.push({ path, size: stat.size, content: files.stream(join(folder, path)) });
  }
  yield* writeTar(entries);
}
