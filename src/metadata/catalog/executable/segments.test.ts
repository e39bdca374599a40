import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGoProgram } from '../testing.ts';
import { EXECUTABLE, readFacts } from './executable.ts';
import { findCode } from './segments.ts';

/** Writes a program header: a loaded segment that may run. */
function writeCode(file: Buffer, start: number, size: number): Buffer {
  file.write('7f454c460201', 'hex');
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64);
  file.writeUInt32LE(5, 68);
  file.writeBigUInt64LE(BigInt(start), 72);
  file.writeBigUInt64LE(BigInt(size), 96);
  return file;
}

test('instructions are told apart only where they have a segment of their own', () => {
  assert.deepEqual(findCode(writeCode(Buffer.alloc(4096), 8192, 100)), { start: 8192, end: 8292 });
  assert.equal(findCode(writeCode(Buffer.alloc(4096), 0, 100)), undefined);
  assert.equal(findCode(writeCode(Buffer.alloc(4096), 8192, 100).subarray(0, 100)), undefined);
  assert.equal(findCode(Buffer.from('#!/bin/sh')), undefined);
});

test('a program is read the same without its instructions, in chunks of any size', () => {
  const program = createGoProgram('go1.22.4', 'path\texample.com/tool\nmod\texample.com/tool\tv1.2.0\t\n');
  const file = writeCode(Buffer.from(program), 8192, 32_768);
  for (const size of [16, 4096, 5000, 9000, file.length]) {
    const condenser = EXECUTABLE.open(file.subarray(0, 16), file.length);
    for (let at = 0; at < file.length; at += size) condenser?.write(file.subarray(at, at + size));
    const facts = readFacts(condenser?.end() ?? assert.fail('nothing kept'), 'tool', 'go');
    assert.deepEqual(facts, {
      goVersion: 'go1.22.4',
      modules: 'path\texample.com/tool\nmod\texample.com/tool\tv1.2.0\t\n',
    });
  }
});

test('what lies among the instructions is not looked at', () => {
  const file = writeCode(Buffer.from(createGoProgram('go1.22.4', 'path\tx\n')), 8192, 1024 * 1024);
  const condenser = EXECUTABLE.open(file.subarray(0, 16), file.length);
  condenser?.write(file.subarray(0, 5000));
  condenser?.write(file.subarray(5000));
  assert.equal(condenser?.end(), undefined);
});
