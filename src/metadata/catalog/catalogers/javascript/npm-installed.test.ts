import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';

test('packages that an installed package carries along count, its fixtures do not', async () => {
  const manifest = (name: string) => JSON.stringify({ name, version: '1.0.0' });
  const files = {
    'app/node_modules/compiler/package.json': manifest('compiler'),
    'app/node_modules/compiler/vendor/rpc/package.json': manifest('rpc'),
    'app/node_modules/compiler/vendor/rpc/lib/package.json': manifest('lib'),
    'app/node_modules/compiler/benchmark/package.json': manifest('benchmark'),
    'app/vendor/own/package.json': manifest('own'),
  };
  const { components } = await catalogTree(createMemoryTree(files, catalogSelector), { declared: false });
  assert.deepEqual(
    components.flatMap(({ purl }) => purl ?? []),
    ['pkg:npm/compiler@1.0.0', 'pkg:npm/rpc@1.0.0'],
  );
});

test('an application of an image is listed without a package URL, a marker below it and what a distribution owns is not', async () => {
  const manifest = (name: string, version?: string) => JSON.stringify({ name, version });
  const files = {
    'srv/app/package.json': manifest('app', '1.2.3'),
    'srv/app/dist/esm/package.json': manifest('app-esm', '1.0.0'),
    'srv/app/tools/package.json': manifest('tools', '2.0.0'),
    'srv/app/tools/node_modules/.package-lock.json': '{}',
    'srv/app/tools/node_modules/ms/package.json': manifest('ms', '2.1.3'),
    'srv/type/package.json': '{"type":"module"}',
    'srv/draft/package.json': manifest('draft'),
    'srv/wrong/package.json': manifest('not a name', '1.0.0'),
    'srv/damaged/package.json': '{',
    'usr/share/nodejs/semver/package.json': manifest('semver', '7.5.0'),
    'var/lib/dpkg/status': 'Package: node-semver\nStatus: install ok installed\nVersion: 7.5.0-1\nArchitecture: all\n',
    'var/lib/dpkg/info/node-semver.list': '/usr/share/nodejs/semver/package.json\n',
  };
  const list = async (declared: boolean) => {
    const { components, skipped } = await catalogTree(createMemoryTree(files, catalogSelector), { declared });
    return { found: components.map(({ kind, name, version, purl }) => [kind, name, version, purl]), skipped };
  };
  const { found, skipped } = await list(false);
  assert.deepEqual(found, [
    ['library', 'node-semver', '7.5.0-1', 'pkg:deb/debian/node-semver@7.5.0-1?arch=all'],
    ['library', 'ms', '2.1.3', 'pkg:npm/ms@2.1.3'],
    ['application', 'app', '1.2.3', undefined],
    ['application', 'tools', '2.0.0', undefined],
  ]);
  assert.deepEqual(
    skipped.map(({ path }) => path),
    ['srv/damaged/package.json'],
  );
  const declared = (await list(true)).found.filter(([, name]) => name === 'app');
  assert.deepEqual(declared, [['application', 'app', '1.2.3', undefined]]);
});

test('a package needs what is installed for it as a peer', async () => {
  const manifest = (name: string, more = {}) => JSON.stringify({ name, version: '1.0.0', ...more });
  const files = {
    'app/node_modules/react-dom/package.json': manifest('react-dom', {
      peerDependencies: { react: '^1', absent: '1' },
    }),
    'app/node_modules/react/package.json': manifest('react'),
  };
  const { dependencies } = await catalogTree(createMemoryTree(files, catalogSelector), { declared: false });
  assert.deepEqual(
    dependencies.filter(({ to }) => to.length > 0),
    [{ from: 'pkg:npm/react-dom@1.0.0', to: ['pkg:npm/react@1.0.0'] }],
  );
});

test('an application of an image needs the modules that it names, as Node finds them, through links too', async () => {
  const manifest = (name: string, version: string, more = {}) => JSON.stringify({ name, version, ...more });
  const store = 'srv/app/node_modules/.pnpm';
  const files = {
    'srv/app/package.json': manifest('app', '1.0.0', {
      dependencies: { express: '^4', '@own/shared': '1', '../express': '1', absent: '1' },
      devDependencies: { typescript: '5', broken: '1' },
      peerDependencies: { ms: '2' },
    }),
    'srv/app/node_modules/express': { link: '.pnpm/express@4/node_modules/express' },
    [`${store}/express@4/node_modules/express/package.json`]: manifest('express', '4.0.0', {
      dependencies: { ms: '2' },
    }),
    [`${store}/express@4/node_modules/ms`]: { link: '../../ms@2/node_modules/ms' },
    [`${store}/ms@2/node_modules/ms/package.json`]: manifest('ms', '2.0.0'),
    'srv/node_modules/ms/package.json': manifest('ms', '1.0.0'),
    'srv/app/node_modules/@own/shared': { link: '../../packages/shared' },
    'srv/app/packages/shared/package.json': manifest('@own/shared', '3.0.0', { dependencies: { ms: '*' } }),
    'srv/app/packages/shared/node_modules/.package-lock.json': '{}',
    'srv/app/node_modules/typescript/package.json': manifest('typescript', '5.0.0'),
    'srv/app/node_modules/broken/package.json': '{',
  };
  const catalog = await catalogTree(createMemoryTree(files, catalogSelector), { declared: false });
  const edges = catalog.dependencies.flatMap(({ from, to }) => (to.length === 0 ? [] : [[from, [...to].sort()]]));
  assert.deepEqual(Object.fromEntries(edges), {
    'pkg:npm/express@4.0.0': ['pkg:npm/ms@2.0.0'],
    'npm-project:app@1.0.0': [
      'npm-project:@own/shared@3.0.0',
      'pkg:npm/express@4.0.0',
      'pkg:npm/ms@1.0.0',
      'pkg:npm/typescript@5.0.0',
    ],
    'npm-project:@own/shared@3.0.0': ['pkg:npm/ms@1.0.0'],
  });
  assert.equal(catalog.skipped.filter(({ path }) => path.endsWith('broken/package.json')).length, 1);
});
