/** A place in a list of tokens, with what both halves of the parser ask of it. */
import { unquote } from './literals.ts';
import { refuse } from './refusal.ts';
import type { Source } from './refusal.ts';
import type { StringToken, Token } from './lexer.ts';
import type { AppError } from '../../../core/index.ts';

/** Ceiling of structs, lists, parentheses and operators within each other: far above any policy, far below the end of the stack. */
const MAX_DEPTH = 200;

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']' };

export class Tokens {
  readonly source: Source;
  depth: number;
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(source: Source, tokens: readonly Token[], depth = 0) {
    this.source = source;
    this.tokens = tokens;
    this.depth = depth;
  }

  get current(): Token {
    return this.peek(0);
  }

  peek(ahead: number): Token {
    const token = this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)];
    if (token === undefined) throw refuse(this.source, 0, 'expected a token');
    return token;
  }

  next(): Token {
    const token = this.current;
    this.at += 1;
    return token;
  }

  isOperator(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'operator' && token.text === text;
  }

  isWord(text: string): boolean {
    return this.current.kind === 'identifier' && this.current.text === text;
  }

  /** Takes the operator if it is next. */
  accept(text: string): boolean {
    const found = this.isOperator(text);
    if (found) this.at += 1;
    return found;
  }

  expect(text: string, where: string): Token {
    if (!this.isOperator(text)) throw this.unexpected(`${text} ${where}`);
    return this.next();
  }

  expectIdentifier(what: string): Token {
    if (this.current.kind !== 'identifier') throw this.unexpected(what);
    return this.next();
  }

  acceptComma(): boolean {
    const found = this.current.kind === 'comma';
    if (found) this.at += 1;
    return found;
  }

  /** How many tokens the bracket that far ahead and what it encloses take, undefined where it is not closed. */
  bracketLength(from: number): number | undefined {
    const open = this.peek(from).text;
    const close = CLOSING[open];
    let depth = 0;
    for (let ahead = from; this.at + ahead < this.tokens.length; ahead += 1) {
      const { kind, text } = this.peek(ahead);
      if (kind !== 'operator') continue;
      if (text === open) depth += 1;
      if (text === close) depth -= 1;
      if (depth === 0) return ahead + 1 - from;
    }
    return undefined;
  }

  /** Runs a part of the parser one level deeper. */
  nested<T>(parse: () => T): T {
    if (this.depth >= MAX_DEPTH) throw refuse(this.source, this.current.pos, `expected at most ${MAX_DEPTH} levels`);
    this.depth += 1;
    const result = parse();
    this.depth -= 1;
    return result;
  }

  unquote(string: StringToken, pos: number): readonly string[] {
    const pieces = unquote(string);
    if ('fault' in pieces) throw refuse(this.source, pos, pieces.fault);
    return pieces;
  }

  unexpected(expected: string): AppError {
    const { text, pos } = this.current;
    return refuse(this.source, pos, `expected ${expected}, found ${text === ',' ? 'a comma or a line end' : text}`);
  }
}
