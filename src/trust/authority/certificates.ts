/** Certificates that an authority issues (RFC 5280), with ECDSA over SHA-256, and the SCTs they carry (RFC 6962 3.2). */
import { createHash } from 'node:crypto';
import {
  bits,
  certificateTime,
  encodeExtension,
  explicit,
  implicit,
  natural,
  octets,
  oid,
  sequence,
  TAG,
  TRUE,
  encodeDer,
  uint64,
  vector,
  type Extension,
  type PublicKey,
  type SigningKey,
} from '../crypto/index.ts';

export const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
export const SHA256 = sequence(oid('2.16.840.1.101.3.4.2.1'));
const SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';
const FULCIO_OTHER_NAME = '1.3.6.1.4.1.57264.1.7';
/** Claims up to this number are bare text, the others DER. */
const LAST_BARE_CLAIM = 6;

export interface CertificateContent {
  /** Positive, most significant byte first. */
  readonly serial: Uint8Array;
  /** DER of the names. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: PublicKey;
  readonly extensions: readonly Extension[];
}

export function encodeTbs(content: CertificateContent, more: readonly Extension[] = []): Uint8Array {
  return sequence(
    explicit(0, natural(2)),
    natural(...content.serial),
    ECDSA_SHA256,
    content.issuer,
    sequence(certificateTime(content.notBefore), certificateTime(content.notAfter)),
    content.subject,
    content.publicKey.spki,
    explicit(3, sequence(...[...content.extensions, ...more].map(encodeExtension))),
  );
}

/** DER of the certificate. The issuer's key is ECDSA. */
export async function signCertificate(
  content: CertificateContent,
  issuer: SigningKey,
  more: readonly Extension[] = [],
): Promise<Uint8Array> {
  const tbs = encodeTbs(content, more);
  return sequence(tbs, ECDSA_SHA256, bits(await issuer.sign(tbs)));
}

export const NO_NAME = sequence();

export type SubjectName =
  | { readonly kind: 'email' | 'uri'; readonly value: string }
  /** Fulcio's user names: the otherName of its own. */
  | { readonly kind: 'other'; readonly value: string };

export const extension = {
  authority: (pathLength: number): Extension => {
    return { oid: '2.5.29.19', value: sequence(TRUE, natural(pathLength)), isCritical: true };
  },
  /** digitalSignature alone, or keyCertSign and cRLSign. */
  keyUsage: (usage: 'sign' | 'issue'): Extension => {
    const value = usage === 'sign' ? bits(Uint8Array.of(0x80), 7) : bits(Uint8Array.of(0x06), 1);
    return { oid: '2.5.29.15', value, isCritical: true };
  },
  purpose: (purpose: string, isCritical = false): Extension => {
    return { oid: '2.5.29.37', value: sequence(oid(purpose)), isCritical };
  },
  subjectKey: (key: PublicKey): Extension => ({ oid: '2.5.29.14', value: octets(keyIdentifier(key)) }),
  issuerKey: (key: PublicKey): Extension => {
    return { oid: '2.5.29.35', value: sequence(implicit(0, keyIdentifier(key))) };
  },
  name: (name: SubjectName): Extension => ({ oid: '2.5.29.17', value: sequence(generalName(name)), isCritical: true }),
  /** What Fulcio says of a token (1.3.6.1.4.1.57264.1.N). */
  claim: (number: number, text: string): Extension => {
    const value = number <= LAST_BARE_CLAIM ? Buffer.from(text) : encodeDer(TAG.utf8String, Buffer.from(text));
    return { oid: `1.3.6.1.4.1.57264.1.${number}`, value };
  },
  scts: (...scts: readonly Uint8Array[]): Extension => {
    return { oid: SCT_LIST, value: octets(vector(2, ...scts.map((sct) => vector(2, sct)))) };
  },
} as const;

function generalName(name: SubjectName): Uint8Array {
  if (name.kind === 'other') {
    return explicit(0, oid(FULCIO_OTHER_NAME), explicit(0, encodeDer(TAG.utf8String, Buffer.from(name.value))));
  }
  return implicit(name.kind === 'email' ? 1 : 6, Buffer.from(name.value));
}

/** RFC 5280 4.2.1.2, method 1: SHA-1 of the key's bits. */
function keyIdentifier(key: PublicKey): Uint8Array {
  // P-256 in SPKI: 26 bytes of algorithm and headers, then the point
  return createHash('sha1').update(key.spki.subarray(-65)).digest();
}

/** What a log signs, and what it keeps: the tree's leaf (RFC 6962 3.2 and 3.4). */
export function encodeTimestampedEntry(
  at: number,
  issuerKey: PublicKey,
  tbs: Uint8Array,
): { readonly signed: Uint8Array; readonly leaf: Uint8Array } {
  const issuer = createHash('sha256').update(issuerKey.spki).digest();
  const entry = Buffer.concat([uint64(at), Uint8Array.of(0, 1), issuer, vector(3, tbs), vector(2)]);
  const [version1, timestamp, leafType] = [0, 0, 0];
  return {
    signed: Buffer.concat([Uint8Array.of(version1, timestamp), entry]),
    leaf: Buffer.concat([Uint8Array.of(version1, leafType), entry]),
  };
}

/** Hash SHA-256, signature ECDSA (RFC 5246 7.4.1.4.1), then the signature. */
export function encodeDigitallySigned(signature: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(4, 3), vector(2, signature)]);
}

export function encodeSct(logId: Uint8Array, at: number, signature: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(0), logId, uint64(at), vector(2), encodeDigitallySigned(signature)]);
}
