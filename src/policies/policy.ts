/**
 * What every policy language compiles into: which images it speaks of, which authorities satisfy it, and what each of them
 * requires. Plain data and pure functions; no network, no trust.
 */
import type { Digest, IdentityRule, Reference, VerifiedAttestation } from '../core/index.ts';

/** The image under judgement and the object that wants to run it. */
export interface PolicySubject {
  readonly reference: Reference;
  /** The image's name as the object spells it. */
  readonly asWritten: string;
  readonly digest: Digest;
  readonly object: SubjectObject;
}

export interface SubjectObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Policy {
  readonly name: string;
  readonly mode: 'enforce' | 'warn';
  /** sha256 of the document's bytes, for caches and audit. */
  readonly version: Digest;
  appliesTo(image: Pick<PolicySubject, 'reference' | 'asWritten' | 'object'>): boolean;
  /** One of them suffices. Never empty. */
  readonly authorities: readonly Authority[];
}

export type Authority = StaticAuthority | SigningAuthority;

export interface StaticAuthority {
  readonly kind: 'static';
  readonly name: string;
  readonly action: 'pass' | 'fail';
  readonly message?: string;
}

export interface SigningAuthority {
  readonly kind: 'signer';
  readonly name: string;
  readonly signer: RequiredSigner;
  /** All of them are needed. When empty, an image signature is. */
  readonly attestations: readonly AttestationRule[];
}

/** Who must have signed. */
export type RequiredSigner = { readonly kind: 'key'; readonly key: PublicKeyRef } | KeylessSigner;

/** Somebody with a certificate of one of these identities, its signature in a transparency log. */
export interface KeylessSigner {
  readonly kind: 'keyless';
  /** Digest of the definition; evidence names by it for whom it was gathered. */
  readonly id: Digest;
  readonly identities: readonly IdentityRule[];
  /** Hosts of the CA and of the log, of which a trusted root may have several. */
  readonly authority: string | undefined;
  readonly log: string | undefined;
  /** PEM of CAs in place of those of the trusted root. */
  readonly roots: string | undefined;
  readonly unsafeIgnoreScts: boolean;
}

export interface PublicKeyRef {
  /** sha256 of the SPKI DER; evidence names its signer by it. */
  readonly keyId: Digest;
  readonly pem: string;
}

export interface AttestationRule {
  readonly name: string;
  readonly predicateType: string;
  /** Absent: that a verified statement exists is enough. */
  readonly condition?: Condition;
}

/** `at` is the time of judgement. */
export type Condition = (attestation: VerifiedAttestation, at: Date) => ConditionResult;

export type ConditionResult =
  | { readonly kind: 'holds' }
  | { readonly kind: 'fails'; readonly expected: string }
  | { readonly kind: 'error'; readonly message: string };

/** What evidence must be gathered before policies can be judged. */
export type Requirement =
  | { readonly kind: 'signature'; readonly signer: RequiredSigner }
  | { readonly kind: 'attestation'; readonly signer: RequiredSigner; readonly predicateType: string };

/** The same for signers that are the same. */
export function signerId(signer: RequiredSigner): Digest {
  return signer.kind === 'key' ? signer.key.keyId : signer.id;
}

/** Without repetition, in the order of first need. */
export function listRequirements(policies: readonly Policy[]): readonly Requirement[] {
  const found = new Map<string, Requirement>();
  for (const authority of policies.flatMap((policy) => policy.authorities)) {
    for (const requirement of requirementsOf(authority)) {
      const type = requirement.kind === 'attestation' ? requirement.predicateType : '';
      found.set(`${requirement.kind} ${signerId(requirement.signer)} ${type}`, requirement);
    }
  }
  return [...found.values()];
}

function requirementsOf(authority: Authority): readonly Requirement[] {
  if (authority.kind === 'static') return [];
  const { signer, attestations } = authority;
  if (attestations.length === 0) return [{ kind: 'signature', signer }];
  return attestations.map((rule) => ({
    kind: 'attestation',
    signer,
    predicateType: rule.predicateType,
  }));
}
