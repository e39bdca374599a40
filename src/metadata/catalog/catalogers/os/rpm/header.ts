/**
 * RPM's header as its databases hold it (rpm, docs/manual/format_header.md): two big-endian counts, an index of tags and a store. Not
 * verified: signatures and digests of the header itself.
 */
import { AppError } from '../../../../../core/index.ts';

export const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  license: 1014,
  packager: 1015,
  arch: 1022,
  url: 1020,
  sourceRpm: 1044,
  provideName: 1047,
  requireName: 1049,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  modularityLabel: 5096,
} as const;

/** rpm's own ceiling of index entries (HEADER_TAGS_MAX). */
const MAX_ENTRIES = 0xffff;
const INT32 = 4;
const TEXT_TYPES: ReadonlySet<number> = new Set([6, 8, 9]);

interface Entry {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

/** Values are read when asked for: of some hundred tags a few matter. */
export class RpmHeader {
  readonly #store: Buffer;
  readonly #entries = new Map<number, Entry>();

  /** Throws `invalid-input`. */
  constructor(blob: Buffer) {
    const count = blob.length < 8 ? 0 : blob.readUInt32BE(0);
    const start = 8 + count * 16;
    if (count === 0 || count > MAX_ENTRIES || start + blob.readUInt32BE(4) > blob.length) {
      throw new AppError('invalid-input', `rpm header: expected its index and store, found ${blob.length} bytes`);
    }
    this.#store = blob.subarray(start, start + blob.readUInt32BE(4));
    for (let at = 8; at < start; at += 16) {
      const offset = blob.readUInt32BE(at + 8);
      if (offset > this.#store.length) continue;
      this.#entries.set(blob.readUInt32BE(at), {
        type: blob.readUInt32BE(at + 4),
        offset,
        count: blob.readUInt32BE(at + 12),
      });
    }
  }

  text(tag: number): string | undefined {
    return this.texts(tag, 1)[0];
  }

  texts(tag: number, limit = Infinity): readonly string[] {
    const entry = this.#entries.get(tag);
    if (entry === undefined || !TEXT_TYPES.has(entry.type)) return [];
    const found: string[] = [];
    let at = entry.offset;
    while (found.length < Math.min(entry.count, limit)) {
      const end = this.#store.indexOf(0, at);
      if (end < 0) break;
      found.push(this.#store.toString('utf8', at, end));
      at = end + 1;
    }
    return found;
  }

  numbers(tag: number): readonly number[] {
    const entry = this.#entries.get(tag);
    if (entry === undefined || entry.type !== INT32) return [];
    const count = Math.min(entry.count, (this.#store.length - entry.offset) >> 2);
    return Array.from({ length: count }, (_, index) => this.#store.readUInt32BE(entry.offset + 4 * index));
  }

  /** Absolute paths of its files, without the leading slash. */
  paths(): readonly string[] {
    const folders = this.texts(TAG.dirNames);
    const indexes = this.numbers(TAG.dirIndexes);
    return this.texts(TAG.baseNames).map((name, index) => `${folders[indexes[index] ?? -1] ?? '/'}${name}`.slice(1));
  }
}
