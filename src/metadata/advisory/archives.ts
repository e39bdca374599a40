/**
 * The packs in which advisories come: zip (PKWARE APPNOTE 6.3: stored and deflated entries) and tar (ustar with GNU long names), plain,
 * gzip or zstd. Read in memory, under ceilings. Not read: zip64, encrypted entries, pax names.
 */
import { gunzipSync, inflateRawSync, zstdDecompressSync } from 'node:zlib';
import { AppError } from '../../core/index.ts';

export interface PackedFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** The largest public pack unpacks to about 1 GiB. */
const MAX_UNPACKED_BYTES = 4 * 1024 * 1024 * 1024;
/** A single advisory has some KiB; the longest lists of versions about 10 MiB. */
const MAX_ENTRY_BYTES = 64 * 1024 * 1024;
/** The largest public pack has about 250,000 records. */
const MAX_ENTRIES = 2_000_000;

export function isPack(name: string): boolean {
  return /\.(?:zip|tar|tgz|tar\.gz|tar\.zst)$/i.test(name);
}

/** The regular files of a pack, in its order. Throws `invalid-input` for damage and for ceilings passed. */
export function* unpack(name: string, bytes: Uint8Array): Generator<PackedFile> {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (content.length >= 4 && content.readUInt32LE(0) === 0x04034b50) yield* readZip(name, content);
  else yield* readTar(name, decompress(name, content));
}

function decompress(name: string, content: Buffer): Buffer {
  try {
    if (content[0] === 0x1f && content[1] === 0x8b) return gunzipSync(content, { maxOutputLength: MAX_UNPACKED_BYTES });
    const isZstd = content.length >= 4 && content.readUInt32LE(0) === 0xfd2fb528;
    return isZstd ? zstdDecompressSync(content, { maxOutputLength: MAX_UNPACKED_BYTES }) : content;
  } catch (cause) {
    throw new AppError('invalid-input', `${name}: expected a gzip or zstd stream, ${String(cause)}`, { cause });
  }
}

function* readTar(name: string, content: Buffer): Generator<PackedFile> {
  let longName: string | undefined;
  let entries = 0;
  for (let at = 0; at + 512 <= content.length;) {
    const header = content.subarray(at, at + 512);
    if (header.every((byte) => byte === 0)) return;
    if (++entries > MAX_ENTRIES) throw refuse(name, `at most ${MAX_ENTRIES} entries`);
    const size = Number.parseInt(text(header, 124, 12).trim(), 8);
    if (!Number.isSafeInteger(size) || size < 0 || at + 512 + size > content.length)
      throw refuse(name, 'a whole tar archive');
    const kind = String.fromCharCode(header[156] ?? 0);
    const body = content.subarray(at + 512, at + 512 + size);
    if (kind === 'L') longName = text(body, 0, size);
    else if (kind === '0' || kind === '\0') {
      const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : '';
      yield { name: longName ?? `${prefix === '' ? '' : `${prefix}/`}${text(header, 0, 100)}`, content: body };
    }
    if (kind !== 'L') longName = undefined;
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

function text(bytes: Buffer, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

/** By the central directory, as clause 4.3.6 demands: local headers may lack sizes and may lie. */
function* readZip(name: string, content: Buffer): Generator<PackedFile> {
  const end = content.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0 || end + 22 > content.length) throw refuse(name, 'a zip archive with its directory');
  const count = content.readUInt16LE(end + 10);
  const size = content.readUInt32LE(end + 12);
  let at = content.readUInt32LE(end + 16);
  const stop = at + size;
  if (at === 0xffffffff) throw refuse(name, 'a zip archive below 4 GiB');
  // The 16-bit count wraps in packs of more than 65,535 entries; the directory's own size is what bounds it.
  for (let entries = 0; at + 46 <= Math.min(stop, content.length); entries++) {
    if (entries > Math.max(count, MAX_ENTRIES)) throw refuse(name, `at most ${MAX_ENTRIES} entries`);
    if (content.readUInt32LE(at) !== 0x02014b50) throw refuse(name, 'a directory entry');
    const nameLength = content.readUInt16LE(at + 28);
    const entryName = content.toString('utf8', at + 46, at + 46 + nameLength);
    if (!entryName.endsWith('/'))
      yield { name: entryName, content: readZipEntry(`${name}: ${entryName}`, content, at) };
    at += 46 + nameLength + content.readUInt16LE(at + 30) + content.readUInt16LE(at + 32);
  }
}

function readZipEntry(what: string, content: Buffer, at: number): Uint8Array {
  const method = content.readUInt16LE(at + 10);
  const packed = content.readUInt32LE(at + 20);
  const local = content.readUInt32LE(at + 42);
  if (local + 30 > content.length) throw refuse(what, 'an entry inside the archive');
  const start = local + 30 + content.readUInt16LE(local + 26) + content.readUInt16LE(local + 28);
  const body = content.subarray(start, start + packed);
  if (body.length !== packed) throw refuse(what, 'an entry inside the archive');
  if (method === 0) return body;
  if (method !== 8) throw refuse(what, 'a stored or deflated entry');
  try {
    return inflateRawSync(body, { maxOutputLength: MAX_ENTRY_BYTES });
  } catch (cause) {
    throw new AppError('invalid-input', `${what}: expected deflated data of at most ${MAX_ENTRY_BYTES} bytes`, {
      cause,
    });
  }
}

function refuse(what: string, expected: string): AppError {
  return new AppError('invalid-input', `${what}: expected ${expected}`);
}
