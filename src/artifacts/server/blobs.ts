/** Blobs by digest: clauses "Pulling blobs" and "Deleting Blobs". */
import { findDigest, type Digest, type WebClient } from '../../core/index.ts';
import { empty, Refusal } from './answers.ts';
import type { ByteRange } from './blob-store.ts';
import { checkRemoval, type ManifestPlace } from './manifests.ts';
import type { Store } from './store.ts';

/** Smaller ones are sent as one piece of memory. */
const MAX_WHOLE = 256 * 1024;

export async function onBlob(
  store: Store,
  place: ManifestPlace,
  request: Request,
  client?: WebClient,
): Promise<Response> {
  const { name, target } = place;
  const digest = findDigest(target);
  if (digest === undefined) throw new Refusal(400, 'DIGEST_INVALID', 'expected a digest');
  if (request.method === 'DELETE') return await store.inTurn(name, () => deleteBlob(store, place, digest));
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new Refusal(405, 'UNSUPPORTED', 'expected GET');
  const size = await store.blobSize(name, digest);
  if (size === undefined) throw new Refusal(404, 'BLOB_UNKNOWN', 'no such blob');
  if (request.method === 'HEAD') await store.refreshPointer(name, '_blobs', digest);
  return await sendBlob(store, { digest, size }, request, client);
}

async function deleteBlob(store: Store, place: ManifestPlace, digest: Digest): Promise<Response> {
  await checkRemoval(store, place, digest);
  if (!(await store.removePointer(place.name, '_blobs', digest)))
    throw new Refusal(404, 'BLOB_UNKNOWN', 'no such blob');
  return empty(202, { 'docker-content-digest': digest });
}

async function sendBlob(
  store: Store,
  { digest, size }: { readonly digest: Digest; readonly size: number },
  request: Request,
  client: WebClient | undefined,
): Promise<Response> {
  const identity = { 'docker-content-digest': digest, etag: `"${digest}"` };
  if (request.headers.get('if-none-match') === identity.etag) return empty(304, identity);
  const range = parseRange(request.headers, size, identity.etag);
  const { start, end } = range ?? { start: 0, end: size };
  const headers = {
    ...identity,
    'content-type': 'application/octet-stream',
    'content-length': String(end - start),
    'accept-ranges': 'bytes',
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
  };
  const status = range === undefined ? 200 : 206;
  if (request.method === 'HEAD') return new Response(null, { status, headers });
  if (range === undefined && size <= MAX_WHOLE) {
    return new Response(Uint8Array.from(await store.blobs.read(digest, MAX_WHOLE)), { status, headers });
  }
  const part = { start, end };
  const response = new Response(ReadableStream.from(store.blobs.stream(digest, part)), { status, headers });
  client?.send(response, store.blobs.stream(digest, { ...part, recycle: true }));
  return response;
}

/** RFC 9110 14.1.2, one range, and 13.1.5: it counts only for the content that the client has a part of. Undefined means all. */
function parseRange(headers: Headers, size: number, etag: string): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.get('range') ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  if ((headers.get('if-range') ?? etag) !== etag) return undefined;
  const [, first = '', last = ''] = match;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size);
  if (start < end) return { start, end };
  throw new Refusal(416, 'SIZE_INVALID', 'expected a range inside the blob', { 'content-range': `bytes */${size}` });
}
