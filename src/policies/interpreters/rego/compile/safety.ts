/**
 * Safety: every variable must be bound by something that stands, or can be moved, before its use. Reorders the expressions of bodies so
 * that each finds its inputs bound when run from left to right, as OPA does, with as little moving as possible.
 */
import { isEquality, isGenerated, operatorName } from '../ast.ts';
import type { Expr, Rule, Term } from '../ast.ts';
import { formatPlace } from '../fault.ts';
import type { Fault } from '../fault.ts';
import { FUTURE_KEYWORDS } from '../parser-terms.ts';
import {
  addVarsOfBody,
  addVarsOfExpr,
  addVarsOfTerm,
  branchesOf,
  SAFETY,
  varsOf,
  varsOfExpr,
  visitExpr,
} from '../walk.ts';
import type { VarOptions } from '../walk.ts';
import type { Names } from './names.ts';

type Vars = ReadonlySet<string>;
/** Number of arguments of a function, or undefined for one that does not exist. */
export type ArityOf = (operator: readonly Term[]) => number | undefined;
type Unsafe = Map<Expr, Set<string>>;

const RESERVED: Vars = new Set(['input', 'data']);

/** Variables of a head must stand in its body or arguments. */
export function checkHeads(rules: readonly Rule[], names: Names): Fault[] {
  return rules.flatMap(branchesOf).flatMap(({ head, body }) => {
    const known = new Set<string>();
    addVarsOfBody(body, SAFETY, known);
    for (const arg of head.args ?? []) addVarsOfTerm(arg, {}, known);
    const terms = [...head.reference.slice(1), head.key, head.value].filter((term) => term !== undefined);
    return terms.flatMap((term) =>
      [...varsOf(term)]
        .filter((name) => !known.has(name))
        .map((name) => names.originalOf(name))
        .filter((name) => !isGenerated(name))
        .map((name): Fault => ({ code: 'rego_unsafe_var_error', message: `var ${name} is unsafe`, at: term.at })),
    );
  });
}

/** Reorders the bodies of rules in place. */
export function checkBodies(rules: readonly Rule[], arityOf: ArityOf, names: Names): Fault[] {
  return rules.flatMap(branchesOf).flatMap((rule) => {
    const safe = new Set(RESERVED);
    for (const arg of rule.head.args ?? []) addVarsOfTerm(arg, {}, safe);
    const { body, faults } = orderBody(rule.body, safe, arityOf, names);
    rule.body = body;
    return faults;
  });
}

export function checkQuery(
  query: Expr[],
  arityOf: ArityOf,
  names: Names,
): { readonly body: Expr[]; readonly faults: Fault[] } {
  return orderBody(query, RESERVED, arityOf, names);
}

function orderBody(original: Expr[], safe: Vars, arityOf: ArityOf, names: Names) {
  const { body, unsafe } = new Orderer(arityOf).order(original, safe);
  return { body, faults: describe(unsafe, names) };
}

class Orderer {
  readonly #arityOf: ArityOf;

  constructor(arityOf: ArityOf) {
    this.#arityOf = arityOf;
  }

