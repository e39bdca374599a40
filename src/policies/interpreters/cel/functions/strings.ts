/** Extension `strings` (version 3). Offsets count code points. */
import { noOverload } from '../operators.ts';
import { CelList, Failure } from '../values.ts';
import type { Result } from '../values.ts';
import { pointsOf } from './core.ts';
import { formatText } from './format-text.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

/** White space of Unicode, as of Go's `strings.TrimSpace`. */
const SPACE = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const EDGES = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, 'gu');
const QUOTES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

export const STRINGS: readonly Overload[] = [
  overload('.charAt', ['string', 'int'], charAt),
  overload('.indexOf', ['string', 'string'], (text, part) => indexOf(pointsOf(text), pointsOf(part), 0n)),
  overload('.indexOf', ['string', 'string', 'int'], (text, part, from) =>
    indexOf(pointsOf(text), pointsOf(part), from),
  ),
  overload('.lastIndexOf', ['string', 'string'], (text, part) => lastIndexOf(pointsOf(text), pointsOf(part))),
  overload('.lastIndexOf', ['string', 'string', 'int'], (text, part, from) =>
    lastIndexOf(pointsOf(text), pointsOf(part), from),
  ),
  overload('.lowerAscii', ['string'], (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())),
  overload('.upperAscii', ['string'], (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())),
  overload('.trim', ['string'], (text) => text.replace(EDGES, '')),
  overload('.reverse', ['string'], (text) => pointsOf(text).toReversed().join('')),
  overload('.replace', ['string', 'string', 'string'], (text, from, to) => replace(text, from, to)),
  overload('.replace', ['string', 'string', 'string', 'int'], replace),
  overload('.split', ['string', 'string'], (text, separator) => split(text, separator)),
  overload('.split', ['string', 'string', 'int'], split),
  overload('.substring', ['string', 'int'], (text, from) => substring(text, from)),
  overload('.substring', ['string', 'int', 'int'], substring),
  overload('.join', ['list'], (list) => join(list, '')),
  overload('.join', ['list', 'string'], join),
  overload('.format', ['string', 'list'], (text, list) => formatText(text, list.items)),
  overload('strings.quote', ['string'], quote),
];

function quote(text: string): string {
  return `"${Array.from(text.toWellFormed(), (char) => QUOTES[char] ?? char).join('')}"`;
}

function charAt(text: string, index: bigint): Result {
  const points = pointsOf(text);
  if (index < 0n || index > points.length) return new Failure(`index out of range: ${index}`);
  return points[Number(index)] ?? '';
}

function indexOf(text: readonly string[], part: readonly string[], from: bigint): Result {
  if (from < 0n || from > text.length) return new Failure(`index out of range: ${from}`);
  if (part.length === 0) return from;
  for (let at = Number(from); at + part.length <= text.length; at += 1) if (isAt(text, part, at)) return BigInt(at);
  return -1n;
}

function lastIndexOf(text: readonly string[], part: readonly string[], from?: bigint): Result {
  if (from !== undefined && (from < 0n || (from > 0n && from >= text.length)))
    return new Failure(`index out of range: ${from}`);
  if (part.length === 0) return from ?? BigInt(text.length);
  const last = text.length - part.length;
  for (let at = Math.min(last, from === undefined ? last : Number(from)); at >= 0; at -= 1)
    if (isAt(text, part, at)) return BigInt(at);
  return -1n;
}

function isAt(text: readonly string[], part: readonly string[], at: number): boolean {
  return part.every((point, index) => text[at + index] === point);
}

/** At most so many times; all, for a negative number. */
function replace(text: string, from: string, to: string, limit = -1n): Result {
  if (limit === 0n) return text;
  const pieces = from === '' ? ['', ...pointsOf(text), ''] : text.split(from);
  const count = limit < 0n ? pieces.length - 1 : Math.min(pieces.length - 1, Number(limit));
  if (from === '') return `${pieces.slice(0, count + 1).join(to)}${pieces.slice(count + 1).join('')}`;
  return [pieces.slice(0, count + 1).join(to), ...pieces.slice(count + 1)].join(from);
}

function split(text: string, separator: string, limit = -1n): Result {
  if (limit === 0n) return new CelList([]);
  const pieces = separator === '' ? pointsOf(text) : text.split(separator);
  const count = Number(limit);
  if (limit < 0n || pieces.length <= count) return new CelList(pieces);
  return new CelList([...pieces.slice(0, count - 1), pieces.slice(count - 1).join(separator)]);
}

function substring(text: string, from: bigint, to?: bigint): Result {
  const points = pointsOf(text);
  const end = to ?? BigInt(points.length);
  if (from < 0n || end > points.length || from > end) return new Failure(`index out of range: ${from}, ${end}`);
  return points.slice(Number(from), Number(end)).join('');
}

function join(list: CelList, separator: string): Result {
  const texts = list.items.filter((item) => typeof item === 'string');
  const other = list.items.find((item) => typeof item !== 'string');
  return other === undefined ? texts.join(separator) : noOverload('join', other);
}
