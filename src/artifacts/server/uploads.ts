/** Upload sessions: clauses "Pushing a blob monolithically", "in chunks" and "Mounting" of the distribution specification. */
import { algorithmOf, createHasher, findDigest, type Clock, type Digest, type Random } from '../../core/index.ts';
import { empty, Refusal } from './answers.ts';
import { isRepositoryName, type Store } from './store.ts';

/** Larger layers are not known. */
const MAX_BLOB_BYTES = 64 * 1024 ** 3;
/** An abandoned session's bytes are removed after a day. */
const EXPIRY = 24 * 3600 * 1000;

export interface UploadContext {
  readonly store: Store;
  readonly random: Random;
  readonly clock: Clock;
}

export async function startUpload(context: UploadContext, name: string, request: Request, url: URL): Promise<Response> {
  await removeExpired(context);
  const mounted = await tryMount(context, name, url);
  if (mounted !== undefined) return mounted;
  const id = Buffer.from(context.random(16)).toString('hex');
  await context.store.files.writeAtomic(`${context.store.uploadPath(id)}.name`, name);
  await context.store.files.append(context.store.uploadPath(id), new Uint8Array());
  const digest = url.searchParams.get('digest');
  if (digest === null) return session(202, name, id, 0);
  await receive(context, id, request);
  return await closeUpload(context, name, id, digest);
}

async function tryMount(context: UploadContext, name: string, url: URL): Promise<Response | undefined> {
  const digest = findDigest(url.searchParams.get('mount') ?? '');
  const from = url.searchParams.get('from');
  if (digest === undefined || from === null || !isRepositoryName(from)) return undefined;
  if ((await context.store.blobSize(from, digest)) === undefined) return undefined;
  await context.store.linkBlob(name, digest);
  return created(name, digest);
}

/** GET, PATCH, PUT and DELETE on a session. */
export async function useUpload(context: UploadContext, name: string, id: string, request: Request): Promise<Response> {
  return await context.store.inTurn(`upload ${id}`, async () => {
    const size = await sessionSize(context, name, id);
    switch (request.method) {
      case 'GET':
        return session(204, name, id, size);
      case 'DELETE':
        await forget(context, id);
        return empty(204);
      case 'PATCH':
        checkRange(request, name, id, size);
        await receive(context, id, request);
        return session(202, name, id, await sessionSize(context, name, id));
      case 'PUT': {
        const digest = new URL(request.url).searchParams.get('digest') ?? '';
        checkRange(request, name, id, size);
        await receive(context, id, request);
        return await closeUpload(context, name, id, digest);
      }
      default:
        throw new Refusal(405, 'UNSUPPORTED', `method ${request.method} is not for uploads`);
    }
  });
}

async function sessionSize(context: UploadContext, name: string, id: string): Promise<number> {
  const path = context.store.uploadPath(id);
  const isKnown = /^[0-9a-f]{32}$/.test(id) && (await context.store.files.stat(`${path}.name`)) !== undefined;
  const owner = isKnown ? new TextDecoder().decode(await context.store.files.read(`${path}.name`, 1024)) : undefined;
  const stat = owner === name ? await context.store.files.stat(path) : undefined;
  if (stat === undefined) throw new Refusal(404, 'BLOB_UPLOAD_UNKNOWN', 'no such upload');
  return stat.size;
}

/** A chunk must begin where the last one ended; 416 tells the client to ask where that is. */
function checkRange(request: Request, name: string, id: string, size: number): void {
  const range = request.headers.get('content-range');
  if (range === null) return;
  const match = /^(?:bytes )?(\d{1,15})-(\d{1,15})$/.exec(range);
  const [start, end] = [Number(match?.[1] ?? Number.NaN), Number(match?.[2] ?? Number.NaN)];
  const length = request.headers.get('content-length');
  const isConsistent = length === null || Number(length) === end - start + 1;
  if (start === size && isConsistent) return;
  throw new Refusal(416, 'BLOB_UPLOAD_INVALID', `expected a chunk from byte ${size}`, sessionHeaders(name, id, size));
}

async function receive(context: UploadContext, id: string, request: Request): Promise<void> {
  if (request.body === null) return;
  const path = context.store.uploadPath(id);
  const start = (await context.store.files.stat(path))?.size ?? 0;
  await context.store.files.append(path, bounded(request.body, MAX_BLOB_BYTES - start));
  const size = (await context.store.files.stat(path))?.size ?? 0;
  const length = request.headers.get('content-length');
  if (length !== null && Number(length) !== size - start) {
    throw new Refusal(400, 'SIZE_INVALID', `expected ${length} bytes, found ${size - start}`);
  }
}

async function* bounded(body: AsyncIterable<Uint8Array>, max: number): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of body) {
    total += chunk.length;
    if (total > max) throw new Refusal(413, 'SIZE_INVALID', `expected at most ${MAX_BLOB_BYTES} bytes`);
    yield chunk;
  }
}

async function closeUpload(context: UploadContext, name: string, id: string, asked: string): Promise<Response> {
  const digest = findDigest(asked);
  const found = digest === undefined ? undefined : await digestOfFile(context, id, digest);
  if (digest === undefined || found !== digest) {
    await forget(context, id);
    throw new Refusal(
      400,
      'DIGEST_INVALID',
      `expected content with the digest asked for, found ${found ?? 'no usable digest'}`,
    );
  }
  await context.store.adoptBlob(name, digest, context.store.uploadPath(id));
  await forget(context, id);
  return created(name, digest);
}

async function digestOfFile(context: UploadContext, id: string, digest: Digest): Promise<Digest> {
  const hasher = createHasher(algorithmOf(digest));
  for await (const chunk of context.store.files.stream(context.store.uploadPath(id))) hasher.update(chunk);
  return hasher.digest();
}

async function forget(context: UploadContext, id: string): Promise<void> {
  await context.store.files.remove(context.store.uploadPath(id));
  await context.store.files.remove(`${context.store.uploadPath(id)}.name`);
}

async function removeExpired(context: UploadContext): Promise<void> {
  const now = context.clock().getTime();
  for (const name of await context.store.files.list(context.store.uploadPath(''))) {
    const path = context.store.uploadPath(name);
    const stat = await context.store.files.stat(path);
    if (stat !== undefined && now - stat.modified.getTime() > EXPIRY) await context.store.files.remove(path);
  }
}

function created(name: string, digest: Digest): Response {
  return empty(201, { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest });
}

function session(status: number, name: string, id: string, size: number): Response {
  return empty(status, sessionHeaders(name, id, size));
}

function sessionHeaders(name: string, id: string, size: number): Record<string, string> {
  return {
    location: `/v2/${name}/blobs/uploads/${id}`,
    range: `0-${Math.max(size - 1, 0)}`,
    'docker-upload-uuid': id,
  };
}
