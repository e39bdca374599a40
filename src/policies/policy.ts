/**
 * What every policy language compiles into: which images it speaks of, which authorities satisfy it, and what each of them
 * requires. Plain data and pure functions; no network, no trust.
 */
import type { Digest, IdentityRule, Reference, VerifiedAttestation } from '../core/index.ts';
import type { TrustRootRef } from './resources.ts';

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
  /** The whole of it, for policies that look at more than images. */
  readonly document: Readonly<Record<string, unknown>>;
}

export interface Policy {
  readonly name: string;
  readonly mode: 'enforce' | 'warn';
  /** sha256 of the document and of what it names, for caches and audit. */
  readonly version: Digest;
  appliesTo(image: Pick<PolicySubject, 'reference' | 'asWritten' | 'object'>): boolean;
  /** One of them suffices. Never empty. */
  readonly authorities: readonly Authority[];
  /** Must hold besides, over what all authorities found. */
  readonly overall?: OverallRule;
}

export interface OverallRule {
  readonly condition: DataCondition;
  /** What it looks at besides what the authorities found. */
  readonly includes: {
    /** The image's configuration for each platform. */
    readonly config: boolean;
    readonly spec: boolean;
    readonly objectMeta: boolean;
    readonly typeMeta: boolean;
  };
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

/** Who must have signed, what must vouch for it, and where it is looked for. */
export type RequiredSigner = KeySigner | KeylessSigner;

interface SignerTerms {
  /** Digest of the definition; evidence names by it for whom it was gathered. Of a key with nothing more to it, the key's own. */
  readonly id: Digest;
  /** The transparency log that must have it. Keyless signers need one unless a timestamp is demanded. */
  readonly log?: LogDemand;
  /** Timestamp authorities of which one must have stamped it. */
  readonly timestamps?: TrustRootRef;
  readonly source?: SignatureSource;
  /** Only Sigstore bundles count. */
  readonly bundlesOnly?: boolean;
}

export interface KeySigner extends SignerTerms {
  readonly kind: 'key';
  readonly key: PublicKeyRef;
}

/** Somebody with a certificate of one of these identities. */
export interface KeylessSigner extends SignerTerms {
  readonly kind: 'keyless';
  readonly identities: readonly IdentityRule[];
  /** Host of the CA, of which a trusted root may have several. */
  readonly authority?: string;
  /** In place of the trusted root that is configured. */
  readonly trustRoot?: TrustRootRef;
  /** PEM of CAs in place of those of the trusted root. */
  readonly roots?: string;
  readonly unsafeIgnoreScts: boolean;
}

export interface LogDemand {
  /** Host of the log, of which a trusted root may have several. */
  readonly host?: string;
  /** In place of the trusted root that is configured. */
  readonly trustRoot?: TrustRootRef;
}

/** Where signatures are kept, if not beside the image. */
export interface SignatureSource {
  /** `registry/repository`. */
  readonly repository?: string;
  /** Before the names of tags. */
  readonly tagPrefix?: string;
  /** Secrets with credentials, in the namespace of the object. */
  readonly pullSecrets: readonly string[];
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

/** Over plain JSON. */
export type DataCondition = (data: unknown, at: Date) => ConditionResult;

export type ConditionResult =
  | { readonly kind: 'holds' }
  | { readonly kind: 'fails'; readonly expected: string }
  | { readonly kind: 'error'; readonly message: string };

/** What evidence must be gathered before policies can be judged. */
export type Requirement =
  | { readonly kind: 'signature'; readonly signer: RequiredSigner }
  | { readonly kind: 'attestation'; readonly signer: RequiredSigner; readonly predicateType: string }
  /** The image's configuration. */
  | { readonly kind: 'config' };

/** Without repetition, in the order of first need. */
export function listRequirements(policies: readonly Policy[]): readonly Requirement[] {
  const found = new Map<string, Requirement>();
  for (const requirement of policies.flatMap(requirementsOf)) found.set(requirementKey(requirement), requirement);
  return [...found.values()];
}

/** The same for requirements that the same evidence meets. */
function requirementKey(requirement: Requirement): string {
  if (requirement.kind === 'config') return 'config';
  const type = requirement.kind === 'attestation' ? requirement.predicateType : '';
  return `${requirement.kind} ${requirement.signer.id} ${type}`;
}

function requirementsOf({ authorities, overall }: Policy): readonly Requirement[] {
  const needed = authorities.flatMap((authority): readonly Requirement[] => {
    if (authority.kind === 'static') return [];
    const { signer, attestations } = authority;
    if (attestations.length === 0) return [{ kind: 'signature', signer }];
    return attestations.map(({ predicateType }) => ({ kind: 'attestation', signer, predicateType }));
  });
  return overall?.includes.config === true ? [...needed, { kind: 'config' }] : needed;
}
