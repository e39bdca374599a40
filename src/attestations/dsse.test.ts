import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError } from '../core/index.ts';
import { dataSet, needsSharedData } from '../../test/shared-data.ts';
import { decodeBase64, importPlainPrivateKey, importPublicKey } from '../trust/crypto/index.ts';
import {
  decodeEnvelope,
  encodePreAuthentication,
  findEnvelopeSigners,
  formatEnvelope,
  isInTotoPayloadType,
  isSignedByThreshold,
  parseEnvelope,
  signEnvelope,
} from './dsse.ts';

function refused(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof AppError && error.kind === 'invalid-input' && message.test(error.message);
}

function newKey() {
  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' });
  return importPlainPrivateKey(pem, 'key');
}

const one = newKey();
const other = newKey();
const payload = new TextEncoder().encode('{"a":1}');

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(dataSet('dsse'), path), 'utf8')) as unknown;
}

test('an envelope survives writing and reading, and its bytes verify', async () => {
  const envelope = parseEnvelope(formatEnvelope(await signEnvelope(payload, 'application/x', one)), 'envelope');
  assert.deepEqual(envelope.payload, payload);
  assert.deepEqual(findEnvelopeSigners(envelope, [other.publicKey, one.publicKey]), [one.publicKey]);
  assert.deepEqual(findEnvelopeSigners(envelope, [other.publicKey]), []);
});

test('the payload type is part of what is signed', async () => {
  const envelope = await signEnvelope(payload, 'application/x', one);
  assert.deepEqual(findEnvelopeSigners({ ...envelope, payloadType: 'application/y' }, [one.publicKey]), []);
});

test('one key that signed twice, or is given twice, counts once', async () => {
  const envelope = await signEnvelope(payload, 'application/x', one);
  const again = await signEnvelope(payload, 'application/x', one);
  const twice = { ...envelope, signatures: [...envelope.signatures, ...again.signatures] };
  assert.equal(isSignedByThreshold(twice, [one.publicKey, one.publicKey, other.publicKey], 2), false);
  const both = {
    ...envelope,
    signatures: [...envelope.signatures, ...(await signEnvelope(payload, 'application/x', other)).signatures],
  };
  assert.equal(isSignedByThreshold(both, [one.publicKey, other.publicKey], 2), true);
});

test('a threshold below one is refused instead of accepting anybody', async () => {
  const envelope = await signEnvelope(payload, 'application/x', one);
  for (const threshold of [0, -1, 0.5, Number.NaN]) {
    assert.throws(
      () => isSignedByThreshold(envelope, [], threshold),
      (error) => error instanceof AppError && error.kind === 'usage',
    );
  }
});

test('a signature that is not base64 is skipped, a payload that is not base64 is refused', () => {
  const envelope = decodeEnvelope({ payload: '', payloadType: '', signatures: [{ sig: '%%' }] }, 'envelope');
  assert.equal(envelope.signatures[0]?.sig, undefined);
  for (const text of ['e30', 'e30=\n', 'e3 0=', '_+8=', 'e30*']) {
    const document = { payload: text, payloadType: '', signatures: [] };
    if (text === 'e30') assert.equal(decodeEnvelope(document, 'envelope').payload.length, 2);
    else assert.throws(() => decodeEnvelope(document, 'envelope'), refused(/envelope\.payload: expected base64/), text);
  }
});

test('more signatures than the ceiling are refused', () => {
  const signatures = Array.from({ length: 65 }, () => ({ sig: '' }));
  assert.throws(
    () => decodeEnvelope({ payload: '', payloadType: '', signatures }, 'envelope'),
    refused(/at most 64 entries/),
  );
});

test('in-toto payload types are the plain one and those that name their predicate', () => {
  assert.ok(isInTotoPayloadType('application/vnd.in-toto+json'));
  assert.ok(isInTotoPayloadType('application/vnd.in-toto.provenance+json'));
  assert.ok(!isInTotoPayloadType('application/vnd.in-toto+json; charset=utf-8'));
  assert.ok(!isInTotoPayloadType('text/application/vnd.in-toto+json'));
});

test('the pre-authentication encoding equals the published vectors', needsSharedData, () => {
  const vectors = readJson('pae.json') as readonly { payloadType: string; payloadBase64: string; paeHex: string }[];
  assert.ok(vectors.length >= 8);
  for (const vector of vectors) {
    const encoded = encodePreAuthentication(vector.payloadType, decodeBase64(vector.payloadBase64, 'payload'));
    assert.equal(Buffer.from(encoded).toString('hex'), vector.paeHex);
  }
});

test("the protocol's own example verifies", needsSharedData, () => {
  const vector = readJson('protocol-vector.json') as { envelope: unknown; publicKeyPem: string };
  const key = importPublicKey(vector.publicKeyPem);
  assert.deepEqual(findEnvelopeSigners(decodeEnvelope(vector.envelope, 'envelope'), [key]), [key]);
});

interface EnvelopeCase {
  readonly case: string;
  readonly envelope: unknown;
  readonly trustedKeys: readonly string[];
  readonly threshold: number;
  readonly expect: 'pass' | 'fail' | 'pass-or-fail';
}

test('published envelopes pass and fail as published', needsSharedData, () => {
  const keys = readJson('keys.json') as Readonly<Record<string, { pem: string }>>;
  const cases = readJson('envelope-cases.json') as readonly EnvelopeCase[];
  assert.ok(cases.length >= 24);
  for (const entry of cases) {
    const trusted = entry.trustedKeys.map((name) => importPublicKey(keys[name]?.pem ?? ''));
    let outcome = 'fail';
    try {
      const envelope = parseEnvelope(JSON.stringify(entry.envelope), 'envelope');
      if (isSignedByThreshold(envelope, trusted, entry.threshold)) outcome = 'pass';
    } catch (error) {
      assert.ok(error instanceof AppError && error.kind === 'invalid-input', entry.case);
    }
    // A wrong key id is an unsigned hint: every key is tried, so it passes.
    assert.equal(outcome, entry.expect === 'pass-or-fail' ? 'pass' : entry.expect, entry.case);
  }
});
