import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCue } from '../index.ts';

/** Policy in which x has the value, and the JSON of the value; the text is CUE as a user writes it. */
const VALUES: readonly (readonly [string, string])[] = [
  // Literals.
  ['x: 1_000', '1000'],
  ['x: 0x1F + 0b11 + 0o17', '49'],
  ['x: 1.5Ki + 2M', '2001536'],
  ['x: 1e3 + .5', '1000.5'],
  ['x: "a\\u00e9\\n\\U0001F600\\/"', '"aé\\n😀/"'],
  ['x: #"a\\nb\\#(1)"#', '"a\\\\nb1"'],
  ['x: """\n  one\n    two\n\n  "three"\n  """', '"one\\n  two\\n\\n\\"three\\""'],
  ['x: """\n  a\n  b \\(1 + 1)\n  """', '"a\\nb 2"'],
  ['x: "\\(\'\\x61\\142c\')"', '"abc"'],
  ['x: """\n\t"""', '""'],
  // Arithmetic.
  ['x: 7 / 2', '3.5'],
  ['x: 10 / 5', '2.0'],
  ['x: 1 / 3', '0.3333333333333333333333333333333333'],
  ['x: 12345678901234567890 * 10', '123456789012345678900'],
  ['x: [div(-7, 2), mod(-7, 2), quo(-7, 2), rem(-7, 2), div(7, -2), mod(7, -2)]', '[-4, 1, -3, -1, -3, 1]'],
  ['x: 1 + 2 * 3 - -1', '8'],
  ['x: 2 * "ab" + "c"', '"ababc"'],
  ['x: "\\(10 / 5) \\(1e3) \\(1.50) \\(100)"', '"2.0 1E+3 1.50 100"'],
  // Comparison and logic.
  [
    'x: [1 == 1.0, "a" < "b", 1 != "1", [1] == [1.0], {a: 1} == {a: 1}, null == null]',
    '[true, true, true, false, true, true]',
  ],
  ['x: [true && !false, false || true, "abc" =~ "^a", "abc" !~ "b$"]', '[true, true, true, true]'],
  ['x: [a.b == _|_, b != _|_, c != _|_], a: {}, b: 1, c: int', '[true, true, false]'],
  // References.
  ['x: a.b[1].c, a: b: [0, {c: 5}]', '5'],
  ['x: a["b c"], a: "b c": 1', '1'],
  ['x: [1, 2, 3, 4][1:3]', '[2, 3]'],
  ['y: {a: 1, b: a + 1} & {a: int}, x: y.b', '2'],
  ['#T: {in: int, out: in * 2}, x: (#T & {in: 4}).out', '8'],
  ['let L = {a: 3}, x: L.a', '3'],
  ['A=a: {b: A.c, c: 1}, x: a.b', '1'],
  ['a: X={b: X.c, c: 1}, x: a.b', '1'],
  ['a: b, b: a & 1, x: a', '1'],
  ['a: 5, a: b + 1, b: a - 1, x: b', '4'],
  // Comprehensions.
  ['x: [for i, v in ["a", "b"] if i > 0 let w = v + v {w}]', '["bb"]'],
  ['x: {for k, v in {a: 1, b: 2} {"\\(k)\\(v)": v}}', '{"a1": 1, "b2": 2}'],
  ['x: {a: 1, if a == 1 {b: 2}, if a == 2 {c: 3}}', '{"a": 1, "b": 2}'],
  ['x: {[N=string]: name: N} & {p: {}}', '{"p": {"name": "p"}}'],
  // Disjunctions and defaults.
  ['x: y + 0, y: *1 | 2', '1'],
  ['x: y + 0, y: (*1 | 2 | 3) & (2 | 3 | *1)', '1'],
  ['x: y + 0, y: (1 | (*2 | 3)) & (2 | 3)', '2'],
  ['x: y + 0, y: (*1 | 2) & 2', '2'],
  ['x: y.b, y: {k: "p", b: 1} | {k: "q", b: 2}, y: k: "q"', '2'],
  ['x: or([1, 2]) & 2', '2'],
  ['x: and([int, >1, 2])', '2'],
  ['x: {n: 1, p: null | #R}, #R: {n: 1, p: null | #R}, x: p: p: null', '{"n": 1, "p": {"n": 1, "p": null}}'],
  // Embedding.
  ['x: {5, #d: 1}', '5'],
  ['x: {#A, b: 2}, #A: a: 1', '{"a": 1, "b": 2}'],
];

test('expressions have the values that CUE gives them', () => {
  for (const [policy, json] of VALUES) {
    assert.deepEqual(compileCue('policy', policy).check(`{"x": ${json}}`), { kind: 'pass' }, policy);
    assert.equal(compileCue('policy', policy).check('{"x": "another"}').kind, 'fail', policy);
  }
});

