/**
 * Records of the OSV schema 1.x, as OSV.dev, GitHub and the ecosystems' own databases publish them.
 * Not kept: ranges of commits (GIT), credits, details beyond the summary, symbol lists.
 */
import { arrayOf, isRecord, object, optional, record, SEVERITIES, string } from '../../../core/index.ts';
import type { Severity } from '../../../core/index.ts';
import { findOsvEcosystem } from '../../ecosystem/index.ts';
import type { Advisory, AffectedPackage, Rating, VersionEvent, VersionRange } from '../advisory.ts';
import { findBaseScore, severityOfScore } from '../cvss.ts';
import type { AdvisorySource } from './source.ts';

export const osv: AdvisorySource = {
  id: 'osv',
  recognizes: (document) =>
    isRecord(document) &&
    typeof document.id === 'string' &&
    (Array.isArray(document.affected) || 'withdrawn' in document),
  read: (document, what) => {
    const raw = decodeRecord(document, what);
    return isNotice(raw) ? [] : [toAdvisory(raw)];
  },
};

const decodeSeverity = optional(arrayOf(object({ type: string, score: string })));
const decodeAffected = object({
  package: optional(object({ ecosystem: string, name: string })),
  severity: decodeSeverity,
  ranges: optional(
    arrayOf(object({ type: string, events: optional(arrayOf(record)), database_specific: optional(record) })),
  ),
  versions: optional(arrayOf(string)),
  ecosystem_specific: optional(record),
  database_specific: optional(record),
});
type RawAffected = ReturnType<typeof decodeAffected>;
const decodeRecord = object({
  id: string,
  modified: optional(string),
  published: optional(string),
  withdrawn: optional(string),
  summary: optional(string),
  details: optional(string),
  aliases: optional(arrayOf(string)),
  upstream: optional(arrayOf(string)),
  related: optional(arrayOf(string)),
  severity: decodeSeverity,
  affected: optional(arrayOf(decodeAffected)),
  references: optional(arrayOf(object({ type: optional(string), url: string }))),
  database_specific: optional(record),
});
type RawRecord = ReturnType<typeof decodeRecord>;

/** AlmaLinux's notices of bugs and enhancements are among its records; a few of them mend vulnerabilities, too. */
function isNotice({ id, related = [] }: RawRecord): boolean {
  return /^AL[BE]A-/.test(id) && related.length === 0;
}

/** A summary made from the details ends after this many characters. */
const MAX_SUMMARY = 300;

function toAdvisory(raw: RawRecord): Advisory {
  const url = urlOf(raw);
  return {
    id: raw.id,
    ...time('modified', raw.modified),
    ...time('published', raw.published),
    ...time('withdrawn', raw.withdrawn),
    summary: raw.summary ?? (raw.details ?? '').split('\n', 1)[0]?.slice(0, MAX_SUMMARY) ?? '',
    aliases: raw.aliases ?? [],
    // AlmaLinux calls so what its notices mend
    upstream: raw.upstream ?? (/^AL[SBE]A-/.test(raw.id) ? (raw.related ?? []) : []),
    rating: rate(raw.severity, raw.database_specific) ?? { severity: severityOfTitle(raw.summary) ?? 'unknown' },
    ...(url === undefined ? {} : { url }),
    affected: joinPackages((raw.affected ?? []).flatMap(toAffected)),
  };
}

/** Some packs carry the zero time, filled in only when published: it says nothing. Of YAML a null is text, too. */
function time<K extends string>(name: K, value: string | undefined): Partial<Record<K, string>> {
  return /^(?!0001)\d{4}-/.test(value ?? '') ? ({ [name]: value } as Partial<Record<K, string>>) : {};
}

function urlOf(raw: RawRecord): string | undefined {
  const own = raw.database_specific?.url;
  if (typeof own === 'string') return own;
  const advisory = raw.references?.find((reference) => reference.type === 'ADVISORY');
  return (advisory ?? raw.references?.[0])?.url;
}

