/**
 * Decides, synchronously and over bytes already held, which signatures and attestations prove something about an artifact.
 * Every candidate that does not is given back as a reason with a stable code.
 */
import { AppError, digestOf } from '../../core/index.ts';
import type { Digest, Reason, Signer, Verification, VerifiedAttestation, VerifiedSignature } from '../../core/index.ts';
import {
  findEnvelopeSigners,
  findSubject,
  isInTotoPayloadType,
  isPredicateType,
  parseEnvelope,
  parseStatement,
} from '../../attestations/index.ts';
import type { Envelope, Statement } from '../../attestations/index.ts';
import { parseBundle } from '../bundles/bundle.ts';
import { findBase64 } from '../crypto/index.ts';
import type { PublicKey } from '../crypto/index.ts';
import { rejection } from './candidate.ts';
import { SIGN_PREDICATE } from './fetch.ts';
import type { Candidate, RejectionCode } from './candidate.ts';
import { parseSimpleSigning } from './simple-signing.ts';

/** Whose signature, over what. */
export interface SignatureRequirement {
  readonly artifact: Digest;
  /** At least one; any of them may have signed. */
  readonly keys: readonly PublicKey[];
  /** Each must be in the signed payload with this value. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface AttestationRequirement {
  readonly artifact: Digest;
  readonly keys: readonly PublicKey[];
  /** Undefined takes attestations of every type; image signatures are never among them. */
  readonly predicateType: string | undefined;
}

/** With the envelope as it was found, for those who pass it on. */
export interface ProvenAttestation extends VerifiedAttestation {
  readonly envelope: Envelope;
}

/** One evidence per candidate and key that signed it, so that thresholds over keys can be counted. */
export function verifySignatures(
  candidates: readonly Candidate[],
  requirement: SignatureRequirement,
): Verification<VerifiedSignature> {
  requireKeys(requirement.keys);
  return collect(candidates, (candidate) => verifySignature(candidate, requirement));
}

export function verifyAttestations(
  candidates: readonly Candidate[],
  requirement: AttestationRequirement,
): Verification<ProvenAttestation> {
  requireKeys(requirement.keys);
  const known: KnownPayloads = new Map();
  return collect(candidates, (candidate) => verifyAttestation(candidate, requirement, known));
}

/** An empty list must never read as "anybody". */
function requireKeys(keys: readonly PublicKey[]): void {
  if (keys.length === 0) throw new AppError('usage', 'keys: expected at least one public key, found none');
}

/** Ends the examination of one candidate. */
class Rejected extends Error {
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(reason.message);
    this.reason = reason;
  }
}

function collect<E extends VerifiedSignature | VerifiedAttestation>(
  candidates: readonly Candidate[],
  examine: (candidate: Candidate) => readonly E[],
): Verification<E> {
  const verified: E[] = [];
  const rejected: Reason[] = [];
  for (const candidate of candidates) {
    try {
      verified.push(...examine(candidate));
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      rejected.push(error.reason);
    }
  }
  return { verified, rejected };
}

function verifySignature(candidate: Candidate, requirement: SignatureRequirement): readonly VerifiedSignature[] {
  if (candidate.kind === 'unreadable') throw new Rejected(candidate.reason);
  if (candidate.kind === 'simple-signing') return verifySimpleSigning(candidate, requirement);
  const { statement, keys } = openAttestation(candidate, requirement.keys);
  if (statement.predicateType !== SIGN_PREDICATE) {
    const message = 'the bundle holds an attestation, not an image signature';
    throw reject(candidate, 'predicate-type-mismatch', {
      message,
      expected: SIGN_PREDICATE,
      found: statement.predicateType,
    });
  }
  const annotations = requireSubject(candidate, statement, requirement.artifact).annotations ?? {};
  requireAnnotations(candidate, annotations, requirement.annotations ?? {});
  return keys.map((key) => signatureBy(key, candidate, requirement.artifact, annotations));
}

function verifySimpleSigning(
  candidate: Extract<Candidate, { kind: 'simple-signing' }>,
  requirement: SignatureRequirement,
): readonly VerifiedSignature[] {
  const signature = candidate.signature === '' ? undefined : findBase64(candidate.signature);
  if (signature === undefined) {
    throw reject(candidate, 'signature-malformed', { message: 'the signature annotation is absent or not base64' });
  }
  const keys = distinct(requirement.keys).filter((key) => key.verify(candidate.payload, signature));
  if (keys.length === 0)
    throw noKeySigned(candidate, { hasCertificate: candidate.hasCertificate, keys: requirement.keys });
  const payload = attempt(candidate, 'payload-malformed', () =>
    parseSimpleSigning(candidate.payload, `payload ${candidate.source}`),
  );
  if (payload.digest !== requirement.artifact) {
    const message = 'the signature is over another artifact';
    throw reject(candidate, 'payload-other-artifact', {
      message,
      expected: requirement.artifact,
      found: payload.digest,
    });
  }
  requireAnnotations(candidate, payload.annotations, requirement.annotations ?? {});
  return keys.map((key) => ({
    ...signatureBy(key, candidate, requirement.artifact, payload.annotations),
    claimedReference: payload.reference,
  }));
}

function verifyAttestation(
  candidate: Candidate,
  requirement: AttestationRequirement,
  known: KnownPayloads,
): readonly ProvenAttestation[] {
  if (candidate.kind === 'unreadable') throw new Rejected(candidate.reason);
  if (candidate.kind === 'simple-signing') {
    throw reject(candidate, 'predicate-type-mismatch', { message: 'an image signature, not an attestation' });
  }
  const { statement, envelope, keys } = openAttestation(candidate, requirement.keys, known);
  requirePredicateType(candidate, statement, requirement.predicateType);
  requireSubject(candidate, statement, requirement.artifact);
  return keys.map((key) => ({
    kind: 'attestation',
    artifact: requirement.artifact,
    signer: signerOf(key),
    storage: candidate.storage,
    source: candidate.source,
    predicateType: statement.predicateType,
    predicate: statement.predicate,
    statement: statement.value,
    payload: envelope.payload,
    envelope,
  }));
}

