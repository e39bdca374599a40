import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import type { MemoryFiles } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';

async function find(files: MemoryFiles) {
  const catalog = await catalogTree(createMemoryTree(files, catalogSelector), { declared: true });
  const names = new Map(catalog.components.map(({ id, name }) => [id, name]));
  return {
    ...catalog,
    scopes: Object.fromEntries(
      catalog.components.map(({ name, purl, scope }) => [name, purl === undefined ? 'project' : scope]),
    ),
    edges: Object.fromEntries(
      catalog.dependencies
        .filter(({ to }) => to.length > 0)
        .map(({ from, to }) => [names.get(from), to.map((id) => names.get(id))]),
    ),
  };
}

const SITE = 'usr/lib/python3/site-packages';

test('an installed package has its licence, author, needs, files and origin', async () => {
  const { components, edges } = await find({
    [`${SITE}/Flask_App.dist-info/METADATA`]:
      'Metadata-Version: 2.4\nName: Flask_App\nVersion: 1.0\nLicense: see file\nLicense-Expression: MIT OR\n  Apache-2.0\nAuthor: A\nRequires-Dist: six>=1\nRequires-Dist: pytest; extra == "test"\n\nName: other\n',
    [`${SITE}/Flask_App.dist-info/RECORD`]: '"flask_app/a,b.py",sha256=x,1\n../../../bin/flask,,\n',
    [`${SITE}/Flask_App.dist-info/direct_url.json`]:
      '{"url":"https://host/x.git","vcs_info":{"vcs":"git","commit_id":"abc"}}',
    [`${SITE}/six.egg-info/PKG-INFO`]:
      'Name: six\nVersion: 1.16.0\nClassifier: License :: OSI Approved :: MIT License\n',
    [`${SITE}/pytest.dist-info/METADATA`]: 'Name: pytest\nVersion: 8.0\n',
    'usr/bin/flask/node_modules/inner/package.json': '{"name":"inner","version":"1.0.0"}',
    [`${SITE}/flask_app/a,b.py`]: 'pass',
  });
  const flask = components.find(({ name }) => name === 'Flask_App');
  assert.equal(flask?.purl, 'pkg:pypi/flask-app@1.0?vcs_url=git%2Bhttps:%2F%2Fhost%2Fx.git%40abc');
  assert.deepEqual(
    [flask.licences, flask.supplier, flask.evidence],
    [['MIT OR Apache-2.0'], 'A', 'installed-metadata'],
  );
  assert.deepEqual(components.find(({ name }) => name === 'six')?.licences, ['MIT']);
  assert.deepEqual(edges, { Flask_App: ['six'] });
});

test('what was installed from a folder is of no index, unless Conda built it there', async () => {
  const from = (name: string, direct: string, installer: string) => ({
    [`${SITE}/${name}.dist-info/METADATA`]: `Name: ${name}\nVersion: 1\nRequires-Dist: six\n`,
    [`${SITE}/${name}.dist-info/direct_url.json`]: `{"url":"file:///src/${name}",${direct}}`,
    [`${SITE}/${name}.dist-info/INSTALLER`]: installer,
  });
  const { components, edges } = await find({
    ...from('own', '"dir_info":{}', 'pip\n'),
    ...from('edited', '"dir_info":{"editable":true}', 'uv'),
    ...from('wheel', '"archive_info":{}', 'pip\n'),
    ...from('distributed', '"dir_info":{}', 'conda\n'),
    [`${SITE}/six.dist-info/METADATA`]: 'Name: six\nVersion: 1\n',
  });
  assert.deepEqual(Object.fromEntries(components.map(({ name, kind, id }) => [name, [kind, id]])), {
    own: ['application', 'python-installed:own@1'],
    edited: ['application', 'python-installed:edited@1'],
    wheel: ['library', 'pkg:pypi/wheel@1'],
    distributed: ['library', 'pkg:pypi/distributed@1'],
    six: ['library', 'pkg:pypi/six@1'],
  });
  assert.deepEqual(edges.own, ['six']);
});

