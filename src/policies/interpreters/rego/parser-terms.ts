/** Terms and expressions of Rego: precedence climbing with the backtracking that comprehensions and `k, v in xs` need. */
import { operatorName, ROOT_NAMES, valueTerm, varTerm } from './ast.ts';
import type { Expr, RefTerm, Term, VarTerm } from './ast.ts';
import { fault, faultsOf } from './fault.ts';
import type { Place } from './fault.ts';
import { Lexer } from './lexer.ts';
import type { Token } from './lexer.ts';
import { parseNumber } from './number.ts';

/** Ceiling of nested terms and bodies: each level takes some ten frames of the stack. */
const MAX_NESTING = 250;

const KEYWORDS = 'not package import as default else with null true false some'.split(' ');
export const FUTURE_KEYWORDS = ['contains', 'every', 'if', 'in'];

/** Operators by how tightly they bind, loosest first. */
const LEVELS: readonly Readonly<Record<string, string>>[] = [
  { '==': 'equal', '!=': 'neq', '<': 'lt', '>': 'gt', '<=': 'lte', '>=': 'gte' },
  { '|': 'or' },
  { '&': 'and' },
  { '+': 'plus', '-': 'minus' },
  { '*': 'mul', '/': 'div', '%': 'rem' },
];

export interface ParserState {
  readonly token: Token;
  readonly forced: number;
}

export abstract class TermParser {
  readonly lexer: Lexer;
  readonly keywords: Set<string>;
  token: Token;
  /** Offset of a keyword that is read as a name, or -1. */
  forced = -1;
  #wildcards = 0;
  #depth = 0;
  readonly #memo = new Map<
    number,
    { readonly term: Term | undefined; readonly error: unknown; readonly after: ParserState }
  >();

  constructor(lexer: Lexer, keywords: Iterable<string>) {
    this.lexer = lexer;
    this.keywords = new Set([...KEYWORDS, ...keywords]);
    this.token = lexer.read(0);
  }

  addKeywords(words: readonly string[]): void {
    for (const word of words) this.keywords.add(word);
    if (words.includes('every')) this.keywords.add('in');
    this.#memo.clear();
  }

  next(): void {
    this.token = this.lexer.read(this.token.end);
  }

  save(): ParserState {
    return { token: this.token, forced: this.forced };
  }

  restore({ token, forced }: ParserState): void {
    this.token = token;
    this.forced = forced;
  }

  isAtEnd(): boolean {
    return this.token.kind === 'eof';
  }

  is(symbol: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === symbol;
  }

  isWord(word: string): boolean {
    return this.#isKeyword() && this.token.text === word;
  }

  isName(): boolean {
    return this.token.kind === 'name' && !this.#isKeyword();
  }

