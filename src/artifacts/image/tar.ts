/**
 * Reader of tar streams: ustar, star, PAX (path, linkpath, size), GNU long names and links, base-256 sizes. Where writers and readers
 * of tars differ, this one reads as Go's archive/tar, which unpacks images: what it sees is what will run. So global PAX headers are
 * passed over, and GNU's long names count more than PAX paths. Sparse files (GNU and PAX) are announced as such and their content is
 * not given. Multi-volume archives are refused.
 */
import { AppError } from '../../core/index.ts';

export interface TarEntry {
  /** As written; see cleanPath. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';
  /** Bytes that follow. */
  readonly size: number;
  readonly mode: number;
  readonly linkName: string;
  readonly isSparse: boolean;
  /** The header's block; good only during the visit. */
  readonly header: Uint8Array;
  /** Extension records by key, each as it is written, with its length. */
  readonly records: ReadonlyMap<string, Uint8Array>;
}

/** Takes the content of one entry. */
export interface TarSink {
  write(chunk: Uint8Array): void;
  end(): void;
}

export type TarVisitor = (entry: TarEntry) => TarSink | undefined;

const BLOCK = 512;
const ZERO_BLOCK = Buffer.alloc(BLOCK);
/** PAX headers and long names; the largest path that any system takes is 4 KiB, extended attributes may have 64 KiB each. */
const MAX_META_BYTES = 1024 * 1024;

/** What extension headers say about the next entry. */
interface Extension {
  readonly longName: string;
  readonly longLink: string;
  /** PAX records by key, as they are written. */
  readonly records: ReadonlyMap<string, Uint8Array>;
}

const NO_EXTENSION: Extension = { longName: '', longLink: '', records: new Map() };

/** Push parser: hand it chunks of any size, then call finish. Throws `invalid-input` for what is not a tar. */
export class TarParser {
  readonly #what: string;
  readonly #visit: TarVisitor;
  #header = Buffer.alloc(BLOCK);
  #headerLength = 0;
  /** Content bytes still to come, then padding. */
  #body = 0;
  #padding = 0;
  #sink: TarSink | undefined;
  /** Begins the content of a sparse file, whose map goes on in further blocks. */
  #afterMap: (() => void) | undefined;
  #next = NO_EXTENSION;
  #zeroBlocks = 0;

  constructor(what: string, visit: TarVisitor) {
    this.#what = what;
    this.#visit = visit;
  }

  /** Bytes that follow and that nobody wants: a reader with random access may leave them out, telling skip(). */
  get unwanted(): number {
    return this.#sink === undefined ? this.#body + this.#padding : 0;
  }

  get isEnded(): boolean {
    return this.#zeroBlocks >= 2;
  }

  skip(bytes: number): void {
    const body = Math.min(bytes, this.#body);
    this.#body -= body;
    this.#padding -= bytes - body;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.isEnded) {
      if (this.#body > 0) at += this.#takeBody(chunk, at);
      else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, chunk.length - at);
        this.#padding -= skipped;
        at += skipped;
      } else at += this.#takeHeader(chunk, at);
    }
  }

  /** Throws when the archive ends inside an entry. A missing end mark is usual and harmless. */
  finish(): void {
    if (this.#body > 0 || (this.#headerLength > 0 && !this.isEnded)) {
      throw new AppError('invalid-input', `${this.#what}: the tar ends inside an entry`);
    }
  }

  #takeBody(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#body, chunk.length - at);
    this.#body -= taken;
    this.#sink?.write(chunk.subarray(at, at + taken));
    if (this.#body === 0) this.#endBody();
    return taken;
  }

  #endBody(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.end();
  }

  #takeHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(BLOCK - this.#headerLength, chunk.length - at);
    this.#header.set(chunk.subarray(at, at + taken), this.#headerLength);
    this.#headerLength += taken;
    if (this.#headerLength === BLOCK) {
      this.#headerLength = 0;
      this.#readHeader(this.#header);
    }
    return taken;
  }

  #readHeader(header: Buffer): void {
    if (this.#afterMap !== undefined) {
      if (header[504] === 0) this.#afterMap();
      return;
    }
    if (header.equals(ZERO_BLOCK)) {
      this.#zeroBlocks += 1;
      return;
    }
    this.#zeroBlocks = 0;
    if (!hasChecksum(header))
      throw new AppError('invalid-input', `${this.#what}: expected a tar header, found other bytes`);
    const type = String.fromCharCode(header[156] ?? 0);
    const size = readNumber(header, 124, 12);
    if (size === undefined) throw new AppError('invalid-input', `${this.#what}: expected a size in the tar header`);
    if ('xgLK'.includes(type)) this.#startMeta(type, size);
    else this.#startEntry(header, type, size);
  }

  #startMeta(type: string, size: number): void {
    if (size > MAX_META_BYTES) {
      throw new AppError(
        'invalid-input',
        `${this.#what}: expected a tar extension of at most ${MAX_META_BYTES} bytes, found ${size}`,
      );
    }
    const chunks: Uint8Array[] = [];
    this.#startBody(size, {
      write: (chunk) => void chunks.push(Uint8Array.from(chunk)),
      end: () => this.#applyMeta(type, Buffer.concat(chunks)),
    });
  }

  #applyMeta(type: string, content: Buffer): void {
    if (type === 'g') this.#next = NO_EXTENSION;
    else if (type === 'L') this.#next = { ...this.#next, longName: readText(content, 0, content.length) };
    else if (type === 'K') this.#next = { ...this.#next, longLink: readText(content, 0, content.length) };
    else this.#next = { ...this.#next, records: readPax(content, this.#what) };
  }

  #startEntry(header: Buffer, type: string, stored: number): void {
    const { longName, longLink, records } = this.#next;
    this.#next = NO_EXTENSION;
    if (type === 'M')
      throw new AppError('invalid-input', `${this.#what}: tar archives of several volumes are not supported`);
    const isPaxSparse = hasSparseMap(records);
    const named = longName || paxText(records, 'path') || nameOf(header);
    const path = (isPaxSparse && paxText(records, 'GNU.sparse.name')) || named;
    const size = paxSize(records, this.#what) ?? stored;
    const kind = kindOf(type, named);
    const entry: TarEntry = {
      path,
      kind,
      size: kind === 'file' ? size : 0,
      mode: (readNumber(header, 100, 8) ?? 0) & 0o7777,
      linkName: longLink || paxText(records, 'linkpath') || readText(header, 157, 100),
      isSparse: type === 'S' || isPaxSparse,
      header,
      records,
    };
    const sink = this.#visit(entry);
    // links may carry a size though nothing follows (POSIX pax, typeflag 1 and 2)
    const hasBody = kind === 'file' || (kind === 'other' && !'346'.includes(type));
    const start = () => {
      this.#afterMap = undefined;
      this.#startBody(hasBody ? size : 0, sink);
    };
    if (type === 'S' && header[482] !== 0) this.#afterMap = start;
    else start();
  }

  #startBody(size: number, sink: TarSink | undefined): void {
    this.#body = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    this.#sink = sink;
    if (size === 0) this.#endBody();
  }
}

