import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { condense } from '../../core/index.ts';
import { parsePurl } from '../ecosystem/index.ts';
import { createLayeredTree, createMemoryTree } from '../../core/testing.ts';
import { createZip } from './testing.ts';
import { GO_PROGRAM, GOOD_FILES } from './cataloger-testing.ts';
import { catalogers, catalogSelector, catalogTree } from './index.ts';

/** There are a hundred catalogers: `npm run fuzz` gives each a hundredth. */
const RUNS = Math.ceil(Number(process.env['FUZZ_RUNS'] ?? 20_000) / 100);

/** There is no type of package URL for what they find. */
const WITHOUT_PURL: ReadonlySet<string> = new Set(['apple']);

const treeOf = (path: string, content: string | Uint8Array) =>
  createMemoryTree({ [path]: { content, mode: 0o755 } }, catalogSelector);

for (const cataloger of catalogers) {
  const [path, content] = GOOD_FILES[cataloger.id] ?? assert.fail(`no fixture for ${cataloger.id}`);
  const declared = cataloger.evidence !== 'deployed';

  test(`${cataloger.id}: an empty and a damaged file do not crash`, async () => {
    const bytes = Buffer.from(content);
    const damaged = [
      Buffer.alloc(0),
      bytes.subarray(0, bytes.length >> 1),
      Buffer.from([0xff, 0xfe, 0, 1, 2]),
      Buffer.from('{"packages":{"a":[1]}}'),
    ];
    for (const content of damaged) assert.ok(await catalogTree(treeOf(path, content), { declared }));
  });

  test(`${cataloger.id}: damage anywhere is skipped or read past, and nothing else`, async () => {
    const sound = Buffer.from(content);
    const damage = fc.array(fc.tuple(fc.nat(Math.min(sound.length, 2000) - 1), fc.nat(255)), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(sound.length), async (changes, length) => {
        const damaged = Buffer.from(sound);
        for (const [at, byte] of changes) damaged[at] = byte;
        assert.ok(await catalogTree(treeOf(path, damaged), { declared }));
        assert.ok(await catalogTree(treeOf(path, damaged.subarray(0, length)), { declared }));
      }),
      { numRuns: RUNS },
    );
  });

  test(`${cataloger.id}: every component has a valid package URL, a location and its finder`, async () => {
    const found = await catalogTree(treeOf(path, content), { declared });
    if (cataloger.id !== 'os-release') assert.ok(found.components.length > 0);
    for (const component of found.components) {
      if (component.purl === undefined) assert.ok(component.kind === 'application' || WITHOUT_PURL.has(cataloger.id));
      else assert.equal(parsePurl(component.purl).version ?? '', component.version);
      assert.equal(path.startsWith(component.locations[0]?.path ?? '?'), true);
      assert.equal(component.foundBy, cataloger.id);
    }
    assert.deepEqual(await catalogTree(treeOf(path, content), { declared }), found);
  });
}

const DAMAGE = fc.array(
  fc.record({
    at: fc.nat(),
    cut: fc.nat(20),
    insert: fc.constantFrom(
      '',
      '\0',
      '{',
      '[',
      '"',
      ':',
      '\n',
      '- ',
      '  ',
      '@',
      '/',
      '../',
      '%',
      '\u00ff',
      '9'.repeat(400),
      '{"a":'.repeat(50),
    ),
  }),
  { minLength: 1, maxLength: 6 },
);

for (const cataloger of catalogers) {
  const [path, content] = GOOD_FILES[cataloger.id] ?? assert.fail(`no fixture for ${cataloger.id}`);
  const good = Buffer.from(content).subarray(-4096);

  test(`${cataloger.id}: hostile content throws nothing and makes no component without a valid package URL`, async () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      DAMAGE.map((damages) => damaged(good, damages)),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (bytes) => {
        const { components } = await catalogTree(treeOf(path, bytes), { declared: true });
        for (const { purl } of components) if (purl !== undefined) assert.ok(parsePurl(purl));
      }),
      { numRuns: RUNS },
    );
  });
}

function damaged(
  good: Buffer,
  damages: readonly { readonly at: number; readonly cut: number; readonly insert: string }[],
): Uint8Array {
  let bytes = good;
  for (const { at, cut, insert } of damages) {
    const place = at % (bytes.length + 1);
    bytes = Buffer.concat([bytes.subarray(0, place), Buffer.from(insert), bytes.subarray(place + cut)]);
  }
  return bytes;
}

test('a damaged lock file is said to be skipped, with the reason', async () => {
  const found = await catalogTree(treeOf('package-lock.json', '{"packages"'), { declared: true });
  assert.equal(found.components.length, 0);
  assert.match(found.skipped[0]?.reason ?? '', /expected JSON/);
});

test('of a file with very many unreadable entries, some are named', async () => {
  const packages = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`node_modules/ /${index}`, {}]));
  const found = await catalogTree(treeOf('package-lock.json', JSON.stringify({ packages })), { declared: true });
  assert.equal(found.components.length, 0);
  assert.equal(found.skipped.length, 101);
  assert.equal(found.skipped.at(-1)?.reason, 'and further entries');
});

