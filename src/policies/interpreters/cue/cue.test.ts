import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { AppError, isRecord } from '../../../core/index.ts';
import { dataSet, needsSharedData } from '../../../../test/shared-data.ts';
import { compileCue } from '../index.ts';
import type { CueError } from '../index.ts';

/** Errors of a document under a policy, none where it passes. */
function errorsOf(policy: string, document: unknown): readonly CueError[] {
  const outcome = compileCue('policy', policy).check(JSON.stringify(document));
  return outcome.kind === 'pass' ? [] : outcome.errors;
}

function pathsOf(policy: string, document: unknown): string[] {
  return errorsOf(policy, document).map(({ path }) => path);
}

test('a document that unifies with the policy passes, and what stays open does not matter', () => {
  assert.deepEqual(pathsOf('a: int\nb?: string\nc: string', { a: 1, d: [true] }), []);
  assert.deepEqual(pathsOf('a: _\nif a.missing == 1 {b: 1}', { a: {} }), []);
});

test('all conflicts are listed with their paths', () => {
  const policy = 'a: int\nb: {c: >=10, d: "x" | "y"}\nl: [...string]';
  assert.deepEqual(pathsOf(policy, { a: 'x', b: { c: 9, d: 'z' }, l: ['q', 1] }), ['a', 'b.c', 'b.d', 'l[1]']);
  const [error] = errorsOf('a: 1', { a: 2 });
  assert.equal(error?.message, 'conflicting values 1 and 2');
  assert.deepEqual(error?.positions, ['1:4']);
});

test('whole numbers, other numbers and their bounds are told apart', () => {
  const program = compileCue('policy', 'a: int & >=0 & <=255');
  assert.equal(program.check('{"a": 255}').kind, 'pass');
  assert.equal(program.check('{"a": 255.0}').kind, 'fail');
  assert.equal(program.check('{"a": 256}').kind, 'fail');
  assert.equal(program.check('{"a": 25500000000000000000000001}').kind, 'fail');
});

test('a definition allows no other fields, however deep, and an embedding opens it', () => {
  const policy = '#A: {a: {b: int}, ...}\n#B: {c: {d: int}}\nx?: #A\ny?: #B\nz?: {#B, e: 1}';
  assert.deepEqual(pathsOf(policy, { x: { a: { b: 1 }, more: 1 } }), []);
  assert.deepEqual(pathsOf(policy, { y: { c: { d: 1, more: 1 } } }), ['y.c.more']);
  assert.deepEqual(pathsOf(policy, { z: { c: { d: 1 }, e: 1 } }), []);
  assert.deepEqual(pathsOf(policy, { z: { c: { d: 1 }, e: 1, f: 1 } }), ['z.f']);
});

test('a policy is refused where nothing satisfies it, and where a part of it is not supported', () => {
  for (const [policy, message] of [
    ['a: 1\na: 2', /policy:1:4:a: conflicting values 1 and 2/],
    ['a: {', /expected/],
    ['a: b', /reference "b" not found/],
    ['import "example.com/mine"\na: mine.b', /package "example.com\/mine" is not supported/],
    ['import "strings"\na: strings.ToCamel("x")', /strings.ToCamel is not supported/],
    ['a: matchN(1, [int])', /matchN is not supported/],
    ['@if(prod)\na: 1', /attribute @if is not supported/],
    ['import "time"\na: 1', /imported and not used: time/],
    ['let x = 1\na: 1', /unreferenced/],
    ['a: b: a', /structural cycle/],
    [`a: ${'['.repeat(1000)}${']'.repeat(1000)}`, /at most 200 levels/],
  ] as const) {
    assert.throws(() => compileCue('policy', policy), { kind: 'invalid-input', message }, policy);
  }
});

test('what is no JSON, or JSON that CUE does not take, is refused', () => {
  const program = compileCue('policy', 'a?: _');
  for (const text of ['', '{', '{"a":01}', '{"a":1}}', '{"a":"\\ud800"}', `${'['.repeat(200)}${']'.repeat(200)}`]) {
    assert.throws(() => program.check(text), { kind: 'invalid-input' }, text);
  }
});

test('a key that comes twice must unify', () => {
  const program = compileCue('policy', 'a?: _');
  assert.equal(program.check('{"a": 1, "a": 1}').kind, 'pass');
  assert.equal(program.check('{"a": 1, "a": 2}').kind, 'fail');
});

test('alternatives that grow without end are stopped', () => {
  const many = Array.from({ length: 24 }, (_, index) => `({a${index}: 1} | {b${index}: 2})`).join(' & ');
  assert.throws(() => compileCue('policy', `x: ${many}`), { kind: 'invalid-input', message: /at most/ });
});

test('every CUE policy of the data set is judged as it should', needsSharedData, () => {
  const folder = join(dataSet('policy'), 'clusterimagepolicy');
  let count = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.yaml')) continue;
    for (const document of parseAllDocuments(readFileSync(join(folder, name), 'utf8'))) {
      for (const policy of cuePolicies(document.toJS())) {
        compileCue(name, policy).check('{}');
        count += 1;
      }
    }
  }
  assert.ok(count >= 20, `found ${count}`);
  const predicate: unknown = JSON.parse(readFileSync(join(folder, 'cue/vuln-predicate.json'), 'utf8'));
  const statement = { predicateType: 'https://cosign.sigstore.dev/attestation/vuln/v1', predicate };
  const read = (name: string) => readFileSync(join(folder, 'cue', name), 'utf8');
  assert.deepEqual(errorsOf(read('cue-vuln-works.cue'), statement), []);
  assert.deepEqual(pathsOf(read('cue-vuln-fails.cue'), statement), [
    'predicate.invocation.uri',
    'predicate.scanner.uri',
    'predicate.metadata.scanStartedOn',
    'predicate.metadata.scanFinishedOn',
  ]);
});

function cuePolicies(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(cuePolicies);
  if (!isRecord(value)) return [];
  const own = value.type === 'cue' && typeof value.data === 'string' ? [value.data] : [];
  return [...own, ...Object.values(value).flatMap(cuePolicies)];
}

test('no text makes anything but an answer or an error that says what was expected', () => {
  const word = fc.constantFrom(
    ...'a b #A _h ? ! : = { } [ ] ( ) , ... | & * + - / == != < > =~ 1 1.5 "s" "\\(a)" \'x\' int string null true _ _|_'.split(
      ' ',
    ),
    'for x in a',
    'if a',
    'let y = 1',
    '\n',
    'len(',
    'close(',
    'or(',
    'and(',
    '"""\n',
    '[string]:',
    'a: b',
    'b: a',
    '#A: {',
    'a: #A',
  );
  const policy = fc.array(word, { maxLength: 30 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(policy, fc.json(), (text, json) => {
      try {
        compileCue('policy', text).check(json);
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
