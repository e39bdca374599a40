/** Attacks on the certificate of a keyless signature: each is refused for its own reason and nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDetachedSct } from '../crypto/index.ts';
import type { BundleValue } from '../testing.ts';
import { exactly } from '../../core/index.ts';
import { createCertificate, createDetachedSct, createTestKey, extension, oid } from '../crypto/testing.ts';
import {
  authority,
  CONTENT,
  ISSUER,
  minutes,
  rootAuthority,
  rootLog,
  SIGNED_AT,
  SUBJECT,
  outcomeOf,
  TestSigstore,
} from '../testing.ts';
import type { TestCertificate, TestExtension } from '../crypto/testing.ts';

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const CLIENT = '1.3.6.1.5.5.7.3.2';
const sigstore = new TestSigstore();

function signedWith(certificate: TestCertificate): string {
  return outcomeOf(sigstore, sigstore.signFile(CONTENT, { certificate }));
}

/** What comes of a signature where the CA is another: the chain is the first issuer and what stands above it. */
function issuedBy(issuer: TestCertificate, ...above: readonly TestCertificate[]): string {
  const other = new TestSigstore();
  other.root.certificateAuthorities = [rootAuthority('https://fulcio.test', issuer, ...above)];
  const certificate = other.issue({ issuer });
  return outcomeOf(other, other.signFile(CONTENT, { certificate }));
}

/** A leaf with these extensions in place of the usual ones. */
function leafWith(...extensions: readonly TestExtension[]): TestCertificate {
  const base = [extension.keyUsage(0x80), extension.purposes([CODE_SIGNING])];
  const identity = [extension.uri(SUBJECT), extension.claim(8, ISSUER)];
  const given = new Set(extensions.map((entry) => entry.oid));
  const kept = [...base, ...identity].filter((entry) => !given.has(entry.oid));
  return sigstore.issue({ extensions: [...kept, ...extensions] });
}

test('what the tests of attacks start from verifies', () => {
  assert.equal(signedWith(sigstore.issue()), 'verified');
  assert.equal(issuedBy(sigstore.intermediate, sigstore.ca), 'verified');
  assert.equal(outcomeOf(sigstore, sigstore.signFile(CONTENT, { log: 'v2' })), 'verified');
});

test('a certificate counts at the time of the log alone, both ends of its life included', () => {
  const at = (loggedAt: Date): string => outcomeOf(sigstore, sigstore.signFile(CONTENT, { loggedAt }));
  assert.equal(at(SIGNED_AT), 'verified');
  assert.equal(at(minutes(10)), 'verified');
  assert.equal(at(minutes(-1 / 60)), 'certificate-not-valid-at-time');
  assert.equal(at(minutes(10 + 1 / 60)), 'certificate-not-valid-at-time');
});

test('GHSA-wfqv-66vq-46rm: an issuing CA that has expired, or is not valid yet, certifies nothing', () => {
  const { ca } = sigstore;
  const purposes = [CODE_SIGNING];
  const until = authority('Test Intermediate', { issuer: ca, purposes, to: SIGNED_AT });
  assert.equal(issuedBy(until, ca), 'ca-not-valid-at-time');
  const since = authority('Test Intermediate', { issuer: ca, purposes, from: minutes(2) });
  assert.equal(issuedBy(since, ca), 'ca-not-valid-at-time');
  assert.equal(issuedBy(authority('Test Intermediate', { issuer: ca, purposes, to: minutes(1) }), ca), 'verified');
  const oldRoot = authority('Old Root', { purposes: [], to: SIGNED_AT });
  assert.equal(issuedBy(authority('Below', { issuer: oldRoot, purposes }), oldRoot), 'ca-not-valid-at-time');
});

test('a CA counts only in the period of the trusted root, both ends included', () => {
  const until = (end: Date): string => {
    const other = new TestSigstore();
    for (const entry of other.root.certificateAuthorities) entry.validFor.end = end.toISOString();
    return outcomeOf(other, other.signFile(CONTENT, { loggedAt: minutes(1) }));
  };
  assert.equal(until(minutes(1)), 'verified');
  assert.equal(until(SIGNED_AT), 'authority-not-valid-at-time');
});

