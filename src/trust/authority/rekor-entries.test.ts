import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { AppError } from '../../core/index.ts';
import { formatEnvelope, IN_TOTO_PAYLOAD_TYPE, signEnvelope, type Envelope } from '../../attestations/index.ts';
import { encodeBase64, formatPem, formatPublicKey, generatePkcs8, importPkcs8 } from '../crypto/index.ts';
import { findEntryFaults } from '../logs/entry-match.ts';
import { readEntryV1 } from './rekor-entries.ts';

const key = importPkcs8(generatePkcs8(), 'key');
const other = importPkcs8(generatePkcs8(), 'other key');
const pem = (of = key) => encodeBase64(Buffer.from(formatPublicKey(of.publicKey)));
const twice = (bytes: Uint8Array) => encodeBase64(Buffer.from(encodeBase64(bytes)));
const sha256 = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex');
const PAYLOAD = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');

const signed = async (by = key) => await signEnvelope(PAYLOAD, IN_TOTO_PAYLOAD_TYPE, by);

function intoto1(envelope: Envelope, publicKey = pem()): unknown {
  const spec = {
    content: { envelope: formatEnvelope(envelope), hash: { algorithm: 'sha256', value: '00' } },
    publicKey,
  };
  return { kind: 'intoto', apiVersion: '0.0.1', spec };
}

function intoto2({ payload, payloadType, signatures }: Envelope, publicKeys = [pem()], hash = sha256('any')): unknown {
  const pairs = signatures.map(({ keyid, sig }, at) => {
    return { ...(keyid === '' ? {} : { keyid }), sig: twice(sig ?? new Uint8Array()), publicKey: publicKeys[at] };
  });
  const envelope = { payload: twice(payload), payloadType, signatures: pairs };
  const content = { envelope, hash: { algorithm: 'sha256', value: hash } };
  return { kind: 'intoto', apiVersion: '0.0.2', spec: { content } };
}

/** What a verifier finds that holds the envelope. */
function faultsOf(body: Uint8Array, version: string, envelope: Envelope, by = key): readonly string[] {
  const entry = { kind: 'intoto', version, body, logId: new Uint8Array(), logIndex: 0 };
  const encodings = [Buffer.from(formatEnvelope(envelope))];
  return findEntryFaults(
    { ...entry, integratedTime: undefined, promise: undefined, proof: undefined },
    {
      signature: envelope.signatures[0]?.sig ?? new Uint8Array(),
      key: by.publicKey,
      certificate: undefined,
      digest: () => undefined,
      envelope: { ...envelope, encodings },
    },
  );
}

const refused = (expected: RegExp) => (error: unknown) =>
  error instanceof AppError && error.kind === 'invalid-input' && expected.test(error.message);

test('intoto 0.0.1 is logged as hashes of envelope and payload with the key', async () => {
  const envelope = await signed();
  const body = readEntryV1(intoto1(envelope));
  const hash = (content: Uint8Array | string) => `{"algorithm":"sha256","value":"${sha256(content)}"}`;
  assert.equal(
    Buffer.from(body).toString(),
    `{"apiVersion":"0.0.1","kind":"intoto","spec":{"content":{"hash":${hash(formatEnvelope(envelope))},` +
      `"payloadHash":${hash(PAYLOAD)}},"publicKey":"${pem()}"}}`,
  );
  assert.deepEqual(faultsOf(body, '0.0.1', envelope), []);
  assert.deepEqual(faultsOf(body, '0.0.1', envelope, other), ['entry-other-key']);
});

test('intoto 0.0.2 is logged without the payload, each signature with its key', async () => {
  const [one, two] = [await signed(), await signed(other)];
  const envelope = { ...one, signatures: [{ keyid: 'mine', sig: one.signatures[0]?.sig }, ...two.signatures] };
  const body = readEntryV1(intoto2(envelope, [pem(), pem(other)]));
  const [first, second] = envelope.signatures.map(({ sig }) => twice(sig ?? new Uint8Array()));
  const hash = (value: string) => `{"algorithm":"sha256","value":"${value}"}`;
  assert.equal(
    Buffer.from(body).toString(),
    `{"apiVersion":"0.0.2","kind":"intoto","spec":{"content":{"envelope":{"payloadType":"${IN_TOTO_PAYLOAD_TYPE}",` +
      `"signatures":[{"keyid":"mine","publicKey":"${pem()}","sig":"${first}"},{"publicKey":"${pem(other)}","sig":"${second}"}]},` +
      `"hash":${hash(sha256('any'))},"payloadHash":${hash(sha256(PAYLOAD))}}}}`,
  );
  assert.deepEqual(faultsOf(body, '0.0.2', one), []);
  assert.deepEqual(faultsOf(body, '0.0.2', two, other), []);
  assert.deepEqual(faultsOf(body, '0.0.2', two, key), ['entry-other-key']);
});

test('nothing is logged that its key did not sign', async () => {
  const envelope = await signed();
  const changed = { ...envelope, payload: Buffer.from('{}') };
  const unsigned = { ...envelope, signatures: [] };
  for (const propose of [intoto1, (given: Envelope) => intoto2(given)]) {
    assert.throws(() => readEntryV1(propose(changed)), refused(/signature over the envelope/));
    assert.throws(() => readEntryV1(propose(unsigned)), refused(/signatures: expected at least one/));
  }
  assert.throws(() => readEntryV1(intoto1(envelope, pem(other))), refused(/signature over the envelope/));
  const two = { ...envelope, signatures: [...envelope.signatures, ...(await signed(other)).signatures] };
  assert.throws(() => readEntryV1(intoto2(two, [pem(other), pem()])), refused(/signature over the envelope/));
  assert.throws(() => readEntryV1(intoto2(two, [pem(), pem()])), refused(/signature over the envelope/));
});

test('what is malformed is refused by its place', async () => {
  const envelope = await signed();
  assert.throws(() => readEntryV1(intoto2(envelope, [pem()], 'ABC')), refused(/spec\.content\.hash/));
  const notPem = encodeBase64(Buffer.from(formatPem({ label: 'SOMETHING', bytes: Buffer.from('x') })));
  assert.throws(() => readEntryV1(intoto1(envelope, notPem)), refused(/spec\.publicKey/));
  assert.throws(
    () => readEntryV1({ kind: 'intoto', apiVersion: '0.0.3', spec: {} }),
    refused(/expected one of .*intoto 0\.0\.2, found intoto 0\.0\.3/),
  );
});
