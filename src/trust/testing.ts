/**
 * A Sigstore in memory for tests: a CA with an intermediate, a certificate-transparency log, a Rekor log of each version and a
 * timestamp authority, with what they sign as plain values that a test can make wrong.
 */
import { createHash } from 'node:crypto';
import { exactly } from '../core/index.ts';
import { encodePreAuthentication } from '../attestations/index.ts';
import type { Bundle } from './bundles/bundle.ts';
import { parseBundle } from './bundles/bundle.ts';
import { verifyBundle } from './bundles/verify-bundle.ts';
import type { BundleRequirement } from './bundles/verify-bundle.ts';
import { encodeBase64, formatPem, hashLeaf } from './crypto/index.ts';
import {
  createCertificate,
  createTestKey,
  createTimestamp,
  extension,
  NOTE_KEY_TYPE,
  noteKeyId,
  sha256,
} from './crypto/testing.ts';
import type { CertificateInput, TestCertificate, TestExtension, TestKey } from './crypto/testing.ts';
import { parseTrustedRoot } from './roots/trusted-root.ts';
import type { TrustedRoot } from './roots/trusted-root.ts';

export const SIGNED_AT = new Date('2025-06-01T12:00:00Z');
export const ISSUER = 'https://token.actions.githubusercontent.com';
export const SUBJECT = 'https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main';

const START = new Date('2025-01-01T00:00:00Z');
const END = new Date('2027-01-01T00:00:00Z');
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const REKOR = 'rekor.test';
const REKOR2 = 'log2025.rekor.test';

/** Minutes after the signing. */
export function minutes(count: number): Date {
  return new Date(SIGNED_AT.getTime() + count * 60_000);
}

export interface Period {
  start?: string;
  end?: string;
}

interface RootAuthority {
  uri: string;
  certChain: { certificates: { rawBytes: string }[] };
  validFor: Period;
}

interface RootLog {
  baseUrl: string;
  hashAlgorithm: string;
  publicKey: { rawBytes: string; keyDetails: string; validFor: Period };
  logId: { keyId: string };
}

export interface RootValue {
  mediaType: string;
  tlogs: RootLog[];
  certificateAuthorities: RootAuthority[];
  ctlogs: RootLog[];
  timestampAuthorities: RootAuthority[];
}

export interface EntryValue {
  logIndex: string;
  logId: { keyId: string };
  kindVersion: { kind: string; version: string };
  integratedTime?: string;
  inclusionPromise?: { signedEntryTimestamp: string };
  inclusionProof?: {
    logIndex: string;
    rootHash?: string;
    treeSize?: string;
    hashes: string[];
    checkpoint?: { envelope: string };
  };
  canonicalizedBody: string;
}

export interface BundleValue {
  mediaType: string;
  verificationMaterial: {
    certificate?: { rawBytes: string };
    publicKey?: { hint: string };
    x509CertificateChain?: { certificates: { rawBytes: string }[] };
    tlogEntries: EntryValue[];
    timestampVerificationData: { rfc3161Timestamps: { signedTimestamp: string }[] };
  };
  messageSignature?: { messageDigest: { algorithm: string; digest: string }; signature: string };
  dsseEnvelope?: { payload: string; payloadType: string; signatures: { sig: string; keyid: string }[] };
}

export interface Signing {
  /** A fresh certificate when absent. */
  readonly certificate?: TestCertificate;
  /** Instead of a certificate. */
  readonly key?: TestKey;
  readonly log?: 'v1' | 'v2';
  /** Of an envelope. */
  readonly payloadType?: string;
  readonly loggedAt?: Date;
  /** None for the log of version 1, the time of signing for version 2. */
  readonly stampedAt?: readonly Date[];
}

type Signer = { readonly key: TestKey; readonly certificate: Uint8Array | undefined };

export class TestSigstore {
  readonly ca = authority('Test Root', { purposes: [] });
  readonly intermediate = authority('Test Intermediate', { issuer: this.ca, purposes: [CODE_SIGNING] });
  readonly ct = createTestKey();
  readonly rekor = createTestKey();
  readonly rekor2 = createTestKey('ed25519');
  readonly tsaCa = authority('Test Timestamp Root', { purposes: [TIME_STAMPING] });
  readonly tsa = this.stamper();
  /** To be changed before `trust()`. */
  readonly root: RootValue = this.#rootValue();

  trust(): TrustedRoot {
    return parseTrustedRoot(JSON.stringify(this.root), 'root');
  }

