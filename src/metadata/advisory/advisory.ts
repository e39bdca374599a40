/** The one neutral model of a published advisory; sources read into it, all else knows only this. */
import type { Severity } from '../../core/index.ts';

export interface Advisory {
  readonly id: string;
  /** The id to show, where the source has no ids of its own and `id` is only our key. */
  readonly shownAs?: string;
  /** RFC 3339; absent where the source gives none or the zero time. */
  readonly modified?: string;
  readonly published?: string;
  /** Present when the advisory was taken back: it is kept, never reported. */
  readonly withdrawn?: string;
  readonly summary: string;
  /** Other names of the same vulnerability. */
  readonly aliases: readonly string[];
  /** Vulnerabilities that this record was derived from, one way: a distribution's record names the CVE. */
  readonly upstream: readonly string[];
  readonly rating: Rating;
  readonly url?: string;
  readonly affected: readonly AffectedPackage[];
}

/** How bad, as far as the source says. */
export interface Rating {
  readonly severity: Severity;
  /** CVSS base score, 0 to 10. */
  readonly score?: number;
}

export interface AffectedPackage {
  /** Full OSV name: `Debian:12`, `Go`. */
  readonly ecosystem: string;
  /** In the ecosystem's normal spelling. */
  readonly name: string;
  readonly ranges: readonly VersionRange[];
  /** Versions named one by one. */
  readonly versions: readonly string[];
  /** Excludes the advisory's own rating. */
  readonly rating?: Rating;
  /** Debian's word for how soon it must be mended; `unimportant` means that no harm can be done. */
  readonly urgency?: string;
}

export interface VersionRange {
  /** `semver` is compared as such, `ecosystem` in the ecosystem's own order. Commit ranges are not kept. */
  readonly kind: 'semver' | 'ecosystem';
  readonly events: readonly VersionEvent[];
}

export interface VersionEvent {
  readonly kind: 'introduced' | 'fixed' | 'lastAffected' | 'limit';
  /** `0` as introduced is below all versions; `*` as limit is above all. */
  readonly version: string;
}
