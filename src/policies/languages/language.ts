import type { Digest } from '../../core/index.ts';
import type { Policy } from '../policy.ts';
import type { Need, PolicyResources } from '../resources.ts';

/** One parsed YAML or JSON document that may be a policy. */
export interface PolicyDocument {
  readonly value: Readonly<Record<string, unknown>>;
  /** For messages: file and, if there are several, the document's number. */
  readonly where: string;
  readonly version: Digest;
}

/** A policy that was read whole and found valid, and is not compiled yet. */
export interface PolicyPlan {
  readonly name: string;
  readonly where: string;
  readonly needs: readonly Need[];
  /** Throws `invalid-input` by what stands in it and cannot be used, whatever it needs besides. */
  check(): void;
  /** Throws `invalid-input` when a need was not met, or by something that cannot be used. */
  compile(resources: PolicyResources): Policy;
}

/**
 * A policy language. `read` refuses with `invalid-input` whatever it does not understand, by name and place: a field that is
 * read past would be a rule that is not enforced.
 */
export interface PolicyLanguage {
  readonly name: string;
  /** Whether a document says that it is of this language. */
  accepts(document: PolicyDocument): boolean;
  read(document: PolicyDocument): PolicyPlan;
}
