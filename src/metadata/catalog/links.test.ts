/** Where packages say that they are at home and their source code is kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../core/testing.ts';
import type { MemoryFiles } from '../../core/testing.ts';
import { ndbFile, rpmHeader } from './catalogers/os/rpm/testing.ts';
import { catalogSelector, catalogTree } from './index.ts';
import { createZip } from './testing.ts';

const SITE = 'usr/lib/python3/site-packages';
const COMMIT = 'a'.repeat(40);
const HOME = 'https://example.com/home';
const REPOSITORY = 'https://example.com/source';

async function catalog(files: MemoryFiles, declared = false) {
  return (await catalogTree(createMemoryTree(files, catalogSelector), { declared })).components;
}

const INSTALLED: MemoryFiles = {
  'var/lib/dpkg/status': `Package: deb\nStatus: install ok installed\nVersion: 1\nHomepage: ${HOME}\n`,
  'lib/apk/db/installed': `P:apk\nV:1\nU:${HOME}\nc:${COMMIT}\n\n`,
  'var/lib/pacman/local/alpm-1-1/desc': `%NAME%\nalpm\n\n%VERSION%\n1-1\n\n%URL%\n${HOME}\n`,
  'var/lib/rpm/Packages.db': ndbFile([rpmHeader({ 1000: 'rpm', 1001: '1', 1002: '1', 1020: HOME })]),
  'app/node_modules/npm-url/package.json': `{"name":"npm-url","version":"1.0.0","homepage":"${HOME}","repository":{"type":"git","url":"git+${REPOSITORY}"}}`,
  'app/node_modules/npm-short/package.json': '{"name":"npm-short","version":"1.0.0","repository":"gitlab:a/b"}',
  'app/node_modules/npm-short-too/package.json': '{"name":"npm-short-too","version":"1.0.0","repository":"a/b"}',
  [`${SITE}/pypi.dist-info/METADATA`]: `Name: pypi\nVersion: 1\nHome-page: ${HOME}\nProject-URL: Source Code, ${REPOSITORY}\n`,
  [`${SITE}/pypi-new.dist-info/METADATA`]: `Name: pypi-new\nVersion: 1\nProject-URL: Docs, https://x\nProject-URL: Homepage, ${HOME}\n`,
  [`${SITE}/pypi-git.dist-info/METADATA`]: 'Name: pypi-git\nVersion: 1\n',
  [`${SITE}/pypi-git.dist-info/direct_url.json`]: `{"url":"https://me:secret@example.com/source","vcs_info":{"vcs":"git","commit_id":"${COMMIT}"}}`,
  'app/vendor/composer/installed.json': `[{"name":"a/composer","version":"1","homepage":"${HOME}","source":{"type":"git","url":"${REPOSITORY}","reference":"${COMMIT}"}}]`,
  'usr/lib/ruby/3/specifications/gem-1.gemspec': `Gem::Specification.new do |s|\n  s.name = "gem"\n  s.version = "1"\n  s.homepage = "${HOME}".freeze\n  s.metadata = { "bug_tracker_uri" => "https://x", "source_code_uri" => "${REPOSITORY}" } if s.respond_to? :metadata=\nend\n`,
  'app/jar-1.jar': createZip({
    'META-INF/MANIFEST.MF': `Bundle-DocURL: ${HOME}\n`,
    'META-INF/maven/g/jar/pom.properties': 'groupId=g\nartifactId=jar\nversion=1\n',
    'META-INF/maven/g/jar/pom.xml': `<project><url>https://x</url><scm><connection>scm:git:x</connection><url>${REPOSITORY}</url></scm></project>`,
  }),
};

test('installed packages say where they are at home and where their source code is', async () => {
  const components = await catalog(INSTALLED);
  const links = components.map(({ name, homepage, sourceRepository }) => [name, [homepage, sourceRepository]]);
  assert.deepEqual(Object.fromEntries(links), {
    deb: [HOME, undefined],
    apk: [HOME, undefined],
    alpm: [HOME, undefined],
    rpm: [HOME, undefined],
    'npm-url': [HOME, REPOSITORY],
    'npm-short': [undefined, 'https://gitlab.com/a/b'],
    'npm-short-too': [undefined, 'https://github.com/a/b'],
    pypi: [HOME, REPOSITORY],
    'pypi-new': [HOME, undefined],
    'pypi-git': [undefined, REPOSITORY],
    'a/composer': [HOME, REPOSITORY],
    gem: [HOME, REPOSITORY],
    'g:jar': [HOME, REPOSITORY],
  });
  assert.doesNotMatch(JSON.stringify(components), /secret/);
});

test('what a lock file takes from a repository says which, without who may read it', async () => {
  const secret = 'https://token:secret@example.com/source';
  const components = await catalog(
    {
      'a/Cargo.lock': `[[package]]\nname = "crate"\nversion = "1.0.0"\nsource = "git+${secret}?branch=main#${COMMIT}"\n`,
      'a/Gemfile.lock': `GIT\n  remote: ${secret}\n  revision: ${COMMIT}\n  specs:\n    gem (1)\n`,
      'a/pylock.toml': `lock-version = "1.0"\n[[packages]]\nname = "py"\nversion = "1"\nvcs = { type = "hg", url = "${secret}", commit-id = "${COMMIT}" }\n`,
      'a/go.mod': 'module example.com/app\n\nrequire github.com/a/b/c/v2 v2.0.0\nrequire golang.org/x/net v0.1.0\n',
      'a/renv.lock':
        '{"Packages":{"r":{"Package":"r","Version":"1","Repository":"https://me:secret@cran.example.com"}}}',
      'a/.github/workflows/ci.yml': 'jobs:\n  test:\n    steps:\n      - uses: actions/cache/save@v4\n',
    },
    true,
  );
  const links = components.map(({ name, sourceRepository }) => [name, sourceRepository]);
  assert.deepEqual(Object.fromEntries(links), {
    crate: REPOSITORY,
    gem: REPOSITORY,
    py: REPOSITORY,
    r: undefined,
    'github.com/a/b/c/v2': 'https://github.com/a/b',
    'golang.org/x/net': undefined,
    'example.com/app': undefined,
    'actions/cache/save': 'https://github.com/actions/cache',
  });
  assert.doesNotMatch(JSON.stringify(components), /secret|token/);
  const crate = components.find(({ name }) => name === 'crate');
  assert.equal(crate?.properties['cargo:source'], `git+${REPOSITORY}?branch=main#${COMMIT}`);
  assert.match(components.find(({ name }) => name === 'py')?.purl ?? '', /vcs_url=hg%2Bhttps/);
  assert.equal(
    components.find(({ name }) => name === 'r')?.purl,
    'pkg:cran/r@1?repository_url=https:%2F%2Fcran.example.com',
  );
});

test('other places of packages, and what is said of those that are not read, are told without who may read them', async () => {
  const secret = 'https://me:secret@example.com';
  const meta = {
    name: 'conda',
    version: '1',
    channel: 'https://conda.anaconda.org/t/secret/main/linux-64',
    url: `${secret}/t/secret/main/linux-64/conda-1.conda`,
    subdir: 'linux-64',
    fn: 'conda-1.conda',
  };
  const files = {
    'conda-meta/conda-1.json': JSON.stringify(meta),
    'a/Manifest.toml': `manifest_format = "2.0"\n[[deps.Julia]]\nuuid = "u"\nversion = "1.0.0"\nrepo-url = "${secret}/a.git"\n`,
    'a/deno.lock': JSON.stringify({ version: '3', remote: { [`${secret}/x/deno@1.0.0/mod.ts`]: '' } }),
    'a/Package.resolved': JSON.stringify({
      version: 2,
      pins: [{ location: `${secret}/a/swift.git?token=secret`, state: { version: '1.0.0' } }],
    }),
    'a/stack.yaml': `extra-deps:\n- ${secret}/a.tgz\n`,
    'a/bun.lock': JSON.stringify({ lockfileVersion: 1, packages: { a: ['https://secret@example.com/a.tgz', {}] } }),
    'a/other.cdx.json': JSON.stringify({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      components: [
        { type: 'library', name: 'other', externalReferences: [{ type: 'website', url: `${secret}/page` }] },
      ],
    }),
  };
  const tree = createMemoryTree(files, catalogSelector);
  const found = await catalogTree(tree, { declared: true });
  assert.doesNotMatch(JSON.stringify(found), /secret/);
  assert.deepEqual(found.skipped.map(({ path }) => path).toSorted(), ['a/bun.lock', 'a/stack.yaml']);
  const component = (name: string) => found.components.find((one) => one.name === name);
  assert.match(component('conda')?.purl ?? '', /channel=https:%2F%2Fconda\.anaconda\.org%2Fmain&/);
  assert.equal(component('conda')?.properties['conda:url'], 'https://example.com/main/linux-64/conda-1.conda');
  assert.equal(component('Julia')?.properties['julia:repoUrl'], 'https://example.com/a.git');
  assert.equal(component('other')?.homepage, 'https://example.com/page');
  assert.equal(component('example.com/deno')?.version, '1.0.0');
  assert.equal(component('example.com/a/swift')?.version, '1.0.0');
});
