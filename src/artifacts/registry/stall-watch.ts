import { AppError } from '../../core/index.ts';

/** Fewer bytes than this in one period are no download: a peer that drips would hold a connection, and us, for years. */
const MIN_BYTES = 16 * 1024;

/** Ends a request whose body comes too slowly. */
export class StallWatch {
  readonly #abort = new AbortController();
  readonly #period: number;
  /** Goes into the request. */
  readonly signal: AbortSignal;

  /** Milliseconds of one period. */
  constructor(period: number, signal: AbortSignal | undefined) {
    this.#period = period;
    this.signal = signal === undefined ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal]);
  }

  /** The body as it is; throws `unavailable` when it stalls. A reader who pauses makes no stall. `what` is for the error. */
  async *watch(body: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    let isRead = false;
    let hasStalled = false;
    const timer = setInterval(() => {
      hasStalled = bytes < MIN_BYTES && !isRead;
      if (hasStalled) this.#abort.abort();
      bytes = 0;
    }, this.#period);
    try {
      for await (const chunk of body) {
        bytes += chunk.length;
        isRead = true;
        yield chunk;
        isRead = false;
      }
    } catch (cause) {
      if (!hasStalled) throw cause;
      const found = `found less than ${MIN_BYTES / 1024} KiB in ${this.#period / 1000} s`;
      throw new AppError('unavailable', `${what}: expected a download, ${found}`, { cause });
    } finally {
      clearInterval(timer);
    }
  }
}
