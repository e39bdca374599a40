import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../../core/index.ts';
import { faultsOf } from './fault.ts';
import { compileRego, RegoDocument } from '../index.ts';
import type { RegoInput, RegoOptions } from './program.ts';

const now = new Date('2026-01-02T03:04:05Z');

function evaluate(text: string, input: Partial<RegoInput> = {}, options: RegoOptions = { version: 'v1' }) {
  return compileRego([{ file: 'policy.rego', text }], options).evaluate('data.t.x', { now, ...input });
}

function valueOf(text: string, input: Partial<RegoInput> = {}, options: RegoOptions = { version: 'v1' }): unknown {
  const outcome = evaluate(text, input, options);
  assert.equal(outcome.kind, 'value');
  return outcome.kind === 'value' ? structuredClone(outcome.value) : undefined;
}

/** Code, place and message of the first thing that is wrong. */
function refusalOf(text: string, options: RegoOptions = { version: 'v1' }): string {
  try {
    compileRego([{ file: 'p.rego', text }], options);
  } catch (error) {
    assert.ok(error instanceof AppError && error.kind === 'invalid-input', String(error));
    const [found] = faultsOf(error) ?? [];
    assert.ok(found !== undefined);
    return `${found.at?.row}:${found.at?.col} ${found.code} ${found.message}`;
  }
  return 'accepted';
}

test('complete rules, defaults and else give one value', () => {
  assert.equal(valueOf('package t\nx := 1 + 2 * 3'), 7);
  assert.equal(valueOf('package t\ndefault x := false\nx if input.a'), false);
  assert.equal(
    valueOf('package t\nx := 1 if input.a == 1 else := 2 if input.a == 2 else := 3', { input: { a: 2 } }),
    2,
  );
  assert.deepEqual(evaluate('package t\nx if input.a'), { kind: 'undefined' });
});

test('sets, objects and functions', () => {
  assert.deepEqual(valueOf('package t\nx contains y if some y in input\n', { input: [3, 1, 3] }), [1, 3]);
  assert.deepEqual(valueOf('package t\nx[k] := v if some k, v in input', { input: { b: 1, a: 2 } }), { a: 2, b: 1 });
  assert.deepEqual(valueOf('package t\nx[k].all contains v if some k, v in input', { input: { a: 1 } }), {
    a: { all: [1] },
  });
  assert.equal(valueOf('package t\nf(a, [b, c]) := a + b + c\nx := f(1, [2, 3])'), 6);
});

test('expressions are put into an order in which their variables are bound', () => {
  assert.equal(valueOf('package t\nx := y if { y > 1; y = input.a[i]; i > 0 }', { input: { a: [9, 5] } }), 5);
});

test('every, negation and comprehensions', () => {
  assert.equal(valueOf('package t\nx if { every v in input { v > 1 } }', { input: [2, 3] }), true);
  assert.deepEqual(evaluate('package t\nx if { every v in input { v > 1 } }', { input: [1, 3] }), {
    kind: 'undefined',
  });
  assert.equal(valueOf('package t\nx if not input.a'), true);
  assert.deepEqual(valueOf('package t\nx := {k: v | some v, k in {"a": "b"}}'), { b: 'a' });
});

test('with replaces documents and functions for one expression', () => {
  assert.deepEqual(
    valueOf('package t\ny := input.a\nx := [y, z] if { z := y with input.a as 2 }', { input: { a: 1 } }),
    [1, 2],
  );
  assert.equal(valueOf('package t\nf(_) := 1\ng(_) := 2\ny := f(0)\nx := z if { z := y with f as g }'), 2);
  assert.equal(valueOf('package t\nx := z if { z := count([]) with count as 7 }'), 7);
});

test('integers are exact beyond 2 ** 53, and fractions have no binary noise', () => {
  assert.equal(valueOf('package t\nx := 9007199254740993'), 9007199254740993n);
  assert.equal(valueOf('package t\nx := input', { input: 9007199254740993n }), 9007199254740993n);
  assert.equal(valueOf('package t\nx := 0.1 + 0.2'), 0.3);
  assert.equal(valueOf('package t\nx if 9007199254740993 != 9007199254740992'), true);
});

test('two values of a complete rule are a conflict', () => {
  const outcome = evaluate('package t\nx := 1 if true\nx := 2 if true');
  assert.ok(outcome.kind === 'error');
  assert.equal(outcome.error.code, 'eval_conflict_error');
  assert.equal(outcome.error.at?.row, 3);
});

