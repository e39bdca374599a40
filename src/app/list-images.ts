/** An image and, under an index, all images in it: what signing and verifying everything means. */
import { isIndexType, parseImageIndex } from '../artifacts/index.ts';
import type { Manifest, ReadableRepository } from '../artifacts/index.ts';
import { AppError } from '../core/index.ts';
import type { Descriptor, Digest } from '../core/index.ts';

/** An index of indexes has two levels; deeper nesting has no use. */
const MAX_DEPTH = 4;
/** Platforms of one image, attestations of builders included. */
const MAX_IMAGES = 1000;

/** The manifest and, under an index, every manifest that it names, each once. */
export async function listImages(
  repository: ReadableRepository,
  root: Manifest,
  signal?: AbortSignal,
): Promise<readonly Descriptor[]> {
  const found = new Map<Digest, Descriptor>([[root.descriptor.digest, root.descriptor]]);
  let level: readonly Manifest[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH)
      throw new AppError('invalid-input', `${repository.name}: indexes nested deeper than ${MAX_DEPTH}`);
    const next: Manifest[] = [];
    for (const index of level.filter((entry) => isIndexType(entry.descriptor.mediaType))) {
      for (const child of parseImageIndex(index).manifests) {
        if (found.has(child.digest)) continue;
        if (found.size >= MAX_IMAGES)
          throw new AppError('invalid-input', `${repository.name}: more than ${MAX_IMAGES} images`);
        const manifest = await repository.fetchManifest(child.digest, signal);
        found.set(child.digest, manifest.descriptor);
        next.push(manifest);
      }
    }
    level = next;
  }
  return [...found.values()];
}
