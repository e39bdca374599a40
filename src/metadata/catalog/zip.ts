/**
 * Reader of ZIP archives at hand (PKWARE APPNOTE 6.3): stored and deflated entries, ZIP64, anything before the first entry. Not read:
 * encrypted entries, other methods, archives in several parts. An entry counts only if the central directory and its local header
 * agree on it, since programs differ in which of the two they believe, and if it shares no byte with another one.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { AppError } from '../../core/index.ts';

export interface ZipEntry {
  /** With slashes, as written. */
  readonly path: string;
  /** Bytes when unpacked. */
  readonly size: number;
  readonly method: number;
  readonly crc: number;
  readonly isEncrypted: boolean;
  /** Of its data in the archive. */
  readonly start: number;
  readonly end: number;
}

/** What may still be unpacked, of one archive and all archives in it together. */
export interface ZipBudget {
  bytes: number;
  entries: number;
}

interface DirectoryEnd {
  readonly count: number;
  readonly size: number;
  /** As written. */
  readonly offset: number;
  readonly end: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_SIZE = 22;
const MAX_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;

export class ZipArchive {
  readonly entries: readonly ZipEntry[];
  readonly #content: Buffer;
  readonly #what: string;
  readonly #budget: ZipBudget;

  /** Throws `invalid-input` for what is no sound archive or has more entries than the budget. */
  constructor(content: Buffer, what: string, budget: ZipBudget) {
    this.#content = content;
    this.#what = what;
    this.#budget = budget;
    try {
      this.entries = this.#readDirectory();
    } catch (thrown) {
      // reading past the end is the only thing that can go wrong besides what is checked
      if (thrown instanceof RangeError) throw this.#damaged('the rest of a header', 'the end');
      throw thrown;
    }
  }

  /** Throws `invalid-input` when the entry is damaged, cannot be unpacked, or is more than the budget has left. */
  read(entry: ZipEntry): Buffer {
    if (entry.isEncrypted) throw this.#damaged(`${entry.path} unencrypted`, 'an encrypted entry');
    if (entry.size > this.#budget.bytes)
      throw this.#damaged('less content', `${entry.path} of ${entry.size} bytes more`);
    this.#budget.bytes -= entry.size;
    const data = this.#content.subarray(entry.start, entry.end);
    const unpacked = entry.method === STORED ? data : this.#inflate(entry, data);
    if (unpacked.length !== entry.size || crc32(unpacked) !== entry.crc) {
      throw this.#damaged(`${entry.path} of ${entry.size} bytes with its checksum`, 'other content');
    }
    return unpacked;
  }

  #inflate(entry: ZipEntry, data: Buffer): Buffer {
    if (entry.method !== DEFLATED) throw this.#damaged(`${entry.path} deflated or stored`, `method ${entry.method}`);
    try {
      return inflateRawSync(data, { maxOutputLength: Math.max(1, entry.size) });
    } catch (cause) {
      throw new AppError('invalid-input', `${this.#what}: expected ${entry.path} to inflate to ${entry.size} bytes`, {
        cause,
      });
    }
  }

  #readDirectory(): readonly ZipEntry[] {
    const { count, size, offset, end } = this.#findEnd();
    // what stands before the archive, as a script that runs it, shifts all places
    const shift = end - size - offset;
    if (shift < 0) throw this.#damaged('a central directory before its end', 'another place');
    if (count > this.#budget.entries) throw this.#damaged(`at most ${this.#budget.entries} entries more`, `${count}`);
    this.#budget.entries -= count;
    const entries: ZipEntry[] = [];
    const ranges: { readonly start: number; readonly end: number }[] = [];
    let at = offset + shift;
    for (let index = 0; index < count; index++) {
      const { entry, next, header } = this.#readEntry(at, shift);
      at = next;
      ranges.push({ start: header, end: entry.end });
      if (!entry.path.endsWith('/')) entries.push(entry);
    }
    ranges.sort((a, b) => a.start - b.start);
    if (ranges.some((range, index) => index > 0 && range.start < (ranges[index - 1]?.end ?? 0))) {
      throw this.#damaged('entries apart from each other', 'some that overlap');
    }
    return entries;
  }

