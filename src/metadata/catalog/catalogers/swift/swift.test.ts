import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';

const catalog = async (path: string, content: string) =>
  await catalogTree(createMemoryTree({ [path]: content }, catalogSelector), { declared: true });

test('Swift packages are named by their repository, however its address is written', async () => {
  const pins = [
    { location: 'git@example.com:org/deep/tool.git', state: { version: '1.0.0', revision: 'aa' } },
    { location: 'ssh://git@example.com:22/org/other', state: { revision: 'bb' } },
    { location: '../local', state: {} },
  ];
  const found = await catalog('Package.resolved', JSON.stringify({ pins, version: 3 }));
  assert.deepEqual(
    found.components.map(({ id }) => id),
    [
      'pkg:swift/example.com/org/deep/tool@1.0.0',
      'pkg:swift/example.com/org/other?vcs_url=git%2Bssh:%2F%2Fgit%40example.com:22%2Forg%2Fother%40bb',
    ],
  );
  assert.equal(found.skipped.length, 1);
});

test('pods have who needs whom, their commit where they are from a repository, and none where they lie in a folder', async () => {
  const found = await catalog(
    'Podfile.lock',
    'PODS:\n  - A/Core (1.0):\n    - B (~> 2)\n  - B (2.0)\n  - C (3.0)\nEXTERNAL SOURCES:\n  C:\n    :path: ../C\nCHECKOUT OPTIONS:\n  B:\n    :commit: ff\n    :git: https://x.org/b\n',
  );
  const b = 'pkg:cocoapods/B@2.0?vcs_url=git%2Bhttps:%2F%2Fx.org%2Fb%40ff';
  assert.deepEqual(
    found.components.map(({ id, kind }) => [id, kind]),
    [
      ['pkg:cocoapods/A@1.0#Core', 'library'],
      [b, 'library'],
      ['podfile-lock:C@3.0', 'application'],
    ],
  );
  assert.deepEqual(found.dependencies, [{ from: 'pkg:cocoapods/A@1.0#Core', to: [b] }]);
});
