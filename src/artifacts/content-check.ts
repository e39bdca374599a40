import { algorithmOf, AppError, createHasher, type Descriptor, type Hasher } from '../core/index.ts';

/** Whether content that comes in pieces is what a descriptor says: size before digest, and too much at once. */
export class ContentCheck {
  readonly #blob: Descriptor;
  readonly #what: string;
  readonly #hasher: Hasher;
  #size = 0;
  #isVerified = false;

  /** `what` names the content in errors. */
  constructor(blob: Descriptor, what: string) {
    this.#blob = blob;
    this.#what = what;
    this.#hasher = createHasher(algorithmOf(blob.digest));
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** Throws `invalid-input` as soon as there is more than the descriptor says. */
  update(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#size += chunk.length;
    if (this.#size > this.#blob.size) throw this.#error(`expected ${this.#blob.size} bytes, found more`);
    this.#hasher.update(chunk);
  }

  /** Throws `invalid-input` when it is not all, or not that. */
  end(): void {
    if (this.#isVerified) return;
    if (this.#size !== this.#blob.size) throw this.#error(`expected ${this.#blob.size} bytes, found ${this.#size}`);
    const found = this.#hasher.digest();
    if (found !== this.#blob.digest) throw this.#error(`expected its digest, found ${found}`);
    this.#isVerified = true;
  }

  #error(text: string): AppError {
    return new AppError('invalid-input', `${this.#what}: ${text}`);
  }
}

/** The content as it comes; throws at its end, or before, when it is not what the descriptor says. */
export async function* checked(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  blob: Descriptor,
  what: string,
): AsyncGenerator<Uint8Array> {
  const check = new ContentCheck(blob, what);
  for await (const chunk of content) {
    check.update(chunk);
    yield chunk;
  }
  check.end();
}
