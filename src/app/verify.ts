/** Verifies signatures of images in registries, and of files. */
import { AppError, findDigest, parseReference, targetOf } from '../core/index.ts';
import type { Digest, Ports, Verification, VerifiedSignature } from '../core/index.ts';
import { formatEnvelope } from '../attestations/index.ts';
import {
  fetchAttestations,
  fetchSignatures,
  verifyAttestations,
  verifyBlob,
  verifySignatures,
} from '../trust/index.ts';
import type { Blob, BlobProof, ProvenAttestation } from '../trust/index.ts';
import { openPublicKeys } from './keys.ts';
import { openRepository } from './registry.ts';
import type { RepositoryAccess } from './registry.ts';
import { MAX_BLOB_BYTES } from './sign.ts';

/** cosign's exit code for a tag that does not exist. */
const EXIT_TAG_MISSING = 11;

export interface VerifyImageInput {
  readonly reference: string;
  /** Names of public keys, files or `env://NAME`; a signature by any of them counts. At least one. */
  readonly keys: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly access?: RepositoryAccess;
}

export interface ImageVerification<V> {
  readonly reference: string;
  readonly digest: Digest;
  /** `absent`: nothing of this kind is there at all; `unmatched`: none of what is there proves it. */
  readonly outcome: 'verified' | 'absent' | 'unmatched';
  readonly verification: V;
}

export async function verifyImage(
  ports: Ports,
  input: VerifyImageInput,
  signal?: AbortSignal,
): Promise<ImageVerification<Verification<VerifiedSignature>>> {
  const keys = await openPublicKeys(ports, input.keys);
  const { repository, digest } = await resolve(ports, input, signal);
  const candidates = await fetchSignatures(repository, digest, signal);
  const verification = verifySignatures(candidates, { artifact: digest, keys, annotations: input.annotations });
  return { reference: input.reference, digest, outcome: outcomeOf(verification), verification };
}

export interface VerifyAttestationInput {
  readonly reference: string;
  readonly keys: readonly string[];
  /** A URI; `predicateTypeOf` gives it for a short name. */
  readonly predicateType: string;
  readonly access?: RepositoryAccess;
}

export async function verifyImageAttestations(
  ports: Ports,
  input: VerifyAttestationInput,
  signal?: AbortSignal,
): Promise<ImageVerification<Verification<ProvenAttestation>>> {
  const keys = await openPublicKeys(ports, input.keys);
  const { repository, digest } = await resolve(ports, input, signal);
  const candidates = await fetchAttestations(repository, digest, signal);
  const { predicateType } = input;
  const verification = verifyAttestations(candidates, { artifact: digest, keys, predicateType });
  return { reference: input.reference, digest, outcome: outcomeOf(verification), verification };
}

/** The envelope as JSON, as cosign prints it. */
export function formatAttestation(attestation: ProvenAttestation): string {
  return formatEnvelope(attestation.envelope);
}

async function resolve(
  ports: Ports,
  input: { readonly reference: string; readonly access?: RepositoryAccess },
  signal?: AbortSignal,
) {
  const reference = parseReference(input.reference);
  const repository = openRepository(ports, reference, input.access);
  if (reference.digest !== undefined) return { repository, digest: reference.digest };
  const manifest = await repository.findManifest(targetOf(reference), signal);
  if (manifest !== undefined) return { repository, digest: manifest.descriptor.digest };
  throw new AppError('not-found', `${input.reference}: the tag does not exist`, { exitCode: EXIT_TAG_MISSING });
}

/** Evidence of another kind is as good as none: an SBOM attestation does not make an image signed. */
function outcomeOf(verification: Verification): ImageVerification<unknown>['outcome'] {
  if (verification.verified.length > 0) return 'verified';
  return verification.rejected.every((reason) => reason.code === 'predicate-type-mismatch') ? 'absent' : 'unmatched';
}

export interface VerifyFileInput {
  /** A path, the bytes themselves, or a digest where no file has that name. */
  readonly file: string | Uint8Array;
  readonly keys: readonly string[];
  /** A path: a Sigstore bundle, or cosign's older JSON. */
  readonly bundle?: string;
  /** A path, or the base64 signature itself. */
  readonly signature?: string;
}

export async function verifyFile(ports: Ports, input: VerifyFileInput): Promise<Verification<VerifiedSignature>> {
  const keys = await openPublicKeys(ports, input.keys);
  const proof = await readProof(ports, input);
  return verifyBlob(proof, { blob: await readBlob(ports, input.file), keys });
}

async function readProof(ports: Ports, input: VerifyFileInput): Promise<BlobProof> {
  const { bundle, signature } = input;
  if ((bundle === undefined) === (signature === undefined)) {
    const found = bundle === undefined ? 'neither' : 'both';
    throw new AppError('usage', `expected either a bundle or a signature, found ${found}`, {
      hint: 'give --bundle FILE',
    });
  }
  if (bundle !== undefined) return { kind: 'bundle', bytes: await ports.files.read(bundle, MAX_BLOB_BYTES) };
  const given = signature ?? '';
  if ((await ports.files.stat(given)) === undefined) return { kind: 'signature', text: given };
  return { kind: 'signature', text: new TextDecoder().decode(await ports.files.read(given, 64 * 1024)) };
}

async function readBlob(ports: Ports, file: string | Uint8Array): Promise<Blob> {
  if (typeof file !== 'string') return { kind: 'content', content: file };
  const digest = findDigest(file);
  if (digest !== undefined && (await ports.files.stat(file)) === undefined) return { kind: 'digest', digest };
  return { kind: 'content', content: await ports.files.read(file, MAX_BLOB_BYTES) };
}
