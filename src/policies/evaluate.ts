/** Judgement: policies x evidence -> verdict. AND across policies, OR across authorities, AND across an authority's attestations. */
import { combineVerdicts, digestOf, formatRule } from '../core/index.ts';
import type { Evidence, Outcome, Reason, Signer, Verdict, VerifiedAttestation } from '../core/index.ts';
import type { AttestationRule, Authority, Policy, PolicySubject, RequiredSigner, SigningAuthority } from './policy.ts';

export interface Case {
  readonly subject: PolicySubject;
  /** All that verified for the subject's digest; evidence about another digest is never counted. */
  readonly evidence: readonly Evidence[];
  /** Why candidates did not verify; repeated in a denial. */
  readonly rejected: readonly Reason[];
  readonly at: Date;
  /** What an image gets that no policy speaks of. */
  readonly noMatch: 'deny' | 'warn' | 'allow';
}

/** Reasons of a rejected candidate that a denial repeats; an image may carry very many. */
const MAX_REPEATED_REJECTIONS = 20;

/** Judges every policy that applies to the subject. */
export function evaluate(policies: readonly Policy[], matter: Case): Verdict {
  const applying = policies.filter((policy) => policy.appliesTo(matter.subject));
  if (applying.length === 0) return noMatchVerdict(matter.subject.asWritten, matter.noMatch);
  return combineVerdicts(applying.map((policy) => evaluatePolicy(policy, matter)));
}

/** What an image gets that no policy speaks of. */
export function noMatchVerdict(asWritten: string, outcome: Outcome): Verdict {
  const reason: Reason = {
    code: 'no-matching-policy',
    message: 'no policy speaks of this image',
    subject: asWritten,
    fix: 'add a ClusterImagePolicy whose images match it',
  };
  return { outcome, reasons: [reason] };
}

function evaluatePolicy(policy: Policy, matter: Case): Verdict {
  const results = policy.authorities.map((authority) => evaluateAuthority(policy, authority, matter));
  const passed = results.find((result) => result.isSatisfied);
  if (passed !== undefined) return { outcome: 'allow', reasons: passed.reasons };
  const reasons = results.flatMap((result) => result.reasons);
  const usesSigners = policy.authorities.some((authority) => authority.kind === 'signer');
  const repeated = usesSigners
    ? matter.rejected.slice(0, MAX_REPEATED_REJECTIONS).map((reason) => ({ ...reason, rule: policy.name }))
    : [];
  return { outcome: policy.mode === 'warn' ? 'warn' : 'deny', reasons: [...reasons, ...repeated] };
}

interface AuthorityResult {
  readonly isSatisfied: boolean;
  readonly reasons: readonly Reason[];
}

function evaluateAuthority(policy: Policy, authority: Authority, matter: Case): AuthorityResult {
  const rule = `${policy.name}/${authority.name}`;
  const subject = matter.subject.asWritten;
  if (authority.kind === 'static') {
    const isSatisfied = authority.action === 'pass';
    const message = authority.message ?? `the policy ${isSatisfied ? 'lets' : 'does not let'} this image run`;
    return { isSatisfied, reasons: [{ code: isSatisfied ? 'static-pass' : 'static-fail', message, rule, subject }] };
  }
  if (authority.attestations.length === 0) return evaluateSignature(authority, matter, { rule, subject });
  const results = authority.attestations.map((needed) =>
    evaluateAttestation(authority, needed, matter, { rule, subject }),
  );
  return {
    isSatisfied: results.every((result) => result.isSatisfied),
    reasons: results.flatMap((result) => result.reasons),
  };
}

interface Place {
  readonly rule: string;
  readonly subject: string;
}

function evaluateSignature(authority: SigningAuthority, matter: Case, place: Place): AuthorityResult {
  const signature = ownEvidence(authority, matter).find((item) => item.kind === 'signature');
  if (signature !== undefined) {
    const message = `signed by ${nameOf(signature.signer)}, found by ${signature.storage}`;
    return { isSatisfied: true, reasons: [{ code: 'signature-verified', message, ...place }] };
  }
  const reason: Reason = {
    code: 'no-matching-signature',
    message: 'no signature of this image verifies for the authority',
    ...place,
    expected: `a signature of ${matter.subject.digest} by ${describe(authority.signer)}`,
    found: summarise(matter),
    fix: 'sign this digest as that signer, or deploy the digest that was signed',
  };
  return { isSatisfied: false, reasons: [reason] };
}

