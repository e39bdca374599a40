/**
 * Components against the advisory store. OS packages are looked up by source package and source version as well as by their own name;
 * records of one alias class become one finding.
 */
import { pushAll, SEVERITIES } from '../../core/index.ts';
import type { Finding, Severity } from '../../core/index.ts';
import { evaluate } from '../advisory/index.ts';
import type { AdvisoryStore, Hit, PackageAdvisory, Rating, StoredAdvisory } from '../advisory/index.ts';
import { findEcosystem, findPurl } from '../ecosystem/index.ts';
import type { Ecosystem, Purl } from '../ecosystem/index.ts';
import type { Component, Sbom } from '../sbom/index.ts';

export interface MatchOptions {
  /** Prefixes of ids to show, best first: `CVE-`, `GHSA-`. Without any, the record's own id. */
  readonly preferIds?: readonly string[];
  /** Also what Debian marks as unimportant: flaws that do no harm in the packages as built. */
  readonly includeUnimportant?: boolean;
  readonly signal?: AbortSignal;
}

export interface MatchResult {
  /** Worst first, then by component and id. */
  readonly findings: readonly Finding[];
  /** Components that were compared with advisories. */
  readonly judged: number;
  /** Components of which nothing can be said, with the reason: they are not free of vulnerabilities. */
  readonly unjudged: readonly Unjudged[];
}

export interface Unjudged {
  readonly reason: string;
  readonly components: number;
}

export function matchSbom(sbom: Sbom, store: AdvisoryStore, options: MatchOptions = {}): MatchResult {
  const holds = rememberHeld(store);
  const unjudged = new Map<string, number>();
  const findings: Finding[] = [];
  let judged = 0;
  for (const component of sbom.components) {
    options.signal?.throwIfAborted();
    const lookup = planLookup(component, sbom, holds);
    if (typeof lookup === 'string') unjudged.set(lookup, (unjudged.get(lookup) ?? 0) + 1);
    else if (lookup !== undefined) {
      judged++;
      pushAll(findings, findAll(lookup, store, options));
    }
  }
  return {
    findings: findings.sort(compareFindings),
    judged,
    unjudged: [...unjudged]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([reason, components]) => ({ reason, components })),
  };
}

type Holds = (ecosystem: string) => boolean;

/** Asked once for each release, not for each component. */
function rememberHeld(store: AdvisoryStore): Holds {
  const known = new Map<string, boolean>();
  return (ecosystem) => {
    const answer = known.get(ecosystem) ?? store.holds(ecosystem);
    known.set(ecosystem, answer);
    return answer;
  };
}

interface Lookup {
  readonly component: Component;
  readonly purl: Purl;
  readonly version: string;
  readonly ecosystem: Ecosystem;
  /** Full OSV names. */
  readonly filedUnder: readonly string[];
}

/** A text is the reason why nothing can be said; undefined for what is judged elsewhere. */
function planLookup(component: Component, sbom: Sbom, holds: Holds): Lookup | string | undefined {
  const purl = findPurl(component.purl ?? '');
  if (purl === undefined) return component.kind === 'file' ? undefined : 'no package URL';
  const ecosystem = findEcosystem(purl.type);
  if (ecosystem === undefined) return `no matching rules for packages of type ${purl.type}`;
  const filedUnder = ecosystem.advisoryEcosystems(purl, sbom.distro);
  if (filedUnder.length === 0) return `no known release of ${purl.namespace ?? purl.type}`;
  if (isJudgedByOwner(component, sbom, holds)) return undefined;
  if (!filedUnder.some(holds)) return `no advisories for ${filedUnder[0]} in the store`;
  const version = versionOf(component, purl);
  if (version === '') return 'no version';
  return ecosystem.whyIncomparable?.(version) ?? { component, purl, version, ecosystem, filedUnder };
}

