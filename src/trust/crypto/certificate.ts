/**
 * X.509 version 3 certificates (RFC 5280) as Sigstore uses them.
 *
 * Implements the fields that decide trust: validity, key, basic constraints, key usage, extended key usage, alternative names
 * (e-mail, URI, DNS, Fulcio's otherName), Fulcio's claims (1.3.6.1.4.1.57264.1.N in both encodings) and the list of SCTs.
 * A critical extension that is not read here refuses the certificate: name and policy constraints are not implemented.
 */
import { AppError } from '../../core/index.ts';
import { readSignatureAlgorithm } from './algorithms.ts';
import type { SignatureAlgorithm } from './algorithms.ts';
import { contextTag, DerReader, encodeDer, TAG } from './der.ts';
import { parsePemCertificates } from './pem.ts';
import { importSpki } from './public-key.ts';
import type { PublicKey } from './public-key.ts';

export interface AlternativeName {
  readonly kind: 'email' | 'uri' | 'dns' | 'other';
  readonly value: string;
}

export interface Certificate {
  /** The whole certificate as it came. */
  readonly der: Uint8Array;
  /** The signed part. */
  readonly tbs: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
  /** Two's complement bytes. */
  readonly serial: Uint8Array;
  /** Names as they are encoded: compared byte by byte, never interpreted. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Milliseconds since 1970, both inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: PublicKey;
  readonly extensions: CertificateExtensions;
}

export interface CertificateExtensions {
  readonly isCa: boolean;
  /** How many CA certificates may follow; undefined is no limit. */
  readonly pathLength: number | undefined;
  /** Undefined where the certificate does not say. */
  readonly keyUsage: { readonly digitalSignature: boolean; readonly keyCertSign: boolean } | undefined;
  readonly extendedKeyUsage: { readonly purposes: readonly string[]; readonly isCritical: boolean } | undefined;
  readonly names: readonly AlternativeName[];
  /** Fulcio's claims by the last number of their identifier. */
  readonly claims: ReadonlyMap<number, string>;
  readonly subjectKeyId: Uint8Array | undefined;
  /** The SignedCertificateTimestampList. */
  readonly sctList: Uint8Array | undefined;
}

/** Certificates of the field have one to two kilobytes. */
const MAX_CERTIFICATE_BYTES = 64 * 1024;
/** Fulcio writes about 25. */
const MAX_EXTENSIONS = 64;
/** Fulcio writes one. */
const MAX_NAMES = 64;

/** Whole numbers alone: an arc below a claim is not the claim. */
const FULCIO_CLAIM = /^1\.3\.6\.1\.4\.1\.57264\.1\.(\d+)$/;
const FULCIO_OTHER_NAME = '1.3.6.1.4.1.57264.1.7';
const SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';
/** RFC 5280 4.2.1.10 has them critical; they limit a CA even where it forgot to say so. */
const NAME_CONSTRAINTS = '2.5.29.30';
/** The deprecated claims hold their text bare; all others a DER UTF8String. */
const LAST_BARE_CLAIM = 6;

/** Throws `invalid-input` naming `what`: malformed, of another version or algorithm, with an unknown critical extension. */
export function parseCertificate(der: Uint8Array, what: string): Certificate {
  if (der.length > MAX_CERTIFICATE_BYTES) {
    throw new AppError(
      'invalid-input',
      `${what}: expected at most ${MAX_CERTIFICATE_BYTES} bytes, found ${der.length}`,
    );
  }
  const document = DerReader.open(der, what);
  const certificate = document.enter(TAG.sequence);
  document.end();
  const tbs = certificate.whole(TAG.sequence);
  const algorithm = readSignatureAlgorithm(certificate);
  const signature = certificate.bitString();
  certificate.end();
  return { der, tbs, algorithm, signature, ...readTbs(tbs, algorithm, what) };
}

