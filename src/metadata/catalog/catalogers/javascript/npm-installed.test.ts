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
    components.map(({ purl }) => purl),
    ['pkg:npm/compiler@1.0.0', 'pkg:npm/rpc@1.0.0'],
  );
});