  #findEnd(): DirectoryEnd {
    const bytes = this.#content;
    const lowest = Math.max(0, bytes.length - END_SIZE - MAX_COMMENT);
    for (let at = bytes.length - END_SIZE; at >= lowest; at--) {
      if (bytes.readUInt32LE(at) !== END) continue;
      const count = bytes.readUInt16LE(at + 10);
      const size = bytes.readUInt32LE(at + 12);
      const offset = bytes.readUInt32LE(at + 16);
      const is64 = at >= 20 && bytes.readUInt32LE(at - 20) === LOCATOR_64;
      return is64 ? this.#findEnd64(at - 20) : { count, size, offset, end: at };
    }
    throw this.#damaged('a ZIP archive', 'no end of its directory');
  }

  #findEnd64(locator: number): DirectoryEnd {
    const bytes = this.#content;
    // the record lies before its locator; its written place knows nothing of what stands before the archive
    const at = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x06, 0x06]), locator);
    if (at < 0 || bytes.readUInt32LE(at) !== END_64) throw this.#damaged('the end of a ZIP64 directory', 'none');
    const wide = (place: number) => Number(bytes.readBigUInt64LE(place));
    return { count: wide(at + 32), size: wide(at + 40), offset: wide(at + 48), end: at };
  }

  #readEntry(at: number, shift: number): { readonly entry: ZipEntry; readonly next: number; readonly header: number } {
    const bytes = this.#content;
    if (bytes.readUInt32LE(at) !== CENTRAL) throw this.#damaged('an entry of the directory', 'other bytes');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((place) => bytes.readUInt16LE(at + place));
    const nameEnd = at + 46 + (nameLength ?? 0);
    const extra = bytes.subarray(nameEnd, nameEnd + (extraLength ?? 0));
    const [size = 0, packed = 0, offset = 0] = widen(extra, [
      bytes.readUInt32LE(at + 24),
      bytes.readUInt32LE(at + 20),
      bytes.readUInt32LE(at + 42),
    ]);
    const name = bytes.subarray(at + 46, nameEnd);
    const method = bytes.readUInt16LE(at + 10);
    const header = offset + shift;
    const start = this.#startOf(header, name, method);
    if (start + packed > bytes.length) throw this.#damaged(`${name.toString()} inside the archive`, 'its end outside');
    const entry: ZipEntry = {
      path: name.toString('utf8').replaceAll('\\', '/'),
      size,
      method,
      crc: bytes.readUInt32LE(at + 16),
      isEncrypted: (bytes.readUInt16LE(at + 8) & 1) === 1,
      start,
      end: start + packed,
    };
    return { entry, next: nameEnd + (extraLength ?? 0) + (commentLength ?? 0), header };
  }

  /** Where the data begins, after a local header that says the same. */
  #startOf(header: number, name: Buffer, method: number): number {
    const bytes = this.#content;
    const nameLength = bytes.readUInt16LE(header + 26);
    const found = bytes.subarray(header + 30, header + 30 + nameLength);
    if (bytes.readUInt32LE(header) !== LOCAL || !found.equals(name) || bytes.readUInt16LE(header + 8) !== method) {
      throw this.#damaged(`a local header of ${name.toString()}`, 'another one');
    }
    return header + 30 + nameLength + bytes.readUInt16LE(header + 28);
  }

  #damaged(expected: string, found: string): AppError {
    return new AppError('invalid-input', `${this.#what}: expected ${expected}, found ${found}`);
  }
}

/** ZIP64: those of size, packed size and place that do not fit stand in an extra field, in this order. */
function widen(extra: Buffer, values: readonly number[]): readonly number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let place = at + 4;
    return values.map((value) => {
      if (value !== 0xffffffff) return value;
      place += 8;
      return Number(extra.readBigUInt64LE(place - 8));
    });
  }
  return values;
}
