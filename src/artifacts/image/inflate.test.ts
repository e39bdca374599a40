import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { inflate } from './inflate.ts';

test('inflating is done with a chunk when it asks for the next, whose memory may be the same', async () => {
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7919) % 251));
  const members = Buffer.concat([gzipSync(content.subarray(0, 70_000)), gzipSync(content.subarray(70_000))]);
  for (const packed of [gzipSync(content), members, zstdCompressSync(content), content]) {
    for (const size of [1, 3, 1000, 100_000]) {
      const source = async function* () {
        for (let at = 0; at < packed.length; at += size) {
          const chunk = Buffer.from(packed.subarray(at, at + size));
          yield chunk;
          chunk.fill(0xff);
        }
      };
      const found: Buffer[] = [];
      for await (const chunk of inflate(source(), 'x', { lend: true })) found.push(Buffer.from(chunk));
      assert.ok(Buffer.concat(found).equals(content), String(size));
    }
  }
});

test('small chunks that are lent leave the memory alone that Node shares among small buffers', async () => {
  const content = randomBytes(2048);
  const packed = gzipSync(content);
  for (let count = 0; count < 100; count += 1) {
    const neighbour = Buffer.from('neighbour');
    const found: Buffer[] = [];
    for await (const chunk of inflate(Readable.from([packed]), 'x', { lend: true })) found.push(Buffer.from(chunk));
    assert.ok(Buffer.concat(found).equals(content));
    assert.equal(neighbour.toString(), 'neighbour');
  }
});

test('the source of a layer is closed when its content is damaged or no longer wanted', async () => {
  const contents = [gzipSync(randomBytes(1_000_000), { level: 1 }), zstdCompressSync(randomBytes(1_000_000))];
  const cases = contents.flatMap((packed) => [
    { content: packed, most: 0, isDamaged: false },
    {
      content: Buffer.from(packed).fill(0x55, 0, 501_000).fill(packed.subarray(0, 8), 0, 8),
      most: Infinity,
      isDamaged: true,
    },
  ]);
  for (const { content, most, isDamaged } of cases) {
    const state = { isClosed: false };
    const source = async function* () {
      try {
        for (let at = 0; at < content.length; at += 1000) yield content.subarray(at, at + 1000);
      } finally {
        state.isClosed = true;
      }
    };
    const read = async () => {
      let length = 0;
      for await (const chunk of inflate(source(), 'x')) if ((length += chunk.length) > most) return;
    };
    if (isDamaged) await assert.rejects(read(), /compressed content/);
    else await read();
    await setImmediate();
    assert.ok(state.isClosed);
  }
});
