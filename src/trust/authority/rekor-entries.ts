/**
 * Entries that clients propose to a log, verified and brought into the form that is logged (RFC 8785): nothing is logged whose
 * signature does not verify.
 *
 * Implements hashedrekord 0.0.1, dsse 0.0.1, intoto 0.0.1 and 0.0.2 of Rekor v1, hashedrekord 0.0.2 and dsse 0.0.2 of Rekor v2.
 */
import { createHash } from 'node:crypto';
import { AppError, arrayOf, isRecord, object, optional, parseJson, string } from '../../core/index.ts';
import { decodeEnvelope, encodePreAuthentication, MAX_ENVELOPE_BYTES } from '../../attestations/index.ts';
import {
  decodeBase64,
  encodeBase64,
  importPublicKey,
  importSpki,
  parseCertificate,
  parsePem,
  type HashName,
  type PublicKey,
} from '../crypto/index.ts';
import { rebuildEntries, type LoggedSignature } from '../logs/entry-match.ts';

export interface ProposedEntry {
  readonly kind: 'hashedrekord' | 'dsse';
  readonly version: '0.0.2';
  /** What is logged. */
  readonly body: Uint8Array;
}

const MAX_SIGNATURES = 16;

const header = object({ kind: string, apiVersion: string, spec: (value: unknown) => value });

const KINDS_V1: Readonly<Record<string, ((spec: unknown) => unknown) | undefined>> = {
  'hashedrekord 0.0.1': hashedRekord1,
  'dsse 0.0.1': dsse1,
  'intoto 0.0.1': intoto1,
  'intoto 0.0.2': intoto2,
};

/** What is logged for the body of POST /api/v1/log/entries. Throws `invalid-input`. */
export function readEntryV1(value: unknown): Uint8Array {
  const { kind, apiVersion, spec } = header(value, 'entry');
  const read = KINDS_V1[`${kind} ${apiVersion}`];
  if (read === undefined) {
    const known = Object.keys(KINDS_V1).join(', ');
    throw new AppError('invalid-input', `entry: expected one of ${known}, found ${kind} ${apiVersion}`);
  }
  // keys are in order already where a spec is built
  return Buffer.from(JSON.stringify({ apiVersion, kind, spec: read(spec) }));
}

const hashedRekordSpec = object({
  data: object({ hash: object({ algorithm: string, value: string }) }),
  signature: object({ content: string, publicKey: object({ content: string }) }),
});

function hashedRekord1(spec: unknown): unknown {
  const { data, signature } = hashedRekordSpec(spec, 'entry.spec');
  const { algorithm, value } = data.hash;
  const hash = hashNameOf(algorithm);
  const verifier = readVerifier(signature.publicKey.content, 'entry.spec.signature.publicKey.content');
  const bytes = decodeBase64(signature.content, 'entry.spec.signature.content');
  if (!/^[0-9a-f]*$/.test(value))
    throw new AppError('invalid-input', 'entry.spec.data.hash.value: expected lower-case hex');
  checkDigest(verifier.key, { digest: Buffer.from(value, 'hex'), hash, signature: bytes });
  return {
    data: { hash: { algorithm, value } },
    signature: { content: encodeBase64(bytes), publicKey: { content: verifier.text } },
  };
}

const dsseSpec = object({
  proposedContent: object({ envelope: string, verifiers: arrayOf(string, MAX_SIGNATURES) }),
});

function dsse1(spec: unknown): unknown {
  const { envelope: text, verifiers: given } = dsseSpec(spec, 'entry.spec').proposedContent;
  const envelope = parseEnvelopeText(text);
  const verifiers = given.map((pem, at) => readVerifier(pem, `entry.spec.proposedContent.verifiers[${at}]`));
  const signatures = envelope.signatures.map((signature) => {
    const verifier = verifiers.find(({ key }) => key.verify(envelope.signed, signature));
    if (verifier === undefined) throw notSigned('envelope');
    return { signature: encodeBase64(signature), verifier: verifier.text };
  });
  return {
    envelopeHash: sha256Of(Buffer.from(text)),
    payloadHash: sha256Of(envelope.payload),
    signatures: signatures.toSorted((one, other) => (one.signature < other.signature ? -1 : 1)),
  };
}

const intoto1Spec = object({ content: object({ envelope: string }), publicKey: string });

