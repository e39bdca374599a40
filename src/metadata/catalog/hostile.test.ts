/** What is made to take long, small enough for every day; `npm run hostile` has the large ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../core/testing.ts';
import { GOOD_FILES } from './cataloger-testing.ts';
import { catalogers, catalogSelector, catalogTree } from './index.ts';

const LENGTH = 60_000;
const FILLERS = ['/', ' ', 'a', '(', '1.', '[1,', '{"a":', '"\\', '\n'];
/** What takes its square needs twice as long, and at the ceilings of files for ever. */
const MAX_MS = 1500;

for (const cataloger of catalogers) {
  test(`${cataloger.id}: time grows with the length alone`, async () => {
    const [path, content] = GOOD_FILES[cataloger.id] ?? assert.fail(`no fixture for ${cataloger.id}`);
    const good = Buffer.from(content);
    for (const filler of FILLERS) {
      const filling = Buffer.alloc(LENGTH, filler);
      for (const place of [good.length >> 1, good.length >> 2]) {
        const bytes = Buffer.concat([good.subarray(0, place), filling, good.subarray(place)]);
        const before = process.cpuUsage();
        await catalogTree(createMemoryTree({ [path]: { content: bytes, mode: 0o755 } }, catalogSelector), {
          declared: true,
        });
        const { user } = process.cpuUsage(before);
        assert.ok(user / 1000 < MAX_MS, `${JSON.stringify(filler)} at ${place}: ${user / 1000} ms`);
      }
    }
  });
}

test('a name or version of any length is refused, not carried along', async () => {
  const packages = {
    [`node_modules/${'a'.repeat(5000)}`]: { version: '1' },
    'node_modules/ms': { version: '1'.repeat(5000) },
  };
  const tree = createMemoryTree({ 'package-lock.json': JSON.stringify({ packages }) }, catalogSelector);
  const { components, skipped } = await catalogTree(tree, { declared: true });
  assert.deepEqual(components, []);
  assert.equal(skipped.length, 2);
});

test('a lock file of more lines than any has is refused as a whole, and said to be skipped', async () => {
  const floods = {
    'a/yarn.lock': Buffer.alloc(4_000_010, 'a\n'),
    'b/requirements.txt': Buffer.alloc(4_000_010, 'b\n'),
    'c/Gemfile.lock': Buffer.alloc(4_000_010, 'c\n'),
    'd/go.sum': Buffer.alloc(4_000_010, 'd\n'),
    'e/go.sum': Buffer.alloc(4_000_010, 'e\n'),
    'e/go.mod': 'module e\n',
  };
  const sound = { 'f/requirements.txt': `ms==1\n${'\n'.repeat(1_999_000)}` };
  const tree = createMemoryTree({ ...floods, ...sound }, catalogSelector);
  const { components, skipped } = await catalogTree(tree, { declared: true });
  assert.deepEqual(
    components.map(({ name }) => name),
    ['ms'],
  );
  assert.deepEqual(
    skipped.map(({ path, reason }) => `${path} ${reason.replace(/^\S+ /, '')}`).sort(),
    ['a/yarn.lock', 'b/requirements.txt', 'c/Gemfile.lock', 'd/go.sum', 'e/go.mod'].map(
      (path) => `${path} expected at most 2000000 lines, found more`,
    ),
  );
});

test('half a character in a name is skipped, not thrown over', async () => {
  const packages = '{"packages":{"node_modules/\\ud800":{"version":"1"},"node_modules/ms":{"version":"2.1.3"}}}';
  const tree = createMemoryTree({ 'package-lock.json': packages }, catalogSelector);
  const { components, skipped } = await catalogTree(tree, { declared: true });
  assert.deepEqual(
    components.map(({ name }) => name),
    ['ms'],
  );
  assert.match(skipped[0]?.reason ?? '', /whole characters/);
});

test('a gem whose specification names its variable at length is skipped', async () => {
  const text = `Gem::Specification.new do |${'s'.repeat(70_000)}|\n`;
  const { skipped } = await catalogTree(createMemoryTree({ 'a/specifications/a.gemspec': text }, catalogSelector), {
    declared: true,
  });
  assert.match(skipped[0]?.reason ?? '', /expected a gem specification/);
});
