/** Attacks on log entries: each is refused for its own reason and nothing else. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { cosign, encodeBase64, formatVerifierKey, importPkcs8, parseNote } from '../crypto/index.ts';
import { createTestKey, NOTE_KEY_TYPE, noteKeyId, sha256 } from '../crypto/testing.ts';
import {
  bundleOf,
  checkpointOf,
  CONTENT,
  minutes,
  outcomeOf,
  pemOf,
  requirementOf,
  SIGNED_AT,
  TestSigstore,
} from '../testing.ts';
import type { BundleValue, EntryValue, Signing } from '../testing.ts';
import { parseWitnessPolicy } from '../witness/policy.ts';
import { verifyBundle } from './verify-bundle.ts';
import type { BundleRequirement } from './verify-bundle.ts';

const sigstore = new TestSigstore();
const VERSION_1 = 'application/vnd.dev.sigstore.bundle+json;version=0.1';

/** What comes of a signed file whose log entry is changed. */
function withEntry(
  change: (entry: EntryValue, bundle: BundleValue) => void,
  signing: Signing = {},
  requirement: Partial<BundleRequirement> = {},
): string {
  const bundle = sigstore.signFile(CONTENT, signing);
  for (const entry of bundle.verificationMaterial.tlogEntries) change(entry, bundle);
  return outcomeOf(sigstore, bundle, requirement);
}

function proof(entry: EntryValue): NonNullable<EntryValue['inclusionProof']> {
  assert.ok(entry.inclusionProof !== undefined);
  return entry.inclusionProof;
}

const V2: Signing = { log: 'v2' };
const STAMPED: Signing = { stampedAt: [minutes(1)] };

test('a time that no promise vouches for is no time', () => {
  const unvouched = (entry: EntryValue): void => void delete entry.inclusionPromise;
  assert.equal(withEntry(unvouched), 'time-missing');
  assert.equal(withEntry(unvouched, STAMPED), 'verified');
  assert.equal(
    withEntry((entry) => void (entry.integratedTime = String(minutes(1).getTime() / 1000)), { ...V2, stampedAt: [] }),
    'time-missing',
  );
});

test('a log entry of version 2 needs a timestamp where a certificate is to be judged', () => {
  assert.equal(
    withEntry(() => undefined, { ...V2, stampedAt: [] }),
    'time-missing',
  );
  assert.equal(
    withEntry(() => undefined, V2),
    'verified',
  );
});

test('nothing under the promise can be changed', () => {
  const mismatch = 'inclusion-promise-mismatch log-threshold';
  const time = String(minutes(2).getTime() / 1000);
  assert.equal(
    withEntry((entry) => void (entry.integratedTime = time)),
    mismatch,
  );
  assert.equal(
    withEntry((entry) => void (entry.logIndex = '7')),
    mismatch,
  );
  const other = sigstore.signFile(CONTENT).verificationMaterial.tlogEntries[0]?.inclusionPromise;
  assert.ok(other !== undefined);
  assert.equal(
    withEntry((entry) => void (entry.inclusionPromise = other)),
    mismatch,
  );
});

test('each form needs its own proof, and what is there besides must verify too', () => {
  const unproven = (entry: EntryValue): void => void delete entry.inclusionProof;
  assert.equal(withEntry(unproven), 'inclusion-proof-missing log-threshold');
  const unpromised = (entry: EntryValue, bundle: BundleValue): void => {
    bundle.mediaType = VERSION_1;
    delete entry.inclusionPromise;
  };
  assert.equal(withEntry(unpromised, STAMPED), 'inclusion-promise-missing log-threshold');
  const old = (entry: EntryValue, bundle: BundleValue): void => {
    bundle.mediaType = VERSION_1;
    proof(entry).hashes.pop();
  };
  assert.equal(withEntry(old), 'inclusion-proof-mismatch log-threshold');
  assert.equal(
    withEntry((entry) => void delete proof(entry).checkpoint),
    'checkpoint-missing log-threshold',
  );
});

test('a proof leads from this entry at this place to the root that the log signed', () => {
  const mismatch = 'inclusion-proof-mismatch log-threshold';
  for (const signing of [{}, V2]) {
    assert.equal(
      withEntry((entry) => void (proof(entry).logIndex = '4'), signing),
      mismatch,
    );
    assert.equal(
      withEntry((entry) => void proof(entry).hashes.reverse(), signing),
      mismatch,
    );
    assert.equal(
      withEntry((entry) => void proof(entry).hashes.push(encodeBase64(sha256(CONTENT))), signing),
      mismatch,
    );
    const other = (entry: EntryValue): void => void (proof(entry).rootHash = encodeBase64(sha256(CONTENT)));
    assert.equal(withEntry(other, signing), 'checkpoint-other-tree log-threshold');
    assert.equal(
      withEntry((entry) => void (proof(entry).treeSize = '6'), signing),
      'checkpoint-other-tree log-threshold',
    );
    const bare = (entry: EntryValue): void => {
      delete proof(entry).rootHash;
      delete proof(entry).treeSize;
    };
    assert.equal(withEntry(bare, signing), 'verified');
  }
});