test('an error of a built-in function is undefined, and in strict mode the end', () => {
  const text = 'package t\nx := to_number("a")';
  assert.deepEqual(evaluate(text), { kind: 'undefined' });
  const outcome = evaluate(text, { strictBuiltinErrors: true });
  assert.ok(outcome.kind === 'error');
  assert.equal(outcome.error.code, 'eval_builtin_error');
  assert.equal(outcome.error.at?.row, 2);
});

test('what is wrong is refused with the code of OPA and its place', () => {
  const cases: readonly (readonly [text: string, refusal: RegExp])[] = [
    ['package t\nx := ', /^2:6 rego_parse_error unexpected eof token$/],
    ['package t\nx { true }', /^2:1 rego_parse_error `if` keyword is required before rule body$/],
    ['package t\nx["a"]', /^2:1 rego_parse_error `contains` keyword is required for partial set rules$/],
    ['package t\nx if y', /^2:6 rego_unsafe_var_error var y is unsafe$/],
    ['package t\nx if { not y }', /^2:12 rego_unsafe_var_error var y is unsafe$/],
    ['package t\nx := y', /^2:6 rego_unsafe_var_error var y is unsafe$/],
    ['package t\nx if x', /^2:1 rego_recursion_error rule data.t.x is recursive: data.t.x -> data.t.x$/],
    ['package t\nx if { y := 1; y := 2 }', /^2:16 rego_compile_error var y assigned above$/],
    ['package t\nx if { some y; true }', /^2:8 rego_compile_error declared var y unused$/],
    ['package t\nx := 1\nx contains 2', /^2:1 rego_type_error conflicting rules data.t.x found$/],
    ['package t\nx := nope(1)', /^2:6 rego_type_error undefined function nope$/],
    ['package t\nx := count(1, 2, 3)', /^2:6 rego_type_error function count has arity 1, got 3 arguments$/],
    ['package t\ninput := 1', /^2:1 rego_compile_error rules must not shadow input/],
    ['package t\nimport data.a\nimport data.b.a\nx := 1', /^3:1 rego_compile_error import must not shadow import a$/],
    ['package t\nx := any([true])', /^2:6 rego_type_error deprecated built-in function calls in expression: any$/],
    [
      'package t\nx := count(1)',
      /^2:6 rego_type_error count: invalid argument\(s\), have: number, want: array\|object\|set\|string$/,
    ],
    ['package t\ny := 1\nx if y == "a"', /^3:6 rego_type_error match error, left: number, right: string$/],
    ['package t\ny := 1\nx := y.z', /^3:6 rego_type_error undefined ref: a value of number has no members$/],
    ['package t\ndefault x := y', /^2:1 rego_parse_error illegal default rule \(value cannot contain var\)$/],
  ];
  for (const [text, refusal] of cases) assert.match(refusalOf(text), refusal, text);
});

test('strict mode refuses what is without use', () => {
  const strict = { version: 'v1', isStrict: true } as const;
  assert.match(refusalOf('package t\nimport data.a\nx := 1', strict), /^2:1 rego_compile_error import data.a unused$/);
  assert.match(refusalOf('package t\nx if { y := 1 }', strict), /rego_compile_error assigned var y unused$/);
  assert.match(refusalOf('package t\nf(y) := 1', strict), /rego_compile_error unused argument y/);
});

test('functions that reach outside are refused by name', () => {
  for (const call of ['http.send({})', 'net.lookup_ip_addr("a")', 'opa.runtime()']) {
    const name = call.slice(0, call.indexOf('('));
    assert.match(
      refusalOf(`package t\nx := ${call}`),
      new RegExp(`unsafe built-in function calls in expression: ${name}`),
    );
    assert.match(refusalOf(`package t\nx if { true with ${name} as 1 }`), /target must not be unsafe/);
  }
});

test('v0 and v1 read the same text in their own way', () => {
  const old = 'package t\nx[y] { y := input[_] }';
  assert.deepEqual(valueOf(old, { input: [1] }, { version: 'v0' }), [1]);
  assert.match(refusalOf(old), /rego_parse_error/);
  const both = 'package t\nimport rego.v1\nx contains y if some y in input';
  assert.deepEqual(valueOf(both, { input: [1] }, { version: 'v0' }), [1]);
  assert.deepEqual(
    valueOf('package t\nimport future.keywords.in\nx { 1 in input }', { input: [1] }, { version: 'v0' }),
    true,
  );
  assert.match(refusalOf('package t\nx { some y in input }', { version: 'v0' }), /rego_parse_error/);
});