/** The package URL has the whole version; some tools split release and epoch from the version that they show. */
function versionOf(component: Component, purl: Purl): string {
  const version = purl.version ?? component.version;
  const epoch = purl.type === 'deb' || purl.type === 'rpm' ? (purl.qualifiers.get('epoch') ?? '0') : '0';
  return epoch === '0' || version.includes(':') ? version : `${epoch}:${version}`;
}

/** The distribution mends its own copies without changing the language's version, so its records alone count, if we have them. */
function isJudgedByOwner(component: Component, sbom: Sbom, holds: Holds): boolean {
  if (component.ownedBy === undefined) return false;
  const owner = findPurl(component.ownedBy);
  const filed = owner === undefined ? [] : (findEcosystem(owner.type)?.advisoryEcosystems(owner, sbom.distro) ?? []);
  return filed.some(holds);
}

function isOsPackage(ecosystem: Ecosystem): boolean {
  return ['deb', 'apk', 'rpm'].includes(ecosystem.purlType);
}

/** A record that hit, with the question that it answered. */
interface Match {
  readonly found: PackageAdvisory;
  readonly hit: Hit;
  readonly via: string | undefined;
}

function findAll(lookup: Lookup, store: AdvisoryStore, options: MatchOptions): readonly Finding[] {
  const classes = new Map<string, Match[]>();
  for (const match of findMatches(lookup, store, options)) {
    const key = classOf(match.found.advisory, store);
    const members = classes.get(key);
    if (members === undefined) classes.set(key, [match]);
    else members.push(match);
  }
  return [...classes.values()].map((matches) => toFinding(matches, lookup, { store, options }));
}

/**
 * Records with one key are one vulnerability. A record made from exactly one other (a distribution's record of a CVE) belongs to that one;
 * a notice that mends several at once stays by itself.
 */
function classOf(advisory: StoredAdvisory, store: AdvisoryStore): string {
  const [origin, ...more] = advisory.upstream;
  const names = [
    ...store.listAliases(advisory.id),
    ...(origin === undefined || more.length > 0 ? [] : store.listAliases(origin)),
  ];
  return names.reduce((first, name) => (name < first ? name : first));
}

function* findMatches(lookup: Lookup, store: AdvisoryStore, options: MatchOptions): Generator<Match> {
  const { component, ecosystem, purl } = lookup;
  const own = { name: ecosystem.packageName(purl), version: lookup.version, via: undefined };
  const source = component.source === undefined ? [] : [{ ...component.source, via: component.source.name }];
  const questions = [...(isOsPackage(ecosystem) ? source : []), own].filter(
    ({ name }, index, all) => all.findIndex((other) => other.name === name) === index,
  );
  for (const { name, version, via } of questions) {
    const asked = { raw: version, version: ecosystem.advisoryVersion(version), compare: ecosystem.compare };
    for (const filed of lookup.filedUnder) {
      for (const found of store.find(filed, ecosystem.normalizeName(name))) {
        if (found.affected.urgency === 'unimportant' && options.includeUnimportant !== true) continue;
        const hit = evaluate(found.affected, asked);
        if (hit !== undefined) yield { found, hit, via };
      }
    }
  }
}

interface Surroundings {
  readonly store: AdvisoryStore;
  readonly options: MatchOptions;
}

function toFinding(matches: readonly Match[], lookup: Lookup, { store, options }: Surroundings): Finding {
  const { component, ecosystem } = lookup;
  const names = allNames(matches, store);
  const best = pickRecord(matches, options.preferIds ?? []);
  const id = pickName(names, options.preferIds ?? []) ?? nameOf(best.found.advisory);
  const rating = rate(matches, names, store);
  const fixedIn = [...new Set(matches.flatMap(({ hit }) => hit.fixedIn))].sort(ecosystem.compare);
  const { url, summary } = best.found.advisory;
  return {
    id,
    aliases: names.filter((name) => name !== id).sort(compareNames),
    severity: rating.severity,
    ...(rating.score === undefined ? {} : { score: rating.score }),
    component: {
      name: component.name,
      version: component.version,
      purl: component.purl ?? '',
      locations: component.locations.map(({ path }) => path),
      ...(component.deletedBy === undefined ? {} : { deletedBy: component.deletedBy.index }),
    },
    fixState: fixedIn.length > 0 ? 'fixed' : 'not-fixed',
    fixedIn,
    summary:
      summary === ''
        ? (matches.find(({ found }) => found.advisory.summary !== '')?.found.advisory.summary ?? '')
        : summary,
    ...(url === undefined ? {} : { url }),
    because: explain(best, ecosystem),
  };
}

