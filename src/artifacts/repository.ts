/** One repository of artifacts, wherever it is kept: a registry, an OCI layout, an archive, memory. */
import type { Descriptor, Digest } from '../core/index.ts';

/** A manifest or index with its exact bytes: digests and signatures are over these, never over a parsed form. */
export interface Manifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
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
  /** Content as it comes; throws at the end if size or digest is wrong, so act on nothing before the end. */
  streamBlob(blob: Descriptor, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Everything whose subject is this digest: referrers API and fallback tag, merged by digest, all pages. */
  listReferrers(subject: Digest, artifactType?: string, signal?: AbortSignal): Promise<readonly Descriptor[]>;
  listTags(signal?: AbortSignal): Promise<readonly string[]>;
}

export interface Repository extends ReadableRepository {
  hasBlob(digest: Digest, signal?: AbortSignal): Promise<boolean>;
  /** No transfer when the blob is there already. */
  pushBlob(blob: Descriptor, content: Uint8Array | AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>;
  /** Has the server take a blob from another repository on it. False when it did not: then push. Absent where impossible. */
  mountBlob?(blob: Descriptor, source: ReadableRepository, signal?: AbortSignal): Promise<boolean>;
  /**
   * Stores the exact bytes, by digest and, if given, under a tag. A manifest with a subject is made findable:
   * by the server, or by us through the fallback tag, where concurrent writers lose nothing.
   */
  pushManifest(bytes: Uint8Array, mediaType: string, tag?: string, signal?: AbortSignal): Promise<Descriptor>;
  /** Removes a manifest (by digest) or a tag. */
  deleteManifest(target: string, signal?: AbortSignal): Promise<void>;
}
