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

/** What a rule over everything can name, as the other languages find it in their data. */
const RULE_VARIABLES = ['authorityMatches', 'config', 'spec', 'metadata', 'typemeta'] as const;

/** A CEL expression over what all authorities of a policy found. */
export function compileCelRule(expression: string, where: string): DataCondition {
  const program = compileCel(expression, [...RULE_VARIABLES, 'now'], where);
  return (data, at) => {
    const parts = isRecord(data) ? data : {};
    const variables = RULE_VARIABLES.map((name): [string, unknown] => [name, parts[name] ?? {}]);
    return resultOf(program(new Map<string, unknown>([...variables, ['now', at]])), expression);
  };
}

function resultOf(outcome: CelOutcome, expression: string): ConditionResult {
  if (outcome.kind === 'error') return { kind: 'error', message: outcome.message };
  if (outcome.value === true) return { kind: 'holds' };
  if (outcome.value === false) return { kind: 'fails', expected: expression.trim() };
  return { kind: 'error', message: `expected true or false, found ${typeof outcome.value}` };
}
