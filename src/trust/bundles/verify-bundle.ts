/**
 * Verifies a signature with its certificate or key, log entries and timestamps, offline and from bytes alone.
 *
 * Follows the Sigstore client specification, sections "Verification" 1 to 6, whose steps reasons name: time, certificate,
 * log, signature; and beyond it: the log entry against signature, key and digest, extended key usage, the subject of in-toto statements.
 * Only who is wanted is examined: of a stranger it is told that he is one.
 * Nothing is fetched and nothing read from the clock. Nothing signed is interpreted before its signature has verified.
 */
import { createHash } from 'node:crypto';
import { algorithmOf, AppError, hexOf } from '../../core/index.ts';
import type { Digest, IdentityRule, Signer } from '../../core/index.ts';
import { encodePreAuthentication, formatEnvelope } from '../../attestations/index.ts';
import type { Statement } from '../../attestations/index.ts';
import { encodeBase64, isEqualBytes, parseCertificate } from '../crypto/index.ts';
import type { Certificate, HashName, PublicKey, Sct } from '../crypto/index.ts';
import { verifyLogEntry } from '../logs/entry.ts';
import type { LogEntry, LogVerdict } from '../logs/entry.ts';
import { findEntryFaults } from '../logs/entry-match.ts';
import type { LoggedSignature } from '../logs/entry-match.ts';
import type { TransparencyLog, TrustedRoot } from '../roots/trusted-root.ts';
import type { Bundle, BundleContent } from './bundle.ts';
import { examineCertificate, examineSigner } from './examine-certificate.ts';
import { examineStatement } from './examine-statement.ts';
import { examineTimestamps } from './examine-timestamps.ts';
import type { CertificateIdentity } from './identity.ts';
import { messageOf, Reasons } from './reasons.ts';
import type { StepReason } from './reasons.ts';

/** The signed file itself, or only its digest, from which Ed25519 signatures cannot be verified. */
export type Blob =
  | { readonly kind: 'content'; readonly content: Uint8Array }
  | { readonly kind: 'digest'; readonly digest: Digest };

/** Whose signature counts. */
export type SignerRule =
  | { readonly kind: 'keys'; readonly keys: readonly PublicKey[] }
  | { readonly kind: 'identities'; readonly identities: readonly IdentityRule[] };

/** How many distinct logs, timestamp authorities and certificate-transparency logs must vouch. */
export interface Thresholds {
  readonly logs: number;
  readonly timestamps: number;
  readonly scts: number;
}

const DEFAULT_THRESHOLDS: Thresholds = { logs: 1, timestamps: 0, scts: 1 };

export interface BundleRequirement {
  /** The file, or for an envelope the artifact that must be among the subjects of its statement. */
  readonly artifact: Blob;
  readonly who: SignerRule;
  readonly trustedRoot: TrustedRoot;
  /** The time of the question: nothing may be dated later, and without logs and timestamps certificates must be valid now. */
  readonly at: Date;
  readonly thresholds?: Partial<Thresholds>;
  /** That came beside the certificate. */
  readonly detachedSct?: Sct;
  /** Of the statement in an envelope; undefined takes any. */
  readonly predicateType?: string;
}

export interface TrustedTime {
  readonly source: 'log' | 'timestamp';
  /** The log or the authority. */
  readonly by: string;
  readonly at: Date;
}

/** One signature of the bundle that satisfied every requirement, with the facts that prove it. */
export interface ProvenSignature {
  readonly signer: Signer;
  /** Undefined for keys. */
  readonly identity: CertificateIdentity | undefined;
  /** Fulcio's claims by number. */
  readonly claims: ReadonlyMap<number, string>;
  readonly times: readonly TrustedTime[];
  readonly logs: readonly { readonly name: string; readonly index: number }[];
}

export type BundleVerdict =
  | {
      readonly kind: 'verified';
      readonly signatures: readonly ProvenSignature[];
      /** Of an envelope. */
      readonly statement: Statement | undefined;
    }
  | RefusedBundle;

