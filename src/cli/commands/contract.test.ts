import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spellingOf, type Flag } from '../command.ts';
import { formatHelp, formatOverview } from '../help.ts';
import { GLOBAL_FLAGS, parseInput } from '../parse.ts';
import { commands, namesOf } from './index.ts';

const loaded = await Promise.all(commands.map(async (entry) => ({ entry, command: await entry.load() })));

/** Words of an example: quotes kept together, environment, pipes and substitutions cut off. */
function wordsOf(example: string): string[] {
  const line = /plimsoll ([^|<>)&]*)/.exec(example)?.[1] ?? '';
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

test('a command has the name under which it is listed, and no two have the same', () => {
  for (const { entry, command } of loaded) assert.equal(command.name, entry.name);
  const names = commands.flatMap(namesOf);
  assert.equal(new Set(names).size, names.length);
});

test('every command has examples that parse', () => {
  for (const { command } of loaded) {
    assert.ok(command.examples.length > 0, command.name);
    for (const { command: example } of command.examples) {
      const words = wordsOf(example);
      const count = command.name.split(' ').length;
      assert.equal(words.slice(0, count).join(' '), command.name, example);
      assert.doesNotThrow(() => parseInput(command, words.slice(count)), example);
    }
  }
});

test('flags of a command hide none of the flags of every command, and share no letter', () => {
  for (const { command } of loaded) {
    const letters = Object.values({ ...GLOBAL_FLAGS, ...command.flags }).flatMap((flag) =>
      'short' in flag ? [flag.short] : [],
    );
    assert.equal(new Set(letters).size, letters.length, `${command.name}: ${letters.join(' ')}`);
    for (const name of Object.keys(GLOBAL_FLAGS))
      assert.ok(!Object.hasOwn(command.flags, name), `${command.name} --${name}`);
    const names = Object.entries<Flag>({ ...GLOBAL_FLAGS, ...command.flags }).flatMap(([name, flag]) => [
      name,
      ...(flag.aliases ?? []),
      ...(flag.short === undefined ? [] : [flag.short]),
    ]);
    assert.equal(new Set(names).size, names.length, `${command.name}: ${names.join(' ')}`);
  }
});

test('summaries are one line in lower case; help says everything', () => {
  for (const { command } of loaded) {
    assert.match(command.summary, /^[a-z][^\n]*[^.\n]$/, command.name);
    const help = formatHelp(command);
    for (const [name, flag] of Object.entries(command.flags)) {
      assert.equal(help.includes(spellingOf(name, flag)), flag.hidden !== true, `${command.name} --${name}`);
    }
  }
  const overview = formatOverview(loaded.map(({ command }) => command));
  for (const { command } of loaded) assert.ok(overview.includes(`  ${command.name} `), command.name);
});
