/** A scan's result as text, as SARIF 2.1.0, and as the predicate of cosign's `vuln` attestation. */
import { SEVERITIES, VERSION } from '../core/index.ts';
import type { Finding, Severity } from '../core/index.ts';
import type { ScanResult } from './scan.ts';

/** Names the scanner: the package URL of this program. */
const SCANNER_URI = `pkg:generic/plimsoll@${VERSION}`;
/** A store older than this is stale: distributions publish daily. */
const STALE_DAYS = 5;

export function formatScanTable(result: ScanResult): string {
  const open = result.findings.filter(({ suppressed }) => suppressed === undefined);
  const hidden = result.findings.length - open.length;
  const counts = [...SEVERITIES]
    .reverse()
    .flatMap((severity) => (result.counts[severity] > 0 ? [`${result.counts[severity]} ${severity}`] : []));
  const isJudged = result.unjudged.every(({ components }) => components === 0);
  const nothing = isJudged ? 'no known vulnerabilities' : 'no known vulnerabilities in what could be judged';
  const found =
    open.length === 0 ? nothing : `${open.length} ${open.length === 1 ? 'finding' : 'findings'}: ${counts.join(', ')}`;
  const lines = [
    `${result.subject.name}: ${result.components} components, ${found}${hidden > 0 ? `; ${hidden} hidden by VEX` : ''}`,
    ...(open.length === 0 ? [] : ['', ...formatRows(open)]),
    '',
    ...remarks(result),
  ];
  return lines.join('\n');
}

function formatRows(findings: readonly Finding[]): readonly string[] {
  const rows = [
    ['SEVERITY', 'ID', 'COMPONENT', 'VERSION', 'FIXED IN', 'SUMMARY'],
    ...findings.map((finding) => [
      finding.severity,
      finding.id,
      finding.component.name,
      versionOf(finding),
      finding.fixedIn.join(', ') || '-',
      finding.summary.slice(0, 60),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** With where it went, of what is in lower layers alone. */
function versionOf({ component: { version, deletedBy } }: Finding): string {
  return deletedBy === undefined ? version : `${version} gone in ${deletedBy}`;
}

/** What a reader must know before trusting the list: age of the data, what was not judged, what was not read. */
function remarks(result: ScanResult): readonly string[] {
  const { advisories, base } = result;
  const excluded = base?.name === undefined ? 'the base image' : `the base image ${base.name}`;
  const stale = advisories.ageDays > STALE_DAYS ? ', older than it should be: run `plimsoll db update`' : '';
  return [
    `advisories of ${advisories.updated.slice(0, 10)} (${advisories.ageDays} days old${stale})`,
    ...result.unjudged.map(({ reason, components }) => `not judged: ${components} components: ${reason}`),
    ...(base?.isExcluded === true ? [`not judged: what ${excluded} brought`] : []),
    ...result.skipped.map(({ path, reason }) => `not read: ${path}: ${reason}`),
  ];
}

/** SARIF levels; security-severity is what code hosts sort by. */
const LEVELS: Readonly<Record<Severity, { readonly level: string; readonly score: string }>> = {
  critical: { level: 'error', score: '9.5' },
  high: { level: 'error', score: '8.0' },
  medium: { level: 'warning', score: '5.5' },
  low: { level: 'note', score: '2.0' },
  negligible: { level: 'note', score: '0.5' },
  unknown: { level: 'warning', score: '5.0' },
};

export function toSarif(result: ScanResult): unknown {
  const rules = [...new Map(result.findings.map((finding) => [finding.id, toRule(finding)])).values()];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'plimsoll', version: VERSION, rules } },
        results: result.findings.map(toSarifResult),
        invocations: [{ executionSuccessful: true, startTimeUtc: result.startedOn, endTimeUtc: result.finishedOn }],
        properties: {
          subject: result.subject,
          base: result.base,
          advisories: result.advisories,
          unjudged: result.unjudged,
        },
      },
    ],
  };
}

function toRule(finding: Finding): unknown {
  return {
    id: finding.id,
    shortDescription: { text: finding.summary === '' ? finding.id : finding.summary },
    ...(finding.url === undefined ? {} : { helpUri: finding.url }),
    properties: {
      'security-severity': finding.score?.toFixed(1) ?? LEVELS[finding.severity].score,
      tags: ['security', 'vulnerability', finding.severity, ...finding.aliases],
    },
  };
}

function toSarifResult(finding: Finding): unknown {
  const { component } = finding;
  const fix = finding.fixedIn.length === 0 ? '' : `; fixed in ${finding.fixedIn.join(', ')}`;
  const paths = component.locations.length > 0 ? component.locations : [component.name];
  return {
    ruleId: finding.id,
    level: LEVELS[finding.severity].level,
    message: { text: `${component.name} ${versionOf(finding)}: ${finding.because}${fix}` },
    locations: paths.slice(0, 10).map((path) => ({
      physicalLocation: { artifactLocation: { uri: encodeURI(path) } },
      logicalLocations: [{ fullyQualifiedName: component.purl }],
    })),
    partialFingerprints: { 'plimsoll/v1': `${finding.id} ${component.purl}` },
    ...(finding.suppressed === undefined
      ? {}
      : {
          suppressions: [
            {
              kind: 'external',
              status: 'accepted',
              justification: `${finding.suppressed.status} ${finding.suppressed.justification ?? ''} (${finding.suppressed.source})`,
            },
          ],
        }),
  };
}

/**
 * cosign's vulnerability scan predicate v1. `scanner.result` is ours to shape: `summary` counts open findings by severity,
 * `findings` lists all, those hidden by VEX with `suppressed`, so that a policy can count either way.
 */
export function toVulnPredicate(result: ScanResult): unknown {
  return {
    invocation: { uri: '', event_id: '', 'builder.id': '' },
    scanner: {
      uri: SCANNER_URI,
      version: VERSION,
      db: { uri: 'https://osv.dev', version: result.advisories.version, lastUpdate: result.advisories.updated },
      result: {
        summary: result.counts,
        suppressed: result.findings.filter(({ suppressed }) => suppressed !== undefined).length,
        findings: result.findings,
        unjudged: result.unjudged,
        subject: result.subject,
        base: result.base,
      },
    },
    metadata: { scanStartedOn: result.startedOn, scanFinishedOn: result.finishedOn },
  };
}
