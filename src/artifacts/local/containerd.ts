/** What containerd keeps on its host: names of images in its metadata, their content by digest. */
import { join } from 'node:path';
import { AppError, findDigest, type Digest, type Files } from '../../core/index.ts';
import type { ReadableRepository } from '../repository.ts';
import { openBolt, type BoltBucket } from './bolt.ts';
import { openBlobFolder } from './layout.ts';
import { openFolder } from './stored-files.ts';

const METADATA = 'io.containerd.metadata.v1.bolt/meta.db';
const CONTENT = 'io.containerd.content.v1.content';

export interface StoredImage {
  /** `k8s.io` for Kubernetes, `moby` for Docker, `default` for ctr. */
  readonly namespace: string;
  readonly name: string;
  readonly digest: Digest;
}

/** All images of that name, one for each namespace that has it; of all names when none is given. */
export async function listContainerdImages(files: Files, root: string, name?: string): Promise<readonly StoredImage[]> {
  const found: StoredImage[] = [];
  const version = await (await openBolt(files, join(root, METADATA))).bucket('v1');
  for await (const { key: namespace, value } of version?.list() ?? []) {
    const images = value === undefined ? await (await version?.bucket(namespace))?.bucket('images') : undefined;
    if (images === undefined) continue;
    const names = name === undefined ? await keysOf(images) : [name];
    for (const one of names) {
      const digest = await digestIn(images, one, root);
      if (digest !== undefined) found.push({ namespace, name: one, digest });
    }
  }
  return found;
}

async function keysOf(bucket: BoltBucket): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of bucket.list()) keys.push(key);
  return keys;
}

async function digestIn(images: BoltBucket, name: string, root: string): Promise<Digest | undefined> {
  const target = await (await images.bucket(name))?.bucket('target');
  for await (const { key, value } of target?.list() ?? []) {
    if (key !== 'digest' || value === undefined) continue;
    const text = Buffer.from(value).toString('latin1');
    const digest = findDigest(text);
    if (digest !== undefined) return digest;
    throw new AppError(
      'invalid-input',
      `${root}: image ${name}: expected a digest, found ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
  return undefined;
}

/** Its content, by digest. Images of one platform have only that platform's content. */
export function openContainerd(files: Files, root: string): ReadableRepository {
  return openBlobFolder(openFolder(files, join(root, CONTENT)));
}
