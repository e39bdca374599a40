/**
 * Generated CEL expressions, judged by us and by the library of Kubernetes. PLIMSOLL_CEL_EXPRESSIONS says how many, PLIMSOLL_CEL_SEED
 * which. What Kubernetes refuses for its types alone, and has a value here, is counted apart.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/core/index.ts';
import { planCel } from '../../src/policies/interpreters/cel/cel.ts';
import {
  CelList,
  CelMap,
  Failure,
  fromJson,
  Optional,
  typeNameOf,
  Uint,
} from '../../src/policies/interpreters/cel/values.ts';
import type { Value } from '../../src/policies/interpreters/cel/values.ts';
import { celExpression, DOCUMENT } from './cel-expressions.ts';
import { missingPeers, peer } from './support.ts';

const COUNT = Number(process.env['PLIMSOLL_CEL_EXPRESSIONS'] ?? 10_000);
const SEED = Number(process.env['PLIMSOLL_CEL_SEED'] ?? 20260101);

interface Answer {
  readonly kind: 'value' | 'compile' | 'error' | 'panic';
  readonly value?: string;
  readonly error?: string;
}

function judgeAll(program: string, expressions: readonly string[]): readonly Answer[] {
  const input = expressions.map((expression) => `${JSON.stringify({ expression, input: JSON.stringify(DOCUMENT) })}\n`);
  const { stdout } = spawnSync(program, { input: input.join(''), encoding: 'utf8', maxBuffer: 1 << 28 });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Answer => JSON.parse(line) as Answer);
}

/** The text of the value; undefined for a failure. */
function evaluate(expression: string): string | undefined {
  try {
    const run = planCel({ where: 'x', text: expression }, { variables: ['a'], container: '' });
    const value = run([fromJson(DOCUMENT)]);
    return value instanceof Failure ? undefined : textOf(value);
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input') return undefined;
    throw error;
  }
}

function textOf(value: Value): string {
  if (value instanceof Optional) return value.value === undefined ? 'none' : `optional ${textOf(value.value)}`;
  if (value instanceof CelList) return `[${value.items.map(textOf).join(', ')}]`;
  if (value instanceof CelMap)
    return `{${value
      .entries()
      .map((entry) => entry.map(textOf).join(': '))
      .sort()
      .join(', ')}}`;
  const type = typeNameOf(value);
  if (value instanceof Uint) return `${type} ${value.value}`;
  if (typeof value === 'number') return `${type} ${value}`;
  if (typeof value === 'object') return type;
  return `${type} ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`;
}

/** Doubles by their value, which Go writes otherwise. */
function normal(text: string | undefined): string | undefined {
  return text
    ?.replaceAll(
      /double ([^,\]} ]+)/g,
      (_, digits: string) => `double ${Number(digits.replace(/^([+-]?)Inf$/, '$1Infinity')) + 0}`,
    )
    .replaceAll(/\\u003c|\\u003e|\\u0026/g, (escape) => String.fromCharCode(Number.parseInt(escape.slice(2), 16)));
}

test(
  'generated expressions have the values that the library of Kubernetes gives',
  missingPeers('PEER_CEL_JUDGE'),
  (context) => {
    const [program = ''] = peer('PEER_CEL_JUDGE')();
    const expressions = fc.sample(celExpression, { numRuns: COUNT, seed: SEED });
    const answers = judgeAll(program, expressions);
    assert.equal(answers.length, expressions.length);
    const counts = { value: 0, error: 0, types: 0, unanswered: 0 };
    const different: string[] = [];
    for (const [index, expression] of expressions.entries()) {
      const answer = answers[index];
      const ours = normal(evaluate(expression));
      const theirs = answer?.kind === 'value' ? normal(answer.value) : undefined;
      if (answer?.kind === 'panic' || answer?.error?.startsWith('internal error') === true) counts.unanswered += 1;
      else if (answer?.kind === 'compile' && ours !== undefined) counts.types += 1;
      else if (ours === theirs) counts[ours === undefined ? 'error' : 'value'] += 1;
      else different.push(`${ours}, Kubernetes ${answer?.kind} ${answer?.value ?? answer?.error}: ${expression}`);
    }
    context.diagnostic(JSON.stringify(counts));
    assert.ok(counts.value > COUNT / 4 && counts.error > COUNT / 10, JSON.stringify(counts));
    assert.ok(counts.types < COUNT / 5, JSON.stringify(counts));
    assert.deepEqual(different, []);
  },
);
