/**
 * Finds signatures and attestations of an artifact in both of cosign's storage forms: the tags `sha256-<hex>.sig` and `.att`,
 * and OCI referrers. What is listed but cannot be read becomes a reason, never silence; what cannot be listed throws,
 * because "could not look" must not become "unsigned".
 */
import { algorithmOf, AppError, hexOf } from '../../core/index.ts';
import type { Descriptor, Digest, Reason, Storage } from '../../core/index.ts';
import { OCI_EMPTY, parseImageManifest } from '../../artifacts/index.ts';
import type { ImageManifest, Manifest, ReadableRepository } from '../../artifacts/index.ts';
import { DSSE_MEDIA_TYPE, MAX_ENVELOPE_BYTES } from '../../attestations/index.ts';
import { isBundleMediaType, MAX_BUNDLE_BYTES } from '../bundles/bundle.ts';
import { rejection } from './candidate.ts';
import type { Candidate, RejectionCode } from './candidate.ts';
import { MAX_SIMPLE_SIGNING_BYTES, SIMPLE_SIGNING_MEDIA_TYPE } from './simple-signing.ts';

/** Anybody who may push can add signatures, so their number bounds the work of one admission. */
export const MAX_CANDIDATES = 256;
/** Referrers of other kinds (SBOMs, reports) also count here, since only their manifest tells. */
const MAX_REFERRERS = 1024;
const PARALLEL_READS = 8;
/** Sum of all payloads of one artifact that are held in memory at once. */
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;

export const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature';
export const CERTIFICATE_ANNOTATION = 'dev.sigstore.cosign/certificate';
export const CHAIN_ANNOTATION = 'dev.sigstore.cosign/chain';
export const LOG_ANNOTATION = 'dev.sigstore.cosign/bundle';
export const TIMESTAMP_ANNOTATION = 'dev.sigstore.cosign/rfc3161timestamp';
/** In a bundle's manifest: the type of the statement inside. */
const PREDICATE_TYPE_ANNOTATION = 'dev.sigstore.bundle.predicateType';
/** The predicate of an image signature in bundle form. */
export const SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
const SIGNATURE_ARTIFACT_TYPE = 'application/vnd.dev.cosign.artifact.sig.v1+json';

/** Of the distribution specification. */
export const MAX_TAG_LENGTH = 128;

export type TagSuffix = 'sig' | 'att' | 'sbom';

/** The tag under which cosign keeps signatures, attestations or the SBOM of an artifact. */
export function signatureTag(artifact: Digest, suffix: TagSuffix): string {
  return `${algorithmOf(artifact)}-${hexOf(artifact)}.${suffix}`;
}

/** Signatures of the artifact in both forms; names of tags begin with `tagPrefix`. Throws `unavailable` or `unauthorized` when the repository cannot be asked. */
export function fetchSignatures(
  repository: ReadableRepository,
  artifact: Digest,
  signal?: AbortSignal,
  tagPrefix = '',
): Promise<readonly Candidate[]> {
  return fetchCandidates(repository, { artifact, suffix: 'sig', tagPrefix }, signal);
}

/** Attestations of the artifact in both forms; signature bundles are among them, since only their payload tells. */
export function fetchAttestations(
  repository: ReadableRepository,
  artifact: Digest,
  signal?: AbortSignal,
  tagPrefix = '',
): Promise<readonly Candidate[]> {
  return fetchCandidates(repository, { artifact, suffix: 'att', tagPrefix }, signal);
}

interface Tagged {
  readonly artifact: Digest;
  readonly suffix: TagSuffix;
  readonly tagPrefix: string;
}

async function fetchCandidates(
  repository: ReadableRepository,
  wanted: Tagged,
  signal?: AbortSignal,
): Promise<readonly Candidate[]> {
  const budget = new Budget();
  const [tagged, referrers] = await Promise.all([
    findTagged(repository, wanted, signal),
    repository.listReferrers(wanted.artifact, undefined, signal),
  ]);
  const found: Candidate[] = [];
  if (tagged !== undefined) {
    found.push(
      ...('kind' in tagged
        ? [tagged]
        : await readManifest(
            repository,
            tagged,
            { storage: 'tag', budget, isOurs: true, suffix: wanted.suffix },
            signal,
          )),
    );
  }
  const promising = referrers.slice(0, MAX_REFERRERS).filter(mayCarryEvidence);
  for (let start = 0; start < promising.length; start += PARALLEL_READS) {
    const read = promising
      .slice(start, start + PARALLEL_READS)
      .map((referrer) => readReferrer(repository, referrer, { suffix: wanted.suffix, budget }, signal));
    found.push(...(await Promise.all(read)).flat());
  }
  const beyond = referrers[MAX_REFERRERS];
  if (beyond !== undefined) found.push(beyondReferrers(beyond, referrers.length));
  return found;
}

