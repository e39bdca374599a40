import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFixture } from './paths.ts';

test('a file in the tests of a package is an example, whatever packages are called', () => {
  for (const path of [
    'app/node_modules/resolve/test/x/package.json',
    'node_modules/@scope/resolve/lib/fixtures/x/package.json',
    'node_modules/test/tests/x/package.json',
    'node_modules/a/node_modules/b/__tests__/package.json',
    'usr/lib/python3.11/test/x.egg-info',
    'lib/python3/dist-packages/setuptools/tests/x.egg-info',
    'gems/rake-13.0/spec/fixtures/x.gemspec',
  ])
    assert.equal(isFixture(path), true, path);
  for (const path of [
    'app/test/node_modules/a/package.json',
    'node_modules/test/package.json',
    'node_modules/@scope/test/package.json',
    'node_modules/a/node_modules/spec/package.json',
    'node_modules/a/node_modules/@b/fixtures/package.json',
    'node_modules/a/test',
    'site-packages/test/package.json',
    'usr/lib/python/test/x.egg-info',
    'gems/rake/spec/x.gemspec',
    'fixtures/package.json',
  ])
    assert.equal(isFixture(path), false, path);
});

test('a long path takes time that grows with its length', () => {
  const start = process.cpuUsage();
  for (const part of ['node_modules/a/', 'gems/a-1/', 'gems/-', 'node_modules/', 'node_modules/@a/test/', '-1'])
    for (let round = 0; round < 10; round++) assert.equal(isFixture(`${part.repeat(40_000)}x`), false, part);
  const { user } = process.cpuUsage(start);
  assert.ok(user < 4_000_000, `${user / 1e6} s`);
});