function explain(match: Match, ecosystem: Ecosystem): string {
  const via = match.via === undefined ? '' : ` (source package ${match.via})`;
  return `${match.hit.because}${via}, ${match.found.affected.ecosystem}, ${ecosystem.purlType} order, ${nameOf(match.found.advisory)}`;
}

/** Aliases both ways; what the records were derived from, one way. */
function allNames(matches: readonly Match[], store: AdvisoryStore): readonly string[] {
  const names = new Set<string>();
  for (const { found } of matches) {
    names.add(nameOf(found.advisory));
    for (const name of store.listAliases(found.advisory.id)) if (name !== found.advisory.id) names.add(name);
    // Upstream of several vulnerabilities at once (a distribution's notice) would join what is not one.
    for (const name of found.advisory.upstream) names.add(name);
  }
  return [...names];
}

function nameOf(advisory: StoredAdvisory): string {
  return advisory.shownAs ?? advisory.id;
}

function pickName(names: readonly string[], prefixes: readonly string[]): string | undefined {
  for (const prefix of prefixes) {
    const found = [...names].sort().find((name) => name.startsWith(prefix));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The source that knows the ecosystem best goes first: Go's own database before GitHub's. */
function pickRecord(matches: readonly Match[], prefixes: readonly string[]): Match {
  const rank = ({ found }: Match) => {
    const wished = prefixes.findIndex((prefix) => found.advisory.id.startsWith(prefix));
    if (wished >= 0) return wished - prefixes.length;
    return found.advisory.id.startsWith('GHSA-') ? 1 : 0;
  };
  const [first, ...rest] = matches;
  if (first === undefined) throw new Error('a finding needs a match');
  return rest.reduce((best, match) => (rank(match) < rank(best) ? match : best), first);
}

/** The worst that any record of the vulnerability says, whatever ecosystem it is filed under. */
function rate(matches: readonly Match[], names: readonly string[], store: AdvisoryStore): Rating {
  const ratings: Rating[] = matches.map(({ found }) => found.affected.rating ?? found.advisory.rating);
  if (ratings.every(({ severity }) => severity === 'unknown')) {
    const others = names.flatMap((name): StoredAdvisory | readonly StoredAdvisory[] => store.findById(name) ?? []);
    ratings.push(...others.map(({ rating }) => rating));
  }
  const severity = ratings.reduce<Severity>(
    (worst, rating) => (rankOf(rating.severity) > rankOf(worst) ? rating.severity : worst),
    'unknown',
  );
  const scores = ratings.flatMap(({ score }) => score ?? []);
  return { severity, ...(scores.length === 0 ? {} : { score: Math.max(...scores) }) };
}

function rankOf(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** CVE ids first, then by text. */
function compareNames(a: string, b: string): number {
  const isCve = (name: string) => Number(!name.startsWith('CVE-'));
  if (isCve(a) !== isCve(b)) return isCve(a) - isCve(b);
  return a < b ? -1 : 1;
}

function compareFindings(a: Finding, b: Finding): number {
  const bySeverity = rankOf(b.severity) - rankOf(a.severity);
  if (bySeverity !== 0) return bySeverity;
  const keyA = `${a.component.purl}\n${a.id}`;
  const keyB = `${b.component.purl}\n${b.id}`;
  if (keyA === keyB) return 0;
  return keyA < keyB ? -1 : 1;
}
