/** Decompression by magic bytes: gzip (several members too), zstd (several frames too), none. The media type is not asked. */
import type { Transform } from 'node:stream';
import { AppError } from '../../core/index.ts';

/** Twice as fast as zlib's default of 16 KiB. */
const CHUNK = 1024 * 1024;

/** Up to here any ratio is fine: a second's work. Beyond it, more than 200 to 1 is no file system: gzip's best is 1032 to 1. */
const SAFE_BYTES = 2 * 1024 ** 3;
const MAX_RATIO = 200;

/** With `lend` a chunk is good only until the next one is asked for: its memory is given back at once. */
export async function* inflate(
  source: AsyncIterable<Uint8Array>,
  what: string,
  options: { readonly lend?: boolean } = {},
): AsyncGenerator<Uint8Array> {
  const { head, all } = await peek(source);
  const stream = decompressor(head);
  if (stream === undefined) {
    yield* all;
    return;
  }
  const feeding = feed(all, stream);
  feeding.catch(() => undefined);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer<ArrayBuffer>>) {
      yield chunk;
      if (options.lend === true) release(chunk);
    }
    // the source's own last check (digest) comes after its last byte
    await feeding;
  } catch (thrown) {
    const cause: unknown = await feeding.then(
      () => thrown,
      (error: unknown) => error,
    );
    if (cause instanceof AppError || !(cause instanceof Error) || !('code' in cause)) throw cause;
    throw new AppError('invalid-input', `${what}: expected compressed content, ${cause.message}`, { cause });
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

/** The buffer's last piece: zlib goes on in another one. Waiting for the garbage collector would cost hundreds of megabytes. */
function release({ buffer, byteOffset, byteLength }: Buffer<ArrayBuffer>): void {
  if (byteOffset + byteLength === buffer.byteLength) buffer.transfer(0);
}

export type Compression = 'gzip' | 'zstd' | 'none';

export function compressionOf(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  const isZstd = head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd;
  // zstd:chunked may begin with a skippable frame (RFC 8878 3.1.2)
  const isSkippable = ((head[0] ?? 0) & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;
  return isZstd || isSkippable ? 'zstd' : 'none';
}

function decompressor(head: Uint8Array): Transform | undefined {
  // Loaded here: most commands open no layer, and each start would pay for it.
  const { createGunzip, createZstdDecompress } = process.getBuiltinModule('node:zlib');
  switch (compressionOf(head)) {
    case 'gzip':
      return createGunzip({ chunkSize: CHUNK });
    case 'zstd':
      return createZstdDecompress({ chunkSize: CHUNK });
    case 'none':
      return undefined;
  }
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