test('a CA of the same name with another key certifies nothing', () => {
  const impostor = authority('Test Intermediate', { issuer: sigstore.ca, purposes: [CODE_SIGNING] });
  assert.equal(signedWith(sigstore.issue({ issuer: impostor })), 'issuer-unknown');
  const renamed = { name: 'Other Name', key: sigstore.intermediate.key };
  assert.equal(signedWith(sigstore.issue({ issuer: renamed })), 'issuer-unknown');
});

test('a signer is no authority, and what it issues is nothing', () => {
  assert.equal(signedWith(sigstore.issue({ issuer: sigstore.issue() })), 'issuer-unknown');
  assert.equal(signedWith(leafWith(extension.ca())), 'certificate-is-ca');
  assert.equal(signedWith(leafWith(extension.keyUsage(0x84))), 'certificate-is-ca');
});

test('a certificate for another purpose signs nothing', () => {
  assert.equal(signedWith(leafWith(extension.purposes([CLIENT]))), 'certificate-purpose');
  assert.equal(signedWith(leafWith(extension.purposes(['2.5.29.37.0']))), 'certificate-purpose');
  assert.equal(signedWith(leafWith(extension.keyUsage(0x40))), 'certificate-purpose');
});

test('a chain that its own certificates forbid is refused', () => {
  const { ca } = sigstore;
  const purposes = [CODE_SIGNING];
  const narrow = authority('Narrow', { purposes: [], extensions: [extension.ca(0), extension.keyUsage(0x06)] });
  assert.equal(issuedBy(authority('Below', { issuer: narrow, purposes }), narrow), 'ca-unusable');
  assert.equal(issuedBy(authority('For Clients', { issuer: ca, purposes: [CLIENT] }), ca), 'ca-unusable');
  const noSigner = [extension.ca(), extension.keyUsage(0x80)];
  assert.equal(issuedBy(authority('No Signer', { issuer: ca, purposes, extensions: noSigner }), ca), 'ca-unusable');
  const noCa = [extension.keyUsage(0x04)];
  assert.equal(issuedBy(authority('No CA', { issuer: ca, purposes, extensions: noCa }), ca), 'ca-unusable');
  const stranger = authority('Test Root', { purposes: [] });
  assert.equal(issuedBy(authority('Below', { issuer: stranger, purposes }), ca), 'ca-unusable');
});

test('extensions that nobody here understands refuse a certificate', () => {
  const constraint = { oid: '2.5.29.30', value: Uint8Array.of(0x30, 0) };
  const unknown = { oid: '1.2.3.4', value: Uint8Array.of(5, 0) };
  assert.equal(signedWith(leafWith({ ...unknown, isCritical: true })), 'certificate-malformed');
  assert.equal(signedWith(leafWith(constraint)), 'certificate-malformed');
  assert.equal(signedWith(leafWith(unknown)), 'verified');
  const twice = sigstore.issue({}, [extension.uri(SUBJECT), extension.claim(8, ISSUER), extension.claim(8, ISSUER)]);
  assert.equal(signedWith(twice), 'certificate-malformed');
});

test('a certificate that two readers could read differently is refused', () => {
  assert.equal(signedWith(sigstore.issue({ innerAlgorithm: '1.2.840.10045.4.3.3' })), 'certificate-malformed');
  for (const name of [`${SUBJECT}\u0000.evil.test`, `${SUBJECT}\n`, 'https://\u00e9.test']) {
    assert.equal(signedWith(leafWith(extension.uri(name))), 'certificate-malformed', JSON.stringify(name));
  }
});

test('an arc below a claim is not the claim', () => {
  const certificate = sigstore.issue({}, [extension.uri(SUBJECT), extension.claim('8.0', ISSUER)]);
  assert.equal(signedWith(certificate), 'identity-mismatch');
  const overridden = [extension.uri(SUBJECT), extension.claim(8, 'https://other.test'), extension.claim('8.0', ISSUER)];
  assert.equal(signedWith(sigstore.issue({}, overridden)), 'identity-mismatch');
  assert.equal(oid('1.3.6.1.4.1.57264.1.8')[0], 6);
});

