import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';

const catalog = async (files: Readonly<Record<string, string>>) =>
  await catalogTree(createMemoryTree(files, catalogSelector), { declared: true });

test('packages of Julia that only a target of the project needs are for development', async () => {
  const found = await catalog({
    'Manifest.toml':
      'julia_version = "1.9.0"\nmanifest_format = "2.0"\n[[deps.A]]\ndeps = ["B"]\nuuid = "1"\nversion = "1.0"\n[[deps.B]]\nuuid = "2"\n[[deps.T]]\nuuid = "3"\nversion = "3.0"\n',
    'Project.toml': 'name = "App"\nversion = "0.1.0"\n[deps]\nA = "1"\n[extras]\nT = "3"\n[targets]\ntest = ["T"]\n',
  });
  assert.deepEqual(
    found.components.map(({ id, scope }) => [id, scope]),
    [
      ['pkg:julia/A@1.0?uuid=1', 'runtime'],
      ['pkg:julia/B@1.9.0?uuid=2', 'runtime'],
      ['pkg:julia/T@3.0?uuid=3', 'development'],
      ['julia-project:App@0.1.0', 'runtime'],
    ],
  );
  assert.deepEqual(found.dependencies, [{ from: 'pkg:julia/A@1.0?uuid=1', to: ['pkg:julia/B@1.9.0?uuid=2'] }]);
});

test('packages of Dart have who needs whom where the cache of pub lies in the tree', async () => {
  const entry = (name: string, rest: string) => `  ${name}:\n    version: "1.0.0"\n${rest}`;
  const hosted = (hash: string) =>
    `    dependency: transitive\n    source: hosted\n    description: {sha256: ${hash}}\n`;
  const git =
    '    dependency: "direct dev"\n    source: git\n    description: {url: "https://x.org/g", resolved-ref: abc}\n';
  const found = await catalog({
    'app/pubspec.lock': `packages:\n${entry('a', hosted('ab'.repeat(32)))}${entry('b', hosted('00'))}${entry('g', git)}`,
    'root/.pub-cache/hosted/pub.dev/a-1.0.0/pubspec.yaml': 'name: a\nversion: 1.0.0\ndependencies:\n  b: ^1.0.0\n',
  });
  assert.deepEqual(
    found.components.map(({ id, scope, hashes }) => [id, scope, hashes.length]),
    [
      ['pkg:pub/a@1.0.0', 'runtime', 1],
      ['pkg:pub/b@1.0.0', 'runtime', 0],
      ['pkg:pub/g@1.0.0?vcs_url=git%2Bhttps:%2F%2Fx.org%2Fg%40abc', 'development', 0],
    ],
  );
  assert.deepEqual(found.dependencies, [{ from: 'pkg:pub/a@1.0.0', to: ['pkg:pub/b@1.0.0'] }]);
});

test('distributions of CPAN need each other by the modules that they provide', async () => {
  const meta = (name: string, more: object) => JSON.stringify({ name, version: '1.0', license: ['perl_5'], ...more });
  const found = await catalog({
    'lib/perl5/.meta/App-1.0/MYMETA.json': meta('App', { prereqs: { runtime: { requires: { 'X::Inner': '0' } } } }),
    'lib/perl5/.meta/X-1.0/MYMETA.json': meta('X', { provides: { 'X::Inner': {} }, author: ['A. Uthor'] }),
    'app/META.yml': 'name: Left\nversion: 1.10\n',
    'app/META.json': meta('Right', { license: ['unknown'] }),
  });
  assert.deepEqual(
    found.components.map(({ id, licences }) => [id, licences[0]]),
    [
      ['pkg:cpan/App@1.0', 'Artistic-1.0-Perl OR GPL-1.0-or-later'],
      ['pkg:cpan/X@1.0', 'Artistic-1.0-Perl OR GPL-1.0-or-later'],
      ['pkg:cpan/Right@1.0', undefined],
    ],
  );
  assert.deepEqual(found.dependencies, [{ from: 'pkg:cpan/App@1.0', to: ['pkg:cpan/X@1.0'] }]);
});