test('where witnesses are wanted, nothing but a checkpoint that they cosigned will do', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const signing = importPkcs8(privateKey.export({ format: 'der', type: 'pkcs8' }), 'witness');
  const { publicKey: key } = signing;
  const type = NOTE_KEY_TYPE.cosignature;
  const witness = { name: 'w.test', key, keyId: noteKeyId('w.test', type, key), signing };
  const policy = `witness w ${formatVerifierKey('w.test', type, key)}\nquorum w`;
  for (const form of [STAMPED, V2]) {
    const bundle = sigstore.signFile(CONTENT, form);
    const trustedRoot = { ...requirementOf(sigstore).trustedRoot, witnesses: parseWitnessPolicy(policy, 'policy') };
    const outcome = () => outcomeOf(sigstore, bundle, { trustedRoot });
    const [entry = assert.fail()] = bundle.verificationMaterial.tlogEntries;
    assert.equal(outcome(), 'checkpoint-not-witnessed log-threshold');
    const { checkpoint = assert.fail() } = proof(entry);
    const { text } = parseNote(checkpoint.envelope, 'checkpoint');
    const line = await cosign(text, witness, SIGNED_AT);
    checkpoint.envelope += await cosign(`${text}more\n`, witness, SIGNED_AT);
    assert.equal(outcome(), 'checkpoint-not-witnessed log-threshold', 'a cosignature of something else');
    checkpoint.envelope += line;
    assert.equal(outcome(), 'verified');
    if (form === V2) continue;
    bundle.mediaType = VERSION_1;
    delete entry.inclusionProof;
    assert.equal(outcome(), 'checkpoint-not-witnessed log-threshold', 'a promise alone');
  }
});

test('a checkpoint counts only by the key and under the name of the log that the entry names', () => {
  const own = {
    origin: 'rekor.test - 1',
    name: 'rekor.test',
    key: sigstore.rekor,
    id: sha256(sigstore.rekor.publicKey.spki),
  };
  const forged = (changes: Partial<typeof own>): string =>
    withEntry((entry) => {
      const root = Buffer.from(proof(entry).rootHash ?? '', 'base64');
      proof(entry).checkpoint = { envelope: checkpointOf(root, { ...own, ...changes }) };
    });
  assert.equal(forged({}), 'verified');
  assert.equal(forged({ origin: 'rekor.test' }), 'verified');
  assert.equal(forged({ key: createTestKey() }), 'checkpoint-signature-mismatch log-threshold');
  assert.equal(forged({ name: 'rekor.test.evil' }), 'checkpoint-signature-missing log-threshold');
  assert.equal(forged({ id: sha256(CONTENT) }), 'checkpoint-signature-missing log-threshold');
  assert.equal(forged({ origin: 'rekor.test.evil - 1' }), 'checkpoint-other-log log-threshold');
  assert.equal(forged({ origin: 'rekor.testevil' }), 'checkpoint-other-log log-threshold');
});

test('an entry of a log that is not trusted, or not any more, counts for nothing', () => {
  const stranger = new TestSigstore();
  const bundle = stranger.signFile(CONTENT, { certificate: sigstore.issue() });
  assert.equal(outcomeOf(sigstore, bundle), 'log-threshold log-unknown');
  const until = (end: Date, signing: Signing): string => {
    const other = new TestSigstore();
    for (const log of other.root.tlogs) log.publicKey.validFor.end = end.toISOString();
    return outcomeOf(other, other.signFile(CONTENT, signing));
  };
  assert.equal(until(minutes(1), {}), 'verified');
  assert.equal(until(SIGNED_AT, {}), 'log-not-valid-at-time log-threshold');
  assert.equal(until(minutes(1), V2), 'verified');
  assert.equal(until(SIGNED_AT, V2), 'log-not-valid-at-time');
});

test('GHSA-whqx-f9j3-ch6m: a genuine entry about something else proves nothing', () => {
  const certificate = sigstore.issue();
  const signer = { key: certificate.key, certificate: certificate.der };
  const about = (log: 'v1' | 'v2', what: 'signature' | 'key' | 'artifact'): string => {
    const bundle = sigstore.signFile(CONTENT, { certificate, log });
    const signature = Buffer.from(bundle.messageSignature?.signature ?? '', 'base64');
    const other = sigstore.issue();
    const signed = {
      signer: what === 'key' ? { key: other.key, certificate: other.der } : signer,
      signature: what === 'signature' ? certificate.key.sign(CONTENT) : signature,
      digest: sha256(what === 'artifact' ? Buffer.from('other') : CONTENT),
    };
    bundle.verificationMaterial.tlogEntries = [sigstore.logMessage(signed, { log })];
    return outcomeOf(sigstore, bundle);
  };
  for (const what of ['signature', 'key', 'artifact'] as const) {
    assert.equal(about('v1', what), `entry-other-${what} log-threshold`);
    assert.equal(about('v2', what), 'entry-rebuilt-mismatch log-threshold');
  }
});

