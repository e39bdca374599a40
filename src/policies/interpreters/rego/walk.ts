/** Going over syntax trees: copies, replaced variables, collected variables. */
import type { Expr, ExprBody, Rule, Term, With } from './ast.ts';

/** Parts of a term that are terms, in order of writing; not the bodies of comprehensions and templates. */
function partsOf(term: Term): readonly Term[] {
  switch (term.kind) {
    case 'ref':
      return term.terms;
    case 'array':
    case 'set':
      return term.items;
    case 'object':
      return term.entries.flat();
    case 'call':
      return [...term.operator, ...term.args];
    case 'comprehension':
      return term.key === undefined ? [term.term] : [term.key, term.term];
    case 'value':
    case 'var':
    case 'template':
      return [];
  }
}

/** Bodies within a term: of comprehensions, and each expression of a template. */
function bodiesOf(term: Term): readonly (readonly Expr[])[] {
  if (term.kind === 'comprehension') return [term.body];
  if (term.kind === 'template') return term.parts.filter((part) => part.kind === 'expr').map((part) => [part]);
  return [];
}

/** Called for each; what answers false is not looked into. */
export interface Visitor {
  readonly term?: (term: Term) => boolean | void;
  readonly expr?: (expr: Expr) => boolean | void;
}

export function visitTerm(term: Term, visitor: Visitor): void {
  if (visitor.term?.(term) === false) return;
  for (const part of partsOf(term)) visitTerm(part, visitor);
  for (const body of bodiesOf(term)) visitBody(body, visitor);
}

export function visitBody(body: readonly Expr[], visitor: Visitor): void {
  for (const expr of body) visitExpr(expr, visitor);
}

export function visitExpr(expr: Expr, visitor: Visitor): void {
  if (visitor.expr?.(expr) === false) return;
  for (const term of termsOf(expr.body)) visitTerm(term, visitor);
  if (expr.body.kind === 'every') visitBody(expr.body.body, visitor);
  for (const { target, value } of expr.withs) {
    visitTerm(target, visitor);
    visitTerm(value, visitor);
  }
}

/** Terms directly in an expression; without `with`, and without the body of `every`. */
function termsOf(body: ExprBody): readonly Term[] {
  switch (body.kind) {
    case 'term':
      return [body.term];
    case 'call':
      return [...body.operator, ...body.args];
    case 'some':
      return body.symbols;
    case 'every':
      return [...(body.key === undefined ? [] : [body.key]), body.value, body.domain];
  }
}

/** All terms of a rule's head. */
export function headTerms({ head }: Rule): readonly Term[] {
  const { reference, args, key, value } = head;
  return [...reference.slice(1), ...(args ?? []), ...[key, value].filter((term) => term !== undefined)];
}

export function visitRule(rule: Rule, visitor: Visitor): void {
  for (const term of headTerms(rule)) visitTerm(term, visitor);
  visitBody(rule.body, visitor);
  if (rule.otherwise !== undefined) visitRule(rule.otherwise, visitor);
}

/** The rule and its else branches. */
export function branchesOf(rule: Rule): Rule[] {
  const branches: Rule[] = [];
  for (let at: Rule | undefined = rule; at !== undefined; at = at.otherwise) branches.push(at);
  return branches;
}

export type TermMap = (term: Term) => Term | undefined;

/** A copy in which `map` replaced what it answers with a term; that one is not looked into. */
export function mapTerm(term: Term, map: TermMap): Term {
  const found = map(term);
  if (found !== undefined) return found;
  const terms = (list: readonly Term[]) => list.map((part) => mapTerm(part, map));
  switch (term.kind) {
    case 'value':
    case 'var':
      return term;
    case 'ref':
      return { ...term, terms: terms(term.terms) };
    case 'array':
    case 'set':
      return { ...term, items: terms(term.items) };
    case 'object':
      return { ...term, entries: term.entries.map(([key, value]) => [mapTerm(key, map), mapTerm(value, map)]) };
    case 'call':
      return { ...term, operator: terms(term.operator), args: terms(term.args) };
    case 'comprehension': {
      const key = term.key === undefined ? undefined : mapTerm(term.key, map);
      return { ...term, key, term: mapTerm(term.term, map), body: mapBody(term.body, map) };
    }
    case 'template':
      return {
        ...term,
        parts: term.parts.map((part) => (part.kind === 'expr' ? mapExpr(part, map) : mapTerm(part, map))),
      };
  }
}

export function mapBody(body: readonly Expr[], map: TermMap): Expr[] {
  return body.map((expr) => mapExpr(expr, map));
}