interface RefusedBundle {
  readonly kind: 'refused';
  readonly reasons: readonly StepReason[];
}

/** Yes with all facts, or no with all reasons. Throws `usage` for an empty requirement, `invalid-input` for a digest where only content can be verified. */
export function verifyBundle(bundle: Bundle, requirement: BundleRequirement): BundleVerdict {
  const proof = proveBundle(bundle, requirement);
  if (proof.kind === 'refused') return proof;
  const reasons = new Reasons();
  const statement = examineContent(bundle.content, requirement, reasons);
  return reasons.list.length > 0
    ? { kind: 'refused', reasons: reasons.list }
    : { ...proof, kind: 'verified', statement };
}

/** Who signed the bytes of the bundle, before anything that they say is looked at; throws as verifyBundle does. */
export function proveBundle(
  bundle: Bundle,
  requirement: BundleRequirement,
): { readonly kind: 'proven'; readonly signatures: readonly ProvenSignature[] } | RefusedBundle {
  const thresholds = { ...DEFAULT_THRESHOLDS, ...requirement.thresholds };
  checkRequirement(requirement.who, thresholds);
  const reasons = new Reasons();
  const verifiers = verifiersOf(bundle, requirement, reasons);
  const candidates = signaturesOf(bundle).flatMap((signature) =>
    verifiers.map((verifier) => ({ ...verifier, signature })),
  );
  const content = signedContentOf(bundle, requirement.artifact);
  const signed = candidates.filter((candidate) => content.isSignedBy(candidate.key, candidate.signature));
  if (signed.length === 0 && verifiers.length > 0) reportSignature(bundle, requirement, reasons);
  const examination: Examination = {
    bundle,
    requirement,
    thresholds,
    content,
    entries: bundle.entries.map((entry) => ({
      entry,
      verdict: verifyLogEntry(entry, requirement.trustedRoot, REQUIRED_PROOF[bundle.form]),
    })),
  };
  // Without any good signature one is examined all the same, so that all reasons are told.
  const examined = (signed.length > 0 ? signed : candidates.slice(0, 1)).map((candidate) =>
    examineSignature(candidate, examination),
  );
  const proven = examined.flatMap((found) => (found.kind === 'proven' && signed.length > 0 ? [found.signature] : []));
  if (proven.length === 0) {
    for (const found of examined) if (found.kind === 'refused') reasons.addAll(found.reasons);
    return { kind: 'refused', reasons: reasons.list };
  }
  return { kind: 'proven', signatures: proven };
}

function examineContent(
  content: BundleContent,
  requirement: BundleRequirement,
  reasons: Reasons,
): Statement | undefined {
  if (content.kind === 'envelope') return examineStatement(content.envelope, requirement, reasons);
  if (requirement.predicateType !== undefined) {
    const message = 'the bundle signs bytes of a file, not a statement';
    reasons.add('artifact', 'bundle-content-unsupported', { message, expected: requirement.predicateType });
  }
  return undefined;
}

/** What was logged in version 0.1 and before came with a promise; later forms need no online look-up. */
const REQUIRED_PROOF = { legacy: 'promise', '0.1': 'promise', '0.2': 'proof', '0.3': 'proof' } as const;

/** An empty list must never read as "anybody", nor a negative number as "none needed". */
function checkRequirement(who: SignerRule, thresholds: Thresholds): void {
  const count = who.kind === 'keys' ? who.keys.length : who.identities.length;
  if (count === 0) throw new AppError('usage', `${who.kind}: expected at least one, found none`);
  for (const [name, value] of Object.entries(thresholds)) {
    if (Number.isInteger(value) && value >= 0) continue;
    throw new AppError('usage', `thresholds.${name}: expected a whole number from 0, found ${value}`);
  }
}

/** A key by which a signature would count. */
interface Verifier {
  readonly key: PublicKey;
  readonly certified: { readonly certificate: Certificate; readonly identity: CertificateIdentity } | undefined;
}

