import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';

const catalog = async (files: Readonly<Record<string, string>>) =>
  await catalogTree(createMemoryTree(files, catalogSelector), { declared: true });

const HASH = 'ab'.repeat(32);

test('a gem for several platforms is there for each, and needed for each', async () => {
  const specs = ['app (1)', '  nokogiri', 'nokogiri (1.15.4-arm64-darwin)', 'nokogiri (1.15.4-x86_64-linux)'];
  const lock = `GEM\n  remote: https://rubygems.org/\n  specs:\n${specs.map((line) => `    ${line}\n`).join('')}`;
  const { components, dependencies } = await catalog({ 'Gemfile.lock': lock });
  const nokogiri = ['arm64-darwin', 'x86_64-linux'].map((platform) => `pkg:gem/nokogiri@1.15.4?platform=${platform}`);
  assert.deepEqual(
    components.map(({ id }) => id),
    ['pkg:gem/app@1', ...nokogiri],
  );
  assert.deepEqual(dependencies, [{ from: 'pkg:gem/app@1', to: nokogiri }]);
});

test('gems of a lock file have their platform, repository, hash, place and needs', async () => {
  const found = await catalog({
    'Gemfile.lock': `GIT
  remote: https://example.com/tool.git
  revision: 0123456789abcdef0123456789abcdef01234567
  specs:
    tool (1.0)
      nokogiri (~> 1.13)

PATH
  remote: .
  specs:
    app (0.1)
      tool

GEM
  remote: https://rubygems.org/
  specs:
    nokogiri (1.13.3-x86_64-linux)

CHECKSUMS
  nokogiri (1.13.3-x86_64-linux) sha256=${HASH}
`,
  });
  const tool =
    'pkg:gem/tool@1.0?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Ftool.git%400123456789abcdef0123456789abcdef01234567';
  const nokogiri = 'pkg:gem/nokogiri@1.13.3?platform=x86_64-linux';
  assert.deepEqual(
    found.components.map(({ id, kind, hashes, locations }) => [id, kind, hashes[0]?.value, locations[0]?.lines?.[0]]),
    [
      [tool, 'library', undefined, 5],
      ['gemfile-lock:app@0.1', 'application', undefined, 11],
      [nokogiri, 'library', HASH, 17],
    ],
  );
  assert.deepEqual(found.dependencies, [
    { from: tool, to: [nokogiri] },
    { from: 'gemfile-lock:app@0.1', to: [tool] },
  ]);
});

const specification = (name: string, more = '') =>
  `Gem::Specification.new do |s|\n  s.name = "${name}".freeze\n  s.version = Gem::Version.new("1.0")\n${more}end\n`;

test('installed gems need each other only within one place, but for those of Ruby itself, which are marked', async () => {
  const needs =
    '  s.licenses = ["MIT", "Ruby"]\n  s.platform = "java"\n  s.add_runtime_dependency(%q<b>.freeze, [">= 0"])\n';
  const found = await catalog({
    'usr/lib/ruby/3/specifications/a-1.0.gemspec': specification('a', needs),
    'usr/lib/ruby/3/specifications/default/b-1.0.gemspec': specification('b'),
    'home/x/specifications/c-1.0.gemspec': specification('c', '  s.add_dependency "b"\n  s.add_dependency "a"\n'),
  });
  assert.deepEqual(found.dependencies, [
    { from: 'pkg:gem/c@1.0', to: ['pkg:gem/b@1.0'] },
    { from: 'pkg:gem/a@1.0?platform=java', to: ['pkg:gem/b@1.0'] },
  ]);
  const [, a, b] = found.components;
  assert.deepEqual([a?.licences, b?.properties], [['MIT', 'Ruby'], { 'gem:default': 'true' }]);
});

test("the version of a project's gem is looked up where its specification loads it from", async () => {
  const text =
    'require "tool/version"\nGem::Specification.new do |s|\n  s.name = "tool"\n  s.version = Tool::VERSION\nend\n';
  const found = await catalog({
    'tool.gemspec': text,
    'lib/tool/version.rb': 'module Tool\n  VERSION = "2.1.0"\nend\n',
  });
  assert.deepEqual(
    found.components.map(({ id }) => id),
    ['pkg:gem/tool@2.1.0'],
  );
  const expanded = text.replace('"tool/version"', 'File.expand_path("../lib/tool/version", __FILE__)');
  const other = await catalog({ 'x/tool.gemspec': expanded, 'x/lib/tool/version.rb': "VERSION = '2.2.0'.freeze\n" });
  assert.deepEqual(
    other.components.map(({ id }) => id),
    ['pkg:gem/tool@2.2.0'],
  );
  const without = await catalog({ 'tool.gemspec': text });
  assert.deepEqual([without.components.length, without.skipped.length], [0, 1]);
});
