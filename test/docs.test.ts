import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError } from '../src/core/index.ts';
import { findCommand } from '../src/cli/commands/index.ts';
import { parseInput } from '../src/cli/parse.ts';

const root = join(import.meta.dirname, '..');

function pages(): string[] {
  const guides = readdirSync(join(root, 'docs/guides')).map((name) => join('docs/guides', name));
  return ['README.md', 'CONTRIBUTING.md', ...guides];
}

/** Every `plimsoll ...` command of a page's shell blocks, without what follows a comment, a pipe or a redirection. */
function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(/```(?:sh|console)?\n([^]*?)```/g)].map((match) => match[1] ?? '');
  return blocks.flatMap((block) =>
    [...block.replaceAll(/\\\n\s*/g, '').matchAll(/(?:^|\$ |&& |\| )plimsoll ([^\n#|>&]+)/gm)].map((match) =>
      (match[1] ?? '').trim(),
    ),
  );
}

async function parse(line: string): Promise<void> {
  const found = findCommand(line.split(/\s+/));
  assert.ok(found !== undefined, `no such command: ${line}`);
  parseInput(await found.entry.load(), found.rest);
}

test('every command in the documentation exists and takes these flags and arguments', async () => {
  let count = 0;
  for (const page of pages()) {
    for (const line of commandsOf(readFileSync(join(root, page), 'utf8'))) {
      if (/COMMAND|--help$/.test(line)) continue;
      count += 1;
      try {
        await parse(line);
      } catch (error) {
        assert.ok(!(error instanceof AppError), `${page}: plimsoll ${line}: ${String(error)}`);
        throw error;
      }
    }
  }
  assert.ok(count >= 25, `found ${count}`);
});

test('the README stays under 150 lines', () => {
  assert.ok(readFileSync(join(root, 'README.md'), 'utf8').split('\n').length < 150);
});
