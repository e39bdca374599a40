/** Globs of gobwas/glob: `*` and `?` stop at delimiters, `**` does not; `[a-z]`, `[!abc]` and `{one,two}`. */
import { AppError, quoteRegexp } from '../../../../core/index.ts';
import { builtinError } from '../evaluate/vm.ts';
import type { Vm } from '../evaluate/vm.ts';
import { isArray, pointsOf } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { textAt, textsAt, typeError } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

function match(args: Args, vm: Vm): RegoValue {
  const [pattern, text] = [textAt(args, 0), textAt(args, 2)];
  const delimiters = args[1];
  if (delimiters !== null && !isArray(delimiters)) throw typeError(1, delimiters, 'array', 'null');
  const given = delimiters === null ? [] : textsAt(args, 1);
  if (given.some((delimiter) => pointsOf(delimiter).length !== 1))
    throw builtinError('operand 2 must be array of single-character strings');
  const stops = delimiters !== null && given.length === 0 ? ['.'] : given;
  vm.step(1 + Math.floor(text.length / 64));
  try {
    return vm.regexp(toRegexp(pattern, stops)).isMatch(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw builtinError(`expected a glob, found ${JSON.stringify(pattern)}`);
  }
}

function toRegexp(pattern: string, stops: readonly string[]): string {
  const one =
    stops.length === 0 ? '.' : `[^${stops.map((stop) => `\\x{${(stop.codePointAt(0) ?? 0).toString(16)}}`).join('')}]`;
  const points = pointsOf(pattern);
  let made = '';
  let depth = 0;
  for (let i = 0; i < points.length; i += 1) {
    const point = points[i] ?? '';
    if (point === '\\') {
      i += 1;
      made += quoteRegexp(points[i] ?? '');
    } else if (point === '*') {
      const isSuper = points[i + 1] === '*';
      if (isSuper) i += 1;
      made += isSuper ? '.*' : `${one}*`;
    } else if (point === '?') made += one;
    else if (point === '[') {
      const end = points.indexOf(']', i + 2);
      if (end < 0) throw builtinError(`expected a glob, found ${JSON.stringify(pattern)}`);
      made += toClass(points.slice(i + 1, end));
      i = end;
    } else if (point === '{') {
      depth += 1;
      made += '(?:';
    } else if (point === '}' && depth > 0) {
      depth -= 1;
      made += ')';
    } else if (point === ',' && depth > 0) made += '|';
    else made += quoteRegexp(point);
  }
  if (depth > 0) throw builtinError(`expected a glob, found ${JSON.stringify(pattern)}`);
  return `(?s)^(?:${made})$`;
}

/** `a-z` is a range, anything else a list. */
function toClass(points: readonly string[]): string {
  const isNegated = points[0] === '!';
  const body = isNegated ? points.slice(1) : points;
  const [low, dash, high, ...more] = body;
  const isRange = dash === '-' && low !== undefined && high !== undefined && more.length === 0;
  const escape = (point: string) => `\\x{${(point.codePointAt(0) ?? 0).toString(16)}}`;
  const inner = isRange ? `${escape(low)}-${escape(high)}` : body.map(escape).join('');
  return `[${isNegated ? '^' : ''}${inner}]`;
}

function quoteMeta(args: Args): RegoValue {
  return textAt(args, 0).replace(/[*?\\[\]{},!-]/g, (special) => `\\${special}`);
}

export const GLOB: Builtins = { 'glob.match': match, 'glob.quote_meta': quoteMeta };
