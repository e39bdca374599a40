/** Counters and a histogram in the Prometheus text format. */

/** Upper bounds of the buckets, in seconds. */
const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface Metrics {
  observeReview(mode: string, outcome: string, seconds: number): void;
  render(): string;
}

export function createMetrics(): Metrics {
  const counts = new Map<string, number>();
  const buckets = BUCKETS.map(() => 0);
  let total = 0;
  let sum = 0;
  return {
    observeReview(mode, outcome, seconds) {
      const labels = `mode="${mode}",outcome="${outcome}"`;
      counts.set(labels, (counts.get(labels) ?? 0) + 1);
      BUCKETS.forEach((bound, index) => {
        if (seconds <= bound) buckets[index] = (buckets[index] ?? 0) + 1;
      });
      total += 1;
      sum += seconds;
    },
    render() {
      const lines = ['# TYPE plimsoll_admission_reviews_total counter'];
      for (const [labels, count] of counts) lines.push(`plimsoll_admission_reviews_total{${labels}} ${count}`);
      lines.push('# TYPE plimsoll_admission_review_duration_seconds histogram');
      BUCKETS.forEach((bound, index) =>
        lines.push(`plimsoll_admission_review_duration_seconds_bucket{le="${bound}"} ${buckets[index]}`),
      );
      lines.push(`plimsoll_admission_review_duration_seconds_bucket{le="+Inf"} ${total}`);
      lines.push(
        `plimsoll_admission_review_duration_seconds_sum ${sum}`,
        `plimsoll_admission_review_duration_seconds_count ${total}`,
      );
      return `${lines.join('\n')}\n`;
    },
  };
}
