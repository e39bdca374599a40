/** Comparison, arithmetic, bits, and ranges of numbers. */
import {
  add,
  compareNumbers,
  divide,
  fromBigInt,
  isInteger,
  multiply,
  negate,
  toArithmetic,
  toBigInt,
  truncate,
} from '../number.ts';
import type { RegoNumber } from '../number.ts';
import { areEqual, compareValues, isNumber, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { builtinError } from '../evaluate/vm.ts';
import { fault } from '../fault.ts';
import type { Callable, Vm } from '../evaluate/vm.ts';
import { bigIntAt, numberAt, textAt, typeError } from './operands.ts';
import type { Args, Builtins } from './operands.ts';
import { randomBelow } from './random.ts';

/** Bits of an integer that a shift may make. */
const MAX_SHIFT_BITS = 100_000n;

function compare(test: (order: number) => boolean): Callable {
  return ([a, b]) => test(compareValues(a as RegoValue, b as RegoValue));
}

function isBelowZero(value: RegoNumber): boolean {
  return compareNumbers(value, 0) < 0;
}

function minus(args: Args): RegoValue {
  const [a, b] = args;
  if (isNumber(a) && isNumber(b)) return add(a, negate(b));
  if (a instanceof RegoSet && b instanceof RegoSet) return RegoSet.of(a.members().filter((member) => !b.has(member)));
  if (!isNumber(a) && !(a instanceof RegoSet)) throw typeError(0, a, 'number', 'set');
  throw typeError(1, b, isNumber(b) ? 'set' : 'number');
}

function rem(args: Args): RegoValue {
  const [a, b] = [toBigInt(numberAt(args, 0)), toBigInt(numberAt(args, 1))];
  if (a === undefined || b === undefined) throw builtinError('modulo on floating-point number');
  if (b === 0n) throw builtinError('modulo by zero');
  return fromBigInt(a % b);
}

function div(args: Args): RegoValue {
  const [a, b] = [numberAt(args, 0), numberAt(args, 1)];
  if (b === 0) throw builtinError('divide by zero');
  return divide(a, b);
}

function round(args: Args): RegoValue {
  const value = toArithmetic(numberAt(args, 0));
  return fromBigInt(truncate(add(value, isBelowZero(value) ? -0.5 : 0.5)));
}

function ceil(args: Args): RegoValue {
  const value = toArithmetic(numberAt(args, 0));
  const whole = truncate(value);
  return fromBigInt(isInteger(value) || isBelowZero(value) ? whole : whole + 1n);
}

function floor(args: Args): RegoValue {
  const value = toArithmetic(numberAt(args, 0));
  const whole = truncate(value);
  return fromBigInt(isInteger(value) || !isBelowZero(value) ? whole : whole - 1n);
}

function abs(args: Args): RegoValue {
  const value = toArithmetic(numberAt(args, 0));
  return isBelowZero(value) ? negate(value) : value;
}

function bits(combine: (a: bigint, b: bigint) => bigint): Callable {
  return (args) => fromBigInt(combine(bigIntAt(args, 0), bigIntAt(args, 1)));
}

function shiftOf(args: Args): bigint {
  const count = bigIntAt(args, 1);
  if (count < 0n)
    throw fault(
      'eval_type_error',
      'operand 2 must be an unsigned integer number but got a negative integer',
      undefined,
    );
  return count;
}

function shiftLeft(args: Args): RegoValue {
  const [value, count] = [bigIntAt(args, 0), shiftOf(args)];
  if (count > MAX_SHIFT_BITS) throw builtinError(`expected a shift of at most ${MAX_SHIFT_BITS} bits, found ${count}`);
  return fromBigInt(value << count);
}

function range(args: Args, vm: Vm, stride: bigint): RegoValue {
  const [from, to] = [bigIntAt(args, 0), bigIntAt(args, 1)];
  const distance = from <= to ? to - from : from - to;
  vm.checkSize(Number(distance / stride) + 1);
  vm.step(Number(distance / stride) + 1);
  const made: RegoValue[] = [];
  for (let i = 0n; i <= distance; i += stride) made.push(fromBigInt(from <= to ? from + i : from - i));
  return made;
}

function rangeStep(args: Args, vm: Vm): RegoValue {
  const stride = bigIntAt(args, 2);
  if (stride <= 0n) throw builtinError('step must be a positive integer');
  return range(args, vm, stride);
}

function randIntn(args: Args, vm: Vm): RegoValue {
  const [name, limit] = [textAt(args, 0), bigIntAt(args, 1)];
  const size = limit < 0n ? -limit : limit;
  return size === 0n ? 0 : fromBigInt(randomBelow(vm.seed, `intn ${name}`, size));
}

export const NUMBERS: Builtins = {
  eq: ([a, b]) => areEqual(a as RegoValue, b as RegoValue),
  equal: ([a, b]) => areEqual(a as RegoValue, b as RegoValue),
  neq: ([a, b]) => !areEqual(a as RegoValue, b as RegoValue),
  lt: compare((order) => order < 0),
  lte: compare((order) => order <= 0),
  gt: compare((order) => order > 0),
  gte: compare((order) => order >= 0),
  plus: (args) => add(numberAt(args, 0), numberAt(args, 1)),
  minus,
  mul: (args) => multiply(numberAt(args, 0), numberAt(args, 1)),
  div,
  rem,
  round,
  ceil,
  floor,
  abs,
  'bits.and': bits((a, b) => a & b),
  'bits.or': bits((a, b) => a | b),
  'bits.xor': bits((a, b) => a ^ b),
  'bits.negate': (args) => fromBigInt(~bigIntAt(args, 0)),
  'bits.lsh': shiftLeft,
  'bits.rsh': (args) => fromBigInt(bigIntAt(args, 0) >> shiftOf(args)),
  'numbers.range': (args, vm) => range(args, vm, 1n),
  'numbers.range_step': rangeStep,
  'rand.intn': randIntn,
};
