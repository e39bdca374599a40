/** The tokens of Rego. One token is read at an offset, so that the parser can go back and read on from there. */
import { fault } from './fault.ts';
import type { Place } from './fault.ts';

export type TokenKind = 'eof' | 'name' | 'number' | 'string' | 'raw-string' | 'template' | 'raw-template' | 'symbol';

export interface Token {
  readonly kind: TokenKind;
  /** The name, the symbol, or the literal as it is written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly at: Place;
  /** What stands between the token before and this one. */
  readonly hasSpaceBefore: boolean;
  readonly hasNewlineBefore: boolean;
  /** Of templates: true where an expression follows, false at the closing quote. */
  readonly isOpen: boolean;
}

export interface SourceComment {
  readonly start: number;
  readonly at: Place;
  readonly text: string;
}

const SYMBOLS: readonly string[] = [
  ':=',
  '==',
  '!=',
  '<=',
  '>=',
  '[',
  ']',
  '{',
  '}',
  '(',
  ')',
  ',',
  ':',
  '+',
  '-',
  '*',
  '/',
  '%',
  '&',
  '|',
  '=',
  '<',
  '>',
  ';',
  '.',
];
const LETTER = /[A-Za-z_]/;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y;

export class Lexer {
  readonly #text: string;
  readonly #file: string;
  readonly #lines: readonly number[];
  readonly comments = new Map<number, SourceComment>();

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    this.#lines = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  }

  placeOf(offset: number): Place {
    let low = 0;
    let high = this.#lines.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { file: this.#file, row: low + 1, col: offset - (this.#lines[low] ?? 0) + 1 };
  }

  /** The first token at or behind the offset. */
  read(offset: number): Token {
    const text = this.#text;
    let hasSpaceBefore = false;
    let hasNewlineBefore = false;
    let start = offset;
    for (; start < text.length; start += 1) {
      const char = text[start];
      if (char === '#') {
        const end = text.indexOf('\n', start);
        const stop = end < 0 ? text.length : end;
        this.comments.set(start, { start, at: this.placeOf(start), text: text.slice(start + 1, stop) });
        start = stop - 1;
      } else if (char === '\n') hasNewlineBefore = true;
      else if (char !== ' ' && char !== '\t' && char !== '\r') break;
      hasSpaceBefore = true;
    }
    const { kind, end, isOpen = false } = this.#scan(start);
    const at = this.placeOf(start);
    return { kind, text: text.slice(start, end), start, end, at, hasSpaceBefore, hasNewlineBefore, isOpen };
  }

  /** The part of a template behind an expression that ended at the offset: `} text {` or `} text"`. */
  readTemplatePart(offset: number, isRaw: boolean): Token {
    const { end, isOpen } = this.#scanTemplate(offset, isRaw);
    const kind = isRaw ? 'raw-template' : 'template';
    const at = this.placeOf(offset - 1);
    const text = this.#text.slice(offset - 1, end);
    return { kind, text, start: offset - 1, end, at, hasSpaceBefore: false, hasNewlineBefore: false, isOpen };
  }

  #scan(start: number): { kind: TokenKind; end: number; isOpen?: boolean } {
    const text = this.#text;
    const char = text[start];
    if (char === undefined) return { kind: 'eof', end: start };
    if (LETTER.test(char)) return { kind: 'name', end: this.#match(NAME, start) };
    if (/\d/.test(char)) return { kind: 'number', end: this.#scanNumber(start) };
    if (char === '"') return { kind: 'string', end: this.#scanString(start) };
    if (char === '`') return { kind: 'raw-string', end: this.#scanRawString(start) };
    if (char === '$') {
      const quote = text[start + 1];
      if (quote !== '"' && quote !== '`') this.#fail(start, 'illegal $ character');
      const isRaw = quote === '`';
      return { kind: isRaw ? 'raw-template' : 'template', ...this.#scanTemplate(start + 2, isRaw) };
    }
    const symbol = SYMBOLS.find((known) => text.startsWith(known, start));
    if (symbol === undefined) this.#fail(start, char === '!' ? 'illegal ! character' : 'illegal token');
    return { kind: 'symbol', end: start + symbol.length };
  }

  #match(pattern: RegExp, start: number): number {
    pattern.lastIndex = start;
    return start + (pattern.exec(this.#text)?.[0].length ?? 0);
  }

  #scanNumber(start: number): number {
    const end = this.#match(NUMBER, start);
    const next = this.#text[end] ?? '';
    if (next === '.' && !/\d/.test(this.#text[end + 1] ?? '')) this.#fail(start, 'expected fraction');
    if (LETTER.test(next)) this.#fail(start, 'illegal number format');
    return end;
  }

  #scanString(start: number): number {
    for (let i = start + 1; i < this.#text.length; i += 1) {
      const char = this.#text[i];
      if (char === '"') return i + 1;
      if (char === '\n') break;
      if (char === '\\') i = this.#skipEscape(i, '"\\/bfnrtu');
    }
    return this.#fail(start, 'non-terminated string');
  }

  #scanRawString(start: number): number {
    const end = this.#text.indexOf('`', start + 1);
    return end < 0 ? this.#fail(start, 'non-terminated string') : end + 1;
  }

  #scanTemplate(start: number, isRaw: boolean): { end: number; isOpen: boolean } {
    for (let i = start; i < this.#text.length; i += 1) {
      const char = this.#text[i];
      if (char === (isRaw ? '`' : '"')) return { end: i + 1, isOpen: false };
      if (char === '{') return { end: i + 1, isOpen: true };
      if (char === '\n' && !isRaw) break;
      if (char !== '\\') continue;
      if (!isRaw) i = this.#skipEscape(i, '"\\/bfnrtu{');
      else if (this.#text[i + 1] === '{') i += 1;
    }
    return this.#fail(start, 'non-terminated string');
  }

  #skipEscape(at: number, known: string): number {
    const escape = this.#text[at + 1] ?? '';
    if (escape === '' || !known.includes(escape)) this.#fail(at, 'illegal escape sequence');
    return escape === 'u' ? at + 5 : at + 1;
  }

  #fail(offset: number, message: string): never {
    throw fault('rego_parse_error', message, this.placeOf(offset));
  }
}
