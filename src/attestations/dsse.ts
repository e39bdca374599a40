/**
 * DSSE envelopes, protocol and envelope version 1.0.2 (github.com/secure-systems-lab/dsse).
 *
 * Implements the pre-authentication encoding, reading of standard and URL-safe base64, several signatures and
 * thresholds over distinct keys. Key ids are hints that nobody signed: every key is tried on every signature.
 */
import { AppError, arrayOf, decodeJson, object, optional, string } from '../core/index.ts';
import { decodeBase64, encodeBase64, findBase64 } from '../trust/crypto/index.ts';
import type { PublicKey, SigningKey } from '../trust/crypto/index.ts';

export const DSSE_MEDIA_TYPE = 'application/vnd.dsse.envelope.v1+json';
export const IN_TOTO_PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** Each signature costs one verification per key; real envelopes have one to five. */
const MAX_SIGNATURES = 64;
/** The attachment ceiling that cosign uses: large SBOMs are attested whole. */
export const MAX_ENVELOPE_BYTES = 128 * 1024 * 1024;

export interface EnvelopeSignature {
  readonly keyid: string;
  /** Undefined when it is not base64: such a signature counts for nothing, but spoils no other. */
  readonly sig: Uint8Array | undefined;
}

export interface Envelope {
  readonly payloadType: string;
  /** The signed bytes, decoded. */
  readonly payload: Uint8Array;
  readonly signatures: readonly EnvelopeSignature[];
}

const signature = object({ sig: string, keyid: optional(string) });
const envelope = object({
  payload: string,
  payloadType: string,
  signatures: arrayOf(signature, MAX_SIGNATURES),
});

/** From JSON bytes. Throws `invalid-input` naming `what`. */
export function parseEnvelope(bytes: Uint8Array | string, what: string): Envelope {
  return decodeEnvelope(
    decodeJson(bytes, (value) => value, { what, maxBytes: MAX_ENVELOPE_BYTES }),
    what,
  );
}

/** From a parsed value, as it stands inside a Sigstore bundle. */
export function decodeEnvelope(value: unknown, path: string): Envelope {
  const source = envelope(value, path);
  return {
    payloadType: source.payloadType,
    payload: decodeBase64(source.payload, `${path}.payload`),
    signatures: source.signatures.map((entry) => ({ keyid: entry.keyid ?? '', sig: findBase64(entry.sig) })),
  };
}

/** `DSSEv1 SP len(type) SP type SP len(body) SP body`, lengths in bytes. */
export function encodePreAuthentication(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType);
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]);
}

/** The distinct keys among `keys` that signed the envelope, in the order given. */
export function findEnvelopeSigners(source: Envelope, keys: readonly PublicKey[]): readonly PublicKey[] {
  const signed = encodePreAuthentication(source.payloadType, source.payload);
  const distinct = [...new Map(keys.map((key) => [key.keyId, key])).values()];
  return distinct.filter((key) =>
    source.signatures.some((entry) => entry.sig !== undefined && key.verify(signed, entry.sig)),
  );
}

/** Whether at least `threshold` distinct keys signed. A threshold below one would accept anybody, so it is refused. */
export function isSignedByThreshold(source: Envelope, keys: readonly PublicKey[], threshold: number): boolean {
  if (!Number.isInteger(threshold) || threshold < 1) {
    throw new AppError('usage', `threshold: expected a whole number from 1, found ${threshold}`);
  }
  return findEnvelopeSigners(source, keys).length >= threshold;
}

/** An envelope with one signature. */
export async function signEnvelope(payload: Uint8Array, payloadType: string, key: SigningKey): Promise<Envelope> {
  const sig = await key.sign(encodePreAuthentication(payloadType, payload));
  return { payloadType, payload, signatures: [{ keyid: '', sig }] };
}

/** The JSON value, with the field order and the omissions of cosign. */
export function envelopeValue(source: Envelope): Readonly<Record<string, unknown>> {
  return {
    payload: encodeBase64(source.payload),
    payloadType: source.payloadType,
    signatures: source.signatures.map((entry) => ({
      ...(entry.keyid === '' ? {} : { keyid: entry.keyid }),
      sig: encodeBase64(entry.sig ?? new Uint8Array()),
    })),
  };
}

export function formatEnvelope(source: Envelope): string {
  return JSON.stringify(envelopeValue(source));
}

/** Whether payloads of this type are in-toto statements: the plain type or one that names its predicate. */
export function isInTotoPayloadType(type: string): boolean {
  return type === IN_TOTO_PAYLOAD_TYPE || /^application\/vnd\.in-toto\.[A-Za-z0-9._-]+\+json$/.test(type);
}
