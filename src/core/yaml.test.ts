import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findYamlPlace } from './yaml-place.ts';
import { parseYamlDocuments, parseYamlTexts } from './yaml.ts';

const objects = (text: string) => parseYamlDocuments(text, 'x', 10).map(({ value }) => value);
const refused = (message: RegExp) => ({ kind: 'invalid-input', message });

test('objects are what Kubernetes sees: values of JSON, merges, no empty documents', () => {
  assert.deepEqual(objects('a: &a {b: 1.10, c: yes}\nd: {<<: *a, b: 2020-01-01}\n---\n---\n{"e": null}'), [
    { a: { b: 1.1, c: 'yes' }, d: { b: '2020-01-01', c: 'yes' } },
    { e: null },
  ]);
  assert.deepEqual(objects('a: &a {b: 1}\nc: &c {d: 1}\ne: {<<: *a, <<: *c}')[0]?.e, { b: 1, d: 1 });
  assert.throws(
    () => parseYamlDocuments('a: 1\n---\nb: 1', 'x', 1),
    refused(/^x: expected at most 1 documents, found 2/),
  );
});

test('objects of JSON may stand one behind the other where the text begins with one', () => {
  const [a, b] = [{ a: { b: [{}] } }, { c: '}{' }];
  const [one, two] = [JSON.stringify(a), JSON.stringify(b, null, 2)];
  for (const text of [
    `${one}${two}`,
    `\ufeff ${one}\n${two}\n`,
    `${one} ${two}\n`,
    `${one}\n---\n${two}`,
    `${one}\n...\n${two}`,
  ])
    assert.deepEqual(objects(text), [a, b], text);
  assert.deepEqual(
    parseYamlDocuments('{}{}\n{}', 'x', 10).map(({ where }) => where),
    ['x#1', 'x#2', 'x#3'],
  );
  assert.deepEqual(findYamlPlace('{"a": 1}\n{"b": 2}', { document: 1, path: '.b' }), { line: 2, column: 7 });
  assert.throws(() => parseYamlDocuments('{}'.repeat(11), 'x', 10), refused(/expected at most 10 documents, found 11/));
  for (const text of ['{}{', '{}[]', '[]{}', '[][]', '{} a', '{}}{}', 'a: {}{}', '- {}{}', '---\n{}{}', 'a: 1\n{}'])
    assert.throws(() => objects(text), refused(/^x: expected YAML, /), text);
  assert.throws(() => objects('{}{\n"a": 1, "a": 2}'), refused(/unique at line 2, column 9$/));
  assert.throws(() => parseYamlTexts('{}{}', 'x'), refused(/^x: expected YAML/));
});

test('texts keep every scalar as it is written', () => {
  const text = 'a: 1.10\nb: yes\nb: no\n---\n- 2020-01-01\n';
  assert.deepEqual(parseYamlTexts(text, 'x'), [{ a: '1.10', b: 'no' }, ['2020-01-01']]);
});

test('the first error is told with its place', () => {
  for (const [text, message] of [
    ['a: [1', /^x: expected YAML, .*\] at line 1, column 6$/],
    ['a: 1\nb: 1\na: 2', /^x: expected YAML, keys must be unique at line 3, column 1$/],
    ['a: 1\n"a": 2', /unique at line 2, column 1$/],
    ['1: a\n"1": b', /unique at line 2, column 1$/],
    ['16: a\n0x10: b', /unique at line 2, column 1$/],
    ['null: a\n"": b', /unique at line 2, column 1$/],
    ['a:\n  - b: c: d', /^x: expected YAML, .*ested mappings .* at line 2, column /],
    ['a: *b', /^x: expected YAML, Unresolved alias/],
    ['a: &a [*a]', /^x: expected YAML/],
    ['%YAML 1.2\na: 1', /^x: expected YAML, Missing directives-end.* at line 2, column 1$/],
    ['- a', /^x: expected an object, found a list of 1$/],
  ] as const)
    assert.throws(() => objects(text), refused(message), text);
});

test('time and memory grow with the length alone, errors or not', () => {
  const many = 30_000;
  const keys = Array.from({ length: many }, (_, index) => `k${index}: 1\n`).join('');
  const start = process.cpuUsage();
  assert.equal(Object.keys(objects(keys)[0] ?? {}).length, many);
  for (const text of [
    '}'.repeat(many),
    '@ \n'.repeat(many),
    '- a: b: c\n'.repeat(many),
    'a: 1\n'.repeat(many),
    '['.repeat(many),
    '- '.repeat(many),
    '[]\n'.repeat(1_000_000),
    '{}'.repeat(1_000_000),
    '---\n'.repeat(1_000_000),
    ' '.repeat(17 * 1024 * 1024),
  ]) {
    assert.throws(() => objects(text), { kind: 'invalid-input' }, text.slice(0, 10));
    assert.equal(findYamlPlace(text, { document: 0, path: '.a' }), undefined);
  }
  // of the keys alone, compared with each other, it would be half a minute
  assert.ok(process.cpuUsage(start).user < 8_000_000, `${process.cpuUsage(start).user / 1e6} s`);
});
