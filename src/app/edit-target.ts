/** Where a new image goes: a repository, a layout folder, or an archive, which is written when the image is whole. */
import { join } from 'node:path';
import type { Manifest, Repository } from '../artifacts/index.ts';
import { DEFAULT_TAG, type Platform, type Ports } from '../core/index.ts';
import { copyArtifact } from './copy-artifact.ts';
import { openTarget, type TargetName } from './open-target.ts';
import type { Pushed } from './push-artifact.ts';
import type { RepositoryAccess } from './registry.ts';

export interface NewImageTarget {
  readonly target: TargetName;
  /** Of an index, what goes into a docker archive. */
  readonly platform?: Platform | undefined;
  readonly access?: RepositoryAccess | undefined;
}

/** `make` pushes all that the manifest names, and leaves the manifest itself to us: under the target's tags, or by digest. */
export async function intoTarget(
  ports: Ports,
  { target, platform, access }: NewImageTarget,
  make: (to: Repository) => Promise<Manifest>,
  signal: AbortSignal,
): Promise<Pushed> {
  if (target.scheme === 'oci-archive' || target.scheme === 'docker-archive') {
    return await intoArchive(ports, { target, platform }, make, signal);
  }
  const { repository, nameOf } = await openTarget(ports, target, access);
  const { bytes, descriptor } = await make(repository);
  const tags = target.scheme === 'registry' ? target.tags : [target.tag ?? DEFAULT_TAG];
  const [first, ...others] = tags;
  await repository.pushManifest(bytes, descriptor.mediaType, first, signal);
  for (const tag of others) await repository.pushManifest(bytes, descriptor.mediaType, tag, signal);
  return { descriptor, reference: nameOf(descriptor.digest), tags };
}

/** Archives are written in one go, so the image is made in a folder that is gone afterwards. */
async function intoArchive(
  ports: Ports,
  {
    target,
    platform,
  }: NewImageTarget & { readonly target: { readonly path: string; readonly tag: string | undefined } },
  make: (to: Repository) => Promise<Manifest>,
  signal: AbortSignal,
): Promise<Pushed> {
  const folder = join(ports.settings.cacheDir, `image-${Buffer.from(ports.random(8)).toString('hex')}`);
  try {
    const made = { scheme: 'oci-dir', path: folder, tag: DEFAULT_TAG } as const;
    const { descriptor } = await intoTarget(ports, { target: made }, make, signal);
    const name = target.tag === undefined ? '' : `:${target.tag}`;
    const copy = { source: `oci:${folder}:${DEFAULT_TAG}`, target: `${target.scheme}:${target.path}${name}`, platform };
    const { reference } = await copyArtifact(ports, copy, signal);
    return { descriptor, reference };
  } finally {
    await ports.files.remove(folder);
  }
}
