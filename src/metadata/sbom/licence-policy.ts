/**
 * Which licences a policy lets through. Expressions are those of SPDX 2.3 annex D: of an OR one side must be let through, of an AND both;
 * an exception after WITH gives more rights, so what lets the licence through lets it through with an exception too, and a denial that
 * names no exception holds unless the licence with its exception is allowed by name.
 */
import { AppError } from '../../core/index.ts';
import { isLicenceReference, parseLicence } from './licences.ts';
import type { LicenceTree } from './licences.ts';

/** Ids as in the SPDX list, `*` for any part of one; `unknown` for texts that are no expression, `none` for nothing at all. */
export interface LicencePolicy {
  /** Empty: all that is not denied. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

export type LicenceOutcome = 'allowed' | 'denied' | 'not-allowed';

export interface LicenceVerdict {
  readonly outcome: LicenceOutcome;
  /** Licences because of which it is so: those that stand in the way, else those that let it through. */
  readonly because: readonly string[];
}

/** What stands in the place of a licence. */
export type LicenceKind = 'listed' | 'reference' | 'unknown' | 'none';

/** Of all that a component says: each of them must be let through, as joined by AND. */
export function judgeLicences(licences: readonly string[], policy: LicencePolicy): LicenceVerdict {
  if (licences.length === 0) return judgeLeaf('none', policy);
  return licences.map((text) => judgeTree(parseLicence(text), text, policy)).reduce(joinAll);
}

/** Depth is bounded by the ceiling of an expression's length. */
function judgeTree(tree: LicenceTree | undefined, text: string, policy: LicencePolicy): LicenceVerdict {
  if (tree === undefined) return judgeLeaf('unknown', policy, text);
  if (!('conjunction' in tree)) return judgeId(tree, policy);
  const [left, right] = [judgeTree(tree.left, text, policy), judgeTree(tree.right, text, policy)];
  return tree.conjunction === 'and' ? joinAll(left, right) : joinAny(left, right);
}

function judgeId({ id, exception }: Extract<LicenceTree, { id: string }>, policy: LicencePolicy): LicenceVerdict {
  if (exception === undefined) return judgeLeaf(id, policy);
  const both = `${id} WITH ${exception}`;
  if (covers(policy.deny, both)) return { outcome: 'denied', because: [both] };
  if (covers(policy.allow, both)) return { outcome: 'allowed', because: [both] };
  return { ...judgeLeaf(id, policy), because: [both] };
}

function judgeLeaf(id: string, { allow, deny }: LicencePolicy, shown = id): LicenceVerdict {
  if (covers(deny, id) || covers(deny, shown)) return { outcome: 'denied', because: [shown] };
  // of a licence "or later" one may choose that one
  const isAllowed = allow.length === 0 || covers(allow, id) || covers(allow, id.replace(/\+$/, ''));
  return { outcome: isAllowed ? 'allowed' : 'not-allowed', because: [shown] };
}

const RANK: readonly LicenceOutcome[] = ['denied', 'not-allowed', 'allowed'];

/** The worse of the two; both where they are alike. */
function joinAll(left: LicenceVerdict, right: LicenceVerdict): LicenceVerdict {
  return join(left, right, (a, b) => a < b);
}

function joinAny(left: LicenceVerdict, right: LicenceVerdict): LicenceVerdict {
  // one side that is let through is enough to tell
  if (left.outcome === 'allowed') return left;
  return join(left, right, (a, b) => a > b);
}

function join(a: LicenceVerdict, b: LicenceVerdict, wins: (a: number, b: number) => boolean): LicenceVerdict {
  if (a.outcome === b.outcome) return { outcome: a.outcome, because: [...new Set([...a.because, ...b.because])] };
  return wins(RANK.indexOf(a.outcome), RANK.indexOf(b.outcome)) ? a : b;
}

function covers(patterns: readonly string[], id: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern.toLowerCase(), id.toLowerCase()));
}

/** `*` for any part. Texts and patterns are short: the parts are looked for one after the other. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const [first = ''] = parts;
  const last = parts.at(-1) ?? '';
  if (parts.length === 1) return text === pattern;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

/** Throws `usage` for what can never match: an id that SPDX does not know, an exception of the same kind. */
export function checkLicencePattern(text: string, where: string): string {
  const isWord = text === 'unknown' || text === 'none';
  if (isWord || text.includes('*') || isLicenceReference(text)) return text;
  const tree = parseLicence(text);
  if (tree === undefined || 'conjunction' in tree) {
    const expected = 'expected an id of the SPDX list, LicenseRef-ID, a pattern with *, unknown or none';
    throw new AppError('usage', `${where}: ${expected}, found "${text}"`);
  }
  return tree.exception === undefined ? tree.id : `${tree.id} WITH ${tree.exception}`;
}

export function kindOfLicences(licences: readonly string[]): LicenceKind {
  if (licences.length === 0) return 'none';
  const trees = licences.map(parseLicence);
  if (trees.includes(undefined)) return 'unknown';
  return trees.some((tree) => tree !== undefined && idsOf(tree).some(isLicenceReference)) ? 'reference' : 'listed';
}

function idsOf(tree: LicenceTree): readonly string[] {
  return 'conjunction' in tree ? [...idsOf(tree.left), ...idsOf(tree.right)] : [tree.id];
}
