/** How the bundle starts: what is kept of a first run, and that nobody else's is run. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

const bundle = join(import.meta.dirname, '../../dist/main.cjs');
const source = join(import.meta.dirname, '../../src/launch.ts');
const isFresh = existsSync(bundle) && statSync(bundle).mtimeMs >= statSync(source).mtimeMs;
const built = { skip: isFresh ? false : 'npm run build has not been run' };

function start(context: TestContext): {
  readonly run: (word: string, cache?: string) => number | null;
  readonly kept: () => string[];
} {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-launch-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return {
    run: (word, cache = folder) =>
      spawnSync(process.execPath, [bundle, word], { cwd: folder, env: { ...process.env, PLIMSOLL_CACHE_DIR: cache } })
        .status,
    kept: () =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .map((path) => join(folder, path))
        .filter((path) => statSync(path).isFile()),
  };
}

test(
  'a first run leaves compiled code that only its owner can read, and a second one leaves it as it is',
  built,
  (context) => {
    const { run, kept } = start(context);
    assert.equal(run('version'), 0);
    const [file = ''] = kept();
    assert.match(file, /\/version\.often\.js$/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(join(file, '..')).mode & 0o777, 0o700);
    const before = statSync(file).mtimeMs;
    assert.equal(run('version'), 0);
    assert.equal(statSync(file).mtimeMs, before);
  },
);

test('compiled code that is damaged, or that others may write, is made anew', built, (context) => {
  const { run, kept } = start(context);
  run('version');
  const [file = ''] = kept();
  const good = readFileSync(file);
  for (const spoil of [() => writeFileSync(file, good.subarray(0, 1000)), () => chmodSync(file, 0o666)]) {
    spoil();
    assert.equal(run('version'), 0);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(readFileSync(file).length > 1000);
  }
});

test('what is no command leaves nothing', built, (context) => {
  const { run, kept } = start(context);
  assert.equal(run('../../version'), 2);
  assert.equal(run('versoin'), 2);
  assert.deepEqual(kept(), []);
});

test('in the folder that one works in no code is kept or looked for', built, (context) => {
  const { run, kept } = start(context);
  for (const cache of ['', '.', 'here']) assert.equal(run('version', cache), 0);
  assert.deepEqual(kept(), []);
});

test('the bundle is as strict as the modules that it is made of', built, () => {
  for (const pack of ['often.js', 'rest.js']) {
    assert.match(readFileSync(join(bundle, '..', pack), 'utf8').slice(0, 60), /\{"use strict";/);
  }
});
