/** Signatures and attestations of files: as a Sigstore bundle, as a bare signature or envelope, or in cosign's JSON of versions 1 and 2. */
import { createHash } from 'node:crypto';
import { algorithmOf, AppError, digestOf, hexOf, isRecord, parseJson } from '../../core/index.ts';
import type { Digest, Verification, VerifiedSignature } from '../../core/index.ts';
import { findEnvelopeSigners, findSubject, isInTotoPayloadType, parseStatement } from '../../attestations/index.ts';
import { formatMessageBundle, MAX_BUNDLE_BYTES, parseBundle } from '../bundles/bundle.ts';
import type { Bundle, BundleContent, MessageDigest } from '../bundles/bundle.ts';
import { legacySignature, parseBlobAttestation, parseBlobBundle } from '../bundles/legacy.ts';
import { verifyBundle } from '../bundles/verify-bundle.ts';
import type { Blob } from '../bundles/verify-bundle.ts';
import { encodeBase64, findBase64 } from '../crypto/index.ts';
import type { PublicKey, SigningKey } from '../crypto/index.ts';
import { leafOf, timestampOf, type Voucher } from '../sign/voucher.ts';
import { rejection } from '../images/candidate.ts';
import type { Candidate, RejectionCode } from '../images/candidate.ts';
import { bundleDemand, requireSomebody, signedBy } from '../images/signers.ts';
import type { SignedBy, SignerDemand } from '../images/signers.ts';
import { verifyAttestations } from '../images/verify.ts';
import type { AttestationRequirement, ProvenAttestation } from '../images/verify.ts';

export interface SignedBlob {
  readonly digest: Digest;
  /** Base64, without a line end. */
  readonly signature: string;
  /** A Sigstore bundle of version 0.3. */
  readonly bundle: string;
  /** PEM, where the signer has one. */
  readonly certificate: string | undefined;
  /** The first of its timestamps, as cosign keeps it apart. */
  readonly timestamp: string | undefined;
}

