/**
 * Decides, synchronously and over bytes already held, which signatures and attestations prove something about an artifact.
 * Every candidate that does not is given back as reasons with stable codes.
 */
import { digestOf } from '../../core/index.ts';
import type { Digest, Reason, Verification, VerifiedAttestation, VerifiedSignature } from '../../core/index.ts';
import { findSubject, isInTotoPayloadType, isPredicateType, parseStatement } from '../../attestations/index.ts';
import type { Envelope, Statement } from '../../attestations/index.ts';
import type { Candidate } from './candidate.ts';
import { SIGN_PREDICATE } from './fetch.ts';
import { attempt, proveEnvelope, provePayload, reject, Rejected, requireSomebody } from './signers.ts';
import type { SignedBy, SignerDemand } from './signers.ts';
import { parseSimpleSigning } from './simple-signing.ts';

/** Whose signature, over what. */
export interface SignatureRequirement {
  readonly artifact: Digest;
  readonly by: SignerDemand;
  /** Each must be in the signed payload with this value. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Takes signatures over any artifact: what was asked is then who signs, not what. */
  readonly unsafeAnyArtifact?: boolean;
}

export interface AttestationRequirement {
  readonly artifact: Digest;
  readonly by: SignerDemand;
  /** Undefined takes attestations of every type; image signatures are never among them. */
  readonly predicateType: string | undefined;
  readonly unsafeAnyArtifact?: boolean;
}

/** With the envelope as it was found, for those who pass it on. */
export interface ProvenAttestation extends VerifiedAttestation {
  readonly envelope: Envelope;
}

/** One evidence per candidate and signer, so that thresholds over signers can be counted. */
export function verifySignatures(
  candidates: readonly Candidate[],
  requirement: SignatureRequirement,
): Verification<VerifiedSignature> {
  requireSomebody(requirement.by);
  return collect(candidates, (candidate) => verifySignature(candidate, requirement));
}

export function verifyAttestations(
  candidates: readonly Candidate[],
  requirement: AttestationRequirement,
): Verification<ProvenAttestation> {
  requireSomebody(requirement.by);
  const known: KnownPayloads = new Map();
  return collect(candidates, (candidate) => verifyAttestation(candidate, requirement, known));
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
      rejected.push(...error.reasons);
    }
  }
  return { verified, rejected };
}

function verifySignature(candidate: Candidate, requirement: SignatureRequirement): readonly VerifiedSignature[] {
  if (candidate.kind === 'unreadable') throw new Rejected(candidate.reason);
  if (candidate.kind === 'simple-signing') return verifySimpleSigning(candidate, requirement);
  const { statement, signers } = openAttestation(candidate, requirement.by);
  if (statement.predicateType !== SIGN_PREDICATE) {
    const message = 'the bundle holds an attestation, not an image signature';
    throw reject(candidate, 'predicate-type-mismatch', {
      message,
      expected: SIGN_PREDICATE,
      found: statement.predicateType,
    });
  }
  const annotations = requireSubject(candidate, statement, requirement)?.annotations ?? {};
  requireAnnotations(candidate, annotations, requirement.annotations ?? {});
  return signers.map((signed) => signatureBy(signed, candidate, { artifact: requirement.artifact, annotations }));
}

function verifySimpleSigning(
  candidate: Extract<Candidate, { kind: 'simple-signing' }>,
  requirement: SignatureRequirement,
): readonly VerifiedSignature[] {
  const signers = provePayload(candidate, requirement.by);
  const payload = attempt(candidate, 'payload-malformed', () =>
    parseSimpleSigning(candidate.payload, `payload ${candidate.source}`),
  );
  if (payload.digest !== requirement.artifact && requirement.unsafeAnyArtifact !== true) {
    const message = 'the signature is over another artifact';
    throw reject(candidate, 'payload-other-artifact', {
      message,
      expected: requirement.artifact,
      found: payload.digest,
    });
  }
  const { annotations } = payload;
  requireAnnotations(candidate, annotations, requirement.annotations ?? {});
  return signers.map((signed) => ({
    ...signatureBy(signed, candidate, { artifact: requirement.artifact, annotations }),
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
  const { statement, envelope, signers } = openAttestation(candidate, requirement.by, known);
  requirePredicateType(candidate, statement, requirement.predicateType);
  requireSubject(candidate, statement, requirement);
  return signers.map((signed) => ({
    kind: 'attestation',
    artifact: requirement.artifact,
    ...signed,
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
  /** At least one. */
  readonly signers: readonly SignedBy[];
}

/** A large signed statement may be pushed hundreds of times over: it is parsed and held once. */
type KnownPayloads = Map<Digest, { readonly payload: Uint8Array; readonly statement: Statement }>;

/** Signature first, then content: nothing unsigned is interpreted. */
function openAttestation(
  candidate: Extract<Candidate, { kind: 'bundle' | 'envelope' }>,
  by: SignerDemand,
  known: KnownPayloads = new Map(),
): OpenedAttestation {
  const { envelope, signers } = proveEnvelope(candidate, by);
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
  return { envelope: { ...envelope, payload: opened.payload }, statement: opened.statement, signers };
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

function requireSubject(
  candidate: Candidate,
  statement: Statement,
  { artifact, unsafeAnyArtifact }: Pick<AttestationRequirement, 'artifact' | 'unsafeAnyArtifact'>,
): Statement['subjects'][number] | undefined {
  const subject = findSubject(statement, artifact);
  if (subject !== undefined) return subject;
  if (unsafeAnyArtifact === true) return statement.subjects[0];
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

function signatureBy(
  signed: SignedBy,
  { storage, source }: Candidate,
  about: Pick<VerifiedSignature, 'artifact' | 'annotations'>,
): VerifiedSignature {
  return { kind: 'signature', ...about, ...signed, storage, source };
}