  /** A certificate of the default identity, good for ten minutes from the time of signing. */
  issue(changes: Partial<CertificateInput> = {}, extensions: readonly TestExtension[] = IDENTITY): TestCertificate {
    return createCertificate({
      name: 'leaf',
      issuer: this.intermediate,
      from: SIGNED_AT,
      to: minutes(10),
      extensions: [extension.keyUsage(0x80), extension.purposes([CODE_SIGNING]), ...extensions],
      scts: [{ log: this.ct, at: SIGNED_AT }],
      ...changes,
    });
  }

  stamper(changes: Partial<CertificateInput> = {}): TestCertificate {
    const extensions = [extension.keyUsage(0x80), extension.purposes([TIME_STAMPING], true)];
    return createCertificate({ name: 'tsa', issuer: this.tsaCa, from: START, to: END, extensions, ...changes });
  }

  stamp(signature: Uint8Array, at: Date, signer = this.tsa): Uint8Array {
    return createTimestamp(signature, { signer, signerIssuer: 'Test Timestamp Root', at });
  }

  signFile(content: Uint8Array | string, signing: Signing = {}): BundleValue {
    const bytes = Buffer.from(content);
    const signer = this.#signerOf(signing);
    const signature = signer.key.sign(bytes);
    const digest = sha256(bytes);
    const entry = this.logMessage({ signer, signature, digest }, signing);
    const messageDigest = { algorithm: 'SHA2_256', digest: encodeBase64(digest) };
    const messageSignature = { messageDigest, signature: encodeBase64(signature) };
    return { ...this.#bundle(signer, { signature, entry }, signing), messageSignature };
  }

  signStatement(statement: unknown, signing: Signing = {}): BundleValue {
    const { payloadType = 'application/vnd.in-toto+json' } = signing;
    const payload = Buffer.from(JSON.stringify(statement));
    const signer = this.#signerOf(signing);
    const content = encodePreAuthentication(payloadType, payload);
    const signature = signer.key.sign(content);
    const signed = { signer, signature, digest: sha256(content) };
    const entry = signing.log === 'v2' ? this.logMessage(signed, signing) : this.logEnvelope(signed, payload, signing);
    const signatures = [{ sig: encodeBase64(signature), keyid: '' }];
    const dsseEnvelope = { payload: encodeBase64(payload), payloadType, signatures };
    return { ...this.#bundle(signer, { signature, entry }, signing), dsseEnvelope };
  }

  /** What cosign 1 and 2 put beside a signature over these bytes. */
  signLegacy(content: Uint8Array, signing: Signing = {}): Readonly<Record<string, string>> {
    const bundle = this.signFile(content, signing);
    const { certificate, tlogEntries } = bundle.verificationMaterial;
    const [entry] = tlogEntries;
    return {
      'dev.cosignproject.cosign/signature': bundle.messageSignature?.signature ?? '',
      ...(certificate === undefined ? {} : { 'dev.sigstore.cosign/certificate': pemOf(certificate.rawBytes) }),
      ...(entry === undefined ? {} : { 'dev.sigstore.cosign/bundle': rekorBundleOf(entry) }),
    };
  }

  logMessage(
    signed: { readonly signer: Signer; readonly signature: Uint8Array; readonly digest: Uint8Array },
    signing: Signing = {},
  ): EntryValue {
    const { signer, digest } = signed;
    const content = encodeBase64(signed.signature);
    if (signing.log === 'v2') {
      const data = { algorithm: 'SHA2_256', digest: encodeBase64(digest) };
      const keyDetails = 'PKIX_ECDSA_P256_SHA_256';
      const rawBytes = encodeBase64(signer.certificate ?? signer.key.publicKey.spki);
      const verifier =
        signer.certificate === undefined
          ? { keyDetails, publicKey: { rawBytes } }
          : { keyDetails, x509Certificate: { rawBytes } };
      const spec = { hashedRekordV002: { data, signature: { content, verifier } } };
      return this.log2({ apiVersion: '0.0.2', kind: 'hashedrekord', spec });
    }
    const data = { hash: { algorithm: 'sha256', value: Buffer.from(digest).toString('hex') } };
    const spec = { data, signature: { content, publicKey: { content: verifierOf(signer) } } };
    return this.log1({ apiVersion: '0.0.1', kind: 'hashedrekord', spec }, signing.loggedAt);
  }

  logEnvelope(
    signed: { readonly signer: Signer; readonly signature: Uint8Array },
    payload: Uint8Array,
    signing: Signing = {},
  ): EntryValue {
    const payloadHash = { algorithm: 'sha256', value: createHash('sha256').update(payload).digest('hex') };
    const signatures = [{ signature: encodeBase64(signed.signature), verifier: verifierOf(signed.signer) }];
    const envelopeHash = { algorithm: 'sha256', value: createHash('sha256').update('envelope').digest('hex') };
    const spec = { envelopeHash, payloadHash, signatures };
    return this.log1({ apiVersion: '0.0.1', kind: 'dsse', spec }, signing.loggedAt);
  }

  /** An entry of the log of version 1, with promise, proof and checkpoint. */
  log1(body: LogBody, at: Date = minutes(1)): EntryValue {
    const entry = entryOf(body, sha256(this.rekor.publicKey.spki));
    const integratedTime = Math.floor(at.getTime() / 1000);
    const logID = Buffer.from(entry.logId.keyId, 'base64').toString('hex');
    const payload = { body: entry.canonicalizedBody, integratedTime, logID, logIndex: Number(entry.logIndex) };
    const signer = { origin: `${REKOR} - 1193050959916656506`, name: REKOR, key: this.rekor };
    return {
      ...entry,
      integratedTime: String(integratedTime),
      inclusionPromise: { signedEntryTimestamp: encodeBase64(this.rekor.sign(JSON.stringify(payload))) },
      inclusionProof: proofOf(entry, { ...signer, id: sha256(this.rekor.publicKey.spki) }),
    };
  }

  /** An entry of the log of version 2: no promise, no time. */
  log2(body: LogBody): EntryValue {
    const id = noteKeyId(REKOR2, NOTE_KEY_TYPE.ed25519, this.rekor2.publicKey);
    const entry = { ...entryOf(body, id), logIndex: String(INDEX) };
    return { ...entry, inclusionProof: proofOf(entry, { origin: REKOR2, name: REKOR2, key: this.rekor2, id }) };
  }

  #signerOf({ key, certificate }: Signing): Signer {
    if (key !== undefined) return { key, certificate: undefined };
    const issued = certificate ?? this.issue();
    return { key: issued.key, certificate: issued.der };
  }

  #bundle(
    signer: Signer,
    proof: { readonly signature: Uint8Array; readonly entry: EntryValue },
    signing: Signing,
  ): BundleValue {
    const times = signing.stampedAt ?? (signing.log === 'v2' ? [minutes(1)] : []);
    const rfc3161Timestamps = times.map((at) => ({ signedTimestamp: encodeBase64(this.stamp(proof.signature, at)) }));
    const material =
      signer.certificate === undefined
        ? { publicKey: { hint: signer.key.publicKey.hint } }
        : { certificate: { rawBytes: encodeBase64(signer.certificate) } };
    return {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {
        ...material,
        tlogEntries: [proof.entry],
        timestampVerificationData: { rfc3161Timestamps },
      },
    };
  }

