/**
 * Tokens of the CUE language (specification: cuelang.org/docs/reference/spec, "Lexical elements"), with the commas that line ends stand for.
 * The text between the quotes of a string is kept as written; an interpolation carries the tokens of its expressions.
 */
import { refuse } from './refusal.ts';
import type { Source } from './refusal.ts';

export type TokenKind = 'identifier' | 'number' | 'string' | 'operator' | 'comma' | 'attribute' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The text as written; for an operator the operator, for a comma `,`. */
  readonly text: string;
  /** Offset in the source. */
  readonly pos: number;
  /** A string's pieces. */
  readonly string?: StringToken;
}

export interface StringToken {
  readonly quote: '"' | "'";
  readonly multiline: boolean;
  readonly hashes: number;
  /** Raw text around the interpolations: one more than there are. */
  readonly texts: readonly string[];
  readonly interpolations: readonly (readonly Token[])[];
}

const OPERATORS: readonly string[] = [
  '_|_', '...', '&&', '||', '==', '!=', '<=', '>=', '=~', '!~',
  '{', '}', '[', ']', '(', ')', ':', '?', '!', '.', '&', '|', '<', '>', '=', '+', '-', '*', '/', '~', ';',
]; // prettier-ignore
/** Tokens after which the end of a line is a comma, besides identifiers, literals and attributes. */
const ENDS_LINE: ReadonlySet<string> = new Set(['_|_', '...', ')', ']', '}', '?']);
/** Ceiling of interpolations within interpolations. */
const MAX_NESTED_STRINGS = 20;

export function readTokens(source: Source): Token[] {
  const lexer = new Lexer(source);
  return lexer.readUntil(undefined, 0);
}

class Lexer {
  private pos = 0;
  private readonly source: Source;
  private readonly text: string;

  constructor(source: Source) {
    this.source = source;
    this.text = source.text;
    if (this.text.startsWith('\uFEFF')) this.pos = 1;
  }

  /** Tokens up to the end, or in an interpolation up to its closing parenthesis. */
  readUntil(close: ')' | undefined, depth: number): Token[] {
    const tokens: Token[] = [];
    let open = 0;
    for (;;) {
      this.skipBlanks(tokens);
      const start = this.pos;
      if (start >= this.text.length) {
        if (close !== undefined) throw refuse(this.source, start, "expected ')' at the end of an interpolation");
        if (endsLine(tokens.at(-1))) tokens.push({ kind: 'comma', text: ',', pos: start });
        tokens.push({ kind: 'end', text: 'the end', pos: start });
        return tokens;
      }
      if (close !== undefined && open === 0 && this.text[start] === ')') {
        this.pos += 1;
        tokens.push({ kind: 'end', text: ')', pos: start });
        return tokens;
      }
      const token = this.readToken(depth);
      if (token.text === '(') open += 1;
      if (token.text === ')') open -= 1;
      tokens.push(token);
    }
  }

  /** Skips blanks and comments; a line end after a token that can end a line becomes a comma. */
  private skipBlanks(tokens: Token[]): void {
    for (;;) {
      const char = this.text[this.pos];
      if (char === '\n') {
        if (endsLine(tokens.at(-1))) tokens.push({ kind: 'comma', text: ',', pos: this.pos });
        this.pos += 1;
      } else if (char === ' ' || char === '\t' || char === '\r') {
        this.pos += 1;
      } else if (char === '/' && this.text[this.pos + 1] === '/') {
        const end = this.text.indexOf('\n', this.pos);
        this.pos = end === -1 ? this.text.length : end;
      } else return;
    }
  }

  private readToken(depth: number): Token {
    const pos = this.pos;
    const string = this.match(/#*["']/y);
    if (string !== undefined) return this.readString(string, depth);
    const number = this.match(/(?:0[xX][\dA-Fa-f_]*|0b[\d_]*|0o[\d_]*|\.?\d(?:[eE][+-]|[\w.])*)/y);
    if (number !== undefined) return this.take('number', number.endsWith('..') ? number.slice(0, -2) : number, pos);
    const bottom = this.text.startsWith('_|_', pos);
    const name = bottom ? undefined : this.match(/(?:_#|#|__#)?[\p{L}_$][\p{L}\p{Nd}_$]*|#|_#/uy);
    if (name !== undefined) return this.take('identifier', name, pos);
    if (this.text[pos] === ',') return this.take('comma', ',', pos);
    if (this.text[pos] === '@') return this.readAttribute();
    const operator = OPERATORS.find((candidate) => this.text.startsWith(candidate, pos));
    if (operator === undefined) {
      throw refuse(this.source, pos, `unexpected character ${JSON.stringify(this.text[pos])}`);
    }
    return this.take('operator', operator, pos);
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.pos;
    return pattern.exec(this.text)?.[0];
  }

  private take(kind: TokenKind, text: string, pos: number): Token {
    this.pos = pos + text.length;
    return { kind, text, pos };
  }

  /** `@name(anything with balanced brackets and strings)`. */
  private readAttribute(): Token {
    const pos = this.pos;
    const head = this.match(/@[\p{L}_][\p{L}\p{Nd}_]*\(/uy);
    if (head === undefined) throw refuse(this.source, pos, 'expected an attribute such as @name(text)');
    this.pos += head.length;
    const nested = this.readUntil(')', MAX_NESTED_STRINGS);
    const end = nested.at(-1)?.pos ?? this.pos;
    return { kind: 'attribute', text: this.text.slice(pos, end + 1), pos };
  }

  private readString(opening: string, depth: number): Token {
    const start = this.pos;
    const hashes = opening.length - 1;
    const quote = opening.endsWith('"') ? '"' : "'";
    const triple = quote.repeat(3);
    const multiline = this.text.startsWith(triple, start + hashes) && this.text[start + hashes + 3] !== '#';
    const closing = (multiline ? triple : quote) + '#'.repeat(hashes);
    this.pos = start + hashes + (multiline ? 3 : 1);
    const escape = `\\${'#'.repeat(hashes)}`;
    const texts: string[] = [];
    const interpolations: Token[][] = [];
    let from = this.pos;
    while (!this.text.startsWith(closing, this.pos)) {
      const char = this.text[this.pos];
      if (char === undefined || (char === '\n' && !multiline)) {
        throw refuse(this.source, start, `expected ${closing} at the end of a string`);
      }
      if (!this.text.startsWith(escape, this.pos)) this.pos += 1;
      else if (this.text[this.pos + escape.length] === '(') {
        if (depth > MAX_NESTED_STRINGS) throw refuse(this.source, start, 'too many strings within strings');
        texts.push(this.text.slice(from, this.pos));
        this.pos += escape.length + 1;
        interpolations.push(this.readUntil(')', depth + 1));
        from = this.pos;
      } else this.pos += escape.length + (this.text[this.pos + escape.length] === '\r' ? 2 : 1);
    }
    texts.push(this.text.slice(from, this.pos));
    this.pos += closing.length;
    const text = this.text.slice(start, this.pos);
    return { kind: 'string', text, pos: start, string: { quote, multiline, hashes, texts, interpolations } };
  }
}

function endsLine(token: Token | undefined): boolean {
  if (token === undefined || token.kind === 'comma') return false;
  return token.kind !== 'operator' || ENDS_LINE.has(token.text);
}
