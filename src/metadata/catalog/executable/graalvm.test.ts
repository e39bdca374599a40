import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createNativeImage } from '../testing.ts';
import { findGraalvmSbom } from './graalvm.ts';

const IMAGE = createNativeImage();

test('the document is found by its symbols', () => {
  assert.match(findGraalvmSbom(IMAGE) ?? '', /^\{"bomFormat":"CycloneDX".*guava/);
  assert.equal(findGraalvmSbom(IMAGE.subarray(0, 0x650)), undefined);
  assert.equal(findGraalvmSbom(Buffer.alloc(4096)), undefined);
});

test('hostile tables give nothing, and end', () => {
  const head = IMAGE.subarray(0, 0x900);
  const change = fc.record({ at: fc.nat(head.length - 1), byte: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
      const bytes = Buffer.from(head);
      for (const { at, byte } of changes) bytes[at] = byte;
      assert.ok(['string', 'undefined'].includes(typeof findGraalvmSbom(bytes)));
    }),
    { numRuns: 500 },
  );
});
