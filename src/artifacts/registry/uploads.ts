/**
 * Upload of blobs after the OCI distribution specification 1.1: one PUT with all the content first; after a failure on
 * from the byte where the registry says it is; in chunks where one large request does not get through.
 */
import { algorithmOf, AppError, toAppError, type Descriptor } from '../../core/index.ts';
import { ContentCheck } from '../content-check.ts';
import type { BlobContent, ByteRange } from '../repository.ts';
import type { Backoff } from './backoff.ts';
import { hasBlob, type BlobContext } from './blobs.ts';
import { discard } from './errors.ts';
import type { RegistryRequest, RegistryResponse } from './transport.ts';

/** Bytes of a chunk: at first as many as most proxies take, at last what nginx takes when nobody told it more. */
const CHUNK_SIZES: readonly number[] = [16, 4, 1].map((size) => size * 1024 * 1024);
/** A registry that asks for larger chunks than this means no chunks. */
const MAX_CHUNK_MINIMUM = 1024 ** 3;
/** Failures of one upload, however far it came between them. */
const MAX_FAILURES = 1000;
/** Times in a row that a registry may lose its session, or refuse the place where it is said to be. */
const MAX_STUCK = 5;
/** Milliseconds for taking leave of a session. */
const CANCEL_TIMEOUT = 2000;

/** Content that is not what the descriptor says never closes an upload. */
export async function uploadBlob(
  context: BlobContext,
  blob: Descriptor,
  content: BlobContent,
  signal?: AbortSignal,
): Promise<void> {
  const upload = new Upload({ context, blob, content, signal });
  try {
    await upload.run();
  } catch (error) {
    await upload.cancel();
    throw error;
  }
}

/** Has the registry take a blob from another of its repositories. False when it does not, for whatever reason. */
export async function mountBlob(
  context: BlobContext,
  blob: Descriptor,
  from: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const what = `${context.name}: mount of blob ${blob.digest}`;
  const request = sessionRequest(context, what, signal);
  const scopes = [...context.push.scopes, `repository:${from}:pull`];
  try {
    const response = await context.transport.send({
      ...request,
      url: `${request.url}?mount=${encodeURIComponent(blob.digest)}&from=${encodeURIComponent(from)}`,
      access: { ...context.push, scopes },
      headers: { 'content-length': '0' },
    });
    await discard(response);
    if (response.status === 202) await cancelSession(context, locationOf(response), what);
    return response.status === 201;
  } catch (error) {
    // what keeps a blob from being mounted need not keep it from being pushed
    if (signal?.aborted === true || !(error instanceof AppError)) throw error;
    return false;
  }
}

interface UploadInput {
  readonly context: BlobContext;
  readonly blob: Descriptor;
  readonly content: BlobContent;
  readonly signal: AbortSignal | undefined;
}

class Upload {
  readonly #input: UploadInput;
  readonly #what: string;
  readonly #check: ContentCheck;
  /** Where the session's next request goes; undefined while there is no session. */
  #location: URL | undefined;
  /** Bytes that the registry has. */
  #offset = 0;
  /** The most it ever had. */
  #best = 0;
  /** Index into CHUNK_SIZES; undefined while everything goes in one request. */
  #step: number | undefined;
  /** The smallest chunk that the registry takes. */
  #minimum = 0;
  /** The registry refused a chunk for being one, or there is but one byte. */
  #isWhole: boolean;
  /** The session was asked to end: the blob may be there although no answer came. */
  #isClosing = false;
  /** It was the content that failed: then an answer, if one came all the same, is no answer to it. */
  #contentFailure: AppError | undefined;
  #stuck = 0;

  constructor(input: UploadInput) {
    this.#input = input;
    // a range of `0-0` does not tell whether the one byte is there, so no session is gone on with
    this.#isWhole = input.blob.size === 1;
    this.#what = `${input.context.name}: upload of blob ${input.blob.digest}`;
    this.#check = new ContentCheck(input.blob, this.#what);
  }

