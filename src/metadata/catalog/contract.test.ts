import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { condense } from '../../core/index.ts';
import { parsePurl } from '../ecosystem/index.ts';
import { createLayeredTree, createMemoryTree } from '../../core/testing.ts';
import { LANGUAGE_FIXTURES } from './catalogers/testing.ts';
import { catalogers, catalogSelector, catalogTree } from './index.ts';
import { crates, elfFile, packageNote } from './executable/testing.ts';
import { OS_FIXTURES } from './catalogers/os/testing.ts';
import { createNativeImage, createZip } from './testing.ts';

const GO_PROGRAM = goProgram(
  'go1.22.4',
  'path\texample.com/tool\nmod\texample.com/tool\tv1.2.0\t\ndep\tgolang.org/x/sys\tv0.1.0\th1:abc=\n',
);

/** One path that each cataloger chooses, with content that it understands. */
const GOOD: Readonly<Record<string, readonly [path: string, content: string | Uint8Array]>> = {
  ...LANGUAGE_FIXTURES,
  'os-release': ['etc/os-release', 'ID=debian\nVERSION_ID="12"\n'],
  dpkg: [
    'var/lib/dpkg/status',
    'Package: libssl3\nStatus: install ok installed\nVersion: 3.0.11-1\nSource: openssl\nArchitecture: amd64\n',
  ],
  apk: ['lib/apk/db/installed', 'P:zlib\nV:1.2.10-r0\nA:x86_64\no:zlib\n\n'],
  ...OS_FIXTURES,
  binary: ['usr/bin/bash', 'text\0@(#)Bash version 5.1.16(1) release GNU\0'],
  'package-note': [
    'usr/bin/tool',
    elfFile('.note.package', packageNote({ type: 'apk', os: 'wolfi', name: 'tool', version: '1-r0' })),
  ],
  'rust-binary': [
    'usr/bin/tool',
    elfFile('.dep-v0', crates({ packages: [{ name: 'a', version: '1.0.0', source: 'crates.io' }] })),
  ],
  cargo: ['app/Cargo.lock', '[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+https://x"\n'],
  'go-vendor': ['app/vendor/modules.txt', '# example.com/a v1.0.0\n## explicit\nexample.com/a/b\n'],
  'embedded-sbom': [
    'app/sbom.cdx.json',
    '{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"a","version":"1","purl":"pkg:npm/a@1"}]}',
  ],
  'npm-installed': ['app/node_modules/left-pad/package.json', '{"name":"left-pad","version":"1.3.0","license":"MIT"}'],
  'npm-lock': [
    'app/package-lock.json',
    '{"lockfileVersion":3,"packages":{"node_modules/left-pad":{"version":"1.3.0"}}}',
  ],
  'vscode-extension': [
    'tools/lint.vsix',
    createZip({ 'extension/node_modules/ms/package.json': '{"name":"ms","version":"2.1.3"}' }),
  ],
  'yarn-lock': ['app/yarn.lock', '"left-pad@^1.3.0", left-pad@1:\n  version "1.3.0"\n  dependencies:\n    ms "^2"\n'],
  'pnpm-lock': [
    'app/pnpm-lock.yaml',
    "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      ms: {specifier: ^2, version: 2.1.3}\npackages:\n  ms@2.1.3: {}\n",
  ],
  'bun-lock': ['app/bun.lock', '{"lockfileVersion":1,"packages":{"ms":["ms@2.1.3","",{},"sha512-aaaa"],},}'],
  'deno-lock': ['app/deno.lock', '{"version":"4","npm":{"ms@2.1.3":{"integrity":"sha512-aaaa"}},"jsr":{}}'],
  'npm-manifest': ['app/package.json', '{"name":"app","dependencies":{"ms":"2.1.3"}}'],
  'python-installed': [
    'usr/lib/python3/site-packages/six.dist-info/METADATA',
    'Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\nClassifier: License :: OSI Approved :: MIT License\n\ntext',
  ],
  'python-archive': ['dist/six.whl', createZip({ 'six-1.dist-info/METADATA': 'Name: six\nVersion: 1.16.0\n\n' })],
  'conda-meta': [
    'opt/conda/conda-meta/six.json',
    '{"name":"six","version":"1.16.0","build":"0","depends":["python >=3"]}',
  ],
  'poetry-lock': ['app/poetry.lock', '[[package]]\nname = "six"\nversion = "1.16.0"\ngroups = ["main"]\n'],
  'pdm-lock': ['app/pdm.lock', '[[package]]\nname = "six"\nversion = "1.16.0"\ngroups = ["default"]\n'],
  'uv-lock': [
    'app/uv.lock',
    '[[package]]\nname = "six"\nversion = "1.16.0"\n[[package]]\nname = "app"\nsource = { virtual = "." }\n',
  ],
  pylock: ['app/pylock.toml', 'lock-version = "1.0"\n[[packages]]\nname = "six"\nversion = "1.16.0"\n'],
  'pipfile-lock': ['app/Pipfile.lock', '{"_meta":{},"default":{"six":{"version":"==1.16.0"}},"develop":{}}'],
  requirements: ['app/requirements.txt', 'six==1.16.0 \\\n  --hash=sha256:00\n-r other.txt\nflask>=2\n'],
  pyproject: ['app/pyproject.toml', '[project]\nname = "app"\ndependencies = ["six==1.16.0"]\n'],
  'setup-py': ['app/setup.py', "setup(install_requires=['six==1.16.0', # other\n])\n"],
  'conda-environment': ['app/environment.yml', 'dependencies:\n  - six=1.16.0\n  - pip:\n    - flask==2.0\n'],
  'java-archive': [
    'app/lib/tool-1.0.jar',
    createZip({ 'META-INF/maven/g/tool/pom.properties': 'groupId=g\nartifactId=tool\nversion=1.0\n' }),
  ],
  'graalvm-native': ['usr/bin/native', createNativeImage()],
  jvm: ['opt/java/release', 'IMPLEMENTOR="Eclipse Adoptium"\nJAVA_VERSION="21.0.4"\nFULL_VERSION="21.0.4+7"\n'],
  'gradle-lock': ['app/gradle.lockfile', '# comment\njunit:junit:4.13.2=testRuntimeClasspath\nempty=\n'],
  'gradle-verification': [
    'app/gradle/verification-metadata.xml',
    '<verification-metadata><components><component group="g" name="a" version="1"/></components></verification-metadata>',
  ],
  'gradle-catalog': ['app/gradle/libs.versions.toml', '[libraries]\nguava = "com.google.guava:guava:30.1.1-jre"\n'],
  'sbt-lock': ['app/build.sbt.lock', '{"lockVersion":1,"dependencies":[{"org":"g","name":"a","version":"1"}]}'],
  pom: [
    'app/pom.xml',
    '<project><groupId>g</groupId><artifactId>app</artifactId><version>1</version><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>2</version></dependency></dependencies></project>',
  ],
  'go-binary': ['usr/bin/tool', GO_PROGRAM],
  'go-mod': ['src/go.mod', 'module example.com/tool\n\ngo 1.22\n\nrequire golang.org/x/sys v0.1.0\n'],
};

