import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBase64, encodeBase64, findBase64 } from './base64.ts';

test('findBase64 reads both alphabets, padded or not', () => {
  const bytes = Uint8Array.of(251, 255, 190, 1);
  for (const text of ['+/++AQ==', '+/++AQ', '-_--AQ==', '-_--AQ']) {
    assert.deepEqual(findBase64(text), bytes, text);
  }
  assert.deepEqual(findBase64(''), new Uint8Array());
});

test('findBase64 refuses mixed alphabets, foreign characters and impossible lengths', () => {
  for (const text of [
    '+_++AQ==',
    'AA AA',
    'AAAA\n',
    'A',
    'AAAAA',
    'AAA==',
    'AAAA=',
    'AAAA==',
    'AA=',
    '=',
    '====',
    'A===',
    'AÄAA',
  ]) {
    assert.equal(findBase64(text), undefined, JSON.stringify(text));
  }
  assert.throws(() => decodeBase64('!', 'sig'), { kind: 'invalid-input' });
});

test('findBase64 reads what a large SBOM needs', () => {
  const bytes = new Uint8Array(24 * 1024 * 1024).fill(7);
  assert.equal(findBase64(encodeBase64(bytes))?.length, bytes.length);
  assert.equal(findBase64(`${'A'.repeat(24 * 1024 * 1024)}!`), undefined);
});
