/**
 * Whether a log entry is about a signature: the same signature bytes, the same key or certificate, the same digest.
 *
 * Implements hashedrekord 0.0.1, intoto 0.0.1 and 0.0.2, dsse 0.0.1 by comparing every field that matters, and the entries of
 * Rekor v2, hashedrekord 0.0.2 and dsse 0.0.2, by building them anew: there the logged bytes are never interpreted.
 */
import { createHash } from 'node:crypto';
import { AppError, arrayOf, decodeJson, object, string } from '../../core/index.ts';
import { encodeBase64, findBase64, isEqualBytes, parsePem } from '../crypto/index.ts';
import type { HashName, KeyAlgorithm, PublicKey } from '../crypto/index.ts';
import type { LogEntry } from './entry.ts';

/** What was signed, by what, as the verifier holds it. */
export interface LoggedSignature {
  readonly signature: Uint8Array;
  readonly key: PublicKey;
  /** DER of the certificate; undefined for a key without one. */
  readonly certificate: Uint8Array | undefined;
  /** Of the signed bytes: the file, or an envelope's pre-authentication encoding; undefined where only another digest is known. */
  digest(hash: HashName): Uint8Array | undefined;
  readonly envelope: LoggedEnvelope | undefined;
}

export interface LoggedEnvelope {
  readonly payload: Uint8Array;
  readonly payloadType: string;
  /** JSON texts of the envelope that the log may have hashed. */
  readonly encodings: readonly Uint8Array[];
}

export type EntryFault =
  | 'entry-malformed'
  | 'entry-kind-unsupported'
  | 'entry-kind-mismatch'
  | 'entry-other-signature'
  | 'entry-other-key'
  | 'entry-other-artifact'
  | 'entry-rebuilt-mismatch';

/** Entries hold a hash or, of old, a small statement. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_ENTRY_SIGNATURES = 64;

/** All that differs between entry and signature; empty when the entry is about it. */
export function findEntryFaults(entry: LogEntry, signed: LoggedSignature): readonly EntryFault[] {
  const kind = `${entry.kind} ${entry.version}`;
  if (REBUILT[kind] !== undefined) {
    const body = Buffer.from(entry.body);
    return REBUILT[kind](signed).some((text) => body.equals(Buffer.from(text))) ? [] : ['entry-rebuilt-mismatch'];
  }
  const compare = COMPARED[kind];
  if (compare === undefined) return ['entry-kind-unsupported'];
  try {
    const body = decodeJson(entry.body, header, { what: 'log entry', maxBytes: MAX_BODY_BYTES });
    if (body.kind !== entry.kind || body.apiVersion !== entry.version) return ['entry-kind-mismatch'];
    return [...new Set(compare(body.spec, signed))];
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input') return ['entry-malformed'];
    throw error;
  }
}

const header = object({ kind: string, apiVersion: string, spec: (value: unknown) => value });
const hash = object({ algorithm: string, value: string });
const SPEC = 'log entry.spec';

type Compare = (spec: unknown, signed: LoggedSignature) => readonly EntryFault[];

const COMPARED: Readonly<Record<string, Compare | undefined>> = {
  'hashedrekord 0.0.1': compareHashedRekord,
  'intoto 0.0.1': compareIntoto1,
  'intoto 0.0.2': compareIntoto2,
  'dsse 0.0.1': compareDsse,
};

const hashedRekord = object({
  data: object({ hash }),
  signature: object({ content: string, publicKey: object({ content: string }) }),
});

function compareHashedRekord(spec: unknown, signed: LoggedSignature): readonly EntryFault[] {
  const { data, signature } = hashedRekord(spec, SPEC);
  const faults: EntryFault[] = [];
  if (!isBase64Of(signature.content, signed.signature)) faults.push('entry-other-signature');
  if (!isVerifier(signature.publicKey.content, signed)) faults.push('entry-other-key');
  const digest = isHashName(data.hash.algorithm) ? signed.digest(data.hash.algorithm) : undefined;
  if (digest === undefined || !isHexOf(data.hash.value, digest)) faults.push('entry-other-artifact');
  return faults;
}

