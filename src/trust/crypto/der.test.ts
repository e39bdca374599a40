import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextTag, DerReader, encodeDer, TAG } from './der.ts';
import { refusal } from './testing.ts';

function readAll(bytes: readonly number[], read: (reader: DerReader) => unknown): string {
  return refusal(() => {
    const reader = DerReader.open(Uint8Array.from(bytes), 'value');
    read(reader);
    reader.end();
  });
}

test('values that are not in their one DER form are refused', () => {
  const integer = (reader: DerReader): unknown => reader.small();
  assert.match(readAll([2, 1, 5, 0], integer), /nothing more at byte 3/);
  assert.match(readAll([2, 0x81, 1, 5], integer), /shortest length/);
  assert.match(readAll([2, 0x82, 0, 0x80], integer), /shortest length/);
  assert.match(
    readAll([0x30, 0x80, 0, 0], (reader) => reader.enter(TAG.sequence)),
    /definite length/,
  );
  assert.match(readAll([2, 0x85, 0, 0, 0, 0, 1, 5], integer), /definite length/);
  assert.match(readAll([2, 2, 5], integer), /2 bytes at byte 0, found 1/);
  assert.match(readAll([2, 0x84, 0xff, 0xff, 0xff, 0xff], integer), /4294967295 bytes/);
  assert.match(readAll([2], integer), /definite length/);
  assert.match(readAll([], integer), /found the end/);
  assert.match(readAll([2, 2, 0, 5], integer), /shortest integer/);
  assert.match(readAll([2, 1, 0x85], integer), /small number/);
  assert.match(
    readAll([1, 1, 1], (reader) => reader.boolean()),
    /a boolean/,
  );
  assert.match(
    readAll([3, 2, 1, 0], (reader) => reader.bitString()),
    /whole bytes/,
  );
  assert.match(
    readAll([6, 2, 0x2a, 0x86], (reader) => reader.oid()),
    /object identifier/,
  );
  assert.match(
    readAll([6, 3, 0x2a, 0x80, 1], (reader) => reader.oid()),
    /padding/,
  );
  assert.match(
    readAll([12, 1, 0xff], (reader) => reader.utf8()),
    /UTF-8/,
  );
  assert.match(
    readAll([0x1f, 0x1f, 0], (reader) => reader.skip()),
    /tag 0x1f/,
  );
  for (const text of ['250230000000Z', '2501010000Z', '250101000000+0000', '250101240000Z']) {
    const bytes = encodeDer(TAG.utcTime, Buffer.from(text));
    assert.match(
      readAll([...bytes], (reader) => reader.time()),
      /a time in UTC/,
      text,
    );
  }
  const fraction = encodeDer(TAG.generalizedTime, Buffer.from('20250101000000.50Z'));
  assert.match(
    readAll([...fraction], (reader) => reader.time()),
    /a time in UTC/,
  );
});

test('deep and wide documents end at a ceiling', () => {
  let deep: Uint8Array = new Uint8Array();
  for (let level = 0; level < 100; level += 1) deep = encodeDer(TAG.sequence, deep);
  const descend = (reader: DerReader): void => {
    if (!reader.isAtEnd) descend(reader.enter(TAG.sequence));
  };
  assert.match(
    refusal(() => descend(DerReader.open(deep, 'value'))),
    /at most 24 levels/,
  );
  const wide = DerReader.open(encodeDer(TAG.sequence, Buffer.alloc(40_000).fill(Buffer.of(5, 0))), 'value').enter(
    TAG.sequence,
  );
  const walk = (): void => {
    while (!wide.isAtEnd) wide.skip(TAG.null);
  };
  assert.match(refusal(walk), /at most 16384 values/);
  assert.equal(contextTag(3), 0xa3);
});
