/**
 * A strict reader of DER (ITU-T X.690): forward only, over views of the input, nothing copied.
 *
 * Implements single-byte tags and definite lengths up to four bytes, in their shortest form. Whoever reads says which tag must come
 * next and `end()`s every constructed value, so no byte goes unread. Not implemented: BER, high tag numbers.
 */
import { AppError } from '../../core/index.ts';

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

/** Context-specific tag `[n]`, constructed unless said otherwise. */
export function contextTag(number: number, form: 'constructed' | 'primitive' = 'constructed'): number {
  return (form === 'constructed' ? 0xa0 : 0x80) | number;
}

/** Certificates and timestamp tokens nest about twelve deep. */
const MAX_DEPTH = 24;
/** A token with a chain inside has some hundreds of values; a document of empty values only wastes time. */
const MAX_VALUES = 16_384;
/** Bytes of an object identifier: the longest registered ones have about twenty. */
const MAX_OID_BYTES = 64;

interface Source {
  readonly bytes: Uint8Array;
  readonly what: string;
  values: number;
}

export class DerReader {
  readonly #source: Source;
  readonly #depth: number;
  readonly #end: number;
  #at: number;

  private constructor(source: Source, range: { readonly at: number; readonly end: number; readonly depth: number }) {
    if (range.depth > MAX_DEPTH) throw fault(source, range.at, `at most ${MAX_DEPTH} levels`, 'more');
    this.#source = source;
    this.#at = range.at;
    this.#end = range.end;
    this.#depth = range.depth;
  }

