/**
 * Generated CUE policies and documents, judged by us and by the library of CUE. PLIMSOLL_CUE_PAIRS says how many, PLIMSOLL_CUE_SEED
 * which. What we refuse by name is counted apart and must stay rare.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/core/index.ts';
import { compileCue } from '../../src/policies/interpreters/index.ts';
import { cueCase } from './cue-policies.ts';
import type { GeneratedCase } from './cue-policies.ts';
import { missingPeers, peer } from './support.ts';

const PAIRS = Number(process.env['PLIMSOLL_CUE_PAIRS'] ?? 4000);
const SEED = Number(process.env['PLIMSOLL_CUE_SEED'] ?? 20260101);
/** Documents in the hands of one process of the library. */
const BATCH = 500;

interface Answer {
  readonly kind: 'ok' | 'compile' | 'input' | 'error' | 'panic' | 'timeout';
  readonly error?: string;
}

/** The library ends its process after a policy that keeps it busy, and may end it by a panic: it goes on with the next one. */
function judgeAll(program: string, cases: readonly GeneratedCase[]): Answer[] {
  const answers: Answer[] = [];
  while (answers.length < cases.length) {
    const input = cases.slice(answers.length, answers.length + BATCH).map((one) => `${JSON.stringify(one)}\n`);
    const { stdout } = spawnSync(program, { input: input.join(''), encoding: 'utf8', maxBuffer: 1 << 28 });
    const lines = stdout.split('\n').filter((line) => line !== '');
    answers.push(...lines.map((line): Answer => JSON.parse(line) as Answer));
    if (lines.length === 0) answers.push({ kind: 'panic' });
  }
  return answers;
}

function judge({ policy, input }: GeneratedCase): 'pass' | 'fail' | 'refused' {
  try {
    return compileCue('policy', policy).check(input).kind;
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== 'invalid-input') throw error;
    return /is not supported|at most/.test(error.message) ? 'refused' : 'fail';
  }
}

test('generated policies are judged as by the library of CUE', missingPeers('PEER_CUE_JUDGE'), (context) => {
  const [program = ''] = peer('PEER_CUE_JUDGE')();
  const cases = fc.sample(cueCase, { numRuns: PAIRS, seed: SEED });
  const answers = judgeAll(program, cases);
  const counts = { pass: 0, fail: 0, refused: 0, unanswered: 0 };
  const different: string[] = [];
  for (const [index, one] of cases.entries()) {
    const answer = answers[index];
    const ours = judge(one);
    const isAnswered = answer !== undefined && answer.kind !== 'panic' && answer.kind !== 'timeout';
    counts[isAnswered ? ours : 'unanswered'] += 1;
    if (!isAnswered || ours === 'refused' || (ours === 'pass') === (answer.kind === 'ok')) continue;
    different.push(`${one.policy}${one.input}\nours: ${ours}, library: ${answer.kind} ${answer.error ?? ''}`);
  }
  context.diagnostic(JSON.stringify(counts));
  assert.ok(counts.refused <= PAIRS / 20, `refused ${counts.refused} of ${PAIRS}`);
  assert.ok(counts.pass > PAIRS / 5 && counts.fail > PAIRS / 5, JSON.stringify(counts));
  assert.deepEqual(different, []);
});
