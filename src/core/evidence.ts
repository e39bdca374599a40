import type { Digest } from './digest.ts';
import type { Reason } from './verdict.ts';

/** Who made a signature, as far as the verifier proved it. */
export type Signer =
  | { readonly kind: 'key'; /** sha256 of the SPKI DER. */ readonly keyId: Digest }
  | { readonly kind: 'certificate'; readonly issuer: string; readonly subject: string };

/** Where a signature was found: a cosign tag, a referrer of the artifact, or a file beside it. */
export type Storage = 'tag' | 'referrer' | 'file';

/** What vouches for a signature besides its key, as the verifier proved it. */
export interface SignatureProof {
  /** When it was made: each source vouches for its own time. */
  readonly times: readonly { readonly source: 'log' | 'timestamp'; readonly by: string; readonly at: Date }[];
  readonly logs: readonly { readonly name: string; readonly index: number }[];
  /** What the CA says of the signer beyond issuer and subject: Fulcio's claims by number (1.3.6.1.4.1.57264.1.N). */
  readonly claims: Readonly<Record<string, string>>;
}

/** A signature over an image that verified. */
export interface VerifiedSignature {
  readonly kind: 'signature';
  readonly artifact: Digest;
  readonly signer: Signer;
  readonly storage: Storage;
  /** Digest of the bytes that carry the signature: the payload layer or the bundle. */
  readonly source: Digest;
  readonly annotations: Readonly<Record<string, unknown>>;
  /** The demand that it satisfied, where demands differ in whom they believe: it counts for no other. */
  readonly demand?: string;
  /** Absent where a key was all that was asked about. */
  readonly proof?: SignatureProof;
  /** The repository that the signed payload names, where the form has one; compared with nothing, since images are copied. */
  readonly claimedReference?: string;
}

/** An in-toto statement about an artifact whose envelope verified. */
export interface VerifiedAttestation {
  readonly kind: 'attestation';
  readonly artifact: Digest;
  readonly signer: Signer;
  readonly storage: Storage;
  readonly source: Digest;
  readonly demand?: string;
  readonly proof?: SignatureProof;
  readonly predicateType: string;
  readonly predicate: unknown;
  /** The whole statement, parsed. */
  readonly statement: unknown;
  /** The statement's exact bytes, as signed. */
  readonly payload: Uint8Array;
}

export type Evidence = VerifiedSignature | VerifiedAttestation;

/** What a search for evidence gave: all that verified, and why each other candidate did not. */
export interface Verification<E extends Evidence = Evidence> {
  readonly verified: readonly E[];
  readonly rejected: readonly Reason[];
}
