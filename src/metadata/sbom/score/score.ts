/** Points of a document by a profile: 10 times the share of what satisfies each criterion, weighted; what does not apply counts for nothing. */
import type { Criterion, Group, Profile, Subject } from './criterion.ts';

export interface CriterionScore {
  readonly id: string;
  readonly group: string;
  readonly wants: string;
  readonly fix: string;
  readonly required: boolean;
  /** What satisfies it, and of how many; of documents 0 or 1 of 1. No one to ask: 0 of 0. */
  readonly passed: number;
  readonly total: number;
  /** 0 to 10; undefined where it does not apply. */
  readonly points?: number;
  /** What the profile's points would grow by if nothing lacked it. */
  readonly gain: number;
  /** Ids of components that lack it, the first of them. */
  readonly lacking: readonly string[];
}

export interface ProfileScore {
  readonly profile: string;
  readonly name: string;
  readonly source: string;
  /** 0 to 10, two decimals. */
  readonly points: number;
  readonly grade: Grade;
  /** All that the profile requires is there; undefined where it requires nothing. */
  readonly conforms?: boolean;
  readonly criteria: readonly CriterionScore[];
}

export type Grade = 'A' | 'B' | 'C' | 'D' | 'F';

const GRADES: readonly (readonly [Grade, number])[] = [
  ['A', 9],
  ['B', 8],
  ['C', 7],
  ['D', 5],
];
/** Named of each criterion. */
const MAX_LACKING = 20;

export function scoreByProfile(subject: Subject, profile: Profile): ProfileScore {
  const judged = profile.groups.map((group) => ({
    group,
    criteria: group.criteria.map((one) => judge(one, group, subject)),
  }));
  const weightIn = ({ criteria }: Group, scores: readonly Judged[]) =>
    criteria.reduce((sum, { weight }, index) => sum + (scores[index]?.points === undefined ? 0 : weight), 0);
  const applicable = judged.filter(({ group, criteria }) => weightIn(group, criteria) > 0);
  const whole = applicable.reduce((sum, { group }) => sum + group.weight, 0);
  /** What one criterion may bring to the points of the profile, from 0 to 1. */
  const partOf = (group: Group, scores: readonly Judged[], { weight }: Judged) =>
    whole === 0 || weight === 0 ? 0 : ((group.weight / whole) * weight) / weightIn(group, scores);
  const criteria = judged.flatMap(({ group, criteria: scores }) =>
    scores.map(({ weight, ...score }) => {
      const part = score.points === undefined ? 0 : partOf(group, scores, { weight, ...score });
      return { part, score: { ...score, gain: round(part * (10 - (score.points ?? 10))) } };
    }),
  );
  const required = criteria.filter(({ score }) => score.required);
  const points = round(criteria.reduce((sum, { part, score }) => sum + part * (score.points ?? 0), 0));
  return {
    profile: profile.id,
    name: profile.name,
    source: profile.source,
    points,
    grade: GRADES.find(([, least]) => points >= least)?.[0] ?? 'F',
    ...(required.length === 0 ? {} : { conforms: required.every(({ score }) => score.passed === score.total) }),
    criteria: criteria.map(({ score }) => score),
  };
}

type Judged = Omit<CriterionScore, 'gain'> & { readonly weight: number };

function judge(criterion: Criterion, group: Group, subject: Subject): Judged {
  const verdicts =
    criterion.of === 'document'
      ? [{ id: '', verdict: criterion.judge(subject) }]
      : subject.components.map((component) => ({ id: component.id, verdict: criterion.judge(component, subject) }));
  const asked = verdicts.filter(({ verdict }) => verdict !== undefined);
  const lacking = asked.filter(({ verdict }) => verdict === false).map(({ id }) => id);
  const passed = asked.length - lacking.length;
  return {
    id: criterion.id,
    group: group.name,
    wants: criterion.wants,
    fix: criterion.fix,
    weight: criterion.weight,
    required: criterion.required === true,
    passed,
    total: asked.length,
    ...(asked.length === 0 ? {} : { points: round((10 * passed) / asked.length) }),
    lacking: criterion.of === 'document' ? [] : lacking.slice(0, MAX_LACKING),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
