/** Strings. Positions and lengths count code points. */
import { formatValue, isArray, pointsOf, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { toArithmetic, truncate } from '../number.ts';
import { builtinError } from '../evaluate/vm.ts';
import type { Vm } from '../evaluate/vm.ts';
import { arrayAt, integerAt, numberAt, objectAt, textAt, textOrTextsAt, textsAt, typeError } from './operands.ts';
import type { Args, Builtins } from './operands.ts';
import { fault } from '../fault.ts';
import { renderTemplate } from './render-template.ts';
import { sprintf } from './sprintf.ts';

function concat(args: Args, vm: Vm): RegoValue {
  const separator = textAt(args, 0);
  const texts = textsAt(args, 1);
  vm.checkSize(texts.reduce((size, text) => size + text.length + separator.length, 0));
  return texts.join(separator);
}

function positionsOf(args: Args): number[] {
  const [text, search] = [textAt(args, 0), textAt(args, 1)];
  if (search === '') throw builtinError('empty search character');
  const found: number[] = [];
  let points = 0;
  let counted = 0;
  for (let at = text.indexOf(search); at >= 0; at = text.indexOf(search, at + 1)) {
    points += pointsOf(text.slice(counted, at)).length;
    counted = at;
    found.push(points);
  }
  return found;
}

function indexOf(args: Args): RegoValue {
  return positionsOf(args)[0] ?? -1;
}

function substring(args: Args): RegoValue {
  const text = textAt(args, 0);
  const [from, length] = [integerAt(args, 1), integerAt(args, 2)];
  if (from < 0) throw builtinError('negative offset');
  const points = pointsOf(text);
  return points.slice(from, length < 0 ? undefined : from + length).join('');
}

function countOf(args: Args): RegoValue {
  const [text, search] = [textAt(args, 0), textAt(args, 1)];
  return search === '' ? pointsOf(text).length + 1 : text.split(search).length - 1;
}

function replaceAll(args: Args, vm: Vm): RegoValue {
  const [text, search, value] = [textAt(args, 0), textAt(args, 1), textAt(args, 2)];
  return replacePairs(text, [[search, value]], vm);
}

function replaceN(args: Args, vm: Vm): RegoValue {
  const pairs = objectAt(args, 0)
    .entries()
    .map(([key, value]): [string, string] => {
      if (typeof key !== 'string')
        throw fault('eval_type_error', 'operand 1 non-string key found in pattern object', undefined);
      if (typeof value !== 'string')
        throw fault('eval_type_error', 'operand 1 non-string value found in pattern object', undefined);
      return [key, value];
    });
  return replacePairs(textAt(args, 1), pairs, vm);
}

/** Go's `strings.NewReplacer`: at each place the first pair that fits, without looking at what was put there. */
function replacePairs(text: string, pairs: readonly (readonly [string, string])[], vm: Vm): string {
  let made = '';
  let wasEmpty = false;
  for (let at = 0; at <= text.length;) {
    vm.step(pairs.length);
    const pair = pairs.find(([search]) => (search === '' ? !wasEmpty : text.startsWith(search, at)));
    if (pair !== undefined) {
      made += pair[1];
      at += pair[0].length;
      wasEmpty = pair[0] === '';
      vm.checkSize(made.length);
      if (!wasEmpty) continue;
    }
    if (at >= text.length) break;
    const point = String.fromCodePoint(text.codePointAt(at) ?? 0);
    made += point;
    at += point.length;
    wasEmpty = false;
  }
  return made;
}

function trimmer(isLeft: boolean, isRight: boolean) {
  return (args: Args): RegoValue => {
    const points = pointsOf(textAt(args, 0));
    const cut = new Set(textAt(args, 1));
    const isKept = (point: string) => !cut.has(point);
    const from = isLeft ? points.findIndex(isKept) : 0;
    if (from < 0) return '';
    const to = isRight ? points.findLastIndex(isKept) + 1 : points.length;
    return points.slice(from, to).join('');
  };
}

function trimPrefix(args: Args): RegoValue {
  const [text, prefix] = [textAt(args, 0), textAt(args, 1)];
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function trimSuffix(args: Args): RegoValue {
  const [text, suffix] = [textAt(args, 0), textAt(args, 1)];
  return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text;
}

/** White space as Go's `unicode.IsSpace` has it. */
const SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

function trimSpace(args: Args): RegoValue {
  const text = textAt(args, 0);
  let [from, to] = [0, text.length];
  while (from < to && SPACE.test(text[from] ?? '')) from += 1;
  while (to > from && SPACE.test(text[to - 1] ?? '')) to -= 1;
  return text.slice(from, to);
}

/** Go's `strings.ToLower` and `ToUpper` change each code point by itself. */
function changeCase(text: string, change: (point: string) => string): string {
  let made = '';
  for (const point of text) {
    const changed = change(point);
    made += pointsOf(changed).length === 1 ? changed : point;
  }
  return made;
}

function lower(args: Args): RegoValue {
  return changeCase(textAt(args, 0), (point) => point.toLowerCase());
}

function upper(args: Args): RegoValue {
  return changeCase(textAt(args, 0), (point) => point.toUpperCase());
}

function split(args: Args): RegoValue {
  const [text, separator] = [textAt(args, 0), textAt(args, 1)];
  return separator === '' ? pointsOf(text) : text.split(separator);
}

function formatInt(args: Args): RegoValue {
  const value = toArithmetic(numberAt(args, 0));
  const base = numberAt(args, 1);
  if (base !== 2 && base !== 8 && base !== 10 && base !== 16)
    throw fault('eval_type_error', 'operand 2 must be one of {2, 8, 10, 16}', undefined);
  return truncate(value).toString(base);
}

function anyMatch(test: (text: string, part: string) => boolean) {
  return (args: Args, vm: Vm): RegoValue => {
    const [texts, parts] = [textOrTextsAt(args, 0), textOrTextsAt(args, 1)];
    vm.step(texts.length * parts.length);
    return texts.some((text) => parts.some((part) => test(text, part)));
  };
}

/** Parts of a template: texts, and sets with the one value of an expression, or none. */
function templateString(args: Args, vm: Vm): RegoValue {
  let made = '';
  for (const part of arrayAt(args, 0)) {
    if (!(part instanceof RegoSet)) made += isPlain(part);
    else if (part.size > 1) throw builtinError('template-strings must not produce multiple outputs');
    else made += part.size === 0 ? '<undefined>' : isPlain(part.members()[0] as RegoValue);
    vm.checkSize(made.length);
  }
  return made;
}

function isPlain(value: RegoValue): string {
  return typeof value === 'string' ? value : formatValue(value);
}

function format(args: Args, vm: Vm): RegoValue {
  const [pattern, values] = args;
  if (typeof pattern !== 'string') throw typeError(0, pattern, 'string');
  if (!isArray(values)) throw typeError(1, values, 'array');
  const made = sprintf(pattern, values, vm.limits.maxSize);
  vm.checkSize(made.length);
  return made;
}

export const STRINGS: Builtins = {
  concat,
  contains: (args) => textAt(args, 0).includes(textAt(args, 1)),
  startswith: (args) => textAt(args, 0).startsWith(textAt(args, 1)),
  endswith: (args) => textAt(args, 0).endsWith(textAt(args, 1)),
  indexof: indexOf,
  indexof_n: positionsOf,
  substring,
  lower,
  upper,
  split,
  replace: replaceAll,
  trim: trimmer(true, true),
  trim_left: trimmer(true, false),
  trim_right: trimmer(false, true),
  trim_prefix: trimPrefix,
  trim_suffix: trimSuffix,
  trim_space: trimSpace,
  format_int: formatInt,
  sprintf: format,
  'strings.replace_n': replaceN,
  'strings.reverse': (args) => pointsOf(textAt(args, 0)).reverse().join(''),
  'strings.count': countOf,
  'strings.any_prefix_match': anyMatch((text, part) => text.startsWith(part)),
  'strings.any_suffix_match': anyMatch((text, part) => text.endsWith(part)),
  'strings.render_template': (args, vm) => renderTemplate(textAt(args, 0), objectAt(args, 1), vm),
  'internal.template_string': templateString,
};
