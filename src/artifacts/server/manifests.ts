/** Manifests by tag and digest: clauses "Pulling manifests", "Pushing Manifests", "Deleting Tags" and "Deleting Manifests". */
import { algorithmOf, findDigest, isTag, type Descriptor, type Digest } from '../../core/index.ts';
import { MAX_MANIFEST_BYTES, parseImageManifest, readManifest, readSubject } from '../manifest.ts';
import { isIndexType } from '../media-types.ts';
import type { Manifest } from '../repository.ts';
import { empty, Refusal } from './answers.ts';
import { listReachable } from './reachable.ts';
import { describeStored, encodeReferrer, MAX_POINTER_BYTES, type Store } from './store.ts';

/** Tags put with one manifest. */
const MAX_TAG_PARAMETERS = 50;

export interface ManifestPlace {
  readonly name: string;
  readonly target: string;
  /** Whether a tag of this repository stays what it is once it is there. */
  readonly isImmutable: (tag: string) => boolean;
}

export async function onManifest(store: Store, place: ManifestPlace, request: Request, url: URL): Promise<Response> {
  if (findDigest(place.target) === undefined && !isTag(place.target)) {
    const isDigest = place.target.includes(':');
    throw new Refusal(
      request.method === 'PUT' ? 400 : 404,
      isDigest ? 'DIGEST_INVALID' : 'MANIFEST_UNKNOWN',
      'expected a tag or digest',
    );
  }
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return await sendManifest(store, place, request);
    case 'PUT':
      return await putManifest(store, place, request, url);
    case 'DELETE':
      return await store.inTurn(place.name, () => deleteManifest(store, place));
    default:
      throw new Refusal(405, 'UNSUPPORTED', `method ${request.method} is not for manifests`);
  }
}

async function sendManifest(store: Store, { name, target }: ManifestPlace, request: Request): Promise<Response> {
  const found = await store.findManifest(name, target);
  if (found === undefined) throw new Refusal(404, 'MANIFEST_UNKNOWN', 'no such manifest');
  const headers = { 'docker-content-digest': found.digest, etag: `"${found.digest}"` };
  if (matches(request.headers.get('if-none-match'), found.digest)) return empty(304, headers);
  const isHead = request.method === 'HEAD';
  if (isHead) await store.refreshPointer(name, '_manifests', found.digest);
  return new Response(isHead ? null : Uint8Array.from(found.bytes), {
    status: 200,
    headers: { ...headers, 'content-type': found.mediaType, 'content-length': String(found.bytes.length) },
  });
}

async function putManifest(store: Store, place: ManifestPlace, request: Request, url: URL): Promise<Response> {
  const { name, target } = place;
  const asked = findDigest(target);
  const algorithm = asked === undefined ? 'sha256' : algorithmOf(asked);
  const type = request.headers.get('content-type') ?? undefined;
  const manifest = readManifest(await readBounded(request), type, 'manifest', algorithm);
  const { digest } = manifest.descriptor;
  if (asked !== undefined && asked !== digest)
    throw new Refusal(400, 'DIGEST_INVALID', `expected content with the digest asked for, found ${digest}`);
  const tags = asked === undefined ? [target] : readTags(url);
  // all of it is read before anything is stored: what cannot be read again would stop listings and garbage collection
  const { subject } = readSubject(manifest);
  if (subject !== undefined) checkListable(manifest);
  const needed = neededBlobs(manifest);
  await checkBlobs(store, name, needed);
  await checkCondition(store, place, request);
  await checkTags(store, place, tags, digest);
  await store.saveManifest(name, manifest, needed);
  // others save theirs meanwhile; only tags, which are compared and then changed, change one after the other
  await store.inTurn(name, async () => {
    if (asked === undefined) await checkCondition(store, place, request);
    await checkTags(store, place, tags, digest);
    const assure = async () => {
      if ((await store.findPointer(name, '_manifests', digest)) === undefined)
        await store.saveManifest(name, manifest, needed);
    };
    await assure();
    for (const tag of tags) await store.saveTag(name, tag, digest);
    // a garbage collection that saw no tag yet may have passed while the tag was written
    if (tags.length > 0) await assure();
  });
  const response = empty(201, {
    location: `/v2/${name}/manifests/${digest}`,
    'docker-content-digest': digest,
    etag: `"${digest}"`,
    ...(subject === undefined ? {} : { 'oci-subject': subject.digest }),
  });
  if (asked !== undefined) for (const tag of tags) response.headers.append('oci-tag', tag);
  return response;
}

