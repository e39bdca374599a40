/** Whose signatures count, and which of them made one that was found: the step before anything signed is looked at. */
import { AppError } from '../../core/index.ts';
import type { IdentityRule, Reason, SignatureProof, Signer } from '../../core/index.ts';
import { findEnvelopeSigners, parseEnvelope } from '../../attestations/index.ts';
import type { Envelope } from '../../attestations/index.ts';
import { parseBundle } from '../bundles/bundle.ts';
import type { Bundle } from '../bundles/bundle.ts';
import { legacyEnvelope, legacySignature } from '../bundles/legacy.ts';
import type { LegacyMaterial } from '../bundles/legacy.ts';
import { proveBundle } from '../bundles/verify-bundle.ts';
import type { Blob, BundleRequirement, ProvenSignature, Thresholds } from '../bundles/verify-bundle.ts';
import { findBase64 } from '../crypto/index.ts';
import type { PublicKey, Sct } from '../crypto/index.ts';
import type { TrustedRoot } from '../roots/trusted-root.ts';
import { cutReason, rejection } from './candidate.ts';
import type { Candidate, RejectionCode } from './candidate.ts';

/** Whose signatures count. */
export type SignerDemand =
  /** Any of the keys; without trust, signatures alone are looked at and neither log nor timestamps. */
  | { readonly kind: 'keys'; readonly keys: readonly PublicKey[]; readonly trust?: Trust }
  | {
      readonly kind: 'identities';
      readonly identities: readonly IdentityRule[];
      readonly trust: Trust;
      /** PEM, for signatures that have no certificate beside them. */
      readonly certificate?: string;
      /** An SCT that came beside the certificate. */
      readonly detachedSct?: Sct;
    };

/** Whom to believe about the signer, and at what time the question is asked. */
export interface Trust {
  readonly root: TrustedRoot;
  readonly at: Date;
  readonly thresholds?: Partial<Thresholds>;
}

/** Somebody of those demanded, and what vouches for it. */
export interface SignedBy {
  readonly signer: Signer;
  readonly proof?: SignatureProof;
}

/** Ends the examination of one candidate, with all reasons. */
export class Rejected extends Error {
  readonly reasons: readonly Reason[];

  constructor(...reasons: readonly Reason[]) {
    super(reasons.map(({ message }) => message).join('; '));
    this.reasons = reasons;
  }
}

/** An empty list must never read as "anybody". */
export function requireSomebody(by: SignerDemand): void {
  if (by.kind === 'identities' && by.identities.length === 0)
    throw new AppError('usage', 'identities: expected at least one certificate identity, found none');
  if (by.kind === 'keys' && by.keys.length === 0)
    throw new AppError('usage', 'keys: expected at least one public key, found none');
}

/** Those who signed the payload; at least one. */
export function provePayload(
  candidate: Extract<Candidate, { kind: 'simple-signing' }>,
  by: SignerDemand,
): readonly SignedBy[] {
  const { payload: content, material } = candidate;
  const signature = candidate.signature === '' ? undefined : findBase64(candidate.signature);
  if (signature === undefined) {
    throw reject(candidate, 'signature-malformed', { message: 'the signature annotation is absent or not base64' });
  }
  if (by.kind === 'keys' && by.trust === undefined) {
    const keys = distinct(by.keys).filter((key) => key.verify(content, signature));
    if (keys.length === 0) throw noKeySigned(candidate, { isCertified: isCertified(material), keys: by.keys });
    return keys.map(byKey);
  }
  const bundle = attempt(candidate, 'bundle-malformed', () =>
    legacySignature(candidate.signature, materialFor(by, material)),
  );
  return prove(candidate, { bundle, artifact: { kind: 'content', content }, by });
}

/** The envelope and those who signed it; at least one. */
export function proveEnvelope(
  candidate: Extract<Candidate, { kind: 'bundle' | 'envelope' }>,
  by: SignerDemand,
): { readonly envelope: Envelope; readonly signers: readonly SignedBy[] } {
  if (by.kind === 'keys' && by.trust === undefined) {
    const { envelope, isCertified: isCertain, hint } = openEnvelope(candidate);
    const keys = findEnvelopeSigners(envelope, by.keys);
    if (keys.length === 0)
      throw noKeySigned(candidate, { isCertified: isCertain, keys: by.keys, ...(hint === undefined ? {} : { hint }) });
    return { envelope, signers: keys.map(byKey) };
  }
  const bundle =
    candidate.kind === 'bundle'
      ? attempt(candidate, 'bundle-malformed', () => parseBundle(candidate.bytes, `bundle ${candidate.source}`))
      : attempt(candidate, 'payload-malformed', () =>
          legacyEnvelope(candidate.bytes, materialFor(by, candidate.material)),
        );
  const envelope = envelopeOf(candidate, bundle);
  // The statement says what it is about; that comes after the signature.
  const artifact: Blob = { kind: 'content', content: envelope.payload };
  return { envelope, signers: prove(candidate, { bundle, artifact, by }) };
}