function toAffected(raw: RawAffected): readonly AffectedPackage[] {
  if (raw.package === undefined) return [];
  const { ecosystem, name } = raw.package;
  const rating = rate(raw.severity, raw.ecosystem_specific) ?? rate(undefined, raw.database_specific);
  const urgency = raw.ecosystem_specific?.urgency;
  return [
    {
      ecosystem,
      name: findOsvEcosystem(ecosystem)?.normalizeName(name) ?? name,
      ranges: (raw.ranges ?? []).flatMap(({ type, events, database_specific }) =>
        toRange(type, events ?? [], database_specific),
      ),
      versions: raw.versions ?? [],
      ...(rating === undefined ? {} : { rating }),
      ...(typeof urgency === 'string' ? { urgency } : {}),
    },
  ];
}

const EVENT_KINDS: ReadonlyMap<string, VersionEvent['kind']> = new Map([
  ['introduced', 'introduced'],
  ['fixed', 'fixed'],
  ['last_affected', 'lastAffected'],
  ['limit', 'limit'],
]);

function toRange(
  type: string,
  raw: readonly Readonly<Record<string, unknown>>[],
  specific: Readonly<Record<string, unknown>> | undefined,
): readonly VersionRange[] {
  if (type !== 'SEMVER' && type !== 'ECOSYSTEM') return [];
  const events = raw.flatMap((event) =>
    Object.entries(event).flatMap(([key, version]): VersionEvent[] => {
      const kind = EVENT_KINDS.get(key);
      return kind === undefined || typeof version !== 'string' ? [] : [{ kind, version }];
    }),
  );
  return [{ kind: type === 'SEMVER' ? 'semver' : 'ecosystem', events: [...events, ...lastKnown(events, specific)] }];
}

/** GitHub writes an end that has no fix as `last_known_affected_version_range`: `<= 1.2.3` or `< 2.0`. */
function lastKnown(
  events: readonly VersionEvent[],
  specific: Readonly<Record<string, unknown>> | undefined,
): readonly VersionEvent[] {
  const text = specific?.last_known_affected_version_range;
  if (typeof text !== 'string' || events.some(({ kind }) => kind !== 'introduced')) return [];
  const match = /^(<=?)\s*(\S+)$/.exec(text);
  if (match?.[2] === undefined) return [];
  return [{ kind: match[1] === '<=' ? 'lastAffected' : 'fixed', version: match[2] }];
}

/** The worst of the CVSS scores; a word of the database where no score can be computed. */
function rate(
  severity: readonly { readonly type: string; readonly score: string }[] | undefined,
  specific: Readonly<Record<string, unknown>> | undefined,
): Rating | undefined {
  const scores = (severity ?? []).flatMap(({ score }) => findBaseScore(score) ?? []);
  const word =
    severityOfWord(specific?.severity) ?? severityOfWord(severity?.find(({ type }) => type === 'Ubuntu')?.score);
  const score = scores.length === 0 ? undefined : Math.max(...scores);
  if (word !== undefined) return { severity: word, ...(score === undefined ? {} : { score }) };
  return score === undefined ? undefined : { severity: severityOfScore(score), score };
}

const WORDS: ReadonlyMap<string, Severity> = new Map<string, Severity>([
  ...SEVERITIES.map((severity): [string, Severity] => [severity, severity]),
  ['moderate', 'medium'],
  ['important', 'high'],
]);

function severityOfWord(word: unknown): Severity | undefined {
  return typeof word === 'string' ? WORDS.get(word.toLowerCase()) : undefined;
}

/** The first word of a title of Red Hat's and of those who build its packages anew: `Important: openssl security update`. */
function severityOfTitle(title: string | undefined): Severity | undefined {
  return severityOfWord(/^(Low|Moderate|Important|Critical): /.exec(title ?? '')?.[1]);
}

/** Several entries may name one package: any of them counts, so they become one with all ranges. */
function joinPackages(list: readonly AffectedPackage[]): readonly AffectedPackage[] {
  const groups = Map.groupBy(list, ({ ecosystem, name }) => `${ecosystem}\n${name}`);
  return [...groups.values()].map((group) => ({
    ...group.reduceRight((others, entry) => ({ ...others, ...entry })),
    ranges: group.flatMap(({ ranges }) => ranges),
    versions: [...new Set(group.flatMap(({ versions }) => versions))],
  }));
}
