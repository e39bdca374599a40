/**
 * Garbage collection, while the registry serves or not, in its process or in another. Kept is what a manifest (or, if asked for, a tag)
 * leads to, whatever names one of these as its subject, and everything younger than the grace period: it may belong to a push that goes
 * on. A writer that relies on older things makes their pointers young, and looks once more for them after it has written its own pointer
 * (see store.ts). Here it is the other way round: first things go out of sight, then all pointers are read once more, what is needed
 * after all comes back, and only then the rest ends. So whichever of both comes second sees the other.
 */
import type { Clock, Digest, Files } from '../../core/index.ts';
import { listReachable, type Reachable } from './reachable.ts';
import { describeStored, Store, type PointerKind, type StoredManifest } from './store.ts';
import { removeExpiredUploads, UPLOAD_EXPIRY } from './uploads.ts';

const POINTERS: readonly PointerKind[] = ['_manifests', '_blobs'];

export interface GarbageOptions {
  /** Milliseconds for which nothing is removed after it was written or relied on. */
  readonly graceMs: number;
  /** Removes manifests, too, that no tag leads to. */
  readonly untagged: boolean;
  /** Changes nothing. */
  readonly dryRun: boolean;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

export interface GarbageReport {
  readonly dryRun: boolean;
  readonly manifests: readonly { readonly repository: string; readonly digest: Digest }[];
  /** Content that no repository has any more. */
  readonly blobs: readonly Digest[];
  /** Of that content. */
  readonly bytes: number;
  readonly uploads: number;
}

/** `root` is the folder that keeps everything. */
export async function collectGarbage(files: Files, root: string, options: GarbageOptions): Promise<GarbageReport> {
  const { dryRun } = options;
  const store = new Store(files, root, options.clock);
  const now = options.clock().getTime();
  const before = new Date(now - options.graceMs);
  const abandoned = new Date(now - UPLOAD_EXPIRY);
  // a run that was interrupted has left them between here and there
  if (!dryRun) for await (const digest of store.blobs.listHidden()) await store.blobs.unhide(digest);
  const removed = await unlink(store, before, options);
  const hidden = await hideContent(store, before, removed, options);
  if (!dryRun) {
    await bringBack(store, before, { removed, hidden }, options);
    for (const digest of hidden.keys()) await store.blobs.purge(digest);
    await store.removeLeftovers(abandoned);
  }
  return {
    dryRun,
    manifests: [...removed].flatMap(([repository, { manifests }]) =>
      [...manifests.keys()].map((digest) => ({ repository, digest })),
    ),
    blobs: [...hidden.keys()],
    bytes: [...hidden.values()].reduce((sum, size) => sum + size, 0),
    uploads: await removeExpiredUploads(store, abandoned, dryRun),
  };
}

/** What was taken out of a repository in this run. */
interface Removed {
  readonly manifests: Map<Digest, StoredManifest>;
  readonly blobs: Set<Digest>;
}

async function unlink(store: Store, before: Date, options: GarbageOptions): Promise<ReadonlyMap<string, Removed>> {
  const all = new Map<string, Removed>();
  for (const repository of await store.listRepositories(POINTERS)) {
    options.signal?.throwIfAborted();
    const removed: Removed = { manifests: new Map(), blobs: new Set() };
    const kept = await listReachable(store, repository, await listRoots(store, repository, before, options));
    for (const digest of await store.listPointers(repository, '_manifests')) {
      if (kept.manifests.has(digest) || (await isYoung(store, repository, '_manifests', digest, before))) continue;
      const stored = await store.findManifest(repository, digest);
      if (stored === undefined) continue;
      removed.manifests.set(digest, stored);
      if (!options.dryRun) await store.removePointer(repository, '_manifests', digest);
    }
    for (const digest of await store.listPointers(repository, '_blobs')) {
      if (kept.blobs.has(digest) || (await isYoung(store, repository, '_blobs', digest, before))) continue;
      removed.blobs.add(digest);
      if (!options.dryRun) await store.removePointer(repository, '_blobs', digest);
    }
    all.set(repository, removed);
  }
  return all;
}

/** What is kept without a reason: each manifest, or tags and young manifests, whose tag or index may be on its way. */
async function listRoots(
  store: Store,
  repository: string,
  before: Date,
  { untagged }: GarbageOptions,
): Promise<readonly Digest[]> {
  const manifests = await store.listPointers(repository, '_manifests');
  if (!untagged) return manifests;
  const roots: Digest[] = [];
  for (const tag of await store.listTags(repository)) {
    const digest = await store.findTag(repository, tag);
    if (digest !== undefined) roots.push(digest);
  }
  for (const digest of manifests) {
    if (await isYoung(store, repository, '_manifests', digest, before)) roots.push(digest);
  }
  return roots;
}

async function isYoung(
  store: Store,
  ...[repository, kind, digest, before]: readonly [string, PointerKind, Digest, Date]
): Promise<boolean> {
  const pointer = await store.findPointer(repository, kind, digest);
  return pointer === undefined || pointer.modified >= before;
}

/** Takes content out of sight that no repository has, and that no writer has just brought; gives its sizes. */
async function hideContent(
  store: Store,
  before: Date,
  removed: ReadonlyMap<string, Removed>,
  options: GarbageOptions,
): Promise<Map<Digest, number>> {
  const held = new Set<Digest>();
  for (const repository of await store.listRepositories(POINTERS)) {
    // a dry run has left its pointers
    const gone = removed.get(repository);
    for (const digest of await store.listPointers(repository, '_manifests'))
      if (gone?.manifests.has(digest) !== true) held.add(digest);
    for (const digest of await store.listPointers(repository, '_blobs'))
      if (gone?.blobs.has(digest) !== true) held.add(digest);
  }
  const hidden = new Map<Digest, number>();
  for await (const digest of store.blobs.list()) {
    options.signal?.throwIfAborted();
    const stat = held.has(digest) ? undefined : await store.blobs.stat(digest);
    if (stat === undefined || stat.modified >= before) continue;
    hidden.set(digest, stat.size);
    if (!options.dryRun) await store.blobs.hide(digest);
  }
  return hidden;
}

interface Taken {
  readonly removed: ReadonlyMap<string, Removed>;
  readonly hidden: Map<Digest, number>;
}

/** Reads all pointers once more, and puts back what they lead to now; what is left in `taken` is garbage for good. */
async function bringBack(store: Store, before: Date, taken: Taken, options: GarbageOptions): Promise<void> {
  for (const repository of await store.listRepositories(POINTERS)) {
    await show(store, repository, taken.hidden);
    const gone = taken.removed.get(repository);
    if (gone === undefined) continue;
    const roots = await listRoots(store, repository, before, options);
    await relink(store, repository, gone, await listReachable(store, repository, roots, gone.manifests));
    await show(store, repository, taken.hidden);
  }
}

/** Content of what the repository has comes back in sight. */
async function show(store: Store, repository: string, hidden: Map<Digest, number>): Promise<void> {
  for (const kind of POINTERS) {
    for (const digest of await store.listPointers(repository, kind))
      if (hidden.delete(digest)) await store.blobs.unhide(digest);
  }
}

async function relink(store: Store, repository: string, gone: Removed, kept: Reachable): Promise<void> {
  for (const [digest, stored] of gone.manifests) {
    if (kept.manifests.has(digest)) {
      gone.manifests.delete(digest);
      await store.linkManifest(repository, describeStored(stored));
    } else await store.unlinkReferrer(repository, describeStored(stored));
  }
  for (const digest of gone.blobs) {
    if (!kept.blobs.has(digest)) continue;
    gone.blobs.delete(digest);
    await store.linkBlob(repository, digest);
  }
}
