/** Attacks on what is signed, and the published flaws of other verifiers that are not about certificates or logs alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, digestOf } from '../../core/index.ts';
import { encodePreAuthentication } from '../../attestations/index.ts';
import { encodeBase64 } from '../crypto/index.ts';
import { createTestKey } from '../crypto/testing.ts';
import { CONTENT, minutes, outcomeOf, requirementOf, rekorBundleOf, TestSigstore } from '../testing.ts';
import type { BundleValue } from '../testing.ts';
import { legacySignature, parseBlobBundle } from './legacy.ts';
import { verifyBundle } from './verify-bundle.ts';
import type { BundleRequirement } from './verify-bundle.ts';

const sigstore = new TestSigstore();
const SBOM = 'https://spdx.dev/Document';

function statementAbout(content: Uint8Array, changes: object = {}): object {
  const sha256 = digestOf(content).slice('sha256:'.length);
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256 } }],
    predicateType: SBOM,
    ...changes,
  };
}

test('a statement is about the artifact and of the wanted type', () => {
  const signed = (statement: object, requirement: Partial<BundleRequirement> = {}): string =>
    outcomeOf(sigstore, sigstore.signStatement(statement), requirement);
  assert.equal(signed(statementAbout(CONTENT)), 'verified');
  assert.equal(signed(statementAbout(CONTENT), { predicateType: SBOM }), 'verified');
  assert.equal(signed(statementAbout(Buffer.from('other'))), 'subject-mismatch');
  assert.equal(signed(statementAbout(CONTENT, { subject: [] })), 'payload-malformed');
  const text = sigstore.signStatement(statementAbout(CONTENT), { payloadType: 'text/plain' });
  assert.equal(outcomeOf(sigstore, text), 'payload-type-unsupported');
  const wanted = { predicateType: 'https://sigstore.dev/cosign/sign/v1' };
  assert.equal(signed(statementAbout(CONTENT), wanted), 'predicate-type-mismatch');
});

test('a file that was signed is no statement, and the reverse', () => {
  const wanted = { predicateType: SBOM };
  assert.equal(outcomeOf(sigstore, sigstore.signFile(CONTENT), wanted), 'bundle-content-unsupported');
  const bundle = sigstore.signFile(Buffer.from(JSON.stringify(statementAbout(CONTENT))));
  assert.match(outcomeOf(sigstore, bundle), /artifact-mismatch.*signature-mismatch/);
});

/** An envelope that several keys signed; the log knows the signature of the first alone. */
function signedTwice(order: readonly ('ours' | 'junk' | 'theirs')[]): BundleValue {
  const bundle = sigstore.signStatement(statementAbout(CONTENT), { log: 'v2' });
  const { payload = '', payloadType = '', signatures = [] } = bundle.dsseEnvelope ?? {};
  const [ours] = signatures;
  assert.ok(ours !== undefined && bundle.dsseEnvelope !== undefined);
  const content = encodePreAuthentication(payloadType, Buffer.from(payload, 'base64'));
  const all = {
    ours,
    junk: { sig: '!!', keyid: '' },
    theirs: { sig: encodeBase64(createTestKey().sign(content)), keyid: '' },
  };
  bundle.dsseEnvelope.signatures = order.map((name) => all[name]);
  return bundle;
}

test('every signature of an envelope is considered', () => {
  for (const order of [
    ['junk', 'ours'],
    ['theirs', 'ours'],
    ['ours', 'theirs'],
    ['theirs', 'junk', 'ours'],
  ] as const) {
    assert.equal(outcomeOf(sigstore, signedTwice(order)), 'verified', order.join());
  }
  assert.match(outcomeOf(sigstore, signedTwice(['theirs'])), /signature-mismatch/);
  assert.match(outcomeOf(sigstore, signedTwice([])), /signature-mismatch/);
});

test('payload and type of an envelope are both signed', () => {
  const changed = (change: (envelope: NonNullable<BundleValue['dsseEnvelope']>) => void): string => {
    const bundle = sigstore.signStatement(statementAbout(CONTENT), { log: 'v2' });
    assert.ok(bundle.dsseEnvelope !== undefined);
    change(bundle.dsseEnvelope);
    return outcomeOf(sigstore, bundle);
  };
  const refused = 'entry-rebuilt-mismatch log-threshold signature-mismatch';
  const other = Buffer.from(JSON.stringify(statementAbout(CONTENT, { predicateType: 'x:y' }))).toString('base64');
  assert.equal(
    changed((envelope) => void (envelope.payload = other)),
    refused,
  );
  assert.equal(
    changed((envelope) => void (envelope.payloadType = 'application/vnd.in-toto.x+json')),
    refused,
  );
});

