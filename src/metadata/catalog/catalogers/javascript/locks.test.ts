import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import type { MemoryFiles } from '../../../../core/testing.ts';
import { findRoots } from '../../../sbom/index.ts';
import { catalogSelector, catalogTree } from '../../index.ts';

/** Scopes by name, and who needs whom by name. */
async function graphOf(files: MemoryFiles) {
  const { components, dependencies, skipped } = await catalogTree(createMemoryTree(files, catalogSelector), {
    declared: true,
  });
  assert.deepEqual(skipped, []);
  const names = new Map(components.map(({ id, name }) => [id, name]));
  return {
    scopes: Object.fromEntries(
      components.map(({ name, scope, purl }) => [name, purl === undefined ? 'project' : scope]),
    ),
    edges: Object.fromEntries(dependencies.map(({ from, to }) => [names.get(from), to.map((id) => names.get(id))])),
    roots: findRoots({ components, dependencies }).map((id) => names.get(id)),
    components,
  };
}

const PROJECT =
  '{"name":"app","version":"1.0.0","workspaces":["libs/*"],"dependencies":{"a":"^1"},"devDependencies":{"d":"^1"}}';
const LIBRARY = '{"name":"lib","version":"0.1.0","dependencies":{"a":"^1"},"optionalDependencies":{"o":"^1"}}';
const WANTED = {
  scopes: {
    a: 'runtime',
    b: 'runtime',
    d: 'development',
    e: 'development',
    o: 'optional',
    app: 'project',
    lib: 'project',
  },
  edges: { a: ['b'], d: ['b', 'e'], app: ['a', 'd'], lib: ['a', 'o'] },
  roots: ['app', 'lib'],
};

test('yarn.lock of version 1: what is for development follows from the package.json of project and workspaces', async () => {
  const entry = (name: string, needs = '') => `${name}@^1:\n  version "1.0.0"\n${needs}\n`;
  const lock = [
    entry('a', '  dependencies:\n    b "^1"'),
    entry('b'),
    entry('d', '  dependencies:\n    b "^1"\n    e "^1"'),
    entry('e'),
    entry('o'),
  ].join('\n');
  const files = { 'yarn.lock': lock, 'package.json': PROJECT, 'libs/lib/package.json': LIBRARY };
  const { components: _, ...found } = await graphOf(files);
  assert.deepEqual(found, WANTED);
});

test('yarn.lock of Berry: workspaces are in the lock file, the kinds of their needs in their package.json', async () => {
  const entry = (name: string, needs = '') =>
    `"${name}@npm:^1":\n  version: 1.0.0\n  resolution: "${name}@npm:1.0.0"\n${needs}  linkType: hard\n\n`;
  const workspace = (name: string, folder: string, needs: string) =>
    `"${name}@workspace:${folder}":\n  version: 0.0.0-use.local\n  resolution: "${name}@workspace:${folder}"\n${needs}  linkType: soft\n\n`;
  const lock = [
    '__metadata:\n  version: 6\n\n',
    entry('a', '  dependencies:\n    b: ^1\n'),
    entry('b'),
    entry('d', '  dependencies:\n    b: "npm:^1"\n    e: ^1\n'),
    entry('e'),
    entry('o'),
    entry('a', '')
      .replace('a@npm:^1"', 'a@patch:a@npm%3A^1#./a.patch"')
      .replace('a@npm:1.0.0', 'a@patch:a@npm%3A1.0.0#./a.patch'),
    workspace('app', '.', '  dependencies:\n    a: "patch:a@npm%3A^1#./a.patch"\n    d: ^1\n'),
    workspace(
      'lib',
      'libs/lib',
      '  dependencies:\n    a: ^1\n    o: ^1\n  dependenciesMeta:\n    o:\n      optional: true\n',
    ),
  ].join('');
  const files = { 'yarn.lock': lock, 'package.json': PROJECT, 'libs/lib/package.json': LIBRARY };
  const { components, ...found } = await graphOf(files);
  assert.deepEqual(found, WANTED);
  assert.equal(components.find(({ name }) => name === 'lib')?.version, '0.1.0');
});