function readTbs(bytes: Uint8Array, outer: SignatureAlgorithm, what: string) {
  const tbs = DerReader.open(bytes, what).enter(TAG.sequence);
  const version = tbs.enter(contextTag(0));
  if (version.small() !== 2) throw version.fault('an X.509 certificate of version 3', 'another version');
  version.end();
  const serial = tbs.integerBytes();
  // RFC 5280 4.1.1.2: the algorithm is named twice, once unsigned.
  if (readSignatureAlgorithm(tbs) !== outer) throw tbs.fault('the same signature algorithm twice', 'two');
  const issuer = tbs.whole(TAG.sequence);
  const validity = tbs.enter(TAG.sequence);
  const [notBefore, notAfter] = [validity.time(), validity.time()];
  validity.end();
  const subject = tbs.whole(TAG.sequence);
  const publicKey = importSpki(tbs.whole(TAG.sequence), `${what}: public key`);
  const wrapped = tbs.enter(contextTag(3));
  tbs.end();
  const extensions = readExtensions(wrapped.enter(TAG.sequence), what);
  wrapped.end();
  return { serial, issuer, subject, notBefore, notAfter, publicKey, extensions };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function readExtensions(list: DerReader, what: string): CertificateExtensions {
  const seen = new Set<string>();
  const claims = new Map<number, string>();
  const result: Mutable<CertificateExtensions> = {
    isCa: false,
    pathLength: undefined,
    keyUsage: undefined,
    extendedKeyUsage: undefined,
    names: [],
    claims,
    subjectKeyId: undefined,
    sctList: undefined,
  };
  while (!list.isAtEnd) {
    const extension = list.enter(TAG.sequence);
    const oid = extension.oid();
    // RFC 5280 4.2: not twice, or two readers would see different ones.
    if (seen.has(oid) || seen.size === MAX_EXTENSIONS) {
      throw extension.fault(`each extension once and at most ${MAX_EXTENSIONS}`, `another ${oid}`);
    }
    seen.add(oid);
    const isCritical = extension.nextTag === TAG.boolean && extension.boolean();
    const value = extension.content(TAG.octetString);
    extension.end();
    const claim = FULCIO_CLAIM.exec(oid)?.[1];
    if (claim !== undefined) readClaim(Number(claim), value, { claims, what });
    else if (!readExtension(oid, value, { result, isCritical, what }) && (isCritical || oid === NAME_CONSTRAINTS)) {
      throw extension.fault('no unknown critical extension', oid);
    }
  }
  return result;
}

/** Whether the extension is one that is read. */
function readExtension(
  oid: string,
  value: Uint8Array,
  into: { readonly result: Mutable<CertificateExtensions>; readonly isCritical: boolean; readonly what: string },
): boolean {
  const { result, isCritical, what } = into;
  const content = DerReader.open(value, `${what}: extension ${oid}`);
  if (oid === '2.5.29.19') Object.assign(result, readBasicConstraints(content));
  else if (oid === '2.5.29.15') result.keyUsage = readKeyUsage(content);
  else if (oid === '2.5.29.37') result.extendedKeyUsage = { purposes: readPurposes(content), isCritical };
  else if (oid === '2.5.29.17') result.names = readNames(content);
  else if (oid === '2.5.29.14') result.subjectKeyId = content.content(TAG.octetString);
  else if (oid === SCT_LIST) result.sctList = content.content(TAG.octetString);
  else return false;
  content.end();
  return true;
}

function readBasicConstraints(content: DerReader): Pick<CertificateExtensions, 'isCa' | 'pathLength'> {
  const constraints = content.enter(TAG.sequence);
  const isCa = constraints.nextTag === TAG.boolean && constraints.boolean();
  const pathLength = constraints.isAtEnd ? undefined : constraints.small();
  constraints.end();
  if (pathLength !== undefined && !isCa) throw constraints.fault('a path length in CA certificates only', 'one');
  return { isCa, pathLength };
}

/** A bit string that ends with its last set bit (RFC 5280 4.2.1.3); bits 0 and 5 are read. */
function readKeyUsage(content: DerReader): CertificateExtensions['keyUsage'] {
  const [unused = 8, first = 0] = content.content(TAG.bitString);
  if (unused > 7) throw content.fault('a bit string', 'other bytes');
  return { digitalSignature: (first & 0x80) !== 0, keyCertSign: (first & 0x04) !== 0 };
}

function readPurposes(content: DerReader): readonly string[] {
  const list = content.enter(TAG.sequence);
  const purposes: string[] = [];
  while (!list.isAtEnd) purposes.push(list.oid());
  return purposes;
}

const TEXT_NAMES: ReadonlyMap<number, AlternativeName['kind']> = new Map([
  [contextTag(1, 'primitive'), 'email'],
  [contextTag(2, 'primitive'), 'dns'],
  [contextTag(6, 'primitive'), 'uri'],
]);

/** Names of other kinds (addresses, directory names, foreign otherNames) identify nobody here and are passed over. */
function readNames(content: DerReader): readonly AlternativeName[] {
  const list = content.enter(TAG.sequence);
  const names: AlternativeName[] = [];
  for (let count = 0; !list.isAtEnd; count += 1) {
    if (count === MAX_NAMES) throw list.fault(`at most ${MAX_NAMES} names`, 'more');
    const kind = TEXT_NAMES.get(list.nextTag);
    if (kind !== undefined) names.push({ kind, value: readAscii(list) });
    else if (list.nextTag === contextTag(0)) names.push(...readOtherName(list.enter(contextTag(0))));
    else list.skip();
  }
  return names;
}

/** IA5String: a NUL inside has split names in two for other readers, so control characters are refused. */
function readAscii(list: DerReader): string {
  const text = list.utf8(list.nextTag);
  // oxlint-disable-next-line no-control-regex
  if (/[^\u0020-\u007e]/.test(text)) throw list.fault('printable ASCII in a name', 'other characters');
  return text;
}

function readOtherName(name: DerReader): readonly AlternativeName[] {
  const oid = name.oid();
  const value = name.enter(contextTag(0));
  name.end();
  if (oid !== FULCIO_OTHER_NAME) return [];
  const text = value.utf8();
  value.end();
  return [{ kind: 'other', value: text }];
}

function readClaim(
  number: number,
  value: Uint8Array,
  into: { readonly claims: Map<number, string>; readonly what: string },
): void {
  const content = DerReader.open(value, `${into.what}: claim ${number}`);
  if (number > LAST_BARE_CLAIM) {
    into.claims.set(number, content.utf8());
    content.end();
    return;
  }
  try {
    into.claims.set(number, new TextDecoder('utf-8', { fatal: true }).decode(value));
  } catch (cause) {
    throw new AppError('invalid-input', `${into.what}: expected text in claim ${number}`, { cause });
  }
}

/** The signed part as the certificate-transparency log saw it (RFC 6962 3.2): without the list of SCTs. */
export function tbsWithoutScts(certificate: Certificate): Uint8Array {
  const tbs = DerReader.open(certificate.tbs, 'certificate').enter(TAG.sequence);
  const parts: Uint8Array[] = [];
  while (tbs.nextTag !== contextTag(3)) parts.push(tbs.whole());
  const list = tbs.enter(contextTag(3)).enter(TAG.sequence);
  const kept: Uint8Array[] = [];
  while (!list.isAtEnd) {
    const extension = list.whole(TAG.sequence);
    if (DerReader.open(extension, 'extension').enter(TAG.sequence).oid() !== SCT_LIST) kept.push(extension);
  }
  return encodeDer(TAG.sequence, ...parts, encodeDer(contextTag(3), encodeDer(TAG.sequence, ...kept)));
}

/** Certificates in PEM, in their order. Throws `invalid-input` naming `what`. */
export function parseCertificates(pem: string, what: string, max: number): readonly Certificate[] {
  return parsePemCertificates(pem, what, max).map((der) => parseCertificate(der, what));
}