  order(body: readonly Expr[], globals: Vars): { body: Expr[]; unsafe: Unsafe } {
    const bodyVars = new Set<string>();
    addVarsOfBody(body, SAFETY, bodyVars);
    const safe = new Set([...bodyVars].filter((name) => globals.has(name)));
    const unsafe: Unsafe = new Map();
    for (const expr of body) {
      const missing = [...varsOfExpr(expr, SAFETY)].filter((name) => !safe.has(name));
      if (missing.length > 0) unsafe.set(expr, new Set(missing));
    }
    const closed = new Map(body.map((expr) => [expr, closedVars(expr, bodyVars, globals)]));
    const ordered: Expr[] = [];
    let waiting = [...body];
    for (let before = -1; before !== ordered.length;) {
      before = ordered.length;
      const left: Expr[] = [];
      for (const expr of waiting) {
        if (this.#isReady(expr, closed.get(expr) ?? new Set(), ordered, safe, unsafe)) ordered.push(expr);
        else left.push(expr);
      }
      waiting = left;
    }
    this.#orderClosures(ordered, globals, unsafe);
    return { body: ordered, unsafe };
  }

  #isReady(expr: Expr, closed: Vars, ordered: readonly Expr[], safe: Set<string>, unsafe: Unsafe): boolean {
    const outputs = this.outputs(expr, safe);
    if (closed.size > 0) {
      const bound = this.#outputsOfBody(ordered, safe);
      const missing = [...closed].filter((name) => !bound.has(name));
      if (missing.length > 0) {
        // a comprehension that closes over just what its own expression binds
        if (missing.length === outputs.size && missing.every((name) => outputs.has(name))) return false;
        unsafe.set(expr, new Set(missing));
      }
    }
    const missing = [...(unsafe.get(expr) ?? [])].filter((name) => !outputs.has(name) && !safe.has(name));
    if (missing.length > 0) {
      unsafe.set(expr, new Set(missing));
      return false;
    }
    unsafe.delete(expr);
    for (const name of outputs) safe.add(name);
    return true;
  }

  /** What the expressions bind beyond what is safe. */
  #outputsOfBody(body: readonly Expr[], safe: Vars): Set<string> {
    const known = new Set(safe);
    for (const expr of body) for (const name of this.outputs(expr, known)) known.add(name);
    return known.difference(safe);
  }

  /** Orders the bodies of comprehensions and loops, which see what stands before them. */
  #orderClosures(ordered: readonly Expr[], globals: Vars, unsafe: Unsafe): void {
    const known = new Set(globals);
    for (const [i, expr] of ordered.entries()) {
      const before = ordered[i - 1];
      if (before !== undefined) addVarsOfExpr(before, SAFETY, known);
      visitExpr(expr, {
        term: (term) => {
          if (term.kind !== 'comprehension') return;
          const heads = varsOf(term.term);
          if (term.key !== undefined) addVarsOfTerm(term.key, {}, heads);
          term.body = this.#orderInner(term.body, heads, expr, known, unsafe);
          return false;
        },
        expr: (inner) => {
          if (inner.body.kind !== 'every') return;
          if (inner.body.key !== undefined) known.add(inner.body.key.name);
          known.add(inner.body.value.name);
          inner.body.body = this.#orderInner(inner.body.body, new Set(), expr, known, unsafe);
          return false;
        },
      });
    }
  }

  #orderInner(body: Expr[], heads: Vars, expr: Expr, globals: Vars, unsafe: Unsafe): Expr[] {
    const bodyVars = new Set(globals);
    addVarsOfBody(body, SAFETY, bodyVars);
    const missing = [...heads].filter((name) => !bodyVars.has(name));
    if (missing.length > 0) unsafe.set(expr, new Set([...(unsafe.get(expr) ?? []), ...missing]));
    const inner = this.order(body, globals);
    for (const [key, names] of inner.unsafe) unsafe.set(key, names);
    return inner.unsafe.size === 0 ? inner.body : body;
  }

  /** Variables that the expression binds when the safe ones are bound. */
  outputs(expr: Expr, safe: Vars): Set<string> {
    if (expr.negated) return new Set();
    if (expr.withs.length > 0 && ![...varsOfWiths(expr)].every((name) => safe.has(name))) return new Set();
    const { body } = expr;
    if (body.kind === 'term') return outputsOfTerms([body.term], safe);
    if (body.kind === 'every') return outputsOfTerms([body.domain], safe);
    if (body.kind === 'some') return new Set();
    if (isEquality(expr)) return outputsOfEquality(body.args, safe);
    const arity = this.#arityOf(body.operator);
    if (arity === undefined) return new Set();
    return outputsOfCall(body.args, arity, safe);
  }
}