  #rootValue(): RootValue {
    const id2 = noteKeyId(REKOR2, NOTE_KEY_TYPE.ed25519, this.rekor2.publicKey);
    return {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [rootLog(REKOR, this.rekor), rootLog(REKOR2, this.rekor2, id2)],
      certificateAuthorities: [rootAuthority('https://fulcio.test', this.intermediate, this.ca)],
      ctlogs: [rootLog('ct.test', this.ct)],
      timestampAuthorities: [rootAuthority('https://tsa.test', this.tsa, this.tsaCa)],
    };
  }
}

const IDENTITY: readonly TestExtension[] = [extension.uri(SUBJECT), extension.claim(8, ISSUER)];

export function bundleOf(value: BundleValue): Bundle {
  return parseBundle(JSON.stringify(value), 'bundle');
}

export function authority(
  name: string,
  given: Partial<CertificateInput> & { readonly purposes: readonly string[] },
): TestCertificate {
  const purposes = given.purposes.length === 0 ? [] : [extension.purposes(given.purposes)];
  const extensions = [extension.ca(), extension.keyUsage(0x06), ...purposes];
  return createCertificate({ name, from: START, to: END, extensions, ...given });
}

export function rootAuthority(uri: string, ...certificates: readonly TestCertificate[]): RootAuthority {
  const chain = certificates.map(({ der }) => ({ rawBytes: encodeBase64(der) }));
  return { uri, certChain: { certificates: chain }, validFor: { start: START.toISOString() } };
}

