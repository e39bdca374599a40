import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdWhole } from '../../core/index.ts';
import { createMemoryTree } from '../../core/testing.ts';
import { SKIP } from './cataloger.ts';
import type { Cataloger, Choice } from './cataloger.ts';
import { CatalogerIndex } from './selection.ts';

const cataloger = (id: string, names: readonly string[], choice: Choice): Cataloger => ({
  id,
  evidence: 'installed',
  names,
  select: () => choice,
  catalog: async () => ({ components: [], dependencies: [], skipped: [] }),
});

/** Keeps the first bytes of what begins with the letter. */
const first = (id: string, letter: string, bytes: number): Choice => ({
  kind: 'condense',
  id,
  maxBytes: 100,
  open: (head, size) =>
    head[0] === letter.charCodeAt(0) ? holdWhole(size, (content) => content.subarray(0, bytes)) : undefined,
});

const two = cataloger('two', ['*'], first('two', 'a', 2));
const three = cataloger('three', ['*.bin'], first('three', 'a', 3));
const twoAgain = cataloger('two-again', ['*'], first('two', 'a', 2));
const other = cataloger('other', ['*'], first('other', 'b', 4));
const keeper = cataloger('keeper', ['file.BIN'], { kind: 'keep', maxBytes: 10 });

async function readBy(catalogers: readonly Cataloger[], content: string): Promise<readonly (string | undefined)[]> {
  const index = new CatalogerIndex(catalogers);
  const tree = createMemoryTree({ 'x/file.BIN': content }, index.selector('test'));
  const found = catalogers.map(async (one) => await index.viewFor(one, tree).read('x/file.BIN'));
  return (await Promise.all(found)).map((bytes) => (bytes === undefined ? undefined : Buffer.from(bytes).toString()));
}

test('each cataloger reads the form that it chose, whoever else chose the file', async () => {
  assert.deepEqual(await readBy([two], 'abcdef'), ['ab']);
  assert.deepEqual(await readBy([two, twoAgain], 'abcdef'), ['ab', 'ab']);
  assert.deepEqual(await readBy([two, three, twoAgain, other], 'abcdef'), ['ab', 'abc', 'ab', undefined]);
  assert.deepEqual(await readBy([two, keeper, other], 'abcdef'), ['ab', 'abcdef', undefined]);
  assert.deepEqual(await readBy([other, three], 'cdefgh'), [undefined, undefined]);
});

test('a file above the ceiling of one cataloger is still read for the others', async () => {
  assert.deepEqual(await readBy([two, keeper], 'abcdefghijklm'), ['ab', undefined]);
  const tooLarge = 'a'.repeat(101);
  assert.deepEqual(await readBy([two, keeper], tooLarge), [undefined, undefined]);
});

test('only catalogers to which the name may matter are asked, and none reads what it did not choose', async () => {
  const never = { ...cataloger('never', ['*.txt', 'file'], SKIP), select: () => assert.fail('asked') };
  assert.deepEqual(await readBy([never, keeper], 'abc'), [undefined, 'abc']);
  const index = new CatalogerIndex([never, keeper]);
  assert.deepEqual([...index.choicesOf({ path: 'x/file.BIN', mode: 0, size: 1 }).keys()], [keeper]);
  const view = new CatalogerIndex([keeper]).viewFor(keeper, createMemoryTree({ other: 'abc', 'file.BIN': 'abc' }));
  assert.equal(await view.read('other'), undefined);
  assert.equal(String(await view.read('file.BIN')), 'abc');
});

test('of an image, files that only lock files are for are not held; what others choose is, in the form that all agree upon', async () => {
  const lock: Cataloger = {
    ...cataloger('lock', ['*.lock', '*.BIN'], { kind: 'keep', maxBytes: 100 }),
    evidence: 'declared',
  };
  const index = new CatalogerIndex([two, lock]);
  const selector = index.selector('image', ({ evidence }) => evidence !== 'declared');
  const only = new CatalogerIndex([lock]).selector('image', ({ evidence }) => evidence !== 'declared');
  assert.equal(only.select({ path: 'a.lock', mode: 0o644, size: 3 }).kind, 'skip');
  const tree = createMemoryTree({ 'x/file.BIN': 'abcdef' }, selector);
  assert.equal(Buffer.from((await index.viewFor(two, tree).read('x/file.BIN')) ?? []).toString(), 'ab');
});
