/**
 * Signed certificate timestamps embedded in certificates (RFC 6962 3.2 and 3.3).
 *
 * Implements version 1 over precertificates, with the extension bytes, which static logs fill. An SCT of another version is passed
 * over, as RFC 6962 3.3 demands; a list that cannot be read to its end refuses the certificate.
 */
import { createHash } from 'node:crypto';
import { AppError } from '../../core/index.ts';
import { encodeBase64 } from './base64.ts';
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
  const [hash, algorithm] = [reader.number(1), reader.number(1)];
  const signature = reader.vector();
  reader.end();
  if (hash !== SHA256 || (algorithm !== RSA && algorithm !== ECDSA)) throw fault('SHA-256 with RSA or ECDSA in an SCT');
  return { logId, timestamp, extensions, family: algorithm === RSA ? 'rsa' : 'ecdsa', signature };
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
  logs: readonly CtLog[],
): { readonly logs: readonly CtLog[]; readonly faults: readonly SctFault[] } {
  const { sctList } = certificate.extensions;
  const scts = sctList === undefined ? [] : parseSctList(sctList);
  if (scts.length === 0) return { logs: [], faults: ['sct-missing'] };
  const signed = precertificateEntry(certificate, issuer);
  const good = new Map<string, CtLog>();
  const faults: SctFault[] = [];
  for (const sct of scts) {
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
  const length = Uint8Array.of((tbs.length >> 16) & 0xff, (tbs.length >> 8) & 0xff, tbs.length & 0xff);
  const issuerKeyHash = createHash('sha256').update(issuer.publicKey.spki).digest();
  return Buffer.concat([Uint8Array.of(0, 1), issuerKeyHash, length, tbs]);
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