interface OpenedAttestation {
  readonly envelope: Envelope;
  readonly statement: Statement;
  /** Keys of the requirement that signed it; at least one. */
  readonly keys: readonly PublicKey[];
}

/** A large signed statement may be pushed hundreds of times over: it is parsed and held once. */
type KnownPayloads = Map<Digest, { readonly payload: Uint8Array; readonly statement: Statement }>;

/** Signature first, then content: nothing unsigned is interpreted. */
function openAttestation(
  candidate: Extract<Candidate, { kind: 'bundle' | 'envelope' }>,
  trusted: readonly PublicKey[],
  known: KnownPayloads = new Map(),
): OpenedAttestation {
  const { envelope, hasCertificate, hint } = openEnvelope(candidate);
  const keys = findEnvelopeSigners(envelope, trusted);
  if (keys.length === 0)
    throw noKeySigned(candidate, { hasCertificate, keys: trusted, ...(hint === undefined ? {} : { hint }) });
  if (!isInTotoPayloadType(envelope.payloadType)) {
    const message = 'the envelope holds something else than an in-toto statement';
    throw reject(candidate, 'payload-type-unsupported', { message, found: envelope.payloadType });
  }
  const id = digestOf(envelope.payload);
  const opened = known.get(id) ?? {
    payload: envelope.payload,
    statement: attempt(candidate, 'payload-malformed', () =>
      parseStatement(envelope.payload, `statement ${candidate.source}`),
    ),
  };
  known.set(id, opened);
  return { envelope: { ...envelope, payload: opened.payload }, statement: opened.statement, keys };
}

function openEnvelope(candidate: Extract<Candidate, { kind: 'bundle' | 'envelope' }>): {
  readonly envelope: Envelope;
  readonly hasCertificate: boolean;
  readonly hint?: string;
} {
  if (candidate.kind === 'envelope') {
    const envelope = attempt(candidate, 'payload-malformed', () =>
      parseEnvelope(candidate.bytes, `envelope ${candidate.source}`),
    );
    return { envelope, hasCertificate: candidate.hasCertificate };
  }
  const bundle = attempt(candidate, 'bundle-malformed', () =>
    parseBundle(candidate.bytes, `bundle ${candidate.source}`),
  );
  if (bundle.content.kind !== 'envelope') {
    const message = 'the bundle signs bytes of a file, not a statement about an artifact';
    throw reject(candidate, 'bundle-content-unsupported', {
      message,
      expected: 'dsseEnvelope',
      found: 'messageSignature',
    });
  }
  const { material, content } = bundle;
  // A certificate's own key must pass its chain; a managed key never vouches for a certificate bundle.
  if (material.kind === 'certificate') throw noKeySigned(candidate, { hasCertificate: true, keys: [] });
  return { envelope: content.envelope, hasCertificate: false, hint: material.hint };
}

function requirePredicateType(candidate: Candidate, statement: Statement, wanted: string | undefined): void {
  const found = statement.predicateType;
  if (wanted === undefined) {
    if (found !== SIGN_PREDICATE) return;
    throw reject(candidate, 'predicate-type-mismatch', { message: 'an image signature, not an attestation', found });
  }
  if (isPredicateType(found, wanted)) return;
  const message = 'the attestation is of another predicate type';
  throw reject(candidate, 'predicate-type-mismatch', { message, expected: wanted, found });
}

function requireSubject(candidate: Candidate, statement: Statement, artifact: Digest): Statement['subjects'][number] {
  const subject = findSubject(statement, artifact);
  if (subject !== undefined) return subject;
  const found = statement.subjects
    .slice(0, 3)
    .map((entry) => JSON.stringify(entry.digest))
    .join(', ');
  throw reject(candidate, 'subject-mismatch', {
    message: 'the statement is about another artifact',
    expected: artifact,
    found,
  });
}

function requireAnnotations(
  candidate: Candidate,
  found: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(wanted)) {
    if (Object.hasOwn(found, key) && found[key] === value) continue;
    throw reject(candidate, 'annotation-mismatch', {
      message: `the signed annotation ${key} is missing or different`,
      expected: value,
      found: Object.hasOwn(found, key) ? JSON.stringify(found[key]) : 'nothing',
    });
  }
}

function noKeySigned(
  candidate: Candidate,
  facts: { readonly hasCertificate: boolean; readonly keys: readonly PublicKey[]; readonly hint?: string },
): Rejected {
  if (facts.hasCertificate) {
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

function reject(candidate: Candidate, code: RejectionCode, facts: Omit<Reason, 'code' | 'subject'>): Rejected {
  return new Rejected(rejection(code, candidate.source, facts));
}

/** Turns malformed content into a reason; all else stays an error. */
function attempt<T>(candidate: Candidate, code: RejectionCode, parse: () => T): T {
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

function signerOf(key: PublicKey): Signer {
  return { kind: 'key', keyId: key.keyId };
}

function signatureBy(
  key: PublicKey,
  candidate: Candidate,
  artifact: Digest,
  annotations: Readonly<Record<string, unknown>>,
): VerifiedSignature {
  return {
    kind: 'signature',
    artifact,
    signer: signerOf(key),
    storage: candidate.storage,
    source: candidate.source,
    annotations,
  };
}
