/** The family of predicates, and the names under which commands and policies know them. */
import { AppError, parseJson } from '../../core/index.ts';
import { custom } from './custom.ts';
import { cyclonedx } from './cyclonedx.ts';
import { link } from './link.ts';
import { openvex } from './openvex.ts';
import { MAX_PREDICATE_BYTES } from './predicate.ts';
import type { Predicate, PredicateContext } from './predicate.ts';
import { slsaProvenance02 } from './slsa-provenance-02.ts';
import { slsaProvenance1 } from './slsa-provenance-1.ts';
import { spdx } from './spdx.ts';
import { vuln } from './vuln.ts';

export type { Predicate, PredicateContext } from './predicate.ts';

export const predicates: readonly Predicate[] = [
  spdx,
  cyclonedx,
  vuln,
  openvex,
  slsaProvenance1,
  slsaProvenance02,
  link,
  custom,
];

/** The URI of a short name (`spdxjson`), or the URI itself. Throws `usage` for a word that is neither. */
export function predicateTypeOf(nameOrUri: string): string {
  const known = predicates.find((entry) => entry.shortNames.includes(nameOrUri));
  if (known !== undefined) return known.type;
  if (/^[a-z][a-z0-9+.-]*:\S+$/i.test(nameOrUri)) return nameOrUri;
  const names = predicates.flatMap((entry) => entry.shortNames).join(', ');
  throw new AppError('usage', `predicate type: expected ${names} or a URI, found "${nameOrUri}"`);
}

/** The member whose kind this predicateType is. */
export function findPredicate(predicateType: string): Predicate | undefined {
  return predicates.find((entry) => entry.accepts(predicateType));
}

/** Whether a statement's type answers to a wanted one: the same URI, or the same kind in another version. */
export function isPredicateType(found: string, wanted: string): boolean {
  if (found === wanted) return true;
  const kind = predicates.find((entry) => entry.type === wanted);
  return kind !== undefined && kind.accepts(found);
}

/** What becomes of a file given as predicate of this type; JSON as it is for types that we do not know. */
export function predicateFromFile(predicateType: string, content: Uint8Array, context: PredicateContext): unknown {
  const known = findPredicate(predicateType);
  if (known !== undefined) return known.fromFile(content, context);
  return parseJson(content, { what: context.what, maxBytes: MAX_PREDICATE_BYTES });
}
