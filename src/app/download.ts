/** What is stored beside an image: signatures and attestations as documents, SBOMs as files. */
import { parseImageManifest, type ReadableRepository } from '../artifacts/index.ts';
import { predicateTypeOf } from '../attestations/index.ts';
import { AppError, type Digest, type Ports } from '../core/index.ts';
import { fetchDocuments, SBOM_ARTIFACT_TYPE, signatureTag, type StoredDocuments } from '../trust/index.ts';
import { openSignedArtifact } from './evidence-repository.ts';
import { resolveManifest, type InspectInput } from './inspect-artifact.ts';
import { resolveSource } from './resolve-source.ts';

export interface DownloadInput extends InspectInput {
  readonly kind: 'signature' | 'attestation';
  /** Of attestations: a short name or a URI; all when absent. */
  readonly predicateType?: string | undefined;
}

/** Throws `not-found` when there is nothing of the kind. */
export async function downloadDocuments(
  ports: Ports,
  input: DownloadInput,
  signal: AbortSignal,
): Promise<StoredDocuments> {
  const { kind, predicateType } = input;
  const { repository, digest, reference } = await locate(ports, input, signal);
  const wanted = {
    kind,
    ...(predicateType === undefined ? {} : { predicateType: predicateTypeOf(predicateType) }),
  };
  const found = await fetchDocuments(repository, digest, wanted, signal);
  if (found.documents.length + found.unreadable.length > 0) return found;
  throw new AppError('not-found', `${reference}: no ${kind}s associated`);
}

/** Larger documents are no SBOM. */
const MAX_SBOM_BYTES = 128 * 1024 * 1024;

export interface DownloadedSbom {
  readonly mediaType: string;
  readonly content: Uint8Array;
}

/** As cosign: the last one that refers to the image, else the one under its tag. Throws `not-found` when there is none. */
export async function downloadSbom(ports: Ports, input: InspectInput, signal: AbortSignal): Promise<DownloadedSbom> {
  const { repository, digest, reference } = await locate(ports, input, signal);
  const referrer = (await repository.listReferrers(digest, SBOM_ARTIFACT_TYPE, signal)).at(-1);
  const manifest =
    referrer === undefined
      ? await repository.findManifest(signatureTag(digest, 'sbom'), signal)
      : await repository.fetchManifest(referrer.digest, signal);
  if (manifest === undefined) {
    throw new AppError('not-found', `${reference}: no sbom attached to reference`, {
      hint: 'plimsoll download attestation gives attested SBOMs, plimsoll discover lists what there is',
    });
  }
  const [layer] = parseImageManifest(manifest).layers;
  if (layer === undefined) throw new AppError('invalid-input', `${reference}: expected an SBOM, found no layers`);
  return { mediaType: layer.mediaType, content: await repository.fetchBlob(layer, MAX_SBOM_BYTES, signal) };
}

interface Located {
  readonly repository: ReadableRepository;
  readonly digest: Digest;
  /** By digest. */
  readonly reference: string;
}

async function locate(ports: Ports, input: InspectInput, signal: AbortSignal): Promise<Located> {
  const { repository } = await openSignedArtifact(ports, await resolveSource(ports, input.reference), input.access);
  const { descriptor, reference } = await resolveManifest(ports, input, signal);
  return { repository, digest: descriptor.digest, reference };
}