/** Variables that a comprehension or loop in the expression uses and that belong to the body around it. */
function closedVars(expr: Expr, bodyVars: Vars, globals: Vars): Set<string> {
  const found = new Set<string>();
  visitExpr(expr, {
    term: (term) => {
      if (term.kind !== 'comprehension') return;
      addVarsOfTerm(term, {}, found);
      return false;
    },
    expr: (inner) => {
      if (inner.body.kind !== 'every') return;
      addVarsOfBody(inner.body.body, {}, found);
    },
  });
  return new Set([...found].filter((name) => bodyVars.has(name) && !globals.has(name)));
}

function outputsOfTerms(terms: readonly Term[], safe: Vars): Set<string> {
  const outputs = new Set<string>();
  const visit = (term: Term): void => {
    if (term.kind === 'comprehension' || term.kind === 'template') return;
    if (term.kind === 'ref') {
      if (!isRefSafe(term.terms, safe)) return;
      for (const part of term.terms.slice(1)) addVarsOfTerm(part, { skipRefHeads: true }, outputs);
    }
    for (const part of partsIn(term)) visit(part);
  };
  for (const term of terms) visit(term);
  return outputs;
}

function varsOfWiths(expr: Expr): Set<string> {
  return varsOfExpr({ ...expr, body: { kind: 'some', symbols: [] } }, SAFETY);
}

function partsIn(term: Term): readonly Term[] {
  if (term.kind === 'ref') return term.terms;
  if (term.kind === 'array' || term.kind === 'set') return term.items;
  if (term.kind === 'object') return term.entries.flat();
  return term.kind === 'call' ? term.args : [];
}

function isRefSafe(terms: readonly Term[], safe: Pick<Vars, 'has'>): boolean {
  const [head] = terms;
  return head !== undefined && [...varsOf(head, SAFETY)].every((name) => safe.has(name));
}

/** What `left = right` binds; also used for `some x in xs`, where the domain is what is safe. */
export function outputsOfEquality(args: readonly Term[], safe: Vars): Set<string> {
  const [left, right] = args;
  if (left === undefined || right === undefined || args.length !== 2) return new Set();
  const outputs = outputsOfTerms([left, right], safe);
  const unifier = new Unifier(safe, outputs);
  unifier.unify(left, right);
  return new Set([...outputs, ...unifier.unified].filter((name) => !safe.has(name)));
}

const OUTPUT_POSITIONS: VarOptions = { skipClosures: true, skipSets: true, skipObjectKeys: true, skipRefHeads: true };

function outputsOfCall(args: readonly Term[], arity: number, safe: Vars): Set<string> {
  const outputs = outputsOfTerms(args, safe);
  if (args.length <= arity) return outputs;
  const inputs = new Set<string>();
  for (const arg of args.slice(0, arity)) addVarsOfTerm(arg, OUTPUT_POSITIONS, inputs);
  if ([...inputs].some((name) => !outputs.has(name) && !safe.has(name))) return new Set();
  for (const arg of args.slice(arity)) addVarsOfTerm(arg, OUTPUT_POSITIONS, outputs);
  return outputs;
}

/** Which variables an equality binds, by structure. */
class Unifier {
  readonly #safe: Pick<Vars, 'has'>;
  readonly unified = new Set<string>();
  /** A variable and those that must be bound before it is. */
  readonly #unknown = new Map<string, Set<string>>();

  constructor(safe: Vars, outputs: Vars) {
    this.#safe = { has: (name) => safe.has(name) || outputs.has(name) };
  }

