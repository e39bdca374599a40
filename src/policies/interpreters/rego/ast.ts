/**
 * The syntax tree of Rego. The parser makes it; the compiler changes it in place, step by step, until every expression is plain enough to
 * be run from left to right. Infix operators are calls of their function (`plus`, `equal`, `internal.member_2`).
 */
import type { Place } from './fault.ts';
import type { RegoValue } from './value.ts';

/** null, booleans, numbers, strings; after compilation also any other ground value. */
export interface ValueTerm {
  readonly kind: 'value';
  readonly at: Place;
  readonly value: RegoValue;
}

export interface VarTerm {
  readonly kind: 'var';
  readonly at: Place;
  readonly name: string;
}

/** `a.b[c]`: a head and its operands. `input` and `data` alone are references of one term. */
export interface RefTerm {
  readonly kind: 'ref';
  readonly at: Place;
  readonly terms: Term[];
}

export interface ArrayTerm {
  readonly kind: 'array';
  readonly at: Place;
  readonly items: Term[];
}

export interface SetTerm {
  readonly kind: 'set';
  readonly at: Place;
  readonly items: Term[];
}

export interface ObjectTerm {
  readonly kind: 'object';
  readonly at: Place;
  readonly entries: [Term, Term][];
}

export interface ComprehensionTerm {
  readonly kind: 'comprehension';
  readonly at: Place;
  readonly of: 'array' | 'set' | 'object';
  /** Only of objects. */
  key: Term | undefined;
  term: Term;
  body: Expr[];
}

export interface CallTerm {
  readonly kind: 'call';
  readonly at: Place;
  readonly operator: Term[];
  readonly args: Term[];
}

/** `$"text {expression}"`: texts as value terms, expressions in between. */
export interface TemplateTerm {
  readonly kind: 'template';
  readonly at: Place;
  readonly parts: (Term | Expr)[];
}

export type Term =
  | ValueTerm
  | VarTerm
  | RefTerm
  | ArrayTerm
  | SetTerm
  | ObjectTerm
  | ComprehensionTerm
  | CallTerm
  | TemplateTerm;

export interface With {
  readonly at: Place;
  target: Term;
  value: Term;
}

export interface Every {
  readonly kind: 'every';
  key: VarTerm | undefined;
  value: VarTerm;
  domain: Term;
  body: Expr[];
}

/** What an expression is: a term that must be neither false nor undefined, a call, a declaration, or a loop. */
export type ExprBody =
  | { readonly kind: 'term'; term: Term }
  | { readonly kind: 'call'; operator: Term[]; args: Term[] }
  | { readonly kind: 'some'; symbols: Term[] }
  | Every;

export interface Expr {
  readonly kind: 'expr';
  readonly at: Place;
  negated: boolean;
  /** Made by the compiler: a call then has its output as last argument. */
  generated: boolean;
  body: ExprBody;
  withs: With[];
}

export interface Head {
  readonly at: Place;
  /** `a.b[c]` of the rule's own package; the first term is a variable. */
  reference: Term[];
  args: Term[] | undefined;
  /** Of sets: what the set contains. Of `p[k] = v`: k. */
  key: Term | undefined;
  /** Undefined for sets. */
  value: Term | undefined;
  isValueGenerated: boolean;
  readonly keywords: Set<'if' | 'contains'>;
}

export interface Rule {
  readonly at: Place;
  head: Head;
  body: Expr[];
  isDefault: boolean;
  isBodyGenerated: boolean;
  otherwise: Rule | undefined;
}

export interface Import {
  readonly at: Place;
  readonly path: RefTerm;
  readonly alias: string | undefined;
}

/** `v0` with `import rego.v1` reads as v1 and keeps v0's rules elsewhere. */
export type RegoVersion = 'v0' | 'v1';

export interface Comment {
  readonly at: Place;
  readonly text: string;
}

export interface Module {
  readonly file: string;
  readonly at: Place;
  /** `data` and the names behind it. */
  readonly path: readonly string[];
  readonly imports: readonly Import[];
  rules: Rule[];
  /** True also for v0 with `import rego.v1`. */
  readonly isV1: boolean;
  readonly comments: readonly Comment[];
}

export const ROOT_NAMES: ReadonlySet<string> = new Set(['input', 'data']);

export function valueTerm(value: RegoValue, at: Place): ValueTerm {
  return { kind: 'value', at, value };
}

export function varTerm(name: string, at: Place): VarTerm {
  return { kind: 'var', at, name };
}

export function callExpr(operator: Term[], args: Term[], at: Place): Expr {
  return { kind: 'expr', at, negated: false, generated: false, body: { kind: 'call', operator, args }, withs: [] };
}

export function termExpr(term: Term): Expr {
  return { kind: 'expr', at: term.at, negated: false, generated: false, body: { kind: 'term', term }, withs: [] };
}

export function equality(left: Term, right: Term, at: Place): Expr {
  return callExpr([varTerm('eq', at)], [left, right], at);
}

/** The name of a called function: `count`, `time.now_ns`, `data.lib.f`; undefined when it is no plain path. */
export function operatorName(operator: readonly Term[]): string | undefined {
  const [head, ...rest] = operator;
  if (head?.kind !== 'var') return undefined;
  let name = head.name;
  for (const term of rest) {
    if (term.kind !== 'value' || typeof term.value !== 'string') return undefined;
    name += `.${term.value}`;
  }
  return name;
}

export function isEquality(expr: Expr): boolean {
  return expr.body.kind === 'call' && operatorName(expr.body.operator) === 'eq';
}

/** Names that no source text can hold: wildcards, and variables of the compiler. */
export function isGenerated(name: string): boolean {
  return name.startsWith('$') || name.startsWith('%');
}

/** Whether a single value (a constant, a function's result) or one of many (a set's member) comes of the rule. */
export function isMultiValue(head: Head): boolean {
  return head.value === undefined;
}
