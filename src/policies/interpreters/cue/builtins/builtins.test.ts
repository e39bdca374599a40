import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCue } from '../../index.ts';

/** A call and the JSON of its result. */
const RESULTS: readonly (readonly [string, string])[] = [
  ['len("é")', '2'],
  ['len([1, 2])', '2'],
  ['len({a: 1, #b: 2, _c: 3, d?: 4})', '1'],
  ['strings.Split("a,b", ",")', '["a", "b"]'],
  ['strings.SplitN("a,b,c", ",", 2)', '["a", "b,c"]'],
  ['strings.SplitAfter("a,b", ",")', '["a,", "b"]'],
  ['strings.Join(["a", "b"], "-")', '"a-b"'],
  ['strings.Replace("aaa", "a", "b", 2)', '"bba"'],
  ['strings.TrimSpace(" a ")', '"a"'],
  ['strings.Trim("xax", "x")', '"a"'],
  ['strings.TrimPrefix("abc", "a") + strings.TrimSuffix("abc", "c")', '"bcab"'],
  ['strings.Index("aéb", "b")', '3'],
  ['strings.Count("cheese", "e")', '3'],
  ['strings.Fields(" a  b ")', '["a", "b"]'],
  ['strings.SliceRunes("aéb", 1, 2)', '"é"'],
  ['strings.ToUpper("straße")', '"STRAßE"'],
  ['strings.Runes("é")', '[233]'],
  ['list.Concat([[1], [2]])', '[1, 2]'],
  ['list.FlattenN([1, [[2]]], 1)', '[1, [2]]'],
  ['list.Range(0, 5, 2)', '[0, 2, 4]'],
  ['list.Slice([1, 2, 3], 1, 2)', '[2]'],
  ['list.Take([1, 2], 1) & list.Drop([2, 1], 1)', '[1]'],
  ['list.Sum([1, 2.5])', '3.5'],
  ['list.Max([1, 3, 2])', '3'],
  ['list.SortStrings(["b", "a"])', '["a", "b"]'],
  ['list.Contains([1, 2], 2)', 'true'],
  ['list.Reverse([1, 2])', '[2, 1]'],
  ['math.Floor(-1.5)', '-2'],
  ['math.Round(2.5)', '3'],
  ['math.MultipleOf(1.5, 0.5)', 'true'],
  ['time.Parse(time.RFC3339, "2024-01-01T01:00:00+01:00")', '"2024-01-01T00:00:00Z"'],
  ['time.Parse("2 Jan 2006 3:04PM", "5 May 2024 4:05PM")', '"2024-05-05T16:05:00Z"'],
  ['time.Parse(time.RFC3339Nano, "2024-01-01T00:00:00.120Z")', '"2024-01-01T00:00:00.12Z"'],
  ['time.FormatString("Mon, 02 Jan 2006", "2024-02-29T00:00:00Z")', '"Thu, 29 Feb 2024"'],
  ['time.Unix(1, 500000000)', '"1970-01-01T00:00:01.5Z"'],
  ['time.ParseDuration("1h0.5s")', '3600500000000'],
  ['regexp.FindSubmatch("a(b)", "xab")', '["ab", "b"]'],
  ['regexp.ReplaceAll("a(.)", "ab", "$1")', '"b"'],
  ['net.ParseIP("1::2")', '[0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]'],
  ['net.InCIDR("10.1.2.3", "10.0.0.0/8")', 'true'],
  ['json.Unmarshal("{\\"a\\": 1}")', '{"a": 1}'],
  ['base64.Encode(null, "hi")', '"aGk="'],
];

/** A validator, a value that satisfies it and one that does not. */
const VALIDATORS: readonly (readonly [string, string, string])[] = [
  ['strings.MinRunes(2)', '"éé"', '"é"'],
  ['strings.HasPrefix("a")', '"ab"', '"b"'],
  ['strings.Contains("b")', '"abc"', '"a"'],
  ['struct.MaxFields(1)', '{"a": 1}', '{"a": 1, "b": 2}'],
  ['list.MaxItems(1)', '[1]', '[1, 2]'],
  ['list.MinItems(1)', '[1]', '[]'],
  ['list.UniqueItems()', '[1, 1.0]', '[1, 1]'],
  ['time.Time', '"2024-02-29T00:00:00Z"', '"2023-02-29T00:00:00Z"'],
  ['time.Format("2006-01-02")', '"2024-02-29"', '"29.2.2024"'],
  ['time.Duration', '"1h30m"', '"1 h"'],
  ['regexp.Valid', '"a+"', '"a("'],
  ['net.IPv4', '"1.2.3.4"', '"1.2.3.256"'],
  ['net.IPv6', '"::ffff:1.2.3.4"', '"1::2::3"'],
  ['net.IPCIDR', '"10.0.0.0/8"', '"10.0.0.0/33"'],
  ['json.Valid', '"{}"', '"{"'],
];

const PACKAGES = ['encoding/base64', 'encoding/json', 'list', 'math', 'net', 'regexp', 'strings', 'struct', 'time'];

function policyOf(expr: string): string {
  const used = PACKAGES.filter((path) => expr.includes(`${path.split('/').at(-1)}.`));
  return `${used.map((path) => `import "${path}"\n`).join('')}x: ${expr}`;
}

test('functions give what those of CUE give', () => {
  for (const [call, json] of RESULTS) {
    const program = compileCue('policy', policyOf(call));
    assert.deepEqual(program.check(`{"x": ${json}}`), { kind: 'pass' }, call);
    assert.equal(program.check('{"x": "another"}').kind, 'fail', call);
  }
});

test('functions short of an argument are validators', () => {
  for (const [validator, good, bad] of VALIDATORS) {
    const program = compileCue('policy', policyOf(validator));
    assert.deepEqual(program.check(`{"x": ${good}}`), { kind: 'pass' }, validator);
    assert.equal(program.check(`{"x": ${bad}}`).kind, 'fail', `${validator} of ${bad}`);
  }
});

test('too few fields of an open struct are no failure yet, as in CUE', () => {
  const policy = 'import "struct"\n#C: {a?: 1}\nopen?: struct.MinFields(2)\nclosed?: #C & struct.MinFields(2)';
  const program = compileCue('policy', policy);
  assert.equal(program.check('{"open": {"a": 1}}').kind, 'pass');
  assert.equal(program.check('{"closed": {"a": 1}}').kind, 'fail');
});

test('calls that cannot have a result are refused', () => {
  for (const call of [
    'strings.Repeat("a", -1)',
    'strings.Repeat("a", 10000000)',
    'list.Slice([1], 1, 3)',
    'list.Range(0, 1000000, 1)',
    'time.Parse(time.RFC3339, "yesterday")',
    'strings.ToUpper(1)',
    'strings.ToUpper()',
    'div(1, 0)',
    'json.Unmarshal("{")',
    'regexp.Match("(", "a")',
  ]) {
    assert.throws(() => compileCue('policy', policyOf(call)), { kind: 'invalid-input' }, call);
  }
});