/** One key, and the hash of the envelope in place of its signatures. */
function intoto1(spec: unknown): unknown {
  const { content, publicKey } = intoto1Spec(spec, 'entry.spec');
  const { key, text } = readVerifier(publicKey, 'entry.spec.publicKey');
  const { payload, signed, signatures } = parseEnvelopeText(content.envelope);
  if (!signatures.some((signature) => key.verify(signed, signature))) throw notSigned('envelope');
  const hash = sha256Of(Buffer.from(content.envelope));
  return { content: { hash, payloadHash: sha256Of(payload) }, publicKey: text };
}

const intoto2Spec = object({
  content: object({
    envelope: object({
      payload: string,
      payloadType: string,
      signatures: arrayOf(object({ keyid: optional(string), publicKey: string, sig: string }), MAX_SIGNATURES),
    }),
    hash: object({ algorithm: string, value: string }),
  }),
});

/** The envelope with a key beside each signature; payload and signatures are in base64 twice. */
function intoto2(spec: unknown): unknown {
  const { envelope: given, hash } = intoto2Spec(spec, 'entry.spec').content;
  const path = 'entry.spec.content';
  const once = (text: string) => new TextDecoder().decode(decodeBase64(text, `${path}.envelope`));
  const envelope = readEnvelope({
    payload: once(given.payload),
    payloadType: given.payloadType,
    signatures: given.signatures.map(({ sig }) => ({ sig: once(sig) })),
  });
  const verifiers = given.signatures.map(({ publicKey }) => readVerifier(publicKey, `${path}.envelope.signatures`));
  for (const [at, signature] of envelope.signatures.entries()) {
    if (verifiers[at]?.key.verify(envelope.signed, signature) !== true) throw notSigned('envelope');
  }
  // what it is of differs from client to client, and nobody looks at it: logged as it comes
  if (hash.algorithm !== 'sha256' || !/^[0-9a-f]{64}$/.test(hash.value))
    throw new AppError('invalid-input', `${path}.hash: expected sha256 in lower-case hex`);
  const signatures = given.signatures.map(({ keyid, publicKey, sig }) => ({
    ...(keyid === undefined || keyid === '' ? {} : { keyid }),
    publicKey,
    sig,
  }));
  return {
    content: {
      envelope: { payloadType: given.payloadType, signatures },
      hash: { algorithm: hash.algorithm, value: hash.value },
      payloadHash: sha256Of(envelope.payload),
    },
  };
}

/** A key or certificate in PEM, in base64. The text is what is logged. */
function readVerifier(text: string, path: string): { readonly key: PublicKey; readonly text: string } {
  const pem = new TextDecoder().decode(decodeBase64(text, path));
  const block = parsePem(pem, path);
  const key =
    block.label === 'CERTIFICATE' ? parseCertificate(block.bytes, path).publicKey : importPublicKey(pem, path);
  return { key, text };
}

const verifierV2 = object({
  keyDetails: string,
  publicKey: optional(object({ rawBytes: string })),
  x509Certificate: optional(object({ rawBytes: string })),
});
const hashedRekordV2 = object({ digest: string, signature: object({ content: string, verifier: verifierV2 }) });
const dsseV2 = object({ envelope: (value: unknown) => value, verifiers: arrayOf(verifierV2, MAX_SIGNATURES) });

/** From the body of POST /api/v2/log/entries. Throws `invalid-input`. */
export function readEntryV2(value: unknown): ProposedEntry {
  if (isRecord(value) && value.hashedRekordRequestV002 !== undefined) {
    return hashedRekord2(value.hashedRekordRequestV002);
  }
  if (isRecord(value) && value.dsseRequestV002 !== undefined) return dsse2(value.dsseRequestV002);
  throw new AppError('invalid-input', 'entry: expected hashedRekordRequestV002 or dsseRequestV002');
}

function hashedRekord2(request: unknown): ProposedEntry {
  const { digest: digestText, signature } = hashedRekordV2(request, 'entry');
  const digest = decodeBase64(digestText, 'entry.digest');
  const bytes = decodeBase64(signature.content, 'entry.signature.content');
  const verifier = readVerifierV2(signature.verifier, 'entry.signature.verifier');
  const hash = hashOfLength(digest.length);
  checkDigest(verifier.key, { digest, hash, signature: bytes });
  const signed = { ...verifier, signature: bytes, digest: (name: HashName) => (name === hash ? digest : undefined) };
  return rebuilt('hashedrekord', { ...signed, envelope: undefined }, signature.verifier.keyDetails);
}