const intoto1 = object({ content: object({ hash }), publicKey: string });

/** Holds no signature: the hash of the whole envelope stands for it. */
function compareIntoto1(spec: unknown, signed: LoggedSignature): readonly EntryFault[] {
  const { content, publicKey } = intoto1(spec, SPEC);
  const faults: EntryFault[] = [];
  if (!isVerifier(publicKey, signed)) faults.push('entry-other-key');
  const isLogged = signed.envelope?.encodings.some((text) => isSha256Of(content.hash, text));
  if (isLogged !== true) faults.push('entry-other-artifact');
  return faults;
}

const intoto2 = object({
  content: object({
    payloadHash: hash,
    envelope: object({
      payloadType: string,
      signatures: arrayOf(object({ sig: string, publicKey: string }), MAX_ENTRY_SIGNATURES),
    }),
  }),
});

function compareIntoto2(spec: unknown, signed: LoggedSignature): readonly EntryFault[] {
  const { payloadHash, envelope } = intoto2(spec, SPEC).content;
  // The signature is base64 of the envelope's base64.
  const signatures = envelope.signatures.map(({ sig, publicKey }) => ({
    signature: Buffer.from(findBase64(sig) ?? []).toString('latin1'),
    verifier: publicKey,
  }));
  const faults = [...compareSignatures(signatures, signed), ...comparePayload(payloadHash, signed)];
  if (envelope.payloadType !== signed.envelope?.payloadType) faults.push('entry-other-artifact');
  return faults;
}

const dsse = object({
  payloadHash: hash,
  signatures: arrayOf(object({ signature: string, verifier: string }), MAX_ENTRY_SIGNATURES),
});

function compareDsse(spec: unknown, signed: LoggedSignature): readonly EntryFault[] {
  const { payloadHash, signatures } = dsse(spec, SPEC);
  return [...compareSignatures(signatures, signed), ...comparePayload(payloadHash, signed)];
}

/** One logged signature must be this one, and by this key. */
function compareSignatures(
  logged: readonly { readonly signature: string; readonly verifier: string }[],
  signed: LoggedSignature,
): readonly EntryFault[] {
  const same = logged.filter(({ signature }) => isBase64Of(signature, signed.signature));
  if (same.some(({ verifier }) => isVerifier(verifier, signed))) return [];
  if (same.length > 0) return ['entry-other-key'];
  const isKeyKnown = logged.some(({ verifier }) => isVerifier(verifier, signed));
  return isKeyKnown ? ['entry-other-signature'] : ['entry-other-signature', 'entry-other-key'];
}

function comparePayload(payloadHash: ReturnType<typeof hash>, signed: LoggedSignature): EntryFault[] {
  const isPayload = signed.envelope !== undefined && isSha256Of(payloadHash, signed.envelope.payload);
  return isPayload ? [] : ['entry-other-artifact'];
}

function isSha256Of(logged: ReturnType<typeof hash>, content: Uint8Array): boolean {
  return logged.algorithm === 'sha256' && isHexOf(logged.value, createHash('sha256').update(content).digest());
}

function isHexOf(text: string, bytes: Uint8Array): boolean {
  return text === Buffer.from(bytes).toString('hex');
}

function isBase64Of(text: string, bytes: Uint8Array): boolean {
  const found = findBase64(text);
  return found !== undefined && isEqualBytes(found, bytes);
}

/** The logged base64 of PEM must be the certificate itself; a key in its place would leave open whose it is. */
function isVerifier(text: string, signed: LoggedSignature): boolean {
  const block = parsePem(Buffer.from(findBase64(text) ?? []).toString('latin1'), 'log entry: verifier');
  if (signed.certificate !== undefined) {
    return block.label === 'CERTIFICATE' && isEqualBytes(block.bytes, signed.certificate);
  }
  return block.label === 'PUBLIC KEY' && isEqualBytes(block.bytes, signed.key.spki);
}

