/**
 * Local variables: what `:=`, `some` and `every` declare, and what functions take, gets a name of its own, so that each variable has one
 * meaning in a whole rule. `x := y` becomes `x = y`, `some x in xs` becomes `x = xs[_]`, a plain `some x` goes.
 */
import { equality, isGenerated, ROOT_NAMES, termExpr, valueTerm, varTerm } from '../ast.ts';
import type { Every, Expr, Rule, Term, VarTerm } from '../ast.ts';
import type { Fault, Place } from '../fault.ts';
import { branchesOf, copyTerm, headTerms, mapTerm, varsOf, varsOfExpr, addVarsOfBody } from '../walk.ts';
import type { Names } from './names.ts';
import { headName, isAssignment } from './resolve.ts';
import { nameOfOperator, outputsOfEquality } from './safety.ts';

type Occurrence = 'arg' | 'seen' | 'assigned' | 'declared';

interface Scope {
  readonly names: Map<string, string>;
  readonly occurrences: Map<string, Occurrence>;
  readonly counts: Map<string, number>;
}

function newScope(): Scope {
  return { names: new Map(), occurrences: new Map(), counts: new Map() };
}

export interface LocalsOptions {
  readonly names: Names;
  readonly isStrict: boolean;
}

export function rewriteLocals(rule: Rule, options: LocalsOptions): Fault[] {
  const args = new Locals(options);
  rule.head.args = rule.head.args?.map((arg) => args.declareArg(arg));
  const faults = [...args.faults];
  for (const branch of branchesOf(rule)) {
    const locals = args.branch();
    rewriteBranch(branch, locals, options);
    faults.push(...locals.faults);
    args.addCounts(locals);
  }
  if (options.isStrict && faults.length === 0) faults.push(...args.unusedArgs(rule));
  return faults;
}

export function rewriteQueryLocals(
  body: readonly Expr[],
  options: LocalsOptions,
): { readonly body: Expr[]; readonly faults: readonly Fault[] } {
  const locals = new Locals(options);
  const rewritten = locals.rewriteBody(body, new Set());
  return { body: rewritten, faults: locals.faults };
}

function rewriteBranch(rule: Rule, locals: Locals, options: LocalsOptions): void {
  const { head } = rule;
  const nested = (term: Term) => rewriteNested(term, options, locals.faults);
  head.reference = [...head.reference.slice(0, 1), ...head.reference.slice(1).map(nested)];
  head.key = head.key && nested(head.key);
  head.value = head.value && nested(head.value);
  const used = new Set(headTerms({ ...rule, head: { ...head, args: undefined } }).flatMap((term) => [...varsOf(term)]));
  locals.useDeclared(used);
  rule.body = locals.rewriteBody(rule.body, used);
  const rename = (term: Term): Term => mapTerm(term, (at) => (at.kind === 'var' ? locals.renamed(at) : undefined));
  head.reference = [...head.reference.slice(0, 1), ...head.reference.slice(1).map(rename)];
  head.args = head.args?.map(rename);
  head.key = head.key && rename(head.key);
  head.value = head.value && rename(head.value);
}

/** Comprehensions in a head have scopes of their own, apart from the body's. */
function rewriteNested(term: Term, options: LocalsOptions, faults: Fault[]): Term {
  return mapTerm(term, (at) => {
    if (at.kind !== 'comprehension' && at.kind !== 'template') return undefined;
    const locals = new Locals(options);
    const rewritten = locals.rewriteTerm(at);
    faults.push(...locals.faults);
    return rewritten;
  });
}

class Locals {
  readonly #options: LocalsOptions;
  #scopes: Scope[] = [newScope()];
  readonly faults: Fault[] = [];

  constructor(options: LocalsOptions) {
    this.#options = options;
  }

