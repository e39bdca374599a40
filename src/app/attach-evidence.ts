/** Stores signatures, attestations and SBOMs that were made elsewhere beside an image. */
import type { Repository } from '../artifacts/index.ts';
import {
  AppError,
  formatReference,
  parseReference,
  referenceWithDigest,
  targetOf,
  type Descriptor,
  type Digest,
  type Ports,
} from '../core/index.ts';
import { attachAttestation, attachSbom, attachSignature, type DetachedSignature, type Stored } from '../trust/index.ts';
import { openSignedRepository } from './evidence-repository.ts';
import type { RepositoryAccess } from './registry.ts';

export interface AttachEvidenceInput {
  readonly reference: string;
  readonly access?: RepositoryAccess;
}

export interface AttachedEvidence {
  /** The image by digest. */
  readonly reference: string;
  readonly stored: readonly Stored[];
}

/** Payloads, certificates and log entries beside a signature. */
const MAX_PART_BYTES = 16 * 1024 * 1024;
/** Of SBOMs and of files of attestations, as cosign's ceiling for attachments. */
const MAX_DOCUMENT_BYTES = 128 * 1024 * 1024;
/** Attestations in one file. */
const MAX_DOCUMENTS = 1000;

export interface AttachSignatureInput extends AttachEvidenceInput {
  /** Paths. */
  readonly payload?: string | undefined;
  /** A path, or the bytes of standard input. */
  readonly signature?: string | Uint8Array | undefined;
  readonly certificate?: string | undefined;
  readonly chain?: string | undefined;
  /** A log's answer, or what cosign keeps of it. */
  readonly logEntry?: string | undefined;
  /** TimeStampResp in DER. */
  readonly timestamp?: string | undefined;
}

export async function attachSignatureFiles(
  ports: Ports,
  input: AttachSignatureInput,
  signal?: AbortSignal,
): Promise<AttachedEvidence> {
  const bytesOf = async (file: string | Uint8Array | undefined): Promise<Uint8Array | undefined> =>
    typeof file === 'string' ? await ports.files.read(file, MAX_PART_BYTES) : file;
  const textOf = async (file: string | Uint8Array | undefined): Promise<string | undefined> => {
    const bytes = await bytesOf(file);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  };
  const detached: DetachedSignature = {
    payload: await bytesOf(input.payload),
    signature: await textOf(input.signature),
    certificate: await textOf(input.certificate),
    chain: await textOf(input.chain),
    logEntry: await textOf(input.logEntry),
    timestamp: await bytesOf(input.timestamp),
  };
  if (detached.payload === undefined && detached.signature === undefined) {
    throw new AppError('usage', 'expected a signature or a payload to attach, found neither', {
      hint: 'give --signature FILE, and --payload FILE where it is not the one that cosign signs',
    });
  }
  const { repository, subject, reference } = await openSubject(ports, input, signal);
  return { reference, stored: [await attachSignature(repository, subject, detached, optional(signal))] };
}

export interface AttachAttestationsInput extends AttachEvidenceInput {
  /** Paths of envelopes or Sigstore bundles, one JSON or one a line. */
  readonly files: readonly string[];
}

/** All files are read before the first is stored. */
export async function attachAttestationFiles(
  ports: Ports,
  input: AttachAttestationsInput,
  signal?: AbortSignal,
): Promise<AttachedEvidence> {
  if (input.files.length === 0) throw new AppError('usage', 'expected at least one attestation to attach, found none');
  const documents: { readonly text: string; readonly what: string }[] = [];
  for (const file of input.files) {
    const text = new TextDecoder().decode(await ports.files.read(file, MAX_DOCUMENT_BYTES));
    documents.push(...splitDocuments(text).map((one) => ({ text: one, what: file })));
  }
  if (documents.length > MAX_DOCUMENTS)
    throw new AppError('invalid-input', `expected at most ${MAX_DOCUMENTS} attestations, found ${documents.length}`);
  const { repository, subject, reference } = await openSubject(ports, input, signal);
  const stored: Stored[] = [];
  const options = { at: ports.clock(), ...optional(signal) };
  for (const document of documents) stored.push(await attachAttestation(repository, subject, document, options));
  return { reference, stored };
}

/** JSON over several lines is one document; else each line is one (JSON Lines). */
function splitDocuments(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.every((line) => line.startsWith('{') && line.trimEnd().endsWith('}')) ? lines : [text];
}

export interface AttachSbomInput extends AttachEvidenceInput {
  /** A path, or the bytes of standard input. */
  readonly sbom: string | Uint8Array;
  readonly type: 'spdx' | 'cyclonedx' | 'syft';
  /** By what the file looks like when absent. */
  readonly syntax?: 'json' | 'xml' | 'text' | undefined;
  /** How it is stored. */
  readonly format: 'referrer' | 'legacy';
}

export interface AttachedSbom {
  readonly reference: string;
  readonly mediaType: string;
  readonly manifest: Digest;
}

export async function attachSbomFile(
  ports: Ports,
  input: AttachSbomInput,
  signal?: AbortSignal,
): Promise<AttachedSbom> {
  const { format } = input;
  const content = typeof input.sbom === 'string' ? await ports.files.read(input.sbom, MAX_DOCUMENT_BYTES) : input.sbom;
  const mediaType = sbomMediaType(input.type, input.syntax ?? syntaxOf(content));
  const { repository, subject, reference } = await openSubject(ports, input, signal);
  return {
    reference,
    mediaType,
    manifest: await attachSbom(repository, subject, { content, mediaType, format }, signal),
  };
}

/** As cosign guesses. */
function syntaxOf(content: Uint8Array): AttachSbomInput['syntax'] {
  const start = new TextDecoder().decode(content.subarray(0, 1024)).trimStart();
  if (start.startsWith('{')) return 'json';
  return start.startsWith('<') ? 'xml' : 'text';
}

function sbomMediaType(type: AttachSbomInput['type'], syntax: AttachSbomInput['syntax']): string {
  if (type === 'syft') return 'application/vnd.syft+json';
  if (type === 'spdx' && syntax !== 'xml') return syntax === 'json' ? 'text/spdx+json' : 'text/spdx';
  if (type === 'cyclonedx' && syntax !== 'text') return `application/vnd.cyclonedx+${syntax ?? 'xml'}`;
  throw new AppError('usage', `expected a format that ${type} has, found ${String(syntax)}`);
}

interface OpenedSubject {
  readonly repository: Repository;
  readonly subject: Descriptor;
  readonly reference: string;
}

async function openSubject(ports: Ports, input: AttachEvidenceInput, signal?: AbortSignal): Promise<OpenedSubject> {
  const reference = parseReference(input.reference);
  const repository = openSignedRepository(ports, reference, input.access);
  const subject = (await repository.fetchManifest(targetOf(reference), signal)).descriptor;
  return { repository, subject, reference: formatReference(referenceWithDigest(reference, subject.digest)) };
}

function optional(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
