import { AppError } from '../../core/index.ts';
import { compileCue } from '../interpreters/index.ts';
import type { CueError } from '../interpreters/index.ts';
import type { ConditionResult } from '../policy.ts';

/** Errors of one evaluation that are worth reading. */
const MAX_ERRORS = 5;

/** A CUE policy that JSON must fit. Throws `invalid-input` when it cannot be compiled. */
export function compileCueCondition(text: string, where: string): (json: string) => ConditionResult {
  const program = compileCue(where, text);
  return (json) => {
    try {
      const outcome = program.check(json);
      return outcome.kind === 'pass' ? { kind: 'holds' } : { kind: 'fails', expected: describe(outcome.errors) };
    } catch (error) {
      // a ceiling, or a document that CUE does not take: not judged is not met
      if (error instanceof AppError) return { kind: 'error', message: error.message };
      throw error;
    }
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