function mapExpr(expr: Expr, map: TermMap): Expr {
  const withs = expr.withs.map(({ at, target, value }): With => ({
    at,
    target: mapTerm(target, map),
    value: mapTerm(value, map),
  }));
  return { ...expr, withs, body: mapExprBody(expr.body, map) };
}

function mapExprBody(body: ExprBody, map: TermMap): ExprBody {
  const terms = (list: readonly Term[]) => list.map((part) => mapTerm(part, map));
  switch (body.kind) {
    case 'term':
      return { kind: 'term', term: mapTerm(body.term, map) };
    case 'call':
      return { kind: 'call', operator: terms(body.operator), args: terms(body.args) };
    case 'some':
      return { kind: 'some', symbols: terms(body.symbols) };
    case 'every':
      return { ...body, domain: mapTerm(body.domain, map), body: mapBody(body.body, map) };
  }
}

export function copyTerm(term: Term): Term {
  return mapTerm(term, () => undefined);
}

/** Which variables count as variables of a term. */
export interface VarOptions {
  /** Not the heads of references. */
  readonly skipRefHeads?: boolean;
  /** Not the names of called functions. */
  readonly skipCallHeads?: boolean;
  /** Not the bodies and heads of comprehensions and templates, nor the body of `every`. */
  readonly skipClosures?: boolean;
  readonly skipObjectKeys?: boolean;
  readonly skipSets?: boolean;
}

/** What counts in the safety check. */
export const SAFETY: VarOptions = { skipCallHeads: true, skipClosures: true };

export function addVarsOfTerm(term: Term, options: VarOptions, found: Set<string>): void {
  switch (term.kind) {
    case 'value':
      return;
    case 'var':
      found.add(term.name);
      return;
    case 'ref':
      return addVarsOfRef(term.terms, options, found);
    case 'call':
      if (options.skipCallHeads !== true) addVarsOfRef(term.operator, options, found);
      return addAll(term.args, options, found);
    case 'object':
      for (const [key, value] of term.entries) {
        if (options.skipObjectKeys !== true) addVarsOfTerm(key, options, found);
        addVarsOfTerm(value, options, found);
      }
      return;
    case 'set':
      if (options.skipSets !== true) addAll(term.items, options, found);
      return;
    case 'array':
      return addAll(term.items, options, found);
    case 'comprehension':
    case 'template':
      if (options.skipClosures === true) return;
      addAll(partsOf(term), options, found);
      for (const body of bodiesOf(term)) addVarsOfBody(body, options, found);
  }
}

function addVarsOfRef(terms: readonly Term[], options: VarOptions, found: Set<string>): void {
  const isHeadSkipped = options.skipRefHeads === true && terms[0]?.kind === 'var';
  addAll(isHeadSkipped ? terms.slice(1) : terms, options, found);
}

function addAll(terms: readonly Term[], options: VarOptions, found: Set<string>): void {
  for (const term of terms) addVarsOfTerm(term, options, found);
}

export function addVarsOfBody(body: readonly Expr[], options: VarOptions, found: Set<string>): void {
  for (const expr of body) addVarsOfExpr(expr, options, found);
}

export function addVarsOfExpr(expr: Expr, options: VarOptions, found: Set<string>): void {
  const { body } = expr;
  if (body.kind === 'call') {
    if (options.skipCallHeads !== true) addVarsOfRef(body.operator, options, found);
    addAll(body.args, options, found);
  } else if (body.kind === 'every') {
    addVarsOfTerm(body.domain, options, found);
    if (options.skipClosures !== true) addVarsOfEvery(body, options, found);
  } else addAll(termsOf(body), options, found);
  for (const term of expr.withs.flatMap(({ target, value }) => [target, value])) {
    // what `with` replaces, and a function that it puts there, are names and no variables
    const isName = term.kind === 'ref' && options.skipCallHeads === true;
    addAll(isName ? term.terms.slice(1) : [term], options, found);
  }
}

function addVarsOfEvery(every: Extract<ExprBody, { kind: 'every' }>, options: VarOptions, found: Set<string>): void {
  if (every.key !== undefined) found.add(every.key.name);
  found.add(every.value.name);
  addVarsOfBody(every.body, options, found);
}

export function varsOf(term: Term, options: VarOptions = {}): Set<string> {
  const found = new Set<string>();
  addVarsOfTerm(term, options, found);
  return found;
}

export function varsOfExpr(expr: Expr, options: VarOptions): Set<string> {
  const found = new Set<string>();
  addVarsOfExpr(expr, options, found);
  return found;
}