test('an installed package needs what its extras do that another asks for, each in its own folder of packages', async () => {
  const site = (place: string, packages: Readonly<Record<string, readonly string[]>>) =>
    Object.entries(packages).map(([name, needs]) => [
      `${place}/${name}.dist-info/METADATA`,
      `Name: ${name}\nVersion: ${place.length}\n${needs.map((need) => `Requires-Dist: ${need}\n`).join('')}`,
    ]);
  const { dependencies } = await catalogTree(
    createMemoryTree(
      Object.fromEntries([
        ...site('a/site-packages', {
          app: ['Requests[Use_Socks, other] (>=2)', "far; python_version >= '3'"],
          requests: [
            'urllib3',
            'pysocks; extra == "use-socks"',
            'chardet; extra == "chardet"',
            'idna[all]; "other" == extra',
          ],
          urllib3: [],
          pysocks: [],
          chardet: [],
          idna: ["codec; extra == 'all' and python_version > '3'"],
          codec: [],
        }),
        ...site('longer/site-packages', { urllib3: [], chardet: [], far: ['urllib3', 'codec', 'absent'] }),
        ...site('third/site-packages', { other: ['chardet'] }),
      ]),
      catalogSelector,
    ),
    { declared: false },
  );
  const edges = dependencies.filter(({ to }) => to.length > 0).map(({ from, to }) => [from, [...to].sort()]);
  assert.deepEqual(Object.fromEntries(edges), {
    'pkg:pypi/app@15': ['pkg:pypi/far@20', 'pkg:pypi/requests@15'],
    'pkg:pypi/requests@15': ['pkg:pypi/idna@15', 'pkg:pypi/pysocks@15', 'pkg:pypi/urllib3@15'],
    'pkg:pypi/idna@15': ['pkg:pypi/codec@15'],
    'pkg:pypi/far@20': ['pkg:pypi/codec@15', 'pkg:pypi/urllib3@20'],
  });
});

test('what lies among the files of a package is marked as its property, of an OS package before others', async () => {
  const record = (name: string) => ({
    [`${SITE}/${name}.dist-info/METADATA`]: `Name: ${name}\nVersion: 1\n`,
    [`${SITE}/${name}.dist-info/RECORD`]: `${name}/node_modules/js-${name}/package.json,,\n${name}.dist-info/METADATA,,\n`,
    [`${SITE}/${name}/node_modules/js-${name}/package.json`]: `{"name":"js-${name}","version":"1.0.0"}`,
  });
  const { components } = await find({
    ...record('one'),
    ...record('two'),
    'etc/os-release': 'ID=debian\n',
    'var/lib/dpkg/status': 'Package: python3-two\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n',
    'var/lib/dpkg/info/python3-two.list': `/${SITE}/two.dist-info/METADATA\n/${SITE}/two/node_modules/js-two/package.json\n`,
  });
  const owners = Object.fromEntries(components.map(({ name, ownedBy }) => [name, ownedBy]));
  const debian = 'pkg:deb/debian/python3-two@1?arch=all';
  assert.deepEqual(owners, {
    'python3-two': undefined,
    one: undefined,
    two: debian,
    'js-one': 'pkg:pypi/one@1',
    'js-two': debian,
  });
});

test('uv.lock: the project says what is for extras and for development', async () => {
  const entry = (name: string, more = '') => `[[package]]\nname = "${name}"\nversion = "1"\n${more}\n`;
  const lock = [
    entry(
      'app',
      'source = { virtual = "." }\ndependencies = [{ name = "A.a" }]\n[package.optional-dependencies]\nx = [{ name = "o" }]\n[package.dev-dependencies]\ndev = [{ name = "d" }]',
    ),
    entry('a-a', 'dependencies = [{ name = "b" }]'),
    entry('b'),
    entry('d', 'dependencies = [{ name = "b" }, { name = "e" }]'),
    entry('e'),
    entry('o'),
  ].join('');
  const { scopes, edges } = await find({ 'uv.lock': lock });
  assert.deepEqual(scopes, {
    app: 'project',
    'a-a': 'runtime',
    b: 'runtime',
    d: 'development',
    e: 'development',
    o: 'optional',
  });
  assert.deepEqual(edges, { app: ['a-a', 'o', 'd'], 'a-a': ['b'], d: ['b', 'e'] });
});

