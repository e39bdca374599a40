/**
 * Values of a Berkeley DB hash file, versions 8 to 10, either byte order: rpm's `Packages` until rpm 4.15. Not read: encrypted files,
 * b-trees, duplicates.
 */
import { AppError } from '../../../../../core/index.ts';

const MAGIC = 0x00061561;
const PAGE_HEADER = 26;
const KIND = { unsorted: 2, overflow: 7, meta: 8, hash: 13 } as const;
const ITEM = { inPage: 1, offPage: 3 } as const;

interface Reader {
  readonly content: Buffer;
  readonly pageSize: number;
  readonly u16: (at: number) => number;
  readonly u32: (at: number) => number;
  /** Bytes that all values together may still have: a sound file holds each once. */
  budget: number;
}

/** Throws `invalid-input`, and RangeError where a page is cut off. */
export function* readBdbValues(content: Buffer): Generator<Buffer> {
  const reader = open(content);
  const last = reader.u32(32);
  for (let page = 1; page <= last; page++) {
    const start = page * reader.pageSize;
    // the last pages of a file may not have been written
    if (start + reader.pageSize > content.length) return;
    const kind = content.readUInt8(start + 25);
    if (kind !== KIND.hash && kind !== KIND.unsorted) continue;
    const entries = reader.u16(start + 20);
    for (let index = 0; index + 1 < entries; index += 2) {
      if (isCounter(reader, start, index)) continue;
      const value = readItem(reader, start, index + 1);
      if (value !== undefined) yield value;
    }
  }
}

function open(content: Buffer): Reader {
  const isLittle = content.length >= 512 && content.readUInt32LE(12) === MAGIC;
  if (!isLittle && (content.length < 512 || content.readUInt32BE(12) !== MAGIC)) {
    throw damaged(`expected its magic number, found ${content.toString('hex', 12, 16) || 'nothing'}`);
  }
  const u32 = (at: number) => (isLittle ? content.readUInt32LE(at) : content.readUInt32BE(at));
  const pageSize = u32(20);
  if (pageSize < 512 || pageSize > 65_536) throw damaged(`expected a page size of 512 to 65536, found ${pageSize}`);
  if (content.readUInt8(24) !== 0) throw damaged('expected plain text, found encryption');
  if (content.readUInt8(25) !== KIND.meta) throw damaged(`expected a hash, found kind ${content.readUInt8(25)}`);
  const u16 = (at: number) => (isLittle ? content.readUInt16LE(at) : content.readUInt16BE(at));
  return { content, pageSize, u16, u32, budget: content.length };
}

function damaged(message: string): AppError {
  return new AppError('invalid-input', `Berkeley DB file: ${message}`);
}

/** Items lie from the page's end downwards. */
function itemAt(reader: Reader, start: number, index: number): { readonly at: number; readonly end: number } {
  const offset = (one: number) => start + reader.u16(start + PAGE_HEADER + 2 * one);
  return { at: offset(index), end: index === 0 ? start + reader.pageSize : offset(index - 1) };
}

/** The value of key 0 counts packages. */
function isCounter(reader: Reader, start: number, index: number): boolean {
  const { at, end } = itemAt(reader, start, index);
  return end - at === 5 && reader.content.readUInt32LE(at + 1) === 0;
}

function readItem(reader: Reader, start: number, index: number): Buffer | undefined {
  const { at, end } = itemAt(reader, start, index);
  const kind = reader.content.readUInt8(at);
  if (kind === ITEM.inPage) return spend(reader, end - at - 1) ? reader.content.subarray(at + 1, end) : undefined;
  if (kind !== ITEM.offPage) return undefined;
  return readOverflow(reader, reader.u32(at + 4), reader.u32(at + 8));
}

function spend(reader: Reader, bytes: number): boolean {
  reader.budget -= bytes;
  if (reader.budget < 0) throw damaged('expected values that fit into the file');
  return bytes > 0;
}

function readOverflow(reader: Reader, first: number, length: number): Buffer {
  spend(reader, length);
  const parts: Buffer[] = [];
  let missing = length;
  for (let page = first; missing > 0 && page !== 0;) {
    const start = page * reader.pageSize;
    if (reader.content.readUInt8(start + 25) !== KIND.overflow) throw damaged(`page ${page}: expected more of a value`);
    const next = reader.u32(start + 16);
    const used = next === 0 ? reader.u16(start + 22) : reader.pageSize - PAGE_HEADER;
    const part = reader.content.subarray(start + PAGE_HEADER, start + PAGE_HEADER + Math.min(used, missing));
    if (part.length === 0) break;
    parts.push(part);
    missing -= part.length;
    page = next;
  }
  if (missing > 0) throw damaged(`expected a value of ${length} bytes, found ${length - missing}`);
  return Buffer.concat(parts);
}