test('yarn.lock of Berry: what is patched is for what its patch, or yarn itself, is needed for', async () => {
  const entry = (key: string, name: string) =>
    `"${key}":\n  version: 1.0.0\n  resolution: "${name}@npm:1.0.0"\n  linkType: hard\n\n`;
  const lock = [
    '__metadata:\n  version: 8\n\n',
    entry('typescript@npm:^5', 'typescript'),
    entry('typescript@patch:typescript@npm%3A^5#optional!builtin<compat/typescript>', 'typescript'),
    entry('lint@npm:^1', 'lint'),
    entry('lint@patch:lint@npm%3A^1#./lint.patch', 'lint'),
    '"app@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "app@workspace:."\n  linkType: soft\n',
    '  dependencies:\n    typescript: "npm:^5"\n    lint: "patch:lint@npm%3A^1#./lint.patch"\n',
  ].join('');
  const project = '{"name":"app","devDependencies":{"typescript":"^5","lint":"patch:lint@npm%3A^1#./lint.patch"}}';
  const { scopes } = await graphOf({ 'yarn.lock': lock, 'package.json': project });
  assert.deepEqual(scopes, { typescript: 'development', lint: 'development', app: 'project' });
});

test('yarn.lock of Berry: resolutions and bindings say which entry stands for what a package asks for', async () => {
  const entry = (key: string, version: string, needs = '') =>
    `"${key}":\n  version: ${version}\n  resolution: "${key.replace(/:.*/, '')}:${version}"\n${needs}  linkType: hard\n\n`;
  const lock = [
    '__metadata:\n  version: 8\n\n',
    entry('e@npm:^8', '8.0.0', '  dependencies:\n    m: "npm:^3.1.2"\n    debug: "npm:^4.3.2"\n    ms: "npm:^2.1.0"\n'),
    entry('m@npm:3.1.2', '3.1.2'),
    entry('debug@npm:4.4.0', '4.4.0'),
    entry('debug@npm:^4.3.1', '4.4.3'),
    entry('ms@npm:2.0.0', '2.0.0'),
    entry('p@npm:^7', '7.0.0'),
    entry('p@patch:p@npm%3A^7#./p.patch::locator=app%40workspace%3A.', '7.0.0'),
    '"app@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "app@workspace:."\n  dependencies:\n' +
      '    debug: "npm:^4.3.1"\n    e: "npm:^8"\n    p: "patch:p@npm%3A^7#./p.patch"\n  linkType: soft\n',
  ].join('');
  const manifest = {
    name: 'app',
    version: '1.0.0',
    dependencies: { p: 'patch:p@npm%3A^7#./p.patch' },
    devDependencies: { e: '^8', debug: '^4.3.1' },
    resolutions: { '**/m': '3.1.2', 'debug@npm:^4.3.2': '4.4.0', 'e/ms': 'npm:2.0.0' },
  };
  const { components } = await graphOf({ 'yarn.lock': lock, 'package.json': JSON.stringify(manifest) });
  assert.deepEqual(Object.fromEntries(components.map(({ name, version, scope }) => [`${name}@${version}`, scope])), {
    'app@1.0.0': 'runtime',
    'p@7.0.0': 'runtime',
    'debug@4.4.0': 'development',
    'debug@4.4.3': 'development',
    'e@8.0.0': 'development',
    'm@3.1.2': 'development',
    'ms@2.0.0': 'development',
  });
});

test('yarn.lock of version 1: a pattern of resolutions that nobody asks for does not make an entry needed for running', async () => {
  const lock = 'd@^1:\n  version "1.0.0"\n  dependencies:\n    m "^3.1"\n\nm@3.1.2, m@^3.1:\n  version "3.1.2"\n';
  const manifest = '{"name":"app","devDependencies":{"d":"^1"},"resolutions":{"m":"3.1.2"}}';
  const { scopes } = await graphOf({ 'yarn.lock': lock, 'package.json': manifest });
  assert.deepEqual(scopes, { app: 'project', d: 'development', m: 'development' });
});

