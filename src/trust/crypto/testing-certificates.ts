/** Keys, certificates, SCTs and timestamps made at will for tests: well formed unless told otherwise. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { contextTag, encodeDer, TAG } from './der.ts';
import { bits, certificateTime, generalizedTime as time, octets, oid, sequence, TRUE, utf8 } from './der-build.ts';
import { importSpki } from './public-key.ts';
import type { PublicKey } from './public-key.ts';

export interface TestKey {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
  /** ECDSA in DER over SHA-256, or Ed25519. */
  sign(content: Uint8Array | string): Uint8Array;
}

export function createTestKey(kind: 'p256' | 'ed25519' = 'p256'): TestKey {
  const pair = kind === 'p256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const { privateKey } = pair;
  const publicKey = importSpki(pair.publicKey.export({ format: 'der', type: 'spki' }), 'test key');
  const hash = kind === 'p256' ? 'sha256' : null;
  return { privateKey, publicKey, sign: (content) => sign(hash, Buffer.from(content), privateKey) };
}

function integer(...bytes: readonly number[]): Uint8Array {
  return encodeDer(TAG.integer, Uint8Array.from(bytes));
}

function nameOf(text: string): Uint8Array {
  return sequence(encodeDer(TAG.set, sequence(oid('2.5.4.3'), utf8(text))));
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const SHA256 = sequence(oid('2.16.840.1.101.3.4.2.1'));

export interface TestExtension {
  readonly oid: string;
  readonly value: Uint8Array;
  readonly isCritical?: boolean;
}

function extensionOf(given: TestExtension): Uint8Array {
  return sequence(oid(given.oid), ...(given.isCritical === true ? [TRUE] : []), octets(given.value));
}

/** One of the extensions that certificates of the field carry. */
export const extension = {
  ca: (pathLength?: number): TestExtension => {
    const length = pathLength === undefined ? [] : [integer(pathLength)];
    return { oid: '2.5.29.19', value: sequence(TRUE, ...length), isCritical: true };
  },
  keyUsage: (first: number): TestExtension => {
    return { oid: '2.5.29.15', value: encodeDer(TAG.bitString, Uint8Array.of(0, first)), isCritical: true };
  },
  purposes: (purposes: readonly string[], isCritical = false): TestExtension => {
    return { oid: '2.5.29.37', value: sequence(...purposes.map(oid)), isCritical };
  },
  uri: (...uris: readonly string[]): TestExtension => {
    const names = uris.map((uri) => encodeDer(contextTag(6, 'primitive'), Buffer.from(uri)));
    return { oid: '2.5.29.17', value: sequence(...names), isCritical: true };
  },
  claim: (number: number | string, text: string): TestExtension => {
    return { oid: `1.3.6.1.4.1.57264.1.${number}`, value: utf8(text) };
  },
} as const;

export interface TestCertificate {
  readonly der: Uint8Array;
  readonly name: string;
  readonly key: TestKey;
}

export interface CertificateInput {
  readonly name: string;
  /** Itself when absent. */
  readonly issuer?: Pick<TestCertificate, 'name' | 'key'>;
  readonly key?: TestKey;
  readonly from: Date;
  readonly to: Date;
  readonly extensions: readonly TestExtension[];
  /** The algorithm that the signed part names, if not the true one. */
  readonly innerAlgorithm?: string;
  /** Logs that vouch for it. */
  readonly scts?: readonly SctInput[];
}

export interface SctInput {
  readonly log: TestKey;
  readonly at: Date;
  /** Bytes that static logs write. */
  readonly extensions?: Uint8Array;
  /** Hash of another issuer's key than the true one. */
  readonly issuerKey?: PublicKey;
}

const SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';

export function createCertificate(input: CertificateInput): TestCertificate {
  const { name, key = createTestKey() } = input;
  const issuer = input.issuer ?? { name, key };
  const tbsOf = (extensions: readonly TestExtension[]): Uint8Array =>
    sequence(
      encodeDer(contextTag(0), integer(2)),
      integer(7),
      input.innerAlgorithm === undefined ? ECDSA_SHA256 : sequence(oid(input.innerAlgorithm)),
      nameOf(issuer.name),
      sequence(certificateTime(input.from), certificateTime(input.to)),
      nameOf(name),
      key.publicKey.spki,
      encodeDer(contextTag(3), sequence(...extensions.map(extensionOf))),
    );
  const bare = tbsOf(input.extensions);
  const list = (input.scts ?? []).map((sct) => encodeSct(sct, bare, sct.issuerKey ?? issuer.key.publicKey));
  const logged = list.length === 0 ? [] : [{ oid: SCT_LIST, value: octets(vector(...list.map((sct) => vector(sct)))) }];
  const tbs = list.length === 0 ? bare : tbsOf([...input.extensions, ...logged]);
  return { der: sequence(tbs, ECDSA_SHA256, bits(issuer.key.sign(tbs))), name, key };
}

/** Behind its length in two bytes (RFC 5246 4.3). */
function vector(...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of(content.length >> 8, content.length & 0xff), content]);
}

