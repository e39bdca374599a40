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

test('of replacements in go.mod the one of that version counts, wherever it stands', async () => {
  const mod = [
    'module a\ngo 1.20\nrequire (\n  x.org/b v1.0.0\n  x.org/c v1.0.0\n)',
    'replace x.org/b => x.org/any v2.0.0\nreplace x.org/b v1.0.0 => x.org/one v3.0.0\nreplace x.org/c => ../c\n',
  ].join('\n');
  const { components } = await catalogTree(createMemoryTree({ 'go.mod': mod }, catalogSelector), { declared: true });
  assert.deepEqual(
    components.flatMap(({ purl }) => purl ?? []),
    ['pkg:golang/x.org/one@v3.0.0', 'pkg:golang/x.org/c', 'pkg:golang/stdlib@1.20'],
  );
});
