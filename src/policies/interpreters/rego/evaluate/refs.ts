/** References: into variables and documents, along known keys or over all that there are. */
import type { RefTerm, Term } from '../ast.ts';
import { compareValues, isArray, RegoObject, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import type { NodePlan } from './plan.ts';
import type { Program } from './program.ts';
import type { Scope } from './scope.ts';
import { isReady, planGetter, planMatcher } from './terms.ts';
import { lookUp } from './vm.ts';
import type { Frame, Getter, Matcher, Step, ValueStep, Vm } from './vm.ts';

/** A key that is known, or a pattern that each key is held against. */
type Operand = { readonly get: Getter; readonly match?: never } | { readonly get?: never; readonly match: Matcher };

/** A reference of which all variables are bound. */
export function planRefGetter(ref: RefTerm, scope: Scope, program: Program): Getter {
  const [head, ...rest] = ref.terms;
  const start = planHead(head, rest, scope, program);
  const keys = rest.slice(start.used).map((term) => planGetter(term, scope, program));
  const [first, second] = keys;
  const { get } = start;
  if (start.isDynamic) return planDynamicGetter(ref, scope, program);
  const follow: Getter =
    first === undefined
      ? get
      : second === undefined
        ? (frame, vm) => step(get(frame, vm), first(frame, vm))
        : (frame, vm) => {
            let value = get(frame, vm);
            for (const key of keys) {
              if (value === undefined) return undefined;
              value = step(value, key(frame, vm));
            }
            return value;
          };
  if (!start.isVirtual) return follow;
  const slow = planDynamicGetter(ref, scope, program);
  return (frame, vm) => (vm.hidden === undefined ? follow(frame, vm) : slow(frame, vm));
}

function step(value: RegoValue | undefined, key: RegoValue | undefined): RegoValue | undefined {
  return value === undefined || key === undefined ? undefined : lookUp(value, key);
}

interface Head {
  readonly get: Getter;
  /** Operands that `get` already followed. */
  readonly used: number;
  /** Rules may be what `get` gives: `with` can hide them. */
  readonly isVirtual: boolean;
  /** The next operand picks among rules. */
  readonly isDynamic: boolean;
}

function planHead(head: Term | undefined, rest: readonly Term[], scope: Scope, program: Program): Head {
  if (head?.kind === 'var' && head.name === 'input' && !scope.isBound('input'))
    return { get: (_frame, vm) => vm.input, used: 0, isVirtual: false, isDynamic: false };
  if (head?.kind === 'var' && head.name === 'data' && !scope.isBound('data')) return planData(rest, program);
  const get = head === undefined ? () => undefined : planGetter(head, scope, program);
  return { get, used: 0, isVirtual: false, isDynamic: false };
}

function planData(rest: readonly Term[], program: Program): Head {
  let plan = program.root;
  let used = 0;
  for (; plan.kind === 'package' && used < rest.length; used += 1) {
    const term = rest[used];
    if (term?.kind !== 'value') {
      const isDynamic = plan.children.size > 0;
      const at = plan;
      return { get: (_frame, vm) => vm.baseOf(at), used, isVirtual: true, isDynamic };
    }
    const child = program.childOf(plan, term.value);
    if (child === undefined) {
      const at = plan;
      return { get: (_frame, vm) => vm.baseOf(at), used, isVirtual: true, isDynamic: false };
    }
    plan = child;
  }
  const found = plan;
  return { get: (_frame, vm) => program.documentOf(found, vm), used, isVirtual: true, isDynamic: false };
}

function planDynamicGetter(ref: RefTerm, scope: Scope, program: Program): Getter {
  const slot = scope.spare();
  const steps = planRef(
    ref,
    scope,
    program,
  )((value, frame) => {
    frame[slot] = value;
    return true;
  });
  return (frame, vm) => (steps(frame, vm) ? frame[slot] : undefined);
}

/** Any reference; its variables count as bound from here on. Runs what follows for each value. */
export function planRef(ref: RefTerm, scope: Scope, program: Program): (next: ValueStep) => Step {
  const [head, ...rest] = ref.terms;
  const start = planHead(head, rest, scope, program);
  const operands = rest.map((term): Operand => planOperand(term, scope, program));
  return (next) => {
    const chain = [next];
    for (const operand of operands.toReversed()) chain.unshift(planStep(operand, chain[0] as ValueStep));
    const plain = chain[start.used] as ValueStep;
    const { get } = start;
    const follow: Step = (frame, vm) => {
      const value = get(frame, vm);
      return value !== undefined && plain(value, frame, vm);
    };
    if (!start.isVirtual) return follow;
    const walk = new TreeWalk(operands, chain, program);
    const slow: Step = (frame, vm) => walk.run(program.root, vm.data, 0, frame, vm);
    return start.isDynamic ? slow : (frame, vm) => (vm.hidden === undefined ? follow(frame, vm) : slow(frame, vm));
  };
}

function planOperand(term: Term, scope: Scope, program: Program): Operand {
  return isReady(term, scope)
    ? { get: planGetter(term, scope, program) }
    : { match: planMatcher(term, scope, program) };
}

function planStep({ get, match }: Operand, next: ValueStep): ValueStep {
  if (get !== undefined) {
    return (value, frame, vm) => {
      const found = step(value, get(frame, vm));
      return found !== undefined && next(found, frame, vm);
    };
  }
  return (value, frame, vm) => eachEntry(value, match, next, frame, vm);
}

/** Runs what follows for each entry of a collection whose key fits. */
function eachEntry(value: RegoValue, match: Matcher, next: ValueStep, frame: Frame, vm: Vm): boolean {
  if (isArray(value)) {
    for (let i = 0; i < value.length; i += 1) {
      vm.step();
      if (match(i, frame, vm) && next(value[i] as RegoValue, frame, vm)) return true;
    }
    return false;
  }
  if (value instanceof RegoObject) {
    for (const key of value.keys()) {
      vm.step();
      if (match(key, frame, vm) && next(value.get(key) as RegoValue, frame, vm)) return true;
    }
    return false;
  }
  if (!(value instanceof RegoSet)) return false;
  for (const member of value.members()) {
    vm.step();
    if (match(member, frame, vm) && next(member, frame, vm)) return true;
  }
  return false;
}

/** A walk over rules and base documents together, for keys that are known only when they are looked at. */
class TreeWalk {
  readonly #operands: readonly Operand[];
  readonly #chain: readonly ValueStep[];
  readonly #program: Program;

  constructor(operands: readonly Operand[], chain: readonly ValueStep[], program: Program) {
    this.#operands = operands;
    this.#chain = chain;
    this.#program = program;
  }

  run(plan: NodePlan | undefined, base: RegoValue | undefined, i: number, frame: Frame, vm: Vm): boolean {
    if (plan === undefined || vm.hidden?.has(plan) === true) return this.#plain(base, i, frame, vm);
    const operand = this.#operands[i];
    if (plan.kind !== 'package' || operand === undefined)
      return this.#plain(this.#program.documentOf(plan, vm), i, frame, vm);
    if (operand.get !== undefined) {
      const key = operand.get(frame, vm);
      return key !== undefined && this.#child(plan, base, key, i, frame, vm);
    }
    for (const key of keysOf(plan, base)) {
      vm.step();
      if (operand.match(key, frame, vm) && this.#child(plan, base, key, i, frame, vm)) return true;
    }
    return false;
  }

  #child(plan: NodePlan, base: RegoValue | undefined, key: RegoValue, i: number, frame: Frame, vm: Vm): boolean {
    return this.run(this.#program.childOf(plan, key), step(base, key), i + 1, frame, vm);
  }

  #plain(value: RegoValue | undefined, i: number, frame: Frame, vm: Vm): boolean {
    return value !== undefined && this.#chain[i]?.(value, frame, vm) === true;
  }
}

function keysOf(plan: NodePlan, base: RegoValue | undefined): readonly RegoValue[] {
  const virtual = plan.visible().map(({ key }) => key);
  if (isArray(base)) return [...base.keys(), ...virtual];
  if (!(base instanceof RegoObject)) return virtual;
  const known = RegoSet.of(virtual);
  return [...virtual, ...base.keys().filter((key) => !known.has(key))].sort(compareValues);
}
