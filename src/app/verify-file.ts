/** Verifies signatures and attestations of files. */
import { AppError, findDigest, parseDigest } from '../core/index.ts';
import type { Ports, Verification, VerifiedSignature } from '../core/index.ts';
import { verifyBlob, verifyBlobAttestation } from '../trust/index.ts';
import type { Blob, BlobProof, ProvenAttestation } from '../trust/index.ts';
import { openSigners } from './open-signers.ts';
import type { SignersInput } from './open-signers.ts';
import { MAX_BLOB_BYTES } from './sign.ts';

export interface VerifyFileInput {
  /** A path, the bytes themselves, or a digest where no file has that name. */
  readonly file: string | Uint8Array;
  readonly signers: SignersInput;
  /** A path: a Sigstore bundle, or cosign's older JSON. */
  readonly bundle?: string | undefined;
  /** A path, or the base64 signature itself; of attestations the path of a DSSE envelope. */
  readonly signature?: string | undefined;
  /** A path: cosign's JSON around an RFC 3161 timestamp, for a signature without a bundle. */
  readonly timestamp?: string | undefined;
}

export async function verifyFile(
  ports: Ports,
  input: VerifyFileInput,
  signal?: AbortSignal,
): Promise<Verification<VerifiedSignature>> {
  const by = await openSigners(ports, input.signers, signal);
  const proof = await readProof(ports, input);
  return verifyBlob(proof, { blob: await readBlob(ports, input.file), by });
}

export interface VerifyFileAttestationInput extends Omit<VerifyFileInput, 'file'> {
  /** Undefined only with `unsafeAnyArtifact`. */
  readonly file: string | Uint8Array | undefined;
  /** A URI. */
  readonly predicateType: string;
  /** Takes a statement about any file. */
  readonly unsafeAnyArtifact?: boolean;
}

export async function verifyFileAttestation(
  ports: Ports,
  input: VerifyFileAttestationInput,
  signal?: AbortSignal,
): Promise<Verification<ProvenAttestation>> {
  const { predicateType, unsafeAnyArtifact = false, file } = input;
  if (file === undefined && !unsafeAnyArtifact) {
    throw new AppError('usage', 'expected the file that the attestation is about, or its digest, found neither');
  }
  const by = await openSigners(ports, input.signers, signal);
  const proof = await readProof(ports, input);
  const blob: Blob = file === undefined ? { kind: 'content', content: new Uint8Array() } : await readBlob(ports, file);
  return verifyBlobAttestation(proof, { blob, by, predicateType, unsafeAnyArtifact });
}

/** From `HEX` and the algorithm's name, as cosign has them in two flags. Throws `invalid-input`. */
export function digestFrom(hex: string, algorithm: string): string {
  return parseDigest(hex.includes(':') ? hex : `${algorithm}:${hex}`);
}

/** Signatures and envelopes beside a file. */
const MAX_PROOF_BYTES = 128 * 1024 * 1024;

async function readProof(
  ports: Ports,
  input: Pick<VerifyFileInput, 'bundle' | 'signature' | 'timestamp'>,
): Promise<BlobProof> {
  const { bundle, signature, timestamp: path } = input;
  if ((bundle === undefined) === (signature === undefined)) {
    const found = bundle === undefined ? 'neither' : 'both';
    throw new AppError('usage', `expected either a bundle or a signature, found ${found}`, {
      hint: 'give --bundle FILE',
    });
  }
  const read = async (name: string): Promise<string> =>
    new TextDecoder().decode(await ports.files.read(name, MAX_PROOF_BYTES));
  if (bundle !== undefined) return { kind: 'bundle', bytes: await ports.files.read(bundle, MAX_PROOF_BYTES) };
  const given = signature ?? '';
  const text = (await ports.files.stat(given)) === undefined ? given : await read(given);
  return { kind: 'signature', text, ...(path === undefined ? {} : { timestamp: await read(path) }) };
}

async function readBlob(ports: Ports, file: string | Uint8Array): Promise<Blob> {
  if (typeof file !== 'string') return { kind: 'content', content: file };
  const digest = findDigest(file);
  if (digest !== undefined && (await ports.files.stat(file)) === undefined) return { kind: 'digest', digest };
  return { kind: 'content', content: await ports.files.read(file, MAX_BLOB_BYTES) };
}
