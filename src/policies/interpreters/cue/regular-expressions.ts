/** Regular expressions of one policy, compiled once each. */
import { AppError, compileRegexp } from '../../../core/index.ts';
import type { Regexp } from '../../../core/index.ts';

/** Ceiling of the compiled expressions that are kept: a policy has few, but may make them from data. */
const MAX_KEPT = 200;

const kept = new Map<string, Regexp>();

/** The compiled expression, or what is wrong with it. */
export function regexpOf(pattern: string): Regexp | string {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  try {
    const regexp = compileRegexp(pattern, 'regular expression');
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(pattern, regexp);
    return regexp;
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input') return error.message;
    throw error;
  }
}

/** Whether it matches anywhere in the text, or what is wrong with it. */
export function matchRegexp(pattern: string, text: string): boolean | string {
  const regexp = regexpOf(pattern);
  return typeof regexp === 'string' ? regexp : regexp.isMatch(text);
}
