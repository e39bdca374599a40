/**
 * The time that one review has, and what of it each step may take at most: a registry or a service of trust that does not answer is named as
 * such while there is time to say so, and what was fetched can still be judged.
 */
import { AppError } from '../core/index.ts';

/** Parts of the whole. */
const SHARES = {
  'asking what its tag means': 0.4,
  'asking whom to believe': 0.3,
  'fetching its signatures and attestations': 0.6,
} as const;

export type ReviewStep = keyof typeof SHARES;

/** Of the whole, kept for conditions: they are judged at the end, and meanwhile no timer runs. */
const RESERVE = 0.2;
/** Milliseconds of the reserve at most; no conditions may take longer. */
const MAX_RESERVE_MS = 5000;

export class ReviewTime {
  readonly #milliseconds: number;
  readonly #start = performance.now();

  /** In all, from now on. */
  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  /** Milliseconds that are left for conditions; at least one. */
  forConditions(): number {
    return Math.max(1, Math.floor(this.#left()));
  }

  /** What the work gives, unless it takes longer than the step may: then `unavailable`, naming the step, whether or not the work heeds its signal. */
  async limit<T>(step: ReviewStep, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const reserve = Math.min(this.#milliseconds * RESERVE, MAX_RESERVE_MS);
    const milliseconds = Math.max(1, Math.min(this.#milliseconds * SHARES[step], this.#left() - reserve));
    const late = new AppError(
      'unavailable',
      `out of time while ${step}: expected it within ${Math.round(milliseconds)} ms`,
    );
    const end = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const out = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        end.abort(late);
        reject(late);
      }, milliseconds);
    });
    try {
      return await Promise.race([work(AbortSignal.any([signal, end.signal])), out]);
    } finally {
      clearTimeout(timer);
    }
  }

  #left(): number {
    return this.#milliseconds - (performance.now() - this.#start);
  }
}

/** As `limit` of a ReviewTime; without one, what the work gives. */
export async function limited<T>(
  time: ReviewTime | undefined,
  step: ReviewStep,
  { signal, work }: { readonly signal: AbortSignal; readonly work: (signal: AbortSignal) => Promise<T> },
): Promise<T> {
  return await (time === undefined ? work(signal) : time.limit(step, signal, work));
}
