/**
 * Which rules of a name can hold, without running each: where many compare the same reference into `input`, or the same argument, with a
 * constant, its value picks the few whose constant it is.
 */
import { isEquality, operatorName } from '../ast.ts';
import type { Expr, RefTerm, Rule, Term } from '../ast.ts';
import { areEqual, keyOf } from '../value.ts';
import type { Key, RegoValue } from '../value.ts';
import type { Program } from './program.ts';
import { Scope } from './scope.ts';
import { planGetter } from './terms.ts';
import type { Callable, Vm } from './vm.ts';

export interface Chain {
  readonly rule: Rule;
  readonly constant: RegoValue | undefined;
  readonly run: Callable;
}

export interface Candidates {
  readonly chains: readonly Chain[];
  /** All give the same constant: the first that holds is enough. */
  readonly isUniform: boolean;
}

/** One rule has no other to be picked from. */
const MIN_RULES = 2;

export function planIndex(
  chains: readonly Chain[],
  program: Program,
): (args: readonly RegoValue[], vm: Vm) => Candidates {
  const all = candidatesOf(chains);
  const subject = chains.length < MIN_RULES ? undefined : mostComparedOf(chains);
  if (subject === undefined) return () => all;
  const get = subject.get(program);
  const keys = chains.map(({ rule }) => subject.constantOf(rule));
  const free = candidatesOf(chains.filter((_, i) => keys[i] === undefined));
  const table = new Map<Key, Candidates>();
  for (const key of keys) {
    if (key === undefined || table.has(keyOf(key))) continue;
    table.set(keyOf(key), candidatesOf(chains.filter((_, i) => isFitting(keys[i], key))));
  }
  return (args, vm) => {
    const value = get(args, vm);
    return (value === undefined ? undefined : table.get(keyOf(value))) ?? free;
  };
}

function isFitting(constant: RegoValue | undefined, value: RegoValue): boolean {
  return constant === undefined || areEqual(constant, value);
}

function candidatesOf(chains: readonly Chain[]): Candidates {
  const constant = chains[0]?.constant;
  const isUniform =
    constant !== undefined && chains.every((c) => c.constant !== undefined && areEqual(c.constant, constant));
  return { chains, isUniform };
}

interface Subject {
  readonly get: (program: Program) => (args: readonly RegoValue[], vm: Vm) => RegoValue | undefined;
  readonly constantOf: (rule: Rule) => RegoValue | undefined;
}

function mostComparedOf(chains: readonly Chain[]): Subject | undefined {
  const counts = new Map<string, { ref: RefTerm; count: number }>();
  for (const { rule } of chains) {
    for (const [name, { ref }] of comparisonsOf(rule)) {
      counts.set(name, { ref, count: (counts.get(name)?.count ?? 0) + 1 });
    }
  }
  let best: { name: string; ref: RefTerm; count: number } | undefined;
  for (const [name, found] of counts) if (found.count > (best?.count ?? 1)) best = { name, ...found };
  if (best === undefined) return undefined;
  const { name, ref } = best;
  return {
    get: (program) => {
      const get = planGetter(ref, new Scope(), program);
      return (_args, vm) => get([], vm);
    },
    constantOf: (rule) => comparisonsOf(rule).get(name)?.value,
  };
}

/** References into `input` that a rule's body compares with a constant, by their text. */
function comparisonsOf(rule: Rule): Map<string, { ref: RefTerm; value: RegoValue }> {
  const found = new Map<string, { ref: RefTerm; value: RegoValue }>();
  // an else branch may hold where the rule itself does not
  if (rule.otherwise !== undefined) return found;
  for (const expr of rule.body) {
    const [left, right] = sidesOf(expr);
    for (const [ref, other] of [
      [left, right],
      [right, left],
    ]) {
      if (ref?.kind !== 'ref' || other?.kind !== 'value') continue;
      const name = operatorName(ref.terms);
      if (name?.startsWith('input.') === true) found.set(name, { ref, value: other.value });
    }
  }
  return found;
}

function sidesOf(expr: Expr): readonly (Term | undefined)[] {
  if (expr.negated || expr.withs.length > 0 || expr.body.kind !== 'call' || !isEquality(expr)) return [];
  return expr.body.args;
}
