/**
 * Certification paths (RFC 5280 6.1), narrowed to what Sigstore trusts: a leaf directly under a known list of CA certificates.
 *
 * The list is given, issuer first and anchor last, so nothing is searched. All certificates must be valid at the one time asked about,
 * the anchor too. Not implemented: revocation, name and policy constraints (such certificates are refused where they are read).
 */
import { isSignedBy } from './algorithms.ts';
import { isEqualBytes } from './bytes.ts';
import type { Certificate } from './certificate.ts';

export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
export const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const ANY_PURPOSE = '2.5.29.37.0';

/** A leaf, some intermediates, a root. */
export const MAX_CHAIN = 8;

/** CA certificates, issuer first; signatures among them are verified once, when first asked about. */
export interface CaChain {
  readonly certificates: readonly Certificate[];
  /** Whether the first of them signed this certificate; remembered for the certificates of timestamp authorities. */
  hasIssued(leaf: Certificate): boolean;
  /** What makes the list itself unusable for this purpose, whatever the time. */
  findFault(purpose: string): string | undefined;
}

export function createCaChain(certificates: readonly Certificate[]): CaChain {
  const known = new Map<string, string | undefined>();
  const issued = new WeakMap<Certificate, boolean>();
  const [issuer] = certificates;
  return {
    certificates,
    hasIssued(leaf) {
      const answer = issued.get(leaf) ?? (issuer !== undefined && isIssuedBy(leaf, issuer));
      issued.set(leaf, answer);
      return answer;
    },
    findFault(purpose) {
      if (!known.has(purpose)) known.set(purpose, findCaFault(certificates, purpose));
      return known.get(purpose);
    },
  };
}

function findCaFault(certificates: readonly Certificate[], purpose: string): string | undefined {
  if (certificates.length === 0 || certificates.length > MAX_CHAIN) return `it has ${certificates.length} certificates`;
  for (const [index, certificate] of certificates.entries()) {
    const { isCa, pathLength, keyUsage, extendedKeyUsage } = certificate.extensions;
    if (!isCa) return 'one of its certificates is not a CA';
    if (keyUsage?.keyCertSign === false) return 'one of its certificates must not sign certificates';
    // The number of CA certificates between this one and the leaf (RFC 5280 4.2.1.9).
    if (pathLength !== undefined && index > pathLength) return 'it is longer than one of its certificates allows';
    const purposes = extendedKeyUsage?.purposes;
    if (purposes !== undefined && !purposes.includes(purpose) && !purposes.includes(ANY_PURPOSE)) {
      return 'one of its certificates is for another purpose';
    }
    const issuer = certificates[index + 1];
    if (issuer !== undefined && !isIssuedBy(certificate, issuer))
      return 'one of its certificates is not issued by the next';
  }
  return undefined;
}

function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  const { algorithm, tbs: content, signature } = certificate;
  return (
    isEqualBytes(certificate.issuer, issuer.subject) && isSignedBy(issuer.publicKey, algorithm, { content, signature })
  );
}

/** Whether the certificate is valid at this time, in milliseconds; both ends belong to it. */
function isValidAt(certificate: Certificate, at: number): boolean {
  return certificate.notBefore <= at && at <= certificate.notAfter;
}

export type ChainFault =
  | 'issuer-unknown'
  | 'ca-unusable'
  | 'ca-not-valid-at-time'
  | 'certificate-not-valid-at-time'
  | 'certificate-is-ca'
  | 'certificate-purpose';

/**
 * Why the leaf is not certified by the CA at one of these times; undefined when it is at all of them.
 * `purpose` is the extended key usage that leaf and CA must allow.
 */
export function findChainFault(
  leaf: Certificate,
  ca: CaChain,
  check: { readonly times: readonly number[]; readonly purpose: string },
): ChainFault | undefined {
  if (!ca.hasIssued(leaf)) return 'issuer-unknown';
  if (ca.findFault(check.purpose) !== undefined) return 'ca-unusable';
  const { isCa, keyUsage, extendedKeyUsage } = leaf.extensions;
  if (isCa || keyUsage?.keyCertSign === true) return 'certificate-is-ca';
  if (extendedKeyUsage?.purposes.includes(check.purpose) !== true || keyUsage?.digitalSignature === false) {
    return 'certificate-purpose';
  }
  for (const at of check.times) {
    if (!isValidAt(leaf, at)) return 'certificate-not-valid-at-time';
    if (!ca.certificates.every((certificate) => isValidAt(certificate, at))) return 'ca-not-valid-at-time';
  }
  return undefined;
}