function readTags(url: URL): readonly string[] {
  const tags = [...new Set(url.searchParams.getAll('tag'))];
  if (tags.length <= MAX_TAG_PARAMETERS && tags.every(isTag)) return tags;
  throw new Refusal(400, 'MANIFEST_INVALID', `expected at most ${MAX_TAG_PARAMETERS} tags`);
}

async function readBounded(request: Request): Promise<Uint8Array> {
  const tooLarge = new Refusal(413, 'SIZE_INVALID', `expected at most ${MAX_MANIFEST_BYTES} bytes`);
  if (Number(request.headers.get('content-length') ?? 0) > MAX_MANIFEST_BYTES) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of request.body ?? []) {
    total += chunk.length;
    if (total > MAX_MANIFEST_BYTES) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** An index may be sparse, and a subject may come later. */
function neededBlobs(manifest: Manifest): readonly Digest[] {
  if (isIndexType(manifest.descriptor.mediaType)) return [];
  const { config, layers } = parseImageManifest(manifest);
  return [config, ...layers].filter((blob) => !isElsewhere(blob)).map(({ digest }) => digest);
}

/** Lists of referrers repeat a manifest's annotations; an entry that is too large would break the lists of its subject. */
function checkListable(manifest: Manifest): void {
  if (Buffer.byteLength(encodeReferrer(manifest)) <= MAX_POINTER_BYTES) return;
  throw new Refusal(413, 'SIZE_INVALID', `expected at most ${MAX_POINTER_BYTES} bytes of annotations beside a subject`);
}

async function checkBlobs(store: Store, name: string, needed: readonly Digest[]): Promise<void> {
  for (const digest of needed) {
    if ((await store.blobSize(name, digest)) !== undefined) continue;
    throw new Refusal(404, 'MANIFEST_BLOB_UNKNOWN', `blob ${digest} is not in this repository`);
  }
}

function isElsewhere(blob: Descriptor): boolean {
  return (
    blob.mediaType.includes('nondistributable') || blob.mediaType.includes('foreign') || (blob.urls ?? []).length > 0
  );
}

/** Conditions let writers of one tag see each other; see the referrers fallback tag. */
async function checkCondition(store: Store, { name, target }: ManifestPlace, request: Request): Promise<void> {
  const [match, noneMatch] = [request.headers.get('if-match'), request.headers.get('if-none-match')];
  if (match === null && noneMatch === null) return;
  const current = (await store.findManifest(name, target))?.digest;
  if ((match === null || matches(match, current)) && !matches(noneMatch, current)) return;
  throw new Refusal(412, 'MANIFEST_INVALID', 'the tag was changed by another writer');
}

/** RFC 9110 13.1: `*`, or a list of entity tags; ours are digests, and weak ones are never given. */
function matches(header: string | null, current: Digest | undefined): boolean {
  if (header === null || current === undefined) return false;
  return header.trim() === '*' || header.split(',').some((tag) => tag.trim() === `"${current}"`);
}

async function checkTags(store: Store, place: ManifestPlace, tags: readonly string[], digest: Digest): Promise<void> {
  for (const tag of tags) {
    if (!place.isImmutable(tag)) continue;
    const current = await store.findTag(place.name, tag);
    if (current !== undefined && current !== digest) throw immutable(`tag ${tag} is immutable and is ${current}`);
  }
}

async function deleteManifest(store: Store, place: ManifestPlace): Promise<Response> {
  const { name, target } = place;
  const found = await store.findManifest(name, target);
  if (found === undefined) throw new Refusal(404, 'MANIFEST_UNKNOWN', 'no such manifest');
  if (findDigest(target) === undefined) {
    if (place.isImmutable(target)) throw immutable(`tag ${target} is immutable`);
    await store.removeTag(name, target);
  } else {
    await checkRemoval(store, place, found.digest);
    await store.removeManifest(name, describeStored(found));
  }
  return empty(202, { 'docker-content-digest': found.digest });
}

/** What an immutable tag leads to stays, down to its blobs. */
export async function checkRemoval(store: Store, place: ManifestPlace, digest: Digest): Promise<void> {
  for (const tag of await store.listTags(place.name)) {
    if (!place.isImmutable(tag)) continue;
    const root = await store.findTag(place.name, tag);
    const kept = root === undefined ? undefined : await listReachable(store, place.name, [root]);
    if (kept?.manifests.has(digest) === true || kept?.blobs.has(digest) === true)
      throw immutable(`${digest} belongs to tag ${tag}, which is immutable`);
  }
}

function immutable(message: string): Refusal {
  return new Refusal(409, 'DENIED', message);
}
