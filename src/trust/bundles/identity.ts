/** Whom a certificate is about: the issuer of the identity, its subject, and Fulcio's claims. */
import { isMatch } from '../../core/index.ts';
import type { IdentityRule } from '../../core/index.ts';
import type { Certificate } from '../crypto/index.ts';

/** What the CA vouched for. */
export interface CertificateIdentity {
  readonly issuer: string;
  readonly subject: string;
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