export async function signBlob(
  content: Uint8Array,
  key: SigningKey,
  options: { readonly voucher?: Voucher | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<SignedBlob> {
  const digest = digestOf(content);
  const signature = await key.sign(content);
  const proof = await options.voucher?.({ signature, content }, options.signal);
  const sha256 = Buffer.from(digest.slice('sha256:'.length), 'hex');
  return {
    digest,
    signature: encodeBase64(signature),
    bundle: formatMessageBundle(signature, sha256, { ...proof, hint: key.publicKey.hint }),
    certificate: leafOf(proof),
    timestamp: timestampOf(proof),
  };
}

/** What is said to prove the blob: the text of a bundle file or of a signature file. */
export type BlobProof =
  | { readonly kind: 'bundle'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'signature';
      readonly text: string;
      /** cosign's JSON around a TimeStampResp. */
      readonly timestamp?: string;
    };

export interface BlobRequirement {
  readonly blob: Blob;
  readonly by: SignerDemand;
}

/** Throws `invalid-input` for a malformed bundle, and for a digest where only content can be verified. */
export function verifyBlob(proof: BlobProof, requirement: BlobRequirement): Verification<VerifiedSignature> {
  const { by, blob } = requirement;
  requireSomebody(by);
  const bytes = proof.kind === 'bundle' ? proof.bytes : new TextEncoder().encode(proof.text);
  const source = digestOf(bytes);
  if (by.kind === 'keys' && by.trust === undefined) return verifyByKeys(proof, source, { blob, keys: by.keys });
  if (by.trust === undefined) throw new AppError('internal', 'expected trust material, found none');
  const verdict = verifyBundle(bundleOf(proof, by), { artifact: blob, ...bundleDemand(by, by.trust) });
  if (verdict.kind === 'refused') {
    return { verified: [], rejected: verdict.reasons.map((reason) => ({ subject: source, ...reason })) };
  }
  return { verified: verdict.signatures.map((proven) => evidenceOf(blob, source, signedBy(proven))), rejected: [] };
}

function bundleOf(proof: BlobProof, by: SignerDemand): Bundle {
  const certificate = by.kind === 'identities' ? by.certificate : undefined;
  if (proof.kind === 'signature')
    return legacySignature(proof.text.trim(), { certificate, timestamp: proof.timestamp });
  return findOldBundle(proof.bytes) === undefined
    ? parseBundle(proof.bytes, 'bundle')
    : parseBlobBundle(proof.bytes, 'bundle', certificate);
}

/** Whether one of the signers signed a statement of this type about the blob. */
export function verifyBlobAttestation(
  proof: BlobProof,
  requirement: Omit<AttestationRequirement, 'artifact'> & { readonly blob: Blob },
): Verification<ProvenAttestation> {
  const bytes = proof.kind === 'bundle' ? proof.bytes : new TextEncoder().encode(proof.text);
  const base = { storage: 'file', source: digestOf(bytes), bytes } as const;
  const candidate: Candidate = { ...base, ...attestationIn(proof, bytes) };
  const { blob, ...wanted } = requirement;
  return verifyAttestations([candidate], { ...wanted, artifact: blobDigest(blob) });
}

function attestationIn(proof: BlobProof, bytes: Uint8Array) {
  if (proof.kind === 'signature') return { kind: 'envelope', material: { timestamp: proof.timestamp } } as const;
  if (findOldBundle(bytes) === undefined) return { kind: 'bundle' } as const;
  const { envelope, material } = parseBlobAttestation(bytes, 'bundle');
  return { kind: 'envelope', bytes: envelope, material } as const;
}

interface KeyRequirement {
  readonly blob: Blob;
  readonly keys: readonly PublicKey[];
}

function verifyByKeys(proof: BlobProof, source: Digest, requirement: KeyRequirement): Verification<VerifiedSignature> {
  if (proof.kind === 'signature') return verifyText(proof.text, source, requirement);
  const old = findOldBundle(proof.bytes);
  if (old !== undefined) {
    if (old.hasCertificate) return reject(source, 'certificate-only', CERTIFICATE_MESSAGE);
    return verifyText(old.signature, source, requirement);
  }
  return verifyKeyBundle(parseBundle(proof.bytes, 'bundle'), source, requirement);
}

const CERTIFICATE_MESSAGE = 'signed with a certificate, while a signature by a key is wanted';
const OTHER_FILE_MESSAGE = 'the signature is over another file';

function verifyText(text: string, source: Digest, requirement: KeyRequirement): Verification<VerifiedSignature> {
  const signature = findBase64(text.trim());
  if (signature === undefined || signature.length === 0) {
    return reject(source, 'signature-malformed', 'the signature is not base64');
  }
  return verifyMessage(signature, source, requirement);
}

/** cosign 1 and 2 wrote `{"base64Signature", "cert", "rekorBundle"}`. */
function findOldBundle(
  bytes: Uint8Array,
): { readonly signature: string; readonly hasCertificate: boolean } | undefined {
  const document = parseJson(bytes, { what: 'bundle', maxBytes: MAX_BUNDLE_BYTES });
  if (!isRecord(document) || typeof document['base64Signature'] !== 'string') return undefined;
  const certificate = document['cert'];
  return { signature: document['base64Signature'], hasCertificate: certificate !== undefined && certificate !== '' };
}

function verifyKeyBundle(bundle: Bundle, source: Digest, requirement: KeyRequirement): Verification<VerifiedSignature> {
  if (bundle.material.kind === 'certificate') return reject(source, 'certificate-only', CERTIFICATE_MESSAGE);
  if (bundle.content.kind === 'envelope') return verifyEnvelope(bundle.content, source, requirement);
  const { digest, signature } = bundle.content;
  if (digest !== undefined && !isClaimedDigest(digest, requirement.blob)) {
    const found = `${digest.hash}:${Buffer.from(digest.bytes).toString('hex')}`;
    return reject(source, 'payload-other-artifact', OTHER_FILE_MESSAGE, {
      expected: blobDigest(requirement.blob),
      found,
    });
  }
  return verifyMessage(signature, source, requirement);
}

/** Whether the digest that the bundle repeats is the blob's; the signature is what counts, this gives the better reason. */
function isClaimedDigest(claimed: MessageDigest, blob: Blob): boolean {
  const hex = Buffer.from(claimed.bytes).toString('hex');
  if (blob.kind === 'content') return createHash(claimed.hash).update(blob.content).digest('hex') === hex;
  if (algorithmOf(blob.digest) === claimed.hash) return hexOf(blob.digest) === hex;
  const expected = `expected a ${claimed.hash} digest or the file itself, as the bundle has it`;
  throw new AppError('invalid-input', `${expected}, found ${blob.digest}`);
}

function verifyMessage(
  signature: Uint8Array,
  source: Digest,
  requirement: KeyRequirement,
): Verification<VerifiedSignature> {
  const signers = requirement.keys.filter((key) => isBlobSigned(requirement.blob, key, signature));
  return verdictOf(signers, source, requirement);
}

function isBlobSigned(blob: Blob, key: PublicKey, signature: Uint8Array): boolean {
  if (blob.kind === 'content') return key.verify(blob.content, signature);
  const result = key.verifyDigest(Buffer.from(hexOf(blob.digest), 'hex'), algorithmOf(blob.digest), signature);
  if (result !== undefined) return result;
  throw new AppError('invalid-input', 'an Ed25519 signature cannot be verified from a digest, give the file itself');
}

function verifyEnvelope(
  content: Extract<BundleContent, { kind: 'envelope' }>,
  source: Digest,
  requirement: KeyRequirement,
): Verification<VerifiedSignature> {
  const { envelope } = content;
  const signers = findEnvelopeSigners(envelope, requirement.keys);
  if (signers.length === 0) return verdictOf(signers, source, requirement);
  if (!isInTotoPayloadType(envelope.payloadType)) {
    const message = 'the envelope holds something else than an in-toto statement';
    return reject(source, 'payload-type-unsupported', message, { found: envelope.payloadType });
  }
  const expected = blobDigest(requirement.blob);
  if (findSubject(parseStatement(envelope.payload), expected) === undefined) {
    return reject(source, 'subject-mismatch', 'the statement is about another file', { expected });
  }
  return verdictOf(signers, source, requirement);
}

function verdictOf(
  signers: readonly PublicKey[],
  source: Digest,
  requirement: KeyRequirement,
): Verification<VerifiedSignature> {
  if (signers.length === 0) {
    const expected = requirement.keys.map((key) => key.keyId).join(', ');
    return reject(source, 'signature-mismatch', 'none of the given keys signed this file', { expected });
  }
  const verified = signers.map((key) =>
    evidenceOf(requirement.blob, source, { signer: { kind: 'key', keyId: key.keyId } }),
  );
  return { verified, rejected: [] };
}

function evidenceOf(blob: Blob, source: Digest, signed: SignedBy): VerifiedSignature {
  return { kind: 'signature', artifact: blobDigest(blob), ...signed, storage: 'file', source, annotations: {} };
}

function blobDigest(blob: Blob): Digest {
  return blob.kind === 'digest' ? blob.digest : digestOf(blob.content);
}

function reject(
  source: Digest,
  code: RejectionCode,
  message: string,
  facts: { readonly expected?: string; readonly found?: string } = {},
): Verification<VerifiedSignature> {
  return { verified: [], rejected: [rejection(code, source, { message, ...facts })] };
}