function verifiersOf(
  bundle: Bundle,
  requirement: Pick<BundleRequirement, 'who' | 'trustedRoot'>,
  reasons: Reasons,
): readonly Verifier[] {
  const { material } = bundle;
  const { who, trustedRoot } = requirement;
  if (material.kind === 'key') {
    if (who.kind === 'keys') return distinct(who.keys).map((key) => ({ key, certified: undefined }));
    const message = 'signed with a key, while a signature by a certificate identity is wanted';
    reasons.add('certificate', 'key-only', { message, fix: 'give the public key of the signer' });
    return [];
  }
  if (who.kind === 'keys') {
    const message = 'signed with a certificate, while a signature by a key is wanted';
    reasons.add('certificate', 'certificate-only', {
      message,
      fix: 'name the signer by certificate identity and issuer',
    });
    return [];
  }
  try {
    const certificate = parseCertificate(material.certificate, 'certificate');
    const hasRoot = bringsRoot(bundle.form, material.others);
    if (hasRoot) {
      const message = 'the bundle brings its own root certificate along';
      reasons.add('certificate', 'certificate-chain-root', { message });
    }
    const identity = examineSigner(certificate, { trustedRoot, identities: who.identities }, reasons);
    if (identity === undefined || hasRoot) return [];
    return [{ key: certificate.publicKey, certified: { certificate, identity } }];
  } catch (error) {
    reasons.add('certificate', 'certificate-malformed', { message: messageOf(error) });
    return [];
  }
}

/** Clients of the first version wrote whole chains, npm among them; later ones must not. Trusted is none of it. */
function bringsRoot(form: Bundle['form'], others: readonly Uint8Array[]): boolean {
  if (form === '0.1') return false;
  const certificates = others.map((der) => parseCertificate(der, 'certificate chain'));
  return certificates.some(({ issuer, subject }) => isEqualBytes(issuer, subject));
}

function distinct(keys: readonly PublicKey[]): readonly PublicKey[] {
  return [...new Map(keys.map((key) => [key.keyId, key])).values()];
}

function signaturesOf(bundle: Bundle): readonly Uint8Array[] {
  if (bundle.content.kind === 'message') return [bundle.content.signature];
  return bundle.content.envelope.signatures.flatMap(({ sig }) => (sig === undefined ? [] : [sig]));
}

interface SignedContent {
  isSignedBy(key: PublicKey, signature: Uint8Array): boolean;
  digest(hash: HashName): Uint8Array | undefined;
  readonly envelope: LoggedSignature['envelope'];
}

function signedContentOf(bundle: Bundle, artifact: Blob): SignedContent {
  if (bundle.content.kind === 'message') return { ...blobContent(artifact), envelope: undefined };
  const { envelope, encoded } = bundle.content;
  const { payload, payloadType } = envelope;
  const content = encodePreAuthentication(payloadType, payload);
  // Older cosign logged the envelope as Go writes it: this order of fields, and a key id even where it is empty.
  const signatures = envelope.signatures.map(({ keyid, sig }) => ({
    keyid,
    sig: encodeBase64(sig ?? new Uint8Array()),
  }));
  const go = JSON.stringify({ payloadType, payload: encodeBase64(payload), signatures });
  const encodings = encoded === undefined ? [go, formatEnvelope(envelope)].map((text) => Buffer.from(text)) : [encoded];
  return { ...blobContent({ kind: 'content', content }), envelope: { payload, payloadType, encodings } };
}

function blobContent(blob: Blob): Pick<SignedContent, 'isSignedBy' | 'digest'> {
  const known = new Map<HashName, Uint8Array>();
  return {
    digest(hash) {
      if (blob.kind === 'digest')
        return algorithmOf(blob.digest) === hash ? Buffer.from(hexOf(blob.digest), 'hex') : undefined;
      const found = known.get(hash) ?? createHash(hash).update(blob.content).digest();
      known.set(hash, found);
      return found;
    },
    isSignedBy(key, signature) {
      if (blob.kind === 'content') return key.verify(blob.content, signature);
      const result = key.verifyDigest(Buffer.from(hexOf(blob.digest), 'hex'), algorithmOf(blob.digest), signature);
      if (result !== undefined) return result;
      throw new AppError(
        'invalid-input',
        'an Ed25519 signature cannot be verified from a digest, give the file itself',
      );
    },
  };
}

