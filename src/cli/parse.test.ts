import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../core/index.ts';
import { defineCommand } from './command.ts';
import { findCommand } from './commands/index.ts';
import { parseInput } from './parse.ts';

const command = defineCommand({
  name: 'try',
  group: 'other',
  summary: 'try',
  args: [{ name: 'WORD', description: 'words', optional: true, repeated: true }],
  flags: {
    'old-base': { kind: 'string', aliases: ['original'], description: 'a value' },
    env: { kind: 'list', short: 'e', description: 'values' },
    clobber: { kind: 'boolean', default: true, aliases: ['n', 'keep'], description: 'a switch' },
  },
  examples: [],
  run: async () => 0,
});

const flagsOf = (...words: readonly string[]) => parseInput(command, words).flags;

test('a flag has its value by the names that other tools have for it, and with underscores', () => {
  for (const words of [['--old-base', 'x'], ['--old_base=x'], ['--original', 'x'], ['--original=x']])
    assert.equal(flagsOf(...words)['old-base'], 'x', words.join(' '));
  for (const word of ['--no-clobber', '-n', '--keep', '--clobber=false'])
    assert.equal(flagsOf(word).clobber, false, word);
  assert.equal(flagsOf('--debug', '--no-tty').verbose, true);
  assert.equal(flagsOf('--no-tty').quiet, true);
});

test('values and what follows two dashes are never taken for names', () => {
  assert.deepEqual(flagsOf('-eA_B=1', '--env=C_D=--keep', '-e', 'original').env, ['A_B=1', 'C_D=--keep', 'original']);
  assert.deepEqual(parseInput(command, ['--', '--old_base', '-n']).args, ['--old_base', '-n']);
  assert.equal(parseInput(command, ['--', '-n']).flags.clobber, true);
});

test('--format json is --json where a command has no formats, and other formats are refused', () => {
  assert.equal(flagsOf('--format', 'json').json, true);
  assert.equal(flagsOf('--format=text').json, false);
  assert.throws(
    () => flagsOf('--format', 'go-template'),
    (error) => error instanceof AppError && error.kind === 'usage',
  );
});

test('a command is found by its longest name, and by the names that other tools have for it', () => {
  const nameOf = (text: string) => findCommand(text.split(' '))?.entry.name;
  assert.deepEqual(
    [
      'cp a b',
      'blob a@b',
      'blob fetch a',
      'repo tags a',
      'manifest a',
      'manifest get a',
      'auth login a',
      'resolve a',
    ].map(nameOf),
    ['copy', 'blob fetch', 'blob fetch', 'ls', 'manifest', 'manifest fetch', 'login', 'digest'],
  );
  assert.deepEqual(findCommand(['cp', 'a', 'b'])?.rest, ['a', 'b']);
  assert.equal(nameOf('repo'), undefined);
  assert.equal(nameOf('manifest index'), undefined);
  assert.equal(nameOf('manifest index:v1'), 'manifest');
});