  #isKeyword(): boolean {
    return this.token.kind === 'name' && this.keywords.has(this.token.text) && this.forced !== this.token.start;
  }

  /** A keyword right before `.` or `[` is a name: `every.x`, `if["a"]`. */
  forceName(): boolean {
    if (!this.#isKeyword()) return false;
    const after = this.lexer.read(this.token.end);
    if (after.hasSpaceBefore || after.kind !== 'symbol' || (after.text !== '.' && after.text !== '[')) return false;
    this.forced = this.token.start;
    return true;
  }

  fail(message: string, at: Place = this.token.at): never {
    throw fault('rego_parse_error', message, at);
  }

  illegal(note = ''): never {
    const { kind, text } = this.token;
    const found = kind === 'eof' ? 'eof' : text.slice(0, 40);
    const what = this.#isKeyword() ? 'keyword' : 'token';
    return this.fail(`unexpected ${found} ${what}${note === '' ? '' : `: ${note}`}`);
  }

  expect(symbol: string): void {
    if (!this.is(symbol)) this.illegal(`expected ${symbol}`);
    this.next();
  }

  /** Counts one level of nesting. */
  nested<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_NESTING) this.fail(`expected at most ${MAX_NESTING} levels of nesting, found more`);
    try {
      return parse();
    } finally {
      this.#depth -= 1;
    }
  }

  /** Runs one reading of the source; undefined, and back where it began, when it does not fit. */
  attempt<T>(parse: () => T): T | undefined {
    const before = this.save();
    try {
      return parse();
    } catch (error) {
      if (faultsOf(error) === undefined) throw error;
      this.restore(before);
      return undefined;
    }
  }

  /** Expressions up to the closing symbol, which is not read. */
  abstract parseBody(end: string): Expr[];

  abstract parseLiteral(): Expr;

  /** A term with infix operators; `keyed` where `k, v in xs` may stand, which is not so in lists. */
  parseInfix(keyed: boolean): Term {
    return this.nested(() => {
      let left = this.#parseLevel(0);
      if (keyed && this.is(',')) {
        const first = left;
        left = this.attempt(() => this.#parseKeyedMember(first)) ?? left;
      }
      for (;;) {
        this.forceName();
        if (!this.isWord('in')) return left;
        const operator = memberOperator('member_2', this.token.at);
        this.next();
        left = { kind: 'call', at: left.at, operator, args: [left, this.#parseLevel(0)] };
      }
    });
  }

  #parseKeyedMember(key: Term): Term {
    this.next();
    const value = this.#parseLevel(0);
    if (!this.isWord('in')) this.illegal();
    const operator = memberOperator('member_3', this.token.at);
    this.next();
    return { kind: 'call', at: key.at, operator, args: [key, value, this.#parseLevel(0)] };
  }

  #parseLevel(level: number): Term {
    const operators = LEVELS[level];
    if (operators === undefined) return this.parseTerm();
    let left = this.#parseLevel(level + 1);
    for (;;) {
      const name = this.token.kind === 'symbol' ? operators[this.token.text] : undefined;
      if (name === undefined) return left;
      const operator = [varTerm(name, this.token.at)];
      this.next();
      left = { kind: 'call', at: left.at, operator, args: [left, this.#parseLevel(level + 1)] };
    }
  }

  /** The same place is tried as part of several readings: what was found there is kept, or nesting would cost exponential time. */
  parseTerm(): Term {
    const { start } = this.token;
    const place = this.forced === start ? -start - 1 : start;
    const known = this.#memo.get(place);
    if (known !== undefined) {
      this.restore(known.after);
      if (known.term === undefined) throw known.error;
      return known.term;
    }
    let term: Term | undefined;
    let error: unknown;
    try {
      term = this.nested(() => this.#parseTermFinish(this.#parsePrimary()));
      return term;
    } catch (thrown) {
      error = thrown;
      throw thrown;
    } finally {
      this.#memo.set(place, { term, error, after: this.save() });
    }
  }

  #parsePrimary(): Term {
    const { kind, text, at } = this.token;
    if (kind === 'number') return this.#parseNumber();
    if (kind === 'string') return this.#finishValue(this.#unescape(text), at);
    if (kind === 'raw-string') return this.#finishValue(text.slice(1, -1), at);
    if (kind === 'template' || kind === 'raw-template') return this.#parseTemplate();
    if (this.isWord('null')) return this.#finishValue(null, at);
    if (this.isWord('true') || this.isWord('false')) return this.#finishValue(text === 'true', at);
    if (this.isName() || this.isWord('contains')) return this.parseVar();
    if (this.is('-') || this.is('.')) return this.#parseNumber();
    if (this.is('[')) return this.#parseArray();
    if (this.is('{')) return this.#parseSetOrObject();
    if (!this.is('(')) return this.illegal();
    this.next();
    const inner = this.parseInfix(true);
    if (!this.is(')')) this.fail('non-terminated expression');
    this.next();
    return inner;
  }

  #finishValue(value: null | boolean | string, at: Place): Term {
    this.next();
    return valueTerm(value, at);
  }

  #unescape(literal: string): string {
    try {
      return JSON.parse(literal.replaceAll('\t', '\\t')) as string;
    } catch {
      return this.fail(`illegal string literal: ${literal.slice(0, 80)}`);
    }
  }

  parseVar(): VarTerm {
    const { text, at } = this.token;
    this.next();
    if (text !== '_') return varTerm(text, at);
    this.#wildcards += 1;
    return varTerm(`$${this.#wildcards}`, at);
  }

  #parseNumber(): Term {
    const { at } = this.token;
    let text = '';
    for (const sign of ['-', '.']) {
      if (!this.is(sign)) continue;
      text += sign;
      this.next();
    }
    const token: Token = this.token;
    if (token.kind !== 'number' || (text.endsWith('.') && token.text.includes('.'))) this.illegal('expected number');
    if (!text.endsWith('.') && /^0\d/.test(token.text)) this.illegal('expected number without leading zero');
    const value = parseNumber(text + token.text);
    if (value === undefined) return this.fail('number too big', at);
    this.next();
    return valueTerm(value, at);
  }

  #parseTemplate(): Term {
    const { at } = this.token;
    const isRaw = this.token.kind === 'raw-template';
    const parts: (Term | Expr)[] = [];
    for (;;) {
      const { text, isOpen } = this.token;
      // a template opens with `$` and a quote, its part behind an expression with `}`
      const inner = text.slice(text.startsWith('$') ? 2 : 1, -1);
      const plain = inner.replaceAll('\\{', '{');
      const value = isRaw ? plain : this.#unescape(`"${plain}"`);
      if (value !== '') parts.push(valueTerm(value, this.token.at));
      if (!isOpen) break;
      this.next();
      parts.push(this.#parseTemplateExpr());
      if (!this.is('}')) this.fail('expected } to end template string expression');
      this.token = this.lexer.readTemplatePart(this.token.end, isRaw);
    }
    this.next();
    return { kind: 'template', at, parts };
  }

  #parseTemplateExpr(): Term | Expr {
    const expr = this.parseLiteral();
    if (expr.negated) this.fail("unexpected negation ('not') in template-string expression", expr.at);
    const { body } = expr;
    if (body.kind === 'every' || body.kind === 'some')
      this.fail(`unexpected '${body.kind}' in template-string expression`, expr.at);
    const name = body.kind === 'call' ? operatorName(body.operator) : undefined;
    if (name === 'eq') this.fail("unexpected unification ('=') in template-string expression", expr.at);
    if (name === 'assign') this.fail("unexpected assignment (':=') in template-string expression", expr.at);
    return body.kind === 'term' && body.term.kind === 'value' ? body.term : expr;
  }

  #parseTermFinish(head: Term): Term {
    if (this.#isRefPart()) return this.parseRef(head);
    return head.kind === 'var' && ROOT_NAMES.has(head.name) ? { kind: 'ref', at: head.at, terms: [head] } : head;
  }

  #isRefPart(): boolean {
    return !this.token.hasSpaceBefore && (this.is('(') || this.is('.') || this.is('['));
  }

  /** What follows the head of a reference: `.name`, `[term]`, `(arguments)`. */
  parseRef(head: Term): Term {
    if (head.kind === 'value' || head.kind === 'template') this.fail('illegal ref (head cannot be a scalar)', head.at);
    const terms: Term[] = [head];
    const ref: RefTerm = { kind: 'ref', at: head.at, terms };
    do {
      if (this.is('(')) {
        const call = this.#parseCall(ref);
        return this.#isRefPart() ? this.parseRef(call) : call;
      }
      if (this.is('.')) {
        this.next();
        if (this.token.kind !== 'name' || this.token.hasSpaceBefore) this.illegal('expected identifier');
        terms.push(valueTerm(this.token.text, this.token.at));
        this.next();
      } else {
        this.next();
        terms.push(this.parseInfix(true));
        if (!this.is(']')) this.illegal('expected ]');
        this.next();
      }
    } while (this.#isRefPart());
    return ref;
  }

  #parseCall(operator: RefTerm): Term {
    const [head] = operator.terms;
    this.next();
    const args = this.#parseList(')', []);
    if (args.length === 0 && operator.terms.length === 1 && head?.kind === 'var' && head.name === 'set')
      return { kind: 'set', at: operator.at, items: [] };
    return { kind: 'call', at: operator.at, operator: operator.terms, args };
  }

  /** Terms up to the closing symbol, which is read too; a comma may stand before it. */
  #parseList(end: string, items: Term[]): Term[] {
    while (!this.is(end)) {
      items.push(this.parseInfix(false));
      if (this.is(end)) break;
      if (!this.is(',')) this.illegal(`expected "," or "${end}"`);
      this.next();
    }
    this.next();
    return items;
  }

  #parseArray(): Term {
    const { at } = this.token;
    this.next();
    if (this.is(',')) this.next();
    else if (!this.is(']')) {
      const body = this.#parseComprehension(']', () => this.parseTerm());
      if (body !== undefined)
        return { kind: 'comprehension', at, of: 'array', key: undefined, term: body.head, body: body.body };
    }
    return { kind: 'array', at, items: this.#parseList(']', []) };
  }

  /** `head | body end`, or undefined and back at the head where this is a list, of which a member may hold `|`. */
  #parseComprehension<T>(end: string, parseHead: () => T): { head: T; body: Expr[] } | undefined {
    const before = this.save();
    const head = parseHead();
    if (!this.is('|')) {
      this.restore(before);
      return undefined;
    }
    this.next();
    try {
      const body = this.parseBody(end);
      this.next();
      return { head, body };
    } catch (error) {
      if (!this.is(',')) throw error;
      this.restore(before);
      return undefined;
    }
  }

  #parseSetOrObject(): Term {
    const { at } = this.token;
    this.next();
    if (this.is('}')) {
      this.next();
      return { kind: 'object', at, entries: [] };
    }
    let canComprehend = true;
    if (this.is(',')) {
      canComprehend = false;
      this.next();
    }
    const body = canComprehend ? this.#parseComprehension('}', () => this.parseTerm()) : undefined;
    if (body !== undefined)
      return { kind: 'comprehension', at, of: 'set', key: undefined, term: body.head, body: body.body };
    const before = this.save();
    const key = this.parseInfix(false);
    if (this.is(':')) return this.#parseObject(key, at, canComprehend);
    this.restore(before);
    return { kind: 'set', at, items: this.#parseList('}', []) };
  }

  #parseObject(key: Term, at: Place, canComprehend: boolean): Term {
    this.next();
    if (canComprehend) {
      const found = this.#parseComprehension('}', () => this.parseTerm());
      if (found !== undefined)
        return { kind: 'comprehension', at, of: 'object', key, term: found.head, body: found.body };
    }
    const entries: [Term, Term][] = [[key, this.parseInfix(false)]];
    while (this.is(',')) {
      this.next();
      if (this.is('}')) break;
      const next = this.parseInfix(false);
      this.expect(':');
      entries.push([next, this.parseInfix(false)]);
    }
    if (!this.is('}')) this.illegal('non-terminated object');
    this.next();
    return { kind: 'object', at, entries };
  }
}

function memberOperator(name: string, at: Place): Term[] {
  return [varTerm('internal', at), valueTerm(name, at)];
}
