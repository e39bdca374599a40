/**
 * What every policy language compiles into: which images it speaks of, which authorities satisfy it, and what each of them
 * requires. Plain data and pure functions; no network, no trust.
 */
import type { Digest, Reference, VerifiedAttestation } from '../core/index.ts';

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

export type Authority = StaticAuthority | KeyAuthority;

export interface StaticAuthority {
  readonly kind: 'static';
  readonly name: string;
  readonly action: 'pass' | 'fail';
  readonly message?: string;
}

export interface KeyAuthority {
  readonly kind: 'key';
  readonly name: string;
  readonly key: PublicKeyRef;
  /** All of them are needed. When empty, an image signature is. */
  readonly attestations: readonly AttestationRule[];
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
  | { readonly kind: 'signature'; readonly key: PublicKeyRef }
  | { readonly kind: 'attestation'; readonly key: PublicKeyRef; readonly predicateType: string };

/** Without repetition, in the order of first need. */
export function listRequirements(policies: readonly Policy[]): readonly Requirement[] {
  const found = new Map<string, Requirement>();
  for (const authority of policies.flatMap((policy) => policy.authorities)) {
    for (const requirement of requirementsOf(authority)) {
      const type = requirement.kind === 'attestation' ? requirement.predicateType : '';
      found.set(`${requirement.kind} ${requirement.key.keyId} ${type}`, requirement);
    }
  }
  return [...found.values()];
}

function requirementsOf(authority: Authority): readonly Requirement[] {
  if (authority.kind === 'static') return [];
  if (authority.attestations.length === 0) return [{ kind: 'signature', key: authority.key }];
  return authority.attestations.map((rule) => ({
    kind: 'attestation',
    key: authority.key,
    predicateType: rule.predicateType,
  }));
}
