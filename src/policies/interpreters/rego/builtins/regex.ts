/** Regular expressions, in RE2's syntax. */
import { AppError, quoteRegexp } from '../../../../core/index.ts';
import type { Regexp } from '../../../../core/index.ts';
import { builtinError } from '../evaluate/vm.ts';
import type { Vm } from '../evaluate/vm.ts';
import type { RegoValue } from '../value.ts';
import { globsMatch } from './globs-match.ts';
import { integerAt, textAt } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

function compile(pattern: string, vm: Vm): Regexp {
  try {
    return vm.regexp(pattern);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw builtinError(error.message);
  }
}

function isValid([pattern]: Args, vm: Vm): RegoValue {
  if (typeof pattern !== 'string') return false;
  try {
    vm.regexp(pattern);
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return false;
  }
}

function match(args: Args, vm: Vm): RegoValue {
  const text = textAt(args, 1);
  vm.step(1 + Math.floor(text.length / 64));
  return compile(textAt(args, 0), vm).isMatch(text);
}

function limitAt(args: Args): number {
  const limit = integerAt(args, 2);
  return limit < 0 ? Infinity : limit;
}

function findN(args: Args, vm: Vm): RegoValue {
  const found = compile(textAt(args, 0), vm).findAll(textAt(args, 1), limitAt(args));
  vm.step(found.length);
  return found.map(({ groups }) => groups[0] ?? '');
}

function findSubmatches(args: Args, vm: Vm): RegoValue {
  const found = compile(textAt(args, 0), vm).findAll(textAt(args, 1), limitAt(args));
  vm.step(found.length);
  return found.map(({ groups }) => groups.map((group) => group ?? ''));
}

function replace(args: Args, vm: Vm): RegoValue {
  const made = compile(textAt(args, 1), vm).replaceAll(textAt(args, 0), textAt(args, 2));
  vm.checkSize(made.length);
  return made;
}

function split(args: Args, vm: Vm): RegoValue {
  return compile(textAt(args, 0), vm).split(textAt(args, 1));
}

/** A text with regular expressions between delimiters: `urn:foo:{.*}`. */
function templateMatch(args: Args, vm: Vm): RegoValue {
  const [template, text, open, close] = [0, 1, 2, 3].map((i) => textAt(args, i)) as [string, string, string, string];
  if (open.length !== 1) throw builtinError('start delimiter has to be exactly one character long');
  if (close.length !== 1) throw builtinError('end delimiter has to be exactly one character long');
  let pattern = '^';
  let end = 0;
  for (const [from, to] of delimited(template, open, close)) {
    pattern += `${quoteRegexp(template.slice(end, from))}(${template.slice(from + 1, to)})`;
    end = to + 1;
  }
  return compile(`${pattern}${quoteRegexp(template.slice(end))}$`, vm).isMatch(text);
}

function delimited(template: string, open: string, close: string): [number, number][] {
  const found: [number, number][] = [];
  let level = 0;
  let start = 0;
  for (let i = 0; i < template.length; i += 1) {
    if (template[i] === open) {
      level += 1;
      if (level === 1) start = i;
    } else if (template[i] === close) {
      level -= 1;
      if (level === 0) found.push([start, i]);
      if (level < 0) break;
    }
  }
  if (level !== 0) throw builtinError(`unbalanced braces in "${template}"`);
  return found;
}

export const REGEX: Builtins = {
  'regex.is_valid': isValid,
  'regex.match': match,
  re_match: match,
  'regex.find_n': findN,
  'regex.find_all_string_submatch_n': findSubmatches,
  'regex.replace': replace,
  'regex.split': split,
  'regex.template_match': templateMatch,
  'regex.globs_match': (args, vm) => globsMatch(textAt(args, 0), textAt(args, 1), vm),
};