test('a signature by a key is none by an identity, and the reverse', () => {
  const key = createTestKey();
  assert.equal(outcomeOf(sigstore, sigstore.signFile(CONTENT, { key })), 'key-only');
  const who = { kind: 'keys', keys: [key.publicKey] } as const;
  assert.equal(outcomeOf(sigstore, sigstore.signFile(CONTENT, { key }), { who }), 'verified');
  assert.equal(outcomeOf(sigstore, sigstore.signFile(CONTENT), { who }), 'certificate-only');
});

test('nobody named is a mistake, never anybody', () => {
  const usage = (changes: Partial<BundleRequirement>): void =>
    assert.throws(
      () => outcomeOf(sigstore, sigstore.signFile(CONTENT), changes),
      (error) => error instanceof AppError && error.kind === 'usage',
    );
  usage({ who: { kind: 'keys', keys: [] } });
  usage({ who: { kind: 'identities', identities: [] } });
  usage({ thresholds: { logs: -1 } });
  usage({ thresholds: { scts: 0.5 } });
});

test('names of JavaScript itself are no algorithms', () => {
  for (const algorithm of ['constructor', '__proto__', 'toString']) {
    const bundle = sigstore.signFile(CONTENT);
    assert.ok(bundle.messageSignature !== undefined);
    bundle.messageSignature.messageDigest.algorithm = algorithm;
    const refused = (error: unknown): boolean => error instanceof AppError && error.kind === 'invalid-input';
    assert.throws(() => outcomeOf(sigstore, bundle), refused);
  }
});

test('CVE-2022-36056: an old bundle of a file needs its own signature, key and entry in the log', () => {
  const certificate = sigstore.issue();
  const bundleOf = (content: Uint8Array, changes: object = {}): string => {
    const bundle = sigstore.signFile(content, { certificate });
    const [entry] = bundle.verificationMaterial.tlogEntries;
    assert.ok(entry !== undefined);
    const rawBytes = bundle.verificationMaterial.certificate?.rawBytes ?? '';
    const pem = `-----BEGIN CERTIFICATE-----\n${rawBytes}\n-----END CERTIFICATE-----\n`;
    const document = {
      base64Signature: bundle.messageSignature?.signature,
      cert: Buffer.from(pem).toString('base64'),
      rekorBundle: JSON.parse(rekorBundleOf(entry)),
      ...changes,
    };
    const verdict = verifyBundle(parseBlobBundle(JSON.stringify(document), 'bundle'), requirementOf(sigstore));
    return verdict.kind === 'verified' ? 'verified' : verdict.reasons.map(({ code }) => code).join(' ');
  };
  assert.equal(bundleOf(CONTENT), 'verified');
  const foreign = sigstore.signFile(Buffer.from('other'), { certificate }).verificationMaterial.tlogEntries[0];
  assert.ok(foreign !== undefined);
  const rekorBundle: unknown = JSON.parse(rekorBundleOf(foreign));
  assert.equal(bundleOf(CONTENT, { rekorBundle }), 'entry-other-signature entry-other-artifact log-threshold');
  assert.match(bundleOf(Buffer.from('other')), /signature-mismatch/);
  assert.equal(bundleOf(CONTENT, { rekorBundle: undefined }), 'log-threshold');
  assert.equal(bundleOf(CONTENT, { cert: '' }), 'key-only');
});

test('GHSA-fx35-mq7g-6g98: a bare key in place of the certificate is refused', () => {
  const key = createTestKey();
  const pem = `-----BEGIN PUBLIC KEY-----\n${encodeBase64(key.publicKey.spki)}\n-----END PUBLIC KEY-----\n`;
  const document = { base64Signature: encodeBase64(key.sign(CONTENT)), cert: Buffer.from(pem).toString('base64') };
  assert.throws(() => parseBlobBundle(JSON.stringify(document), 'bundle'), /expected a PEM block CERTIFICATE/);
  assert.throws(() => legacySignature('AAAA', { certificate: pem }), /expected a PEM block CERTIFICATE/);
});

test('GHSA-w6c6-c85g-mmv6: an attestation of another type, or that cannot be read, is never accepted', () => {
  const wanted = { predicateType: SBOM };
  const other = sigstore.signStatement(statementAbout(CONTENT, { predicateType: 'https://slsa.dev/provenance/v1' }));
  assert.equal(outcomeOf(sigstore, other, wanted), 'predicate-type-mismatch');
  for (const statement of [
    '',
    [],
    {},
    statementAbout(CONTENT, { predicateType: '' }),
    { ...statementAbout(CONTENT), _type: 'x' },
  ]) {
    assert.equal(outcomeOf(sigstore, sigstore.signStatement(statement), wanted), 'payload-malformed');
  }
});

test('a chain of any age is judged at the time that is proven, not at that of the question', () => {
  const bundle = sigstore.signFile(CONTENT);
  assert.equal(outcomeOf(sigstore, bundle, { at: minutes(60 * 24 * 365 * 20) }), 'verified');
});
