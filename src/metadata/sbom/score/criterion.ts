/** A criterion of a profile: what it wants, how it is judged, what it weighs, what would fix it. */
import { findPurl } from '../../ecosystem/index.ts';
import { isListedExpression } from '../licences.ts';
import { isEmail, isUrl } from './facts/facts.ts';
import type { Checksum, ComponentFacts, Licence, Party, SbomFacts } from './facts/facts.ts';

interface CriterionBase {
  /** Stable within the profile. */
  readonly id: string;
  /** What there should be. */
  readonly wants: string;
  /** What to do where it is not. */
  readonly fix: string;
  /** Beside the others of its group; one of weight 0 is told and counts for nothing. */
  readonly weight: number;
  /** Without it the document does not conform. */
  readonly required?: true | undefined;
}

/** Judges give undefined where the criterion does not apply: it then counts neither way. */
export type Criterion = CriterionBase &
  (
    | { readonly of: 'document'; judge(facts: Subject): boolean | undefined }
    | { readonly of: 'component'; judge(component: ComponentFacts, facts: Subject): boolean | undefined }
  );

/** What is judged: what the document says, and what is known of it from elsewhere. */
export interface Subject extends SbomFacts {
  /** By the official schema; undefined where that was not asked. */
  readonly isValid?: boolean;
  /** References in it lead somewhere. */
  readonly isClosed: boolean;
}

export interface Group {
  readonly name: string;
  readonly weight: number;
  readonly criteria: readonly Criterion[];
}

export interface Profile {
  /** As given to `--profile`. */
  readonly id: string;
  readonly name: string;
  /** Version and date of the text that it follows. */
  readonly source: string;
  readonly groups: readonly Group[];
}

/** Whether one can write to them. */
export function isReachable(parties: readonly Party[]): boolean {
  return parties.some(({ emails, urls }) => emails.some(isEmail) || urls.some(isUrl));
}

export function isNamed(parties: readonly Party[]): boolean {
  return parties.some(({ name, emails, urls }) => name !== undefined || emails.length + urls.length > 0);
}

/** RFC 3339 with its time zone. */
export function isTimestamp(text: string | undefined): boolean {
  return (
    text !== undefined &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) &&
    !Number.isNaN(Date.parse(text))
  );
}

const STRONG = new Set([
  'sha256',
  'sha384',
  'sha512',
  'sha3-256',
  'sha3-384',
  'sha3-512',
  'blake2b-256',
  'blake2b-384',
  'blake2b-512',
  'blake3',
]);

export const isStrong = ({ algorithm }: Checksum): boolean => STRONG.has(algorithm);
export const isSha512 = ({ algorithm, value }: Checksum): boolean =>
  algorithm === 'sha512' && /^[0-9a-f]{128}$/i.test(value);

export const hasPurl = ({ purls }: ComponentFacts): boolean => purls.some((text) => findPurl(text) !== undefined);
export const hasCpe = ({ cpes }: ComponentFacts): boolean => cpes.some((text) => /^cpe:(?:2\.3:|\/)[aho]/.test(text));

/** A package URL, a CPE or another id that says the same everywhere. */
export function hasUniqueId(component: ComponentFacts): boolean {
  return hasPurl(component) || hasCpe(component) || component.otherIds.length > 0;
}

/** At least one, and all of them listed ids, own references, or expressions of these. */
export function areListed(licences: readonly Licence[]): boolean {
  return licences.length > 0 && licences.every(({ text }) => isListedExpression(text));
}

export const isAcknowledged = (kind: Licence['acknowledgement']) => (licence: Licence) =>
  licence.acknowledgement === kind;

/** Has a place in the graph: says what it needs, or something needs it. A document about one thing needs none. */
export function isRelated(component: ComponentFacts, facts: SbomFacts): boolean {
  if (component.dependsOn !== undefined && component.dependsOn.length > 0) return true;
  if (component.dependsOn !== undefined && !component.isPrimary) return true;
  if (facts.components.length === 1) return component.isPrimary;
  return targetsOf(facts).has(component.id);
}

const TARGETS = new WeakMap<SbomFacts, ReadonlySet<string>>();

/** Everything that something depends on; worked out once for all components. */
function targetsOf(facts: SbomFacts): ReadonlySet<string> {
  const known = TARGETS.get(facts) ?? new Set(facts.components.flatMap(({ dependsOn = [] }) => dependsOn));
  TARGETS.set(facts, known);
  return known;
}
