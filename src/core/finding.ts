export type Severity = 'unknown' | 'negligible' | 'low' | 'medium' | 'high' | 'critical';

export const SEVERITIES: readonly Severity[] = ['unknown', 'negligible', 'low', 'medium', 'high', 'critical'];

/** Whether and where a flaw is mended. */
export type FixState = 'fixed' | 'not-fixed' | 'wont-fix' | 'unknown';

/** A component x an advisory, after matching. */
export interface Finding {
  /** The advisory's own id, as in its source. */
  readonly id: string;
  /** All other names of the same vulnerability, CVE ids first. */
  readonly aliases: readonly string[];
  readonly severity: Severity;
  /** CVSS base score, 0 to 10, if the advisory has one. */
  readonly score?: number;
  readonly component: FindingComponent;
  readonly fixState: FixState;
  /** Versions that mend it, in the ecosystem's order. */
  readonly fixedIn: readonly string[];
  readonly summary: string;
  readonly url?: string;
  /** Why it matched, in one line: the range, the order used, the source package. */
  readonly because: string;
  /** Set when a VEX statement hides it. */
  readonly suppressed?: Suppression;
}

export interface FindingComponent {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly locations: readonly string[];
  /** Number of the layer that took it away: it is in the image, and not there where that runs. */
  readonly deletedBy?: number;
}

export interface Suppression {
  readonly by: 'vex';
  readonly status: 'not_affected' | 'fixed';
  readonly justification?: string;
  readonly source: string;
}
