import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../core/index.ts';
import { createLayeredTree, createMemoryTree } from '../../core/testing.ts';
import type { MemoryFiles } from '../../core/testing.ts';
import { catalogLayers, catalogSelector, catalogTree } from './index.ts';

async function find(files: MemoryFiles) {
  return await catalogTree(createMemoryTree(files, catalogSelector), { declared: true });
}

const MANIFEST = (needs: string) => `{"name":"app","version":"1.0.0","dependencies":{${needs}}}`;

test('projects of one name and version in several folders are several, each with its own needs', async () => {
  const { components, dependencies } = await find({
    'b/package.json': MANIFEST('"ms":"2.0.0"'),
    'a/package.json': MANIFEST('"ms":"2.1.3"'),
    'a/go.mod': 'module example.com/app\n',
    'c/go.mod': 'module example.com/app\n',
  });
  const projects = components.filter(({ purl }) => purl === undefined);
  assert.deepEqual(
    projects.map(({ id, locations }) => [id, locations.map(({ path }) => path)]),
    [
      ['npm-manifest:app@1.0.0', ['a/package.json']],
      ['npm-manifest:app@1.0.0#b', ['b/package.json']],
      ['go-mod:example.com/app@', ['a/go.mod']],
      ['go-mod:example.com/app@#c', ['c/go.mod']],
    ],
  );
  assert.deepEqual(dependencies, [
    { from: 'npm-manifest:app@1.0.0', to: ['pkg:npm/ms@2.1.3'] },
    { from: 'npm-manifest:app@1.0.0#b', to: ['pkg:npm/ms@2.0.0'] },
  ]);
});

test('a project that several lock files name by its folder is one', async () => {
  const folder = '[package.source]\ntype = "directory"\nurl';
  const lib = (url: string) => `[[package]]\nname = "lib"\nversion = "1"\n${folder} = "${url}"\n`;
  const { components } = await find({
    'one/poetry.lock': lib('../libs/lib'),
    'two/poetry.lock': lib('../libs/lib'),
    'libs/lib/poetry.lock': '',
    'libs/lib/pyproject.toml': '[project]\nname = "lib"\nversion = "1"\n',
    'other/lib/poetry.lock': '',
    'other/lib/pyproject.toml': '[project]\nname = "lib"\nversion = "1"\n',
  });
  assert.deepEqual(
    components.map(({ id, locations }) => [id, locations.map(({ path }) => path)]),
    [
      ['poetry-lock:lib@1', ['libs/lib/poetry.lock', 'one/poetry.lock', 'two/poetry.lock']],
      ['poetry-lock:lib@1#other/lib', ['other/lib/poetry.lock']],
    ],
  );
});

test('a workspace is one project, by the lock file and by what npm keeps of what it installed', async () => {
  const packages = {
    'packages/lib': { name: 'lib', version: '1.0.0' },
    'node_modules/lib': { resolved: 'packages/lib', link: true },
  };
  const lock = JSON.stringify({ lockfileVersion: 3, packages });
  const { components } = await find({
    'x/package-lock.json': lock,
    'x/node_modules/.package-lock.json': lock,
    'y/package-lock.json': lock,
  });
  assert.deepEqual(
    components.map(({ id }) => id),
    ['npm-lock:lib@1.0.0', 'npm-lock:lib@1.0.0#y/packages/lib'],
  );
});

test('each lock file tells the folders of its projects', async () => {
  const { components } = await find(
    Object.fromEntries(
      ['a', 'b'].flatMap((at) => [
        [`${at}/yarn/package.json`, '{"name":"yarn-root","version":"1.0.0","workspaces":["libs/*"]}'],
        [`${at}/yarn/libs/one/package.json`, '{"name":"yarn-one","version":"1.0.0"}'],
        [`${at}/yarn/yarn.lock`, '# yarn lockfile v1\n'],
        [`${at}/berry/package.json`, '{"name":"berry-root","version":"1.0.0"}'],
        [
          `${at}/berry/yarn.lock`,
          '__metadata:\n  version: 8\n\n"berry-root@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "berry-root@workspace:."\n  linkType: soft\n',
        ],
        [`${at}/pnpm/libs/two/package.json`, '{"name":"pnpm-two","version":"1.0.0"}'],
        [`${at}/pnpm/pnpm-lock.yaml`, "lockfileVersion: '9.0'\nimporters:\n  libs/two: {}\n"],
        [`${at}/bun/bun.lock`, '{"lockfileVersion":1,"workspaces":{"libs/x":{"name":"bun-x","version":"1.0.0"}}}'],
        [`${at}/uv/uv.lock`, '[[package]]\nname = "uv-app"\nversion = "1"\nsource = { editable = "libs/app" }\n'],
        [`${at}/pdm/pdm.lock`, '[[package]]\nname = "pdm-lib"\nversion = "1"\npath = "./libs/lib"\n'],
        [
          `${at}/pom/pom.xml`,
          '<project><groupId>g</groupId><artifactId>app</artifactId><version>1</version></project>',
        ],
      ]),
    ),
  );
  const ids = components.map(({ id }) => id);
  assert.deepEqual(
    ids.filter((id) => id.includes('#')),
    [
      'yarn-lock:berry-root@1.0.0#b/berry',
      'yarn-lock:yarn-root@1.0.0#b/yarn',
      'yarn-lock:yarn-one@1.0.0#b/yarn/libs/one',
      'pnpm-lock:pnpm-two@1.0.0#b/pnpm/libs/two',
      'bun-lock:bun-x@1.0.0#b/bun/libs/x',
      'pdm-lock:pdm-lib@1#b/pdm/libs/lib',
      'uv-lock:uv-app@1#b/uv/libs/app',
      'pom:g:app@1#b/pom',
    ],
  );
});

test('of applications of one name in an image, it is the one that a layer took away which is gone', async () => {
  const manifest = MANIFEST('');
  const layers = [{ 'srv/a/package.json': manifest, 'srv/b/package.json': manifest }, { 'srv/a/package.json': null }];
  const states = [
    {
      tree: createLayeredTree(layers.slice(0, 1), catalogSelector),
      changedBy: { index: 1, digest: digestOf('b'), diffId: digestOf('b') },
    },
    { tree: createLayeredTree(layers, catalogSelector) },
  ] as const;
  const { components } = await catalogLayers(states, { declared: false });
  assert.deepEqual(
    components.map(({ id, locations, deletedBy }) => [id, locations.map(({ path }) => path), deletedBy?.index]),
    [
      ['npm-project:app@1.0.0#srv/b', ['srv/b/package.json'], undefined],
      ['npm-project:app@1.0.0', ['srv/a/package.json'], 1],
    ],
  );
});