  unify(a: Term, b: Term): void {
    if (a.kind === 'var') this.#unifyVar(a.name, b);
    else if (b.kind === 'var') this.#unifyVar(b.name, a);
    else if (this.#isSource(a)) this.#markPattern(b);
    else if (this.#isSource(b)) this.#markPattern(a);
    else if (a.kind === 'array' && b.kind === 'array' && a.items.length === b.items.length)
      a.items.forEach((item, i) => this.unify(item, b.items[i] ?? item));
    else if (a.kind === 'object' && b.kind === 'object' && a.entries.length === b.entries.length) {
      for (const [key, value] of a.entries) {
        const other = b.entries.find(([k]) => isSameKey(key, k));
        if (other !== undefined) this.unify(value, other[1]);
      }
    }
  }

  #unifyVar(name: string, other: Term): void {
    switch (other.kind) {
      case 'var':
        if (this.#isSafe(other.name)) this.#mark(name);
        else if (this.#isSafe(name)) this.#mark(other.name);
        else {
          this.#wait(name, other.name);
          this.#wait(other.name, name);
        }
        return;
      case 'array':
      case 'object':
        return this.#unifyAll(name, other);
      case 'ref':
      case 'call':
        if (this.#isSource(other)) this.#mark(name);
        return;
      case 'value':
      case 'set':
      case 'comprehension':
      case 'template':
        this.#mark(name);
    }
  }

  /** A term whose value is there without the other side. */
  #isSource(term: Term): boolean {
    if (term.kind === 'ref') return isRefSafe(term.terms, this.#safe);
    if (term.kind === 'call') return [...varsOf(term, SAFETY)].every((name) => this.#safe.has(name));
    return term.kind === 'comprehension';
  }

  #markPattern(term: Term): void {
    if (term.kind !== 'array' && term.kind !== 'object') return;
    for (const name of varsOf(term, PATTERN)) this.#mark(name);
  }

  #unifyAll(name: string, pattern: Term): void {
    if (this.#isSafe(name)) return this.#markPattern(pattern);
    const missing = [...varsOf(pattern, PATTERN)].filter((inner) => !this.#isSafe(inner));
    if (missing.length === 0) this.#mark(name);
    for (const inner of missing) this.#wait(name, inner);
  }

  #isSafe(name: string): boolean {
    return this.#safe.has(name) || this.unified.has(name);
  }

  #wait(name: string, other: string): void {
    const waiting = this.#unknown.get(name);
    if (waiting === undefined) this.#unknown.set(name, new Set([other]));
    else waiting.add(other);
  }

  #mark(name: string): void {
    this.unified.add(name);
    const inner = this.#unknown.get(name);
    this.#unknown.delete(name);
    for (const other of inner ?? []) this.#mark(other);
    for (const [waiting, others] of this.#unknown) {
      if (!others.delete(name) || others.size > 0) continue;
      this.#unknown.delete(waiting);
      this.#mark(waiting);
    }
  }
}

const PATTERN: VarOptions = { skipRefHeads: true, skipObjectKeys: true, skipClosures: true };

function isSameKey(a: Term, b: Term): boolean {
  if (a.kind === 'value' && b.kind === 'value') return a.value === b.value;
  return a.kind === 'var' && b.kind === 'var' && a.name === b.name;
}

function describe(unsafe: Unsafe, names: Names): Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const [expr, vars] of unsafe) {
    for (const name of vars) {
      const original = names.originalOf(name);
      if (isGenerated(original) || seen.has(original)) continue;
      seen.add(original);
      const isKeyword = FUTURE_KEYWORDS.includes(original);
      const hint = isKeyword ? ` (hint: \`import future.keywords.${original}\` to import a future keyword)` : '';
      const at = findVar(expr, name) ?? expr.at;
      faults.push({ code: 'rego_unsafe_var_error', message: `var ${original} is unsafe${hint}`, at });
    }
  }
  if (faults.length > 0) return faults;
  const places = new Map([...unsafe.keys()].map((expr) => [formatPlace(expr.at), expr.at]));
  return [...places.values()].map((at) => ({ code: 'rego_unsafe_var_error', message: 'expression is unsafe', at }));
}

function findVar(expr: Expr, name: string) {
  let at: Term['at'] | undefined;
  visitExpr(expr, {
    term: (term) => {
      if (term.kind === 'var' && term.name === name) at ??= term.at;
    },
  });
  return at;
}

/** For messages: `f`, or the text of a longer path. */
export function nameOfOperator(operator: readonly Term[], names: Names): string {
  const name = operatorName(operator);
  if (name === undefined) return 'function';
  const [head = '', ...rest] = name.split('.');
  return [names.originalOf(head), ...rest].join('.');
}
