import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';
import { createGoProgram } from '../../testing.ts';

test('modules that a folder replaces, or that were built where they lie, have no version', async () => {
  const modules = [
    'path\texample.com/tool',
    'mod\texample.com/tool\tv1.2.0\t',
    'dep\texample.com/here\t(devel)\t',
    'dep\texample.com/folder\tv0.0.0',
    '=>\t./folder\t(devel)\t',
    'dep\texample.com/fork\tv1.0.0',
    '=>\texample.com/other\tv1.0.1\th1:abc=',
    '',
  ].join('\n');
  const files = { 'usr/bin/tool': { content: createGoProgram('go1.22.4', modules), mode: 0o755 } };
  const { components } = await catalogTree(createMemoryTree(files, catalogSelector), { declared: false });
  assert.deepEqual(
    components.map(({ purl }) => purl),
    [
      'pkg:golang/example.com/tool@v1.2.0',
      'pkg:golang/example.com/here',
      'pkg:golang/example.com/folder',
      'pkg:golang/example.com/other@v1.0.1',
      'pkg:golang/stdlib@1.22.4',
    ],
  );
});
