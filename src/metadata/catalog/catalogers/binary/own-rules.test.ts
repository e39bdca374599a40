import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import { catalogTree, createOwnCatalogers, findOwnSelector } from '../../index.ts';
import { parseOwnRules } from './own-rules.ts';

const rule = (fields: Readonly<Record<string, unknown>>) =>
  JSON.stringify({
    rules: [{ name: 'foo', files: '**/foo', patterns: String.raw`foo (?P<version>\d+\.\d+)`, ...fields }],
  });

const catalog = async (rules: string, files: Readonly<Record<string, string>>) => {
  const catalogers = createOwnCatalogers(rules, 'rules.yaml');
  const tree = createMemoryTree(files, catalogers.selector);
  return (await catalogTree(tree, { declared: false, catalogers })).components;
};

test('a program is told by a rule of its user, with package URL and CPE of that version', async () => {
  const found = await catalog(
    rule({
      purl: 'pkg:github/acme/foo@version?arch=amd64',
      cpes: String.raw`cpe:2.3:a:acme:foo\:x:*:*:*:*:*:node.js:*:*`,
    }),
    { 'opt/foo': 'x\0foo 1.2\0', 'opt/food': 'foo 3.4\0' },
  );
  assert.deepEqual(
    found.map(({ name, version, purl, cpes, kind, foundBy, locations }) => [
      name,
      version,
      purl,
      cpes,
      kind,
      foundBy,
      locations,
    ]),
    [
      [
        'foo',
        '1.2',
        'pkg:github/acme/foo@1.2?arch=amd64',
        [String.raw`cpe:2.3:a:acme:foo\:x:1.2:*:*:*:*:node.js:*:*`],
        'application',
        'binary',
        [{ path: 'opt/foo' }],
      ],
    ],
  );
});

test('a rule stands beside the usual ones, and in the place of the one with its name', async () => {
  const files = {
    'bin/busybox': 'BusyBox v1.36.15 (2023) bash 9.9',
    'bin/bash': 'bash 9.9\0@(#)Bash version 5.1.16(1)',
  };
  const versions = async (name: string) =>
    (await catalog(rule({ name, files: 'bash', patterns: String.raw`bash (?P<version>\d+\.\d+)` }), files))
      .map((one) => `${one.name}@${one.version}`)
      .sort();
  assert.deepEqual(await versions('bash'), ['bash@9.9', 'busybox@1.36.15']);
  assert.deepEqual(await versions('mine'), ['bash@5.1.16', 'busybox@1.36.15', 'mine@9.9']);
});

test('globs are of the whole path, and of the name where they have no slash', () => {
  const paths = ['foo', 'bin/foo', 'opt/a/b/foo', 'opt/a/foo.so', 'opt/a/fxo', 'bar', 'a,b', '{x', 'constructor'];
  for (const [glob, wanted] of [
    ['foo', ['foo', 'bin/foo', 'opt/a/b/foo']],
    ['**/foo', ['foo', 'bin/foo', 'opt/a/b/foo']],
    ['/foo', ['foo']],
    ['opt/**/f?o', ['opt/a/b/foo', 'opt/a/fxo']],
    ['opt/*/foo*', ['opt/a/foo.so']],
    ['{foo,bar}', ['foo', 'bin/foo', 'opt/a/b/foo', 'bar']],
    ['a,b', ['a,b']],
    ['{x', ['{x']],
    ['constructor', ['constructor']],
    ['opt/**', ['opt/a/b/foo', 'opt/a/foo.so', 'opt/a/fxo']],
  ] as const) {
    const [parsed] = parseOwnRules(rule({ files: glob }), 'x');
    assert.deepEqual(
      paths.filter((path) => parsed?.isFor(path)),
      wanted,
      glob,
    );
  }
});

