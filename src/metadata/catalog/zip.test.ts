import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createZip } from './testing.ts';
import { ZipArchive } from './zip.ts';

const GOOD = createZip({ 'a/one.txt': 'one', 'two.txt': 'two'.repeat(100) });
const budget = (bytes = 1000, entries = 10) => ({ bytes, entries });
const open = (content: Buffer, given = budget()) => new ZipArchive(content, 'test.zip', given);
const refused = (message: RegExp) => ({ kind: 'invalid-input', message });

function patched(at: number, byte: number): Buffer {
  const bytes = Buffer.from(GOOD);
  bytes[at] = byte;
  return bytes;
}

const CENTRAL = GOOD.indexOf(Buffer.from('PK\x01\x02'));

test('entries are read, behind a script too', () => {
  for (const bytes of [GOOD, Buffer.concat([Buffer.from('#!/bin/sh\nexec java -jar "$0"\n'), GOOD])]) {
    const archive = open(bytes);
    assert.deepEqual(
      archive.entries.map((entry) => [entry.path, String(archive.read(entry)).slice(0, 6)]),
      [
        ['a/one.txt', 'one'],
        ['two.txt', 'twotwo'],
      ],
    );
  }
});

test('an archive whose directory and local headers differ is refused', () => {
  assert.throws(
    () => open(patched(30, 0x62)),
    refused(/test\.zip: expected a local header of a\/one\.txt, found another/),
  );
  assert.throws(() => open(patched(8, 0)), refused(/expected a local header/));
});

test('entries that share bytes are refused', () => {
  const bytes = Buffer.from(GOOD);
  const first = bytes.readUInt32LE(CENTRAL + 20);
  bytes.writeUInt32LE(first + 10, CENTRAL + 20);
  assert.throws(() => open(bytes), refused(/expected entries apart from each other/));
});

test('content that is other than announced is refused', () => {
  const archive = open(patched(CENTRAL + 16, (GOOD[CENTRAL + 16] ?? 0) ^ 1));
  const [entry] = archive.entries;
  assert.throws(() => entry !== undefined && archive.read(entry), refused(/3 bytes with its checksum/));
  const bomb = Buffer.from(GOOD);
  bomb.writeUInt32LE(2, CENTRAL + 24);
  const small = open(bomb);
  const [first] = small.entries;
  assert.throws(() => first !== undefined && small.read(first), refused(/to inflate to 2 bytes/));
});

test('no more is unpacked, and no more entries are listed, than the budget has', () => {
  assert.throws(() => open(GOOD, budget(1000, 1)), refused(/at most 1 entries more/));
  const archive = open(GOOD, budget(300, 10));
  const [one, two] = archive.entries;
  assert.throws(
    () => one !== undefined && two !== undefined && [archive.read(one), archive.read(two)],
    refused(/two\.txt of 300 bytes more/),
  );
});

test('what is cut off is refused', () => {
  for (let length = 0; length < GOOD.length; length++) {
    assert.throws(() => open(GOOD.subarray(0, length)), { kind: 'invalid-input' });
  }
});