function reportSignature(bundle: Bundle, requirement: BundleRequirement, reasons: Reasons): void {
  const { content } = bundle;
  const who = requirement.who.kind === 'keys' ? 'one of the given keys' : 'the key of the certificate';
  if (content.kind === 'envelope') {
    reasons.add('signature', 'signature-mismatch', { message: `no signature of the envelope is by ${who}` });
    return;
  }
  reasons.add('signature', 'signature-mismatch', { message: `the signature over the file is not by ${who}` });
  if (content.digest === undefined) return;
  const found = Buffer.from(content.digest.bytes);
  const expected = blobContent(requirement.artifact).digest(content.digest.hash);
  if (expected === undefined || found.equals(expected)) return;
  reasons.add('artifact', 'artifact-mismatch', {
    message: 'the bundle is about another file',
    expected: `${content.digest.hash}:${Buffer.from(expected).toString('hex')}`,
    found: `${content.digest.hash}:${found.toString('hex')}`,
  });
}

interface Examination {
  readonly bundle: Bundle;
  readonly requirement: BundleRequirement;
  readonly thresholds: Thresholds;
  readonly content: SignedContent;
  readonly entries: readonly { readonly entry: LogEntry; readonly verdict: LogVerdict }[];
}

type Examined =
  | { readonly kind: 'proven'; readonly signature: ProvenSignature }
  | { readonly kind: 'refused'; readonly reasons: readonly StepReason[] };

/** Logs, timestamps and the certificate of one signature. */
function examineSignature(
  candidate: Verifier & { readonly signature: Uint8Array },
  examination: Examination,
): Examined {
  const { requirement, content } = examination;
  const reasons = new Reasons();
  const { key, certified, signature } = candidate;
  const certificate = certified?.certificate;
  const logged = examineEntries({ ...content, signature, key, certificate: certificate?.der }, examination, reasons);
  const times = [...logged.times, ...stampedTimes(candidate, logged, examination, reasons)];
  examineTimes(times, requirement.at, reasons);
  // Where nothing tells the time, as with keys, the log must be trusted still.
  const moments = times.length === 0 ? [requirement.at] : times.map((time) => time.at);
  examineLogPeriods(logged.withoutTime, moments, reasons);
  if (certificate !== undefined) examineValidity(certificate, { times, examination }, reasons);
  if (reasons.list.length > 0) return { kind: 'refused', reasons: reasons.list };
  const identity = certified?.identity;
  const signer: Signer =
    identity === undefined ? { kind: 'key', keyId: key.keyId } : { kind: 'certificate', ...identity };
  const claims = certificate?.extensions.claims ?? new Map<number, string>();
  return { kind: 'proven', signature: { signer, identity, claims, times, logs: logged.logs } };
}

interface LoggedFacts {
  readonly times: readonly TrustedTime[];
  readonly logs: ProvenSignature['logs'];
  /** Logs whose entries bring no time of their own. */
  readonly withoutTime: readonly TransparencyLog[];
}

