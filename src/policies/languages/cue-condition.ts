import { AppError, runBounded } from '../../core/index.ts';
import { compileCue } from '../interpreters/index.ts';
import type { CueError } from '../interpreters/index.ts';
import type { ConditionResult } from '../policy.ts';

/** Errors of one evaluation that are worth reading. */
const MAX_ERRORS = 5;

/** A CUE policy that JSON must fit. Throws `invalid-input` when it cannot be compiled. */
export function compileCueCondition(text: string, where: string): (json: string) => ConditionResult {
  // everything fits an empty policy
  if (text.trim() === '') throw new AppError('invalid-input', `${where}: expected CUE, found nothing`);
  const program = compileCue(where, text);
  return (json) => {
    const outcome = runBounded(() => program.check(json));
    // a ceiling, or a document that CUE does not take: not judged is not met
    if (outcome.kind === 'failed') return { kind: 'error', message: outcome.message };
    const { value } = outcome;
    return value.kind === 'pass' ? { kind: 'holds' } : { kind: 'fails', expected: describe(value.errors) };
  };
}

function describe(errors: readonly CueError[]): string {
  const lines = errors.slice(0, MAX_ERRORS).map(({ path, message, positions }) => {
    const [position] = positions;
    return `${path === '' ? '' : `${path}: `}${message}${position === undefined ? '' : ` (${position})`}`;
  });
  const more = errors.length - lines.length;
  return `what CUE allows: ${lines.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