test('a certificate that no trusted log published is refused', () => {
  const { ct } = sigstore;
  const published = (scts: readonly object[]): string =>
    signedWith(sigstore.issue({ scts: scts.map((sct) => ({ log: ct, at: SIGNED_AT, ...sct })) }));
  assert.equal(published([]), 'sct-missing sct-threshold');
  assert.equal(published([{ log: createTestKey() }]), 'sct-log-unknown sct-threshold');
  assert.equal(published([{ issuerKey: sigstore.ca.key.publicKey }]), 'sct-mismatch sct-threshold');
  assert.equal(published([{ at: new Date('2024-01-01T00:00:00Z') }]), 'sct-log-not-valid-at-time sct-threshold');
  assert.equal(published([{ extensions: Uint8Array.of(1, 2, 3) }]), 'verified');
  assert.equal(published([{ log: createTestKey() }, {}]), 'verified');
  const malformed = { oid: '1.3.6.1.4.1.11129.2.4.2', value: Uint8Array.of(4, 3, 0, 9, 1) };
  assert.equal(
    signedWith(sigstore.issue({ scts: [] }, [extension.uri(SUBJECT), extension.claim(8, ISSUER), malformed])),
    'sct-malformed',
  );
});

test('an SCT beside the certificate counts if it is over this very certificate', () => {
  const certificate = sigstore.issue({ scts: [] });
  const bundle = sigstore.signFile(CONTENT, { certificate });
  const beside = (text: string): string => outcomeOf(sigstore, bundle, { detachedSct: parseDetachedSct(text, 'sct') });
  const good = createDetachedSct(sigstore.ct, certificate.der, SIGNED_AT);
  assert.equal(beside(good), 'verified');
  assert.equal(beside(createDetachedSct(sigstore.ct, sigstore.issue().der, SIGNED_AT)), 'sct-mismatch sct-threshold');
  assert.equal(beside(createDetachedSct(createTestKey(), certificate.der, SIGNED_AT)), 'sct-log-unknown sct-threshold');
  const early = createDetachedSct(sigstore.ct, certificate.der, new Date('2024-01-01T00:00:00Z'));
  assert.equal(beside(early), 'sct-log-not-valid-at-time sct-threshold');
  const later = { ...(JSON.parse(good) as object), timestamp: minutes(1).getTime() };
  assert.equal(beside(JSON.stringify(later)), 'sct-mismatch sct-threshold');
  assert.throws(() => beside(JSON.stringify({ ...later, sct_version: 1 })), /version 1/);
  assert.throws(() => beside('{}'), { kind: 'invalid-input' });
});

test('an SCT taken from another certificate vouches for nothing', () => {
  const victim = sigstore.issue();
  const list = Buffer.from(victim.der).indexOf(Buffer.from(oid('1.3.6.1.4.1.11129.2.4.2')));
  const value = Buffer.from(victim.der).subarray(list + 12);
  const length = (value[1] ?? 0) + 2;
  const stolen = { oid: '1.3.6.1.4.1.11129.2.4.2', value: value.subarray(2, length) };
  const identity = [extension.uri(SUBJECT), extension.claim(8, ISSUER)];
  const thief = sigstore.issue({ scts: [] }, [...identity, stolen]);
  assert.equal(signedWith(thief), 'sct-mismatch sct-threshold');
});

test('one certificate-transparency log counts once, however often it vouches or is listed', () => {
  const other = new TestSigstore();
  const second = createTestKey();
  const count = (scts: readonly { readonly log: typeof second; readonly at: Date }[]): string => {
    const certificate = other.issue({ scts });
    return outcomeOf(other, other.signFile(CONTENT, { certificate }), { thresholds: { scts: 2 } });
  };
  const own = { log: other.ct, at: SIGNED_AT };
  assert.equal(count([own, { ...own, at: minutes(1) }]), 'sct-threshold');
  const [first] = other.root.ctlogs;
  assert.ok(first !== undefined);
  const later = structuredClone(first);
  first.publicKey.validFor.end = SIGNED_AT.toISOString();
  later.publicKey.validFor.start = minutes(1).toISOString();
  other.root.ctlogs.push(later);
  assert.equal(count([own, { ...own, at: minutes(1) }]), 'sct-threshold');
  other.root.ctlogs.push(rootLog('second.test', second));
  assert.equal(count([own, { log: second, at: SIGNED_AT }]), 'verified');
});

