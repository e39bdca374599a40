/**
 * Makes a Sigstore bundle of parts that other tools keep in files of their own: the signature or envelope, the certificate, the log
 * entry, the timestamp. Only what the signature itself says is checked: whether anybody should believe it, verification tells.
 */
import { createHash } from 'node:crypto';
import { AppError, isRecord, object, optional, parseJson, string } from '../../core/index.ts';
import { encodePreAuthentication, parseEnvelope, type Envelope } from '../../attestations/index.ts';
import { formatEnvelopeBundle, formatMessageBundle, MAX_BUNDLE_BYTES } from '../bundles/bundle.ts';
import { parseLoggedEntry } from '../clients/rekor.ts';
import { decodeBase64, parseCertificate, parsePem, type PublicKey } from '../crypto/index.ts';

export interface BundleParts {
  /** The file that was signed; not needed for an envelope. */
  readonly artifact: Uint8Array | undefined;
  /** Base64 text. */
  readonly signature: string | undefined;
  /** A DSSE envelope, as JSON. */
  readonly envelope: string | undefined;
  /** JSON that cosign 1 and 2 wrote beside a file, in which signature, certificate and log entry are. */
  readonly oldBundle: string | undefined;
  /** PEM, or base64 of PEM as cosign 1 and 2 wrote it. */
  readonly certificate: string | undefined;
  /** Who signed, where there is no certificate. */
  readonly key: PublicKey | undefined;
  /** An answer of a log of version 1, or what cosign keeps of it. */
  readonly logEntry: string | undefined;
  /** TimeStampResp in DER, or cosign's JSON around it. */
  readonly timestamp: Uint8Array | undefined;
}

/** The bundle's JSON. Throws `usage` for parts that are missing or too many, `invalid-input` for a signature by nobody who is named. */
export function assembleBundle(given: BundleParts): string {
  const parts = { ...given, ...(given.oldBundle === undefined ? {} : partsOfOld(given.oldBundle)) };
  const { logEntry, timestamp } = parts;
  const { key, certificate } = signerOf(parts);
  const proof = {
    hint: key.hint,
    chain: certificate === undefined ? undefined : [certificate],
    entries: logEntry === undefined ? [] : [parseLoggedEntry(logEntry, 'log entry')],
    timestamps: timestamp === undefined ? [] : [stampOf(timestamp)],
  };
  const envelope = envelopeOf(parts);
  if (envelope !== undefined) {
    const [signature] = envelope.signatures;
    requireSigned(key, encodePreAuthentication(envelope.payloadType, envelope.payload), signature?.sig);
    return formatEnvelopeBundle(envelope, proof);
  }
  const { artifact } = parts;
  if (parts.signature === undefined)
    throw new AppError('usage', 'expected a signature, an envelope or a bundle of older cosign');
  if (artifact === undefined) throw new AppError('usage', 'expected the file that was signed, found none');
  const signature = decodeBase64(parts.signature.trim(), 'signature');
  requireSigned(key, artifact, signature);
  return formatMessageBundle(signature, createHash('sha256').update(artifact).digest(), proof);
}

const oldBundle = object({
  base64Signature: string,
  cert: optional(string),
  rekorBundle: optional((value: unknown) => value),
});

function partsOfOld(text: string): Partial<BundleParts> {
  const what = 'old bundle';
  const {
    base64Signature,
    cert = '',
    rekorBundle,
  } = oldBundle(parseJson(text, { what, maxBytes: MAX_BUNDLE_BYTES }), what);
  const pem = cert === '' ? '' : pemOf(cert);
  // of signatures by a key cosign keeps the key there, which says nothing about who signed
  const certificate = pem.includes('-----BEGIN CERTIFICATE-----') ? { certificate: pem } : {};
  const log = rekorBundle === undefined || rekorBundle === null ? {} : { logEntry: JSON.stringify(rekorBundle) };
  return { signature: base64Signature, ...certificate, ...log };
}

function pemOf(text: string): string {
  return text.includes('-----BEGIN ') ? text : Buffer.from(decodeBase64(text.trim(), 'certificate')).toString('latin1');
}

interface PartsSigner {
  readonly key: PublicKey;
  /** DER. */
  readonly certificate: Uint8Array | undefined;
}

function signerOf({ certificate, key }: BundleParts): PartsSigner {
  if (certificate === undefined) {
    if (key !== undefined) return { key, certificate: undefined };
    throw new AppError('usage', 'expected a certificate or a public key to say who signed, found neither');
  }
  const block = parsePem(pemOf(certificate), 'certificate');
  if (block.label !== 'CERTIFICATE')
    throw new AppError('invalid-input', `certificate: expected a PEM block CERTIFICATE, found ${block.label}`);
  const { publicKey } = parseCertificate(block.bytes, 'certificate');
  return { key: publicKey, certificate: block.bytes };
}

/** cosign 1 and 2 kept an attestation's envelope where a signature stands. */
function envelopeOf({ envelope, signature }: BundleParts): Envelope | undefined {
  if (envelope !== undefined) return parseEnvelope(envelope, 'envelope');
  if (signature === undefined) return undefined;
  const text = Buffer.from(decodeBase64(signature.trim(), 'signature')).toString();
  return text.startsWith('{"payload') ? parseEnvelope(text, 'envelope') : undefined;
}

function requireSigned(key: PublicKey, content: Uint8Array, signature: Uint8Array | undefined): void {
  if (signature !== undefined && key.verify(content, signature)) return;
  throw new AppError('invalid-input', `signature: expected one by ${key.keyId} over this content, found another`);
}

const stamp = object({ SignedRFC3161Timestamp: string });

function stampOf(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x7b) return bytes;
  const value = parseJson(bytes, { what: 'timestamp' });
  if (!isRecord(value)) throw new AppError('invalid-input', 'timestamp: expected an object');
  return decodeBase64(stamp(value, 'timestamp').SignedRFC3161Timestamp, 'timestamp');
}
