import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../core/index.ts';
import { findCosignature, findNoteFault, NOTE_KEY_TYPE, noteKeyId, parseCheckpoint, parseNote } from './note.ts';
import type { NoteSigner } from './note.ts';
import { publicKeyOf } from './public-key.ts';

const ed25519 = generateKeyPairSync('ed25519');
const ecdsa = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const edKey = publicKeyOf(ed25519.publicKey, 'key');
const ecKey = publicKeyOf(ecdsa.publicKey, 'key');
const edLog: NoteSigner = { name: 'log.test', keyId: noteKeyId('log.test', NOTE_KEY_TYPE.ed25519, edKey), key: edKey };
const ecLog: NoteSigner = {
  name: 'log.test',
  keyId: createHash('sha256').update(ecKey.spki).digest(),
  key: ecKey,
};

const ROOT = createHash('sha256').update('root').digest('base64');
const TEXT = `log.test\n42\n${ROOT}\n`;

function lineOf(signer: NoteSigner, signature: Uint8Array, hint = signer.keyId.subarray(0, 4)): string {
  return `\u2014 ${signer.name} ${Buffer.concat([hint, signature]).toString('base64')}\n`;
}

const edLine = lineOf(edLog, sign(null, Buffer.from(TEXT), ed25519.privateKey));
const ecLine = lineOf(ecLog, sign('sha256', Buffer.from(TEXT), ecdsa.privateKey));

function refused(text: string): string {
  try {
    parseCheckpoint(text, 'checkpoint');
  } catch (error) {
    assert.ok(error instanceof AppError);
    assert.equal(error.kind, 'invalid-input');
    return error.message;
  }
  throw new Error('accepted');
}

test('a checkpoint of a log with an Ed25519 or an ECDSA key gives origin, size and root', () => {
  const checkpoint = parseCheckpoint(`${TEXT}\n${edLine}${ecLine}`, 'checkpoint');
  assert.equal(checkpoint.origin, 'log.test');
  assert.equal(checkpoint.size, 42);
  assert.equal(Buffer.from(checkpoint.root).toString('base64'), ROOT);
  assert.equal(findNoteFault(checkpoint.note, edLog), undefined);
  assert.equal(findNoteFault(checkpoint.note, ecLog), undefined);
});

test('lines of the same name by unknown keys are passed over, wherever they stand', () => {
  const foreign = lineOf(edLog, new Uint8Array(64), Uint8Array.of(1, 2, 3, 4));
  const witness = lineOf({ ...edLog, name: 'witness.test' }, new Uint8Array(72));
  for (const lines of [foreign + witness + edLine, edLine + foreign, witness + edLine + foreign]) {
    assert.equal(findNoteFault(parseNote(`${TEXT}\n${lines}`, 'note'), edLog), undefined);
  }
  const note = parseNote(`${TEXT}\n${foreign}${witness}`, 'note');
  assert.equal(findNoteFault(note, edLog), 'no-line-of-signer');
});

test('a line with the key hint of the log but another signature, or over another text, is refused', () => {
  const wrong = lineOf(edLog, new Uint8Array(64));
  assert.equal(findNoteFault(parseNote(`${TEXT}\n${wrong}`, 'note'), edLog), 'signature-mismatch');
  const changed = TEXT.replace('42', '43');
  assert.equal(findNoteFault(parseNote(`${changed}\n${edLine}`, 'note'), edLog), 'signature-mismatch');
  assert.equal(findNoteFault(parseNote(`${TEXT}extension\n\n${edLine}`, 'note'), edLog), 'signature-mismatch');
});

test('a hint of another key, or another name, is not the log', () => {
  const note = parseNote(`${TEXT}\n${edLine}`, 'note');
  assert.equal(findNoteFault(note, { ...edLog, name: 'other.test' }), 'no-line-of-signer');
  assert.equal(findNoteFault(note, { ...edLog, keyId: new Uint8Array(32) }), 'no-line-of-signer');
});

test('the lines of a checkpoint stand in their order', () => {
  assert.match(refused(`42\n${ROOT}\n\n${edLine}`), /tree size in the second line/);
  assert.match(refused(`log.test\n${ROOT}\n42\n\n${edLine}`), /tree size in the second line/);
  assert.match(refused(`log.test\n42\n\n${edLine}`), /root hash in the third line/);
  assert.match(refused(`log.test\n042\n${ROOT}\n\n${edLine}`), /tree size/);
  assert.match(refused(`log.test\n9007199254740993\n${ROOT}\n\n${edLine}`), /tree size/);
  assert.match(refused(`\n42\n${ROOT}\n\n${edLine}`), /an origin/);
  assert.match(refused(`log.test\n42\n${ROOT.slice(4)}\n\n${edLine}`), /root hash/);
  assert.match(refused(TEXT), /empty line between/);
  assert.match(refused(`${TEXT}\n- log.test AAAA\n`), /a line/);
  assert.match(refused(`${TEXT}\n${edLine.trimEnd()}`), /empty line between/);
  assert.match(refused(`log.test\r\n42\n${ROOT}\n\n${edLine}`), /control characters/);
  assert.match(refused(`${TEXT}\n${edLine.repeat(65)}`), /at most 64 signatures/);
  assert.match(refused(`${TEXT}extension\n\nmore\n\n${edLine}`), /no empty line in the text/);
});

test('a witness vouches with its own key type for the text and a time', () => {
  const witnessKeys = generateKeyPairSync('ed25519');
  const key = publicKeyOf(witnessKeys.publicKey, 'key');
  const witness: NoteSigner = { name: 'w.test', keyId: noteKeyId('w.test', NOTE_KEY_TYPE.cosignature, key), key };
  const seconds = 1_755_000_000;
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${TEXT}`), witnessKeys.privateKey);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(seconds));
  const line = lineOf(witness, Buffer.concat([time, signature]));
  assert.equal(findCosignature(parseNote(`${TEXT}\n${edLine}${line}`, 'note'), witness), seconds);
  time.writeBigUInt64BE(BigInt(seconds + 1));
  const moved = lineOf(witness, Buffer.concat([time, signature]));
  assert.equal(findCosignature(parseNote(`${TEXT}\n${edLine}${moved}`, 'note'), witness), undefined);
  assert.equal(findCosignature(parseNote(`${TEXT}\n${edLine}`, 'note'), edLog), undefined);
});

test('whatever stands in a note, it is read or refused as invalid input', () => {
  const note = `${TEXT}\n${edLine}${ecLine}`;
  const changed = fc.tuple(fc.nat(note.length), fc.nat(8), fc.string({ maxLength: 8, unit: 'binary' }));
  fc.assert(
    fc.property(changed, ([at, length, text]) => {
      const other = note.slice(0, at) + text + note.slice(at + length);
      try {
        const { note: parsed } = parseCheckpoint(other, 'checkpoint');
        if (parsed.text !== TEXT) assert.notEqual(findNoteFault(parsed, edLog), undefined);
      } catch (error) {
        assert.ok(error instanceof AppError && error.kind === 'invalid-input', String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