test('an entry about an envelope is about this signature, key, payload and type', () => {
  const certificate = sigstore.issue();
  const signer = { key: certificate.key, certificate: certificate.der };
  const bundle = sigstore.signStatement({}, { certificate });
  const signature = Buffer.from(bundle.dsseEnvelope?.signatures[0]?.sig ?? '', 'base64');
  const logged = (entry: EntryValue): string => {
    const verificationMaterial = { ...bundle.verificationMaterial, tlogEntries: [entry] };
    return outcomeOf(sigstore, { ...bundle, verificationMaterial });
  };
  const payload = Buffer.from('{}');
  const other = sigstore.issue();
  const others = { key: other.key, certificate: other.der };
  // The statement is none; that comes last.
  assert.equal(logged(sigstore.logEnvelope({ signer, signature }, payload)), 'payload-malformed');
  const foreign = { signer, signature: certificate.key.sign('x') };
  assert.equal(logged(sigstore.logEnvelope(foreign, payload)), 'entry-other-signature log-threshold');
  assert.equal(logged(sigstore.logEnvelope({ signer: others, signature }, payload)), 'entry-other-key log-threshold');
  const foreignPayload = sigstore.logEnvelope({ signer, signature }, Buffer.from('{ }'));
  assert.equal(logged(foreignPayload), 'entry-other-artifact log-threshold');
});

/** Entries of the kind intoto 0.0.2 hold signature and key in base64 of base64. */
test('an intoto entry is about this signature, key, payload and type', () => {
  const bundle = sigstore.signStatement({});
  const [signature] = bundle.dsseEnvelope?.signatures ?? [];
  const rawBytes = bundle.verificationMaterial.certificate?.rawBytes ?? '';
  const twice = (text: string): string => Buffer.from(text).toString('base64');
  const value = Buffer.from(sha256(Buffer.from('{}'))).toString('hex');
  const entry = { sig: twice(signature?.sig ?? ''), publicKey: twice(pemOf(rawBytes)) };
  const payloadType = 'application/vnd.in-toto+json';
  const logged = (changes: { sig?: string; publicKey?: string; value?: string; payloadType?: string }): string => {
    const signatures = [{ ...entry, ...changes }];
    const content = {
      payloadHash: { algorithm: 'sha256', value: changes.value ?? value },
      envelope: { payloadType: changes.payloadType ?? payloadType, signatures },
    };
    const tlogEntries = [sigstore.log1({ apiVersion: '0.0.2', kind: 'intoto', spec: { content } })];
    return outcomeOf(sigstore, { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries } });
  };
  assert.equal(logged({}), 'payload-malformed');
  assert.equal(logged({ sig: twice('AAAA') }), 'entry-other-signature log-threshold');
  const other = twice(pemOf(encodeBase64(sigstore.issue().der)));
  assert.equal(logged({ publicKey: other }), 'entry-other-key log-threshold');
  assert.equal(logged({ value: value.replace(/^./, 'x') }), 'entry-other-artifact log-threshold');
  assert.equal(logged({ payloadType: 'text/plain' }), 'entry-other-artifact log-threshold');
});

test('an old intoto entry is about the whole envelope and this key', () => {
  const bundle = sigstore.signStatement({});
  const rawBytes = bundle.verificationMaterial.certificate?.rawBytes ?? '';
  const { payload = '', payloadType = '', signatures = [] } = bundle.dsseEnvelope ?? {};
  const envelope = { payloadType, payload, signatures: signatures.map(({ sig }) => ({ keyid: '', sig })) };
  const value = Buffer.from(sha256(Buffer.from(JSON.stringify(envelope)))).toString('hex');
  const logged = (changes: { value?: string; rawBytes?: string }): string => {
    const hash = { algorithm: 'sha256', value: changes.value ?? value };
    const publicKey = Buffer.from(pemOf(changes.rawBytes ?? rawBytes)).toString('base64');
    const spec = { content: { hash }, publicKey };
    const tlogEntries = [sigstore.log1({ apiVersion: '0.0.1', kind: 'intoto', spec })];
    return outcomeOf(sigstore, { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries } });
  };
  assert.equal(logged({}), 'payload-malformed');
  assert.equal(logged({ value: value.replace(/^./, 'x') }), 'entry-other-artifact log-threshold');
  const other = encodeBase64(sigstore.issue().der);
  assert.equal(logged({ rawBytes: other }), 'entry-other-key log-threshold');
});

