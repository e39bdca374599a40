/** Attacks on timestamps: each is refused for its own reason and nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBase64 } from '../crypto/index.ts';
import { createCertificate, createTimestamp, extension } from '../crypto/testing.ts';
import type { TestCertificate, TimestampInput } from '../crypto/testing.ts';
import { authority, CONTENT, minutes, outcomeOf, rootAuthority, SIGNED_AT, TestSigstore } from '../testing.ts';
import type { BundleRequirement } from './verify-bundle.ts';

const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/** A file in the log that brings no time, stamped anew: what comes of it. */
function stampedWith(
  sigstore: TestSigstore,
  stamps: (signature: Uint8Array) => readonly Uint8Array[],
  requirement: Partial<BundleRequirement> = {},
): string {
  const bundle = sigstore.signFile(CONTENT, { log: 'v2', stampedAt: [] });
  const signature = Buffer.from(bundle.messageSignature?.signature ?? '', 'base64');
  const rfc3161Timestamps = stamps(signature).map((der) => ({ signedTimestamp: encodeBase64(der) }));
  bundle.verificationMaterial.timestampVerificationData = { rfc3161Timestamps };
  return outcomeOf(sigstore, bundle, requirement);
}

function input(sigstore: TestSigstore, changes: Partial<TimestampInput> = {}): TimestampInput {
  return { signer: sigstore.tsa, signerIssuer: 'Test Timestamp Root', at: minutes(1), ...changes };
}

function stamp(changes: (sigstore: TestSigstore) => Partial<TimestampInput>): string {
  const sigstore = new TestSigstore();
  return stampedWith(sigstore, (signature) => [createTimestamp(signature, input(sigstore, changes(sigstore)))]);
}

/** What comes of a stamp by this certificate when the trusted root has it. */
function stampedBy(make: (sigstore: TestSigstore) => TestCertificate): string {
  const sigstore = new TestSigstore();
  const signer = make(sigstore);
  sigstore.root.timestampAuthorities = [rootAuthority('https://tsa.test', signer, sigstore.tsaCa)];
  return stampedWith(sigstore, (signature) => [createTimestamp(signature, input(sigstore, { signer }))]);
}

test('a timestamp is over the raw bytes of the signature', () => {
  const sigstore = new TestSigstore();
  const over = (bytes: (signature: Uint8Array) => Uint8Array): string =>
    stampedWith(sigstore, (signature) => [createTimestamp(bytes(signature), input(sigstore))]);
  assert.equal(
    over((signature) => signature),
    'verified',
  );
  assert.equal(
    over(() => CONTENT),
    'time-missing timestamp-other-signature',
  );
  assert.equal(
    over((signature) => Buffer.from(encodeBase64(signature))),
    'time-missing timestamp-other-signature',
  );
});

test('a timestamp counts only while certificate, authority and signer were all to be trusted', () => {
  assert.equal(
    stamp(() => ({ at: SIGNED_AT })),
    'verified',
  );
  assert.equal(
    stamp(() => ({ at: minutes(10) })),
    'verified',
  );
  assert.equal(
    stamp(() => ({ at: minutes(10 + 1 / 60) })),
    'certificate-not-valid-at-time',
  );
  assert.equal(
    stamp(() => ({ at: minutes(-1) })),
    'certificate-not-valid-at-time',
  );
  const old = 'time-missing timestamp-certificate-not-valid-at-time';
  assert.equal(
    stampedBy((sigstore) => sigstore.stamper({ to: SIGNED_AT })),
    old,
  );
  assert.equal(
    stampedBy((sigstore) => sigstore.stamper({ to: minutes(1) })),
    'verified',
  );
  const until = (end: Date): string => {
    const sigstore = new TestSigstore();
    for (const entry of sigstore.root.timestampAuthorities) entry.validFor.end = end.toISOString();
    return stampedWith(sigstore, (signature) => [sigstore.stamp(signature, minutes(1))]);
  };
  assert.equal(until(minutes(1)), 'verified');
  assert.equal(until(SIGNED_AT), 'time-missing timestamp-authority-not-valid-at-time');
});

test('an expired root of a timestamp authority vouches for nothing', () => {
  const sigstore = new TestSigstore();
  const root = authority('Old', { purposes: [TIME_STAMPING], to: SIGNED_AT });
  const signer = sigstore.stamper({ issuer: root });
  sigstore.root.timestampAuthorities = [rootAuthority('https://tsa.test', signer, root)];
  const stamps = (signature: Uint8Array): readonly Uint8Array[] => [
    createTimestamp(signature, input(sigstore, { signer, signerIssuer: 'Old' })),
  ];
  assert.equal(stampedWith(sigstore, stamps), 'time-missing timestamp-certificate-not-valid-at-time');
});

test('a certificate stamps only if that is its one purpose, and it says so critically', () => {
  const wrong = 'time-missing timestamp-certificate-purpose';
  const withPurposes = (purposes: readonly string[], isCritical: boolean): string =>
    stampedBy((sigstore) =>
      sigstore.stamper({ extensions: [extension.keyUsage(0x80), extension.purposes(purposes, isCritical)] }),
    );
  assert.equal(withPurposes([TIME_STAMPING], true), 'verified');
  assert.equal(withPurposes([TIME_STAMPING], false), wrong);
  assert.equal(withPurposes([TIME_STAMPING, CODE_SIGNING], true), wrong);
  assert.equal(withPurposes([CODE_SIGNING], true), wrong);
  assert.equal(
    stampedBy((sigstore) => sigstore.stamper({ extensions: [extension.keyUsage(0x80)] })),
    wrong,
  );
});

