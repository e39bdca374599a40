/** Decompression by magic bytes: gzip (several members too), zstd (several frames too), none. The media type is not asked. */
import type { Transform } from 'node:stream';
import type { ZlibOptions } from 'minizlib';
import { AppError } from '../../core/index.ts';

/**
 * Bytes of gzip that are unpacked at once, where they are read: nobody waits for another thread, and what is hashed next is still in the
 * processor's own cache. They become 64 MiB at most.
 */
const TAKEN = 64 * 1024;
/** Bytes that come out at once; above what Node shares among small buffers. Zstandard is unpacked by another thread, in larger pieces. */
const CHUNK = 128 * 1024;
const STREAM_CHUNK = 1024 * 1024;

/** Up to here any ratio is fine: a second's work. Beyond it, more than 200 to 1 is no file system: gzip's best is 1032 to 1. */
const SAFE_BYTES = 2 * 1024 ** 3;
const MAX_RATIO = 200;

/**
 * With `lend` a chunk is good only until the next one is asked for: its memory is given back at once. A source is read to its end even if
 * its content is damaged: its own last check (digest) says better what is wrong.
 */
export async function* inflate(
  source: AsyncIterable<Uint8Array>,
  what: string,
  { lend = false }: { readonly lend?: boolean } = {},
): AsyncGenerator<Uint8Array> {
  const { head, all } = await peek(source);
  const compression = compressionOf(head);
  if (compression === 'none') {
    yield* all;
    return;
  }
  try {
    for await (const chunk of compression === 'gzip' ? gunzip(all) : unzstd(all)) {
      yield chunk;
      if (lend) release(chunk);
    }
  } catch (thrown) {
    if (thrown instanceof AppError || !(thrown instanceof Error) || !('code' in thrown)) throw thrown;
    throw new AppError('invalid-input', `${what}: expected compressed content, ${thrown.message}`, { cause: thrown });
  }
}

async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer<ArrayBuffer>> {
  // loaded here: most commands open no layer, and each start would pay for it
  const { Gunzip } = await import('minizlib');
  // handed on to node:zlib, which knows what it is
  const options: ZlibOptions & { readonly chunkSize: number } = { chunkSize: CHUNK };
  const unpacker = new Gunzip(options);
  const chunks: Buffer<ArrayBuffer>[] = [];
  let damage: unknown;
  unpacker.on('data', (chunk) => chunks.push(chunk as Buffer<ArrayBuffer>)).on('error', (error) => (damage = error));
  try {
    for await (const stored of source) {
      for (let at = 0; at < stored.length && !unpacker.sawError; at += TAKEN) {
        unpacker.write(Buffer.from(stored.buffer, stored.byteOffset + at, Math.min(TAKEN, stored.length - at)));
        yield* chunks.splice(0);
      }
    }
    if (!unpacker.sawError) unpacker.end();
    yield* chunks;
  } finally {
    unpacker.close();
  }
  if (damage !== undefined) throw damage;
}

async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer<ArrayBuffer>> {
  const stream = process.getBuiltinModule('node:zlib').createZstdDecompress({ chunkSize: STREAM_CHUNK });
  const feeding = feed(source, stream);
  feeding.catch(() => undefined);
  try {
    yield* stream as AsyncIterable<Buffer<ArrayBuffer>>;
    // the source's own last check comes after its last byte
    await feeding;
  } catch (thrown) {
    await feeding;
    throw thrown;
  } finally {
    stream.destroy();
  }
}

/**
 * Asks for the next chunk when all of the one before is taken: its memory may be used again then. A source is read to its end even if its
 * content is damaged: its own last check says better what is wrong.
 */
async function feed(source: AsyncIterable<Uint8Array>, stream: Transform): Promise<void> {
  let settle: (error?: Error | null) => void = () => undefined;
  // what is being taken when a stream fails is never said to be
  stream.once('close', () => settle(stream.errored ?? new Error('closed')));
  const take = async (chunk: Uint8Array): Promise<void> =>
    await new Promise((resolve, reject) => {
      settle = (error) => (error === null || error === undefined ? resolve() : reject(error));
      stream.write(chunk, settle);
    });
  try {
    for await (const chunk of source) {
      if (stream.errored !== null) continue;
      await take(chunk).catch((error: unknown) => {
        if (stream.errored === null) throw error;
      });
    }
    if (stream.errored !== null) throw stream.errored;
    stream.end();
  } catch (error) {
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

/** Waiting for the garbage collector would cost hundreds of megabytes. Small chunks share their memory; Zstandard's next may follow in it. */
function release({ buffer, byteOffset, byteLength }: Buffer<ArrayBuffer>): void {
  const isAll = byteLength === buffer.byteLength || buffer.byteLength === CHUNK;
  const isLast = buffer.byteLength === STREAM_CHUNK && byteOffset + byteLength === STREAM_CHUNK;
  if (isAll || isLast) buffer.transfer(0);
}

export type Compression = 'gzip' | 'zstd' | 'none';

export function compressionOf(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  const isZstd = head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd;
  // zstd:chunked may begin with a skippable frame (RFC 8878 3.1.2)
  const isSkippable = ((head[0] ?? 0) & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;
  return isZstd || isSkippable ? 'zstd' : 'none';
}

async function peek(source: AsyncIterable<Uint8Array>) {
  const iterator = source[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let length = 0;
  while (length < 4) {
    const next = await iterator.next();
    if (next.done === true) break;
    // copied: a chunk may be good only until the next one is asked for
    held.push(Uint8Array.from(next.value));
    length += next.value.length;
  }
  return { head: Buffer.concat(held).subarray(0, 4), all: rejoin(held, iterator) };
}

async function* rejoin(held: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* held;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** Throws `invalid-input` when what came so far is too much, or too much for what it came out of; says both. */
export function refuseBomb(
  total: number,
  stored: number,
  { what, inflatedBytes }: { readonly what: string; readonly inflatedBytes: number },
): void {
  const allowed = Math.min(inflatedBytes, Math.max(SAFE_BYTES, stored * MAX_RATIO));
  if (total <= allowed) return;
  throw new AppError(
    'invalid-input',
    `${what}: expected at most ${allowed} bytes uncompressed out of ${stored}, found more`,
  );
}
