/**
 * Timestamps of RFC 3161: a TimeStampResp around CMS SignedData (RFC 5652) around a TSTInfo.
 *
 * Implements one signer with signed attributes, SHA-2, ECDSA or RSA PKCS #1 v1.5, ESSCertIDv2 and ESSCertID (RFC 5816, RFC 2634) with
 * SHA-2 hashes. Certificates inside a token are hints at most: they are looked at only to find the leaf under a trusted CA.
 */
import { createHash } from 'node:crypto';
import { AppError } from '../../core/index.ts';
import { isSignedBy, readHashAlgorithm, readSignatureAlgorithm } from './algorithms.ts';
import type { SignatureAlgorithm } from './algorithms.ts';
import { isEqualBytes } from './bytes.ts';
import { parseCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { findChainFault, MAX_CHAIN, TIME_STAMPING } from './chain.ts';
import type { CaChain, ChainFault } from './chain.ts';
import { contextTag, DerReader, TAG } from './der.ts';
import type { HashName } from './public-key.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';

/** Tokens with a chain inside have five kilobytes. */
const MAX_TIMESTAMP_BYTES = 64 * 1024;
const MAX_ATTRIBUTES = 16;

export interface Timestamp {
  /** The policy under which the authority stamped. */
  readonly policy: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** What was stamped. */
  readonly imprint: { readonly hash: HashName; readonly digest: Uint8Array };
  readonly content: Uint8Array;
  /** DER of what came along, unread: hints at most. */
  readonly certificates: readonly Uint8Array[];
  readonly signer: SignerInfo;
}

interface SignerInfo {
  readonly id:
    | { readonly kind: 'serial'; readonly issuer: Uint8Array; readonly serial: Uint8Array }
    | { readonly kind: 'key'; readonly keyId: Uint8Array };
  readonly hash: HashName;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
  /** The signed attributes as a SET, the form that is signed (RFC 5652 5.4). */
  readonly attributes: Uint8Array;
  readonly messageDigest: Uint8Array;
  readonly certificate: { readonly hash: 'sha1' | HashName; readonly digest: Uint8Array };
}

/** From a TimeStampResp. Throws `invalid-input` naming `what`: malformed, refused by the authority, not of a supported kind. */
export function parseTimestamp(der: Uint8Array, what: string): Timestamp {
  if (der.length > MAX_TIMESTAMP_BYTES) {
    throw new AppError('invalid-input', `${what}: expected at most ${MAX_TIMESTAMP_BYTES} bytes, found ${der.length}`);
  }
  const document = DerReader.open(der, what);
  const response = document.enter(TAG.sequence);
  document.end();
  const status = response.enter(TAG.sequence);
  // 0 is granted, 1 granted with modifications (RFC 3161 2.4.2); what was modified is verified all the same.
  const state = status.small();
  if (state > 1) throw status.fault('a granted timestamp', `status ${state}`);
  const token = response.enter(TAG.sequence);
  response.end();
  if (token.oid() !== SIGNED_DATA) throw token.fault('CMS signed data', 'another content');
  const wrapped = token.enter(contextTag(0));
  token.end();
  const signedData = wrapped.enter(TAG.sequence);
  wrapped.end();
  return readSignedData(signedData, what);
}

function readSignedData(data: DerReader, what: string): Timestamp {
  // RFC 5652 5.1: 3, since the content is no plain data.
  if (data.small() !== 3) throw data.fault('signed data of version 3', 'another');
  data.skip(TAG.set);
  const encapsulated = data.enter(TAG.sequence);
  if (encapsulated.oid() !== TST_INFO) throw encapsulated.fault('a TSTInfo', 'another content');
  const explicit = encapsulated.enter(contextTag(0));
  encapsulated.end();
  const content = explicit.content(TAG.octetString);
  explicit.end();
  const certificates = readCertificates(data.enterIf(contextTag(0)));
  data.skipIf(contextTag(1));
  const signers = data.enter(TAG.set);
  data.end();
  const signer = readSigner(signers.enter(TAG.sequence));
  signers.end();
  return { ...readTstInfo(content, what), content, certificates, signer };
}

function readCertificates(list: DerReader | undefined): readonly Uint8Array[] {
  const certificates: Uint8Array[] = [];
  if (list === undefined) return certificates;
  while (!list.isAtEnd) {
    if (certificates.length === MAX_CHAIN) throw list.fault(`at most ${MAX_CHAIN} certificates`, 'more');
    certificates.push(list.whole(TAG.sequence));
  }
  return certificates;
}

function readTstInfo(content: Uint8Array, what: string): Pick<Timestamp, 'policy' | 'time' | 'imprint'> {
  const document = DerReader.open(content, `${what}: TSTInfo`);
  const info = document.enter(TAG.sequence);
  document.end();
  if (info.small() !== 1) throw info.fault('a TSTInfo of version 1', 'another');
  const policy = info.oid();
  const imprint = info.enter(TAG.sequence);
  const hash = readHashAlgorithm(imprint);
  const digest = imprint.content(TAG.octetString);
  imprint.end();
  info.integerBytes();
  const time = info.time();
  info.skipIf(TAG.sequence);
  if (info.nextTag === TAG.boolean) info.boolean();
  if (info.nextTag === TAG.integer) info.integerBytes();
  info.skipIf(contextTag(0));
  // Extensions change what the timestamp says (RFC 3161 2.4.2); none is known, and authorities of the field write none.
  info.end();
  return { policy, time, imprint: { hash, digest } };
}

function readSigner(info: DerReader): SignerInfo {
  const version = info.small();
  const id = version === 3 ? readKeyIdentifier(info) : readIssuerAndSerial(info);
  if (version !== 1 && version !== 3) throw info.fault('a signer of version 1 or 3', `version ${version}`);
  const hash = readHashAlgorithm(info);
  const attributes = Uint8Array.from(info.whole(contextTag(0)));
  attributes[0] = TAG.set;
  const algorithm = readSignatureAlgorithm(info);
  const signature = info.content(TAG.octetString);
  info.skipIf(contextTag(1));
  info.end();
  return { id, hash, algorithm, signature, attributes, ...readAttributes(attributes) };
}

function readKeyIdentifier(info: DerReader): SignerInfo['id'] {
  return { kind: 'key', keyId: info.content(contextTag(0, 'primitive')) };
}

function readIssuerAndSerial(info: DerReader): SignerInfo['id'] {
  const id = info.enter(TAG.sequence);
  const issuer = id.whole(TAG.sequence);
  const serial = id.integerBytes();
  id.end();
  return { kind: 'serial', issuer, serial };
}

function readAttributes(set: Uint8Array): Pick<SignerInfo, 'messageDigest' | 'certificate'> {
  const values = new Map<string, DerReader>();
  const list = DerReader.open(set, 'signed attributes').enter(TAG.set);
  while (!list.isAtEnd) {
    const attribute = list.enter(TAG.sequence);
    const oid = attribute.oid();
    if (values.has(oid) || values.size === MAX_ATTRIBUTES) throw attribute.fault('each attribute once', oid);
    values.set(oid, attribute.enter(TAG.set));
    attribute.end();
  }
  const required = (oid: string): DerReader => {
    const value = values.get(oid);
    if (value === undefined) throw list.fault(`the signed attribute ${oid}`, 'none');
    return value;
  };
  const contentType = required(CONTENT_TYPE);
  if (contentType.oid() !== TST_INFO) throw contentType.fault('a TSTInfo as content type', 'another');
  contentType.end();
  const digest = required(MESSAGE_DIGEST);
  const messageDigest = digest.content(TAG.octetString);
  digest.end();
  const isV2 = values.has(SIGNING_CERTIFICATE_V2);
  const certificate = readCertificateId(required(isV2 ? SIGNING_CERTIFICATE_V2 : SIGNING_CERTIFICATE), isV2);
  return { messageDigest, certificate };
}

/** The first ESSCertID names the signer's certificate (RFC 5035 5.4.1); SHA-256 is the default of version 2, version 1 has SHA-1 only. */
function readCertificateId(value: DerReader, isV2: boolean): SignerInfo['certificate'] {
  const signing = value.enter(TAG.sequence);
  value.end();
  const ids = signing.enter(TAG.sequence);
  const id = ids.enter(TAG.sequence);
  const hash = isV2 ? (id.nextTag === TAG.sequence ? readHashAlgorithm(id) : 'sha256') : 'sha1';
  return { hash, digest: id.content(TAG.octetString) };
}

/** One timestamping authority of a trusted root. */
export interface TimestampAuthority {
  readonly name: string;
  /** The certificate that stamps; undefined where tokens bring it along. */
  readonly leaf: Certificate | undefined;
  readonly ca: CaChain;
  isValidAt(at: number): boolean;
}

export type TimestampFault =
  | 'timestamp-other-signature'
  | 'timestamp-authority-unknown'
  | 'timestamp-mismatch'
  | 'timestamp-authority-not-valid-at-time'
  | 'timestamp-certificate-purpose'
  | 'timestamp-chain'
  | 'timestamp-certificate-not-valid-at-time';

export type TimestampVerdict =
  | { readonly kind: 'verified'; readonly time: number; readonly authority: TimestampAuthority }
  | { readonly kind: 'refused'; readonly fault: TimestampFault };

/** Whether the timestamp is over these signature bytes, by one of the authorities, at a time at which it was to be trusted. */
export function verifyTimestamp(
  timestamp: Timestamp,
  signature: Uint8Array,
  authorities: readonly TimestampAuthority[],
): TimestampVerdict {
  const { imprint } = timestamp;
  if (!isEqualBytes(createHash(imprint.hash).update(signature).digest(), imprint.digest)) {
    return { kind: 'refused', fault: 'timestamp-other-signature' };
  }
  const faults: TimestampFault[] = [];
  for (const authority of authorities) {
    const fault = findFault(timestamp, authority);
    if (fault === undefined) return { kind: 'verified', time: timestamp.time, authority };
    faults.push(fault);
  }
  // What is wrong with the authority that did stamp says more than that others did not.
  const fault = faults.find((entry) => entry !== 'timestamp-authority-unknown') ?? 'timestamp-authority-unknown';
  return { kind: 'refused', fault };
}

function findFault(timestamp: Timestamp, authority: TimestampAuthority): TimestampFault | undefined {
  const leaf = findLeaf(timestamp, authority);
  if (leaf === undefined) return 'timestamp-authority-unknown';
  const { signer, content, time } = timestamp;
  const { hash, algorithm, attributes, signature } = signer;
  const isContent = isEqualBytes(createHash(hash).update(content).digest(), signer.messageDigest);
  if (!isContent || !isSignedBy(leaf.publicKey, algorithm, { content: attributes, signature, hash })) {
    return 'timestamp-mismatch';
  }
  const usage = leaf.extensions.extendedKeyUsage;
  // RFC 3161 2.3: this purpose alone, and critical.
  if (usage?.isCritical !== true || usage.purposes.length !== 1) return 'timestamp-certificate-purpose';
  const fault = findChainFault(leaf, authority.ca, { times: [time], purpose: TIME_STAMPING });
  if (fault !== undefined) return CHAIN_FAULTS[fault];
  return authority.isValidAt(time) ? undefined : 'timestamp-authority-not-valid-at-time';
}

const CHAIN_FAULTS: Readonly<Record<ChainFault, TimestampFault>> = {
  'issuer-unknown': 'timestamp-authority-unknown',
  'ca-unusable': 'timestamp-chain',
  'ca-not-valid-at-time': 'timestamp-certificate-not-valid-at-time',
  'certificate-not-valid-at-time': 'timestamp-certificate-not-valid-at-time',
  'certificate-is-ca': 'timestamp-certificate-purpose',
  'certificate-purpose': 'timestamp-certificate-purpose',
};

/** The certificate that the token names, from the trusted root, or else an embedded one that must then prove its chain. */
function findLeaf(timestamp: Timestamp, authority: TimestampAuthority): Certificate | undefined {
  const { id, certificate } = timestamp.signer;
  const hints = (): readonly Certificate[] =>
    timestamp.certificates
      .filter((der) => isEqualBytes(createHash(certificate.hash).update(der).digest(), certificate.digest))
      .map((der) => parseCertificate(der, 'timestamp: embedded certificate'));
  const candidates = authority.leaf === undefined ? hints() : [authority.leaf];
  return candidates.find((candidate) => {
    const isNamed =
      id.kind === 'serial'
        ? isEqualBytes(id.issuer, candidate.issuer) && isEqualBytes(id.serial, candidate.serial)
        : candidate.extensions.subjectKeyId !== undefined && isEqualBytes(id.keyId, candidate.extensions.subjectKeyId);
    return isNamed && isEqualBytes(createHash(certificate.hash).update(candidate.der).digest(), certificate.digest);
  });
}