/** An entry that is wrong in anything counts for nothing; distinct logs are counted. Where no log is wanted none is asked. */
function examineEntries(signed: LoggedSignature, examination: Examination, reasons: Reasons): LoggedFacts {
  const { logs: threshold } = examination.thresholds;
  const times: TrustedTime[] = [];
  const good = new Map<string, { readonly name: string; readonly index: number }>();
  const withoutTime: TransparencyLog[] = [];
  const bad = new Reasons();
  for (const { entry, verdict } of threshold === 0 ? [] : examination.entries) {
    for (const fault of verdict.faults) bad.add('log', fault.code, { message: fault.message });
    const faults = findEntryFaults(entry, signed);
    for (const code of faults) bad.add('log', code, { message: ENTRY_MESSAGES[code] });
    if (faults.length > 0 || verdict.faults.length > 0 || verdict.log === undefined) continue;
    const { log, time, index } = verdict;
    good.set(encodeBase64(log.logId), { name: log.name, index });
    if (time === undefined) withoutTime.push(log);
    else times.push({ source: 'log', by: log.name, at: new Date(time) });
  }
  if (good.size < threshold) {
    reasons.addAll(bad.list);
    const message = 'too few trusted logs hold the signature';
    reasons.add('log', 'log-threshold', { message, expected: String(threshold), found: String(good.size) });
  }
  return { times, logs: [...good.values()], withoutTime };
}

function stampedTimes(
  candidate: Verifier & { readonly signature: Uint8Array },
  logged: LoggedFacts,
  examination: Examination,
  reasons: Reasons,
): readonly TrustedTime[] {
  const { bundle, requirement, thresholds } = examination;
  const { signature, certified } = candidate;
  const { times, faults, authorities } = examineTimestamps(bundle.timestamps, signature, requirement.trustedRoot);
  const lacksTime = certified !== undefined && times.length === 0 && logged.times.length === 0;
  if (authorities < thresholds.timestamps || lacksTime) reasons.addAll(faults.list);
  if (authorities < thresholds.timestamps) {
    const message = 'too few trusted authorities stamped the signature';
    const facts = { message, expected: String(thresholds.timestamps), found: String(authorities) };
    reasons.add('time', 'timestamp-threshold', facts);
  }
  return times;
}

function examineValidity(
  certificate: Certificate,
  given: { readonly times: readonly TrustedTime[]; readonly examination: Examination },
  reasons: Reasons,
): void {
  const { requirement, thresholds } = given.examination;
  const times = given.times.map(({ at }) => at.getTime());
  if (times.length === 0 && thresholds.logs === 0 && thresholds.timestamps === 0) times.push(requirement.at.getTime());
  // Where a log was wanted and failed, its entry would have told the time.
  if (times.length === 0 && !reasons.list.some(({ code }) => code === 'log-threshold')) {
    const message = 'nothing trusted says when it was signed, so the certificate cannot be judged';
    reasons.add('time', 'time-missing', { message });
  }
  const { trustedRoot, detachedSct } = requirement;
  examineCertificate(certificate, { trustedRoot, times, scts: thresholds.scts, detachedSct }, reasons);
}

const ENTRY_MESSAGES = {
  'entry-malformed': 'the log entry cannot be read',
  'entry-kind-unsupported': 'the log entry is of an unknown kind or version',
  'entry-kind-mismatch': 'the bundle names another kind of log entry than was logged',
  'entry-other-signature': 'the log entry is about another signature',
  'entry-other-key': 'the log entry is about another key or certificate',
  'entry-other-artifact': 'the log entry is about another artifact',
  'entry-rebuilt-mismatch': 'the log entry is not what this signature, key and artifact give',
} as const;

/** Our clock may be behind the log's by this much, or a fresh signature would be refused. */
const MAX_CLOCK_SKEW_MS = 5 * 60_000;

function examineTimes(times: readonly TrustedTime[], at: Date, reasons: Reasons): void {
  for (const time of times.filter((entry) => entry.at.getTime() > at.getTime() + MAX_CLOCK_SKEW_MS)) {
    reasons.add('time', 'time-in-future', {
      message: `${time.by} vouches for a time that is still to come`,
      expected: `at most ${at.toISOString()}`,
      found: time.at.toISOString(),
    });
  }
}

function examineLogPeriods(logs: readonly TransparencyLog[], times: readonly Date[], reasons: Reasons): void {
  for (const log of logs) {
    if (times.every((at) => log.isValidAt(at.getTime()))) continue;
    reasons.add('log', 'log-not-valid-at-time', { message: `the log ${log.name} was not trusted when it was signed` });
  }
}