test('lock files count in a source folder and not in an image', async () => {
  const tree = treeOf(...(GOOD_FILES['npm-lock'] ?? assert.fail()));
  assert.equal((await catalogTree(tree, { declared: true })).components.length, 1);
  assert.equal((await catalogTree(tree, { declared: false })).components.length, 0);
});

test('a lock file and the installed package agree on one component with both places', async () => {
  const tree = createMemoryTree(
    {
      'package-lock.json': '{"lockfileVersion":3,"packages":{"node_modules/left-pad":{"version":"1.3.0","dev":true}}}',
      'node_modules/left-pad/package.json': '{"name":"left-pad","version":"1.3.0","license":{"type":"WTFPL"}}',
    },
    catalogSelector,
  );
  const [component, ...others] = (await catalogTree(tree, { declared: true })).components;
  assert.equal(others.length, 0);
  assert.deepEqual(
    component?.locations.map(({ path }) => path),
    ['node_modules/left-pad/package.json', 'package-lock.json'],
  );
  assert.deepEqual(component?.licences, ['WTFPL']);
  // what lies there does not say why; the lock file does
  assert.equal(component?.scope, 'development');
});

test('one hostile entry hides neither the others nor itself', async () => {
  for (const [path, content] of [
    [
      'var/lib/dpkg/status',
      'Package: good\nVersion: 1\n\nPackage: ///\nVersion: 1\n\nPackage: long\nVersion: ' + '1'.repeat(9999),
    ],
    ['lib/apk/db/installed', 'P:good\nV:1\n\nP:///\nV:1\n\nP:long\nV:' + '1'.repeat(9999)],
  ] as const) {
    const found = await catalogTree(treeOf(path, content), { declared: false });
    assert.deepEqual(
      found.components.map(({ name }) => name),
      ['good'],
    );
    assert.equal(found.skipped.length, 2);
  }
});

const paragraph = (name: string, version: string) =>
  `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\nArchitecture: all\n\n`;

test('a package is said to come from the layer since which it is there without a break', async () => {
  const status = 'var/lib/dpkg/status';
  const tree = createLayeredTree(
    [
      { 'etc/os-release': 'ID=debian\nVERSION_ID=12\n', [status]: paragraph('base', '1') + paragraph('gone', '1') },
      { [status]: paragraph('base', '1') + paragraph('tool', '1') },
      { [status]: paragraph('base', '1') + paragraph('tool', '2') + paragraph('gone', '1') },
    ],
    catalogSelector,
  );
  const { components } = await catalogTree(tree, { declared: false });
  const layers = Object.fromEntries(components.map((component) => [component.name, component.introducedBy?.index]));
  assert.deepEqual(layers, { base: 0, tool: 2, gone: 2 });
  assert.equal(components.find(({ name }) => name === 'base')?.purl, 'pkg:deb/debian/base@1?arch=all&distro=debian-12');
});

test("a language package in an OS package's file list is marked as its property, through merged /usr too", async () => {
  const tree = createMemoryTree(
    {
      'etc/os-release': 'ID=alpine\nVERSION_ID=3.20.1\n',
      'lib/apk/db/installed': 'P:npm\nV:10.8.0-r0\nA:x86_64\nF:lib/node_modules/npm\nR:package.json\n\n',
      'usr/lib/node_modules/npm/package.json': '{"name":"npm","version":"10.8.0"}',
      'opt/node_modules/free/package.json': '{"name":"free","version":"1.0.0"}',
    },
    catalogSelector,
  );
  const { components } = await catalogTree(tree, { declared: false });
  const owner = Object.fromEntries(components.map((component) => [component.name, component.ownedBy]));
  assert.equal(
    components.find(({ id }) => id === 'pkg:npm/npm@10.8.0')?.ownedBy,
    'pkg:apk/alpine/npm@10.8.0-r0?arch=x86_64&distro=alpine-3.20.1',
  );
  assert.equal(owner.free, undefined);
});