test('uv.lock: extras that a package asks for are needed as it is', async () => {
  const entry = (name: string, more = '') => `[[package]]\nname = "${name}"\nversion = "1"\n${more}\n`;
  const lock = [
    entry('app', 'source = { virtual = "." }\ndependencies = [{ name = "uvicorn", extra = ["standard"] }]'),
    entry('uvicorn', '[package.optional-dependencies]\nstandard = [{ name = "uvloop" }]\nother = [{ name = "rare" }]'),
    entry('uvloop'),
    entry('rare'),
  ].join('');
  const { scopes, edges } = await find({ 'uv.lock': lock });
  assert.deepEqual(scopes, { app: 'project', uvicorn: 'runtime', uvloop: 'runtime', rare: 'optional' });
  assert.deepEqual(edges, { app: ['uvicorn'], uvicorn: ['uvloop', 'rare'] });
});

test('uv.lock says what members of a workspace need; their own files name no other project', async () => {
  const entry = (name: string, folder: string, needs = '') =>
    `[[package]]\nname = "${name}"\nversion = "1"\nsource = { editable = "${folder}" }\n${needs}\n`;
  const project = (name: string) => `[project]\nname = "${name}"\nversion = "1"\n`;
  const { components, edges } = await find({
    'x/uv.lock': `${entry('app', '.', 'dependencies = [{ name = "member" }]')}${entry('member', 'libs/member')}`,
    'x/pyproject.toml': project('app'),
    'x/libs/member/pyproject.toml': project('member'),
    'x/other/pyproject.toml': project('other'),
  });
  assert.deepEqual(
    components.map(({ id }) => id),
    ['uv-lock:app@1', 'uv-lock:member@1', 'pyproject:other@1'],
  );
  assert.deepEqual(edges, { app: ['member'] });
});

test('a folder that a lock file names is of the tree, and no package of the index', async () => {
  const { components } = await find({
    'a/poetry.lock':
      '[[package]]\nname = "one"\nversion = "1"\ngroups = ["main"]\n[package.source]\ntype = "directory"\nurl = "../one"\n',
    'b/pdm.lock':
      '[[package]]\nname = "two"\nversion = "1"\npath = "../two"\n[[package]]\nname = "three"\nversion = "1"\npath = "./three-1.whl"\n',
  });
  const found = components.map(({ name, kind, purl }) => [name, kind, purl]);
  assert.deepEqual(found, [
    ['one', 'application', undefined],
    ['two', 'application', undefined],
    ['three', 'library', 'pkg:pypi/three@1'],
  ]);
});

test('a folder that a lock file names is one project, by that and by its own pyproject.toml; what that pins stays', async () => {
  const { components } = await find({
    'a/poetry.lock':
      '[[package]]\nname = "lib"\nversion = "1"\n[package.source]\ntype = "directory"\nurl = "../libs/a"\n',
    'b/pdm.lock': '[[package]]\nname = "lib-b"\nversion = "1"\npath = "../libs/b"\n',
    'c/pylock.toml': '[[packages]]\nname = "lib-c"\nversion = "1"\ndirectory = { path = "../libs/c" }\n',
    'libs/a/pyproject.toml':
      '[project]\nname = "lib"\nversion = "1"\n[dependency-groups]\ndev = ["pytest==8.0", "ruff"]\n',
    'libs/b/pyproject.toml': '[project]\nname = "lib-b"\nversion = "1"\n',
    'libs/c/pyproject.toml': '[project]\nname = "lib-c"\nversion = "1"\n',
    'libs/d/pyproject.toml': '[project]\nname = "lib-d"\nversion = "1"\n',
  });
  assert.deepEqual(
    components.map(({ id, scope }) => [id, scope]),
    [
      ['poetry-lock:lib@1', 'runtime'],
      ['pdm-lock:lib-b@1', 'runtime'],
      ['pylock:lib-c@1', 'runtime'],
      ['pkg:pypi/pytest@8.0', 'development'],
      ['pyproject:lib-d@1', 'runtime'],
    ],
  );
});

const COMMIT = 'c668d37fcbfa44daedfbf5edbfd8fcab36a41f59';

test('a commit is a pin, by name or after #egg=; other addresses are said to be left out', async () => {
  const { components, skipped } = await find({
    'requirements.txt': [
      `one @ git+https://host/one.git@${COMMIT}`,
      `-e git+https://me:secret@host/two.git@${COMMIT}#egg=two`,
      'three @ git+https://host/three.git@main',
      'git+https://me:secret@host/four.git',
      '-e .',
      './wheels/five-1-py3-none-any.whl',
      '--index-url https://host/simple',
    ].join('\n'),
  });
  const url = (name: string) => `vcs_url=git%2Bhttps:%2F%2Fhost%2F${name}.git%40${COMMIT}`;
  assert.deepEqual(
    components.map(({ purl }) => purl),
    [`pkg:pypi/one?${url('one')}`, `pkg:pypi/two?${url('two')}`],
  );
  assert.deepEqual(
    skipped.map(({ reason }) => reason.split(': expected')[0]),
    [
      'git+https://host/four.git',
      '-e .',
      './wheels/five-1-py3-none-any.whl',
      'three @ git+https://host/three.git@main',
    ],
  );
});

