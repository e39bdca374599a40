import { isRecord } from '../../core/index.ts';
import { compileCel } from '../interpreters/index.ts';
import type { CelOutcome } from '../interpreters/index.ts';
import type { Condition, ConditionResult, DataCondition } from '../policy.ts';

/** What a condition can name: the parts of the in-toto statement, and the time of judgement. */
const VARIABLES = ['statement', 'predicate', 'predicateType', 'subject', 'now'] as const;

/** A CEL expression over an attestation that must be true. Throws `invalid-input` when it cannot be compiled. */
export function compileCelCondition(expression: string, where: string): Condition {
  const program = compileCel(expression, VARIABLES, where);
  return (attestation, at) => {
    const { statement, predicate, predicateType } = attestation;
    const subject = isRecord(statement) ? statement.subject : undefined;
    const outcome = program(
      new Map<string, unknown>([
        ['statement', statement],
        ['predicate', predicate],
        ['predicateType', predicateType],
        ['subject', subject],
        ['now', at],
      ]),
    );
    return resultOf(outcome, expression);
  };
}

/**
 * A CEL expression over these parts of what a rule over everything sees. It cannot name others: in what is not there nothing is ever
 * wrong.
 */
export function compileCelRule(expression: string, where: string, parts: readonly string[]): DataCondition {
  const program = compileCel(expression, [...parts, 'now'], where);
  return (data, at) => {
    const variables = isRecord(data) ? Object.entries(data) : [];
    return resultOf(program(new Map([...variables, ['now', at]])), expression);
  };
}

function resultOf(outcome: CelOutcome, expression: string): ConditionResult {
  if (outcome.kind === 'error') return { kind: 'error', message: outcome.message };
  if (outcome.value === true) return { kind: 'holds' };
  if (outcome.value === false) return { kind: 'fails', expected: expression.trim() };
  return { kind: 'error', message: `expected true or false, found ${typeof outcome.value}` };
}
