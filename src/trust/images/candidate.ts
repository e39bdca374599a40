import type { Digest, Reason, Storage } from '../../core/index.ts';
import type { LegacyMaterial } from '../bundles/legacy.ts';

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
      readonly material: LegacyMaterial;
    })
  /** A bare DSSE envelope, as JSON. */
  | (CandidateBase & { readonly kind: 'envelope'; readonly bytes: Uint8Array; readonly material: LegacyMaterial })
  /** A Sigstore bundle, as JSON. */
  | (CandidateBase & { readonly kind: 'bundle'; readonly bytes: Uint8Array })
  /** Listed, but not to be had: the reason says why. */
  | (CandidateBase & { readonly kind: 'unreadable'; readonly reason: Reason });

/** Stable codes of signatures and attestations that were refused before, or without, a certificate or a log being looked at. */
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
  return { subject: source, ...cutReason({ code, ...facts }) };
}

/** With each text at most as long as is worth keeping. */
export function cutReason(reason: Reason): Reason {
  const short = Object.fromEntries(Object.entries(reason).map(([name, text]) => [name, cut(text)]));
  return { code: reason.code, message: cut(reason.message), ...short };
}

function cut(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  // Through bytes, since a mere slice would keep the whole text in memory.
  return `${Buffer.from(text.slice(0, MAX_TEXT)).toString()}...`;
}