test('bun.lock: the version of the project is in its manifest; a peer that may be absent is no need', async () => {
  const lock = {
    lockfileVersion: 1,
    workspaces: { '': { name: 'app', dependencies: { debug: '4', color: '1' } } },
    packages: {
      debug: ['debug@4.0.0', '', { peerDependencies: { color: '*', host: '*' }, optionalPeers: ['color'] }, 'sha512-'],
      color: ['color@1.0.0', '', {}, 'sha512-'],
      host: ['host@1.0.0', '', {}, 'sha512-'],
    },
  };
  const { components, edges } = await graphOf({
    'bun.lock': JSON.stringify(lock),
    'package.json': '{"name":"app","version":"1.2.3"}',
  });
  assert.equal(components.find(({ name }) => name === 'app')?.version, '1.2.3');
  assert.deepEqual(edges, { debug: ['host'], app: ['debug', 'color'] });
});

test('package-lock.json: what is installed for a peer is needed, what is optional to what runs stays', async () => {
  const packages = {
    '': { name: 'app', dependencies: { a: '1' } },
    'node_modules/a': { version: '1.0.0', peerDependencies: { p: '1', absent: '1' } },
    'node_modules/p': { version: '1.0.0', peer: true },
    'node_modules/o': { version: '1.0.0', devOptional: true },
  };
  const { scopes, edges } = await graphOf({ 'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }) });
  assert.deepEqual(scopes, { app: 'project', a: 'runtime', p: 'runtime', o: 'optional' });
  assert.deepEqual(edges, { app: ['a'], a: ['p'] });
});

test('a hash that is cut short is left out', async () => {
  const package_ = (integrity: string) => ({ version: '1.0.0', integrity });
  const whole = Buffer.alloc(64).toString('base64');
  const packages = { 'node_modules/a': package_('sha512-AAAA'), 'node_modules/b': package_(`sha512-${whole}`) };
  const { components } = await graphOf({ 'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }) });
  assert.deepEqual(
    components.map(({ hashes }) => hashes),
    [[], [{ algorithm: 'sha512', value: '00'.repeat(64) }]],
  );
});

test('pnpm-lock.yaml of version 9: importers say what is for development, snapshots who needs whom', async () => {
  const lock = `lockfileVersion: '9.0'
importers:
  .:
    dependencies: {a: {specifier: ^1, version: 1.0.0(b@1.0.0)}}
    devDependencies: {d: {specifier: ^1, version: 1.0.0}}
  libs/lib:
    dependencies: {a: {specifier: ^1, version: 1.0.0(b@1.0.0)}}
    optionalDependencies: {o: {specifier: ^1, version: 1.0.0}}
packages:
  a@1.0.0: {resolution: {integrity: sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=}}
  b@1.0.0: {}
  d@1.0.0: {}
  e@1.0.0: {}
  o@1.0.0: {}
snapshots:
  a@1.0.0(b@1.0.0): {dependencies: {b: 1.0.0}}
  b@1.0.0: {}
  d@1.0.0: {dependencies: {b: 1.0.0, e: 1.0.0}}
  e@1.0.0: {optional: true}
  o@1.0.0: {}
`;
  const files = { 'pnpm-lock.yaml': lock, 'package.json': PROJECT, 'libs/lib/package.json': LIBRARY };
  const { components, ...found } = await graphOf(files);
  assert.deepEqual(found, WANTED);
  assert.deepEqual(components.find(({ name }) => name === 'a')?.hashes, [{ algorithm: 'sha1', value: '0'.repeat(40) }]);
});

test('bun.lock: nesting in keys, workspaces by their folders', async () => {
  const lock = {
    lockfileVersion: 1,
    workspaces: { '': JSON.parse(PROJECT) as object, 'libs/lib': JSON.parse(LIBRARY) as object },
    packages: {
      a: ['a@1.0.0', '', { dependencies: { b: '^1' } }, ''],
      b: ['b@2.0.0', '', {}, ''],
      'a/b': ['b@1.0.0', '', {}, ''],
      d: ['d@1.0.0', '', { dependencies: { b: '^2', e: '^1' } }, ''],
      e: ['e@1.0.0', '', {}, ''],
      o: ['o@1.0.0', '', {}, ''],
    },
  };
  const { components, roots } = await graphOf({ 'bun.lock': JSON.stringify(lock) });
  const scopes = components.map(({ id, scope }) => [id, scope]);
  assert.deepEqual(roots, ['app', 'lib']);
  assert.deepEqual(scopes.slice(0, 4), [
    ['pkg:npm/a@1.0.0', 'runtime'],
    ['pkg:npm/b@2.0.0', 'development'],
    ['pkg:npm/b@1.0.0', 'runtime'],
    ['pkg:npm/d@1.0.0', 'development'],
  ]);
});

test('package.json counts by its exact versions, and only where no lock file is', async () => {
  const manifest =
    '{"name":"app","version":"1.0.0","dependencies":{"a":"1.0.0","b":"^1"},"devDependencies":{"d":"=2.0.0"}}';
  const { scopes } = await graphOf({ 'x/package.json': manifest });
  assert.deepEqual(scopes, { a: 'runtime', d: 'development', app: 'project' });
  const locked = await graphOf({ 'x/package.json': manifest, 'yarn.lock': '# yarn lockfile v1\n' });
  assert.deepEqual(locked.scopes, {});
});

test('YAML that grows without bounds is refused', async () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 12; level++)
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  const tree = createMemoryTree({ 'pnpm-lock.yaml': lines.join('\n') }, catalogSelector);
  const { skipped } = await catalogTree(tree, { declared: true });
  assert.match(skipped[0]?.reason ?? '', /pnpm-lock\.yaml: expected YAML, Excessive alias count/);
});

test('an address without what only its owner may know', async () => {
  const resolved = 'git+https://token@host/a.git?key=secret';
  const lock = JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0', resolved } } });
  const tree = createMemoryTree({ 'package-lock.json': lock }, catalogSelector);
  const { components } = await catalogTree(tree, { declared: true });
  assert.deepEqual(components[0]?.properties, { 'npm:resolved': 'git+https://host/a.git' });
});

test('what is from no registry has no package URL of one: files have none, repositories and archives say where they are', async () => {
  const git = 'git+ssh://git@github.com/a/git.git';
  const v3 = (packages: object) =>
    JSON.stringify({ lockfileVersion: 3, packages: { '': { name: 'app' }, ...packages } });
  const v1 = (dependencies: object) => JSON.stringify({ lockfileVersion: 1, dependencies });
  const locks: Readonly<Record<string, string>> = {
    'package-lock.json': v3({
      'node_modules/file': { version: '1.0.0', resolved: 'file:vendor/file-1.0.0.tgz', dev: true },
      'node_modules/git': { version: '1.0.0', resolved: `${git}#abc` },
      'node_modules/url': { version: '1.0.0', resolved: 'https://me:secret@example.com/url.tgz?token=secret' },
      'node_modules/alias': {
        name: 'real',
        version: '1.0.0',
        resolved: 'https://me:secret@npm.example.com/real/-/real-1.0.0.tgz',
      },
      'node_modules/linked': { resolved: 'lib', link: true },
      lib: { name: 'lib', version: '1.0.0' },
    }),
    'npm-shrinkwrap.json': v1({
      file: { version: 'file:vendor/file-1.0.0.tgz', dev: true },
      git: { version: `${git}#abc`, from: 'a/git' },
      url: { version: 'https://example.com/url.tgz' },
      alias: { version: 'npm:real@1.0.0', resolved: 'https://npm.example.com/real/-/real-1.0.0.tgz' },
    }),
    'yarn.lock':
      '"file@file:vendor/file-1.0.0.tgz":\n  version "1.0.0"\n  resolved "file:vendor/file-1.0.0.tgz#aa"\n' +
      `git@a/git:\n  version "1.0.0"\n  resolved "${git}#abc"\n` +
      'url@https://example.com/url.tgz:\n  version "1.0.0"\n  resolved "https://example.com/url.tgz#aa"\n' +
      '"alias@npm:real@1":\n  version "1.0.0"\n  resolved "real-1.0.0.tgz#aa"\n',
    'pnpm-lock.yaml': `lockfileVersion: '9.0'\npackages:\n  file@file:vendor/file-1.0.0.tgz: {version: 1.0.0, resolution: {integrity: sha512-aa, tarball: file:vendor/file-1.0.0.tgz}}\n  git@${git}#abc: {version: 1.0.0, resolution: {type: git, repo: '${git}', commit: abc}}\n  url@https://example.com/url.tgz: {version: 1.0.0, resolution: {tarball: 'https://example.com/url.tgz'}}\n  real@1.0.0: {resolution: {integrity: sha512-aa}}\n`,
    'bun.lock': JSON.stringify({
      lockfileVersion: 1,
      packages: {
        file: ['file@vendor/file-1.0.0.tgz', {}],
        git: ['git@github:a/git#abc', {}, 'abc'],
        url: ['url@https://example.com/url.tgz', {}],
        alias: ['real@1.0.0', '', {}, ''],
      },
    }),
  };
  const berry =
    '__metadata:\n  version: 8\n"file@file:vendor/file-1.0.0.tgz":\n  version: 1.0.0\n  resolution: "file@file:vendor/file-1.0.0.tgz#vendor/file-1.0.0.tgz::hash=1"\n' +
    '"git@a/git":\n  version: 1.0.0\n  resolution: "git@https://github.com/a/git.git#commit=abc"\n' +
    '"url@https://example.com/url.tgz":\n  version: 1.0.0\n  resolution: "url@https://example.com/url.tgz"\n' +
    '"alias@npm:real@1":\n  version: 1.0.0\n  resolution: "real@npm:1.0.0"\n';
  const cases = [...Object.entries(locks), ['yarn.lock', berry] as const];
  for (const [name, text] of cases) {
    const tree = createMemoryTree({ [name]: text }, catalogSelector);
    const { components, skipped } = await catalogTree(tree, { declared: true });
    assert.deepEqual(skipped, [], name);
    assert.doesNotMatch(JSON.stringify(components), /secret/);
    const find = (wanted: string) => components.find((one) => one.name === wanted) ?? assert.fail(`${name}: ${wanted}`);
    assert.deepEqual([find('file').kind, find('file').purl], ['library', undefined], name);
    if (name.endsWith('json')) assert.equal(find('file').scope, 'development', name);
    assert.match(
      find('git').purl ?? '',
      /^pkg:npm\/git(?:@1\.0\.0)?\?vcs_url=git%2B(?:ssh|https):.*a%2Fgit(?:\.git)?%40abc$/,
      name,
    );
    assert.match(find('git').sourceRepository ?? '', /github\.com\/a\/git/, name);
    assert.match(
      find('url').purl ?? '',
      /^pkg:npm\/url(?:@1\.0\.0)?\?download_url=https:%2F%2Fexample\.com%2Furl\.tgz$/,
      name,
    );
    assert.equal(find('real').purl, 'pkg:npm/real@1.0.0', name);
    assert.equal(components.find((one) => one.name === 'lib')?.purl, undefined);
  }
});

test('repositories are those that Yarn, pnpm and bun mean by their own spellings', async () => {
  const locks: Readonly<Record<string, readonly [text: string, repository: string]>> = {
    'yarn.lock': [
      'git@a/git:\n  version "1.0.0"\n  resolved "git+ssh://git@github.com:a/git#abc"\n',
      'ssh://git@github.com/a/git',
    ],
    'pnpm-lock.yaml': [
      "lockfileVersion: '9.0'\npackages:\n  git@1.0.0: {version: 1.0.0, resolution: {type: git, repo: 'git@github.com:a/git', commit: abc}}\n",
      'ssh://git@github.com/a/git',
    ],
    'bun.lock': [
      JSON.stringify({ lockfileVersion: 1, packages: { git: ['git@git+ssh://gitlab:a/git#abc', {}, 'abc'] } }),
      'https://gitlab.com/a/git',
    ],
  };
  for (const [name, [text, repository]] of Object.entries(locks)) {
    const { components } = await catalogTree(createMemoryTree({ [name]: text }, catalogSelector), { declared: true });
    const found = components.find((one) => one.name === 'git');
    assert.equal(found?.sourceRepository, repository, name);
    assert.match(found?.purl ?? '', /^pkg:npm\/git(?:@1\.0\.0)?\?vcs_url=git%2B.*%40abc$/, name);
  }
});
