/** Every flag of released cosign is one of ours, or the guide says what is there instead. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { commands } from '../../src/cli/commands/index.ts';
import { parseInput } from '../../src/cli/parse.ts';
import { createBench, missingPeers, peer, type Bench } from './support.ts';

const SIGNING = ['sign', 'attest', 'sign-blob', 'attest-blob'];
const IMAGES = ['sign', 'verify', 'attest', 'verify-attestation'];
const COMMANDS = [...new Set([...SIGNING, ...IMAGES, 'verify-blob', 'verify-blob-attestation', 'initialize'])];
const GUIDE = join(import.meta.dirname, '../../docs/guides/coming-from-cosign.md');

/** Which commands a row of the guide's table means. */
function commandsOf(text: string): readonly string[] {
  if (text === 'all') return COMMANDS;
  if (text === 'all but initialize') return COMMANDS.filter((name) => name !== 'initialize');
  if (text === 'signing') return SIGNING;
  return text === 'images' ? IMAGES : text.split(', ');
}

/** `command --flag`, as the guide lists them. */
function listed(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const line of readFileSync(GUIDE, 'utf8').split('\n')) {
    const [, flags = '', of = ''] = line.split('|').map((cell) => cell.trim());
    if (!flags.startsWith('`--')) continue;
    for (const [flag] of flags.matchAll(/--[a-z0-9-]+/g))
      for (const name of commandsOf(of)) found.add(`${name} ${flag}`);
  }
  return found;
}

describe('flags of cosign', missingPeers('PEER_COSIGN2', 'PEER_COSIGN3'), () => {
  let bench: Bench;
  before(async () => void (bench = await createBench()));
  after(async () => await bench.stop());

  const isTaken = async (name: string, flag: string): Promise<boolean> => {
    const command = await commands.find((entry) => entry.name === name)?.load();
    assert.ok(command !== undefined, name);
    try {
      parseInput(command, [flag]);
    } catch (error) {
      return !(error instanceof Error && error.message.includes('unknown option'));
    }
    return true;
  };

  test('are taken, but for those that the guide lists', async () => {
    const missing = new Set<string>();
    for (const variable of ['PEER_COSIGN2', 'PEER_COSIGN3']) {
      for (const command of COMMANDS) {
        const { stdout } = await bench.run(peer(variable)(command, '--help'));
        const flags = [...stdout.matchAll(/^\s+(?:-\w, )?(--[a-z0-9][a-z0-9-]*)/gm)].map(([, flag = '']) => flag);
        assert.ok(flags.length > 5, stdout);
        const taken = await Promise.all(flags.map(async (flag) => await isTaken(command, flag)));
        for (const [at, flag] of flags.entries()) if (taken[at] !== true) missing.add(`${command} ${flag}`);
      }
    }
    const told = listed();
    assert.deepEqual(
      [...missing].filter((entry) => !told.has(entry)),
      [],
      'not had and not told',
    );
    assert.deepEqual(
      [...told].filter((entry) => !missing.has(entry)),
      [],
      'told and had, or none of cosign',
    );
  });
});
