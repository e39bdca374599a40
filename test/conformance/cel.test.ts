/** The suite of the definition of the Common Expression Language. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError } from '../../src/core/index.ts';
import { planCel } from '../../src/policies/interpreters/cel/cel.ts';
import {
  CelList,
  CelMap,
  Duration,
  Failure,
  keyOf,
  Timestamp,
  typeNameOf,
  TypeValue,
  Uint,
} from '../../src/policies/interpreters/cel/values.ts';
import type { Key, Result, Value } from '../../src/policies/interpreters/cel/values.ts';
import { checkConformancePart } from '../conformance-page.ts';
import { dataSet, needsSharedData } from '../shared-data.ts';
import { EXCEPTIONS } from './cel-exceptions.ts';
import { all, one, parseTextProto, text } from './textproto.ts';
import type { TextMessage } from './textproto.ts';

interface Case {
  readonly name: string;
  readonly message: TextMessage;
}

/** Cases by file. */
function loadCases(): Map<string, Case[]> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-cel-'));
  try {
    execFileSync('tar', ['-xzf', join(dataSet('cel'), 'cel-spec-simple-tests.tar.gz'), '-C', folder]);
    const root = join(folder, 'simple/testdata');
    return new Map(
      readdirSync(root)
        .sort()
        .map((file) => {
          const name = file.replace('.textproto', '');
          const sections = all(parseTextProto(readFileSync(join(root, file), 'utf8')), 'section');
          const cases = sections.flatMap((section) =>
            all(section, 'test').map((message) => ({
              name: `${name}/${text(section, 'name')}/${text(message, 'name')}`,
              message,
            })),
          );
          return [name, cases];
        }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Undefined where the case is as wanted, else what was found. */
function differenceOf({ message }: Case): string | undefined {
  if (one(message, 'typed_result') !== undefined) return 'types are not deduced';
  const bindings = all(message, 'bindings').map(
    (entry) =>
      [text(entry, 'key') ?? '', valueOf(one(one(entry, 'value') ?? NO_FIELDS, 'value') ?? NO_FIELDS)] as const,
  );
  const declared = all(message, 'type_env').map((entry) => text(entry, 'name') ?? '');
  const variables = [...new Set([...bindings.map(([name]) => name), ...declared])];
  const isError = one(message, 'eval_error') !== undefined || one(message, 'any_eval_errors') !== undefined;
  const found = evaluate(message, variables, new Map(bindings));
  if (found instanceof Failure) return isError ? undefined : found.message;
  const value = one(message, 'value');
  const expected = isError ? 'an error' : canonical(value === undefined ? true : valueOf(value));
  return canonical(found) === expected ? undefined : `expected ${expected}, found ${canonical(found)}`;
}

function evaluate(message: TextMessage, variables: readonly string[], bindings: ReadonlyMap<string, Result>): Result {
  try {
    const source = { where: 'case', text: text(message, 'expr') ?? '' };
    const run = planCel(source, { variables, container: text(message, 'container') ?? '' });
    return run(variables.map((name) => (bindings.has(name) ? (bindings.get(name) as Result) : new Failure('unbound'))));
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input') return new Failure(error.message);
    throw error;
  }
}

const NO_FIELDS: TextMessage = { fields: [] };

/** Of a `cel.expr.Value`. */
function valueOf(message: TextMessage): Result {
  const [[kind, field] = ['', '']] = message.fields;
  const word = text(message, kind) ?? '';
  switch (kind) {
    case 'null_value':
      return null;
    case 'bool_value':
      return word === 'true';
    case 'int64_value':
      return integer(word);
    case 'uint64_value':
      return new Uint(integer(word));
    case 'double_value':
      return /^-?inf/i.test(word)
        ? word.startsWith('-')
          ? -Infinity
          : Infinity
        : Number(word.toLowerCase() === 'nan' ? Number.NaN : word);
    case 'string_value':
      return word;
    case 'bytes_value':
      return field instanceof Uint8Array ? field : new Uint8Array();
    case 'type_value':
      return new TypeValue(word);
    case 'list_value':
      return new CelList(all(one(message, kind) ?? NO_FIELDS, 'values').map(soundValueOf));
    case 'map_value': {
      const entries = all(one(message, kind) ?? NO_FIELDS, 'entries').map((entry): [Key, readonly [Value, Value]] => {
        const key = soundValueOf(one(entry, 'key') ?? NO_FIELDS);
        return [keyOf(key) ?? '', [key, soundValueOf(one(entry, 'value') ?? NO_FIELDS)]];
      });
      return new CelMap(new Map(entries));
    }
    default:
      return messageOf(one(message, kind) ?? NO_FIELDS);
  }
}

function soundValueOf(message: TextMessage): Value {
  const value = valueOf(message);
  if (value instanceof Failure) throw new Error(value.message);
  return value;
}

/** Of an `Any`: times are values of the language, other messages are not had. */
function messageOf({ fields: [[type, inner] = ['', '']] }: TextMessage): Result {
  const of = typeof inner === 'object' && 'fields' in inner ? inner : NO_FIELDS;
  const nanoseconds = integer(text(of, 'seconds') ?? '0') * 1_000_000_000n + integer(text(of, 'nanos') ?? '0');
  if (type.endsWith('google.protobuf.Timestamp]')) return new Timestamp(nanoseconds);
  return type.endsWith('google.protobuf.Duration]') ? new Duration(nanoseconds) : new Failure(`message ${type}`);
}

function integer(word: string): bigint {
  return word.startsWith('-') ? -BigInt(word.slice(1)) : BigInt(word);
}

function canonical(value: Result): string {
  if (value instanceof Failure) return `failure ${value.message}`;
  if (value instanceof CelList) return `[${value.items.map(canonical).join(', ')}]`;
  if (value instanceof CelMap)
    return `{${value
      .entries()
      .map((entry) => entry.map(canonical).join(': '))
      .sort()
      .join(', ')}}`;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (value instanceof Timestamp || value instanceof Duration) return `${value.kind} ${value.nanoseconds}`;
  if (value instanceof Uint) return `${value.value}u`;
  if (value instanceof TypeValue) return `type ${value.name}`;
  if (typeof value === 'number') return `double ${Object.is(value, -0) ? '-0' : value}`;
  return typeof value === 'string'
    ? JSON.stringify(value)
    : typeof value === 'object' && value !== null
      ? typeNameOf(value)
      : String(value);
}

test("CEL's suite passes but for the named exceptions, as the reference page says", needsSharedData, () => {
  const unexpected: string[] = [];
  const rows: string[] = [];
  let [total, failures] = [0, 0];
  for (const [file, cases] of loadCases()) {
    let failed = 0;
    for (const wanted of cases) {
      const difference = differenceOf(wanted);
      const isException = EXCEPTIONS.has(wanted.name);
      if (difference !== undefined) failed += 1;
      if (difference !== undefined && !isException) unexpected.push(`${wanted.name}: ${difference.slice(0, 500)}`);
      if (difference === undefined && isException)
        unexpected.push(`${wanted.name}: passes, and is no exception any more`);
    }
    rows.push(`| ${file} | ${cases.length - failed} | ${failed} |`);
    total += cases.length;
    failures += failed;
  }
  assert.deepEqual(unexpected.slice(0, 10), [], `${unexpected.length} cases`);
  assert.equal(total, 2456);
  const reasons = Object.entries(Object.groupBy(EXCEPTIONS.values(), (reason) => reason)).map(
    ([reason, names = []]) => `- ${names.length}: ${reason}`,
  );
  checkConformancePart('Conformance of CEL', [
    `What the suite of the definition of CEL (cel-spec of June 2026) says of the CEL interpreter: ${total - failures} pass, ${failures} fail. Reasons of failures,`,
    'with the number of names of cases (some names stand for several):',
    '',
    ...reasons,
    '',
    '| file | pass | fail |',
    '| --- | --- | --- |',
    ...rows,
  ]);
});
