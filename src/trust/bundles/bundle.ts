/**
 * Sigstore bundles in JSON form (sigstore_bundle.proto, media types 0.1 to 0.3).
 *
 * Implements reading of DSSE and message-signature content with a public-key hint or a certificate, log entries and timestamps, and
 * writing of 0.3. Nothing is verified here, but every rule about the form is.
 */
import { AppError, arrayOf, decodeJson, object, optional, string } from '../../core/index.ts';
import { decodeEnvelope, envelopeValue, MAX_ENVELOPE_BYTES } from '../../attestations/index.ts';
import type { Envelope } from '../../attestations/index.ts';
import { decodeBase64, encodeBase64 } from '../crypto/index.ts';
import type { HashName } from '../crypto/index.ts';
import type { SigningProof } from '../sign/voucher.ts';
import { decodeLogEntry } from '../logs/entry.ts';
import type { LogEntry } from '../logs/entry.ts';

export const BUNDLE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** `legacy` is what older cosign kept outside bundles: always with the log's promise, never with a proof. */
export type BundleForm = 'legacy' | '0.1' | '0.2' | '0.3';

const FORMS: ReadonlyMap<string, BundleForm> = new Map([
  [BUNDLE_MEDIA_TYPE, '0.3'],
  ['application/vnd.dev.sigstore.bundle+json;version=0.1', '0.1'],
  ['application/vnd.dev.sigstore.bundle+json;version=0.2', '0.2'],
  ['application/vnd.dev.sigstore.bundle+json;version=0.3', '0.3'],
]);

/** The client specification's ceilings: each entry costs a signature and a Merkle proof. */
const MAX_LOG_ENTRIES = 32;
const MAX_TIMESTAMPS = 32;

/** An envelope is base64 inside JSON inside the bundle. */
export const MAX_BUNDLE_BYTES = MAX_ENVELOPE_BYTES;

export type BundleContent =
  | {
      readonly kind: 'envelope';
      readonly envelope: Envelope;
      /** The JSON of the envelope where it stood alone: the log may have hashed it. */
      readonly encoded?: Uint8Array;
    }
  | { readonly kind: 'message'; readonly signature: Uint8Array; readonly digest: MessageDigest | undefined };

export interface MessageDigest {
  readonly hash: HashName;
  readonly bytes: Uint8Array;
}

/** What the bundle says about its signer: a hint at a key, or a certificate in DER. */
export type BundleMaterial =
  | { readonly kind: 'key'; readonly hint: string }
  | {
      readonly kind: 'certificate';
      readonly certificate: Uint8Array;
      /** What came along behind it: never trusted, and from version 0.2 on never a root. */
      readonly others: readonly Uint8Array[];
    };

export interface Bundle {
  readonly form: BundleForm;
  readonly material: BundleMaterial;
  readonly content: BundleContent;
  readonly entries: readonly LogEntry[];
  /** TimeStampResp of RFC 3161, each. */
  readonly timestamps: readonly Uint8Array[];
}

const bytes = (value: unknown, path: string): Uint8Array => decodeBase64(string(value, path), path);
const certificate = object({ rawBytes: bytes });
/** Some clients break the base64 of timestamps into lines, and the protobuf readers of Go and Python skip line ends. */
const brokenBytes = (value: unknown, path: string): Uint8Array =>
  decodeBase64(string(value, path).replaceAll(/\r?\n/g, ''), path);

const material = object({
  publicKey: optional(object({ hint: optional(string) })),
  certificate: optional(certificate),
  x509CertificateChain: optional(object({ certificates: arrayOf(certificate, 16) })),
  tlogEntries: optional(arrayOf(decodeLogEntry, MAX_LOG_ENTRIES)),
  timestampVerificationData: optional(
    object({ rfc3161Timestamps: optional(arrayOf(object({ signedTimestamp: brokenBytes }), MAX_TIMESTAMPS)) }),
  ),
});

const bundle = object({
  mediaType: string,
  verificationMaterial: material,
  dsseEnvelope: optional(decodeEnvelope),
  messageSignature: optional(
    object({
      messageDigest: optional(object({ algorithm: optional(string), digest: optional(bytes) })),
      signature: bytes,
    }),
  ),
});

type RawBundle = ReturnType<typeof bundle>;

/** Throws `invalid-input` naming the path: malformed, of an unknown version, over a ceiling, not exactly one content and material. */
export function parseBundle(input: Uint8Array | string, what: string): Bundle {
  const source = decodeJson(input, bundle, { what, maxBytes: MAX_BUNDLE_BYTES });
  const form = FORMS.get(source.mediaType);
  if (form === undefined) {
    throw new AppError(
      'invalid-input',
      `${what}.mediaType: expected ${BUNDLE_MEDIA_TYPE}, found "${source.mediaType}"`,
    );
  }
  const { tlogEntries, timestampVerificationData } = source.verificationMaterial;
  return {
    form,
    material: materialOf(source, form, what),
    content: contentOf(source, what),
    entries: tlogEntries ?? [],
    timestamps: (timestampVerificationData?.rfc3161Timestamps ?? []).map((entry) => entry.signedTimestamp),
  };
}

