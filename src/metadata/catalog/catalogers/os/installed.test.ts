/** What package managers tell about files, dependencies and licences, and where they keep it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { createMemoryTree } from '../../../../core/testing.ts';
import type { MemoryFiles } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';
import { WALL } from './testing.ts';

const catalog = async (files: MemoryFiles) =>
  await catalogTree(createMemoryTree(files, catalogSelector), { declared: false });
const edges = (found: Awaited<ReturnType<typeof catalog>>) => found.dependencies.filter(({ to }) => to.length > 0);
const NPM = { 'usr/lib/node_modules/npm/package.json': '{"name":"npm","version":"10.0.0"}' };
const ownerOfNpm = (found: Awaited<ReturnType<typeof catalog>>) =>
  found.components.find(({ name }) => name === 'npm')?.ownedBy;

const local = (name: string, fields: string) => ({
  [`var/lib/pacman/local/${name}-1-1/desc`]: `%NAME%\n${name}\n\n%VERSION%\n1-1\n\n${fields}`,
});

test('dpkg: the database is found where links lead, and no other one counts', async () => {
  const status = (name: string) => `Package: ${name}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n`;
  const files = {
    ...NPM,
    'usr/lib/sysimage/dpkg/status': status('npm-deb'),
    'usr/lib/sysimage/dpkg/info/npm-deb.list': '/usr/lib/node_modules/npm/package.json\n',
    'srv/chroot/var/lib/dpkg/status': status('other'),
  };
  const to = (name: string) => ({ [`var/lib/dpkg/${name}`]: { link: `../../../usr/lib/sysimage/dpkg/${name}` } });
  const found = await catalog({ ...files, ...to('status'), ...to('info/npm-deb.list') });
  assert.deepEqual(found.components.map(({ name }) => name).sort(), ['npm', 'npm-deb']);
  const [debian] = found.components.filter(({ name }) => name === 'npm-deb');
  assert.deepEqual(debian?.locations, [{ path: 'usr/lib/sysimage/dpkg/status' }]);
  assert.equal((await catalog(files)).components.length, 1);
});

test('pacman: dependencies are resolved through provided names, and files have owners', async () => {
  const found = await catalog({
    ...NPM,
    ...local('emacs', '%DEPENDS%\nlibtree-sitter.so=0-64\nglibc>=2.39\n'),
    ...local('tree-sitter', '%PROVIDES%\nlibtree-sitter.so=0-64\n\n%BASE%\ntree\n'),
    'var/lib/pacman/local/emacs-1-1/files': '%FILES%\nusr/\nusr/lib/node_modules/npm/package.json\n',
  });
  assert.deepEqual(edges(found), [{ from: 'pkg:alpm/arch/emacs@1-1', to: ['pkg:alpm/arch/tree-sitter@1-1'] }]);
  assert.equal(ownerOfNpm(found), 'pkg:alpm/arch/emacs@1-1');
  assert.deepEqual(found.components.find(({ name }) => name === 'tree-sitter')?.source, {
    name: 'tree',
    version: '1-1',
  });
});

test('Portage: groups of licences are spelt out, however they circle, and paths with spaces are owned', async () => {
  const folder = 'var/db/pkg/net-libs/nodejs-18.1_rc2-r1';
  const found = await catalog({
    'usr/lib/node_modules/n p m/package.json': NPM['usr/lib/node_modules/npm/package.json'],
    'etc/portage/license_groups': '# groups\nA MIT @B\nB ISC @A\n',
    [`${folder}/LICENSE`]: '@A Apache-2.0\n',
    [`${folder}/CONTENTS`]: 'obj /usr/lib/node_modules/n p m/package.json 0a 1\nsym /usr/bin/x -> y 1\n',
  });
  assert.deepEqual(found.components.find(({ name }) => name === 'net-libs/nodejs')?.licences, [
    'Apache-2.0 AND ISC AND MIT',
  ]);
  assert.equal(ownerOfNpm(found), 'pkg:ebuild/net-libs%2Fnodejs@18.1_rc2-r1');
});

test('chisel: files belong to the package of their slice', async () => {
  const wall = WALL.replace('/usr/bin/tool', '/usr/lib/node_modules/npm/package.json');
  const found = await catalog({ ...NPM, 'var/lib/chisel/manifest.wall': zstdCompressSync(wall) });
  assert.equal(ownerOfNpm(found), 'pkg:deb/ubuntu/base-files@13ubuntu10.2?arch=amd64');
});

test('Spack and Homebrew: dependencies are those that their documents name', async () => {
  const spack = await catalog({
    'opt/a/.spack/spec.json': JSON.stringify({
      spec: {
        nodes: [
          { name: 'a', version: '1', hash: 'x', dependencies: [{ name: 'b', hash: 'y' }] },
          { name: 'b', version: '2', hash: 'y' },
        ],
      },
    }),
  });
  assert.deepEqual(edges(spack), [{ from: 'pkg:spack/a@1', to: ['pkg:spack/b@2'] }]);
  const brew = await catalog({
    'opt/Cellar/a/1/INSTALL_RECEIPT.json': '{"runtime_dependencies":[{"full_name":"homebrew/core/b"}]}',
    'opt/Cellar/b/2/INSTALL_RECEIPT.json': '{}',
  });
  assert.deepEqual(edges(brew), [{ from: 'pkg:brew/a@1', to: ['pkg:brew/b@2'] }]);
});

test('Nix: an output is known by its derivation or by its usual name, and sources are no packages', async () => {
  const hash = 'h0cnbmfcn93xm5dg2x27ixhag1cwndga';
  const found = await catalog({
    [`nix/store/${hash}-openssl-3.0.1-dev/include/a.h`]: '',
    'nix/store/5av396z8xa13jg89g9jws145c0k26k2x-source/README': '',
    'nix/store/5av396z8xa13jg89g9jws145c0k26k2y-fix-1.2.patch': '',
  });
  assert.deepEqual(
    found.components.map(({ purl }) => purl),
    [`pkg:nix/openssl@3.0.1?output=dev&outputhash=${hash}`],
  );
});

test('Ubuntu: expanded maintenance is told where its client says so', async () => {
  const status = (state: string) => `{"services":[{"name":"esm-infra","status":"${state}"}]}`;
  const path = 'var/lib/ubuntu-advantage/status.json';
  const release = { 'etc/os-release': 'ID=ubuntu\nVERSION_ID=18.04\n' };
  assert.equal((await catalog({ ...release, [path]: status('enabled') })).distro?.isExtended, true);
  for (const text of [status('disabled'), '{', '[]']) {
    assert.deepEqual((await catalog({ ...release, [path]: text })).distro, { id: 'ubuntu', versionId: '18.04' });
  }
});
