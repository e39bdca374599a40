import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { serveWitness } from './serve-witness.ts';

const LOG = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';

function setUp() {
  const ports = createTestPorts();
  const serve = async (changes: Partial<Parameters<typeof serveWitness>[1]> = {}) => {
    const password = async () => 'secret';
    const input = { address: '127.0.0.1:0', logs: [LOG], password, newPassword: password, graceMs: 0, ...changes };
    const server = await serveWitness(ports, input);
    await server.close();
    return server;
  };
  return { ports, serve };
}

const refused = (kind: AppError['kind'], expected: RegExp) => (error: unknown) =>
  error instanceof AppError && error.kind === kind && expected.test(error.message);

test('a witness keeps its name and its key', async () => {
  const { serve, ports } = setUp();
  const made = await serve({ name: 'w.example/one' });
  assert.match(made.verifierKey, /^w\.example\/one\+[0-9a-f]{8}\+B/);
  assert.equal((await serve()).verifierKey, made.verifierKey);
  const file = join(ports.home, 'log.vkey');
  await writeFile(file, `${LOG}\n`);
  assert.equal((await serve({ logs: [file], name: made.name })).verifierKey, made.verifierKey);
});

test('what is missing or wrong is said', async () => {
  const { serve } = setUp();
  await assert.rejects(serve({ logs: [], name: 'w' }), refused('usage', /expected a log/));
  await assert.rejects(serve(), refused('usage', /expected the name of a new witness/));
  await assert.rejects(serve({ name: 'a b' }), refused('usage', /no spaces/));
  await assert.rejects(serve({ name: 'w', logs: [LOG.replace('c7', 'c8')] }), refused('invalid-input', /the hint/));
  const { folder } = await serve({ name: 'w' });
  await assert.rejects(serve({ name: 'other' }), refused('usage', /expected w, whose key/));
  await assert.rejects(serve({ password: async () => 'wrong' }), refused('invalid-input', /password/));
  const other = await serve({ name: 'x', folder: `${folder}2` });
  await writeFile(join(folder, 'witness.key'), await readFile(join(other.folder, 'witness.key')));
  await assert.rejects(serve(), refused('invalid-input', /expected the key of .*witness\.vkey, found another/));
});
