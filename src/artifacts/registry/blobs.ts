/** Download of blobs after the OCI distribution specification 1.1, resumed by Range and verified on the way. */
import { AppError, type Descriptor, type Digest } from '../../core/index.ts';
import { checked } from '../content-check.ts';
import type { ByteRange } from '../repository.ts';
import { discard, printable } from './errors.ts';
import type { Access } from './authorizer.ts';
import type { Backoff } from './backoff.ts';
import { StallWatch } from './stall-watch.ts';
import type { RegistryResponse, Transport } from './transport.ts';

/** Broken connections in one download, however far each of them came. */
const MAX_RESUMES = 1000;

export interface BlobContext {
  readonly transport: Transport;
  /** `registry/repository`. */
  readonly name: string;
  readonly repository: string;
  readonly pull: Access;
  readonly push: Access;
}

/** Streams and verifies, or gives a range unverified; see Repository.streamBlob. */
export async function* streamBlob(
  context: BlobContext,
  blob: Descriptor,
  { signal, range }: { readonly signal: AbortSignal | undefined; readonly range: ByteRange | undefined },
): AsyncGenerator<Uint8Array> {
  const what = `${context.name}: blob ${blob.digest}`;
  const content = readRange(context, blob, { what, signal, range: range ?? { start: 0, end: blob.size } });
  yield* range === undefined ? checked(content, blob, what) : content;
}

interface Reading {
  readonly what: string;
  readonly signal: AbortSignal | undefined;
  readonly range: ByteRange;
}

/** All bytes of the range, over as many connections as it takes; the last one is read to its end, so nothing may follow. */
async function* readRange(context: BlobContext, blob: Descriptor, reading: Reading): AsyncGenerator<Uint8Array> {
  const state = { position: reading.range.start };
  const backoff = context.transport.backoff(reading.signal);
  for (let resumes = 0; ; resumes += 1) {
    const begin = state.position;
    try {
      return yield* download(context, blob, { ...reading, state });
    } catch (error) {
      // an answer with a status was tried again already; only a connection that broke is worth going on with
      const isBroken = error instanceof AppError && error.kind === 'unavailable' && error.details.status === undefined;
      if (!isBroken || resumes >= MAX_RESUMES) throw error;
      await pause(backoff, error, state.position > begin);
    }
  }
}

async function pause(backoff: Backoff, failure: AppError, hasMoved: boolean): Promise<void> {
  if (hasMoved) backoff.progressed();
  await backoff.wait(failure);
}

interface Download extends Reading {
  readonly state: { position: number };
}

async function* download(context: BlobContext, blob: Descriptor, run: Download): AsyncGenerator<Uint8Array> {
  const { state, what, range } = run;
  const isWhole = state.position === 0 && range.end === blob.size;
  if (state.position >= range.end && !(isWhole && blob.size === 0)) return;
  const watch = new StallWatch(context.transport.retries.stall, run.signal);
  const response = await context.transport.send(
    {
      method: 'GET',
      url: `/v2/${context.repository}/blobs/${blob.digest}`,
      access: context.pull,
      headers: isWhole ? {} : { range: `bytes=${state.position}-${range.end - 1}` },
      retry: true,
      what,
      signal: watch.signal,
    },
    [200, 206, 404],
  );
  if (response.status === 404) throw await absent(context, response, { blob, what });
  let skip = startOf(response, { position: state.position, size: blob.size, what });
  for await (const chunk of watch.watch(response.body, what)) {
    const fresh = skip === 0 ? chunk : chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - fresh.length;
    if (fresh.length === 0) continue;
    const rest = range.end - state.position;
    if (fresh.length > rest && range.end === blob.size) {
      throw new AppError('invalid-input', `${what}: expected ${blob.size} bytes, found more`);
    }
    const wanted = fresh.length > rest ? fresh.subarray(0, rest) : fresh;
    state.position += wanted.length;
    yield wanted;
    // a server without ranges gives all of it; what follows the range is not read
    if (wanted.length < fresh.length) return;
  }
  if (state.position >= range.end) return;
  // without a length nobody but the descriptor knows that this was not all
  throw new AppError(
    'unavailable',
    `${what}: expected ${blob.size} bytes, the connection ended after ${state.position}`,
  );
}

async function absent(
  { transport }: BlobContext,
  response: RegistryResponse,
  { blob, what }: { readonly blob: Descriptor; readonly what: string },
): Promise<AppError> {
  const [url] = blob.urls ?? [];
  const error = await transport.refusal(response, what);
  if (url === undefined) return error;
  return new AppError('not-found', error.message, {
    details: error.details,
    hint: `only its vendor hands it out, at ${printable(url)}`,
  });
}

/** How many bytes of the answer we have already: all so far when the server starts over. */
function startOf(
  response: RegistryResponse,
  { position, size, what }: { readonly position: number; readonly size: number; readonly what: string },
): number {
  if (response.status === 200) {
    const length = response.headers.get('content-length')?.[0];
    if (length === undefined || Number(length) === size) return position;
    throw new AppError('invalid-input', `${what}: expected ${size} bytes, found ${length}`);
  }
  const range = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15}|\*)$/.exec(response.headers.get('content-range')?.[0] ?? '');
  const isFitting = Number(range?.[1]) === position && (range?.[2] === '*' || Number(range?.[2]) === size);
  if (isFitting) return 0;
  throw new AppError('invalid-input', `${what}: expected the bytes from ${position} of ${size}, found another range`);
}

export async function hasBlob(context: BlobContext, digest: Digest, signal?: AbortSignal): Promise<boolean> {
  return (await headBlob(context, digest, signal)).status === 200;
}

/** Throws `not-found` when there is no such blob. Registries may refuse to. */
export async function deleteBlob(context: BlobContext, digest: Digest, signal?: AbortSignal): Promise<void> {
  const request = {
    method: 'DELETE' as const,
    url: `/v2/${context.repository}/blobs/${digest}`,
    access: context.push,
    retry: true,
    what: `${context.name}: deletion of blob ${digest}`,
    signal,
  };
  await discard(await context.transport.send(request, [200, 202, 204]));
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