export function rootLog(host: string, key: TestKey, id = sha256(key.publicKey.spki)): RootLog {
  const keyDetails = key.publicKey.algorithm === 'ed25519' ? 'PKIX_ED25519' : 'PKIX_ECDSA_P256_SHA_256';
  const rawBytes = encodeBase64(key.publicKey.spki);
  return {
    baseUrl: `https://${host}`,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes, keyDetails, validFor: { start: START.toISOString() } },
    logId: { keyId: encodeBase64(id) },
  };
}

export interface LogBody {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: unknown;
}

/** The sixth leaf of the first seven; the index that the log counts over all of its shards is another. */
const INDEX = 5;
const SIZE = 7;
const GLOBAL_INDEX = 123_456;

function entryOf(body: LogBody, logId: Uint8Array): EntryValue {
  return {
    logIndex: String(GLOBAL_INDEX),
    logId: { keyId: encodeBase64(logId) },
    kindVersion: { kind: body.kind, version: body.apiVersion },
    canonicalizedBody: encodeBase64(Buffer.from(JSON.stringify(body))),
  };
}

interface CheckpointSigner {
  readonly origin: string;
  readonly name: string;
  readonly id: Uint8Array;
  readonly key: TestKey;
}

function proofOf(entry: EntryValue, signer: CheckpointSigner): EntryValue['inclusionProof'] & object {
  const hashes = ['fifth', 'seventh', 'first four'].map((text) => sha256(Buffer.from(text)));
  const [fifth = new Uint8Array(), seventh = new Uint8Array(), four = new Uint8Array()] = hashes;
  const leaf = hashLeaf(Buffer.from(entry.canonicalizedBody, 'base64'));
  const root = node(four, node(node(fifth, leaf), seventh));
  return {
    logIndex: String(INDEX),
    rootHash: encodeBase64(root),
    treeSize: String(SIZE),
    hashes: hashes.map(encodeBase64),
    checkpoint: { envelope: checkpointOf(root, signer) },
  };
}

export function checkpointOf(root: Uint8Array, { origin, name, key, id }: CheckpointSigner): string {
  const text = `${origin}\n${SIZE}\n${encodeBase64(root)}\n`;
  const line = encodeBase64(Buffer.concat([id.subarray(0, 4), key.sign(text)]));
  return `${text}\n\u2014 ${name} ${line}\n`;
}

function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([Uint8Array.of(1), left, right]));
}

function verifierOf(signer: Signer): string {
  const block =
    signer.certificate === undefined
      ? { label: 'PUBLIC KEY', bytes: signer.key.publicKey.spki }
      : { label: 'CERTIFICATE', bytes: signer.certificate };
  return encodeBase64(Buffer.from(formatPem(block)));
}

export function pemOf(rawBytes: string): string {
  return formatPem({ label: 'CERTIFICATE', bytes: Buffer.from(rawBytes, 'base64') });
}

/** The same entry as cosign 1 and 2 kept it. */
export function rekorBundleOf(entry: EntryValue): string {
  return JSON.stringify({
    SignedEntryTimestamp: entry.inclusionPromise?.signedEntryTimestamp,
    Payload: {
      body: entry.canonicalizedBody,
      integratedTime: Number(entry.integratedTime),
      logIndex: Number(entry.logIndex),
      logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
    },
  });
}

/** About bundles of the file `CONTENT` by the default identity, unless changed. */
export const CONTENT = Buffer.from('content\n');

export function requirementOf(sigstore: TestSigstore, changes: Partial<BundleRequirement> = {}): BundleRequirement {
  return {
    artifact: { kind: 'content', content: CONTENT },
    who: { kind: 'identities', identities: [{ issuer: exactly(ISSUER), subject: exactly(SUBJECT) }] },
    trustedRoot: sigstore.trust(),
    at: new Date('2026-01-01T00:00:00Z'),
    ...changes,
  };
}

/** `verified`, or the sorted codes of the refusal. */
export function outcomeOf(
  sigstore: TestSigstore,
  value: BundleValue,
  changes: Partial<BundleRequirement> = {},
): string {
  const verdict = verifyBundle(bundleOf(value), requirementOf(sigstore, changes));
  if (verdict.kind === 'verified') return 'verified';
  return verdict.reasons
    .map(({ code }) => code)
    .toSorted()
    .join(' ');
}
