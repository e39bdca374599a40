/**
 * Finds signatures and attestations of an artifact in both of cosign's storage forms: the tags `sha256-<hex>.sig` and `.att`,
 * and OCI referrers. What is listed but cannot be read becomes a reason, never silence; what cannot be listed throws,
 * because "could not look" must not become "unsigned".
 */
import { algorithmOf, AppError, digestOf, hexOf, mapParallel } from '../../core/index.ts';
import type { Descriptor, Digest, Reason, Storage } from '../../core/index.ts';
import { OCI_EMPTY, parseImageManifest } from '../../artifacts/index.ts';
import type { ImageManifest, Manifest, ReadableRepository } from '../../artifacts/index.ts';
import { DSSE_MEDIA_TYPE, MAX_ENVELOPE_BYTES } from '../../attestations/index.ts';
import { isBundleMediaType, MAX_BUNDLE_BYTES } from '../bundles/bundle.ts';
import { rejection } from './candidate.ts';
import type { Candidate, RejectionCode } from './candidate.ts';
import { encodeSimpleSigning, MAX_SIMPLE_SIGNING_BYTES, SIMPLE_SIGNING_MEDIA_TYPE } from './simple-signing.ts';

/** Anybody who may push can add signatures, so their number bounds the work of one admission. */
export const MAX_CANDIDATES = 256;
/** Referrers of other kinds (SBOMs, reports) also count here, since only their manifest tells. */
const MAX_REFERRERS = 1024;
const PARALLEL_READS = 16;
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

/** What is known besides the artifact. */
export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  /** With which names of tags begin. */
  readonly tagPrefix?: string | undefined;
  /** `registry/repository` of the artifact, where its signatures are kept elsewhere. */
  readonly artifactName?: string | undefined;
}

/** Signatures of the artifact in both forms. Throws `unavailable` or `unauthorized` when the repository cannot be asked. */
export async function fetchSignatures(
  repository: ReadableRepository,
  artifact: Digest,
  options: FetchOptions = {},
): Promise<readonly Candidate[]> {
  const known = guessPayload(options.artifactName ?? repository.name, artifact);
  return await fetchCandidates(repository, { ...options, artifact, suffix: 'sig', known });
}

/** Attestations of the artifact in both forms, whatever their type; otherwise like fetchSignatures. */
export async function fetchAttestations(
  repository: ReadableRepository,
  artifact: Digest,
  options: FetchOptions = {},
): Promise<readonly Candidate[]> {
  return await fetchCandidates(repository, { ...options, artifact, suffix: 'att', known: new Map() });
}

/**
 * What cosign signs where nobody adds anything. Bytes are bytes: with the digest that a layer names they are that layer, and need not be
 * asked for. Where the name is another, as of copied images, they are simply not found.
 */
function guessPayload(reference: string, digest: Digest): ReadonlyMap<Digest, Uint8Array> {
  const payload = encodeSimpleSigning({ reference, digest, annotations: {} });
  return new Map([[digestOf(payload), payload]]);
}

interface Search extends FetchOptions {
  readonly artifact: Digest;
  readonly suffix: TagSuffix;
  /** Blobs at hand. */
  readonly known: ReadonlyMap<Digest, Uint8Array>;
}

/** Asks for all lists at once, then for all manifests in them, then for all that these name. */
async function fetchCandidates(repository: ReadableRepository, search: Search): Promise<readonly Candidate[]> {
  const { artifact, signal } = search;
  const budget = new Budget();
  const listing = repository.listReferrers(artifact, undefined, signal);
  const [tagged, referred, referrers] = await Promise.all([
    readTagged(repository, search, budget),
    listing.then(async (referrers) => {
      const promising = referrers.slice(0, MAX_REFERRERS).filter(mayCarryEvidence);
      return await mapParallel(promising, PARALLEL_READS, async (referrer) =>
        readReferrer(repository, referrer, { ...search, budget }),
      );
    }),
    listing,
  ]);
  const beyond = referrers[MAX_REFERRERS];
  return [...tagged, ...referred.flat(), ...(beyond === undefined ? [] : [beyondReferrers(beyond, referrers.length)])];
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

async function readTagged(
  repository: ReadableRepository,
  search: Search,
  budget: Budget,
): Promise<readonly Candidate[]> {
  const { artifact, suffix, tagPrefix = '', signal } = search;
  const tag = `${tagPrefix}${signatureTag(artifact, suffix)}`;
  // A sha512 digest does not fit into a tag, so nobody can have stored anything there.
  if (tag.length > MAX_TAG_LENGTH) return [];
  let manifest: Manifest | undefined;
  try {
    manifest = await repository.findManifest(tag, signal);
  } catch (error) {
    return [unreadable('tag', artifact, readingRefused('manifest-unreadable', artifact, error))];
  }
  if (manifest === undefined) return [];
  return await readManifest(repository, manifest, { ...search, storage: 'tag', budget, isOurs: true });
}

async function readReferrer(
  repository: ReadableRepository,
  referrer: Descriptor,
  search: Search & Pick<Reading, 'budget'>,
): Promise<readonly Candidate[]> {
  let manifest: Manifest;
  try {
    manifest = await repository.fetchManifest(referrer.digest, search.signal);
  } catch (error) {
    return [unreadable('referrer', referrer.digest, readingRefused('manifest-unreadable', referrer.digest, error))];
  }
  const isOurs = isEvidenceType(manifest.descriptor.artifactType ?? '');
  return await readManifest(repository, manifest, { ...search, storage: 'referrer', isOurs });
}

interface Reading extends Search {
  readonly storage: Storage;
  readonly budget: Budget;
  /** Whether all layers must be of our kinds; elsewhere foreign layers are not about signatures at all. */
  readonly isOurs: boolean;
}

async function readManifest(
  repository: ReadableRepository,
  manifest: Manifest,
  reading: Reading,
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
  const layers = content.layers.filter((entry) => reading.isOurs || ceilingOf(entry.mediaType) !== undefined);
  return await mapParallel(layers, PARALLEL_READS, async (entry) => readLayer(repository, entry, reading));
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

async function readLayer(repository: ReadableRepository, entry: Descriptor, reading: Reading): Promise<Candidate> {
  const ceiling = ceilingOf(entry.mediaType);
  if (ceiling === undefined) return refuse(entry, reading, 'media-type-unsupported', entry.mediaType);
  if (entry.size > ceiling) return refuse(entry, reading, 'payload-too-large', `${entry.size} bytes`);
  const over = reading.budget.take(entry.size);
  if (over !== undefined) return refuse(entry, reading, over, `${entry.size} bytes`);
  const { mediaType, digest, size, data } = entry;
  const blob: Descriptor = { mediaType, digest, size, ...(data === undefined ? {} : { data }) };
  const known = reading.known.get(digest);
  try {
    const bytes = known?.length === size ? known : await repository.fetchBlob(blob, ceiling, reading.signal);
    return candidateOf(entry, reading.storage, bytes);
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
