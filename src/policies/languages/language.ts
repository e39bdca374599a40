import type { Digest } from '../../core/index.ts';
import type { Policy } from '../policy.ts';

/** One parsed YAML or JSON document that may be a policy. */
export interface PolicyDocument {
  readonly value: Readonly<Record<string, unknown>>;
  /** For messages: file and, if there are several, the document's number. */
  readonly where: string;
  readonly version: Digest;
}

/**
 * A policy language. `compile` refuses with `invalid-input` whatever it does not understand, by name and place: a field that is
 * read past would be a rule that is not enforced.
 */
export interface PolicyLanguage {
  readonly name: string;
  /** Whether a document says that it is of this language. */
  accepts(document: PolicyDocument): boolean;
  compile(document: PolicyDocument): Policy;
}
