import type { Decoder } from '../../core/index.ts';
import { parseJson, record } from '../../core/index.ts';

/**
 * One predicate type. The contract over all members: unknown fields are kept (newer minor versions add fields and stay
 * readable), a wrong type is refused with its path, and what `fromFile` makes passes `decode`.
 */
export interface Predicate {
  /** Names of `--type`, the first one preferred. */
  readonly shortNames: readonly string[];
  /** The URI that is written. */
  readonly type: string;
  /** Whether a statement's predicateType is of this kind: older and newer spellings too. */
  readonly accepts: (predicateType: string) => boolean;
  /** Checks the fields that policies read and gives the value as it was. Throws `invalid-input` naming the path. */
  readonly decode: Decoder<unknown>;
  /** What becomes of a file given as predicate. */
  readonly fromFile: (content: Uint8Array, context: PredicateContext) => unknown;
}

export interface PredicateContext {
  /** Names the file in errors. */
  readonly what: string;
  readonly at: Date;
}

/** A decoder that checks and then gives the original, so that unknown fields are kept. */
export function keeping(check: Decoder<unknown>): Decoder<Readonly<Record<string, unknown>>> {
  return (value, path) => {
    check(value, path);
    return record(value, path);
  };
}

/** SBOMs and scan reports grow large; this is cosign's ceiling of an attachment. */
export const MAX_PREDICATE_BYTES = 96 * 1024 * 1024;

/** `fromFile` of predicates that are JSON documents of their own. */
export function jsonFromFile(decode: Decoder<unknown>): Predicate['fromFile'] {
  return (content, context) =>
    decode(parseJson(content, { what: context.what, maxBytes: MAX_PREDICATE_BYTES }), context.what);
}

/** Accepts the type itself and the type with a version suffix: `https://cyclonedx.org/bom/v1.4`. */
export function withVersions(type: string): Predicate['accepts'] {
  return (found) =>
    found === type || (found.startsWith(`${type}/v`) && /^\d+(?:\.\d+)*$/.test(found.slice(type.length + 2)));
}
