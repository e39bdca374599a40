/**
 * Nested terms become expressions of their own: calls within terms, templates, and (after the safety check) references and comprehensions
 * within other terms. What is left in an expression can be looked up or built at once.
 */
import { equality, operatorName, ROOT_NAMES, valueTerm, varTerm } from '../ast.ts';
import type { Expr, Rule, Term } from '../ast.ts';
import type { Fault } from '../fault.ts';
import { addVarsOfBody, branchesOf, mapTerm, SAFETY, varsOf, visitTerm } from '../walk.ts';
import { extendBody } from './names.ts';
import type { Names } from './names.ts';

/** Changes a rule in place so that calls stand only as expressions. */
export function expandRule(rule: Rule, names: Names): void {
  for (const branch of branchesOf(rule)) {
    const { head } = branch;
    const body = expandBody(branch.body, names);
    const support: Expr[] = [];
    const expand = (term: Term): Term => expandTerm(term, names, support);
    head.args = head.args?.map(expand);
    head.reference = [...head.reference.slice(0, 1), ...head.reference.slice(1).map(expand)];
    head.key = head.key && expand(head.key);
    head.value = head.value && expand(head.value);
    branch.body = extendBody(body, support);
  }
}

export function expandBody(body: readonly Expr[], names: Names): Expr[] {
  return body.flatMap((expr) => expandExpr(expr, names));
}

function expandExpr(expr: Expr, names: Names): Expr[] {
  const before: Expr[] = [];
  expr.withs = expr.withs.map((item) => ({ ...item, value: expandTerm(item.value, names, before) }));
  const support: Expr[] = [];
  const { body } = expr;
  if (body.kind === 'term') expr.body = { kind: 'term', term: expandTerm(body.term, names, support) };
  if (body.kind === 'call') expr.body = { ...body, args: body.args.map((arg) => expandTerm(arg, names, support)) };
  if (body.kind === 'every') {
    const { variable, expr: capture } = names.capture(body.domain);
    capture.withs = expr.withs;
    support.push(...expandExpr(capture, names));
    expr.body = { ...body, domain: variable, body: expandBody(body.body, names) };
  }
  for (const made of support) made.withs = expr.withs;
  return [...before, ...support, expr];
}

function expandTerm(term: Term, names: Names, support: Expr[]): Term {
  const expand = (part: Term): Term => expandTerm(part, names, support);
  switch (term.kind) {
    case 'value':
    case 'var':
      return term;
    case 'call': {
      const args = term.args.map(expand);
      const output = names.variable(term.at);
      support.push({
        kind: 'expr',
        at: term.at,
        negated: false,
        generated: true,
        body: { kind: 'call', operator: term.operator, args: [...args, output] },
        withs: [],
      });
      return output;
    }
    case 'ref':
      return expandRef(term, names, support);
    case 'array':
    case 'set':
      return { ...term, items: term.items.map(expand) };
    case 'object':
      return { ...term, entries: term.entries.map(([key, value]) => [expand(key), expand(value)]) };
    case 'comprehension': {
      const inner: Expr[] = [];
      const key = term.key && expandTerm(term.key, names, inner);
      const head = expandTerm(term.term, names, inner);
      return { ...term, key, term: head, body: [...expandBody(term.body, names), ...inner] };
    }
    case 'template':
      return term;
  }
}

/** `[1, 2][i]` becomes `x = [1, 2]; x[i]`. */
function expandRef(term: Extract<Term, { kind: 'ref' }>, names: Names, support: Expr[]): Term {
  const [head, ...rest] = term.terms.map((part) => expandTerm(part, names, support));
  if (head === undefined || head.kind === 'var') return { ...term, terms: head === undefined ? rest : [head, ...rest] };
  const { variable, expr } = names.capture(head);
  support.push(expr);
  return { ...term, terms: [variable, ...rest] };
}

/** Whether a term must be run and not just built. */
export function requiresEval(term: Term): boolean {
  let found = false;
  visitTerm(term, {
    term: (at) => {
      found ||= at.kind === 'ref' || at.kind === 'comprehension';
      return !found;
    },
  });
  return found;
}

