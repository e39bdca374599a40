/** Calls of functions: arguments are evaluated and their kinds checked before the function sees them. */
import type { Expr } from './ast.ts';
import type { Builtin } from './builtins/builtin.ts';
import { evaluate, settled } from './expressions.ts';
import type { Frame } from './expressions.ts';
import { formatValue } from './format.ts';
import { findError } from './machine.ts';
import type { Machine } from './machine.ts';
import { formatKinds, isScalar, kindsOf } from './values.ts';
import type { Value } from './values.ts';

export function callBuiltin(machine: Machine, expr: Expr & { kind: 'call' }, frame: Frame): Value {
  const callee = evaluate(machine, expr.callee, frame);
  if (callee.kind === 'bottom') return callee;
  if (callee.kind === 'validator' && expr.args.length === 0) return callee;
  if (callee.kind !== 'function') {
    return machine.bottom(frame.vertex, `expected a function to call, found ${formatValue(callee)}`, [expr.pos]);
  }
  const { builtin } = callee;
  const args: Value[] = [];
  const isPartial = builtin.asValidator(expr.args.map(() => callee)) !== undefined;
  if (!isPartial && expr.args.length !== builtin.params.length) {
    const message = `expected ${builtin.params.length} arguments of ${builtin.name}, found ${expr.args.length}`;
    return machine.bottom(frame.vertex, message, [expr.pos]);
  }
  for (const [index, arg] of expr.args.entries()) {
    const kinds = builtin.params[isPartial ? index + 1 : index] ?? 0;
    const value = evaluateArgument(machine, arg, { builtin, kinds, frame });
    if (value.kind === 'bottom') return value;
    args.push(value);
  }
  const validator = builtin.asValidator(args);
  if (validator !== undefined) return validator;
  const result = builtin.call(args, machine);
  if (!('fault' in result)) return result.kind === 'bottom' ? { ...result, positions: [expr.pos] } : result;
  return machine.bottom(frame.vertex, `error in call to ${builtin.name}: ${result.fault}`, [expr.pos]);
}

function evaluateArgument(
  machine: Machine,
  arg: Expr,
  { builtin, kinds, frame }: { readonly builtin: Builtin; readonly kinds: number; readonly frame: Frame },
): Value {
  const value = settled(machine, evaluate(machine, arg, frame), frame.vertex);
  if (value.kind === 'bottom') return value;
  const found = value.kind === 'vertex' ? value.deref().kinds : kindsOf(value);
  if ((found & kinds) === 0) {
    const message = `cannot use ${formatValue(value)} (${formatKinds(found)}) as ${formatKinds(kinds)} in ${builtin.name}`;
    return machine.bottom(frame.vertex, message, [arg.pos]);
  }
  if (value.kind === 'vertex') {
    if (!value.deref().isComplete && !machine.isForced) return machine.blocked(frame.vertex);
    // Its elements and fields are unified, and their errors found, where the result stands.
    if (builtin.takesOpen) return value;
    machine.finish(value);
    return findError(value) ?? value;
  }
  if (isScalar(value) || builtin.takesOpen) return value;
  const message = `expected a known value in a call to ${builtin.name}, found ${formatValue(value)}`;
  return machine.bottom(frame.vertex, message, [arg.pos], 'incomplete');
}