test('Pipfile.lock: other groups than the usual ones are for whoever asks for them', async () => {
  const { components } = await find({
    'Pipfile.lock': JSON.stringify({
      _meta: {},
      default: { both: { version: '==1' } },
      develop: { d: { version: '==1' }, both: { version: '==1' } },
      docs: { m: { version: '==1' } },
      constructor: { c: { version: '==1' } },
    }),
  });
  assert.deepEqual(Object.fromEntries(components.map(({ purl, scope }) => [purl, scope])), {
    'pkg:pypi/both@1': 'runtime',
    'pkg:pypi/c@1': 'optional',
    'pkg:pypi/d@1': 'development',
    'pkg:pypi/m@1': 'optional',
  });
});

test('poetry.lock without groups: pyproject.toml says what is for development', async () => {
  const entry = (name: string) => `[[package]]\nname = "${name}"\nversion = "1"\noptional = false\n`;
  const { scopes } = await find({
    'poetry.lock': `${entry('a')}[package.dependencies]\nb = "*"\n${entry('b')}${entry('d')}`,
    'pyproject.toml':
      '[tool.poetry]\nname = "app"\n[tool.poetry.dependencies]\npython = "^3"\na = "^1"\n[tool.poetry.group.dev.dependencies]\nd = "*"\n',
  });
  assert.deepEqual(scopes, { app: 'project', a: 'runtime', b: 'runtime', d: 'development' });
});

test('requirements: includes are followed, constraints pin what is open, circles end, what is not at hand is said', async () => {
  const { components, skipped } = await find({
    'requirements.txt':
      'a==1 # why\nb\nc>=1\n-r more/requirements-more.txt\n-c constraints.txt\n-r https://me:secret@host/x.txt\nd @ https://token@host/x.whl?key=secret\n',
    'more/requirements-more.txt': '-r ../requirements.txt\ne===2 ; python_version < "3"\n',
    'constraints.txt': 'b==3\nc==9\nunwanted==1\n',
    'requirements-dev.txt': 'f==1\n',
  });
  const reasons = [
    'requirements.txt includes "https://host/x.txt": expected it among requirements files, found none',
    'c >=1: expected one version, as after ==, found none',
    'd @ https://host/x.whl?key=… expected one version, as after ==, found none',
  ];
  const said = ['more/requirements-more.txt', 'requirements.txt'].flatMap((path) =>
    reasons.map((reason) => ({ path, reason })),
  );
  assert.deepEqual(skipped, said);
  assert.deepEqual(
    components.map(({ purl, scope, locations }) => [
      purl,
      scope,
      locations.map(({ path, lines }) => `${path}:${lines?.[0] ?? ''}`),
    ]),
    [
      ['pkg:pypi/a@1', 'runtime', ['more/requirements-more.txt:', 'requirements.txt:1']],
      ['pkg:pypi/b@3', 'runtime', ['more/requirements-more.txt:', 'requirements.txt:2']],
      ['pkg:pypi/e@2', 'runtime', ['more/requirements-more.txt:2', 'requirements.txt:']],
      ['pkg:pypi/f@1', 'development', ['requirements-dev.txt:1']],
    ],
  );
});

test('uv: a repository is told by its address and commit, without a password or what was asked of it', async () => {
  const source = 'source = { git = "https://me:secret@host/rich?tag=v13#0123456789abcdef0123456789abcdef01234567" }';
  const { components } = await find({
    'uv.lock': `version = 1\n[[package]]\nname = "app"\nsource = { virtual = "." }\n[[package]]\nname = "rich"\nversion = "13.0.0"\n${source}\n`,
  });
  assert.deepEqual(
    components.flatMap(({ purl }) => purl ?? []),
    ['pkg:pypi/rich@13.0.0?vcs_url=git%2Bhttps:%2F%2Fhost%2Frich%400123456789abcdef0123456789abcdef01234567'],
  );
});
