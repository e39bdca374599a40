/**
 * What kinds of values terms can have, as far as literals, built-in functions and rules tell: a call or equality that can never hold is
 * refused, as OPA does. Kinds of elements and of keys are not followed, so OPA finds more.
 */
import { isMultiValue, operatorName } from '../ast.ts';
import type { Expr, Rule, Term } from '../ast.ts';
import { SIGNATURES } from '../builtins/signatures.ts';
import type { Kind, Signature } from '../builtins/signatures.ts';
import type { Fault } from '../fault.ts';
import { typeOf } from '../value.ts';
import type { RegoType } from '../value.ts';
import { branchesOf, visitExpr } from '../walk.ts';
import { findNode } from './tree.ts';
import type { RuleNode } from './tree.ts';

/** Undefined for any kind. */
type Kinds = ReadonlySet<RegoType> | undefined;
type Environment = Map<string, Kinds>;

const COLLECTIONS: readonly RegoType[] = ['array', 'object', 'set'];

export function checkKinds(rules: readonly Rule[], root: RuleNode): Fault[] {
  const checker = new KindChecker(root);
  for (const rule of rules.flatMap(branchesOf)) checker.body(rule.body, new Map());
  return checker.faults;
}

function kindsOfSignature(kinds: readonly Kind[]): Kinds {
  const known = kinds.filter((kind) => kind !== 'any' && kind !== 'void');
  return known.length === kinds.length ? new Set(known) : undefined;
}

function areApart(a: Kinds, b: Kinds): boolean {
  return a !== undefined && b !== undefined && a.isDisjointFrom(b);
}

function describe(kinds: Kinds): string {
  return kinds === undefined ? 'any' : [...kinds].join('|');
}

class KindChecker {
  readonly #root: RuleNode;
  /** What is known of rules, shared by all who ask. */
  readonly #rules: Map<RuleNode, Kinds>;
  readonly faults: Fault[] = [];

  constructor(root: RuleNode, rules = new Map<RuleNode, Kinds>()) {
    this.#root = root;
    this.#rules = rules;
  }

  body(body: readonly Expr[], known: Environment): void {
    for (const expr of body) {
      this.#closures(expr, known);
      this.#expr(expr, known);
    }
  }

