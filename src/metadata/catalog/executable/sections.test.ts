import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findSection } from './sections.ts';
import { elfFile, fatFile, machFile, peFile, wasmFile } from './testing.ts';

const CONTENT = Buffer.from('the content of the section, long enough for two bytes of size '.repeat(4));
const FILES = {
  ELF: elfFile('.dep-v0', CONTENT),
  PE: peFile('.dep-v0', CONTENT),
  'Mach-O': machFile('.dep-v0', CONTENT),
  'fat Mach-O': fatFile(machFile('.dep-v0', CONTENT)),
  WebAssembly: wasmFile('.dep-v0', CONTENT),
};

for (const [format, file] of Object.entries(FILES)) {
  test(`${format}: a section is found by its whole name alone`, () => {
    assert.deepEqual(findSection(file, '.dep-v0'), CONTENT);
    for (const other of ['.dep-v', '.dep-v01', 'dep-v0', '.text']) assert.equal(findSection(file, other), undefined);
  });

  test(`${format}: damage anywhere gives a section or none, and no error`, () => {
    const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(damage, fc.nat(file.length), (changes, length) => {
        const damaged = Buffer.from(file);
        for (const [at, byte] of changes) damaged[at] = byte;
        assert.ok((findSection(damaged, '.dep-v0')?.length ?? 0) <= file.length);
        findSection(file.subarray(0, length), '.dep-v0');
      }),
      { numRuns: 200 },
    );
  });
}
