/**
 * Signatures as cosign 1 and 2 kept them: annotations of image layers (`.sig`, `.att`), and the JSON beside a file.
 *
 * They are read into bundles of the form `legacy`: certificate, the log's promise (SET) with the entry, and an RFC 3161 timestamp. The chain
 * that comes along is not read at all: only certificates of the trusted root issue.
 */
import { AppError, decodeJson, natural, object, optional, string } from '../../core/index.ts';
import { MAX_ENVELOPE_BYTES, parseEnvelope } from '../../attestations/index.ts';
import { decodeBase64, parsePem } from '../crypto/index.ts';
import type { LogEntry } from '../logs/entry.ts';
import type { Bundle, BundleMaterial } from './bundle.ts';

/** What stands beside the signature; texts as they were found, absent or empty where there is none. */
export interface LegacyMaterial {
  /** PEM. */
  readonly certificate?: string | undefined;
  /** PEM; for who keeps it, never for verification. */
  readonly chain?: string | undefined;
  /** JSON with the promise and the entry of the log. */
  readonly rekorBundle?: string | undefined;
  /** JSON with a TimeStampResp. */
  readonly timestamp?: string | undefined;
}

/** Entries of large attestations were logged whole once. */
const MAX_ANNOTATION_BYTES = 16 * 1024 * 1024;

/** A signature in base64 over bytes that stand elsewhere. Throws `invalid-input` naming the part. */
export function legacySignature(signature: string, material: LegacyMaterial): Bundle {
  const content = { kind: 'message', signature: decodeBase64(signature, 'signature'), digest: undefined } as const;
  return { ...legacyBundle(material), content };
}

/** A DSSE envelope in JSON. Throws `invalid-input` naming the part. */
export function legacyEnvelope(encoded: Uint8Array, material: LegacyMaterial): Bundle {
  const content = { kind: 'envelope', envelope: parseEnvelope(encoded, 'envelope'), encoded } as const;
  return { ...legacyBundle(material), content };
}

function legacyBundle(material: LegacyMaterial): Omit<Bundle, 'content'> {
  return {
    form: 'legacy',
    material: materialOf(material.certificate),
    entries: isGiven(material.rekorBundle) ? [parseRekorBundle(material.rekorBundle)] : [],
    timestamps: isGiven(material.timestamp) ? [parseStamp(material.timestamp)] : [],
  };
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

/** A bare key here would be whatever the attacker likes (GHSA-fx35-mq7g-6g98), so only a certificate is taken. */
function materialOf(pem: string | undefined): BundleMaterial {
  if (!isGiven(pem)) return { kind: 'key', hint: '' };
  const block = parsePem(pem, 'certificate');
  if (block.label === 'CERTIFICATE') return { kind: 'certificate', certificate: block.bytes, others: [] };
  throw new AppError('invalid-input', `certificate: expected a PEM block CERTIFICATE, found ${block.label}`);
}

const rekorBundle = object({
  SignedEntryTimestamp: string,
  Payload: object({ body: string, integratedTime: natural, logIndex: natural, logID: string }),
});

const entryKind = object({ kind: string, apiVersion: string });

function parseRekorBundle(text: string): LogEntry {
  const what = 'log bundle';
  const limits = { what, maxBytes: MAX_ANNOTATION_BYTES };
  const { SignedEntryTimestamp: promise, Payload: payload } = decodeJson(text, rekorBundle, limits);
  if (!/^[0-9a-f]{64}$/.test(payload.logID)) {
    throw new AppError(
      'invalid-input',
      `${what}.Payload.logID: expected 64 hex digits, found "${payload.logID.slice(0, 80)}"`,
    );
  }
  const body = decodeBase64(payload.body, `${what}.Payload.body`);
  const { kind, apiVersion } = decodeJson(body, entryKind, { ...limits, what: `${what}.Payload.body` });
  return {
    logId: Buffer.from(payload.logID, 'hex'),
    logIndex: payload.logIndex,
    kind,
    version: apiVersion,
    integratedTime: payload.integratedTime,
    promise: decodeBase64(promise, `${what}.SignedEntryTimestamp`),
    proof: undefined,
    body,
  };
}

const stamp = object({ SignedRFC3161Timestamp: string });

function parseStamp(text: string): Uint8Array {
  const what = 'timestamp';
  const { SignedRFC3161Timestamp: der } = decodeJson(text, stamp, { what, maxBytes: MAX_ANNOTATION_BYTES });
  return decodeBase64(der, `${what}.SignedRFC3161Timestamp`);
}

const blobBundle = object({ base64Signature: string, cert: optional(string), rekorBundle: optional((value) => value) });

/**
 * cosign's JSON of versions 1 and 2 beside a file; the certificate is base64 of PEM, or PEM, and where there is none `otherwise` (PEM)
 * counts. Throws `invalid-input` naming the path.
 */
export function parseBlobBundle(input: Uint8Array | string, what: string, otherwise?: string): Bundle {
  const { signature, certificate, rekorBundle } = readBlobBundle(input, what, MAX_ANNOTATION_BYTES);
  return legacySignature(signature, { certificate: certificate === '' ? otherwise : certificate, rekorBundle });
}

/** The same around an attestation: the envelope stands where a signature would. */
export function parseBlobAttestation(
  input: Uint8Array | string,
  what: string,
): { readonly envelope: Uint8Array; readonly material: LegacyMaterial } {
  const { signature, certificate, rekorBundle } = readBlobBundle(input, what, MAX_ENVELOPE_BYTES);
  // of signatures by a key cosign keeps the key here, which says nothing about who signed
  const isCertificate = certificate.includes('-----BEGIN CERTIFICATE-----');
  const material = { ...(isCertificate ? { certificate } : {}), rekorBundle };
  return { envelope: decodeBase64(signature, `${what}.base64Signature`), material };
}

function readBlobBundle(input: Uint8Array | string, what: string, maxBytes: number) {
  const source = decodeJson(input, blobBundle, { what, maxBytes });
  const { cert = '', rekorBundle: log } = source;
  const isPem = cert === '' || cert.includes('-----BEGIN ');
  const certificate = isPem ? cert : Buffer.from(decodeBase64(cert, `${what}.cert`)).toString('latin1');
  const rekorBundle = log === undefined || log === null ? undefined : JSON.stringify(log);
  return { signature: source.base64Signature, certificate, rekorBundle };
}
