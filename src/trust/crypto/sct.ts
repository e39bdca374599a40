/**
 * Signed certificate timestamps embedded in certificates, or beside them (RFC 6962 3.2, 3.3 and 4.1).
 *
 * Implements version 1 over precertificates and certificates, with the extension bytes, which static logs fill. An SCT of another version is passed
 * over, as RFC 6962 3.3 demands; a list that cannot be read to its end refuses the certificate.
 */
import { createHash } from 'node:crypto';
import { AppError, decodeJson, natural, object, optional, string } from '../../core/index.ts';
import type { Decoder } from '../../core/index.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { isEqualBytes } from './bytes.ts';
import { tbsWithoutScts } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import type { PublicKey } from './public-key.ts';

/** Certificates carry one to three. */
const MAX_SCTS = 16;
const LOG_ID_BYTES = 32;
const VERSION_1 = 0;
const SHA256 = 4;
const RSA = 1;
const ECDSA = 3;

export interface Sct {
  readonly logId: Uint8Array;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly extensions: Uint8Array;
  readonly family: 'rsa' | 'ecdsa';
  readonly signature: Uint8Array;
}

/** The SCTs of version 1 in a SignedCertificateTimestampList. Throws `invalid-input`. */
export function parseSctList(list: Uint8Array): readonly Sct[] {
  const outer = new Vectors(list);
  const entries = new Vectors(outer.vector());
  outer.end();
  const scts: Sct[] = [];
  for (let count = 0; !entries.isAtEnd; count += 1) {
    if (count === MAX_SCTS) throw fault(`at most ${MAX_SCTS} SCTs`);
    const sct = parseSct(entries.vector());
    if (sct !== undefined) scts.push(sct);
  }
  return scts;
}

function parseSct(bytes: Uint8Array): Sct | undefined {
  const reader = new Vectors(bytes);
  if (reader.number(1) !== VERSION_1) return undefined;
  const logId = reader.take(LOG_ID_BYTES);
  const timestamp = reader.number(8);
  if (!Number.isSafeInteger(timestamp)) throw fault('a time below 2^53 in an SCT');
  const extensions = reader.vector();
  return { logId, timestamp, extensions, ...readSignature(reader) };
}

/** What stands at the end of an SCT: DigitallySigned of RFC 5246 4.7. */
function readSignature(reader: Vectors): Pick<Sct, 'family' | 'signature'> {
  const [hash, algorithm] = [reader.number(1), reader.number(1)];
  const signature = reader.vector();
  reader.end();
  if (hash !== SHA256 || (algorithm !== RSA && algorithm !== ECDSA)) throw fault('SHA-256 with RSA or ECDSA in an SCT');
  return { family: algorithm === RSA ? 'rsa' : 'ecdsa', signature };
}

const bytes: Decoder<Uint8Array> = (value, path) => decodeBase64(string(value, path), path);

const answer = object({
  sct_version: natural,
  id: bytes,
  timestamp: natural,
  extensions: optional(bytes),
  signature: bytes,
});

/** An SCT beside its certificate: the answer of a log to `add-chain`, in JSON. Throws `invalid-input` naming `what`. */
export function parseDetachedSct(json: Uint8Array | string, what: string): Sct {
  const { sct_version: version, id: logId, timestamp, extensions, signature } = decodeJson(json, answer, { what });
  if (version !== VERSION_1)
    throw new AppError('invalid-input', `${what}: expected an SCT of version 1, found another`);
  return { logId, timestamp, extensions: extensions ?? new Uint8Array(), ...readSignature(new Vectors(signature)) };
}

/** Presentation language of TLS (RFC 5246 4): big-endian numbers and vectors behind a length of two bytes. */
class Vectors {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  end(): void {
    if (!this.isAtEnd) throw fault('nothing behind an SCT');
  }

  take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.#at) throw fault('whole SCTs');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  number(bytes: number): number {
    return this.take(bytes).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  vector(): Uint8Array {
    return this.take(this.number(2));
  }
}

function fault(expected: string): AppError {
  return new AppError('invalid-input', `SCT list: expected ${expected}, found other bytes`);
}

/** A certificate-transparency log. */
export interface CtLog {
  readonly logId: Uint8Array;
  readonly key: PublicKey;
  isValidAt(at: number): boolean;
}

export type SctFault = 'sct-missing' | 'sct-log-unknown' | 'sct-log-not-valid-at-time' | 'sct-mismatch';

/** The logs whose SCTs verify, each id once, and why others do not. Throws `invalid-input` for a malformed list. */
export function verifyScts(
  certificate: Certificate,
  issuer: Certificate,
  given: { readonly logs: readonly CtLog[]; readonly detached?: Sct | undefined },
): { readonly logs: readonly CtLog[]; readonly faults: readonly SctFault[] } {
  const { sctList } = certificate.extensions;
  const embedded = sctList === undefined ? [] : parseSctList(sctList);
  const { logs, detached } = given;
  if (embedded.length === 0 && detached === undefined) return { logs: [], faults: ['sct-missing'] };
  const precertificate = embedded.length === 0 ? new Uint8Array() : precertificateEntry(certificate, issuer);
  const scts = [
    ...embedded.map((sct) => ({ sct, signed: precertificate })),
    ...(detached === undefined ? [] : [{ sct: detached, signed: certificateEntry(certificate) }]),
  ];
  const good = new Map<string, CtLog>();
  const faults: SctFault[] = [];
  for (const { sct, signed } of scts) {
    const known = logs.filter((log) => isEqualBytes(log.logId, sct.logId));
    const valid = known.filter((log) => log.isValidAt(sct.timestamp));
    const signer = valid.find((log) => isSctSignedBy(sct, signed, log.key));
    if (signer !== undefined) good.set(encodeBase64(signer.logId), signer);
    else if (valid.length > 0) faults.push('sct-mismatch');
    else faults.push(known.length > 0 ? 'sct-log-not-valid-at-time' : 'sct-log-unknown');
  }
  return { logs: [...good.values()], faults };
}

/** Entry type, issuer key hash and TBSCertificate: what stands between the timestamp and the extensions. */
function precertificateEntry(certificate: Certificate, issuer: Certificate): Uint8Array {
  const tbs = tbsWithoutScts(certificate);
  const issuerKeyHash = createHash('sha256').update(issuer.publicKey.spki).digest();
  return Buffer.concat([Uint8Array.of(0, 1), issuerKeyHash, lengthOf(tbs), tbs]);
}

/** The same where the log saw the certificate itself. */
function certificateEntry({ der }: Certificate): Uint8Array {
  return Buffer.concat([Uint8Array.of(0, 0), lengthOf(der), der]);
}

function lengthOf({ length }: Uint8Array): Uint8Array {
  return Uint8Array.of((length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff);
}

function isSctSignedBy(sct: Sct, entry: Uint8Array, key: PublicKey): boolean {
  if (!key.algorithm.startsWith(sct.family)) return false;
  const head = Buffer.alloc(10);
  head.writeUInt8(VERSION_1, 0);
  head.writeUInt8(0, 1); // SignatureType certificate_timestamp
  head.writeUInt32BE(Math.floor(sct.timestamp / 2 ** 32), 2);
  head.writeUInt32BE(sct.timestamp % 2 ** 32, 6);
  const tail = Buffer.alloc(2);
  tail.writeUInt16BE(sct.extensions.length);
  return key.verifyStrictly('sha256', Buffer.concat([head, entry, tail, sct.extensions]), sct.signature);
}
