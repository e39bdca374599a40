/** Whom somebody must be: issuer and subject of a certificate identity, exactly or by anchored patterns. */
import { runForOwnTime } from './bounded.ts';
import { AppError } from './errors.ts';

/** Text to be equal, or a regular expression that must match from the first character to the last. */
export type TextRule =
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'pattern'; readonly pattern: RegExp }
  /** Also none at all: for authorities of one's own, whose certificates name no issuer. */
  | { readonly kind: 'unsafe-any' };

export interface IdentityRule {
  readonly issuer: TextRule;
  readonly subject: TextRule;
  /** Fulcio's claims by number (1.3.6.1.4.1.57264.1.N) that must have exactly these values. */
  readonly claims?: Readonly<Record<number, string>>;
}

/** Longer texts are no names; patterns may take long over them. */
const MAX_NAME_CHARACTERS = 4096;
/** Milliseconds of a processor for one match: whoever signs chooses the name, and some patterns take for ever over some names. */
const MAX_MATCH_MILLISECONDS = 200;
/** Longer patterns are programs. */
const MAX_PATTERN_CHARACTERS = 4096;

export function exactly(text: string): TextRule {
  if (text === '') throw new AppError('usage', 'identity: expected text to compare with, found ""');
  return { kind: 'exact', text };
}

/** Throws `usage` for a pattern that does not compile or is empty. The anchors are ours, so a prefix never passes for the whole. */
export function parsePattern(source: string, what: string): TextRule {
  if (source === '' || source.length > MAX_PATTERN_CHARACTERS) {
    throw new AppError('usage', `${what}: expected a pattern of 1 to ${MAX_PATTERN_CHARACTERS} characters`);
  }
  try {
    const { pattern, flags } = fromGoPattern(source);
    // First alone: parentheses that close ours would otherwise slip past the anchors.
    void new RegExp(pattern, flags);
    return { kind: 'pattern', pattern: new RegExp(`^(?:${pattern})$`, flags) };
  } catch (cause) {
    throw new AppError('usage', `${what}: expected a regular expression, found "${source}"`, { cause });
  }
}

/** A class, an escaped sign, or the beginning of a named group as Go has it. */
const GO_PARTS = /\[(?:\\.|[^\]\\])*\]|\\(?<sign>.)|\(\?P</gs;
/** What JavaScript lets be escaped: letters and digits mean something, the others need it. */
const ESCAPED_HERE = /[A-Za-z0-9\s^$\\.*+?()[\]{}|/]/;

/** Patterns of the field are written for Go: any sign may be escaped, `(?i)` may stand in front. What else differs does not compile. */
function fromGoPattern(source: string): { readonly pattern: string; readonly flags: string } {
  const [whole, flags = ''] = /^\(\?([is]+)\)/.exec(source) ?? [''];
  const pattern = source.slice(whole.length).replaceAll(GO_PARTS, (part: string, sign: string | undefined) => {
    if (sign !== undefined) return ESCAPED_HERE.test(sign) ? part : sign;
    if (part === '(?P<') return '(?<';
    return part.replaceAll(/\\(.)/gs, (pair, inner: string) =>
      inner === '-' || ESCAPED_HERE.test(inner) ? pair : inner,
    );
  });
  return { pattern, flags: `u${[...new Set(flags)].join('')}` };
}

export function formatRule(rule: TextRule): string {
  if (rule.kind === 'unsafe-any') return 'anybody';
  return rule.kind === 'exact' ? rule.text : `/${rule.pattern.source}/`;
}

/** Whether the rule takes this text, which a pattern does not that cannot say so in time; none takes an absent one but `unsafe-any`. */
export function isMatch(rule: TextRule, text: string): boolean {
  if (rule.kind === 'unsafe-any') return true;
  if (text === '' || text.length > MAX_NAME_CHARACTERS) return false;
  if (rule.kind === 'exact') return rule.text === text;
  const matched = runForOwnTime(() => rule.pattern.test(text), MAX_MATCH_MILLISECONDS);
  return matched.kind === 'done' && matched.value;
}