function dsse2(request: unknown): ProposedEntry {
  const { envelope: given, verifiers } = dsseV2(request, 'entry');
  const { payload, payloadType, signed, signatures } = readEnvelope(given);
  const [signature, another] = signatures;
  const [given1, more] = verifiers;
  if (signature === undefined || given1 === undefined || another !== undefined || more !== undefined)
    throw new AppError('invalid-input', 'entry: expected one signature and one verifier');
  const verifier = readVerifierV2(given1, 'entry.verifiers[0]');
  if (!verifier.key.verify(signed, signature)) throw notSigned('envelope');
  const digest = (name: HashName) => createHash(name).update(signed).digest();
  return rebuilt(
    'dsse',
    { ...verifier, signature, digest, envelope: { payload, payloadType, encodings: [] } },
    given1.keyDetails,
  );
}

/** The entry as every verifier will rebuild it. */
function rebuilt(kind: ProposedEntry['kind'], signed: LoggedSignature, keyDetails: string): ProposedEntry {
  const body = rebuildEntries(kind, signed).find((text) => text.includes(`"keyDetails":"${keyDetails}"`));
  if (body !== undefined) return { kind, version: '0.0.2', body: Buffer.from(body) };
  throw new AppError(
    'invalid-input',
    `entry: expected keyDetails that fit the key and the digest, found ${keyDetails}`,
  );
}

function readVerifierV2(
  verifier: ReturnType<typeof verifierV2>,
  path: string,
): { readonly key: PublicKey; readonly certificate: Uint8Array | undefined } {
  const { publicKey, x509Certificate } = verifier;
  if ((publicKey === undefined) === (x509Certificate === undefined))
    throw new AppError('invalid-input', `${path}: expected either publicKey or x509Certificate`);
  if (publicKey !== undefined)
    return { key: importSpki(decodeBase64(publicKey.rawBytes, path), path), certificate: undefined };
  const certificate = decodeBase64(x509Certificate?.rawBytes ?? '', path);
  return { key: parseCertificate(certificate, path).publicKey, certificate };
}

interface ProposedEnvelope {
  readonly payload: Uint8Array;
  readonly payloadType: string;
  readonly signed: Uint8Array;
  readonly signatures: readonly Uint8Array[];
}

function parseEnvelopeText(text: string): ProposedEnvelope {
  return readEnvelope(parseJson(text, { what: 'entry.envelope', maxBytes: MAX_ENVELOPE_BYTES }));
}

function readEnvelope(value: unknown): ProposedEnvelope {
  const { payload, payloadType, signatures } = decodeEnvelope(value, 'envelope');
  if (signatures.length === 0) throw new AppError('invalid-input', 'envelope.signatures: expected at least one');
  return {
    payload,
    payloadType,
    signed: encodePreAuthentication(payloadType, payload),
    signatures: signatures.map(({ sig }) => {
      if (sig === undefined) throw new AppError('invalid-input', 'envelope.signatures: expected base64');
      return sig;
    }),
  };
}

function checkDigest(
  key: PublicKey,
  given: { readonly digest: Uint8Array; readonly hash: HashName; readonly signature: Uint8Array },
): void {
  const { digest, hash, signature } = given;
  if (digest.length !== HASH_BYTES[hash]) throw new AppError('invalid-input', `entry: expected a digest of ${hash}`);
  const verdict = key.verifyDigest(digest, hash, signature);
  if (verdict === true) return;
  if (verdict === false) throw notSigned('digest');
  throw new AppError(
    'invalid-input',
    'entry: expected a key that signs digests; Ed25519 signs whole content, propose a dsse entry',
  );
}

const HASH_BYTES: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48, sha512: 64 };

function hashOfLength(length: number): HashName {
  const found = (['sha256', 'sha384', 'sha512'] as const).find((name) => HASH_BYTES[name] === length);
  if (found === undefined)
    throw new AppError('invalid-input', `entry.digest: expected 32, 48 or 64 bytes, found ${length}`);
  return found;
}

function hashNameOf(name: string): HashName {
  if (name === 'sha256' || name === 'sha384' || name === 'sha512') return name;
  throw new AppError(
    'invalid-input',
    `entry.spec.data.hash.algorithm: expected sha256, sha384 or sha512, found ${name}`,
  );
}

function sha256Of(content: Uint8Array): { readonly algorithm: string; readonly value: string } {
  return { algorithm: 'sha256', value: createHash('sha256').update(content).digest('hex') };
}

function notSigned(what: string): AppError {
  return new AppError('invalid-input', `entry: expected a signature over the ${what} by the key given, found another`);
}
