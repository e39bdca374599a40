/** Counters and a histogram of the registry in the Prometheus text format. */

/** Upper bounds of the buckets, in seconds: a look at a manifest, up to a layer of gigabytes. */
const BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300];

export interface Metrics {
  /** Gives what is to be called with the answer's status. */
  start(method: string): (status: number) => void;
  render(): string;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

export function createMetrics(now: () => number = () => performance.now()): Metrics {
  const counts = new Map<string, number>();
  const buckets = BUCKETS.map(() => 0);
  let [total, sum, running] = [0, 0, 0];
  return {
    start(method) {
      const began = now();
      running += 1;
      return (status) => {
        const seconds = (now() - began) / 1000;
        const labels = `method="${METHODS.has(method) ? method : 'other'}",status="${status}"`;
        counts.set(labels, (counts.get(labels) ?? 0) + 1);
        BUCKETS.forEach((bound, index) => {
          if (seconds <= bound) buckets[index] = (buckets[index] ?? 0) + 1;
        });
        [total, sum, running] = [total + 1, sum + seconds, running - 1];
      };
    },
    render() {
      const duration = 'plimsoll_registry_request_duration_seconds';
      const lines = [
        '# TYPE plimsoll_registry_requests_total counter',
        ...[...counts].map(([labels, count]) => `plimsoll_registry_requests_total{${labels}} ${count}`),
        '# TYPE plimsoll_registry_requests_running gauge',
        `plimsoll_registry_requests_running ${running}`,
        `# TYPE ${duration} histogram`,
        ...BUCKETS.map((bound, index) => `${duration}_bucket{le="${bound}"} ${buckets[index]}`),
        `${duration}_bucket{le="+Inf"} ${total}`,
        `${duration}_sum ${sum}`,
        `${duration}_count ${total}`,
      ];
      return `${lines.join('\n')}\n`;
    },
  };
}
