/** Operands of built-in functions: each has the type that the function takes, or the call fails with `eval_type_error`. */
import { fault, faultsOf } from '../fault.ts';
import { toBigInt } from '../number.ts';
import type { RegoNumber } from '../number.ts';
import { elementsOf, isArray, isNumber, RegoObject, RegoSet, typeOf } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { builtinError } from '../evaluate/vm.ts';
import type { Callable } from '../evaluate/vm.ts';

export type Args = readonly RegoValue[];
/** One family of functions, by name. */
export type Builtins = Readonly<Record<string, Callable>>;

export function typeError(i: number, found: RegoValue | undefined, ...expected: readonly string[]): Error {
  const what = expected.length === 1 ? expected[0] : `one of {${expected.join(', ')}}`;
  const name = found === undefined ? 'nothing' : typeOf(found);
  return fault('eval_type_error', `operand ${i + 1} must be ${what} but got ${name}`, undefined);
}

export function elementError(i: number, composite: RegoValue, found: RegoValue, expected: string): Error {
  const message = `operand ${i + 1} must be ${typeOf(composite)} of ${expected}s but got ${typeOf(composite)} containing ${typeOf(found)}`;
  return fault('eval_type_error', message, undefined);
}

export function textAt(args: Args, i: number): string {
  const value = args[i];
  if (typeof value !== 'string') throw typeError(i, value, 'string');
  return value;
}

export function numberAt(args: Args, i: number): RegoNumber {
  const value = args[i];
  if (!isNumber(value)) throw typeError(i, value, 'number');
  return value;
}

/** An integer that a JavaScript number holds. */
export function integerAt(args: Args, i: number): number {
  const value = numberAt(args, i);
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw fault('eval_type_error', `operand ${i + 1} must be integer number but got floating-point number`, undefined);
}

export function bigIntAt(args: Args, i: number): bigint {
  const value = toBigInt(numberAt(args, i));
  if (value !== undefined) return value;
  throw fault('eval_type_error', `operand ${i + 1} must be integer number but got floating-point number`, undefined);
}

export function arrayAt(args: Args, i: number): readonly RegoValue[] {
  const value = args[i];
  if (!isArray(value)) throw typeError(i, value, 'array');
  return value;
}

export function objectAt(args: Args, i: number): RegoObject {
  const value = args[i];
  if (!(value instanceof RegoObject)) throw typeError(i, value, 'object');
  return value;
}

export function setAt(args: Args, i: number): RegoSet {
  const value = args[i];
  if (!(value instanceof RegoSet)) throw typeError(i, value, 'set');
  return value;
}

/** Items of an array or members of a set. */
export function listAt(args: Args, i: number): readonly RegoValue[] {
  const value = args[i];
  if (isArray(value)) return value;
  if (value instanceof RegoSet) return value.members();
  throw typeError(i, value, 'set', 'array');
}

/** Items of an array, members of a set, or keys of an object. */
export function keysAt(args: Args, i: number): readonly RegoValue[] {
  const value = args[i];
  if (value instanceof RegoObject) return value.keys();
  if (isArray(value) || value instanceof RegoSet) return elementsOf(value) ?? [];
  throw typeError(i, value, 'object', 'set', 'array');
}

/** Texts of an array or set. */
export function textsAt(args: Args, i: number): readonly string[] {
  return listAt(args, i).map((item) => {
    if (typeof item !== 'string') throw elementError(i, args[i] as RegoValue, item, 'string');
    return item;
  });
}

/** A text, or the texts of an array or set. */
export function textOrTextsAt(args: Args, i: number): readonly string[] {
  const value = args[i];
  return typeof value === 'string' ? [value] : textsAt(args, i);
}

/** Runs what throws for bad data, and gives the failure the words of the function. Ceilings, also that of the stack, stay what they are. */
export function attempt<T>(work: () => T, message = ''): T {
  try {
    return work();
  } catch (error) {
    if (faultsOf(error) !== undefined || error instanceof RangeError) throw error;
    throw builtinError(message === '' && error instanceof Error ? error.message : message);
  }
}