function kindOf(type: string, path: string): TarEntry['kind'] {
  switch (type) {
    case '1':
      return 'hardlink';
    case '2':
      return 'symlink';
    case '5':
      return 'directory';
    case '3':
    case '4':
    case '6':
    case 'V':
      return 'other';
    case '\0':
      // before ustar a directory was a file whose name ends in a slash
      return path.endsWith('/') ? 'directory' : 'file';
    default:
      return 'file';
  }
}

function nameOf(header: Buffer): string {
  const name = readText(header, 0, 100);
  const isUstar = header.toString('latin1', 257, 263) === 'ustar\0';
  const isStar = header.toString('latin1', 508, 512) === 'tar\0';
  const prefix = isUstar ? readText(header, 345, isStar ? 131 : 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function readText(bytes: Buffer, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

/** Octal, or base-256 when the first bit is set; undefined when neither or above 2^53. */
function readNumber(bytes: Buffer, start: number, length: number): number | undefined {
  const first = bytes[start] ?? 0;
  if ((first & 0x80) !== 0) {
    let value = BigInt(first & 0x7f);
    for (let index = start + 1; index < start + length; index += 1) value = value * 256n + BigInt(bytes[index] ?? 0);
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined;
  }
  const text = bytes
    .toString('latin1', start, start + length)
    .replace(/^[ \0]+/, '')
    .replace(/\0.*$/s, '')
    .trim();
  return /^[0-7]*$/.test(text) ? Number.parseInt(text || '0', 8) : undefined;
}

function hasChecksum(header: Buffer): boolean {
  // the field itself counts as spaces
  let unsigned = 8 * 32;
  let negative = 0;
  for (let index = 0; index < BLOCK; index += 1) {
    const byte = index >= 148 && index < 156 ? 0 : (header[index] ?? 0);
    unsigned += byte;
    negative += byte >> 7;
  }
  const stored = readNumber(header, 148, 8);
  // old writers summed signed bytes
  return stored === unsigned || stored === unsigned - 256 * negative;
}

/** Records `LENGTH KEY=VALUE\n`, the length in bytes and counting itself. */
function readPax(content: Buffer, what: string): ReadonlyMap<string, Uint8Array> {
  const records = new Map<string, Uint8Array>();
  let at = 0;
  while (at < content.length && content[at] !== 0) {
    const space = content.indexOf(32, at);
    const length = space < 0 ? Number.NaN : Number(content.toString('latin1', at, space));
    const equals = content.indexOf(61, space);
    if (
      !Number.isInteger(length) ||
      length < 5 ||
      at + length > content.length ||
      equals < 0 ||
      equals >= at + length
    ) {
      throw new AppError('invalid-input', `${what}: expected a pax record in the tar, found other bytes`);
    }
    const key = content.toString('utf8', space + 1, equals);
    records.set(key, content.subarray(at, at + length));
    at += length;
  }
  return records;
}

/** Empty when absent: an empty value is that of a key which is not there. */
function paxText(records: ReadonlyMap<string, Uint8Array>, key: string): string {
  const record = records.get(key);
  return record === undefined ? '' : Buffer.from(record).toString('utf8', record.indexOf(61) + 1, record.length - 1);
}

function paxSize(records: ReadonlyMap<string, Uint8Array>, what: string): number | undefined {
  const text = paxText(records, 'size');
  if (text === '') return undefined;
  const size = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(size)) return size;
  throw new AppError('invalid-input', `${what}: expected a pax size, found ${JSON.stringify(text.slice(0, 40))}`);
}

/** The versions of the format that there are; 0.0 was written without its number. */
function hasSparseMap(records: ReadonlyMap<string, Uint8Array>): boolean {
  const [major, minor] = [paxText(records, 'GNU.sparse.major'), paxText(records, 'GNU.sparse.minor')];
  if (major === '' && minor === '') return paxText(records, 'GNU.sparse.map') !== '';
  return ['0.0', '0.1', '1.0'].includes(`${major}.${minor}`);
}

/** Path from the root without leading slash, `.` or doubled slashes; undefined when it leaves the root. Empty is the root. */
export function cleanPath(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}
