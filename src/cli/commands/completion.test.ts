import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { createTestPorts } from '../../io/testing.ts';
import { completion } from './completion.ts';

async function scriptFor(shell: string): Promise<string> {
  let script = '';
  const refuse = () => assert.fail('not in this test');
  const output = {
    json: false,
    result: refuse,
    raw: (text: Uint8Array | string) => void (script += String(text)),
    note: refuse,
    paint: refuse,
  };
  const context = {
    ports: createTestPorts(),
    output,
    signal: new AbortController().signal,
    readInput: refuse,
    streamInput: refuse,
    createHandler: refuse,
    confirm: refuse,
    askSecret: refuse,
  };
  assert.equal(await completion.run({ args: [shell], flags: {} }, context), 0);
  return script;
}

test('bash completes commands of one to three words, the names of other tools, and their flags', async (context) => {
  if (spawnSync('bash', ['--version']).status !== 0) return context.skip('there is no bash');
  const script = await scriptFor('bash');
  const complete = (...words: readonly string[]) => {
    const run = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _plimsoll; echo "${COMPREPLY[*]}"';
    const { stdout, stderr } = spawnSync('bash', ['-c', `${script}\n${run}`, 'bash', 'plimsoll', ...words], {
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    return stdout.trim().split(' ');
  };
  assert.deepEqual(complete('disc'), ['discover']);
  assert.deepEqual(complete('manifest', 'index', ''), [
    'create',
    'pack',
    'update',
    ...complete('manifest', 'index', '').slice(3),
  ]);
  for (const word of ['fetch', 'push', 'delete', 'index', '--platform'])
    assert.ok(complete('manifest', '').includes(word), word);
  assert.deepEqual(complete('cp', 'a', '--all-'), ['--all-tags']);
  assert.deepEqual(complete('manifest', 'index', 'create', 'x', '--annot'), ['--annotation']);
  assert.deepEqual(complete('copy', '--no-cl'), ['--no-clobber']);
});

test('fish and zsh have scripts too', async () => {
  assert.match(await scriptFor('zsh'), /^#compdef plimsoll\n/);
  assert.match(await scriptFor('fish'), /__plimsoll_at "manifest index"' -a 'create'/);
});
