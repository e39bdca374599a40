/** The grammar of the Common Expression Language (cel-spec, "Syntax"), with optional fields, indexes, items and entries. */
import { syntaxError } from './ast.ts';
import type { Expr, Item, Source } from './ast.ts';
import { tokenize } from './lexer.ts';
import type { Token } from './lexer.ts';
import { INT_MAX } from './values.ts';

/** Ceiling of nesting: what the parser of Kubernetes takes, and far from the end of our stack. */
const MAX_NESTING = 250;

const RESERVED: ReadonlySet<string> = new Set(
  'as break const continue else for function if import let loop package namespace return var void while in'.split(' '),
);
/** Words that are no names of fields either. */
const KEYWORDS: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null']);

/** From what binds least: comparisons, sums, products. */
const LEVELS: readonly ReadonlySet<string>[] = [
  new Set(['<', '<=', '>=', '>', '==', '!=', 'in']),
  new Set(['+', '-']),
  new Set(['*', '/', '%']),
];

/** Throws `invalid-input` with line and column. */
export function parseCel(source: Source): Expr {
  return new Parser(source).parse();
}

class Parser {
  readonly #source: Source;
  readonly #tokens: readonly Token[];
  #next = 0;
  #nesting = 0;

  constructor(source: Source) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  parse(): Expr {
    const expr = this.#expression();
    if (this.#peek().kind !== 'end') throw this.#unexpected('the end of the expression');
    return expr;
  }

  #expression(): Expr {
    this.#nesting += 1;
    if (this.#nesting > MAX_NESTING)
      throw syntaxError(this.#source, this.#peek().at, `expected at most ${MAX_NESTING} levels of nesting, found more`);
    const test = this.#logic('||');
    const { at } = this.#peek();
    let expr = test;
    if (this.#accept('?')) {
      const yes = this.#logic('||');
      this.#expect(':');
      expr = { kind: 'conditional', test, yes, no: this.#expression(), at };
    }
    this.#nesting -= 1;
    return expr;
  }

  #logic(operator: '||' | '&&'): Expr {
    const term = () => (operator === '||' ? this.#logic('&&') : this.#binary(0));
    const { at } = this.#peek();
    const terms = [term()];
    while (this.#accept(operator)) terms.push(term());
    return terms.length === 1 && terms[0] !== undefined ? terms[0] : { kind: 'logic', operator, terms, at };
  }

  #binary(level: number): Expr {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const token = this.#peek();
      if (!('text' in token) || token.kind === 'quoted' || !operators.has(token.text)) return left;
      this.#next += 1;
      const right = this.#binary(level + 1);
      const name = token.text === 'in' ? '@in' : `_${token.text}_`;
      left = { kind: 'call', name, args: [left, right], at: token.at };
    }
  }

  #unary(): Expr {
    const signs: Token[] = [];
    while (this.#isNext('!') || this.#isNext('-')) signs.push(this.#take());
    if (signs.length > MAX_NESTING) throw syntaxError(this.#source, signs[0]?.at ?? 0, 'expected fewer signs');
    const last = signs.at(-1);
    const number = this.#peek();
    const size = numberOf(number);
    if (size !== undefined && last !== undefined && 'text' in last && last.text === '-') {
      signs.pop();
      this.#next += 1;
      return signs.reduceRight(signed, this.#members({ kind: 'constant', value: -size, at: number.at }));
    }
    return signs.reduceRight(signed, this.#members(this.#primary()));
  }

  #members(start: Expr): Expr {
    let operand = start;
    for (;;) {
      const { at } = this.#peek();
      if (this.#accept('.')) {
        const isOptional = this.#accept('?');
        const field = this.#field();
        operand =
          !isOptional && this.#isNext('(')
            ? { kind: 'call', name: field, target: operand, args: this.#arguments(), at }
            : { kind: 'select', operand, field, isOptional, at };
      } else if (this.#accept('[')) {
        const isOptional = this.#accept('?');
        operand = { kind: 'index', operand, index: this.#expression(), isOptional, at };
        this.#expect(']');
      } else if (this.#isNext('{')) {
        const type = typeNameOf(operand);
        if (type === undefined) return operand;
        operand = { kind: 'message', type, fields: this.#fields(), at: operand.at };
      } else return operand;
    }
  }

  #primary(): Expr {
    const token = this.#take();
    const { at } = token;
    if (token.kind === 'int') {
      if (token.value > INT_MAX) throw syntaxError(this.#source, at, 'expected an integer of 64 bits');
      return { kind: 'constant', value: token.value, at };
    }
    if (token.kind === 'literal') return { kind: 'constant', value: token.value, at };
    if (token.kind === 'name') return this.#named(token.text, at, false);
    if (token.kind === 'punctuation') {
      if (token.text === '(') {
        const inner = this.#expression();
        this.#expect(')');
        return inner;
      }
      if (token.text === '[') return { kind: 'list', items: this.#sequence(']', () => this.#item()), at };
      if (token.text === '{') return { kind: 'map', entries: this.#sequence('}', () => this.#entry()), at };
      const name = token.text === '.' ? this.#take() : undefined;
      if (name?.kind === 'name') return this.#named(name.text, at, true);
    }
    this.#next -= 1;
    throw this.#unexpected('a value');
  }

  #named(name: string, at: number, isRooted: boolean): Expr {
    if (!isRooted && name === 'true') return { kind: 'constant', value: true, at };
    if (!isRooted && name === 'false') return { kind: 'constant', value: false, at };
    if (!isRooted && name === 'null') return { kind: 'constant', value: null, at };
    if (RESERVED.has(name) || KEYWORDS.has(name))
      throw syntaxError(this.#source, at, `expected a name, found ${name}, which is reserved`);
    if (this.#isNext('(')) return { kind: 'call', name, args: this.#arguments(), at };
    return { kind: 'name', name, isRooted, at };
  }

  #arguments(): readonly Expr[] {
    this.#expect('(');
    const args: Expr[] = [];
    if (this.#accept(')')) return args;
    do args.push(this.#expression());
    while (this.#accept(','));
    this.#expect(')');
    return args;
  }

  /** Up to the closing mark, before which a comma may stand. */
  #sequence<T>(close: string, read: () => T): readonly T[] {
    const found: T[] = [];
    while (!this.#accept(close)) {
      found.push(read());
      if (!this.#accept(',') && !this.#isNext(close)) throw this.#unexpected(`, or ${close}`);
    }
    return found;
  }

  #item(): Item {
    const isOptional = this.#accept('?');
    return { isOptional, value: this.#expression() };
  }

  #entry(): Item & { readonly key: Expr } {
    const isOptional = this.#accept('?');
    const key = this.#expression();
    this.#expect(':');
    return { isOptional, key, value: this.#expression() };
  }

  #fields(): readonly (Item & { readonly name: string })[] {
    this.#expect('{');
    return this.#sequence('}', () => {
      const isOptional = this.#accept('?');
      const name = this.#field();
      this.#expect(':');
      return { isOptional, name, value: this.#expression() };
    });
  }

  #field(): string {
    const token = this.#peek();
    const isField = token.kind === 'quoted' || (token.kind === 'name' && !KEYWORDS.has(token.text));
    if (!isField) throw this.#unexpected('a field');
    this.#next += 1;
    return token.text;
  }

  #peek(): Token {
    const token = this.#tokens[this.#next] ?? this.#tokens.at(-1);
    if (token === undefined) throw new Error('a text has at least the token of its end');
    return token;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #isNext(text: string): boolean {
    const token = this.#peek();
    return token.kind === 'punctuation' && token.text === text;
  }

  #accept(text: string): boolean {
    const isNext = this.#isNext(text);
    if (isNext) this.#next += 1;
    return isNext;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw this.#unexpected(text);
  }

  #unexpected(expected: string): Error {
    const token = this.#peek();
    const found = token.kind === 'end' ? 'its end' : 'text' in token ? token.text : 'a literal';
    return syntaxError(this.#source, token.at, `expected a CEL expression with ${expected} here, found ${found}`);
  }
}

function numberOf(token: Token): bigint | number | undefined {
  if (token.kind === 'int') return token.value;
  return token.kind === 'literal' && typeof token.value === 'number' ? token.value : undefined;
}

function signed(operand: Expr, sign: Token): Expr {
  const name = 'text' in sign && sign.text === '!' ? '!_' : '-_';
  return { kind: 'call', name, args: [operand], at: sign.at };
}

/** `a.b.C` before a brace. */
function typeNameOf(expr: Expr): string | undefined {
  if (expr.kind === 'name') return `${expr.isRooted ? '.' : ''}${expr.name}`;
  if (expr.kind !== 'select' || expr.isOptional) return undefined;
  const owner = typeNameOf(expr.operand);
  return owner === undefined ? undefined : `${owner}.${expr.field}`;
}
