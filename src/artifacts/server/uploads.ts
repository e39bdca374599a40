/** Upload sessions: clauses "Pushing a blob monolithically", "in chunks" and "Mounting" of the distribution specification. */
import {
  algorithmOf,
  createHasher,
  digestOf,
  findDigest,
  hexOf,
  type Clock,
  type Digest,
  type DigestAlgorithm,
  type Hasher,
  type Random,
} from '../../core/index.ts';
import { empty, Refusal } from './answers.ts';
import type { Store } from './store.ts';

/** Larger layers are not known. */
const MAX_BLOB_BYTES = 64 * 1024 ** 3;
/** An abandoned session's bytes are removed after a day. */
export const UPLOAD_EXPIRY = 24 * 3600 * 1000;
/** Milliseconds between two looks for abandoned sessions while new ones come. */
const EXPIRY_EVERY = 60 * 1000;
/** Sessions whose digest so far is kept; others are read again when they end. */
const MAX_LIVE = 1000;

/** A request, its address, and its body in the form that is read fastest. */
export interface Sent {
  readonly request: Request;
  readonly url: URL;
  readonly body: AsyncIterable<Uint8Array>;
}

interface Progress {
  readonly algorithm: DigestAlgorithm;
  readonly hasher: Hasher;
  /** Bytes that the hasher has seen. */
  size: number;
}

/** A session is a file of its bytes so far, so it outlives the process; what it hashes to so far is kept only in memory. */
export class Uploads {
  readonly #store: Store;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #live = new Map<string, Progress>();
  #expired = 0;

  constructor(store: Store, ports: { readonly random: Random; readonly clock: Clock }) {
    this.#store = store;
    this.#random = ports.random;
    this.#clock = ports.clock;
  }

  /** POST; `source` is a repository to mount from that the caller may read. */
  async start(name: string, sent: Sent, source: string | undefined): Promise<Response> {
    const { url } = sent;
    await this.#removeExpired();
    const mounted = await this.#tryMount(name, url, source);
    if (mounted !== undefined) return mounted;
    const id = Buffer.from(this.#random(16)).toString('hex');
    const key = keyOf(name, id);
    await this.#store.blobs.uploads.create(key);
    const digest = url.searchParams.get('digest');
    const algorithm = digest === null ? url.searchParams.get('digest-algorithm') : digest.split(':')[0];
    this.#remember(key, algorithm === 'sha512' ? 'sha512' : 'sha256');
    if (digest === null) return session(202, name, id, 0);
    try {
      await this.#receive(key, sent);
      return await this.#close(name, key, digest);
    } catch (error) {
      await this.#forget(key); // nobody knows its place
      throw error;
    }
  }

  /** GET, PATCH, PUT and DELETE on a session. */
  async use(name: string, id: string, sent: Sent): Promise<Response> {
    const { request, url } = sent;
    const key = keyOf(name, id);
    return await this.#store.inTurn(`upload ${key}`, async () => {
      const size = await this.#sizeOf(id, key);
      switch (request.method) {
        case 'GET':
          return session(204, name, id, size);
        case 'DELETE':
          await this.#forget(key);
          return empty(204);
        case 'PATCH':
          checkRange(request, name, id, size);
          await this.#receive(key, sent);
          return session(202, name, id, await this.#sizeOf(id, key));
        case 'PUT':
          checkRange(request, name, id, size);
          await this.#receive(key, sent);
          return await this.#close(name, key, url.searchParams.get('digest') ?? '');
        default:
          throw new Refusal(405, 'UNSUPPORTED', `method ${request.method} is not for uploads`);
      }
    });
  }

  async #tryMount(name: string, url: URL, source: string | undefined): Promise<Response | undefined> {
    const digest = findDigest(url.searchParams.get('mount') ?? '');
    if (digest === undefined || source === undefined) return undefined;
    if ((await this.#store.blobSize(source, digest)) === undefined) return undefined;
    await this.#store.linkBlob(name, digest);
    return created(name, digest);
  }

  async #sizeOf(id: string, key: string): Promise<number> {
    const stat = /^[0-9a-f]{32}$/.test(id) ? await this.#store.blobs.uploads.stat(key) : undefined;
    if (stat === undefined) throw new Refusal(404, 'BLOB_UPLOAD_UNKNOWN', 'no such upload');
    return stat.size;
  }

