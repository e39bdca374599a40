/** The certificate of a signature: its chain at every trusted time, the logs that publish it, and whom it is about. */
import type { IdentityRule } from '../../core/index.ts';
import { formatRule } from '../../core/index.ts';
import { CODE_SIGNING, findChainFault, verifyScts } from '../crypto/index.ts';
import type { Certificate, ChainFault, Sct } from '../crypto/index.ts';
import type { CertificateAuthority, TrustedRoot } from '../roots/trusted-root.ts';
import { findIdentity, identitiesOf } from './identity.ts';
import type { CertificateIdentity } from './identity.ts';
import { messageOf } from './reasons.ts';
import type { Reasons } from './reasons.ts';

/**
 * The identity of the rules that the certificate is about, if a trusted authority issued it at all: so much costs little, and the rest
 * of a stranger's signature is not worth looking at. Names that nobody trusted certified are not read: patterns may take as long over
 * them as an attacker likes.
 */
export function examineSigner(
  certificate: Certificate,
  check: { readonly trustedRoot: TrustedRoot; readonly identities: readonly IdentityRule[] },
  reasons: Reasons,
): CertificateIdentity | undefined {
  if (check.trustedRoot.authorities.some(({ ca }) => ca.hasIssued(certificate))) {
    return examineIdentity(certificate, check.identities, reasons);
  }
  reasons.add('certificate', 'issuer-unknown', { message: CHAIN_MESSAGES['issuer-unknown'] });
  return undefined;
}

export interface CertificateCheck {
  readonly trustedRoot: TrustedRoot;
  /** Milliseconds since 1970: CA and certificate must be valid at each. */
  readonly times: readonly number[];
  /** How many certificate-transparency logs must vouch. */
  readonly scts: number;
  /** One that came beside the certificate. */
  readonly detachedSct?: Sct | undefined;
}

/** Whatever is wrong with the certificate is added to the reasons. */
export function examineCertificate(certificate: Certificate, check: CertificateCheck, reasons: Reasons): void {
  const { authority, fault } = findAuthority(certificate, check);
  if (fault !== undefined) {
    const valid = `${formatTime(certificate.notBefore)} to ${formatTime(certificate.notAfter)}`;
    const facts = { expected: valid, found: check.times.map(formatTime).join(', ') };
    const isAboutTime = fault.endsWith('-at-time');
    reasons.add('certificate', fault, { message: CHAIN_MESSAGES[fault], ...(isAboutTime ? facts : {}) });
  }
  if (authority !== undefined && check.scts > 0) examineScts(certificate, { authority, check }, reasons);
}

type AuthorityFault = ChainFault | 'authority-not-valid-at-time';

const CHAIN_MESSAGES: Readonly<Record<AuthorityFault, string>> = {
  'issuer-unknown': 'the certificate is not by a trusted authority',
  'ca-unusable': 'the chain of the authority cannot be used for signing certificates',
  'ca-not-valid-at-time': 'a certificate of the authority was not valid when it was signed',
  'certificate-not-valid-at-time': 'the certificate was not valid when it was signed',
  'certificate-is-ca': 'the certificate is one of an authority, not of a signer',
  'certificate-purpose': 'the certificate is not for signing code',
  'authority-not-valid-at-time': 'the authority was not trusted when it was signed',
};

/** The authority that issued the certificate; its fault is told before that of those which did not. */
function findAuthority(
  certificate: Certificate,
  check: CertificateCheck,
): { readonly authority: CertificateAuthority | undefined; readonly fault: AuthorityFault | undefined } {
  let best: { authority: CertificateAuthority | undefined; fault: AuthorityFault } = {
    authority: undefined,
    fault: 'issuer-unknown',
  };
  for (const authority of check.trustedRoot.authorities) {
    const fault = faultOf(certificate, authority, check.times);
    if (fault === undefined) return { authority, fault };
    if (fault !== 'issuer-unknown') best = { authority, fault };
  }
  return best;
}

function faultOf(
  certificate: Certificate,
  authority: CertificateAuthority,
  times: readonly number[],
): AuthorityFault | undefined {
  const fault = findChainFault(certificate, authority.ca, { times, purpose: CODE_SIGNING });
  if (fault !== undefined) return fault;
  return times.every((at) => authority.isValidAt(at)) ? undefined : 'authority-not-valid-at-time';
}

const SCT_MESSAGES = {
  'sct-missing': 'the certificate carries no proof of publication (SCT)',
  'sct-log-unknown': 'an SCT is by no trusted certificate-transparency log',
  'sct-log-not-valid-at-time': 'an SCT is from a time at which its log was not trusted',
  'sct-mismatch': 'an SCT is not signed by the log that it names',
} as const;

function examineScts(
  certificate: Certificate,
  by: { readonly authority: CertificateAuthority; readonly check: CertificateCheck },
  reasons: Reasons,
): void {
  const { scts, trustedRoot, detachedSct: detached } = by.check;
  const [issuer] = by.authority.ca.certificates;
  if (issuer === undefined) return;
  try {
    const { logs, faults } = verifyScts(certificate, issuer, { logs: trustedRoot.ctLogs, detached });
    if (logs.length >= scts) return;
    for (const fault of faults) reasons.add('certificate', fault, { message: SCT_MESSAGES[fault] });
    const message = 'too few trusted logs published the certificate';
    reasons.add('certificate', 'sct-threshold', { message, expected: String(scts), found: String(logs.length) });
  } catch (error) {
    reasons.add('certificate', 'sct-malformed', { message: messageOf(error) });
  }
}

function examineIdentity(
  certificate: Certificate,
  rules: readonly IdentityRule[],
  reasons: Reasons,
): CertificateIdentity | undefined {
  for (const rule of rules) {
    const found = findIdentity(certificate, rule);
    if (found !== undefined) return found;
  }
  const found = identitiesOf(certificate).map(({ issuer, subject }) => `${subject} by ${issuer}`);
  reasons.add('certificate', 'identity-mismatch', {
    message: 'the certificate is about another identity',
    expected: rules.map(({ issuer, subject }) => `${formatRule(subject)} by ${formatRule(issuer)}`).join(' or '),
    found: found.length === 0 ? 'no identity' : found.join(', '),
  });
  return undefined;
}

function formatTime(at: number): string {
  return new Date(at).toISOString();
}