test('a chain in the bundle brings no trust: a root in it is refused, an intermediate is not looked at', () => {
  const chainIn = (version: string, bundle: BundleValue, ...others: readonly TestCertificate[]): string => {
    const { certificate: leaf, ...material } = bundle.verificationMaterial;
    const certificates = [leaf?.rawBytes ?? '', ...others.map(({ der }) => Buffer.from(der).toString('base64'))];
    const x509CertificateChain = { certificates: certificates.map((rawBytes) => ({ rawBytes })) };
    const mediaType = `application/vnd.dev.sigstore.bundle+json;version=${version}`;
    return outcomeOf(sigstore, { ...bundle, mediaType, verificationMaterial: { ...material, x509CertificateChain } });
  };
  const chain = (...given: readonly [BundleValue, ...TestCertificate[]]): string => chainIn('0.2', ...given);
  const root = authority('Mine', { purposes: [] });
  const mine = sigstore.signFile(CONTENT, { certificate: sigstore.issue({ issuer: root }) });
  assert.equal(chain(mine, root), 'certificate-chain-root issuer-unknown');
  const self = createCertificate({ name: 'leaf', from: SIGNED_AT, to: minutes(10), extensions: [extension.ca()] });
  assert.equal(chain(mine, self), 'certificate-chain-root issuer-unknown');
  assert.equal(chain(mine, authority('Other', { issuer: root, purposes: [] })), 'issuer-unknown');
  const good = sigstore.signFile(CONTENT);
  assert.equal(chain(good), 'verified');
  assert.equal(chain(good, sigstore.intermediate), 'verified');
  assert.equal(chain(good, sigstore.intermediate, sigstore.ca), 'certificate-chain-root');
  assert.equal(chainIn('0.1', good, sigstore.intermediate, sigstore.ca), 'verified', 'as npm wrote them');
  assert.equal(chainIn('0.1', mine, root), 'issuer-unknown');
});

test('several identities are each taken whole, never the issuer of one with the subject of another', () => {
  const evil = 'https://evil.test/x';
  const identities = [
    { issuer: exactly(ISSUER), subject: exactly(SUBJECT) },
    { issuer: exactly(evil), subject: exactly(evil) },
  ];
  const signedBy = (subject: string, issuer: string): string => {
    const certificate = sigstore.issue({}, [extension.uri(subject), extension.claim(8, issuer)]);
    const bundle = sigstore.signFile(CONTENT, { certificate });
    return outcomeOf(sigstore, bundle, { who: { kind: 'identities', identities } });
  };
  assert.equal(signedBy(SUBJECT, ISSUER), 'verified');
  assert.equal(signedBy(evil, evil), 'verified');
  assert.equal(signedBy(evil, ISSUER), 'identity-mismatch');
  assert.equal(signedBy(SUBJECT, evil), 'identity-mismatch');
});

test('a stranger makes nobody look at logs and timestamps', () => {
  const stranger = new TestSigstore();
  const bundle = stranger.signFile(CONTENT, { stampedAt: [minutes(1)] });
  const entry = bundle.verificationMaterial.tlogEntries[0];
  assert.ok(entry !== undefined);
  bundle.verificationMaterial.tlogEntries = Array.from({ length: 32 }, () => entry);
  assert.equal(outcomeOf(sigstore, bundle), 'issuer-unknown');
  const other = sigstore.issue({}, [extension.uri('https://evil.test'), extension.claim(8, ISSUER)]);
  const wrong = sigstore.signFile(CONTENT, { certificate: other, loggedAt: minutes(60) });
  assert.equal(outcomeOf(sigstore, wrong), 'identity-mismatch');
});
