import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCel } from './cel.ts';
import type { CelOutcome } from './cel.ts';

function run(expression: string, value: unknown, maxMilliseconds?: number): CelOutcome {
  return compileCel(expression, ['a'], 'rule', maxMilliseconds)(new Map([['a', value]]));
}

test('an expression over JSON gives its value', () => {
  assert.deepEqual(run('a.b[1] > 1 && a.c.startsWith("x")', { b: [1, 2], c: 'xy' }), { kind: 'value', value: true });
  assert.deepEqual(run('a == null', undefined), { kind: 'value', value: true });
  assert.deepEqual(run('1 == 1', { unused: 1 }), { kind: 'value', value: true });
});

test('a comprehension that would run for ever is stopped, and the next one runs', () => {
  const list = Array.from({ length: 2000 }, (_, index) => index);
  const start = performance.now();
  const outcome = run('a.all(x, a.all(y, a.all(z, x + y + z >= 0)))', list, 50);
  assert.deepEqual(outcome, { kind: 'error', message: 'expected an answer within 50 ms, found none' });
  assert.ok(performance.now() - start < 2000);
  assert.deepEqual(run('a.size() == 2000', list), { kind: 'value', value: true });
});

test('regular expressions are matched in linear time', () => {
  const outcome = run('a.matches("^(a+)+$")', `${'a'.repeat(5000)}!`);
  assert.deepEqual(outcome, { kind: 'value', value: false });
});

test('a value nested too deeply, a missing field and a failing function are errors, not values', () => {
  const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
  for (const [expression, value] of [
    ['a == 1', deep],
    ['a.missing', {}],
    ['1 / a', 0],
    ['a.matches("(")', 'x'],
  ] as const) {
    assert.equal(run(expression, value).kind, 'error', expression);
  }
});

test('names of an object cannot reach what JSON did not say', () => {
  const hostile = JSON.parse('{"__proto__": {"ok": true}, "constructor": 1}') as unknown;
  assert.equal(run('a.ok', hostile).kind, 'error');
  assert.equal(run('a.toString', {}).kind, 'error');
  assert.deepEqual(run('a.constructor == 1', hostile), { kind: 'value', value: true });
});

test('an expression that is too long or too deep is refused when it is loaded', () => {
  assert.throws(() => compileCel(`a == "${'x'.repeat(64 * 1024)}"`, ['a'], 'rule'), { kind: 'invalid-input' });
  assert.throws(() => compileCel(`${'('.repeat(30_000)}a${')'.repeat(30_000)}`, ['a'], 'rule'), {
    kind: 'invalid-input',
  });
});
