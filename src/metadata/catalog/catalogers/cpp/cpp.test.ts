import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';

const catalog = async (path: string, content: string) =>
  await catalogTree(createMemoryTree({ [path]: content }, catalogSelector), { declared: true });

test('what a Conan graph needs only for building is for development, and who needs whom is kept', async () => {
  const nodes = {
    0: { ref: 'app/1.0', path: 'conanfile.py', requires: ['1'], build_requires: ['3'] },
    1: { ref: 'png/1.6#abc', requires: ['2'] },
    2: { ref: 'zlib/1.3', build_requires: ['4'] },
    3: { ref: 'cmake/3.28', requires: ['2'] },
    4: { ref: 'ninja/1.11', context: 'build' },
  };
  const found = await catalog('conan.lock', JSON.stringify({ graph_lock: { nodes }, version: '0.4' }));
  assert.deepEqual(Object.fromEntries(found.components.map(({ name, scope }) => [name, scope])), {
    png: 'runtime',
    zlib: 'runtime',
    cmake: 'development',
    ninja: 'development',
  });
  assert.deepEqual(found.dependencies, [
    { from: 'pkg:conan/png@1.6', to: ['pkg:conan/zlib@1.3'] },
    { from: 'pkg:conan/cmake@3.28', to: ['pkg:conan/zlib@1.3'] },
  ]);
  assert.deepEqual(found.components[0]?.properties, { 'conan:rrev': 'abc' });
});

test('a range in conanfile.txt is no version, and is said to be passed over', async () => {
  const found = await catalog('conanfile.txt', '[requires]\nzlib/[>=1.2 <2]\nfmt/10.0.0\n');
  assert.deepEqual(
    found.components.map(({ id, locations }) => [id, locations[0]?.lines]),
    [['pkg:conan/fmt@10.0.0', [3, 3]]],
  );
  assert.match(found.skipped[0]?.reason ?? '', /expected name\/version, found "zlib\/\[>=1.2 <2\]"/);
});

test('ports that vcpkg installed have their triplet and port version, with the needs of their features', async () => {
  const paragraph = (fields: string) => `${fields}\nArchitecture: x64-linux\nStatus: install ok installed\n\n`;
  const found = await catalog(
    'vcpkg_installed/vcpkg/status',
    [
      'Package: curl\nVersion: 8.6.0\nPort-Version: 1\nDepends: zlib',
      'Package: curl\nFeature: ssl\nDepends: openssl',
      'Package: openssl\nVersion: 3.2.1',
      'Package: zlib\nVersion: 1.3.1\nPort-Version: 0',
    ]
      .map(paragraph)
      .join(''),
  );
  const curl = 'pkg:vcpkg/curl@8.6.0?port_version=1&triplet=x64-linux';
  assert.deepEqual(found.dependencies, [
    { from: curl, to: ['pkg:vcpkg/zlib@1.3.1?triplet=x64-linux', 'pkg:vcpkg/openssl@3.2.1?triplet=x64-linux'] },
  ]);
  assert.equal(found.components.length, 3);
});
