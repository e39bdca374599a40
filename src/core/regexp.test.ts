import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from './errors.ts';
import { compileRegexp, quoteRegexp } from './regexp.ts';

const spans = (pattern: string, text: string, limit?: number) =>
  compileRegexp(pattern, 'x')
    .findAll(text, limit)
    .map(({ start, end }) => [start, end]);

test('findAll gives no empty match right behind a match', () => {
  assert.deepEqual(spans('a*', 'baaac'), [
    [0, 0],
    [1, 4],
    [5, 5],
  ]);
  assert.deepEqual(spans('', '😀a'), [
    [0, 0],
    [2, 2],
    [3, 3],
  ]);
  assert.deepEqual(spans('a', 'aaa', 2), [
    [0, 1],
    [1, 2],
  ]);
  assert.deepEqual(spans('^a', 'aaa'), [[0, 1]]);
});

test('a group that took no part is undefined', () => {
  assert.deepEqual(compileRegexp('a(x)?(b)', 'x').findAll('ab')[0]?.groups, ['ab', undefined, 'b']);
});

test('replaceAll expands numbered, named and unknown groups as Go does', () => {
  const of = (pattern: string, text: string, template: string) =>
    compileRegexp(pattern, 'x').replaceAll(text, template);
  assert.equal(of('a(x*)b', '-ab-axxb-', 'T'), '-T-T-');
  assert.equal(of('a(x*)b', '-ab-axxb-', '$1'), '--xx-');
  assert.equal(of('a(x*)b', '-ab-axxb-', '$1W'), '---');
  assert.equal(of('a(x*)b', '-ab-axxb-', '${1}W$$'), '-W$-xxW$-');
  assert.equal(of('(?P<who>\\w+)', 'hi', '<${who}>$'), '<hi>$');
});

test('split cuts as Go does', () => {
  const of = (pattern: string, text: string) => compileRegexp(pattern, 'x').split(text);
  assert.deepEqual(of('a', 'banana'), ['b', 'n', 'n', '']);
  assert.deepEqual(of('a*', 'baac'), ['b', 'c']);
  assert.deepEqual(of('', 'abc'), ['a', 'b', 'c']);
  assert.deepEqual(of('x', ''), ['']);
});

test('a pattern out of RE2 syntax is refused in the words of Go', () => {
  for (const [pattern, reason] of [
    ['*', 'missing argument to repetition operator: `*`'],
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['a\\1', 'invalid escape sequence: `\\1`'],
    ['(a{1000}){1000}', 'invalid repeat count'],
  ] as const) {
    assert.throws(
      () => compileRegexp(pattern, 'policy'),
      (error) => error instanceof AppError && error.kind === 'invalid-input' && error.message.includes(reason),
    );
  }
  assert.throws(() => compileRegexp('a'.repeat(40_000), 'policy'), { message: /at most 32768 characters/ });
});

test('a pattern that makes a backtracking engine stand still is answered', () => {
  assert.equal(compileRegexp('^(a+)+$', 'x').isMatch(`${'a'.repeat(50_000)}b`), false);
});

test('quoteRegexp gives a pattern of just that text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.ok(compileRegexp(`^(?:${quoteRegexp(text)})$`, 'x').isMatch(text));
    }),
  );
});
