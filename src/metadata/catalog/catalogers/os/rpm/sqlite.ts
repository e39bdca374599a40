/**
 * Just enough of SQLite's file format 3 to read the rows of one table: b-tree pages, overflow chains and the write-ahead log up to its last
 * commit. Not read: indexes, other encodings than UTF-8, WITHOUT ROWID. The engine itself is not handed what a stranger wrote.
 */
import { AppError } from '../../../../../core/index.ts';

const MAGIC = 'SQLite format 3\0';
/** A b-tree of 2^31 pages is no deeper than this. */
const MAX_DEPTH = 20;

type Value = number | string | Buffer | null;

/** The rows of a table, each a list of values; a rowid alias is null. Throws `invalid-input`, and RangeError where a page is cut off. */
export function* readTable(content: Buffer, table: string, wal?: Buffer): Generator<readonly Value[]> {
  const pages = new Pages(content, wal);
  for (const [type, name, , root] of pages.rows(1)) {
    if (type === 'table' && name === table && typeof root === 'number') {
      yield* pages.rows(root);
      return;
    }
  }
  throw damaged(`expected table ${table}, found none`);
}

function damaged(message: string): AppError {
  return new AppError('invalid-input', `SQLite database: ${message}`);
}

class Pages {
  readonly #content: Buffer;
  readonly #size: number;
  /** Without what is reserved at each page's end. */
  readonly #usable: number;
  readonly #logged: ReadonlyMap<number, Buffer>;
  /** A sound file reads each page once: a page met again is a trap. */
  readonly #seen = new Set<number>();
  #budget: number;