/** Heads of comprehensions and of rules become variables that the body binds. */
export function captureHeads(rule: Rule, names: Names): void {
  for (const branch of branchesOf(rule)) {
    const { head } = branch;
    branch.body = captureInBody(branch.body, names);
    const extra: Expr[] = [];
    const capture = (term: Term): Term => {
      const inner = captureInTerm(term, names);
      if (!requiresEval(inner)) return inner;
      const { variable, expr } = names.capture(inner);
      extra.push(expr);
      return variable;
    };
    const captureReference = (term: Term): Term => (['value', 'var'].includes(term.kind) ? term : forced(term));
    const forced = (term: Term): Term => {
      const { variable, expr } = names.capture(captureInTerm(term, names));
      extra.push(expr);
      return variable;
    };
    head.reference = [...head.reference.slice(0, 1), ...head.reference.slice(1).map(captureReference)];
    head.key = head.key && capture(head.key);
    head.value = head.value && capture(head.value);
    head.args = head.args?.map(capture);
    branch.body = extendBody(branch.body, extra);
  }
}

export function captureInBody(body: readonly Expr[], names: Names): Expr[] {
  return body.map((expr) =>
    mapExprTerms(
      expr,
      (term) => captureInTerm(term, names),
      (inner) => captureInBody(inner, names),
    ),
  );
}

function captureInTerm(term: Term, names: Names): Term {
  return mapTerm(term, (at) => {
    if (at.kind !== 'comprehension') return undefined;
    let body = captureInBody(at.body, names);
    const capture = (head: Term): Term => {
      const inner = captureInTerm(head, names);
      if (!requiresEval(inner)) return inner;
      const { variable, expr } = names.capture(inner);
      body = extendBody(body, [expr]);
      return variable;
    };
    const key = at.key && capture(at.key);
    const head = capture(at.term);
    return { ...at, key, term: head, body };
  });
}

function mapExprTerms(expr: Expr, map: (term: Term) => Term, mapBody: (body: readonly Expr[]) => Expr[]): Expr {
  const { body } = expr;
  const withs = expr.withs.map((item) => ({ ...item, value: map(item.value) }));
  if (body.kind === 'term') return { ...expr, withs, body: { kind: 'term', term: map(body.term) } };
  if (body.kind === 'call') return { ...expr, withs, body: { ...body, args: body.args.map(map) } };
  if (body.kind === 'every')
    return { ...expr, withs, body: { ...body, domain: map(body.domain), body: mapBody(body.body) } };
  return { ...expr, withs };
}

/** `==` becomes unification in rules, where only success counts. */
export function rewriteEquals(body: readonly Expr[]): Expr[] {
  const inTerm = (term: Term): Term =>
    mapTerm(term, (at) => (at.kind === 'comprehension' ? { ...at, body: rewriteEquals(at.body) } : undefined));
  return body.map((original) => {
    const expr = mapExprTerms(original, inTerm, rewriteEquals);
    if (expr.body.kind !== 'call' || operatorName(expr.body.operator) !== 'equal' || expr.body.args.length !== 2)
      return expr;
    return { ...expr, body: { ...expr.body, operator: [varTerm('eq', expr.at)] } };
  });
}

/** References and comprehensions within other terms become expressions before, for the body to be run from left to right. */
export function liftBody(body: readonly Expr[], names: Names): Expr[] {
  return body.flatMap((expr) => {
    const support: Expr[] = [];
    const lift = new Lift(names, expr, support);
    const inner = expr.body;
    if (inner.kind === 'term') expr.body = { kind: 'term', term: lift.top(inner.term) };
    else if (inner.kind === 'every')
      expr.body = { ...inner, domain: lift.one(inner.domain), body: liftBody(inner.body, names) };
    else if (inner.kind === 'call') {
      const isEq = operatorName(inner.operator) === 'eq' && inner.args.length === 2;
      expr.body = { ...inner, args: inner.args.map((arg) => (isEq ? lift.top(arg) : lift.one(arg))) };
    }
    return [...support, expr];
  });
}

class Lift {
  readonly #names: Names;
  readonly #parent: Expr;
  readonly #support: Expr[];

  constructor(names: Names, parent: Expr, support: Expr[]) {
    this.#names = names;
    this.#parent = parent;
    this.#support = support;
  }

