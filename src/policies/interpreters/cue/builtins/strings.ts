/** Package `strings`, without ToTitle, ToCamel and the functions that cut in the middle of characters. */
import { boolOf, compareStrings, intOf, KIND, stringOf } from '../values.ts';
import type { Value } from '../values.ts';
import { elementsAt, integerAt, textAt, textsOf } from './arguments.ts';
import { Builtin } from './builtin.ts';
import type { BuiltinSpec, Result } from './builtin.ts';
import type { Machine } from '../machine.ts';

const { bool, bytes, int, list, string } = KIND;
/** Ceiling of a text that Repeat makes. */
const MAX_TEXT = 1024 * 1024;

export const STRINGS: readonly Builtin[] = [
  of('MinRunes', [string, int], bool, (args) => boolOf(runes(textAt(args, 0)).length >= integerAt(args, 1))),
  of('MaxRunes', [string, int], bool, (args) => boolOf(runes(textAt(args, 0)).length <= integerAt(args, 1))),
  of('Runes', [string], list, (args, machine) =>
    machine.listOf(runes(textAt(args, 0)).map((rune) => intOf(rune.codePointAt(0) ?? 0))),
  ),
  of('SliceRunes', [string, int, int], string, sliceRunes),
  of('Contains', [string, string], bool, (args) => boolOf(textAt(args, 0).includes(textAt(args, 1)))),
  of('ContainsAny', [string, string], bool, (args) => boolOf(indexOfAny(args).length > 0)),
  of('HasPrefix', [string, string], bool, (args) => boolOf(textAt(args, 0).startsWith(textAt(args, 1)))),
  of('HasSuffix', [string, string], bool, (args) => boolOf(textAt(args, 0).endsWith(textAt(args, 1)))),
  of('Compare', [string, string], int, (args) => intOf(compareStrings(textAt(args, 0), textAt(args, 1)))),
  of('Count', [string, string], int, count),
  of('Index', [string, string], int, (args) => offset(textAt(args, 0), textAt(args, 0).indexOf(textAt(args, 1)))),
  of('LastIndex', [string, string], int, (args) =>
    offset(textAt(args, 0), textAt(args, 0).lastIndexOf(textAt(args, 1))),
  ),
  of('IndexAny', [string, string], int, (args) => offset(textAt(args, 0), indexOfAny(args)[0] ?? -1)),
  of('LastIndexAny', [string, string], int, (args) => offset(textAt(args, 0), indexOfAny(args).at(-1) ?? -1)),
  of('Join', [list, string], string, join),
  of('Split', [string, string], list, (args, machine) => split(args, machine, { limit: -1, isAfter: false })),
  of('SplitN', [string, string, int], list, (args, machine) =>
    split(args, machine, { limit: integerAt(args, 2), isAfter: false }),
  ),
  of('SplitAfter', [string, string], list, (args, machine) => split(args, machine, { limit: -1, isAfter: true })),
  of('SplitAfterN', [string, string, int], list, (args, machine) =>
    split(args, machine, { limit: integerAt(args, 2), isAfter: true }),
  ),
  of('Fields', [string], list, (args, machine) =>
    machine.listOf(
      textAt(args, 0)
        .split(/\s+/u)
        .filter((field) => field !== '')
        .map(stringOf),
    ),
  ),
  of('Replace', [string, string, string, int], string, replace),
  of('Repeat', [string, int], string, repeat),
  of('ToUpper', [string], string, (args) => mapRunes(args, (rune) => rune.toUpperCase())),
  of('ToLower', [string], string, (args) => mapRunes(args, (rune) => rune.toLowerCase())),
  of('Trim', [string, string], string, (args) => trim(args, { left: true, right: true })),
  of('TrimLeft', [string, string], string, (args) => trim(args, { left: true, right: false })),
  of('TrimRight', [string, string], string, (args) => trim(args, { left: false, right: true })),
  of('TrimSpace', [string], string, (args) => stringOf(textAt(args, 0).replace(/^[\s\u0085]+|[\s\u0085]+$/gu, ''))),
  of('TrimPrefix', [string, string], string, (args) => {
    const [text, prefix] = [textAt(args, 0), textAt(args, 1)];
    return stringOf(text.startsWith(prefix) ? text.slice(prefix.length) : text);
  }),
  of('TrimSuffix', [string, string], string, (args) => {
    const [text, suffix] = [textAt(args, 0), textAt(args, 1)];
    return stringOf(suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text);
  }),
  of('ByteAt', [bytes | string, int], int, byteAt),
  of('ByteSlice', [bytes | string, int, int], bytes, byteSlice),
];