/** Whether a layer or artifact of this type is a Sigstore bundle of whatever version. */
export function isBundleMediaType(mediaType: string): boolean {
  return mediaType.startsWith('application/vnd.dev.sigstore.bundle');
}

function materialOf(source: RawBundle, form: BundleForm, what: string): BundleMaterial {
  const { publicKey, certificate: single, x509CertificateChain: chain } = source.verificationMaterial;
  const given = [publicKey, single, chain].filter((entry) => entry !== undefined);
  const path = `${what}.verificationMaterial`;
  if (given.length !== 1) {
    throw new AppError(
      'invalid-input',
      `${path}: expected one of publicKey, certificate and chain, found ${given.length}`,
    );
  }
  if (publicKey !== undefined) return { kind: 'key', hint: publicKey.hint ?? '' };
  if (form === '0.3' && chain !== undefined) {
    throw new AppError('invalid-input', `${path}: expected a single certificate in version 0.3, found a chain`);
  }
  const [leaf, ...others] = (chain?.certificates ?? [single]).map((entry) => entry?.rawBytes);
  if (leaf === undefined) throw new AppError('invalid-input', `${path}: expected a certificate, found an empty chain`);
  return { kind: 'certificate', certificate: leaf, others: others.filter((entry) => entry !== undefined) };
}

function contentOf(source: RawBundle, what: string): BundleContent {
  const { dsseEnvelope, messageSignature } = source;
  if ((dsseEnvelope === undefined) === (messageSignature === undefined)) {
    throw new AppError('invalid-input', `${what}: expected either dsseEnvelope or messageSignature`);
  }
  if (dsseEnvelope !== undefined) return { kind: 'envelope', envelope: dsseEnvelope };
  const digest = messageSignature?.messageDigest;
  return {
    kind: 'message',
    signature: messageSignature?.signature ?? new Uint8Array(),
    digest: digest?.digest === undefined ? undefined : { hash: hashOf(digest.algorithm, what), bytes: digest.digest },
  };
}

const HASHES: ReadonlyMap<string, HashName> = new Map([
  ['SHA2_256', 'sha256'],
  ['SHA2_384', 'sha384'],
  ['SHA2_512', 'sha512'],
]);

function hashOf(name: string | undefined, what: string): HashName {
  const found = HASHES.get(name ?? '');
  if (found !== undefined) return found;
  const expected = [...HASHES.keys()].join(', ');
  throw new AppError(
    'invalid-input',
    `${what}.messageSignature.messageDigest.algorithm: expected ${expected}, found ${String(name)}`,
  );
}

/** What a bundle says about its signature: at least a hint at the key. */
export interface BundleProof extends Partial<SigningProof> {
  readonly hint: string;
}

/** A bundle of version 0.3 around a signed envelope; of version 0.1 where the log has only promised an entry. */
export function formatEnvelopeBundle(envelope: Envelope, proof: BundleProof): string {
  return JSON.stringify({
    mediaType: mediaTypeFor(proof),
    verificationMaterial: materialValue(proof),
    dsseEnvelope: envelopeValue(envelope),
  });
}

/** Likewise around a signature over a file whose SHA-256 is `sha256`. */
export function formatMessageBundle(signature: Uint8Array, sha256: Uint8Array, proof: BundleProof): string {
  return JSON.stringify({
    mediaType: mediaTypeFor(proof),
    verificationMaterial: materialValue(proof),
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: encodeBase64(sha256) },
      signature: encodeBase64(signature),
    },
  });
}

/** Later versions demand a proof of inclusion. */
const PROMISE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle+json;version=0.1';

function mediaTypeFor({ entries = [] }: BundleProof): string {
  return entries.every(({ isProven }) => isProven) ? BUNDLE_MEDIA_TYPE : PROMISE_MEDIA_TYPE;
}

function materialValue(proof: BundleProof): unknown {
  const { hint, chain, entries = [], timestamps = [] } = proof;
  const stamps = timestamps.map((stamp) => ({ signedTimestamp: encodeBase64(stamp) }));
  const [leaf] = chain ?? [];
  const certificate = leaf === undefined ? undefined : { rawBytes: encodeBase64(leaf) };
  const isChained = mediaTypeFor(proof) === PROMISE_MEDIA_TYPE;
  return {
    ...(certificate === undefined
      ? { publicKey: { hint } }
      : isChained
        ? { x509CertificateChain: { certificates: [certificate] } }
        : { certificate }),
    ...(entries.length === 0 ? {} : { tlogEntries: entries.map(({ value }) => value) }),
    ...(stamps.length === 0 ? {} : { timestampVerificationData: { rfc3161Timestamps: stamps } }),
  };
}