  /** A term that may stay a reference or comprehension itself. */
  top(term: Term): Term {
    if (term.kind === 'ref') return this.#operands(term);
    if (term.kind === 'comprehension') return { ...term, body: liftBody(term.body, this.#names) };
    return this.one(term);
  }

  one(term: Term): Term {
    switch (term.kind) {
      case 'ref':
        return this.#capture(this.#operands(term));
      case 'comprehension':
        return this.#capture({ ...term, body: liftBody(term.body, this.#names) });
      case 'array':
      case 'set':
        return { ...term, items: term.items.map((item) => this.one(item)) };
      case 'object':
        return { ...term, entries: term.entries.map(([key, value]) => [this.one(key), this.one(value)]) };
      case 'value':
      case 'var':
      case 'call':
      case 'template':
        return term;
    }
  }

  #operands(term: Extract<Term, { kind: 'ref' }>): Extract<Term, { kind: 'ref' }> {
    const [head, ...rest] = term.terms;
    return { ...term, terms: [...(head === undefined ? [] : [head]), ...rest.map((part) => this.one(part))] };
  }

  #capture(term: Term): Term {
    const { variable, expr } = this.#names.capture(term);
    expr.withs = this.#parent.withs;
    this.#support.push(expr);
    return variable;
  }
}

const RESERVED: ReadonlySet<string> = ROOT_NAMES;

/** Templates become a call whose parts are sets: of the one value, or empty where it is undefined. Changes one branch in place. */
export function expandTemplates(rule: Rule, names: Names, faults: Fault[]): void {
  const { head } = rule;
  const known = new Set(RESERVED);
  for (const arg of head.args ?? []) for (const name of varsOf(arg)) known.add(name);
  rule.body = expandTemplatesInBody(rule.body, names, faults, known);
  addVarsOfBody(rule.body, SAFETY, known);
  const expand = (term: Term): Term => expandTemplatesIn(term, known, names, faults);
  head.args = head.args?.map(expand);
  head.reference = [...head.reference.slice(0, 1), ...head.reference.slice(1).map(expand)];
  head.key = head.key && expand(head.key);
  head.value = head.value && expand(head.value);
}

export function expandTemplatesInBody(
  body: readonly Expr[],
  names: Names,
  faults: Fault[],
  safe: ReadonlySet<string> = RESERVED,
): Expr[] {
  const known = new Set(safe);
  addVarsOfBody(body, SAFETY, known);
  for (const { body: inner } of body)
    if (inner.kind === 'every') known.add(inner.value.name).add(inner.key?.name ?? '');
  const inTerm = (term: Term): Term => expandTemplatesIn(term, known, names, faults);
  return body.map((expr) => mapExprTerms(expr, inTerm, (inner) => expandTemplatesInBody(inner, names, faults, known)));
}

function expandTemplatesIn(term: Term, safe: ReadonlySet<string>, names: Names, faults: Fault[]): Term {
  return mapTerm(term, (at) => {
    if (at.kind === 'comprehension') {
      const inner = new Set(safe);
      addVarsOfBody(at.body, SAFETY, inner);
      const expand = (part: Term) => expandTemplatesIn(part, inner, names, faults);
      return {
        ...at,
        key: at.key && expand(at.key),
        term: expand(at.term),
        body: expandTemplatesInBody(at.body, names, faults, safe),
      };
    }
    return at.kind === 'template' ? expandTemplate(at, safe, names, faults) : undefined;
  });
}

function expandTemplate(
  template: Extract<Term, { kind: 'template' }>,
  safe: ReadonlySet<string>,
  names: Names,
  faults: Fault[],
): Term {
  const items = template.parts.map((part): Term => {
    if (part.kind !== 'expr') return part;
    const { body, at } = part;
    let term: Term = valueTerm('', at);
    if (body.kind === 'call') term = { kind: 'call', at, operator: body.operator, args: body.args };
    if (body.kind === 'term') term = body.term;
    term = expandTemplatesIn(term, safe, names, faults);
    if (term.kind === 'var') return { kind: 'set', at, items: [term] };
    for (const name of varsOf(term, SAFETY)) {
      if (!safe.has(name))
        faults.push({ code: 'rego_compile_error', message: `var ${names.originalOf(name)} is undeclared`, at });
    }
    const variable = names.variable(at);
    const capture = { ...equality(variable, term, at), withs: part.withs };
    return { kind: 'comprehension', at, of: 'set', key: undefined, term: variable, body: [capture] };
  });
  const operator = [varTerm('internal', template.at), valueTerm('template_string', template.at)];
  return { kind: 'call', at: template.at, operator, args: [{ kind: 'array', at: template.at, items }] };
}
