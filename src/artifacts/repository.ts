/** One repository of artifacts, wherever it is kept: a registry, an OCI layout, an archive, memory. */
import type { Descriptor, Digest } from '../core/index.ts';

/** A manifest or index with its exact bytes: digests and signatures are over these, never over a parsed form. */
export interface Manifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

export interface ByteRange {
  readonly start: number;
  /** The byte before which it ends. */
  readonly end: number;
}

/** A blob's bytes, or where to get any range of them, as often as it takes: an upload that broke goes on in the middle. */
export type BlobContent = Uint8Array | ((range: ByteRange) => AsyncIterable<Uint8Array>);

/** All of the content, from its beginning. */
export function openContent(
  content: BlobContent,
  { size }: Descriptor,
): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  return typeof content === 'function' ? content({ start: 0, end: size }) : [content];
}

export interface ReadableRepository {
  /** `registry/repository`, or the path of a local form; for messages and for payloads that name it. */
  readonly name: string;
  /** By tag or by digest. The digest is computed from the bytes received and compared with what was asked. `not-found` when absent. */
  fetchManifest(target: string, signal?: AbortSignal): Promise<Manifest>;
  /** Like fetchManifest, but undefined when absent. */
  findManifest(target: string, signal?: AbortSignal): Promise<Manifest | undefined>;
  /** Whole content of a blob of at most maxBytes; size and digest verified. */
  fetchBlob(blob: Descriptor, maxBytes: number, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Content as it comes; throws at the end if size or digest is wrong, so act on nothing before the end. A range is given
   * unverified, for who verifies the whole himself, as pushBlob does.
   */
  streamBlob(blob: Descriptor, signal?: AbortSignal, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Everything whose subject is this digest: referrers API and fallback tag, merged by digest, all pages. */
  listReferrers(subject: Digest, artifactType?: string, signal?: AbortSignal): Promise<readonly Descriptor[]>;
  listTags(signal?: AbortSignal): Promise<readonly string[]>;
}

export interface Repository extends ReadableRepository {
  hasBlob(digest: Digest, signal?: AbortSignal): Promise<boolean>;
  /** No transfer when the blob is there already. Throws `invalid-input` when the content is not what the descriptor says. */
  pushBlob(blob: Descriptor, content: BlobContent, signal?: AbortSignal): Promise<void>;
  /** Has the server take a blob from another repository on it. False when it did not: then push. Absent where impossible. */
  mountBlob?(blob: Descriptor, source: ReadableRepository, signal?: AbortSignal): Promise<boolean>;
  /**
   * Stores the exact bytes under a tag, or by digest: the given one (of any algorithm), else that of SHA-256. A manifest with a subject is made findable:
   * by the server, or by us through the fallback tag, where concurrent writers lose nothing.
   */
  pushManifest(bytes: Uint8Array, mediaType: string, target?: string, signal?: AbortSignal): Promise<Descriptor>;
  /** Removes a manifest (by digest) or a tag. */
  deleteManifest(target: string, signal?: AbortSignal): Promise<void>;
}
