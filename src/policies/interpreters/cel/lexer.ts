/** Tokens of the Common Expression Language (cel-spec, "Syntax"), with the back-quoted fields of later versions. */
import { syntaxError } from './ast.ts';
import type { Source } from './ast.ts';
import { INT_MAX, Uint, UINT_MAX } from './values.ts';

export type Token =
  | { readonly kind: 'name' | 'quoted' | 'punctuation'; readonly text: string; readonly at: number }
  | { readonly kind: 'int'; readonly value: bigint; readonly at: number }
  | { readonly kind: 'literal'; readonly value: number | string | Uint | Uint8Array; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

const SPACE = /(?:[\t\n\f\r ]|\/\/[^\n]*)+/y;
const NAME = /[A-Za-z_]\w*/y;
const FLOAT = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y;
const INTEGER = /(0[xX][0-9a-fA-F]+|\d+)([uU]?)/y;
const QUOTED = /`[\w.\-/ ]+`/y;
const PUNCTUATION = /&&|\|\||[=!<>]=|[-+*/%!<>?:.,()[\]{}]/y;
const STRING = /([bB]?)([rR]?)("""|'''|"|')/y;

export function tokenize(source: Source): readonly Token[] {
  const { text } = source;
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text) ?? undefined;
  };
  for (;;) {
    at += take(SPACE)?.[0].length ?? 0;
    if (at >= text.length) return [...tokens, { kind: 'end', text: '', at }];
    const opening = take(STRING);
    if (opening !== undefined) {
      const { value, end } = readString(source, at, opening);
      tokens.push({ kind: 'literal', value, at });
      at = end;
      continue;
    }
    const [token, length] = readToken(source, at, take);
    tokens.push(token);
    at += length;
  }
}

function readToken(
  source: Source,
  at: number,
  take: (pattern: RegExp) => RegExpExecArray | undefined,
): readonly [Token, number] {
  const found = (pattern: RegExp) => take(pattern)?.[0];
  const name = found(NAME);
  if (name !== undefined) return [{ kind: 'name', text: name, at }, name.length];
  const float = found(FLOAT);
  if (float !== undefined) return [{ kind: 'literal', value: Number(float), at }, float.length];
  const integer = take(INTEGER);
  if (integer !== undefined) return [readInteger(source, at, integer), integer[0].length];
  const quoted = found(QUOTED);
  if (quoted !== undefined) return [{ kind: 'quoted', text: quoted.slice(1, -1), at }, quoted.length];
  const punctuation = found(PUNCTUATION);
  if (punctuation !== undefined) return [{ kind: 'punctuation', text: punctuation, at }, punctuation.length];
  throw syntaxError(source, at, `expected a CEL expression, found ${JSON.stringify(source.text.charAt(at))}`);
}

/** One more than the greatest int is let through: behind a minus sign it is the least. */
function readInteger(source: Source, at: number, [all, digits = '', suffix]: RegExpExecArray): Token {
  const value = BigInt(digits);
  if (value > (suffix === '' ? INT_MAX + 1n : UINT_MAX))
    throw syntaxError(source, at, `expected an integer of 64 bits, found ${all}`);
  return suffix === '' ? { kind: 'int', value, at } : { kind: 'literal', value: new Uint(value), at };
}

function readString(source: Source, start: number, [all, bytes, raw, quote = '']: RegExpExecArray) {
  const { text } = source;
  const from = start + all.length;
  let end = from;
  while (!text.startsWith(quote, end)) {
    if (end >= text.length || (quote.length === 1 && (text[end] === '\n' || text[end] === '\r')))
      throw syntaxError(source, start, `expected a string that ends with ${quote}`);
    end += text[end] === '\\' && raw === '' ? 2 : 1;
  }
  const body = text.slice(from, end).replaceAll('\r\n', '\n');
  const pieces = raw === '' ? unescape(source, from, body, bytes !== '') : [body];
  const isBytes = bytes !== '';
  const value = isBytes ? Uint8Array.from(Buffer.concat(pieces.map((piece) => Buffer.from(piece)))) : pieces.join('');
  return { value, end: end + quote.length };
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
};
const ESCAPE = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]?))/y;

/** Pieces of text, and of bytes where a single byte is written. */
function unescape(source: Source, from: number, body: string, isBytes: boolean): (string | Uint8Array)[] {
  const pieces: (string | Uint8Array)[] = [];
  for (let at = 0; at < body.length;) {
    const next = body.indexOf('\\', at);
    pieces.push(body.slice(at, next < 0 ? undefined : next));
    if (next < 0) break;
    ESCAPE.lastIndex = next;
    const [all = '', hex, short, long, octal, simple = ''] = ESCAPE.exec(body) ?? [];
    const wide = short ?? long;
    const code =
      wide === undefined ? Number.parseInt(hex ?? octal ?? '', hex === undefined ? 8 : 16) : Number(`0x${wide}`);
    const isPoint = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    const plain = Object.hasOwn(ESCAPES, simple) ? ESCAPES[simple] : undefined;
    if (plain === undefined && (!isPoint || (isBytes && wide !== undefined)))
      throw syntaxError(source, from + next, `expected an escape of CEL, found ${all || '\\'}`);
    pieces.push(plain ?? (isBytes ? Uint8Array.of(code) : String.fromCodePoint(code)));
    at = next + all.length;
  }
  return pieces;
}
