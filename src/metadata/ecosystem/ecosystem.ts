/** One kind of package: how its names are spelt, how its versions are ordered, and where advisories file it. */
import type { Purl } from './purl.ts';

export type Order = -1 | 0 | 1;

/** The distribution that an OS package was made for. */
export interface Distro {
  /** `ID` of os-release: `debian`, `alpine`. */
  readonly id: string;
  /** `VERSION_ID`; absent for rolling ones such as Debian sid. */
  readonly versionId?: string;
  /** `VERSION_CODENAME`. */
  readonly codename?: string;
  readonly prettyName?: string;
  readonly idLike?: readonly string[];
  /** Whether it takes updates beyond the end of support, as Ubuntu's ESM. */
  readonly isExtended?: true;
}

/**
 * Contract: `compare` is a total order (antisymmetric, transitive) and never throws, whatever the text;
 * `normalizeName` is idempotent; `advisoryEcosystems` never gives a release that is not the package's own.
 */
export interface Ecosystem {
  /** Type of its package URLs. */
  readonly purlType: string;
  /** Bases of the OSV ecosystem names it serves: `Debian`, `Ubuntu`. */
  readonly osvNames: readonly string[];
  readonly compare: (a: string, b: string) => Order;
  /** The spelling under which advisories are filed. */
  readonly normalizeName: (name: string) => string;
  /** The name as the OSV schema spells it: `@scope/name`, `github.com/x/y`. */
  packageName(purl: Purl): string;
  /** Full OSV ecosystem names whose records apply, most specific first. Empty when the release is unknown. */
  advisoryEcosystems(purl: Purl, distro?: Distro): readonly string[];
  /** The version as advisories write it. */
  advisoryVersion(version: string): string;
  /** Whether this version can be compared with advisories at all; a reason when not. */
  whyIncomparable?(version: string): string | undefined;
}
