/** Calls of functions: built in, of the policy, or what `with` put in their place. */
import { operatorName } from '../ast.ts';
import type { Expr, Term } from '../ast.ts';
import { BUILTINS, RELATIONS } from '../builtins/index.ts';
import { SIGNATURES } from '../builtins/signatures.ts';
import { fault, faultsOf } from '../fault.ts';
import type { Place } from '../fault.ts';
import { Decimal } from '../number.ts';
import { isArray, RegoObject, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import type { Program } from './program.ts';
import type { Scope } from './scope.ts';
import { planGetter } from './terms.ts';
import type { Callable, Frame, Getter, Step, ValueStep, Vm } from './vm.ts';

export interface PlannedCall {
  readonly arity: number;
  /** Runs what follows for each result. */
  readonly source: (next: ValueStep) => Step;
}

export function planCall(
  expr: Expr,
  operator: readonly Term[],
  args: readonly Term[],
  scope: Scope,
  program: Program,
): PlannedCall {
  const name = operatorName(operator) ?? '';
  const target = findCallable(operator, program, expr.at);
  const arity = SIGNATURES.get(name)?.args.length ?? target.arity;
  const getters = args.slice(0, arity).map((arg) => planGetter(arg, scope, program));
  const relation = RELATIONS.get(name);
  if (relation !== undefined) {
    return {
      arity,
      source: (next) => (frame, vm) => {
        const values = evaluateAll(getters, frame, vm);
        if (values === undefined) return false;
        return relation(values, vm, (value) => next(value, frame, vm));
      },
    };
  }
  const { call } = target;
  return {
    arity,
    source: (next) => (frame, vm) => {
      const values = evaluateAll(getters, frame, vm);
      if (values === undefined) return false;
      const value = vm.mocks === undefined ? call(values, vm) : callMocked(name, call, values, vm);
      return value !== undefined && next(value, frame, vm);
    },
  };
}

function evaluateAll(getters: readonly Getter[], frame: Frame, vm: Vm): RegoValue[] | undefined {
  const values: RegoValue[] = [];
  for (const get of getters) {
    const value = get(frame, vm);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function callMocked(name: string, call: Callable, values: readonly RegoValue[], vm: Vm): RegoValue | undefined {
  return (vm.mocks?.get(name) ?? call)(values, vm);
}

/** The function of a name or path. */
export function findCallable(
  operator: readonly Term[],
  program: Program,
  at: Place,
): { readonly call: Callable; readonly arity: number } {
  const plan = program.findPlan(operator);
  if (plan !== undefined && plan.kind !== 'package') {
    // a function without arguments is a rule
    const call: Callable = (args, vm) =>
      plan.kind === 'function' ? plan.call(args, vm) : program.documentOf(plan, vm);
    return { call, arity: plan.node.rules[0]?.head.args?.length ?? 0 };
  }
  const name = operatorName(operator) ?? '';
  const builtin = BUILTINS.get(name);
  if (builtin === undefined && !RELATIONS.has(name))
    throw fault('rego_type_error', `built-in function ${name} is not supported`, at);
  return { call: builtin === undefined ? () => undefined : guarded(builtin, name, at), arity: 0 };
}

/** An error of a built-in function is undefined, unless in strict mode. Ceilings and bugs are always errors. */
function guarded(builtin: Callable, name: string, at: Place): Callable {
  return (args, vm) => {
    vm.step(1 + args.reduce<number>((cost, arg) => cost + costOf(arg), 0));
    try {
      const result = builtin(args, vm);
      if (result !== undefined) vm.step(costOf(result));
      return result;
    } catch (error) {
      const found = faultsOf(error)?.[0];
      if (found === undefined || found.code === 'eval_limit_error') throw error;
      if (!vm.isStrict) return undefined;
      throw fault(found.code, `${name}: ${found.message}`, at);
    }
  };
}

/** Characters and elements that count as one step: about as much as is copied or compared in the time of one. */
const CHARS_PER_STEP = 64;
const ELEMENTS_PER_STEP = 8;

/** Work with a large value takes as many steps as with many small ones. */
function costOf(value: RegoValue): number {
  if (typeof value === 'string') return Math.floor(value.length / CHARS_PER_STEP);
  if (isArray(value)) return Math.floor(value.length / ELEMENTS_PER_STEP);
  if (value instanceof RegoObject || value instanceof RegoSet) return Math.floor(value.size / ELEMENTS_PER_STEP);
  return value instanceof Decimal ? Math.abs(value.exponent) : 0;
}
