/** The evidence graph: who holds what, who runs it, what was decided. Facts go in, nodes come out. */
import type { Digest, Finding, Outcome, Reason } from '../core/index.ts';

/** A document about an artifact, verified before it comes here. */
export interface DocumentFact {
  readonly digest: Digest;
  readonly artifact: Digest;
  readonly predicateType: string;
  /** Who vouches for it: a key id, or `issuer subject`. */
  readonly signer: string;
  readonly receivedAt: Date;
}

/** A component of an artifact, with the package names under which advisories may speak of it. */
export interface ComponentFact {
  readonly purl: string;
  readonly name: string;
  readonly version: string;
  readonly lookups: readonly PackageName[];
  /** What matching needs to judge it again, as JSON; equal records are one component. */
  readonly record: unknown;
}

export interface PackageName {
  readonly ecosystem: string;
  readonly name: string;
}

export interface WorkloadFact {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly seenAt: Date;
  /** All places of the object that hold an image; what ran at another place runs no more. */
  readonly places: readonly string[];
  /** What is known to run, by place; places without one keep what was known. */
  readonly images: readonly WorkloadImage[];
}

export interface WorkloadImage {
  readonly artifact: Digest;
  /** As the object spells it. */
  readonly image: string;
  /** JSON pointer into the object. */
  readonly place: string;
}

export interface VerdictFact {
  readonly at: Date;
  readonly uid: string;
  /** `namespace/Kind/name`. */
  readonly workload: string;
  readonly image: string;
  readonly artifact?: Digest;
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
}

export interface ComponentNode {
  readonly purl: string;
  readonly name: string;
  readonly version: string;
  readonly record: unknown;
  readonly artifacts: readonly Digest[];
}

export interface WorkloadNode {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
  readonly artifact: Digest;
}

export interface GraphStatus {
  readonly artifacts: number;
  readonly documents: number;
  readonly components: number;
  readonly workloads: number;
  readonly verdicts: number;
  readonly findings: number;
}

export interface Graph {
  /** Everything that `work` writes, in one transaction: all of it or, when it throws, nothing. */
  batch(work: () => void): void;
  addReference(artifact: Digest, name: string, at: Date): void;
  /** Idempotent by the document's digest. */
  addDocument(document: DocumentFact, components: readonly ComponentFact[]): void;
  /** One document may be about several artifacts, and is known of each for itself. */
  hasDocument(digest: Digest, artifact: Digest): boolean;
  /** Adds to and corrects what the workload was known to run. */
  setWorkload(workload: WorkloadFact): void;
  removeWorkload(kind: string, namespace: string, name: string): void;
  addVerdict(verdict: VerdictFact): void;
  /** Replaces the artifact's findings. */
  setFindings(artifact: Digest, findings: readonly Finding[], at: Date): void;
  findComponents(name: PackageName): readonly ComponentNode[];
  listReferences(artifact: Digest): readonly string[];
  listWorkloads(artifact: Digest): readonly WorkloadNode[];
  /** The newest first, at most `limit`. */
  listVerdicts(limit: number): readonly VerdictFact[];
  listFindings(artifact: Digest): readonly Finding[];
  status(): GraphStatus;
  close(): void;
}
