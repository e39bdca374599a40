import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { writeWhole } from './write-whole.ts';

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half');
  throw new AppError('invalid-input', 'damaged');
}

test('a file has all of the content or stays what it was, and nothing is left beside it', async () => {
  const ports = createTestPorts();
  const path = join(ports.home, 'file');
  await writeWhole(ports, path, chunksOf('a', 'b'));
  await assert.rejects(writeWhole(ports, path, broken()), /damaged/);
  assert.equal(Buffer.from(await ports.files.read(path)).toString(), 'ab');
  assert.deepEqual(await ports.files.list(ports.home), ['file']);
});

test('a pipe or a device takes the content and stays what it is', async () => {
  const ports = createTestPorts();
  const path = join(ports.home, 'pipe');
  await ports.run('mkfifo', [path], { maxBytes: 1000 });
  const reading = ports.run('cat', [path], { maxBytes: 1000 });
  await writeWhole(ports, path, chunksOf('a', 'b'));
  const { stdout: text } = await reading;
  assert.equal(text, 'ab');
  assert.equal((await ports.files.stat(path))?.kind, 'other');
});
