/** Expressions of bodies: literals, `some`, `every`, `with`. */
import { callExpr, operatorName, termExpr, varTerm } from './ast.ts';
import type { Expr, Term, With } from './ast.ts';
import { TermParser } from './parser-terms.ts';

/** Ceiling of one body: putting expressions in order takes time that grows with the square of their number. */
const MAX_EXPRESSIONS = 1000;

export class BodyParser extends TermParser {
  override parseBody(end: string): Expr[] {
    return this.nested(() => {
      if (this.is(end)) this.fail('found empty body');
      const body: Expr[] = [];
      for (;;) {
        body.push(this.parseLiteral());
        if (body.length > MAX_EXPRESSIONS)
          this.fail(`expected at most ${MAX_EXPRESSIONS} expressions in a body, found more`);
        if (this.is(';')) {
          this.next();
          continue;
        }
        if (this.is(end)) return body;
        if (!this.token.hasNewlineBefore) this.illegal(`expected \\n or ; or ${end}`);
      }
    });
  }

  override parseLiteral(): Expr {
    this.forceName();
    let negated = false;
    if (this.isWord('not')) {
      this.next();
      negated = true;
    }
    if (this.isWord('some')) return negated ? this.illegal("illegal negation of 'some'") : this.#parseSome();
    if (this.isWord('every')) return negated ? this.illegal("illegal negation of 'every'") : this.#parseEvery();
    const expr = this.#parseExpr();
    expr.negated = negated;
    expr.withs = this.#parseWiths();
    return expr;
  }

  #parseWiths(): With[] {
    const withs: With[] = [];
    while (this.isWord('with')) {
      const { at } = this.token;
      this.next();
      if (!this.isName()) this.illegal('expected ident');
      const target = this.parseTerm();
      if (target.kind !== 'ref' && target.kind !== 'var') this.illegal('expected with target path');
      if (!this.isWord('as')) this.illegal('expected as keyword');
      this.next();
      withs.push({ at, target, value: this.parseInfix(true) });
    }
    return withs;
  }

  #parseSome(): Expr {
    const { at } = this.token;
    const start = this.save();
    const made = (symbols: Term[], withs: With[]): Expr => {
      return { kind: 'expr', at, negated: false, generated: false, body: { kind: 'some', symbols }, withs };
    };
    this.next();
    const domain = this.attempt(() => this.parseInfix(true));
    if (domain?.kind === 'call') {
      this.#checkMembership(domain, 'expected `x in xs` or `x, y in xs` expression');
      return made([domain], this.#parseWiths());
    }
    this.restore(start);
    const symbols: Term[] = [];
    do {
      this.next();
      if (!this.isName()) this.illegal('expected var');
      symbols.push(this.parseVar());
    } while (this.is(','));
    return made(symbols, []);
  }

  #checkMembership(term: Term, message: string): asserts term is Extract<Term, { kind: 'call' }> {
    const name = term.kind === 'call' ? operatorName(term.operator) : undefined;
    if (name !== 'internal.member_2' && name !== 'internal.member_3') this.illegal(message);
  }

  #parseEvery(): Expr {
    const { at } = this.token;
    this.next();
    const term = this.parseInfix(true);
    this.#checkMembership(term, 'expected `x[, y] in xs { ... }` expression');
    const [key, value, domain] = term.args.length === 3 ? term.args : [undefined, ...term.args];
    if (key !== undefined && key.kind !== 'var') this.illegal('expected key to be a variable');
    if (value?.kind !== 'var' || domain === undefined) return this.illegal('expected value to be a variable');
    if (!this.is('{')) this.illegal('missing body');
    this.next();
    const body = this.parseBody('}');
    this.next();
    const every = { kind: 'every' as const, key, value, domain, body };
    return { kind: 'expr', at, negated: false, generated: false, body: every, withs: this.#parseWiths() };
  }

  #parseExpr(): Expr {
    const left = this.parseInfix(true);
    const { at } = this.token;
    const operator = this.is(':=') ? 'assign' : this.is('=') ? 'eq' : undefined;
    if (operator !== undefined) {
      this.next();
      return callExpr([varTerm(operator, at)], [left, this.parseInfix(true)], left.at);
    }
    return left.kind === 'call' ? callExpr(left.operator, left.args, left.at) : termExpr(left);
  }
}
