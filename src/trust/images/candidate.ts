import type { Digest, Reason, Storage } from '../../core/index.ts';

interface CandidateBase {
  readonly storage: Storage;
  /** Digest of the bytes that carry it; of the manifest where those could not be read. */
  readonly source: Digest;
}

/** Something found beside an artifact that may prove a claim about it: bytes already held, nothing verified. */
export type Candidate =
  /** A Simple Signing payload with a signature beside it. */
  | (CandidateBase & {
      readonly kind: 'simple-signing';
      readonly payload: Uint8Array;
      /** Base64, from the layer's annotation. */
      readonly signature: string;
      /** Whether a certificate stands beside the signature. */
      readonly hasCertificate: boolean;
    })
  /** A bare DSSE envelope, as JSON. */
  | (CandidateBase & { readonly kind: 'envelope'; readonly bytes: Uint8Array; readonly hasCertificate: boolean })
  /** A Sigstore bundle, as JSON. */
  | (CandidateBase & { readonly kind: 'bundle'; readonly bytes: Uint8Array })
  /** Listed, but not to be had: the reason says why. */
  | (CandidateBase & { readonly kind: 'unreadable'; readonly reason: Reason });

/** Stable codes of refused signatures and attestations. */
export type RejectionCode =
  | 'signature-malformed'
  | 'signature-mismatch'
  | 'certificate-only'
  | 'payload-malformed'
  | 'payload-other-artifact'
  | 'payload-type-unsupported'
  | 'subject-mismatch'
  | 'predicate-type-mismatch'
  | 'annotation-mismatch'
  | 'bundle-malformed'
  | 'bundle-content-unsupported'
  | 'media-type-unsupported'
  | 'payload-too-large'
  | 'too-many-signatures'
  | 'manifest-unreadable'
  | 'blob-unreadable';

/** Characters of one text in a reason: whoever may push chooses media types and annotations, of megabytes if nobody objects. */
const MAX_TEXT = 500;

/** A Reason whose code is one of ours. */
export function rejection(code: RejectionCode, source: Digest, facts: Omit<Reason, 'code' | 'subject'>): Reason {
  const short = Object.fromEntries(Object.entries(facts).map(([name, text]) => [name, cut(text)]));
  return { code, subject: source, message: cut(facts.message), ...short };
}

function cut(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  // Through bytes, since a mere slice would keep the whole text in memory.
  return `${Buffer.from(text.slice(0, MAX_TEXT)).toString()}...`;
}