test('an entry is of the kind that the bundle names, and of one that is known', () => {
  assert.equal(
    withEntry((entry) => void (entry.kindVersion.version = '0.0.9')),
    'entry-kind-unsupported log-threshold',
  );
  assert.equal(
    withEntry((entry) => void (entry.kindVersion.kind = 'dsse')),
    'entry-kind-mismatch log-threshold',
  );
  assert.equal(
    withEntry((entry) => void (entry.kindVersion.kind = 'dsse'), V2),
    'entry-rebuilt-mismatch log-threshold',
  );
  assert.equal(
    withEntry((entry) => void (entry.kindVersion = { kind: 'constructor', version: '' })),
    'entry-kind-unsupported log-threshold',
  );
});

test('a bare key in the entry leaves open whose it is', () => {
  const certificate = sigstore.issue();
  const bundle = sigstore.signFile(CONTENT, { certificate });
  const signature = Buffer.from(bundle.messageSignature?.signature ?? '', 'base64');
  const signed = { signer: { key: certificate.key, certificate: undefined }, signature, digest: sha256(CONTENT) };
  for (const [log, code] of [
    ['v1', 'entry-other-key'],
    ['v2', 'entry-rebuilt-mismatch'],
  ] as const) {
    bundle.verificationMaterial.tlogEntries = [sigstore.logMessage(signed, { log })];
    assert.equal(outcomeOf(sigstore, bundle), `${code} log-threshold`);
  }
});

test('a log counts once, however many of its entries come along', () => {
  const certificate = sigstore.issue();
  const bundle = sigstore.signFile(CONTENT, { certificate, ...STAMPED });
  const signature = Buffer.from(bundle.messageSignature?.signature ?? '', 'base64');
  const signed = { signer: { key: certificate.key, certificate: certificate.der }, signature, digest: sha256(CONTENT) };
  const [first] = bundle.verificationMaterial.tlogEntries;
  const again = sigstore.logMessage(signed, { loggedAt: minutes(2) });
  const elsewhere = sigstore.logMessage(signed, V2);
  assert.ok(first !== undefined);
  const two = (...tlogEntries: EntryValue[]): string => {
    const verificationMaterial = { ...bundle.verificationMaterial, tlogEntries };
    return outcomeOf(sigstore, { ...bundle, verificationMaterial }, { thresholds: { logs: 2 } });
  };
  assert.equal(two(first, first), 'log-threshold');
  assert.equal(two(first, again), 'log-threshold');
  assert.equal(two(first, elsewhere), 'verified');
  elsewhere.inclusionProof?.hashes.pop();
  assert.equal(two(first, elsewhere), 'inclusion-proof-mismatch log-threshold');
});

test('a place in the log that nothing vouches for is not repeated', () => {
  const bundle = sigstore.signFile(CONTENT, STAMPED);
  const placeOf = (): unknown => {
    const verdict = verifyBundle(bundleOf(bundle), requirementOf(sigstore));
    return verdict.kind === 'verified' ? verdict.signatures[0]?.logs[0] : verdict.reasons;
  };
  assert.deepEqual(placeOf(), { name: 'rekor.test', index: 123_456 });
  for (const entry of bundle.verificationMaterial.tlogEntries) delete entry.inclusionPromise;
  assert.deepEqual(placeOf(), { name: 'rekor.test', index: 5 });
});

test('a signature by a key without any time needs a log that is trusted still', () => {
  const other = new TestSigstore();
  const key = createTestKey();
  const bundle = other.signFile(CONTENT, { key, log: 'v2', stampedAt: [] });
  const who = { kind: 'keys', keys: [key.publicKey] } as const;
  assert.equal(outcomeOf(other, bundle, { who }), 'verified');
  assert.equal(
    outcomeOf(other, bundle, { who: { kind: 'keys', keys: [createTestKey().publicKey] } }),
    'entry-rebuilt-mismatch log-threshold signature-mismatch',
  );
  for (const log of other.root.tlogs) log.publicKey.validFor.end = minutes(5).toISOString();
  assert.equal(outcomeOf(other, bundle, { who }), 'log-not-valid-at-time');
});

test('a key id that two logs share is told apart by name and key', () => {
  const id = noteKeyId('log2025.rekor.test', NOTE_KEY_TYPE.ed25519, sigstore.rekor2.publicKey);
  assert.notDeepEqual(id, noteKeyId('other.test', NOTE_KEY_TYPE.ed25519, sigstore.rekor2.publicKey));
  assert.equal(
    withEntry((entry) => void (entry.logId.keyId = encodeBase64(id))),
    'checkpoint-other-log checkpoint-signature-missing inclusion-promise-mismatch log-threshold',
  );
});