  /** A copy for one branch of a rule: arguments are shared, what its body declares is not. */
  branch(): Locals {
    const copy = new Locals(this.#options);
    copy.#scopes = this.#scopes.map(({ names, occurrences, counts }) => ({
      names: new Map(names),
      occurrences: new Map(occurrences),
      counts: new Map(counts),
    }));
    return copy;
  }

  addCounts(branch: Locals): void {
    for (const [name, count] of branch.#scopes[0]?.counts ?? []) {
      if (count > 1) this.#scopes[0]?.counts.set(name, count);
    }
  }

  unusedArgs({ head }: Rule): Fault[] {
    const { counts, occurrences } = this.#top();
    return [...occurrences]
      .filter(([name, occurrence]) => occurrence === 'arg' && !isGenerated(name) && (counts.get(name) ?? 0) <= 1)
      .map(([name]) => ({
        code: 'rego_compile_error',
        message: `unused argument ${name}. (hint: use _ (wildcard variable) instead)`,
        at: head.at,
      }));
  }

  declareArg(term: Term): Term {
    return mapTerm(term, (at) => {
      if (at.kind === 'object')
        return { ...at, entries: at.entries.map(([key, value]) => [key, this.declareArg(value)]) };
      if (at.kind === 'call') {
        this.#fail('rule arguments cannot contain calls', at.at);
        return at;
      }
      if (at.kind !== 'var') return ['array', 'ref'].includes(at.kind) ? undefined : at;
      if (ROOT_NAMES.has(at.name)) return at;
      const known = this.#declared(at.name);
      if (known !== undefined) {
        this.use(at.name);
        return varTerm(known, at.at);
      }
      return varTerm(this.#insertFresh(at.name, 'arg'), at.at);
    });
  }

  use(name: string): void {
    const { counts } = this.#scopes.findLast((scope) => scope.counts.has(name)) ?? this.#top();
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  useDeclared(names: Iterable<string>): void {
    for (const name of names) if (this.#declared(name) !== undefined) this.use(name);
  }

  renamed(term: VarTerm): VarTerm {
    const name = this.#declared(term.name);
    return name === undefined ? term : varTerm(name, term.at);
  }

  rewriteBody(body: readonly Expr[], used: ReadonlySet<string>): Expr[] {
    const rewritten = body.map((expr) => this.#rewriteStatement(expr)).filter((expr) => expr !== undefined);
    const [first] = body;
    // a body of declarations only
    const result = rewritten.length === 0 && first !== undefined ? [termExpr(valueTerm(true, first.at))] : rewritten;
    if (this.faults.length === 0) this.#checkUnused(body, result, used);
    return result;
  }

  #rewriteStatement(expr: Expr): Expr | undefined {
    if (isAssignment(expr)) return this.#rewriteAssignment(expr);
    if (expr.body.kind === 'some') return this.#rewriteSome(expr, expr.body.symbols);
    if (expr.body.kind === 'every') return this.#rewriteEvery(expr, expr.body);
    return this.#rewriteExpr(expr);
  }

  #rewriteExpr(expr: Expr): Expr {
    const { body } = expr;
    let rewritten = body;
    if (body.kind === 'term') rewritten = { kind: 'term', term: this.rewriteTerm(body.term) };
    if (body.kind === 'call') {
      const operator = this.#rewriteOperator(body.operator, expr.at);
      rewritten = { kind: 'call', operator, args: body.args.map((arg) => this.rewriteTerm(arg)) };
    }
    return { ...expr, body: rewritten, withs: this.#rewriteWiths(expr) };
  }

  /** `with input as` means the document, also where a variable is called `input`. */
  #rewriteWiths({ withs }: Expr): Expr['withs'] {
    return withs.map(({ at, target, value }) => {
      const isInput = target.kind === 'ref' && headName(target.terms) === 'input';
      const head = isInput && target.kind === 'ref' ? target.terms[0] : undefined;
      const place = this.rewriteTerm(target);
      const fixed: Term =
        isInput && head !== undefined
          ? { kind: 'ref', at: target.at, terms: [head, ...(place.kind === 'ref' ? place.terms.slice(1) : [])] }
          : place;
      return { at, target: fixed, value: this.rewriteTerm(value) };
    });
  }

  #rewriteOperator(operator: Term[], at: Place): Term[] {
    const [head, ...rest] = operator;
    if (head?.kind !== 'var') return operator.map((term) => this.rewriteTerm(term));
    const declared = this.#declared(head.name);
    if (declared !== undefined && declared !== head.name)
      this.#fail(`called function ${nameOfOperator(operator, this.#options.names)} shadowed`, at);
    return [head, ...rest];
  }

  rewriteTerm(term: Term): Term {
    return mapTerm(term, (at) => {
      switch (at.kind) {
        case 'var':
          return this.#rewriteVar(at);
        case 'ref':
          return at.terms.length === 1 && ROOT_NAMES.has(headName(at.terms)) ? this.#rewriteRoot(at) : undefined;
        case 'call': {
          const operator = this.#rewriteOperator(at.operator, at.at);
          return { ...at, operator, args: at.args.map((arg) => this.rewriteTerm(arg)) };
        }
        case 'comprehension':
          return this.#rewriteComprehension(at);
        case 'template':
          return {
            ...at,
            parts: at.parts.map((part) => (part.kind === 'expr' ? this.#inScope(() => this.#rewriteExpr(part)) : part)),
          };
        case 'value':
        case 'array':
        case 'set':
        case 'object':
          return undefined;
      }
    });
  }

  #rewriteVar(term: VarTerm): VarTerm {
    const name = this.#declared(term.name);
    if (name !== undefined) {
      this.use(term.name);
      return varTerm(name, term.at);
    }
    this.#insert(term.name, term.name, 'seen');
    return term;
  }

  /** `input` alone, where a variable of that name was declared. */
  #rewriteRoot(term: Extract<Term, { kind: 'ref' }>): Term {
    const name = headName(term.terms);
    const scope = this.#scopes.findLast(({ occurrences }) => occurrences.has(name));
    if (scope === undefined || scope.occurrences.get(name) === 'seen') return term;
    return varTerm(this.#declared(name) ?? name, term.at);
  }

  #rewriteComprehension(term: Extract<Term, { kind: 'comprehension' }>): Term {
    const used = varsOf(term.term);
    for (const name of term.key === undefined ? [] : varsOf(term.key)) used.add(name);
    return this.#inScope(() => {
      const body = this.rewriteBody(term.body, used);
      const key = term.key && this.rewriteTerm(term.key);
      return { ...term, key, term: this.rewriteTerm(term.term), body };
    });
  }

  #inScope<T>(work: () => T): T {
    this.#scopes.push(newScope());
    try {
      return work();
    } finally {
      this.#scopes.pop();
    }
  }

  #rewriteAssignment(expr: Expr): Expr {
    const { body } = expr;
    const [left, right] = body.kind === 'call' ? body.args : [];
    if (left === undefined || right === undefined) return expr;
    if (expr.negated) {
      this.#fail('cannot assign vars inside negated expression', expr.at);
      return expr;
    }
    const value = this.rewriteTerm(right);
    const withs = expr.withs.map((item) => ({ ...item, value: this.rewriteTerm(item.value) }));
    const pattern = this.#declarePattern(left);
    return { ...equality(pattern, value, expr.at), withs };
  }

  #declarePattern(term: Term): Term {
    switch (term.kind) {
      case 'var':
        return varTerm(this.#declare(term.name, 'assigned', term.at), term.at);
      case 'array':
        return { ...term, items: term.items.map((item) => this.#declarePattern(item)) };
      case 'object':
        return {
          ...term,
          entries: term.entries.map(([key, value]) => [this.rewriteTerm(key), this.#declarePattern(value)]),
        };
      case 'ref':
        if (term.terms.length === 1 && ROOT_NAMES.has(headName(term.terms)))
          return varTerm(this.#declare(headName(term.terms), 'assigned', term.at), term.at);
        break;
      case 'value':
      case 'set':
      case 'call':
      case 'comprehension':
      case 'template':
    }
    this.#fail(`cannot assign to ${term.kind}`, term.at);
    return term;
  }

  #rewriteSome(expr: Expr, symbols: readonly Term[]): Expr | undefined {
    const [first] = symbols;
    if (first?.kind !== 'call') {
      for (const symbol of symbols) if (symbol.kind === 'var') this.#declare(symbol.name, 'declared', expr.at);
      return undefined;
    }
    const { args } = first;
    const [key, value, domain] = args.length === 3 ? args : [this.#options.names.variable(expr.at), ...args];
    if (key === undefined || value === undefined || domain === undefined) return undefined;
    const terms = domain.kind === 'ref' ? [...domain.terms, key] : [domain, key];
    const pair = [value, { kind: 'ref' as const, at: domain.at, terms }];
    for (const name of [...outputsOfEquality(pair, varsOf(domain))].sort()) this.#declare(name, 'declared', expr.at);
    const [left, right] = pair.map(copyTerm) as [Term, Term];
    return this.#rewriteExpr({ ...equality(left, right, expr.at), withs: expr.withs });
  }

  #rewriteEvery(expr: Expr, every: Every): Expr {
    const domain = this.rewriteTerm(every.domain);
    const withs = this.#rewriteWiths(expr);
    return this.#inScope(() => {
      const declare = (term: VarTerm): VarTerm =>
        term.name.startsWith('$') ? term : varTerm(this.#declare(term.name, 'declared', expr.at), term.at);
      const key = every.key === undefined ? this.#options.names.variable(expr.at) : declare(every.key);
      const value = declare(every.value);
      const body = this.rewriteBody(every.body, new Set());
      return { ...expr, withs, body: { ...every, key, value, domain, body } };
    });
  }

  #top(): Scope {
    return this.#scopes.at(-1) as Scope;
  }

  #declared(name: string): string | undefined {
    return this.#scopes.findLast((scope) => scope.names.has(name))?.names.get(name);
  }

  #insert(name: string, fresh: string, occurrence: Occurrence): void {
    const scope = this.#top();
    scope.names.set(name, fresh);
    scope.occurrences.set(name, occurrence);
    scope.counts.set(name, 1);
    if (name !== fresh) this.#options.names.originals.set(fresh, name);
  }

  #insertFresh(name: string, occurrence: Occurrence): string {
    const fresh = this.#options.names.next();
    this.#insert(name, fresh, occurrence);
    return fresh;
  }

  #declare(name: string, occurrence: Occurrence, at: Place): string {
    const before = this.#top().occurrences.get(name);
    if (before === undefined) return this.#insertFresh(name, occurrence);
    const what = {
      seen: 'referenced above',
      assigned: 'assigned above',
      declared: 'declared above',
      arg: 'redeclared',
    };
    this.#fail(`${before === 'arg' ? 'arg' : 'var'} ${name} ${what[before]}`, at);
    return name;
  }

  #fail(message: string, at: Place): void {
    this.faults.push({ code: 'rego_compile_error', message, at });
  }

  /** `some x` that nothing uses; in strict mode also `x := 1`. */
  #checkUnused(body: readonly Expr[], rewritten: readonly Expr[], used: ReadonlySet<string>): void {
    const { names, occurrences, counts } = this.#top();
    const vars = new Set<string>();
    addVarsOfBody(rewritten, {}, vars);
    for (const [name, occurrence] of occurrences) {
      const fresh = names.get(name) ?? name;
      if (isGenerated(name) || used.has(name)) continue;
      const isUnused =
        occurrence === 'declared'
          ? !vars.has(fresh)
          : occurrence === 'assigned' && this.#options.isStrict && (counts.get(name) ?? 0) <= 1;
      if (!isUnused) continue;
      const at = body.find((expr) => varsOfExpr(expr, {}).has(name))?.at ?? body[0]?.at;
      if (at !== undefined) this.#fail(`${occurrence} var ${name} unused`, at);
    }
  }
}
