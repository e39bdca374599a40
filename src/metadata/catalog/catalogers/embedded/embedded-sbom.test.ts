import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';

const SITE = 'usr/lib/python3/site-packages';

/** Of a package with an SBOM among its files that is about `root`, which needs something within it. */
async function find(root: object) {
  const files = {
    [`${SITE}/pip-26.3.dist-info/METADATA`]: 'Name: pip\nVersion: 26.3\n',
    [`${SITE}/pip-26.3.dist-info/RECORD`]: 'pip/_vendor/bom.cdx.json,,\n',
    [`${SITE}/pip/_vendor/bom.cdx.json`]: JSON.stringify({
      bomFormat: 'CycloneDX',
      specVersion: '1.4',
      metadata: { component: { 'bom-ref': 'root', type: 'library', name: 'pip' } },
      components: [
        { 'bom-ref': 'root', type: 'library', ...root },
        { 'bom-ref': 'six', type: 'library', name: 'six', version: '1', purl: 'pkg:pypi/six@1' },
      ],
      dependencies: [{ ref: 'root', dependsOn: ['six'] }],
    }),
  };
  const { components, dependencies } = await catalogTree(createMemoryTree(files, catalogSelector), { declared: false });
  return { ids: components.map(({ id }) => id), needs: dependencies.filter(({ to }) => to.length > 0) };
}

test('what an SBOM among the files of a package is about is that package, where it is called so', async () => {
  for (const root of [
    { name: 'Pip' },
    { name: 'pip', version: '26.3' },
    { name: 'pip', version: '26.3', purl: 'pkg:pypi/pip@26.3?file_name=pip-26.3-py3-none-any.whl' },
  ])
    assert.deepEqual(await find(root), {
      ids: ['pkg:pypi/pip@26.3', 'pkg:pypi/six@1'],
      needs: [{ from: 'pkg:pypi/pip@26.3', to: ['pkg:pypi/six@1'] }],
    });
});

test('what an SBOM among the files of a package is about stays what it is where that is something else', async () => {
  for (const [root, id] of [
    [{ name: 'other' }, 'embedded-sbom:other@'],
    [{ name: 'pip', version: '1' }, 'embedded-sbom:pip@1'],
    [{ name: 'pip', version: '26.3', purl: 'pkg:cargo/pip@26.3' }, 'pkg:cargo/pip@26.3'],
  ] as const)
    assert.deepEqual(await find(root), {
      ids: ['pkg:pypi/pip@26.3', id, 'pkg:pypi/six@1'],
      needs: [{ from: id, to: ['pkg:pypi/six@1'] }],
    });
});