function prove(
  candidate: Candidate,
  given: { readonly bundle: Bundle; readonly artifact: Blob; readonly by: SignerDemand },
): readonly SignedBy[] {
  const { bundle, artifact, by } = given;
  if (by.trust === undefined) throw new AppError('internal', 'expected trust material, found none');
  const proof = proveBundle(bundle, { artifact, ...bundleDemand(by, by.trust) });
  if (proof.kind === 'proven') return proof.signatures.map(signedBy);
  throw new Rejected(...proof.reasons.map((reason) => ({ subject: candidate.source, ...cutReason(reason) })));
}

/** The demand in the words of a bundle. */
export function bundleDemand(by: SignerDemand, trust: Trust): Omit<BundleRequirement, 'artifact'> {
  const { root: trustedRoot, at, thresholds } = trust;
  const who =
    by.kind === 'keys'
      ? ({ kind: 'keys', keys: by.keys } as const)
      : ({ kind: 'identities', identities: by.identities } as const);
  const detachedSct = by.kind === 'identities' ? by.detachedSct : undefined;
  return {
    who,
    trustedRoot,
    at,
    ...(thresholds === undefined ? {} : { thresholds }),
    ...(detachedSct === undefined ? {} : { detachedSct }),
  };
}

export function signedBy({ signer, claims, times, logs }: ProvenSignature): SignedBy {
  const named = Object.fromEntries([...claims].map(([number, text]) => [String(number), text]));
  return { signer, proof: { times, logs, claims: named } };
}

function materialFor(by: SignerDemand, material: LegacyMaterial): LegacyMaterial {
  const given = by.kind === 'identities' ? by.certificate : undefined;
  return given === undefined || isCertified(material) ? material : { ...material, certificate: given };
}

function isCertified({ certificate }: LegacyMaterial): boolean {
  return certificate !== undefined && certificate !== '';
}

function openEnvelope(candidate: Extract<Candidate, { kind: 'bundle' | 'envelope' }>): {
  readonly envelope: Envelope;
  readonly isCertified: boolean;
  readonly hint?: string;
} {
  if (candidate.kind === 'envelope') {
    const envelope = attempt(candidate, 'payload-malformed', () =>
      parseEnvelope(candidate.bytes, `envelope ${candidate.source}`),
    );
    return { envelope, isCertified: isCertified(candidate.material) };
  }
  const bundle = attempt(candidate, 'bundle-malformed', () =>
    parseBundle(candidate.bytes, `bundle ${candidate.source}`),
  );
  const envelope = envelopeOf(candidate, bundle);
  // A certificate's own key must pass its chain; a managed key never vouches for a certificate bundle.
  if (bundle.material.kind === 'certificate') throw noKeySigned(candidate, { isCertified: true, keys: [] });
  return { envelope, isCertified: false, hint: bundle.material.hint };
}

function envelopeOf(candidate: Candidate, { content }: Bundle): Envelope {
  if (content.kind === 'envelope') return content.envelope;
  const message = 'the bundle signs bytes of a file, not a statement about an artifact';
  const facts = { message, expected: 'dsseEnvelope', found: 'messageSignature' };
  throw reject(candidate, 'bundle-content-unsupported', facts);
}

function noKeySigned(
  candidate: Candidate,
  facts: { readonly isCertified: boolean; readonly keys: readonly PublicKey[]; readonly hint?: string },
): Rejected {
  if (facts.isCertified) {
    return reject(candidate, 'certificate-only', {
      message: 'signed with a certificate, while a signature by a key is wanted',
      fix: 'name the signer by certificate identity and issuer, or sign with the key',
    });
  }
  return reject(candidate, 'signature-mismatch', {
    message: 'none of the given keys made this signature',
    expected: facts.keys.map((key) => key.keyId).join(', '),
    ...(facts.hint === undefined ? {} : { found: `key hint ${facts.hint}` }),
    fix: 'give the public key of whoever signed, or sign with the key that is wanted',
  });
}

export function reject(candidate: Candidate, code: RejectionCode, facts: Omit<Reason, 'code' | 'subject'>): Rejected {
  return new Rejected(rejection(code, candidate.source, facts));
}

/** Turns malformed content into a reason; all else stays an error. */
export function attempt<T>(candidate: Candidate, code: RejectionCode, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input')
      throw reject(candidate, code, { message: error.message });
    throw error;
  }
}

function distinct(keys: readonly PublicKey[]): readonly PublicKey[] {
  return [...new Map(keys.map((key) => [key.keyId, key])).values()];
}

function byKey(key: PublicKey): SignedBy {
  return { signer: { kind: 'key', keyId: key.keyId } };
}
