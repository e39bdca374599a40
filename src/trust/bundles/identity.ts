/** Whom a certificate must be about: the issuer of the identity and its subject, exactly or by anchored patterns, and Fulcio's claims. */
import { AppError } from '../../core/index.ts';
import type { Certificate } from '../crypto/index.ts';

/** Text to be equal, or a regular expression that must match from the first character to the last. */
export type TextRule =
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'pattern'; readonly pattern: RegExp };

export interface IdentityRule {
  readonly issuer: TextRule;
  readonly subject: TextRule;
  /** Fulcio's claims by number (1.3.6.1.4.1.57264.1.N) that must have exactly these values. */
  readonly claims?: Readonly<Record<number, string>>;
}

/** What the CA vouched for. */
export interface CertificateIdentity {
  readonly issuer: string;
  readonly subject: string;
}

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
    // First alone: parentheses that close ours would otherwise slip past the anchors.
    void new RegExp(source, 'u');
    return { kind: 'pattern', pattern: new RegExp(`^(?:${source})$`, 'u') };
  } catch (cause) {
    throw new AppError('usage', `${what}: expected a regular expression, found "${source}"`, { cause });
  }
}

export function formatRule(rule: TextRule): string {
  return rule.kind === 'exact' ? rule.text : `/${rule.pattern.source}/`;
}

/** Claim 8 is the newer encoding of claim 1. */
const ISSUER = 8;
const OLD_ISSUER = 1;

/** Issuer and names as the certificate has them. */
export function identitiesOf(certificate: Certificate): readonly CertificateIdentity[] {
  const { claims, names } = certificate.extensions;
  const issuer = claims.get(ISSUER) ?? claims.get(OLD_ISSUER) ?? '';
  return names.map(({ value }) => ({ issuer, subject: value }));
}

/** The identity by which the certificate satisfies the rule. */
export function findIdentity(certificate: Certificate, rule: IdentityRule): CertificateIdentity | undefined {
  const { claims } = certificate.extensions;
  const hasClaims = Object.entries(rule.claims ?? {}).every(([number, text]) => claims.get(Number(number)) === text);
  if (!hasClaims) return undefined;
  return identitiesOf(certificate).find(
    ({ issuer, subject }) => isMatch(rule.issuer, issuer) && isMatch(rule.subject, subject),
  );
}

function isMatch(rule: TextRule, text: string): boolean {
  if (text === '') return false;
  return rule.kind === 'exact' ? rule.text === text : rule.pattern.test(text);
}