  async #receive(key: string, { request, body }: Sent): Promise<void> {
    const { uploads } = this.#store.blobs;
    const start = (await uploads.stat(key))?.size ?? 0;
    const length = request.headers.get('content-length');
    if (length === '0') return;
    if (length !== null && Number(length) > MAX_BLOB_BYTES - start) throw tooLarge();
    const progress = this.#live.get(key);
    const isCurrent = progress !== undefined && progress.size === start;
    if (!isCurrent) this.#live.delete(key);
    const counted = { size: start };
    try {
      await uploads.append(key, observe(body, counted, isCurrent ? progress : undefined));
    } catch (error) {
      this.#live.delete(key); // it may have seen more than was written
      throw error;
    }
    if (length === null || Number(length) === counted.size - start) return;
    throw new Refusal(400, 'SIZE_INVALID', `expected ${length} bytes, found ${counted.size - start}`);
  }

  async #close(name: string, key: string, asked: string): Promise<Response> {
    const digest = findDigest(asked);
    const found = digest === undefined ? undefined : await this.#digestSoFar(key, algorithmOf(digest));
    this.#live.delete(key); // a hasher gives its digest once
    if (digest === undefined || found !== digest) {
      await this.#forget(key);
      const shown = found ?? 'no usable digest';
      throw new Refusal(400, 'DIGEST_INVALID', `expected content with the digest asked for, found ${shown}`);
    }
    await this.#store.blobs.uploads.commit(key, digest);
    await this.#store.linkBlob(name, digest);
    return created(name, digest);
  }

  async #digestSoFar(key: string, algorithm: DigestAlgorithm): Promise<Digest> {
    const { uploads } = this.#store.blobs;
    const progress = this.#live.get(key);
    const size = (await uploads.stat(key))?.size;
    if (progress?.algorithm === algorithm && progress.size === size) return progress.hasher.digest();
    const hasher = createHasher(algorithm);
    for await (const chunk of uploads.stream(key)) hasher.update(chunk);
    return hasher.digest();
  }

  #remember(key: string, algorithm: DigestAlgorithm): void {
    const [oldest] = this.#live.keys();
    if (this.#live.size >= MAX_LIVE && oldest !== undefined) this.#live.delete(oldest);
    this.#live.set(key, { algorithm, hasher: createHasher(algorithm), size: 0 });
  }

  async #forget(key: string): Promise<void> {
    this.#live.delete(key);
    await this.#store.blobs.uploads.remove(key);
  }

  async #removeExpired(): Promise<void> {
    const now = this.#clock().getTime();
    if (now - this.#expired < EXPIRY_EVERY) return;
    this.#expired = now;
    await removeExpiredUploads(this.#store, new Date(now - UPLOAD_EXPIRY));
  }
}

/** Gives the number of those removed; with `dryRun`, of those that would be. */
export async function removeExpiredUploads(store: Store, before: Date, dryRun = false): Promise<number> {
  const { uploads } = store.blobs;
  let count = 0;
  for (const key of await uploads.list()) {
    const stat = await uploads.stat(key);
    if (stat === undefined || stat.modified >= before) continue;
    if (!dryRun) await uploads.remove(key);
    count += 1;
  }
  return count;
}

/** A session of another repository has another key, so its id is unknown here. */
function keyOf(name: string, id: string): string {
  return `${id}-${hexOf(digestOf(name)).slice(0, 16)}`;
}

/** A chunk must begin where the last one ended; 416 tells the client to ask where that is. */
function checkRange(request: Request, name: string, id: string, size: number): void {
  const range = request.headers.get('content-range');
  if (range === null) return;
  const match = /^(?:bytes )?(\d{1,15})-(\d{1,15})(?:\/(?:\d{1,15}|\*))?$/.exec(range);
  const [start, end] = [Number(match?.[1] ?? Number.NaN), Number(match?.[2] ?? Number.NaN)];
  const length = request.headers.get('content-length');
  const isConsistent = length === null || Number(length) === end - start + 1;
  if (start === size && isConsistent) return;
  throw new Refusal(416, 'BLOB_UPLOAD_INVALID', `expected a chunk from byte ${size}`, sessionHeaders(name, id, size));
}

async function* observe(
  body: AsyncIterable<Uint8Array>,
  counted: { size: number },
  progress: Progress | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    counted.size += chunk.length;
    if (counted.size > MAX_BLOB_BYTES) throw tooLarge();
    progress?.hasher.update(chunk);
    if (progress !== undefined) progress.size += chunk.length;
    yield chunk;
  }
}

function tooLarge(): Refusal {
  return new Refusal(413, 'SIZE_INVALID', `expected at most ${MAX_BLOB_BYTES} bytes`);
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