function evaluateAttestation(
  authority: SigningAuthority,
  needed: AttestationRule,
  matter: Case,
  place: Place,
): AuthorityResult {
  const ofType = ownEvidence(authority, matter).filter(
    (item): item is VerifiedAttestation => item.kind === 'attestation' && item.predicateType === needed.predicateType,
  );
  if (ofType.length === 0)
    return { isSatisfied: false, reasons: [missingAttestation(authority, needed, matter, place)] };
  const failures: Reason[] = [];
  // The same statement pushed many times over is judged once: conditions may be slow.
  for (const attestation of new Map(ofType.map((item) => [digestOf(item.payload), item])).values()) {
    const failure = conditionFailure(needed, attestation, matter.at, place);
    if (failure === undefined) {
      const message = `${needed.name}: attestation ${needed.predicateType} by ${nameOf(attestation.signer)} holds`;
      return { isSatisfied: true, reasons: [{ code: 'attestation-verified', message, ...place }] };
    }
    failures.push(failure);
  }
  return { isSatisfied: false, reasons: failures };
}

function missingAttestation(authority: SigningAuthority, needed: AttestationRule, matter: Case, place: Place): Reason {
  return {
    code: 'no-matching-attestation',
    message: `${needed.name}: no attestation of this type verifies for the authority`,
    ...place,
    expected: `${needed.predicateType} about ${matter.subject.digest} by ${describe(authority.signer)}`,
    found: summarise(matter),
    fix: `attest this digest: plimsoll attest --type ${needed.predicateType} --predicate FILE${authority.signer.kind === 'key' ? ' --key KEY' : ''} IMAGE`,
  };
}

function conditionFailure(
  needed: AttestationRule,
  attestation: VerifiedAttestation,
  at: Date,
  place: Place,
): Reason | undefined {
  const result = needed.condition?.(attestation, at) ?? { kind: 'holds' as const };
  const found = `attestation ${attestation.source}`;
  switch (result.kind) {
    case 'holds':
      return undefined;
    case 'fails':
      return {
        code: 'condition-failed',
        message: `${needed.name}: the attestation does not meet the condition`,
        ...place,
        expected: result.expected,
        found,
      };
    case 'error':
      return {
        code: 'condition-error',
        message: `${needed.name}: the condition could not be evaluated: ${result.message}`,
        ...place,
        found,
      };
  }
}

/** Evidence by this authority's signer about exactly this digest. */
function ownEvidence({ signer }: SigningAuthority, matter: Case): readonly Evidence[] {
  return matter.evidence.filter(
    (item) =>
      item.artifact === matter.subject.digest &&
      (signer.kind === 'key'
        ? item.signer.kind === 'key' && item.signer.keyId === signer.key.keyId
        : item.signer.kind === 'certificate' && item.demand === signer.id),
  );
}

function nameOf(signer: Signer): string {
  return signer.kind === 'key' ? `key ${shortKey(signer.keyId)}` : signer.subject;
}

function describe(signer: RequiredSigner): string {
  if (signer.kind === 'key') return `key ${shortKey(signer.key.keyId)}`;
  const names = signer.identities.map((rule) => `${formatRule(rule.subject)} by ${formatRule(rule.issuer)}`);
  return names.join(' or ');
}

function shortKey(keyId: string): string {
  return keyId.slice(0, 'sha256:'.length + 12);
}

function summarise(matter: Case): string {
  if (matter.evidence.length === 0 && matter.rejected.length === 0) return 'nothing signed or attested for this digest';
  const kinds = matter.evidence.map((item) => (item.kind === 'signature' ? 'a signature' : item.predicateType));
  const verified = kinds.length === 0 ? 'nothing that verifies' : [...new Set(kinds)].join(', ');
  return matter.rejected.length === 0 ? verified : `${verified}; ${matter.rejected.length} rejected`;
}