/** How much may still be read for this artifact. */
class Budget {
  #candidates = MAX_CANDIDATES;
  #bytes = MAX_TOTAL_BYTES;

  /** Takes one candidate of this size, or says which ceiling forbids it. */
  take(size: number): RejectionCode | undefined {
    if (this.#candidates === 0) return 'too-many-signatures';
    if (size > this.#bytes) return 'payload-too-large';
    this.#candidates -= 1;
    this.#bytes -= size;
    return undefined;
  }
}

/** Registries and clients write wrong artifact types into referrer lists, so only other people's known types are passed over. */
function mayCarryEvidence(referrer: Descriptor): boolean {
  const type = referrer.artifactType;
  if (type === undefined || type === '' || type === OCI_EMPTY) return true;
  return isEvidenceType(type);
}

function isEvidenceType(type: string): boolean {
  return isBundleMediaType(type) || type === SIGNATURE_ARTIFACT_TYPE || type === DSSE_MEDIA_TYPE;
}

function beyondReferrers(first: Descriptor, count: number): Candidate {
  const facts = {
    message: 'the artifact has more referrers than are read',
    expected: `at most ${MAX_REFERRERS}`,
    found: String(count),
    fix: 'remove referrers that are not needed',
  };
  return unreadable('referrer', first.digest, rejection('too-many-signatures', first.digest, facts));
}

async function findTagged(
  repository: ReadableRepository,
  wanted: Tagged,
  signal?: AbortSignal,
): Promise<Manifest | Candidate | undefined> {
  const tag = `${wanted.tagPrefix}${signatureTag(wanted.artifact, wanted.suffix)}`;
  // A sha512 digest does not fit into a tag, so nobody can have stored anything there.
  if (tag.length > MAX_TAG_LENGTH) return undefined;
  try {
    return await repository.findManifest(tag, signal);
  } catch (error) {
    return unreadable('tag', wanted.artifact, readingRefused('manifest-unreadable', wanted.artifact, error));
  }
}

async function readReferrer(
  repository: ReadableRepository,
  referrer: Descriptor,
  search: { readonly suffix: TagSuffix; readonly budget: Budget },
  signal?: AbortSignal,
): Promise<readonly Candidate[]> {
  let manifest: Manifest;
  try {
    manifest = await repository.fetchManifest(referrer.digest, signal);
  } catch (error) {
    return [unreadable('referrer', referrer.digest, readingRefused('manifest-unreadable', referrer.digest, error))];
  }
  const isOurs = isEvidenceType(manifest.descriptor.artifactType ?? '');
  const reading = { storage: 'referrer', budget: search.budget, isOurs, suffix: search.suffix } as const;
  return await readManifest(repository, manifest, reading, signal);
}

interface Reading {
  readonly storage: Storage;
  readonly budget: Budget;
  /** Whether all layers must be of our kinds; elsewhere foreign layers are not about signatures at all. */
  readonly isOurs: boolean;
  readonly suffix: TagSuffix;
}

async function readManifest(
  repository: ReadableRepository,
  manifest: Manifest,
  reading: Reading,
  signal?: AbortSignal,
): Promise<readonly Candidate[]> {
  const { digest } = manifest.descriptor;
  let content: ImageManifest;
  try {
    content = parseImageManifest(manifest);
  } catch (error) {
    return [unreadable(reading.storage, digest, readingRefused('manifest-unreadable', digest, error))];
  }
  const other = otherKind(content, digest, reading.suffix);
  if (other !== undefined) return [unreadable(reading.storage, digest, other)];
  const found: Candidate[] = [];
  for (const entry of content.layers) {
    if (!reading.isOurs && ceilingOf(entry.mediaType) === undefined) continue;
    found.push(await readLayer(repository, entry, reading, signal));
  }
  return found;
}

/**
 * A manifest that says of itself that it holds the other kind of evidence is not downloaded: SBOMs are large. Nobody signed
 * the annotation, but whoever could change it could as well remove the manifest; what it hides is missing, never accepted.
 */
function otherKind(manifest: ImageManifest, digest: Digest, suffix: TagSuffix): Reason | undefined {
  const type = manifest.annotations[PREDICATE_TYPE_ANNOTATION];
  if (type === undefined || type === '' || (type === SIGN_PREDICATE) === (suffix === 'sig')) return undefined;
  const message =
    suffix === 'sig' ? 'an attestation, not an image signature' : 'an image signature, not an attestation';
  return rejection('predicate-type-mismatch', digest, { message, found: type });
}

async function readLayer(
  repository: ReadableRepository,
  entry: Descriptor,
  reading: Reading,
  signal?: AbortSignal,
): Promise<Candidate> {
  const ceiling = ceilingOf(entry.mediaType);
  if (ceiling === undefined) return refuse(entry, reading, 'media-type-unsupported', entry.mediaType);
  if (entry.size > ceiling) return refuse(entry, reading, 'payload-too-large', `${entry.size} bytes`);
  const over = reading.budget.take(entry.size);
  if (over !== undefined) return refuse(entry, reading, over, `${entry.size} bytes`);
  const descriptor: Descriptor = { mediaType: entry.mediaType, digest: entry.digest, size: entry.size };
  try {
    return candidateOf(entry, reading.storage, await repository.fetchBlob(descriptor, ceiling, signal));
  } catch (error) {
    return unreadable(reading.storage, entry.digest, readingRefused('blob-unreadable', entry.digest, error));
  }
}

function ceilingOf(mediaType: string): number | undefined {
  if (mediaType === SIMPLE_SIGNING_MEDIA_TYPE) return MAX_SIMPLE_SIGNING_BYTES;
  if (mediaType === DSSE_MEDIA_TYPE) return MAX_ENVELOPE_BYTES;
  return isBundleMediaType(mediaType) ? MAX_BUNDLE_BYTES : undefined;
}

function candidateOf(entry: Descriptor, storage: Storage, bytes: Uint8Array): Candidate {
  const base = { storage, source: entry.digest };
  if (isBundleMediaType(entry.mediaType)) return { ...base, kind: 'bundle', bytes };
  const material = {
    certificate: entry.annotations?.[CERTIFICATE_ANNOTATION],
    chain: entry.annotations?.[CHAIN_ANNOTATION],
    rekorBundle: entry.annotations?.[LOG_ANNOTATION],
    timestamp: entry.annotations?.[TIMESTAMP_ANNOTATION],
  };
  if (entry.mediaType === DSSE_MEDIA_TYPE) return { ...base, kind: 'envelope', bytes, material };
  const signature = entry.annotations?.[SIGNATURE_ANNOTATION] ?? '';
  return { ...base, kind: 'simple-signing', payload: bytes, signature, material };
}

const REFUSALS: Readonly<Partial<Record<RejectionCode, string>>> = {
  'media-type-unsupported': 'the layer is neither a signature, an envelope nor a bundle',
  'payload-too-large': 'the payload is larger than is read',
  'too-many-signatures': 'the artifact has more signatures than are read',
};

function refuse(entry: Descriptor, reading: Reading, code: RejectionCode, found: string): Candidate {
  return unreadable(
    reading.storage,
    entry.digest,
    rejection(code, entry.digest, { message: REFUSALS[code] ?? code, found }),
  );
}

function unreadable(storage: Storage, source: Digest, reason: Reason): Candidate {
  return { kind: 'unreadable', storage, source, reason };
}

/** A document that is damaged or gone is a reason; a registry that does not answer is an inability, and thrown on. */
function readingRefused(code: RejectionCode, source: Digest, error: unknown): Reason {
  const isAboutContent = error instanceof AppError && (error.kind === 'invalid-input' || error.kind === 'not-found');
  if (!isAboutContent) throw error;
  return rejection(code, source, { message: error.message });
}