function encodeSct(input: SctInput, tbs: Uint8Array, issuerKey: PublicKey): Uint8Array {
  const at = Buffer.alloc(8);
  at.writeBigUInt64BE(BigInt(input.at.getTime()));
  const extensions = vector(input.extensions ?? new Uint8Array());
  const length = Uint8Array.of(tbs.length >> 16, (tbs.length >> 8) & 0xff, tbs.length & 0xff);
  const entry = Buffer.concat([Uint8Array.of(0, 1), sha256(issuerKey.spki), length, tbs]);
  const signature = input.log.sign(Buffer.concat([Uint8Array.of(0, 0), at, entry, extensions]));
  const id = sha256(input.log.publicKey.spki);
  return Buffer.concat([Uint8Array.of(0), id, at, extensions, Uint8Array.of(4, 3), vector(signature)]);
}

/** The JSON with which a log answers for a certificate that it saw whole. */
export function createDetachedSct(log: TestKey, certificate: Uint8Array, at: Date): string {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(at.getTime()));
  const { length } = certificate;
  const size = Uint8Array.of(length >> 16, (length >> 8) & 0xff, length & 0xff);
  const signed = Buffer.concat([
    Uint8Array.of(0, 0),
    time,
    Uint8Array.of(0, 0),
    size,
    certificate,
    Uint8Array.of(0, 0),
  ]);
  const signature = Buffer.concat([Uint8Array.of(4, 3), vector(log.sign(signed))]);
  return JSON.stringify({
    sct_version: 0,
    id: Buffer.from(sha256(log.publicKey.spki)).toString('base64'),
    timestamp: at.getTime(),
    extensions: '',
    signature: signature.toString('base64'),
  });
}

export function sha256(content: Uint8Array): Uint8Array {
  return createHash('sha256').update(content).digest();
}

export interface TimestampInput {
  readonly signer: TestCertificate;
  readonly signerIssuer: string;
  readonly at: Date;
  readonly embedded?: readonly Uint8Array[];
  /** What the signed attributes call the hash of the content. */
  readonly messageDigest?: Uint8Array;
  /** Whose hash the signed attributes name instead of the signer's. */
  readonly namedCertificate?: Uint8Array;
  readonly status?: number;
  /** What the signed attributes say that the content is. */
  readonly contentType?: string;
}

/** A TimeStampResp over these bytes. */
export function createTimestamp(stamped: Uint8Array, input: TimestampInput): Uint8Array {
  const { signer } = input;
  const imprint = sequence(SHA256, octets(sha256(stamped)));
  const info = sequence(integer(1), oid('1.3.6.1.4.1.57264.2'), imprint, integer(5), time(input.at));
  const attribute = (name: string, value: Uint8Array): Uint8Array => sequence(oid(name), encodeDer(TAG.set, value));
  const named = sequence(sequence(sequence(octets(sha256(input.namedCertificate ?? signer.der)))));
  const attributes = [
    attribute('1.2.840.113549.1.9.3', oid(input.contentType ?? '1.2.840.113549.1.9.16.1.4')),
    attribute('1.2.840.113549.1.9.4', octets(input.messageDigest ?? sha256(info))),
    attribute('1.2.840.113549.1.9.16.2.47', named),
  ];
  const signerInfo = sequence(
    integer(1),
    sequence(nameOf(input.signerIssuer), integer(7)),
    SHA256,
    encodeDer(contextTag(0), ...attributes),
    ECDSA_SHA256,
    octets(signer.key.sign(encodeDer(TAG.set, ...attributes))),
  );
  const embedded = input.embedded === undefined ? [] : [encodeDer(contextTag(0), ...input.embedded)];
  const signedData = sequence(
    integer(3),
    encodeDer(TAG.set, SHA256),
    sequence(oid('1.2.840.113549.1.9.16.1.4'), encodeDer(contextTag(0), octets(info))),
    ...embedded,
    encodeDer(TAG.set, signerInfo),
  );
  const token = sequence(oid('1.2.840.113549.1.7.2'), encodeDer(contextTag(0), signedData));
  return sequence(sequence(integer(input.status ?? 0)), token);
}
