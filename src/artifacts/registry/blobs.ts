/** Download and upload of blobs after the OCI distribution specification 1.1. Chunked upload is not done: PUT carries all. */
import { algorithmOf, AppError, createHasher, type Descriptor, type Digest, type Hasher } from '../../core/index.ts';
import type { Access } from './authorizer.ts';
import { discard } from './errors.ts';
import type { RegistryResponse, Transport } from './transport.ts';

/** Broken connections in one download; each goes on where the last one ended. */
const MAX_RESUMES = 5;

export interface BlobContext {
  readonly transport: Transport;
  /** `registry/repository`. */
  readonly name: string;
  readonly repository: string;
  readonly pull: Access;
  readonly push: Access;
}

/** Streams and verifies; see Repository.streamBlob. */
export async function* streamBlob(
  context: BlobContext,
  blob: Descriptor,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const state = { position: 0, hasher: createHasher(algorithmOf(blob.digest)) };
  const what = `${context.name}: blob ${blob.digest}`;
  for (let resumes = 0; ; resumes += 1) {
    try {
      yield* download(context, blob, { state, what, signal });
      break;
    } catch (error) {
      const isBroken = error instanceof AppError && error.kind === 'unavailable' && signal?.aborted !== true;
      // an answer with a status was retried below; only a connection that broke on the way is worth going on with
      if (!isBroken || error.details.status !== undefined || resumes >= MAX_RESUMES) throw error;
    }
  }
  verifyEnd(blob, state, what);
}

interface Progressing {
  readonly state: { position: number; readonly hasher: Hasher };
  readonly what: string;
  readonly signal: AbortSignal | undefined;
}

async function* download(context: BlobContext, blob: Descriptor, run: Progressing): AsyncGenerator<Uint8Array> {
  const { state, what, signal } = run;
  if (state.position === blob.size && blob.size > 0) return;
  const response = await context.transport.send(
    {
      method: 'GET',
      url: `/v2/${context.repository}/blobs/${blob.digest}`,
      access: context.pull,
      headers: state.position === 0 ? {} : { range: `bytes=${state.position}-` },
      retry: true,
      what,
      signal,
    },
    [200, 206],
  );
  let skip = startOf(response, state.position, what);
  for await (const chunk of response.body) {
    const fresh = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - fresh.length;
    if (fresh.length === 0) continue;
    if (state.position + fresh.length > blob.size) {
      throw new AppError('invalid-input', `${what}: expected ${blob.size} bytes, found more`);
    }
    state.hasher.update(fresh);
    state.position += fresh.length;
    yield fresh;
  }
}

/** How many bytes of the answer we have already: all so far when the server starts over. */
function startOf(response: RegistryResponse, position: number, what: string): number {
  if (response.status === 200) return position;
  const start = /^bytes (\d{1,15})-/.exec(response.headers.get('content-range')?.[0] ?? '')?.[1];
  if (start !== undefined && Number(start) === position) return 0;
  throw new AppError('invalid-input', `${what}: expected the bytes from ${position}, found another range`);
}

function verifyEnd(blob: Descriptor, state: Progressing['state'], what: string): void {
  if (state.position !== blob.size) {
    throw new AppError('invalid-input', `${what}: expected ${blob.size} bytes, found ${state.position}`);
  }
  const found = state.hasher.digest();
  if (found !== blob.digest) throw new AppError('invalid-input', `${what}: expected its digest, found ${found}`);
}

export async function hasBlob(context: BlobContext, digest: Digest, signal?: AbortSignal): Promise<boolean> {
  return (await headBlob(context, digest, signal)).status === 200;
}

/** Undefined when there is no such blob. */
export async function findBlobSize(
  context: BlobContext,
  digest: Digest,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const response = await headBlob(context, digest, signal);
  if (response.status === 404) return undefined;
  const length = response.headers.get('content-length')?.[0] ?? '';
  if (/^\d{1,15}$/.test(length)) return Number(length);
  throw new AppError('invalid-input', `${context.name}: blob ${digest}: expected its size, found no content-length`);
}

async function headBlob(context: BlobContext, digest: Digest, signal?: AbortSignal): Promise<RegistryResponse> {
  return await context.transport.send(
    {
      method: 'HEAD',
      url: `/v2/${context.repository}/blobs/${digest}`,
      access: context.pull,
      retry: true,
      what: `${context.name}: blob ${digest}`,
      signal,
    },
    [200, 404],
  );
}

/** POST for a session, PUT with all the content. The registry verifies the digest; so do we on the way. */
export async function uploadBlob(
  context: BlobContext,
  blob: Descriptor,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const what = `${context.name}: upload of blob ${blob.digest}`;
  const session = await context.transport.send(
    { ...uploadRequest(context, what, signal), headers: { 'content-length': '0' } },
    [202],
  );
  await discard(session);
  const url = uploadLocation(session, what);
  url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(blob.digest)}`;
  const response = await context.transport.send(
    {
      ...uploadRequest(context, what, signal),
      method: 'PUT',
      url: url.href,
      retry: false,
      // a PUT that closes a session twice fails the second time; bytes at hand may be sent again after a 401 all the same
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
      body: content instanceof Uint8Array ? content : checkedContent(blob, content, what),
    },
    [201],
  );
  await discard(response);
}

/** Has the registry take a blob from another of its repositories. False when it does not; any reason counts as that. */
export async function mountBlob(
  context: BlobContext,
  blob: Descriptor,
  from: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const what = `${context.name}: mount of blob ${blob.digest}`;
  const request = uploadRequest(context, what, signal);
  const scopes = [...context.push.scopes, `repository:${from}:pull`];
  const response = await context.transport.send({
    ...request,
    url: `${request.url}?mount=${encodeURIComponent(blob.digest)}&from=${encodeURIComponent(from)}`,
    access: { ...context.push, scopes },
    headers: { 'content-length': '0' },
  });
  await discard(response);
  if (response.status === 202) await cancelUpload(context, response, what);
  return response.status === 201;
}

function uploadRequest(context: BlobContext, what: string, signal: AbortSignal | undefined) {
  return {
    method: 'POST' as const,
    url: `/v2/${context.repository}/blobs/uploads/`,
    access: context.push,
    // a session begun twice costs nothing: the first one expires
    retry: true,
    what,
    signal,
  };
}

function uploadLocation(response: RegistryResponse, what: string): URL {
  const location = response.headers.get('location')?.[0];
  const url = location === undefined ? null : URL.parse(location, response.url.href);
  if (url === null) throw new AppError('invalid-input', `${what}: expected a location for the upload, found none`);
  return url;
}

/** A session that stays open costs the registry space; that it cannot be closed is its own affair. */
async function cancelUpload(context: BlobContext, response: RegistryResponse, what: string): Promise<void> {
  try {
    const request = { ...uploadRequest(context, what, undefined), method: 'DELETE' as const };
    await discard(await context.transport.send({ ...request, url: uploadLocation(response, what).href }));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}

/** Content whose source lies about size or digest breaks off before the upload is closed. */
async function* checkedContent(
  blob: Descriptor,
  content: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<Uint8Array> {
  const state = { position: 0, hasher: createHasher(algorithmOf(blob.digest)) };
  for await (const chunk of content) {
    state.position += chunk.length;
    if (state.position > blob.size) break;
    state.hasher.update(chunk);
    yield chunk;
  }
  verifyEnd(blob, state, what);
}
