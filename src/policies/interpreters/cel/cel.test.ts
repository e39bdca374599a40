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
    ['a == a', deep],
    ['a.missing', {}],
    ['1 / a', 0],
    ['"x".matches(a)', '('],
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

test('what Kubernetes gives to policies is there', () => {
  for (const expression of [
    'a.?missing.orValue(1) == 1 && a[?"b"].hasValue() && {?"c": a.?missing} == {}',
    'optional.of(1).optMap(x, x + 1) == optional.of(2) && !optional.none().hasValue()',
    'a.b.all(i, v, i < v) && a.b.transformMap(i, v, v) == {0: 1, 1: 2} && cel.bind(x, a.b, x + x) == [1, 2, 1, 2]',
    'a.b.isSorted() && a.b.sum() == 3 && a.b.max() == 2 && a.b.sortBy(x, -x) == [2, 1] && a.b.indexOf(2) == 1',
    'sets.contains(a.b, [1]) && "v1-2".find("[0-9]+") == "1" && "a1b2".findAll("[0-9]") == ["1", "2"]',
    'url("https://u@e.example:8443/p q?k=1&k=2").getPort() == "8443" && !isURL("e.example")',
    'cidr("10.0.0.0/8").containsIP("10.1.2.3") && ip("fe80::1").isLinkLocalUnicast() && type(ip("::")) == net.IP',
    'quantity("1.5Gi").isGreaterThan(quantity("1500M")) && quantity("2k").asInteger() == 2000 && sign(quantity("-1")) == -1',
    'semver("1.2.3-rc.1").isLessThan(semver("1.2.3")) && isSemver("v1.2", true) && !isSemver("v1.2")',
    'format.dns1123Label().validate("a-b") == optional.none() && format.named("uuid").value().validate("x").hasValue()',
    '"%s has %d, %.1f%%".format(["x", 2, 99.95]) == "x has 2, 100.0%" && "a,b".split(",").join("-") == "a-b"',
    'timestamp("2026-01-02T03:04:05.5Z") - duration("5500ms") == timestamp("2026-01-02T03:04:00Z")',
  ])
    assert.deepEqual(run(expression, { b: [1, 2] }), { kind: 'value', value: true }, expression);
});

test('a failure is never true, and hides nothing but behind what decides', () => {
  for (const expression of [
    'a.missing || false',
    '!(a.missing == 1)',
    '[1, 2].all(x, a.missing == x)',
    '[1, 2].exists_one(x, a.missing == x)',
    'a.missing ? true : true',
    '!has(a.missing.deeper)',
    '1 + "x" == 2',
    'a == 1 || 1',
    'int("1.5") < 2',
    'optional.none().value() == 1',
    'a.b[5] == 1 || a.b["x"] == 1',
    '9223372036854775807 + 1 > 0',
  ])
    assert.equal(run(expression, { b: [1] }).kind, 'error', expression);
  assert.deepEqual(run('a.missing || true', {}), { kind: 'value', value: true });
  assert.deepEqual(run('[1, 2].exists(x, a.missing == x || x == 2)', {}), { kind: 'value', value: true });
});

test('what can be known to fail is refused with line and column when it is loaded', () => {
  for (const [expression, message] of [
    ['a.b &&\n  lower(a.c)', 'rule:2:3: unknown function lower'],
    ['authorizer.group("")', 'rule:1:1: unknown name authorizer, expected one of a'],
    ['a.startsWith("x", "y")', 'rule:1:2: startsWith: expected 1 arguments, found 2'],
    ['contains(a, "x")', 'rule:1:1: contains is called as x.contains(...)'],
    [
      'a.matches("(")',
      'rule:1:2: pattern: expected a regular expression of RE2, error parsing regexp: missing closing ): `(`',
    ],
    ['timestamp("yesterday") < a', 'rule:1:1: expected a timestamp of RFC 3339, found "yesterday"'],
    [
      'google.protobuf.Duration{}',
      'rule:1:16: google.protobuf.Duration{...}: messages of protocol buffers are not supported',
    ],
    ['a ==', 'rule:1:5: expected a CEL expression with a value here, found its end'],
    ['a == "x', 'rule:1:6: expected a string that ends with "'],
    ['a.map(x.y, 1)', 'rule:1:8: expected the name of a variable'],
  ] as const)
    assert.throws(() => compileCel(expression, ['a'], 'rule'), { kind: 'invalid-input', message }, expression);
});

test('what `+` makes in a comprehension has a ceiling', () => {
  const doubled = `[${Array.from({ length: 40 }, (_, i) => i).join()}]`;
  const outcome = run(
    `${'cel.bind(a, a + a, '.repeat(40)}size(a) > 0${')'.repeat(40)} && ${doubled}.size() == 40`,
    'x',
  );
  assert.deepEqual(outcome, { kind: 'error', message: 'expected at most 8388608 characters' });
});