test('R packages of one library need each other; what is not built is no installed package', async () => {
  const description = (name: string, more: string) => `Package: ${name}\nVersion: 1.0\n${more}`;
  const found = await catalog({
    'lib/a/DESCRIPTION': description('a', 'Imports: b (>= 1),\n    R\nLicense: GPL-2\nBuilt: R 4.3.0\n'),
    'lib/b/DESCRIPTION': description('b', 'Maintainer: B. Author\n    <b@x.org>\n'),
    'renv.lock': JSON.stringify({
      Packages: {
        c: { Version: '1.0', RemoteType: 'github', RemoteUsername: 'o', RemoteRepo: 'c', RemoteSha: 'abc' },
        d: { Version: '2.0', Repository: 'https://x.org/cran', Requirements: ['c'] },
      },
    }),
  });
  assert.deepEqual(
    found.components.map(({ id, evidence, supplier }) => [id, evidence, supplier]),
    [
      ['pkg:cran/a@1.0', 'installed-metadata', undefined],
      ['pkg:cran/b@1.0', 'manifest', 'B. Author <b@x.org>'],
      ['pkg:github/o/c@abc', 'lock', undefined],
      ['pkg:cran/d@2.0?repository_url=https:%2F%2Fx.org%2Fcran', 'lock', undefined],
    ],
  );
  assert.deepEqual(found.dependencies, [
    { from: 'pkg:cran/a@1.0', to: ['pkg:cran/b@1.0'] },
    { from: 'pkg:cran/d@2.0?repository_url=https:%2F%2Fx.org%2Fcran', to: ['pkg:github/o/c@abc'] },
  ]);
});

test('a rockspec is understood as far as it assigns literals, and never run', async () => {
  const text = `-- [[ no ]]
local name, other = "wrong", "x"
local n = 'tool' --[==[ ]] ]==]
package = n .. "-kit"
version = "1.0" .. "-" .. 2
description = { detailed = [[ version = "9" ]], license = "MIT", ["maintainer"] = "A" }
dependencies = { "lua >= 5.1", (n == "x") and "y" or nil, "lpeg" }
build = { modules = f({ version = "8" }) }
`;
  const folder = 'lib/luarocks/rocks-5.1';
  const found = await catalog({
    [`${folder}/tool-kit/1.0-2/tool-kit-1.0-2.rockspec`]: text,
    [`${folder}/lpeg/1-1/lpeg-1-1.rockspec`]: 'package = "lpeg"\nversion = "1-1"\n',
    'app.rockspec': 'package = "app"\nversion = os.getenv("V")\n',
    'bad.rockspec': `package = "bad${'\\"'.repeat(100_000)}`,
  });
  assert.deepEqual(
    found.components.map(({ id, licences }) => [id, licences[0]]),
    [
      ['pkg:luarocks/lpeg@1-1', undefined],
      ['pkg:luarocks/tool-kit@1.0-2', 'MIT'],
    ],
  );
  assert.deepEqual(found.dependencies, [{ from: 'pkg:luarocks/tool-kit@1.0-2', to: ['pkg:luarocks/lpeg@1-1'] }]);
  assert.deepEqual(
    found.skipped.map(({ path }) => path),
    ['app.rockspec', 'bad.rockspec'],
  );
});

test('packages of an opam switch are known by list and by description, and need each other', async () => {
  const folder = 'root/.opam/default/.opam-switch';
  const found = await catalog({
    [`${folder}/switch-state`]: 'opam-version: "2.0"\ninstalled: [\n  "a.1.0"\n  "b.2.0~rc1"\n]\n',
    [`${folder}/packages/a.1.0/opam`]:
      'opam-version: "2.0"\nlicense: ["MIT" "ISC"]\ndepends: [\n  "b" {>= "1" & with-test}\n]\n',
    'src/tool.opam': 'opam-version: "2.0"\nmaintainer: "M"\n',
  });
  assert.deepEqual(
    found.components.map(({ id, kind, licences }) => [id, kind, licences]),
    [
      ['pkg:opam/a@1.0', 'library', ['MIT', 'ISC']],
      ['pkg:opam/b@2.0~rc1', 'library', []],
      ['opam-package:tool@', 'application', []],
    ],
  );
});