function isHashName(name: string): name is HashName {
  return name === 'sha256' || name === 'sha384' || name === 'sha512';
}

/** The entries that a Rekor v2 log may write for a signature, one per name that its key has there. */
export function rebuildEntries(kind: 'hashedrekord' | 'dsse', signed: LoggedSignature): readonly string[] {
  return kind === 'dsse' ? rebuildDsse(signed) : rebuildHashedRekord(signed);
}

/** In RFC 8785 form: keys are written in order, and none of the values needs escaping. */
const REBUILT: Readonly<Record<string, ((signed: LoggedSignature) => readonly string[]) | undefined>> = {
  'hashedrekord 0.0.2': rebuildHashedRekord,
  'dsse 0.0.2': rebuildDsse,
};

function rebuildHashedRekord(signed: LoggedSignature): readonly string[] {
  return KEY_DETAILS[signed.key.algorithm].flatMap(({ name, hash: hashName }) => {
    const digest = signed.digest(hashName);
    if (digest === undefined) return [];
    const data = { algorithm: HASH_NAMES[hashName], digest: encodeBase64(digest) };
    const signature = { content: encodeBase64(signed.signature), verifier: verifierValue(name, signed) };
    return [entryText('hashedrekord', { hashedRekordV002: { data, signature } })];
  });
}

function rebuildDsse(signed: LoggedSignature): readonly string[] {
  const { envelope } = signed;
  if (envelope === undefined) return [];
  const digest = encodeBase64(createHash('sha256').update(envelope.payload).digest());
  return KEY_DETAILS[signed.key.algorithm].map(({ name }) => {
    const signature = { content: encodeBase64(signed.signature), verifier: verifierValue(name, signed) };
    return entryText('dsse', { dsseV002: { payloadHash: { algorithm: 'SHA2_256', digest }, signatures: [signature] } });
  });
}

function entryText(kind: string, spec: unknown): string {
  return JSON.stringify({ apiVersion: '0.0.2', kind, spec });
}

function verifierValue(keyDetails: string, signed: LoggedSignature): unknown {
  return signed.certificate === undefined
    ? { keyDetails, publicKey: { rawBytes: encodeBase64(signed.key.spki) } }
    : { keyDetails, x509Certificate: { rawBytes: encodeBase64(signed.certificate) } };
}

const HASH_NAMES: Readonly<Record<HashName, string>> = { sha256: 'SHA2_256', sha384: 'SHA2_384', sha512: 'SHA2_512' };

/** Names that a log may give to a key of this kind (sigstore_common.proto, PublicKeyDetails), with the hash of what is signed. */
const KEY_DETAILS: Readonly<Record<KeyAlgorithm, readonly { readonly name: string; readonly hash: HashName }[]>> = {
  'ecdsa-p256': [{ name: 'PKIX_ECDSA_P256_SHA_256', hash: 'sha256' }],
  'ecdsa-p384': [
    { name: 'PKIX_ECDSA_P384_SHA_384', hash: 'sha384' },
    { name: 'PKIX_ECDSA_P384_SHA_256', hash: 'sha256' },
  ],
  'ecdsa-p521': [
    { name: 'PKIX_ECDSA_P521_SHA_512', hash: 'sha512' },
    { name: 'PKIX_ECDSA_P521_SHA_256', hash: 'sha256' },
  ],
  ed25519: [
    { name: 'PKIX_ED25519_PH', hash: 'sha512' },
    { name: 'PKIX_ED25519', hash: 'sha512' },
  ],
  rsa: [
    { name: 'PKIX_RSA_PKCS1V15_2048_SHA256', hash: 'sha256' },
    { name: 'PKIX_RSA_PKCS1V15_3072_SHA256', hash: 'sha256' },
    { name: 'PKIX_RSA_PKCS1V15_4096_SHA256', hash: 'sha256' },
  ],
};
