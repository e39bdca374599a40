/** Package `regexp`, in RE2's syntax. */
import { quoteRegexp } from '../../../../core/index.ts';
import type { Regexp } from '../../../../core/index.ts';
import { regexpOf } from '../regular-expressions.ts';
import { boolOf, KIND, stringOf } from '../values.ts';
import type { Value } from '../values.ts';
import type { Machine } from '../machine.ts';
import { integerAt, textAt } from './arguments.ts';
import { Builtin } from './builtin.ts';
import type { Result } from './builtin.ts';

const { bool, int, list, string } = KIND;

export const REGEXP: readonly Builtin[] = [
  of('Match', [string, string], bool, (regexp, args) => boolOf(regexp.isMatch(textAt(args, 1)))),
  of('Find', [string, string], string, (regexp, args) => {
    const [match] = regexp.findAll(textAt(args, 1), 1);
    return match === undefined ? NO_MATCH : stringOf(match.groups[0] ?? '');
  }),
  of('FindAll', [string, string, int], list, (regexp, args, machine) => {
    const matches = regexp.findAll(textAt(args, 1), limitOf(integerAt(args, 2)));
    if (matches.length === 0) return NO_MATCH;
    return machine.listOf(matches.map(({ groups }) => stringOf(groups[0] ?? '')));
  }),
  of('FindSubmatch', [string, string], list, (regexp, args, machine) => {
    const [match] = regexp.findAll(textAt(args, 1), 1);
    if (match === undefined) return NO_MATCH;
    return machine.listOf(match.groups.map((group) => stringOf(group ?? '')));
  }),
  of('ReplaceAll', [string, string, string], string, (regexp, args) =>
    stringOf(regexp.replaceAll(textAt(args, 1), textAt(args, 2))),
  ),
  of('ReplaceAllLiteral', [string, string, string], string, (regexp, args) =>
    stringOf(regexp.replaceAll(textAt(args, 1), textAt(args, 2).replaceAll('$', '$$$$'))),
  ),
  new Builtin({
    name: 'regexp.Valid',
    params: [string],
    result: bool,
    call: (args) => {
      const regexp = regexpOf(textAt(args, 0));
      return typeof regexp === 'string' ? { fault: regexp } : boolOf(true);
    },
  }),
  new Builtin({
    name: 'regexp.QuoteMeta',
    params: [string],
    result: string,
    call: (args) => stringOf(quoteRegexp(textAt(args, 0))),
  }),
];

const NO_MATCH = { fault: 'no match' } as const;

function limitOf(count: number): number {
  return count < 0 ? Infinity : count;
}

/** A function whose first argument is the expression. */
function of(
  name: string,
  params: readonly number[],
  result: number,
  call: (regexp: Regexp, args: readonly Value[], machine: Machine) => Result,
): Builtin {
  return new Builtin({
    name: `regexp.${name}`,
    params,
    result,
    call: (args, machine) => {
      const regexp = regexpOf(textAt(args, 0));
      return typeof regexp === 'string' ? { fault: regexp } : call(regexp, args, machine);
    },
  });
}