/** Constraints on x, a document that passes and one that does not. */
const CONSTRAINTS: readonly (readonly [string, string, string])[] = [
  ['x: int & >5 & <8', '{"x": 6}', '{"x": 8}'],
  ['x: float', '{"x": 6.0}', '{"x": 6}'],
  ['x: uint8', '{"x": 255}', '{"x": 256}'],
  ['x: >"b"', '{"x": "c"}', '{"x": "a"}'],
  ['x: !=null', '{"x": 0}', '{"x": null}'],
  ['x: [int, ...string]', '{"x": [1, "a", "b"]}', '{"x": [1, 2]}'],
  ['x: [_, _]', '{"x": [1, 2]}', '{"x": [1]}'],
  ['x: {[=~"^p"]: int}', '{"x": {"p": 1, "q": "s"}}', '{"x": {"p": "s"}}'],
  ['x: {["a" | "b"]: int}', '{"x": {"a": 1, "c": "s"}}', '{"x": {"b": "s"}}'],
  ['x: close({a?: int})', '{"x": {"a": 1}}', '{"x": {"b": 1}}'],
  ['x: close({a: {b: 1}})', '{"x": {"a": {"c": 1}}}', '{"x": {"c": 1}}'],
  ['#A: {a?: {b?: int}}\nx: #A', '{"x": {"a": {"b": 1}}}', '{"x": {"a": {"c": 1}}}'],
  ['#A: {a?: int}\n#B: {#A, b?: int}\nx: #B', '{"x": {"a": 1, "b": 1}}', '{"x": {"c": 1}}'],
  ['#A: {a?: int}\nx: {#A}', '{"x": {"a": 1}}', '{"x": {"b": 1}}'],
  ['#A: {a?: int, ...}\nx: #A', '{"x": {"b": 1}}', '{"x": {"a": "s"}}'],
  ['#A: {[string]: int}\nx: #A', '{"x": {"b": 1}}', '{"x": {"b": "s"}}'],
  ['x: [...#A]\n#A: {a: int}', '{"x": [{"a": 1}]}', '{"x": [{"a": 1, "b": 1}]}'],
  ['x: {k: "p", a?: int} | {k: "q", b?: int}', '{"x": {"k": "q", "b": 1}}', '{"x": {"k": "q", "b": "s"}}'],
  ['#D: {a?: int} | {b?: int}\nx: #D', '{"x": {"b": 1}}', '{"x": {"a": 1, "b": 1}}'],
  ['x: {a: string, b: "<\\(a)>"}', '{"x": {"a": "s", "b": "<s>"}}', '{"x": {"a": "s", "b": "s"}}'],
  ['x: {a?: int, if a != _|_ {b: a}}', '{"x": {"a": 1, "b": 1}}', '{"x": {"a": 1, "b": 2}}'],
  ['x: {a: _, if a == 1 {_hidden: 1, _hidden: 2}}', '{"x": {"a": 2}}', '{"x": {"a": 1}}'],
  ['x: {a!: int}', '{"x": {}}', '{"x": {"a": "s"}}'],
  ['x: {a!: int, if a > 1 {b: 1}}', '{"x": {}}', '{"x": null}'],
  ['#L: {v: int, n?: #L}\nx: #L', '{"x": {"v": 1, "n": {"v": 2}}}', '{"x": {"v": 1, "n": {"v": 2, "m": 1}}}'],
];

test('constraints take and refuse what CUE takes and refuses', () => {
  for (const [policy, good, bad] of CONSTRAINTS) {
    const program = compileCue('policy', policy);
    assert.deepEqual(program.check(good), { kind: 'pass' }, policy);
    assert.equal(program.check(bad).kind, 'fail', `${policy} with ${bad}`);
  }
});

test('what can never hold is refused when the policy is loaded', () => {
  for (const policy of [
    'x: 1 & 1.0',
    'x: >5 & <5',
    'x: int & >5 & <6',
    'x: [1] & [1, 2]',
    'x: {a: 1} + 1',
    'x: 1 / 0',
    'x: string + string',
    'x: [1][1]',
    'x: #A.b\n#A: a: 1',
    'x: {b: x}',
    'x: 5, x: y: 1',
    'x: *1',
    'x: _|_',
    'import "strings"\nx: {a?: int, if a != _|_ {b: 1}} & strings.MaxRunes(0)',
    'x: "a" =~ "("',
    'x: """\n  a\n b\n  """',
    'x: 01',
    'x: 1__',
    "x: '\\xZZ'",
    'x: """\n  a\\\n  b\n  """',
  ]) {
    assert.throws(() => compileCue('policy', policy), { kind: 'invalid-input' }, policy);
  }
});