test('what lies in the tests of an installed package is not installed', async () => {
  const gem = (name: string) => `Gem::Specification.new do |s|\n s.name = "${name}"\n s.version = "1"\nend\n`;
  const npm = (name: string) => JSON.stringify({ name, version: '1.0.0' });
  const files = {
    'app/node_modules/real/test/x/node_modules/fixture/package.json': npm('fixture'),
    'app/node_modules/@a/b/fixtures/node_modules/fixture/package.json': npm('fixture'),
    'app/node_modules/real/node_modules/test/package.json': npm('test'),
    'app/node_modules/real/node_modules/@s/fixtures/package.json': npm('@s/fixtures'),
    'srv/test/node_modules/deployed/package.json': npm('deployed'),
    'usr/lib/python3.11/test/data/example-1.dist-info/METADATA': 'Name: example\nVersion: 1\n',
    'usr/lib/python3.11/test/data/example-2.whl': createZip({ 'a.dist-info/METADATA': 'Name: example\nVersion: 2\n' }),
    'usr/lib/python3/dist-packages/pkg/tests/example-3.egg-info': 'Name: example\nVersion: 3\n',
    'srv/test/lib/python3.11/site-packages/six.dist-info/METADATA': 'Name: six\nVersion: 1\n',
    'usr/lib/ruby/gems/3.2.0/gems/a-1.0/spec/fixtures/specifications/b-1.gemspec': gem('fixture'),
    'usr/lib/ruby/gems/3.2.0/specifications/a-1.gemspec': gem('a'),
  };
  const { components } = await catalogTree(createMemoryTree(files, catalogSelector), { declared: false });
  assert.deepEqual(components.map(({ name }) => name).sort(), ['@s/fixtures', 'a', 'deployed', 'six', 'test']);
});

test('a language package that also lies where no package put it has no owner, who would be asked for its flaws', async () => {
  const status = 'Package: python3-six\nStatus: install ok installed\nVersion: 1.16.0-4\nArchitecture: all\n';
  const metadata = 'Name: six\nVersion: 1.16.0\n';
  const system = 'usr/lib/python3/dist-packages/six.dist-info/METADATA';
  const files = {
    'etc/os-release': 'ID=debian\nVERSION_ID=12\n',
    'var/lib/dpkg/status': status,
    'var/lib/dpkg/info/python3-six.list': `/${system}\n`,
    [system]: metadata,
  };
  const ownerOfSix = async (tree: Readonly<Record<string, string>>) => {
    const { components } = await catalogTree(createMemoryTree(tree, catalogSelector), { declared: false });
    return components.find(({ name }) => name === 'six')?.ownedBy;
  };
  assert.equal(await ownerOfSix(files), 'pkg:deb/debian/python3-six@1.16.0-4?arch=all&distro=debian-12');
  const own = 'usr/local/lib/python3.11/site-packages/six.dist-info/METADATA';
  assert.equal(await ownerOfSix({ ...files, [own]: metadata }), undefined);
});

test('dependencies are resolved through provided names', async () => {
  const installed = 'P:musl\nV:1\np:so:libc.so.1=1\n\nP:app\nV:2\nD:so:libc.so.1 !other\n\n';
  const found = await catalogTree(createMemoryTree({ 'lib/apk/db/installed': installed }), { declared: false });
  assert.deepEqual(
    found.dependencies.filter(({ to }) => to.length > 0),
    [{ from: 'pkg:apk/alpine/app@2', to: ['pkg:apk/alpine/musl@1'] }],
  );
});

test('a Go program is condensed to its build information: no executable is held in memory', async () => {
  const selection = catalogSelector.select({ path: 'usr/bin/tool', mode: 0o755, size: GO_PROGRAM.length });
  assert.equal(selection.kind, 'condense');
  if (selection.kind !== 'condense') return;
  assert.equal(selection.open(Buffer.from('#!/bin/sh\n'), 100_000), undefined);
  assert.ok((condense(selection, GO_PROGRAM)?.length ?? 0) < 500);
  assert.equal(condense(selection, Buffer.concat([GO_PROGRAM.subarray(0, 4), Buffer.alloc(100_000)])), undefined);
  const { components } = await catalogTree(treeOf('usr/bin/tool', GO_PROGRAM), { declared: false });
  assert.deepEqual(
    components.map(({ purl, kind }) => [purl, kind]),
    [
      ['pkg:golang/example.com/tool@v1.2.0', 'application'],
      ['pkg:golang/golang.org/x/sys@v0.1.0', 'library'],
      ['pkg:golang/stdlib@1.22.4', 'library'],
    ],
  );
});

test('of a program too large for memory, Go modules are found in passing, and what else may be there is said to be unread', async () => {
  const size = 100 * 1024 * 1024;
  const selection = catalogSelector.select({ path: 'usr/bin/tool', mode: 0o755, size });
  if (selection.kind !== 'condense') assert.fail();
  for (const chunkSize of [9999, 64 * 1024 - 7]) {
    const condenser = selection.open(GO_PROGRAM.subarray(0, 16), size) ?? assert.fail();
    // a scanner names the magic, too
    const decoy = Buffer.from('\xff Go buildinf:', 'latin1');
    const content = Buffer.concat([
      GO_PROGRAM.subarray(0, 1024),
      decoy,
      GO_PROGRAM.subarray(1024),
      Buffer.alloc(3 * 1024 * 1024),
    ]);
    for (let at = 0; at < content.length; at += chunkSize) condenser.write(content.subarray(at, at + chunkSize));
    const facts = JSON.parse(Buffer.from(condenser.end() ?? assert.fail()).toString()) as {
      go: { goVersion: string };
      unread: string;
    };
    assert.equal(facts.go.goVersion, 'go1.22.4');
    assert.match(facts.unread, /of a program of 105 MB .* only Go modules/);
  }
});