test('what the signed attributes say must be so', () => {
  assert.equal(
    stamp(() => ({ messageDigest: Buffer.alloc(32) })),
    'time-missing timestamp-mismatch',
  );
  const named = stamp((sigstore) => ({ namedCertificate: sigstore.tsaCa.der }));
  assert.equal(named, 'time-missing timestamp-authority-unknown');
  for (const changes of [{ status: 2 }, { contentType: '1.2.840.113549.1.7.1' }]) {
    assert.equal(
      stamp(() => changes),
      'time-missing timestamp-malformed',
    );
  }
});

test('a stamp by another key under the name of the authority is none', () => {
  const impostor = (sigstore: TestSigstore): Partial<TimestampInput> => ({
    signer: { ...sigstore.tsa, key: sigstore.stamper().key },
  });
  assert.equal(stamp(impostor), 'time-missing timestamp-mismatch');
});

test('a certificate inside a token brings no trust of its own', () => {
  const stranger = authority('Test Timestamp Root', { purposes: [TIME_STAMPING] });
  const signer = createCertificate({
    name: 'tsa',
    issuer: stranger,
    from: SIGNED_AT,
    to: minutes(10),
    extensions: [extension.keyUsage(0x80), extension.purposes([TIME_STAMPING], true)],
  });
  const embedded = [signer.der, stranger.der];
  assert.equal(
    stamp(() => ({ signer, embedded })),
    'time-missing timestamp-authority-unknown',
  );
  const sigstore = new TestSigstore();
  // Without a leaf in the trusted root an embedded one counts, if the trusted CA issued it.
  sigstore.root.timestampAuthorities = [rootAuthority('https://tsa.test', sigstore.tsaCa)];
  const stampWith = (changes: Partial<TimestampInput>): string =>
    stampedWith(sigstore, (signature) => [createTimestamp(signature, input(sigstore, changes))]);
  assert.equal(stampWith({ embedded: [sigstore.tsa.der] }), 'verified');
  assert.equal(stampWith({}), 'time-missing timestamp-authority-unknown');
  assert.equal(stampWith({ signer, embedded }), 'time-missing timestamp-authority-unknown');
});

test('one authority counts once, however often it stamps', () => {
  const sigstore = new TestSigstore();
  const second = sigstore.stamper({ name: 'second' });
  sigstore.root.timestampAuthorities.push(rootAuthority('https://second.test', second, sigstore.tsaCa));
  const count = (stamps: (signature: Uint8Array) => readonly Uint8Array[]): string =>
    stampedWith(sigstore, stamps, { thresholds: { timestamps: 2 } });
  const twice = (signature: Uint8Array): Uint8Array[] => {
    const one = sigstore.stamp(signature, minutes(1));
    return [one, one];
  };
  assert.equal(count(twice), 'timestamp-threshold');
  assert.equal(
    count((signature) => [1, 2].map((at) => sigstore.stamp(signature, minutes(at)))),
    'timestamp-threshold',
  );
  const both = (signature: Uint8Array): Uint8Array[] =>
    [sigstore.tsa, second].map((signer) => createTimestamp(signature, input(sigstore, { signer })));
  assert.equal(count(both), 'verified');
});

test('a bad timestamp beside a good one counts for nothing and spoils nothing', () => {
  const sigstore = new TestSigstore();
  const stamps = (signature: Uint8Array): Uint8Array[] => [
    Uint8Array.of(1, 2, 3),
    sigstore.stamp(CONTENT, minutes(1)),
    sigstore.stamp(signature, minutes(1)),
  ];
  assert.equal(stampedWith(sigstore, stamps), 'verified');
});

test('every trusted time must lie in the life of the certificate, not only one of them', () => {
  const sigstore = new TestSigstore();
  const stamps = (signature: Uint8Array): Uint8Array[] => [1, 60].map((at) => sigstore.stamp(signature, minutes(at)));
  assert.equal(stampedWith(sigstore, stamps), 'certificate-not-valid-at-time');
});

test('a time to come is refused, but a clock that is minutes behind harms nothing', () => {
  const sigstore = new TestSigstore();
  const bundle = sigstore.signFile(CONTENT);
  assert.equal(outcomeOf(sigstore, bundle, { at: minutes(-3) }), 'verified');
  assert.equal(outcomeOf(sigstore, bundle, { at: minutes(-5) }), 'time-in-future');
});

test('without log and timestamps the certificate must be valid at the time of the question', () => {
  const sigstore = new TestSigstore();
  const bundle = sigstore.signFile(CONTENT, { log: 'v2', stampedAt: [] });
  const at = (time: Date): string => outcomeOf(sigstore, bundle, { at: time, thresholds: { logs: 0 } });
  assert.equal(at(minutes(10)), 'verified');
  assert.equal(at(minutes(11)), 'certificate-not-valid-at-time');
});
