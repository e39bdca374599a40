/** What PHP's `serialize` writes of plain values: null, booleans, numbers, texts and arrays. Objects and references are refused. */
import { AppError } from '../../../../core/index.ts';

export type PhpValue = string | number | boolean | null | ReadonlyMap<string, PhpValue>;

/** Registries nest below 10 levels. */
const MAX_DEPTH = 64;

/** Texts are counted in bytes, so that they are read as such. Throws `invalid-input`. */
export function parseSerialized(content: Uint8Array, what: string): PhpValue {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  return new Parser(bytes, what).value(0);
}

class Parser {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  value(depth: number): PhpValue {
    if (depth > MAX_DEPTH) throw this.#refuse(`at most ${MAX_DEPTH} levels`);
    const kind = this.#bytes.toString('latin1', this.#at, this.#at + 2);
    this.#at += 2;
    if (kind === 'N;') return null;
    if (kind === 'b:') return this.#until(';') === '1';
    if (kind === 'i:' || kind === 'd:') return Number(this.#until(';'));
    if (kind === 's:') return this.#text();
    if (kind === 'a:') return this.#array(depth);
    throw this.#refuse('null, a boolean, a number, a text or an array');
  }

  #text(): string {
    const length = this.#length();
    this.#expect('"', this.#at);
    const end = this.#at + length;
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#expect('";', end);
    return text;
  }

  #array(depth: number): ReadonlyMap<string, PhpValue> {
    const count = this.#length();
    const entries = new Map<string, PhpValue>();
    this.#expect('{', this.#at);
    for (let index = 0; index < count; index++) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string' && typeof key !== 'number') throw this.#refuse('a text or a number as key');
      entries.set(String(key), this.value(depth + 1));
    }
    this.#expect('}', this.#at);
    return entries;
  }

  #length(): number {
    const length = Number(this.#until(':'));
    if (!Number.isSafeInteger(length) || length < 0 || length > this.#bytes.length) throw this.#refuse('a length');
    return length;
  }

  #until(mark: string): string {
    const end = this.#bytes.indexOf(mark, this.#at);
    // numbers are short
    if (end < 0 || end - this.#at > 32) throw this.#refuse(`"${mark}"`);
    const text = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #expect(mark: string, at: number): void {
    if (this.#bytes.toString('latin1', at, at + mark.length) !== mark) throw this.#refuse(`"${mark}"`);
    this.#at = at + mark.length;
  }

  #refuse(expected: string): AppError {
    return new AppError('invalid-input', `${this.#what}: expected ${expected} at byte ${this.#at}`);
  }
}
