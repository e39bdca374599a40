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

test('go.work: modules that it uses need each other as they lie there, in no version of a registry', async () => {
  const files = {
    'x/go.work': 'go 1.22\nuse (\n\t./app // ours\n\t"./lib"\n)\nuse ./gone\nreplace g.test/a => g.test/b v1.0.0\n',
    'x/app/go.mod':
      'module example.com/app\ngo 1.22\nrequire (\n\texample.com/lib v0.1.0\n\tg.test/a v1.6.0\n)\nreplace g.test/a v1.6.0 => g.test/c v1.5.0\n',
    'x/app/go.sum': 'example.com/lib v0.1.0 h1:x=\n',
    'x/lib/go.mod': 'module example.com/lib\ngo 1.16\n',
    'x/lib/go.sum': 'example.com/app v0.2.0 h1:x=\n',
    'other/go.mod': 'module example.com/other\nrequire example.com/lib v0.2.0\n',
  };
  const catalog = await catalogTree(createMemoryTree(files, catalogSelector), { declared: true });
  assert.deepEqual(catalog.skipped, []);
  assert.deepEqual(catalog.components.map(({ id }) => id).sort(), [
    'go-mod:example.com/app@',
    'go-mod:example.com/lib@',
    'go-mod:example.com/other@',
    'pkg:golang/example.com/lib@v0.2.0',
    'pkg:golang/g.test/b@v1.0.0',
    'pkg:golang/stdlib@1.16',
    'pkg:golang/stdlib@1.22',
  ]);
  assert.deepEqual(Object.fromEntries(catalog.dependencies.map(({ from, to }) => [from, to])), {
    'go-mod:example.com/app@': ['pkg:golang/g.test/b@v1.0.0', 'pkg:golang/stdlib@1.22', 'go-mod:example.com/lib@'],
    'go-mod:example.com/lib@': ['pkg:golang/stdlib@1.16'],
    'go-mod:example.com/other@': ['pkg:golang/example.com/lib@v0.2.0'],
  });
});

test('a damaged go.work is said to be skipped, and the modules stand alone', async () => {
  const files = { 'go.work': 'usage ./a\n', 'a/go.mod': 'module example.com/a\nrequire g.test/d v1.0.0\n' };
  const { components, skipped } = await catalogTree(createMemoryTree(files, catalogSelector), { declared: true });
  assert.deepEqual(skipped, [{ path: 'go.work', reason: 'go.work: unknown directive "usage"' }]);
  assert.equal(components.length, 2);
});
