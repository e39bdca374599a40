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

test('a package that is none hides no other of its database', async () => {
  const long = 'x'.repeat(5000);
  for (const [path, text] of [
    ['lib/apk/db/installed', `P:a\nV:1\n\nP:b\nV:1\nA:${long}\n`],
    ['var/lib/dpkg/status', `${installed('a', '')}\n${installed('b', `Architecture: ${long}`)}`],
  ] as const) {
    const tree = createMemoryTree({ [path]: text }, catalogSelector);
    const { components, skipped } = await catalogTree(tree, { declared: false });
    assert.deepEqual(
      components.map(({ name }) => name),
      ['a'],
    );
    assert.match(skipped[0]?.reason ?? '', /expected parts of at most 4096 characters/);
  }
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

/** More than there is room for on the stack, where arguments lie. */
const COUNT = 150_000;
const some = (make: (index: number) => string, count = COUNT) => Array.from({ length: count }, (_, at) => make(at));
const json = (value: unknown) => JSON.stringify(value);
const table = (make: (at: number) => readonly [string, unknown]) =>
  Object.fromEntries(Array.from({ length: COUNT }, (_, at) => make(at)));

/** What needs all of its like, in a file of so many, would be a square of needs. */
const ALIKE = 5000;
const installed = (name: string, rest: string) =>
  `Package: ${name}\nVersion: 1\nStatus: install ok installed\n${rest}\n`;

const CROWDS: Readonly<Record<string, readonly [text: () => string, components: number, needs: number]>> = {
  'a/go.sum': [() => some((at) => `x.org/m${at} v1.0.0 h1:a=\n`).join(''), COUNT, 0],
  'a/go.mod': [
    () =>
      `module a\n${some((at) => `require x.org/m${at} v1.0.0\nreplace x.org/n${at} => x.org/o v1.0.0\n`, 20_000).join('')}`,
    20_001,
    20_000,
  ],
  'lib/apk/db/installed': [() => some((at) => `P:p${at}\nV:1\n\n`).join(''), COUNT, 0],
  'vcpkg/status': [
    () => `${installed('a', '')}\n${installed('a', `Depends: ${some((at) => `p${at}`).join(', ')}`)}`,
    1,
    0,
  ],
  'a.deps.json': [
    () => {
      const needs = { dependencies: table((at) => [`p${at}`, '1']) };
      const target = { 'a/1': { runtime: {}, dependencies: { b: '1' } }, 'b/1': needs };
      return json({ runtimeTarget: { name: 't' }, targets: { t: target }, libraries: { 'a/1': { type: 'package' } } });
    },
    1,
    0,
  ],
  'package-lock.json': [
    () => {
      const a = { version: '1', dependencies: table((at) => [`p${at}`, '1']) };
      const all = table((at) => [`node_modules/p${at}`, { version: '1' }]);
      return json({
        packages: { '': { name: 'x', version: '1', dependencies: { a: '1' } }, 'node_modules/a': a, ...all },
      });
    },
    COUNT + 2,
    COUNT + 1,
  ],
  'Gemfile.lock': [
    () => `GEM\n  specs:\n${some((at) => `    foo (1-x${at})\n      foo\n`, ALIKE).join('')}`,
    ALIKE,
    64 * ALIKE - 64,
  ],
  'poetry.lock': [
    () => some((at) => `[[package]]\nname = "a"\nversion = "${at}"\n[package.dependencies]\na = "*"\n`, ALIKE).join(''),
    ALIKE,
    64 * ALIKE - 64,
  ],
  'var/lib/dpkg/status': [
    () => some((at) => installed(`p${at}`, 'Provides: v\nDepends: v\n'), ALIKE).join(''),
    ALIKE,
    8 * ALIKE,
  ],
};

for (const [path, [text, count, needs]] of Object.entries(CROWDS)) {
  test(`${path}: of many packages, or needs of one, all are read in time that grows with their number`, async () => {
    const tree = createMemoryTree({ [path]: text() }, catalogSelector);
    const before = process.cpuUsage();
    const { components, dependencies, skipped } = await catalogTree(tree, { declared: true });
    const { user } = process.cpuUsage(before);
    assert.deepEqual(skipped, []);
    assert.equal(components.length, count);
    assert.equal(
      dependencies.reduce((sum, { to }) => sum + to.length, 0),
      needs,
    );
    assert.ok(user / 1000 < 5 * MAX_MS, `${user / 1000} ms`);
  });
}