function of(name: string, params: readonly number[], result: number, call: BuiltinSpec['call']): Builtin {
  return new Builtin({ name: `strings.${name}`, params, result, call });
}

function runes(text: string): string[] {
  return Array.from(text);
}

function sliceRunes(args: readonly Value[]): Result {
  const all = runes(textAt(args, 0));
  const [from, to] = [integerAt(args, 1), integerAt(args, 2)];
  if (from < 0 || from > to || to > all.length) return { fault: 'index out of range' };
  return stringOf(all.slice(from, to).join(''));
}

/** Offset in the UTF-8 of the text. */
function offset(text: string, index: number): Result {
  return intOf(index < 0 ? -1 : Buffer.byteLength(text.slice(0, index)));
}

function indexOfAny(args: readonly Value[]): number[] {
  const wanted = new Set(runes(textAt(args, 1)));
  const found: number[] = [];
  let at = 0;
  for (const rune of textAt(args, 0)) {
    if (wanted.has(rune)) found.push(at);
    at += rune.length;
  }
  return found;
}

function count(args: readonly Value[]): Result {
  const [text, part] = [textAt(args, 0), textAt(args, 1)];
  return intOf(part === '' ? runes(text).length + 1 : text.split(part).length - 1);
}

function join(args: readonly Value[], machine: Machine): Result {
  const texts = textsOf(machine, elementsAt(args, 0));
  return Array.isArray(texts) ? stringOf(texts.join(textAt(args, 1))) : texts;
}

function split(
  args: readonly Value[],
  machine: Machine,
  { limit, isAfter }: { readonly limit: number; readonly isAfter: boolean },
): Result {
  const [text, separator] = [textAt(args, 0), textAt(args, 1)];
  if (limit === 0) return machine.listOf([]);
  const all = separator === '' ? runes(text) : text.split(separator);
  const glue = separator;
  const parts = limit > 0 && all.length > limit ? [...all.slice(0, limit - 1), all.slice(limit - 1).join(glue)] : all;
  const ended = isAfter ? parts.map((one, index) => (index < parts.length - 1 ? one + glue : one)) : parts;
  return machine.listOf(ended.map(stringOf));
}

function replace(args: readonly Value[]): Result {
  const [text, from, to, limit] = [textAt(args, 0), textAt(args, 1), textAt(args, 2), integerAt(args, 3)];
  const parts = from === '' ? ['', ...runes(text), ''] : text.split(from);
  const most = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1);
  if (text.length + most * to.length > MAX_TEXT) return { fault: 'the result is too long' };
  const glued = parts.map((one, index) => (index === 0 ? one : (index <= most ? to : from) + one));
  return stringOf(glued.join(''));
}

function repeat(args: readonly Value[]): Result {
  const [text, times] = [textAt(args, 0), integerAt(args, 1)];
  if (times < 0) return { fault: 'negative count' };
  return text.length * times > MAX_TEXT ? { fault: 'the result is too long' } : stringOf(text.repeat(times));
}

/** One rune for each, as Go does; those that would become several stay. */
function mapRunes(args: readonly Value[], change: (rune: string) => string): Result {
  const one = (rune: string) => {
    const changed = change(rune);
    return runes(changed).length === 1 ? changed : rune;
  };
  return stringOf(runes(textAt(args, 0)).map(one).join(''));
}

function trim(args: readonly Value[], sides: { readonly left: boolean; readonly right: boolean }): Result {
  const cut = new Set(runes(textAt(args, 1)));
  const all = runes(textAt(args, 0));
  let [from, to] = [0, all.length];
  while (sides.left && from < to && cut.has(all[from] ?? '')) from += 1;
  while (sides.right && to > from && cut.has(all[to - 1] ?? '')) to -= 1;
  return stringOf(all.slice(from, to).join(''));
}

function octets(args: readonly Value[]): string {
  const [value] = args;
  return value?.kind === 'string' ? Buffer.from(value.value).toString('latin1') : textAt(args, 0);
}

function byteAt(args: readonly Value[]): Result {
  const index = integerAt(args, 1);
  const all = octets(args);
  return index < 0 || index >= all.length ? { fault: 'index out of range' } : intOf(all.charCodeAt(index));
}

function byteSlice(args: readonly Value[]): Result {
  const [from, to] = [integerAt(args, 1), integerAt(args, 2)];
  const all = octets(args);
  if (from < 0 || from > to || to > all.length) return { fault: 'index out of range' };
  return { kind: 'bytes', value: all.slice(from, to) };
}
