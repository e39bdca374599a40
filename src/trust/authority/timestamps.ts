/** A time stamping authority (RFC 3161): requests read, tokens made (CMS SignedData, RFC 5652), with ECDSA over SHA-256. */
import { createHash } from 'node:crypto';
import { AppError } from '../../core/index.ts';
import {
  contextTag,
  DerReader,
  encodeDer,
  explicit,
  generalizedTime,
  implicitSetOf,
  natural,
  octets,
  oid,
  sequence,
  setOf,
  TAG,
  type SigningKey,
} from '../crypto/index.ts';
import { ECDSA_SHA256, SHA256 } from './certificates.ts';

/** A request holds a hash, a number and a policy. */
const MAX_REQUEST_BYTES = 4096;
const MAX_NONCE_BYTES = 64;
/** The policy of Sigstore's authorities. */
const POLICY = '1.3.6.1.4.1.57264.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const HASH_BYTES: Readonly<Record<string, number>> = {
  '2.16.840.1.101.3.4.2.1': 32,
  '2.16.840.1.101.3.4.2.2': 48,
  '2.16.840.1.101.3.4.2.3': 64,
};
const HASH_OIDS: Readonly<Record<string, string>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};

export interface TimestampRequest {
  /** DER of the MessageImprint. */
  readonly imprint: Uint8Array;
  /** DER of the number to repeat. */
  readonly nonce: Uint8Array | undefined;
  readonly wantsCertificates: boolean;
}

/** From a TimeStampReq. Throws `invalid-input`. */
export function parseTimestampRequest(der: Uint8Array): TimestampRequest {
  const what = 'timestamp request';
  if (der.length > MAX_REQUEST_BYTES)
    throw new AppError('invalid-input', `${what}: expected at most ${MAX_REQUEST_BYTES} bytes, found ${der.length}`);
  const document = DerReader.open(der, what);
  const request = document.enter(TAG.sequence);
  document.end();
  if (request.small() !== 1) throw request.fault('version 1', 'another');
  const imprint = request.whole(TAG.sequence);
  checkImprint(imprint, what);
  if (request.nextTag === TAG.oid && request.oid() !== POLICY) throw request.fault(`policy ${POLICY}`, 'another');
  const nonce = request.nextTag === TAG.integer ? request.whole(TAG.integer) : undefined;
  if (nonce !== undefined && nonce.length > MAX_NONCE_BYTES) throw request.fault('a shorter nonce', 'a long one');
  const wantsCertificates = request.nextTag === TAG.boolean && request.content(TAG.boolean)[0] === 0xff;
  if (request.nextTag === contextTag(0)) throw request.fault('no extensions', 'some');
  request.end();
  return { imprint, nonce, wantsCertificates };
}

function checkImprint(imprint: Uint8Array, what: string): void {
  const document = DerReader.open(imprint, what);
  const reader = document.enter(TAG.sequence);
  const algorithm = reader.enter(TAG.sequence);
  const name = algorithm.oid();
  const digest = reader.content(TAG.octetString);
  reader.end();
  const length = HASH_BYTES[name];
  if (length === undefined) throw reader.fault('SHA-256, SHA-384 or SHA-512', name);
  if (digest.length !== length) throw reader.fault(`a hash of ${length} bytes`, `${digest.length}`);
}

/** A request for a hash, as Sigstore's JSON form puts it. Throws `invalid-input`. */
export function requestFor(hash: string, digest: Uint8Array, wantsCertificates: boolean): TimestampRequest {
  const name = HASH_OIDS[hash.toLowerCase().replace('-', '')];
  if (name === undefined) throw new AppError('invalid-input', `hashAlgorithm: expected sha256, sha384 or sha512`);
  const imprint = sequence(sequence(oid(name)), octets(digest));
  checkImprint(imprint, 'artifactHash');
  return { imprint, nonce: undefined, wantsCertificates };
}

export interface TimestampSigner {
  readonly key: SigningKey;
  /** DER, of the signer first. */
  readonly chain: readonly Uint8Array[];
  /** DER of the name that issued the signer's certificate, and its serial number. */
  readonly issuer: Uint8Array;
  readonly serial: Uint8Array;
}

/** A TimeStampResp. `serial` is of the token, never used twice. */
export async function createTimestamp(
  request: TimestampRequest,
  signer: TimestampSigner,
  stamp: { readonly at: Date; readonly serial: Uint8Array },
): Promise<Uint8Array> {
  const info = sequence(
    natural(1),
    oid(POLICY),
    request.imprint,
    natural(...stamp.serial),
    generalizedTime(stamp.at),
    // accuracy: the fraction of the second that is cut off
    sequence(natural(1)),
    ...(request.nonce === undefined ? [] : [request.nonce]),
  );
  const [certificate = new Uint8Array()] = signer.chain;
  const attributes = [
    attribute('1.2.840.113549.1.9.3', oid(TST_INFO)),
    attribute('1.2.840.113549.1.9.4', octets(sha256(info))),
    attribute('1.2.840.113549.1.9.16.2.47', sequence(sequence(sequence(octets(sha256(certificate)))))),
  ];
  const signed = setOf(...attributes);
  const signerInfo = sequence(
    natural(1),
    sequence(signer.issuer, natural(...signer.serial)),
    SHA256,
    // the same bytes under the tag that stands inside (RFC 5652 5.4)
    implicitSetOf(0, ...attributes),
    ECDSA_SHA256,
    octets(await signer.key.sign(signed)),
  );
  const signedData = sequence(
    natural(3),
    encodeDer(TAG.set, SHA256),
    sequence(oid(TST_INFO), explicit(0, octets(info))),
    ...(request.wantsCertificates ? [implicitSetOf(0, ...signer.chain)] : []),
    encodeDer(TAG.set, signerInfo),
  );
  const granted = sequence(natural(0));
  return sequence(granted, sequence(oid('1.2.840.113549.1.7.2'), explicit(0, signedData)));
}

function attribute(name: string, value: Uint8Array): Uint8Array {
  return sequence(oid(name), encodeDer(TAG.set, value));
}

function sha256(content: Uint8Array): Uint8Array {
  return createHash('sha256').update(content).digest();
}
