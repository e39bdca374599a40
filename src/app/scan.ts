/** Findings for an image, a folder, an SBOM or a single package, with VEX applied. */
import { AppError, parseJson, SEVERITIES } from '../core/index.ts';
import type { Finding, Ports, Severity } from '../core/index.ts';
import type { AdvisoryStore } from '../metadata/advisory/index.ts';
import { findEcosystem, formatPurl, parsePurl } from '../metadata/ecosystem/index.ts';
import { applyVex, matchSbom, readVex } from '../metadata/match/index.ts';
import type { MatchResult, Unjudged, VexStatement } from '../metadata/match/index.ts';
import type { Sbom } from '../metadata/sbom/index.ts';
import { getAdvisories } from './advisories.ts';
import { refuseLayerOptions } from './layer-options.ts';
import { openSbom, refuseCatalogers } from './sbom.ts';
import type { SbomOptions } from './sbom.ts';

export interface ScanOptions extends SbomOptions {
  /** Paths of OpenVEX documents. */
  readonly vex?: readonly string[];
  /** VEX documents already at hand, parsed, with where they come from. */
  readonly vexDocuments?: readonly { readonly document: unknown; readonly source: string }[];
  /** Leaves out what has no fix. */
  readonly onlyFixed?: boolean;
  /** Prefixes of ids to show, best first: `CVE-`. */
  readonly preferIds?: readonly string[];
  readonly includeUnimportant?: boolean;
}

export interface ScanResult {
  readonly subject: Sbom['subject'];
  readonly components: number;
  /** Worst first; those hidden by VEX are among them, with `suppressed`. */
  readonly findings: readonly Finding[];
  /** Open findings by severity. */
  readonly counts: Readonly<Record<Severity, number>>;
  /** Components of which nothing can be said. */
  readonly unjudged: readonly Unjudged[];
  /** Files that were not read. */
  readonly skipped: Sbom['skipped'];
  /** With whether what it brought was left out, and so not judged. */
  readonly base?: Sbom['base'];
  readonly advisories: AdvisoryFacts;
  /** RFC 3339. */
  readonly startedOn: string;
  readonly finishedOn: string;
}

export interface AdvisoryFacts {
  /** Digest over all records. */
  readonly version: string;
  /** When the store was last filled. */
  readonly updated: string;
  /** Whole days since then. */
  readonly ageDays: number;
}

/**
 * SOURCE is what `sbom` takes, or `sbom:FILE`, or a package URL. Throws `not-found` without advisories: an empty store
 * never means that there are no vulnerabilities.
 */
export async function scanSource(ports: Ports, source: string, options: ScanOptions = {}): Promise<ScanResult> {
  using store = await getAdvisories(ports);
  return await scanWith(ports, await sbomOf(ports, source, options), { store, options });
}

export async function scanSbom(ports: Ports, sbom: Sbom, options: ScanOptions = {}): Promise<ScanResult> {
  using store = await getAdvisories(ports);
  return await scanWith(ports, sbom, { store, options });
}

async function sbomOf(ports: Ports, source: string, options: ScanOptions): Promise<Sbom> {
  if (!source.startsWith('pkg:')) return await openSbom(ports, source, options);
  refuseLayerOptions(options, source);
  refuseCatalogers(options, source);
  return sbomOfPurl(source);
}

/** A bill of one package. Throws `invalid-input` for a package URL without version or of a type without rules. */
function sbomOfPurl(text: string): Sbom {
  const purl = parsePurl(text);
  const ecosystem = findEcosystem(purl.type);
  if (ecosystem === undefined)
    throw new AppError('invalid-input', `${text}: no matching rules for packages of type ${purl.type}`);
  if (purl.version === undefined) throw new AppError('invalid-input', `${text}: expected a version`);
  const id = formatPurl(purl);
  const upstream = purl.qualifiers.get('upstream')?.split('@');
  const source = upstream?.[0] === undefined ? undefined : { name: upstream[0], version: upstream[1] ?? purl.version };
  return {
    subject: { kind: 'unknown', name: id },
    components: [
      {
        id,
        kind: 'library',
        name: ecosystem.packageName(purl),
        version: purl.version,
        purl: id,
        licences: [],
        locations: [],
        hashes: [],
        scope: 'runtime',
        properties: {},
        ...(source === undefined ? {} : { source }),
      },
    ],
    dependencies: [],
    skipped: [],
    tool: { name: 'plimsoll', version: '' },
    created: '',
  };
}

interface With {
  readonly store: AdvisoryStore;
  readonly options: ScanOptions;
}

async function scanWith(ports: Ports, sbom: Sbom, { store, options }: With): Promise<ScanResult> {
  const started = ports.clock();
  const statements = await readStatements(ports, options);
  const matched = matchSbom(sbom, store, {
    ...(options.preferIds === undefined ? {} : { preferIds: options.preferIds }),
    ...(options.includeUnimportant === undefined ? {} : { includeUnimportant: options.includeUnimportant }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  requireJudged(matched);
  const fixable = matched.findings.filter(({ fixState }) => options.onlyFixed !== true || fixState === 'fixed');
  const findings = applyVex(fixable, statements, sbom);
  const status = store.status();
  const updated = status.updated ?? '';
  return {
    subject: sbom.subject,
    components: sbom.components.length,
    findings,
    counts: countBySeverity(findings),
    unjudged: matched.unjudged,
    skipped: sbom.skipped,
    ...(sbom.base === undefined ? {} : { base: sbom.base }),
    advisories: {
      version: status.version,
      updated,
      ageDays: Math.max(0, Math.floor((started.getTime() - Date.parse(updated)) / 86_400_000)) || 0,
    },
    startedOn: started.toISOString(),
    finishedOn: ports.clock().toISOString(),
  };
}

/** Nothing found where nothing was compared would read as a clean bill. */
function requireJudged(matched: MatchResult): void {
  const missing = matched.unjudged.filter(({ reason }) => reason.startsWith('no advisories for'));
  if (matched.judged > 0 || missing.length === 0) return;
  const reasons = missing.map(({ reason, components }) => `${reason} (${components} components)`).join(', ');
  throw new AppError('not-found', `no component could be judged: ${reasons}`, {
    hint: 'run `plimsoll db update --ecosystem NAME`, or `plimsoll db import PATH`',
  });
}

async function readStatements(ports: Ports, options: ScanOptions): Promise<readonly VexStatement[]> {
  const statements = (options.vexDocuments ?? []).flatMap(({ document, source }) => readVex(document, source));
  for (const path of options.vex ?? []) {
    statements.push(...readVex(parseJson(await ports.files.read(path), { what: path }), path));
  }
  return statements;
}

/** Of what is not suppressed. */
function countBySeverity(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const counts: Record<Severity, number> = { unknown: 0, negligible: 0, low: 0, medium: 0, high: 0, critical: 0 };
  for (const { severity, suppressed } of findings) if (suppressed === undefined) counts[severity]++;
  return counts;
}

/** Whether any open finding is at least this bad. An unknown severity is never below the threshold: nobody said that it is harmless. */
export function reachesThreshold(result: ScanResult, threshold: Severity): boolean {
  const from = SEVERITIES.indexOf(threshold);
  return SEVERITIES.some((severity, rank) => (rank >= from || severity === 'unknown') && result.counts[severity] > 0);
}
