import { isRecord } from '../../core/index.ts';
import { compileCel } from '../interpreters/index.ts';
import type { Condition } from '../policy.ts';

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
    if (outcome.kind === 'error') return { kind: 'error', message: outcome.message };
    if (outcome.value === true) return { kind: 'holds' };
    if (outcome.value === false) return { kind: 'fails', expected: expression.trim() };
    return { kind: 'error', message: `expected true or false, found ${typeof outcome.value}` };
  };
}