  /** `what` names the document in errors. */
  static open(bytes: Uint8Array, what: string): DerReader {
    return new DerReader({ bytes, what, values: 0 }, { at: 0, end: bytes.length, depth: 0 });
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  /** The next tag, or -1 at the end. */
  get nextTag(): number {
    return this.#at < this.#end ? (this.#source.bytes[this.#at] ?? -1) : -1;
  }

  /** Throws `invalid-input` when bytes are left. */
  end(): void {
    if (!this.isAtEnd) throw this.fault('nothing more', `${this.#end - this.#at} bytes`);
  }

  /** A reader of the content of the next value, which must have this tag. */
  enter(tag: number): DerReader {
    const at = this.#header(tag);
    const reader = new DerReader(this.#source, { at, end: this.#at, depth: this.#depth + 1 });
    return reader;
  }

  /** The same where the value may be absent. */
  enterIf(tag: number): DerReader | undefined {
    return this.nextTag === tag ? this.enter(tag) : undefined;
  }

  /** The content of the next value. */
  content(tag: number): Uint8Array {
    const at = this.#header(tag);
    return this.#source.bytes.subarray(at, this.#at);
  }

  /** The next value whole, with its header; of any tag unless one is given. */
  whole(tag = this.nextTag): Uint8Array {
    const start = this.#at;
    this.#header(tag);
    return this.#source.bytes.subarray(start, this.#at);
  }

  skip(tag = this.nextTag): void {
    this.#header(tag);
  }

  skipIf(tag: number): void {
    if (this.nextTag === tag) this.#header(tag);
  }

  /** An object identifier in dotted form. */
  oid(): string {
    const start = this.#at;
    const bytes = this.content(TAG.oid);
    if (bytes.length === 0 || bytes.length > MAX_OID_BYTES || (bytes.at(-1) ?? 0) > 0x7f) {
      throw fault(this.#source, start, 'an object identifier', 'other bytes');
    }
    const arcs: number[] = [];
    let arc = 0;
    let isFirstOfArc = true;
    for (const byte of bytes) {
      if (isFirstOfArc && byte === 0x80) throw fault(this.#source, start, 'a shortest object identifier', 'padding');
      arc = arc * 128 + (byte & 0x7f);
      if (!Number.isSafeInteger(arc)) throw fault(this.#source, start, 'an arc below 2^53', 'a larger one');
      isFirstOfArc = byte < 0x80;
      if (!isFirstOfArc) continue;
      arcs.push(arc);
      arc = 0;
    }
    const [first = 0, ...rest] = arcs;
    const top = Math.min(2, Math.floor(first / 40));
    return [top, first - 40 * top, ...rest].join('.');
  }

  /** The two's complement bytes of an integer in shortest form. */
  integerBytes(): Uint8Array {
    const start = this.#at;
    const bytes = this.content(TAG.integer);
    const [first, second = 0] = bytes;
    const isPadded = bytes.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
    if (first === undefined || isPadded) throw fault(this.#source, start, 'a shortest integer', 'other bytes');
    return bytes;
  }

  /** An integer from 0 to 2^31 - 1: versions, path lengths, states. */
  small(): number {
    const start = this.#at;
    const bytes = this.integerBytes();
    if (bytes.length > 4 || (bytes[0] ?? 0) > 0x7f) throw fault(this.#source, start, 'a small number', 'another');
    return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  }

  boolean(): boolean {
    const start = this.#at;
    const bytes = this.content(TAG.boolean);
    if (bytes.length === 1 && (bytes[0] === 0 || bytes[0] === 0xff)) return bytes[0] === 0xff;
    throw fault(this.#source, start, 'a boolean', 'other bytes');
  }

  /** A bit string of whole bytes. */
  bitString(): Uint8Array {
    const start = this.#at;
    const bytes = this.content(TAG.bitString);
    if (bytes[0] !== 0) throw fault(this.#source, start, 'a bit string of whole bytes', 'another');
    return bytes.subarray(1);
  }

  utf8(tag: number = TAG.utf8String): string {
    const start = this.#at;
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(this.content(tag));
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw fault(this.#source, start, 'UTF-8', 'other bytes');
    }
  }

  /** UTCTime or GeneralizedTime in the forms of RFC 5280 4.1.2.5, the latter with fractions as RFC 3161 has them; milliseconds since 1970. */
  time(): number {
    const start = this.#at;
    const tag = this.nextTag === TAG.utcTime ? TAG.utcTime : TAG.generalizedTime;
    const text = String.fromCharCode(...this.content(tag).subarray(0, 40));
    const pattern = tag === TAG.utcTime ? UTC_TIME : GENERALIZED_TIME;
    const match = pattern.exec(text);
    if (match === null) throw fault(this.#source, start, 'a time in UTC', JSON.stringify(text));
    const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = ''] = match;
    const century = tag === TAG.utcTime ? (Number(year) < 50 ? '20' : '19') : '';
    const iso = `${century}${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(1, 4).padEnd(3, '0')}Z`;
    const milliseconds = Date.parse(iso);
    // Date.parse takes 31 February; a time that does not print as it was read is none.
    if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString() !== iso) {
      throw fault(this.#source, start, 'a time in UTC', JSON.stringify(text));
    }
    return milliseconds;
  }

  /** For readers of what stands inside: names the place. */
  fault(expected: string, found: string): AppError {
    return fault(this.#source, this.#at, expected, found);
  }

  /** Moves behind the next value and gives where its content begins. */
  #header(tag: number): number {
    const source = this.#source;
    const { bytes } = source;
    const start = this.#at;
    const found = this.nextTag;
    if (found !== tag || found === -1 || (found & 0x1f) === 0x1f) {
      throw fault(source, start, `tag ${hex(tag)}`, found === -1 ? 'the end' : `tag ${hex(found)}`);
    }
    source.values += 1;
    if (source.values > MAX_VALUES) throw fault(source, start, `at most ${MAX_VALUES} values`, 'more');
    let at = start + 2;
    let length = start + 1 < this.#end ? (bytes[start + 1] ?? 0x80) : 0x80;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4 || at + count > this.#end) throw fault(source, start, 'a definite length', 'none');
      length = 0;
      for (const stop = at + count; at < stop; at += 1) length = length * 256 + (bytes[at] ?? 0);
      const isShortest = length >= 0x80 && length >= 256 ** (count - 1);
      if (!isShortest) throw fault(source, start, 'a shortest length', 'a longer one');
    }
    if (length > this.#end - at) throw fault(source, start, `${length} bytes`, `${this.#end - at}`);
    this.#at = at + length;
    return at;
  }
}

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
/** DER: no trailing zero in a fraction, none at all instead of an empty one. */
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{0,8}[1-9])?Z$/;

function hex(tag: number): string {
  return `0x${Math.max(tag, 0).toString(16).padStart(2, '0')}`;
}

function fault(source: Source, at: number, expected: string, found: string): AppError {
  return new AppError('invalid-input', `${source.what}: expected ${expected} at byte ${at}, found ${found}`);
}

/** One value: its tag, a length in shortest form, and the parts of its content. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const header: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) header.unshift(rest % 256);
  const prefix = length < 0x80 ? [tag, length] : [tag, 0x80 | header.length, ...header];
  return Buffer.concat([Uint8Array.from(prefix), ...parts]);
}