  constructor(content: Buffer, wal: Buffer | undefined) {
    if (content.length < 512 || content.toString('latin1', 0, 16) !== MAGIC) {
      throw damaged(`expected its header, found ${JSON.stringify(content.toString('latin1', 0, 16))}`);
    }
    const size = content.readUInt16BE(16);
    this.#content = content;
    this.#size = size === 1 ? 65_536 : size;
    this.#usable = this.#size - content.readUInt8(20);
    if (this.#size < 512 || this.#usable < 480) throw damaged(`expected a page size, found ${size}`);
    this.#logged = wal === undefined ? new Map() : readLog(wal, this.#size);
    this.#budget = content.length + (wal?.length ?? 0);
  }

  *rows(root: number): Generator<readonly Value[]> {
    this.#seen.clear();
    for (const payload of this.#walk(root, 0)) yield readRecord(payload);
  }

  #page(number: number): Buffer {
    const page = this.#logged.get(number) ?? this.#content.subarray((number - 1) * this.#size, number * this.#size);
    if (page.length < this.#size || number < 1) throw damaged(`expected page ${number}, found the end`);
    if (this.#seen.has(number)) throw damaged(`expected each page once, found page ${number} again`);
    this.#seen.add(number);
    return page;
  }

  *#walk(number: number, depth: number): Generator<Buffer> {
    if (depth > MAX_DEPTH) throw damaged(`expected at most ${MAX_DEPTH} levels`);
    const page = this.#page(number);
    const start = number === 1 ? 100 : 0;
    const kind = page.readUInt8(start);
    const count = page.readUInt16BE(start + 3);
    if (kind !== 5 && kind !== 13) throw damaged(`page ${number}: expected part of a table, found kind ${kind}`);
    for (let index = 0; index < count; index++) {
      const at = page.readUInt16BE(start + (kind === 5 ? 12 : 8) + 2 * index);
      if (kind === 5) yield* this.#walk(page.readUInt32BE(at), depth + 1);
      else yield this.#payload(page, at);
    }
    if (kind === 5) yield* this.#walk(page.readUInt32BE(start + 8), depth + 1);
  }

  #payload(page: Buffer, at: number): Buffer {
    const size = readVarint(page, at);
    const rowid = readVarint(page, size.end);
    // file format 1.6, "the amount of payload that spills"
    const largest = this.#usable - 35;
    const smallest = Math.floor(((this.#usable - 12) * 32) / 255) - 23;
    const middle = smallest + ((size.value - smallest) % (this.#usable - 4));
    const spilling = middle <= largest ? middle : smallest;
    const local = size.value <= largest ? size.value : spilling;
    this.#budget -= size.value;
    if (this.#budget < 0) throw damaged('expected rows that fit into the file');
    const parts = [page.subarray(rowid.end, rowid.end + local)];
    let missing = size.value - local;
    let next = missing > 0 ? page.readUInt32BE(rowid.end + local) : 0;
    while (missing > 0) {
      const overflow = this.#page(next);
      const part = overflow.subarray(4, Math.min(this.#usable, 4 + missing));
      parts.push(part);
      missing -= part.length;
      next = overflow.readUInt32BE(0);
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }
}

/** Big-endian groups of seven bits; the ninth byte has eight. Values above 2^53 lose what no size here needs. */
function readVarint(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = start; at < start + 8; at++) {
    const byte = bytes.readUInt8(at);
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return { value: value * 256 + bytes.readUInt8(start + 8), end: start + 9 };
}

const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function readRecord(payload: Buffer): readonly Value[] {
  const header = readVarint(payload, 0);
  const values: Value[] = [];
  let at = header.end;
  let data = header.value;
  while (at < header.value) {
    const { value: type, end } = readVarint(payload, at);
    const size = type < 12 ? (INTEGER_BYTES[type] ?? 0) : (type - 12) >> 1;
    values.push(readValue(payload.subarray(data, data + size), type));
    data += size;
    at = end;
  }
  return values;
}

function readValue(bytes: Buffer, type: number): Value {
  if (type >= 12) return type % 2 === 0 ? bytes : bytes.toString('utf8');
  if (type === 8 || type === 9) return type - 8;
  // six bytes are as many as the numbers asked for can have
  return type === 0 || bytes.length > 6 ? null : bytes.readIntBE(0, bytes.length);
}

const LOG_HEADER = 32;
const FRAME_HEADER = 24;

/** Pages of the write-ahead log up to the last commit whose checksums hold (file format 4.2). */
function readLog(wal: Buffer, pageSize: number): ReadonlyMap<number, Buffer> {
  const committed = new Map<number, Buffer>();
  if (wal.length < LOG_HEADER || (wal.readUInt32BE(0) & ~1) >>> 0 !== 0x377f0682) return committed;
  if (wal.readUInt32BE(8) !== pageSize) return committed;
  const isBig = (wal.readUInt32BE(0) & 1) === 1;
  let sum = checksum(wal.subarray(0, 24), [0, 0], isBig);
  let pending: (readonly [number, Buffer])[] = [];
  for (let at = LOG_HEADER; at + FRAME_HEADER + pageSize <= wal.length; at += FRAME_HEADER + pageSize) {
    const page = wal.subarray(at + FRAME_HEADER, at + FRAME_HEADER + pageSize);
    sum = checksum(page, checksum(wal.subarray(at, at + 8), sum, isBig), isBig);
    const isOurs = wal.compare(wal, 16, 24, at + 8, at + 16) === 0;
    if (!isOurs || sum[0] !== wal.readUInt32BE(at + 16) || sum[1] !== wal.readUInt32BE(at + 20)) break;
    pending.push([wal.readUInt32BE(at), page]);
    if (wal.readUInt32BE(at + 4) === 0) continue;
    for (const [number, content] of pending) committed.set(number, content);
    pending = [];
  }
  return committed;
}

function checksum(bytes: Buffer, start: readonly [number, number], isBig: boolean): readonly [number, number] {
  let [first, second] = start;
  for (let at = 0; at < bytes.length; at += 8) {
    first = (first + (isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + second) >>> 0;
    second = (second + (isBig ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + first) >>> 0;
  }
  return [first, second];
}
