import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';

test('go.mod: the module itself is an application, and needs what it requires as it is replaced', async () => {
  const files = {
    'app/go.mod':
      'module example.com/shop/app // ours\ngo 1.22\nrequire (\n\tg.test/a v1.6.0\n\tg.test/b v0.9.1 // indirect\n)\nreplace g.test/a => g.test/c v1.5.0\n',
    'none/go.mod': 'require g.test/d v1.0.0\n',
  };
  const catalog = await catalogTree(createMemoryTree(files, catalogSelector), { declared: true });
  const found = catalog.components.find(({ kind }) => kind === 'application');
  assert.deepEqual([found?.name, found?.version, found?.purl], ['example.com/shop/app', '', undefined]);
  assert.deepEqual(catalog.dependencies, [
    { from: found?.id, to: ['pkg:golang/g.test/c@v1.5.0', 'pkg:golang/g.test/b@v0.9.1', 'pkg:golang/stdlib@1.22'] },
  ]);
  assert.equal(catalog.components.length, 5);
});
