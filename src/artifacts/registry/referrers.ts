/**
 * Referrers of the OCI distribution specification 1.1: the API where a registry has it, and the fallback tag where not.
 * Both are always read and merged: registries that got the API later leave old tags behind.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, arrayOf, object, type Descriptor, type Digest } from '../../core/index.ts';
import { descriptor, encodeDescriptor, parseImageIndex } from '../manifest.ts';
import { isIndexType, mediaTypeOf, OCI_INDEX } from '../media-types.ts';
import type { Manifest } from '../repository.ts';
import type { BlobContext } from './blobs.ts';
import { discard } from './errors.ts';
import { fetchPages } from './pages.ts';

/** An artifact with more is being flooded. */
const MAX_REFERRERS = 10_000;
/** Rounds against other writers of the same fallback tag. */
const MAX_WRITES = 10;
const WRITE_DELAY = 100;

export interface ReferrersContext extends BlobContext {
  findTagged(tag: string, signal?: AbortSignal): Promise<TaggedManifest | undefined>;
  /** Loses silently (412) against another writer: the next look tells. */
  putTagged(put: TaggedPut, signal?: AbortSignal): Promise<void>;
  readonly random: (bytes: number) => Uint8Array;
}

export interface TaggedManifest {
  readonly manifest: Manifest;
  readonly etag: string | undefined;
}

export interface TaggedPut {
  readonly bytes: Uint8Array;
  readonly tag: string;
  /** Nothing was there when we looked. */
  readonly isNew: boolean;
  /** Of what was there. */
  readonly etag: string | undefined;
}

/** Clause "Referrers Tag Schema": the algorithm cut to 32 characters, the rest to 64, others than these replaced. */
export function fallbackTag(digest: string): string {
  const colon = digest.indexOf(':');
  const clean = (text: string, length: number) => text.slice(0, length).replaceAll(/[^A-Za-z0-9._-]/g, '-');
  return `${clean(digest.slice(0, colon).replaceAll('+', '-'), 32)}-${clean(digest.slice(colon + 1), 64)}`;
}

export async function listReferrers(
  context: ReferrersContext,
  subject: Digest,
  artifactType: string | undefined,
  signal?: AbortSignal,
): Promise<readonly Descriptor[]> {
  const [api, tagged] = await Promise.all([
    listByApi(context, subject, artifactType, signal),
    listByTag(context, subject, signal),
  ]);
  const merged = new Map([...tagged, ...(api ?? [])].map((entry) => [entry.digest, entry]));
  const wanted = [...merged.values()].filter(
    (entry) => artifactType === undefined || entry.artifactType === artifactType,
  );
  return wanted.sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

const page = object({ manifests: arrayOf(descriptor, MAX_REFERRERS) });

/** Undefined when the registry has no such API, which it shows in many ways. */
async function listByApi(
  context: ReferrersContext,
  subject: Digest,
  artifactType: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[] | undefined> {
  const request = referrersRequest(context, subject, artifactType, signal);
  const first = await context.transport.send(request, [200, 400, 404, 405, 406]);
  const type = mediaTypeOf(first.headers.get('content-type')?.[0] ?? '');
  if (first.status !== 200 || !isIndexType(type)) {
    await discard(first);
    return undefined;
  }
  const found: Descriptor[] = [];
  for await (const { manifests } of fetchPages(context.transport, { request, first, decoder: page, absent: [] })) {
    found.push(...manifests);
    if (found.length > MAX_REFERRERS) {
      throw new AppError('invalid-input', `${request.what}: expected at most ${MAX_REFERRERS}, found more`);
    }
  }
  return found;
}

function referrersRequest(
  context: ReferrersContext,
  subject: Digest,
  artifactType: string | undefined,
  signal: AbortSignal | undefined,
) {
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
  return {
    method: 'GET' as const,
    url: `/v2/${context.repository}/referrers/${subject}${query}`,
    access: context.pull,
    headers: { accept: OCI_INDEX },
    retry: true,
    what: `${context.name}: referrers of ${subject}`,
    signal,
  };
}

async function listByTag(
  context: ReferrersContext,
  subject: Digest,
  signal?: AbortSignal,
): Promise<readonly Descriptor[]> {
  const tagged = await context.findTagged(fallbackTag(subject), signal);
  if (tagged === undefined || !isIndexType(tagged.manifest.descriptor.mediaType)) return [];
  return parseImageIndex(tagged.manifest).manifests;
}

/**
 * Read, change, write under a condition, read again: an entry that another writer overwrote is written anew. A registry
 * that ignores conditions may still lose an entry to a writer that read before our write and writes after our last look.
 */
export async function updateFallback(
  context: ReferrersContext,
  subject: Digest,
  change: { readonly add?: Descriptor; readonly remove?: Digest },
  signal?: AbortSignal,
): Promise<void> {
  const tag = fallbackTag(subject);
  for (let round = 0; round < MAX_WRITES; round += 1) {
    const before = await context.findTagged(tag, signal);
    const entries = before === undefined ? [] : entriesOf(before.manifest, context.name);
    if (isDone(entries, change)) return;
    const kept = entries.filter((entry) => entry.digest !== change.add?.digest && entry.digest !== change.remove);
    const next = change.add === undefined ? kept : [...kept, change.add];
    await context.putTagged({ bytes: encodeIndex(next), tag, isNew: before === undefined, etag: before?.etag }, signal);
    const wait = WRITE_DELAY * (round === 0 ? 0.1 : round) * ((context.random(1)[0] ?? 0) / 255);
    await sleep(wait, undefined, signal === undefined ? {} : { signal });
  }
  const last = await context.findTagged(tag, signal);
  if (last !== undefined && isDone(entriesOf(last.manifest, context.name), change)) return;
  throw new AppError('unavailable', `${context.name}: tag ${tag} was overwritten by others ${MAX_WRITES} times`);
}

function isDone(
  entries: readonly Descriptor[],
  change: { readonly add?: Descriptor; readonly remove?: Digest },
): boolean {
  const has = (digest: Digest | undefined) => digest !== undefined && entries.some((entry) => entry.digest === digest);
  return (change.add === undefined || has(change.add.digest)) && !has(change.remove);
}

/** Never overwrites somebody's image that happens to have such a tag. */
function entriesOf(manifest: Manifest, name: string): readonly Descriptor[] {
  if (isIndexType(manifest.descriptor.mediaType)) return parseImageIndex(manifest).manifests;
  throw new AppError('invalid-input', `${name}: expected an index under the referrers tag, found another manifest`);
}

function encodeIndex(manifests: readonly Descriptor[]): Uint8Array {
  const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: manifests.map(encodeDescriptor) };
  return new TextEncoder().encode(JSON.stringify(document));
}
