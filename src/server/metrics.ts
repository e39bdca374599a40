/** Counters, gauges and histograms in the Prometheus text format (0.0.4). */
import { BUCKETS, StepTimes } from '../app/step-times.ts';
import type { Histogram } from '../app/step-times.ts';
import type { AdmissionService } from '../app/admission-service.ts';

export interface Metrics {
  observeReview(mode: string, outcome: string, seconds: number): void;
  render(service: AdmissionService, now: Date): string;
}

export function createMetrics(): Metrics {
  const counts = new Map<string, number>();
  const whole = new StepTimes();
  return {
    observeReview(mode, outcome, seconds) {
      const labels = `mode="${mode}",outcome="${outcome}"`;
      counts.set(labels, (counts.get(labels) ?? 0) + 1);
      whole.observe('review', seconds);
    },
    render(service, now) {
      const lines = ['# TYPE plimsoll_admission_reviews_total counter'];
      for (const [labels, count] of counts) lines.push(`plimsoll_admission_reviews_total{${labels}} ${count}`);
      lines.push('# TYPE plimsoll_admission_review_duration_seconds histogram');
      for (const [, histogram] of whole.entries())
        lines.push(...histogramLines('plimsoll_admission_review_duration_seconds', '', histogram));
      lines.push('# TYPE plimsoll_admission_step_duration_seconds histogram');
      for (const [step, histogram] of service.steps.entries())
        lines.push(...histogramLines('plimsoll_admission_step_duration_seconds', `step="${step}"`, histogram));
      return `${[...lines, ...gauges(service, now)].join('\n')}\n`;
    },
  };
}

function histogramLines(name: string, labels: string, { buckets, count, sum }: Histogram): readonly string[] {
  const own = labels === '' ? '' : `{${labels}}`;
  const bucket = (bound: string, value: number | undefined) =>
    `${name}_bucket{${labels}${labels === '' ? '' : ','}le="${bound}"} ${value}`;
  return [
    ...BUCKETS.map((bound, index) => bucket(String(bound), buckets[index])),
    bucket('+Inf', count),
    `${name}_sum${own} ${sum}`,
    `${name}_count${own} ${count}`,
  ];
}

function gauges(service: AdmissionService, now: Date): readonly string[] {
  const { policies, policyFaults, exceptions, notesDropped, material } = service.facts();
  const age = (now.getTime() - service.policiesConfirmed().getTime()) / 1000;
  const values: readonly (readonly [string, string, number])[] = [
    ['plimsoll_policies', 'gauge', policies],
    ['plimsoll_policies_at_fault', 'gauge', policyFaults],
    ['plimsoll_policies_usable', 'gauge', service.policyFault() === undefined ? 1 : 0],
    ['plimsoll_policies_age_seconds', 'gauge', Math.max(0, age)],
    ['plimsoll_material_not_refreshed', 'gauge', material.length],
    ['plimsoll_exceptions_in_force', 'gauge', exceptions],
    ['plimsoll_notes_dropped_total', 'counter', notesDropped],
  ];
  return values.flatMap(([name, type, value]) => [`# TYPE ${name} ${type}`, `${name} ${value}`]);
}