test('an evaluation ends at its ceilings, which say their name', () => {
  const text = 'package t\nx := count([1 | some i in input; some j in input; some k in input])';
  const input = Array.from({ length: 200 }, (_, i) => i);
  const steps = evaluate(text, { input, limits: { maxSteps: 10_000 } });
  assert.ok(steps.kind === 'error');
  assert.match(steps.error.message, /at most 10000 steps \(maxSteps\)/);
  const size = evaluate('package t\nx := numbers.range(1, 1000000)', { limits: { maxSize: 1000 } });
  assert.ok(size.kind === 'error');
  assert.match(size.error.message, /maxSize/);
  assert.match(refusalOf(`package t\nx := ${'['.repeat(5000)}`), /levels of nesting/);
  assert.throws(() => compileRego([{ file: 'p', text: ' '.repeat(1024 * 1024 + 1) }], { version: 'v1' }), {
    message: /at most 1048576 characters/,
  });
});

test('what a policy can make grow without end is refused in a moment', () => {
  const squares = Array.from({ length: 40 }, (_, i) => `a${i + 1} := a${i} * a${i}`).join('; ');
  const doubled = Array.from({ length: 40 }, (_, i) => `a${i + 1} := array.concat(a${i}, a${i})`).join('; ');
  const cases: readonly (readonly [text: string, limit: RegExp])[] = [
    [`package t\nx := y if { a0 := 3; ${squares}; y := a40 }`, /numbers of at most 100000 bits/],
    [`package t\nx := y if { a0 := [1]; ${doubled}; y := count(a40) }`, /maxSteps/],
    [`package t\nx := ${'{['.repeat(100)}1${']: 1}'.repeat(100)}`, /keys of at most 1048576 characters/],
  ];
  for (const [text, limit] of cases) {
    const outcome = evaluate(text);
    assert.ok(outcome.kind === 'error' && outcome.error.code === 'eval_limit_error', text.slice(0, 60));
    assert.match(outcome.error.message, limit);
  }
  assert.match(refusalOf(`package t\nx if { ${'true; '.repeat(1000)} true }`), /at most 1000 expressions in a body/);
});

test('texts on which a backtracking reader stands still are answered in a moment', () => {
  const calls: readonly (readonly [call: string, input: unknown])[] = [
    ['count(trim_space(input)) > 0', `a${' '.repeat(400_000)}b`],
    ['not time.parse_ns(input.layout, input.text)', { layout: '2'.repeat(200), text: `${'1'.repeat(399)}x` }],
    ['not time.parse_ns(input, "")', '2'.repeat(40_000)],
    [
      'count(json.unmarshal(input)) == 20',
      `[${Array.from({ length: 20 }, () => `1${'0'.repeat(29_000)}1`).join(',')}]`,
    ],
    ['not strings.render_template(input, {})', '{{'.repeat(200_000)],
    ['regex.globs_match(input, input)', '[a-z]*'.repeat(1000)],
    ['not glob.match(input, [], "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")', `${'*a'.repeat(500)}b`],
  ];
  for (const [call, input] of calls) {
    const start = performance.now();
    assert.equal(valueOf(`package t\nx if { ${call} }`, { input }), true, call);
    assert.ok(performance.now() - start < 3000, call);
  }
});

test('nesting that doubles at each level is read in time that grows with its length', () => {
  const text = `package t\nx := ${'[a | [b, '.repeat(100)}1`;
  assert.match(refusalOf(text), /rego_parse_error/);
});

test('a document that was converted once serves many evaluations', () => {
  const input = new RegoDocument({ a: [1, 2] });
  assert.equal(valueOf('package t\nx := sum(input.a)', { input }), 3);
});

test('a query gives all solutions', () => {
  const program = compileRego([{ file: 'p', text: 'package t\np contains "a"\np contains "b"' }], { version: 'v1' });
  const found = program.query('data.t.p[x]; y := 1', { now });
  assert.deepEqual(structuredClone(found), {
    kind: 'results',
    results: [
      { x: 'a', y: 1 },
      { x: 'b', y: 1 },
    ],
  });
  assert.throws(() => program.query('data.t.p[', { now }), { message: /rego_parse_error/ });
});

test('any text is read or refused, and never anything else', () => {
  const words = fc.constantFrom(
    ...'package t import data.a input x y { } [ ] ( ) := = == , : ; . | not some in every if contains else default with as 1 "s" `r` $"{ }" # \n'.split(
      ' ',
    ),
    '\n',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(words, { maxLength: 40 }).map((list) => `package t\n${list.join(' ')}`),
    fc.array(words, { maxLength: 12 }).map((list) => `package t\nx if { ${list.join('')} }`),
  );
  fc.assert(
    fc.property(text, fc.constantFrom('v0' as const, 'v1' as const), (source, version) => {
      try {
        compileRego([{ file: 'p', text: source }], { version });
      } catch (error) {
        assert.ok(error instanceof AppError && error.kind === 'invalid-input', `${source}: ${String(error)}`);
      }
    }),
    { numRuns: 1500 },
  );
});
