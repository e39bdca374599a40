/** Values of CUE's literals: escapes and indentation of strings, multipliers and bases of numbers. */
import { multiply, parseDecimal, isWhole } from './decimal.ts';
import type { Decimal } from './decimal.ts';
import type { StringToken } from './lexer.ts';

export interface NumberLiteral {
  readonly value: Decimal;
  readonly isFloat: boolean;
}

const DECIMAL_MULTIPLIERS = 'KMGTP';
const BASES: Readonly<Record<string, RegExp>> = { x: /^[\da-f]+$/i, b: /^[01]+$/, o: /^[0-7]+$/ };

/** Undefined for what is no number. */
export function parseNumber(text: string): NumberLiteral | undefined {
  if (/_$|_[.eEKMGTP]/.test(text)) return undefined;
  const digits = text.replaceAll('_', '');
  const based = /^0([xXbo])(.+)$/.exec(digits);
  if (based !== null) {
    const base = (based[1] ?? '').toLowerCase();
    const pattern = BASES[base];
    if (pattern?.test(based[2] ?? '') !== true) return undefined;
    return { value: { coefficient: BigInt(`0${base}${based[2]}`), exponent: 0 }, isFloat: false };
  }
  const match = /^(\d*(?:\.\d*)?)(?:([KMGTP])(i?)|([eE][+-]?\d+))?$/.exec(digits);
  const [, mantissa = '', multiplier, binary, power] = match ?? [];
  if (!/\d/.test(mantissa)) return undefined;
  const value = parseDecimal(`${mantissa}${power ?? ''}`);
  if (value === undefined) return undefined;
  if (multiplier !== undefined) return multiplied(value, multiplier, binary === 'i');
  const isFloat = power !== undefined || mantissa.includes('.');
  // A zero in front is octal, which CUE does not have any more.
  if (!isFloat && /^0\d/.test(mantissa)) return undefined;
  return { value, isFloat };
}

function multiplied(value: Decimal, multiplier: string, isBinary: boolean): NumberLiteral | undefined {
  const power = BigInt(DECIMAL_MULTIPLIERS.indexOf(multiplier) + 1);
  const product = multiply(value, { coefficient: (isBinary ? 1024n : 1000n) ** power, exponent: 0 });
  if (!isWhole(product)) return undefined;
  const coefficient =
    product.exponent < 0
      ? product.coefficient / 10n ** BigInt(-product.exponent)
      : product.coefficient * 10n ** BigInt(product.exponent);
  return { value: { coefficient, exponent: 0 }, isFloat: false };
}

/** The pieces of a string around its interpolations, unescaped; a message where one is malformed. Bytes have one character each. */
export function unquote(token: StringToken): readonly string[] | { readonly fault: string } {
  const pieces = token.multiline ? unindent(token.texts) : token.texts;
  if (!Array.isArray(pieces)) return pieces;
  const result: string[] = [];
  for (const piece of pieces as readonly string[]) {
    const text = unescape(piece, token);
    if (text === undefined) return { fault: 'expected escapes that CUE knows' };
    result.push(text);
    if (token.quote === '"' && !text.isWellFormed())
      return { fault: 'expected Unicode text, found half a surrogate pair' };
  }
  return result;
}

/** Takes away the line ends next to the quotes and the indentation of the closing ones. */
function unindent(texts: readonly string[]): readonly string[] | { readonly fault: string } {
  const closing = /(?:^|\n)([^\S\n]*)$/.exec(texts.at(-1) ?? '');
  if (closing === null) return { fault: 'expected the closing quotes of a multi-line string on a line of their own' };
  const indentation = closing[1] ?? '';
  const opening = /^\r?\n/.exec(texts[0] ?? '');
  if (opening === null) return { fault: 'expected a new line after the opening quotes of a multi-line string' };
  const pieces: string[] = [];
  for (const [index, text] of texts.entries()) {
    const lines = text.replaceAll('\r\n', '\n').split('\n');
    for (let line = 1; line < lines.length; line += 1) {
      const content = lines[line] ?? '';
      if (content.startsWith(indentation)) lines[line] = content.slice(indentation.length);
      else if (content !== '')
        return { fault: 'expected each line of a multi-line string indented as its closing quotes' };
    }
    if (index === 0) lines.shift();
    if (index === texts.length - 1 && !(texts.length === 1 && lines.length === 0)) lines.pop();
    pieces.push(lines.join('\n'));
  }
  return pieces;
}

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '/': '/',
  '\\': '\\',
};

const ESCAPE = /^(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|[^])/u;

/** Undefined for an escape that this kind of string does not have. */
function unescape(raw: string, { quote, hashes }: StringToken): string | undefined {
  const isBytes = quote === "'";
  const lead = `\\${'#'.repeat(hashes)}`;
  let result = '';
  let at = 0;
  for (;;) {
    const next = raw.indexOf(lead, at);
    const plain = raw.slice(at, next === -1 ? raw.length : next);
    result += isBytes ? toBytes(plain) : plain;
    if (next === -1) return result;
    at = next + lead.length;
    const escape = ESCAPE.exec(raw.slice(at, at + 12));
    if (escape === null) return undefined;
    const [whole, byte, short, long, octal] = escape;
    const code = parseInt(short ?? long ?? '0', 16);
    if (short !== undefined || long !== undefined) {
      if (code > 0x10ffff) return undefined;
      const text = code >= 0xd800 && code < 0xe000 ? String.fromCharCode(code) : String.fromCodePoint(code);
      result += isBytes ? toBytes(text) : text;
    } else if (byte !== undefined || octal !== undefined) {
      const value = byte === undefined ? parseInt(octal ?? '', 8) : parseInt(byte, 16);
      if (!isBytes || value > 255) return undefined;
      result += String.fromCharCode(value);
    } else if (whole === quote) result += quote;
    else {
      const simple = SIMPLE[whole];
      if (simple === undefined) return undefined;
      result += simple;
    }
    at += whole.length;
  }
}

/** UTF-8 of a text, one character for each byte. */
export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