/** There is no type of package URL for what they find. */
const WITHOUT_PURL: ReadonlySet<string> = new Set(['apple']);

/** A file of ELF magic with inline build information, as Go 1.18 and later write it. */
function goProgram(version: string, modules: string): Uint8Array {
  const varint = (value: number) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
  const framed = `${'0'.repeat(16)}${modules}${'1'.repeat(16)}`;
  const header = Buffer.concat([Buffer.from('\xff Go buildinf:', 'latin1'), Buffer.from([8, 2]), Buffer.alloc(16)]);
  const texts = [version, framed].map((text) => Buffer.concat([Buffer.from(varint(text.length)), Buffer.from(text)]));
  return Buffer.concat([Buffer.from('7f454c46', 'hex'), Buffer.alloc(64 * 1024), header, ...texts]);
}

const treeOf = (path: string, content: string | Uint8Array) =>
  createMemoryTree({ [path]: { content, mode: 0o755 } }, catalogSelector);

for (const cataloger of catalogers) {
  const [path, content] = GOOD[cataloger.id] ?? assert.fail(`no fixture for ${cataloger.id}`);

  test(`${cataloger.id}: an empty and a damaged file do not crash`, async () => {
    const bytes = Buffer.from(content);
    const damaged = [
      Buffer.alloc(0),
      bytes.subarray(0, bytes.length >> 1),
      Buffer.from([0xff, 0xfe, 0, 1, 2]),
      Buffer.from('{"packages":{"a":[1]}}'),
    ];
    for (const content of damaged) assert.ok(await catalogTree(treeOf(path, content), { declared: true }));
  });

  test(`${cataloger.id}: damage anywhere is skipped or read past, and nothing else`, async () => {
    const sound = Buffer.from(content);
    const damage = fc.array(fc.tuple(fc.nat(Math.min(sound.length, 2000) - 1), fc.nat(255)), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(sound.length), async (changes, length) => {
        const damaged = Buffer.from(sound);
        for (const [at, byte] of changes) damaged[at] = byte;
        assert.ok(await catalogTree(treeOf(path, damaged), { declared: true }));
        assert.ok(await catalogTree(treeOf(path, damaged.subarray(0, length)), { declared: true }));
      }),
      { numRuns: 200 },
    );
  });

  test(`${cataloger.id}: every component has a valid package URL, a location and its finder`, async () => {
    const found = await catalogTree(treeOf(path, content), { declared: true });
    if (cataloger.id !== 'os-release') assert.ok(found.components.length > 0);
    for (const component of found.components) {
      if (component.purl === undefined) assert.ok(component.kind === 'application' || WITHOUT_PURL.has(cataloger.id));
      else assert.equal(parsePurl(component.purl).version ?? '', component.version);
      assert.equal(path.startsWith(component.locations[0]?.path ?? '?'), true);
      assert.equal(component.foundBy, cataloger.id);
    }
    assert.deepEqual(await catalogTree(treeOf(path, content), { declared: true }), found);
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
  const [path, content] = GOOD[cataloger.id] ?? assert.fail(`no fixture for ${cataloger.id}`);
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
      { numRuns: 200 },
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
  const tree = treeOf(...(GOOD['npm-lock'] ?? assert.fail()));
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
