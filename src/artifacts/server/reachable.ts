/** What in a repository is held by something else there. */
import type { Digest } from '../../core/index.ts';
import { parseImageIndex, parseImageManifest } from '../manifest.ts';
import { isIndexType } from '../media-types.ts';
import { describeStored, type Store, type StoredManifest } from './store.ts';

export interface Reachable {
  readonly manifests: ReadonlySet<Digest>;
  readonly blobs: ReadonlySet<Digest>;
}

/**
 * From the roots on: an index's manifests, what they and the index are made of, and whatever names one of these as its subject.
 * A root that is not there, and a child of a sparse index, hold nothing. `besides` are manifests that count as there.
 */
export async function listReachable(
  store: Store,
  repository: string,
  roots: readonly Digest[],
  besides: ReadonlyMap<Digest, StoredManifest> = new Map(),
): Promise<Reachable> {
  const manifests = new Set<Digest>();
  const blobs = new Set<Digest>();
  const todo = [...roots];
  for (let digest = todo.pop(); digest !== undefined; digest = todo.pop()) {
    if (manifests.has(digest)) continue;
    const stored = besides.get(digest) ?? (await store.findManifest(repository, digest));
    if (stored === undefined) continue;
    manifests.add(digest);
    const manifest = describeStored(stored);
    if (isIndexType(stored.mediaType)) {
      // the index specification lets an entry be any content, not only a manifest
      for (const child of parseImageIndex(manifest).manifests) {
        todo.push(child.digest);
        blobs.add(child.digest);
      }
    } else {
      const { config, layers } = parseImageManifest(manifest);
      for (const blob of [config, ...layers]) blobs.add(blob.digest);
    }
    for (const referrer of await store.listReferrers(repository, digest)) todo.push(referrer.digest);
  }
  return { manifests, blobs };
}
