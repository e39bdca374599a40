/** Signs images in registries, and files. */
import { AppError, EXIT_NEGATIVE, formatReference, parseReference, targetOf } from '../core/index.ts';
import type { Descriptor, Digest, Ports } from '../core/index.ts';
import { signBlob, signImage } from '../trust/index.ts';
import type { SignatureFormat, SignOptions, Stored } from '../trust/index.ts';
import { listImages } from './list-images.ts';
import { openSigner } from './open-signer.ts';
import type { OpenedSigner, SignerInput } from './open-signer.ts';
import type { SignersInput } from './open-signers.ts';
import { checkFiles, recordEvidence, type EvidenceFiles } from './record-evidence.ts';
import { openSignedRepository } from './evidence-repository.ts';
import type { RepositoryAccess } from './registry.ts';
import { verifyImageAttestations } from './verify.ts';
import { writeParts } from './write-parts.ts';

export interface SigningInput extends SignerInput {
  readonly formats: readonly SignatureFormat[];
  readonly access?: RepositoryAccess;
}

export interface SignImagesInput extends SigningInput {
  readonly references: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Also signs every image that an index names. */
  readonly recursive: boolean;
  /** Of a single image: also written to these files, or to them alone. */
  readonly files?: EvidenceFiles;
  readonly isStored?: boolean;
  /** What must be attested about each reference before the first is signed. */
  readonly requires?: RequiredAttestations;
}

export interface RequiredAttestations {
  /** URIs. */
  readonly predicateTypes: readonly string[];
  /** Who must have attested it. */
  readonly signers: SignersInput;
}

export interface SignedImage {
  /** As given, with the digest that was signed. */
  readonly reference: string;
  readonly digest: Digest;
  readonly keyId: Digest;
  readonly identity?: OpenedSigner['identity'];
  readonly stored: readonly Stored[];
  /** Paths of files. */
  readonly written: readonly string[];
}

/** Tags are resolved once, and the digest is what is signed. */
export async function signImages(
  ports: Ports,
  input: SignImagesInput,
  signal?: AbortSignal,
): Promise<readonly SignedImage[]> {
  if (input.references.length === 0) throw new AppError('usage', 'expected at least one image to sign, found none');
  if (checkFiles(input.files ?? {}, input.formats) && (input.references.length > 1 || input.recursive))
    throw new AppError('usage', 'expected one image to write the signature of, found several');
  if (input.requires !== undefined) await requireAttested(ports, input, input.requires, signal);
  const signer = await openSigner(ports, input, signal);
  const signed: SignedImage[] = [];
  for (const text of input.references) signed.push(...(await signReference(ports, { text, input, signer }, signal)));
  return signed;
}

/** Throws with the exit code of a "no" for the first attestation that does not verify. */
async function requireAttested(
  ports: Ports,
  input: SignImagesInput,
  { predicateTypes, signers }: RequiredAttestations,
  signal?: AbortSignal,
): Promise<void> {
  const { references, access } = input;
  for (const predicateType of predicateTypes) {
    const verify = { references, signers, predicateType, ...(access === undefined ? {} : { access }) };
    for (const result of await verifyImageAttestations(ports, verify, signal)) {
      if (result.outcome === 'verified') continue;
      if (result.outcome === 'failed') throw result.error;
      const reasons = result.verification.rejected.map(({ code, message }) => `${code}: ${message}`);
      const found = reasons.length === 0 ? 'none' : reasons.join('; ');
      const message = `${result.reference}: expected a verified attestation ${predicateType}, found ${found}`;
      throw new AppError('unauthorized', message, { exitCode: EXIT_NEGATIVE, hint: 'nothing was signed' });
    }
  }
}

async function signReference(
  ports: Ports,
  work: { readonly text: string; readonly input: SignImagesInput; readonly signer: OpenedSigner },
  signal?: AbortSignal,
): Promise<readonly SignedImage[]> {
  const { input, signer } = work;
  const reference = parseReference(work.text);
  const repository = openSignedRepository(ports, reference, input.access);
  const root = await repository.fetchManifest(targetOf(reference), signal);
  const subjects = input.recursive ? await listImages(repository, root, signal) : [root.descriptor];
  const options = signOptions(ports, signer, input, signal);
  const { files = {}, isStored = true } = input;
  const signOne = async (subject: Descriptor): Promise<SignedImage> => {
    const recorder = recordEvidence(repository, isStored);
    const stored = await signImage(recorder.repository, { subject, annotations: input.annotations }, options);
    const written = await recorder.write(ports, { stored, key: signer.key.publicKey }, files);
    const named = formatReference({ ...reference, digest: subject.digest });
    return {
      reference: named,
      digest: subject.digest,
      keyId: signer.key.publicKey.keyId,
      ...identityOf(signer),
      stored: isStored ? stored : [],
      written,
    };
  };
  const signed: SignedImage[] = [];
  const { parallelism } = ports.settings;
  for (let start = 0; start < subjects.length; start += parallelism) {
    signed.push(...(await Promise.all(subjects.slice(start, start + parallelism).map(signOne))));
  }
  return signed;
}

export function identityOf({ identity }: OpenedSigner): { readonly identity?: OpenedSigner['identity'] } {
  return identity === undefined ? {} : { identity };
}

export function signOptions(
  ports: Ports,
  signer: OpenedSigner,
  input: Pick<SigningInput, 'formats'>,
  signal?: AbortSignal,
): SignOptions {
  return {
    key: signer.key,
    voucher: signer.voucher,
    formats: input.formats,
    at: ports.clock(),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Signed and verified files are held in memory whole: Ed25519 needs them so. */
export const MAX_BLOB_BYTES = 2 ** 31 - 1;

export interface SignBlobInput extends SignerInput {
  /** A path, or the bytes themselves. */
  readonly file: string | Uint8Array;
  /** Where a Sigstore bundle is written. */
  readonly bundle?: string | undefined;
  /** Where the bare signature is written, the certificate of the signer in PEM, and the timestamp in cosign's JSON. */
  readonly outputSignature?: string | undefined;
  readonly outputCertificate?: string | undefined;
  readonly outputTimestamp?: string | undefined;
  /** The bare signature in base64; as it is when false. */
  readonly isBase64?: boolean;
}

export interface SignedFile {
  readonly digest: Digest;
  readonly keyId: Digest;
  readonly identity?: OpenedSigner['identity'];
  readonly signature: string;
  readonly bundle: string;
  /** Paths of what was written. */
  readonly written: readonly string[];
}

export async function signFile(ports: Ports, input: SignBlobInput, signal?: AbortSignal): Promise<SignedFile> {
  const signer = await openSigner(ports, input, signal);
  const { key, voucher } = signer;
  const content = typeof input.file === 'string' ? await ports.files.read(input.file, MAX_BLOB_BYTES) : input.file;
  const signed = await signBlob(content, key, { voucher, signal });
  const { certificate, timestamp, ...result } = signed;
  const bare = input.isBase64 === false ? Buffer.from(signed.signature, 'base64') : signed.signature;
  const written = await writeParts(ports, [
    [input.bundle, signed.bundle],
    [input.outputSignature, bare],
    [input.outputCertificate, certificate],
    [input.outputTimestamp, timestamp],
  ]);
  return { ...result, keyId: key.publicKey.keyId, ...identityOf(signer), written };
}