  async run(): Promise<void> {
    const { context, signal } = this.#input;
    const backoff = context.transport.backoff(signal);
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.#send();
      } catch (error) {
        const failure = toAppError(error);
        if (failures >= MAX_FAILURES) throw failure;
        if (await this.#recover(failure, backoff)) return;
      }
    }
  }

  async cancel(): Promise<void> {
    if (this.#location !== undefined) await cancelSession(this.#input.context, this.#location, this.#what);
  }

  async #send(): Promise<void> {
    const { size } = this.#input.blob;
    this.#isClosing = false;
    this.#contentFailure = undefined;
    this.#location ??= await this.#begin();
    if (this.#offset > 0) this.#step ??= 0;
    while (this.#step !== undefined && this.#offset < size) await this.#sendChunk(this.#location, this.#step);
    await this.#close(this.#location);
  }

  async #begin(): Promise<URL> {
    const { context, blob, signal } = this.#input;
    const request = sessionRequest(context, this.#what, signal);
    const algorithm = algorithmOf(blob.digest);
    const url = algorithm === 'sha256' ? request.url : `${request.url}?digest-algorithm=${algorithm}`;
    const response = await this.#request({ ...request, url, headers: { 'content-length': '0' } }, [202]);
    const minimum = Number(response.headers.get('oci-chunk-min-length')?.[0] ?? 0);
    this.#minimum = Number.isSafeInteger(minimum) && minimum > 0 ? minimum : 0;
    this.#isWhole ||= this.#minimum > MAX_CHUNK_MINIMUM;
    this.#offset = 0;
    const location = locationOf(response);
    if (location !== undefined) return location;
    throw new AppError('invalid-input', `${this.#what}: expected a location for the upload, found none`);
  }

  async #sendChunk(location: URL, step: number): Promise<void> {
    const start = this.#offset;
    const length = Math.max(CHUNK_SIZES[step] ?? 0, this.#minimum);
    const end = Math.min(start + length, this.#input.blob.size);
    const request = this.#part('PATCH', location, { start, end });
    const headers = { ...request.headers, 'content-range': `${start}-${end - 1}` };
    const response = await this.#request({ ...request, headers }, [201, 202, 204]);
    this.#location = locationOf(response) ?? location;
    this.#arrived(receivedOf(response) ?? end);
    if (this.#offset > start) return;
    throw new AppError(
      'unavailable',
      `${this.#what}: expected more than ${start} bytes to be kept, found ${this.#offset}`,
    );
  }

  async #close(location: URL): Promise<void> {
    const { blob } = this.#input;
    const url = new URL(location);
    url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(blob.digest)}`;
    const rest = { start: this.#offset, end: blob.size };
    // bytes that went in chunks were verified as they left; without any left, nobody has looked at the digest yet
    if (rest.start === rest.end) this.#check.end();
    this.#isClosing = true;
    await this.#request(this.#part('PUT', url, rest), [201, 204]);
  }

  #part(method: 'PATCH' | 'PUT', url: URL, range: ByteRange): RegistryRequest {
    const { context, signal } = this.#input;
    const length = range.end - range.start;
    return {
      ...sessionRequest(context, this.#what, signal),
      method,
      url: url.href,
      // doing it twice is not doing it once: after a failure the registry is asked first
      retry: false,
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(length) },
      ...(length === 0 ? {} : { body: () => this.#body(range) }),
    };
  }

  async #request(request: RegistryRequest, expected: readonly number[]): Promise<RegistryResponse> {
    const response = await this.#input.context.transport.send(request, expected);
    await discard(response);
    return response;
  }

  async *#body(range: ByteRange): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#verified(range);
    } catch (error) {
      this.#contentFailure = toAppError(error);
      throw this.#contentFailure;
    }
  }

  /** The last piece is held back until all of the content is verified. Bytes that are sent again are not hashed again. */
  async *#verified(range: ByteRange): AsyncGenerator<Uint8Array> {
    let position = range.start;
    let held: Uint8Array | undefined;
    const { content } = this.#input;
    const source = typeof content === 'function' ? content(range) : [content.subarray(range.start, range.end)];
    for await (const chunk of source) {
      this.#check.update(chunk.subarray(Math.min(Math.max(this.#check.size - position, 0), chunk.length)));
      position += chunk.length;
      if (position > range.end) break;
      if (held !== undefined) yield held;
      held = chunk;
    }
    if (position !== range.end || range.end === this.#input.blob.size) this.#check.end();
    if (position !== range.end) {
      const found = `found ${position - range.start}`;
      throw new AppError('invalid-input', `${this.#what}: expected ${range.end - range.start} bytes, ${found}`);
    }
    if (held !== undefined) yield held;
  }

  /** Gives whether the blob is there after all; throws the failure when nothing more can be done. */
  async #recover(failure: AppError, backoff: Backoff): Promise<boolean> {
    const { context, blob, signal } = this.#input;
    if (signal?.aborted === true) throw failure;
    const known = this.#offset;
    if (this.#contentFailure !== undefined) await backoff.wait(this.#contentFailure);
    else if (!this.#adapt(failure)) await backoff.wait(failure);
    if (this.#isClosing && (await hasBlob(context, blob.digest, signal))) return true;
    await this.#resume();
    if (this.#offset > this.#best) {
      backoff.progressed();
      this.#stuck = 0;
    } else if (failure.kind === 'unavailable' && failure.details.status !== 429) this.#shrink();
    this.#best = Math.max(this.#best, this.#offset);
    // the registry refuses the very place that it names: only a new session can help
    if (failure.details.status === 416 && this.#offset === known) this.#forget();
    return false;
  }

  /** Whether another way of sending answers this refusal, so that there is no need to wait. */
  #adapt({ details: { status } }: AppError): boolean {
    if (this.#location === undefined) return false;
    if (status === 413) return this.#shrink();
    const isChunk = this.#step !== undefined && !this.#isClosing;
    if (isChunk && this.#best === 0 && (status === 405 || status === 501)) {
      this.#isWhole = true;
      this.#step = undefined;
      this.#forget();
      return true;
    }
    this.#stuck += 1;
    return (status === 416 || status === 404) && this.#stuck <= MAX_STUCK;
  }

  /** Smaller requests; false when they cannot be. */
  #shrink(): boolean {
    const next = this.#step === undefined ? 0 : this.#step + 1;
    if (this.#isWhole || next >= CHUNK_SIZES.length) return false;
    this.#step = next;
    return true;
  }

  /** Asks the registry how far it is; a session that it does not know any more begins anew. */
  async #resume(): Promise<void> {
    if (this.#location === undefined) return;
    const { context, signal } = this.#input;
    const request = sessionRequest(context, this.#what, signal);
    const response = await context.transport.send({ ...request, method: 'GET', url: this.#location.href });
    await discard(response);
    const received = response.status < 300 ? receivedOf(response) : undefined;
    if (received === undefined || (this.#isWhole && (received > 0 || this.#input.blob.size === 1)))
      return this.#forget();
    this.#location = locationOf(response) ?? this.#location;
    this.#arrived(received);
  }

  /** More than was sent is nothing that we could go on from. */
  #arrived(offset: number): void {
    if (offset > this.#check.size) this.#forget();
    else this.#offset = offset;
  }

  #forget(): void {
    this.#location = undefined;
    this.#offset = 0;
  }
}

function sessionRequest(context: BlobContext, what: string, signal: AbortSignal | undefined) {
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

function locationOf(response: RegistryResponse): URL | undefined {
  const location = response.headers.get('location')?.[0];
  return location === undefined ? undefined : (URL.parse(location, response.url.href) ?? undefined);
}

/** `Range: 0-99` says that 100 bytes are there; `0-0` says none in most registries, as one byte alone is never sent. */
function receivedOf(response: RegistryResponse): number | undefined {
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(response.headers.get('range')?.[0] ?? '')?.[1];
  return last === undefined ? undefined : last === '0' ? 0 : Number(last) + 1;
}

/** A session that stays open costs the registry space; that it cannot be closed is its own affair. */
async function cancelSession(context: BlobContext, location: URL | undefined, what: string): Promise<void> {
  if (location === undefined) return;
  const request = sessionRequest(context, what, AbortSignal.timeout(CANCEL_TIMEOUT));
  try {
    await discard(await context.transport.send({ ...request, method: 'DELETE', url: location.href, retry: false }));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}