  #closures(expr: Expr, known: Environment): void {
    visitExpr(expr, {
      term: (term) => {
        if (term.kind === 'comprehension') this.body(term.body, new Map(known));
        else if (term.kind === 'ref') this.#checkRef(term, known);
        return term.kind !== 'comprehension';
      },
      // OPA does not look into the bodies of `every`
      expr: (inner) => inner.body.kind !== 'every',
    });
  }

  #expr({ body, at }: Expr, known: Environment): void {
    if (body.kind !== 'call') return;
    const name = operatorName(body.operator) ?? '';
    const [left, right] = body.args;
    if (name === 'eq' && left !== undefined && right !== undefined) {
      this.#unify(left, right, known, at);
      return;
    }
    const signature = SIGNATURES.get(name);
    if (signature !== undefined) this.#checkCall(name, signature, body.args, known, at);
    const result = signature === undefined ? this.#kindsOfPath(body.operator) : kindsOfSignature(signature.result);
    const arity = signature?.args.length ?? findNode(this.#root, body.operator)?.rules[0]?.head.args?.length ?? 0;
    const output = body.args[arity];
    if (output === undefined) return;
    if (output.kind === 'var' && !known.has(output.name)) known.set(output.name, result);
    else if (areApart(this.#kindsOf(output, known), result))
      this.#fail(
        `${name}: invalid argument(s), have: ${describe(this.#kindsOf(output, known))}, want: ${describe(result)}`,
        at,
      );
  }

  #checkCall(
    name: string,
    { args: wanted }: Signature,
    args: readonly Term[],
    known: Environment,
    at: Expr['at'],
  ): void {
    for (const [i, kinds] of wanted.entries()) {
      const arg = args[i];
      const found = arg === undefined ? undefined : this.#kindsOf(arg, known);
      const want = kindsOfSignature(kinds);
      if (areApart(found, want))
        this.#fail(`${name}: invalid argument(s), have: ${describe(found)}, want: ${describe(want)}`, at);
    }
  }

  #unify(left: Term, right: Term, known: Environment, at: Expr['at']): void {
    if (left.kind === 'array' && right.kind === 'array' && left.items.length === right.items.length) {
      left.items.forEach((item, i) => this.#unify(item, right.items[i] ?? item, known, at));
      return;
    }
    const [a, b] = [this.#kindsOf(left, known), this.#kindsOf(right, known)];
    if (areApart(a, b)) this.#fail(`match error, left: ${describe(a)}, right: ${describe(b)}`, at);
    if (left.kind === 'var' && !known.has(left.name)) known.set(left.name, b);
    if (right.kind === 'var' && !known.has(right.name)) known.set(right.name, a);
  }

  #kindsOf(term: Term, known: Environment): Kinds {
    switch (term.kind) {
      case 'value':
        return new Set([typeOf(term.value)]);
      case 'var':
        return known.get(term.name);
      case 'array':
      case 'set':
      case 'object':
        return new Set([term.kind]);
      case 'comprehension':
        return new Set([term.of]);
      case 'ref':
        return term.terms.length === 1 && term.terms[0]?.kind === 'var' && term.terms[0].name !== 'data'
          ? known.get(term.terms[0].name)
          : this.#kindsOfPath(term.terms);
      case 'call':
      case 'template':
        return undefined;
    }
  }

  /** Of what a path names exactly: a rule, or the result of a function. */
  #kindsOfPath(path: readonly Term[]): Kinds {
    const node = findNode(this.#root, path);
    return node === undefined || node.rules.length === 0 || node.children.size > 0
      ? undefined
      : this.#kindsOfRules(node);
  }

  #kindsOfRules(node: RuleNode): Kinds {
    const found = this.#rules.get(node);
    if (found !== undefined || this.#rules.has(node)) return found;
    this.#rules.set(node, undefined);
    const all = new Set<RegoType>();
    for (const rule of node.rules.flatMap(branchesOf)) {
      const kinds = this.#kindsOfRule(rule);
      if (kinds === undefined) return undefined;
      for (const kind of kinds) all.add(kind);
    }
    this.#rules.set(node, all);
    return all;
  }

  #kindsOfRule({ head, body }: Rule): Kinds {
    if (head.reference.some((term, i) => i > 0 && term.kind !== 'value')) return new Set(['object']);
    if (isMultiValue(head)) return new Set(['set']);
    if (head.value === undefined) return undefined;
    const inner = new KindChecker(this.#root, this.#rules);
    const known: Environment = new Map();
    inner.body(body, known);
    return inner.#kindsOf(head.value, known);
  }

  /** A number has no members. */
  #checkRef({ terms, at }: Extract<Term, { kind: 'ref' }>, known: Environment): void {
    const [head, ...operands] = terms;
    // keys that the reference binds may be anything
    for (const operand of operands)
      if (operand.kind === 'var' && !known.has(operand.name)) known.set(operand.name, undefined);
    if (terms.length < 2 || head?.kind !== 'var') return;
    const end = head.name === 'data' ? this.#endOfRule(terms) : 1;
    if (end === undefined || end >= terms.length) return;
    const kinds = head.name === 'data' ? this.#kindsOfPath(terms.slice(0, end)) : known.get(head.name);
    if (kinds !== undefined && !COLLECTIONS.some((kind) => kinds.has(kind)))
      this.#fail(`undefined ref: a value of ${describe(kinds)} has no members`, at);
  }

  /** How many terms of a path lead to a rule. */
  #endOfRule(terms: readonly Term[]): number | undefined {
    for (let end = 2; end <= terms.length; end += 1) {
      const node = findNode(this.#root, terms.slice(0, end));
      if (node === undefined) return undefined;
      if (node.rules.length > 0) return end;
    }
    return undefined;
  }

  #fail(message: string, at: Expr['at']): void {
    this.faults.push({ code: 'rego_type_error', message, at });
  }
}
