import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../../../core/index.ts';
import { createMemoryTree } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';
import { parseSerialized } from './serialized.ts';

const catalog = async (path: string, content: string) =>
  await catalogTree(createMemoryTree({ [path]: content }, catalogSelector), { declared: true });

test('packages that replace others serve who needs these, and those of packages-dev are for development', async () => {
  const found = await catalog(
    'composer.lock',
    JSON.stringify({
      packages: [
        { name: 'a/app', version: '1.0', require: { php: '>=8', 'symfony/yaml': '^6' }, license: ['MIT'] },
        { name: 'symfony/symfony', version: 'v6.4.0', replace: { 'symfony/yaml': 'self.version' } },
      ],
      'packages-dev': [{ name: 'phpunit/phpunit', version: '10.0', dist: { shasum: 'ab'.repeat(20) } }],
    }),
  );
  assert.deepEqual(found.dependencies, [
    { from: 'pkg:composer/a/app@1.0', to: ['pkg:composer/symfony/symfony@v6.4.0'] },
  ]);
  assert.deepEqual(
    found.components.map(({ name, scope, hashes }) => [name, scope, hashes.length]),
    [
      ['a/app', 'runtime', 0],
      ['symfony/symfony', 'runtime', 0],
      ['phpunit/phpunit', 'development', 1],
    ],
  );
});

test('texts in a registry of PEAR are counted in bytes; objects, false lengths and endless nesting are refused', () => {
  const parse = (text: string) => parseSerialized(Buffer.from(text), 'x.reg');
  assert.deepEqual(
    parse('a:2:{s:3:"\u00e4b";i:7;i:0;a:1:{i:1;b:1;}}'),
    new Map<string, unknown>([
      ['\u00e4b', 7],
      ['0', new Map([['1', true]])],
    ]),
  );
  for (const text of [
    'O:1:"A":0:{}',
    's:9:"abc";',
    'a:9:{',
    'a:1:{a:0:{}i:1;}',
    'a:1:{i:0;'.repeat(100),
    's:3:"abc"',
    '',
  ]) {
    assert.throws(
      () => parse(text),
      (thrown: unknown) => thrown instanceof AppError && thrown.kind === 'invalid-input',
    );
  }
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const text = `a:1:{s:${Buffer.byteLength(a)}:"${a}";s:${Buffer.byteLength(b)}:"${b}";}`;
      const known = Buffer.from(`${a}${b}`).toString() === `${a}${b}`;
      if (known) assert.deepEqual(parse(text), new Map([[a, b]]));
    }),
  );
});

test('a WordPress plug-in is known by the header of its main file, and by nothing after the first 8 KiB', async () => {
  const header = '<?php\n/**\n * Plugin Name: Hello\n * Version: 1.7.2 */\n';
  const found = await catalog('wp-content/plugins/hello/hello.php', header);
  assert.deepEqual(
    found.components.map(({ id }) => id),
    ['pkg:wordpress-plugin/hello@1.7.2'],
  );
  assert.deepEqual(
    (await catalog('wp-content/plugins/hello/hello.php', `${' '.repeat(9000)}${header}`)).components,
    [],
  );
  assert.deepEqual((await catalog('wp-content/themes/hello/hello.php', header)).components, []);
});
