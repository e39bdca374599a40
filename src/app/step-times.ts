/** How long the steps of reviews take, as histograms. */

/** Upper bounds of the buckets, in seconds. */
export const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface Histogram {
  /** Observations up to each bound. */
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sum: number;
}

export class StepTimes {
  readonly #steps = new Map<string, { buckets: number[]; count: number; sum: number }>();

  observe(step: string, seconds: number): void {
    const found = this.#steps.getOrInsertComputed(step, () => ({ buckets: BUCKETS.map(() => 0), count: 0, sum: 0 }));
    BUCKETS.forEach((bound, index) => {
      if (seconds <= bound) found.buckets[index] = (found.buckets[index] ?? 0) + 1;
    });
    found.count += 1;
    found.sum += seconds;
  }

  /** The result, timed whether it comes or fails. */
  async time<T>(step: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.observe(step, (performance.now() - start) / 1000);
    }
  }

  entries(): readonly (readonly [string, Histogram])[] {
    return [...this.#steps];
  }
}
