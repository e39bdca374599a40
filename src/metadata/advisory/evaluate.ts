/** Whether a version is affected, by the evaluation algorithm of the OSV schema. */
import { compareSemver } from '../ecosystem/index.ts';
import type { Order } from '../ecosystem/index.ts';
import type { AffectedPackage, VersionEvent, VersionRange } from './advisory.ts';

export interface Hit {
  /** Why, in a few words: `1.2.3 is in >=1.0.0 <1.4.0`. */
  readonly because: string;
  /** Fixed versions above the one asked about, lowest first. */
  readonly fixedIn: readonly string[];
}

export interface VersionQuestion {
  /** As advisories of the ecosystem write it. */
  readonly version: string;
  /** As the component has it; versions named one by one may be spelt so. */
  readonly raw: string;
  /** The ecosystem's order; without it only named versions and semantic ranges can speak. */
  readonly compare?: (a: string, b: string) => Order;
}

export function evaluate(affected: AffectedPackage, question: VersionQuestion): Hit | undefined {
  const hits = affected.ranges.flatMap((range) => evaluateRange(range, question) ?? []);
  const isNamed = affected.versions.includes(question.version) || affected.versions.includes(question.raw);
  if (hits.length === 0 && !isNamed) return undefined;
  const compare = question.compare ?? compareSemver;
  const fixes =
    isNamed && hits.length === 0 ? fixesAbove(affected, question, compare) : hits.flatMap(({ fixedIn }) => fixedIn);
  return {
    because: hits[0]?.because ?? `${question.raw} is named as affected`,
    fixedIn: [...new Set(fixes)].sort(compare),
  };
}

function evaluateRange(range: VersionRange, question: VersionQuestion): Hit | undefined {
  const compare = question.compare ?? (range.kind === 'semver' ? compareSemver : undefined);
  if (compare === undefined || !isBelowLimit(range, question.version, compare)) return undefined;
  let start: VersionEvent | undefined;
  let end: VersionEvent | undefined;
  for (const event of sortEvents(range.events, compare)) {
    const order = compareBound(question.version, event, compare);
    if (event.kind === 'introduced' && order >= 0) [start, end] = [event, undefined];
    else if (start !== undefined && isEnd(event)) {
      if (isPast(event, order)) start = undefined;
      else end ??= event;
    }
  }
  if (start === undefined) return undefined;
  const fixedIn = end?.kind === 'fixed' ? [end.version] : [];
  return { because: `${question.raw} is in ${describe(start, end)}`, fixedIn };
}

function isEnd(event: VersionEvent): boolean {
  return event.kind === 'fixed' || event.kind === 'lastAffected';
}

function isPast(event: VersionEvent, order: Order): boolean {
  return event.kind === 'fixed' ? order >= 0 : order > 0;
}

/** At least one limit must be above; no limit at all is no limit. */
function isBelowLimit(range: VersionRange, version: string, compare: (a: string, b: string) => Order): boolean {
  const limits = range.events.filter(({ kind }) => kind === 'limit');
  return limits.length === 0 || limits.some((limit) => limit.version === '*' || compare(version, limit.version) < 0);
}

function compareBound(version: string, event: VersionEvent, compare: (a: string, b: string) => Order): Order {
  return event.kind === 'introduced' && event.version === '0' ? 1 : compare(version, event.version);
}

function sortEvents(
  events: readonly VersionEvent[],
  compare: (a: string, b: string) => Order,
): readonly VersionEvent[] {
  const isBottom = (event: VersionEvent) => event.kind === 'introduced' && event.version === '0';
  const rank = (event: VersionEvent) => (event.kind === 'introduced' ? 0 : 1);
  return events
    .filter(({ kind }) => kind !== 'limit')
    .sort((a, b) => {
      if (isBottom(a) || isBottom(b)) return Number(isBottom(b)) - Number(isBottom(a));
      return compare(a.version, b.version) || rank(a) - rank(b);
    });
}

function describe(start: VersionEvent, end: VersionEvent | undefined): string {
  const from = start.version === '0' ? 'all versions' : `>=${start.version}`;
  if (end === undefined) return `${from}, without end`;
  return `${from} ${end.kind === 'fixed' ? '<' : '<='}${end.version}`;
}

/** For a version only named one by one: the lowest fix above it. */
function fixesAbove(
  affected: AffectedPackage,
  question: VersionQuestion,
  compare: (a: string, b: string) => Order,
): readonly string[] {
  if (question.compare === undefined) return [];
  const above = affected.ranges
    .flatMap(({ events }) => events)
    .filter(({ kind, version }) => kind === 'fixed' && compare(question.version, version) < 0)
    .map(({ version }) => version);
  return above.sort(compare).slice(0, 1);
}
