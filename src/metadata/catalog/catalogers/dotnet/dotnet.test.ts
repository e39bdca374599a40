import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import { createDotnetBundle, createPe } from './testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';
import type { TreeCatalog } from '../../index.ts';

async function catalog(files: Readonly<Record<string, string | Uint8Array>>): Promise<TreeCatalog> {
  const entries = Object.entries(files).map(([path, content]) => [path, { content, mode: 0o755 }] as const);
  return await catalogTree(createMemoryTree(Object.fromEntries(entries), catalogSelector), { declared: true });
}

const ids = ({ components }: TreeCatalog) => components.map(({ id }) => id).toSorted();

const DEPS = JSON.stringify({
  runtimeTarget: { name: 'net8' },
  targets: {
    net8: {
      'App/1.0.0': { dependencies: { Meta: '2.0.0' }, runtime: { 'App.dll': {} } },
      'Meta/2.0.0': { dependencies: { Lib: '3.0.0' } },
      'Lib/3.0.0': { runtime: { 'lib/net8/Lib.dll': {} } },
    },
  },
  libraries: {
    'App/1.0.0': { type: 'project' },
    'Meta/2.0.0': { type: 'package' },
    'Lib/3.0.0': { type: 'package', sha512: `sha512-${Buffer.alloc(64, 1).toString('base64')}` },
  },
});

test('a package without files for running is not there, and what it needs is needed by who needs it', async () => {
  const found = await catalog({ 'app/App.deps.json': DEPS });
  assert.deepEqual(ids(found), ['dotnet-deps:App@1.0.0', 'pkg:nuget/Lib@3.0.0']);
  assert.deepEqual(found.dependencies, [{ from: 'dotnet-deps:App@1.0.0', to: ['pkg:nuget/Lib@3.0.0'] }]);
  assert.equal(found.components.find(({ name }) => name === 'Lib')?.hashes[0]?.value, '01'.repeat(64));
});

test('assemblies that a deps.json names, and the host of one, are not listed again', async () => {
  const library = createPe({ strings: { FileVersion: '3.0.0.0' }, assembly: { name: 'Lib', references: {} } });
  const host = createPe({ strings: { FileVersion: '1.0.0.0', OriginalFilename: 'App.dll' } });
  const found = await catalog({
    'app/App.deps.json': DEPS,
    'app/Lib.dll': library,
    'app/App.exe': host,
    'app/App.dll': host,
  });
  assert.deepEqual(ids(found), ['dotnet-deps:App@1.0.0', 'pkg:nuget/Lib@3.0.0']);
  assert.deepEqual(ids(await catalog({ 'app/Lib.dll': library })), ['pkg:nuget/Lib@3.0.0.0']);
});

test('an assembly has the version of the product, and what it refers to is listed where it does not lie anywhere', async () => {
  const strings = { FileVersion: '8.0.23.53103', ProductVersion: '8.0.0+2ae1b5b', CompanyName: 'Contoso' };
  const assembly = { name: 'Tool', references: { Lib: '3.0.0.0', 'System.Runtime': '9.0.0.0' } };
  const library = createPe({ strings: {}, assembly: { name: 'Lib', references: {} } });
  const found = await catalog({ 'bin/Tool.dll': createPe({ strings, assembly }), 'other/Lib.dll': library });
  assert.deepEqual(ids(found), [
    'pkg:generic/System.Runtime.dll@9.0.0.0',
    'pkg:nuget/Lib@1.2.3.4',
    'pkg:nuget/Tool@8.0.0',
  ]);
  assert.equal(found.components.find(({ name }) => name === 'Tool.dll')?.supplier, 'Contoso');
  assert.deepEqual(found.dependencies, [
    { from: 'pkg:nuget/Tool@8.0.0', to: ['pkg:generic/System.Runtime.dll@9.0.0.0'] },
  ]);
});

test('a program that says nothing of itself is passed over; what is called one and is none is told', async () => {
  const found = await catalog({ 'bin/launcher.exe': createPe({ strings: {} }), 'bin/broken.dll': 'MZ and no more' });
  assert.deepEqual(ids(found), []);
  assert.deepEqual(
    found.skipped.map(({ path }) => path),
    ['bin/broken.dll'],
  );
});

test('a program in a single file has the packages that its own deps.json names', async () => {
  for (const major of [1, 6] as const) {
    const found = await catalog({ 'usr/bin/app': createDotnetBundle(DEPS, major) });
    assert.deepEqual(ids(found), ['dotnet-bundle:App@1.0.0', 'pkg:nuget/Lib@3.0.0']);
  }
});

test('a project has the versions of the nearest Directory.Packages.props, with properties resolved', async () => {
  const found = await catalog({
    'src/app/app.csproj':
      '<Project><ItemGroup><PackageReference Include="Lib"/><PackageReference Include="Any" Version="[1,2)"/></ItemGroup></Project>',
    'src/Directory.Packages.props':
      '<Project><PropertyGroup><V>3.0.0</V></PropertyGroup><ItemGroup><PackageVersion Include="Lib"><Version>$(V)</Version></PackageVersion></ItemGroup></Project>',
  });
  assert.deepEqual(ids(found), ['pkg:nuget/Lib@3.0.0']);
  assert.equal(found.components[0]?.locations.length, 2);
  assert.match(found.skipped[0]?.reason ?? '', /expected a version of Any, found "\[1,2\)"/);
});

test('what all projects of a folder share is listed, and its properties are theirs unless they set them', async () => {
  const project = (...lines: readonly string[]) => `<Project>${lines.join('')}</Project>`;
  const reference = (name: string, version: string) =>
    `<ItemGroup><PackageReference Include="${name}" Version="${version}"/></ItemGroup>`;
  const properties = (text: string) => `<PropertyGroup>${text}</PropertyGroup>`;
  const found = await catalog({
    'Directory.Build.props': project(properties('<V>1.0.0</V><W>2.0.0</W>'), reference('Style', '$(V)')),
    'a/a.csproj': project(reference('A', '$(V)'), reference('B', '$(W)'), properties('<W>3.0.0</W>')),
    'b/Directory.Build.props': '<broken',
    'b/b.csproj': project(reference('C', '1.0.0')),
    'c/packages.config': '<packages><package id="Q" version="[1.8.2]"/><package id="R" version="1.*"/></packages>',
  });
  assert.deepEqual(
    ids(found).toSorted(),
    ['A@1.0.0', 'B@3.0.0', 'C@1.0.0', 'Q@1.8.2', 'Style@1.0.0'].map((id) => `pkg:nuget/${id}`),
  );
  assert.deepEqual(found.skipped.map(({ path }) => path).toSorted(), ['b/Directory.Build.props', 'c/packages.config']);
});

test('XML that declares entities is refused where it uses one', async () => {
  const bomb = '<!DOCTYPE a [<!ENTITY x "ha">]><packages><package id="&x;" version="1"/></packages>';
  const found = await catalog({ 'packages.config': bomb, 'deep/packages.config': '<a>'.repeat(10_000) });
  assert.equal(found.components.length, 0);
  assert.deepEqual(
    found.skipped.map(({ reason }) => /expected (no document type|at most)/.test(reason)),
    [true, true],
  );
});