test('wherever a file is cut, the same is found: no match longer than what every window holds counts', async () => {
  const rules = rule({ patterns: String.raw`(?s)begin.*?(?P<version>\d+\.\d+);` });
  const versionAt = async (gap: number, before: number) =>
    (await catalog(rules, { foo: `${'x'.repeat(before)}begin${'-'.repeat(gap)}1.2;${'y'.repeat(200_000)}` }))[0]
      ?.version;
  for (const before of [0, 65_000, 65_300, 65_530, 65_535]) {
    assert.equal(await versionAt(490, before), '1.2', `at ${before}`);
    assert.equal(await versionAt(600, before), undefined, `at ${before}`);
  }
});

test('hostile bytes take no more than their length', async () => {
  const rules = rule({ patterns: '(a+)+(?P<version>b)' });
  assert.deepEqual(await catalog(rules, { foo: 'a'.repeat(100_000) }), []);
});

test('what a text excludes is something else', async () => {
  assert.deepEqual(await catalog(rule({ unless: 'a fork' }), { foo: 'foo 1.2\0 a fork of foo' }), []);
});

test('another thread makes the selector of its name', () => {
  const { imageSelector: selector } = createOwnCatalogers(rule({}), 'rules.yaml');
  assert.notEqual(selector.id, createOwnCatalogers(rule({ name: 'bar' }), 'rules.yaml').imageSelector.id);
  const made = findOwnSelector(selector.id);
  assert.equal(made?.id, selector.id);
  assert.equal(made?.select({ path: 'foo', mode: 0o644, size: 3 }).kind, 'condense');
  assert.equal(findOwnSelector(selector.id), made);
  assert.equal(findOwnSelector('catalog-0:'), undefined);
});

test('a rule that is none is refused by its place', () => {
  const refused = (text: string, message: RegExp) =>
    assert.throws(() => parseOwnRules(text, 'rules.yaml'), { kind: 'invalid-input', message });
  refused('', /^rules\.yaml: expected an object, found nothing/);
  refused('rules: {}', /^rules\.yaml\.rules: expected a list/);
  refused('rules: [', /^rules\.yaml: expected YAML/);
  refused(rule({ glob: 'x' }), /^rules\.yaml\.rules\[0\]\.glob: unknown field, expected one of name, files/);
  refused(rule({ name: '' }), /rules\[0\]\.name: expected a name of 1 to 256/);
  refused(rule({ files: [] }), /rules\[0\]\.files: expected at least one/);
  refused(rule({ patterns: 'foo' }), /rules\[0\]\.patterns\[0\]: expected a group \(\?P<version>\.\.\.\)/);
  refused(rule({ patterns: '(?P<version>x' }), /rules\[0\]\.patterns\[0\]: expected a regular expression of RE2/);
  refused(rule({ patterns: `(?P<version>${'x'.repeat(2048)})` }), /patterns\[0\]: expected a pattern of 1 to 2048/);
  refused(rule({ patterns: Array.from({ length: 51 }, () => '(?P<version>x)') }), /patterns: expected at most 50/);
  refused(rule({ unless: '(' }), /rules\[0\]\.unless: expected a regular expression/);
  refused(rule({ purl: 'foo' }), /rules\[0\]\.purl: expected a package URL, found "foo"/);
  refused(rule({ purl: 'pkg:generic/foo@1' }), /rules\[0\]\.purl: expected a package URL without a version/);
  refused(rule({ cpes: 'cpe:/a:foo:foo' }), /rules\[0\]\.cpes\[0\]: expected a CPE 2\.3 with \* as version/);
  refused(rule({ cpes: 'cpe:2.3:a:foo:foo:1:*:*:*:*:*:*:*' }), /rules\[0\]\.cpes\[0\]: expected a CPE 2\.3 with \*/);
  const [one] = (JSON.parse(rule({})) as { rules: unknown[] }).rules;
  refused(JSON.stringify({ rules: [one, one] }), /rules\[1\]\.name: expected a name of its own, found "foo"/);
  refused(JSON.stringify({ rules: Array.from({ length: 1001 }, () => one) }), /rules: expected at most 1000/);
});
