/** Operators on values. Arithmetic fails where it leaves 64 bits; numbers of different types compare, but do not calculate. */
import {
  CelList,
  CelMap,
  compare,
  Duration,
  Failure,
  INT_MAX,
  INT_MIN,
  isEqual,
  keyOf,
  Timestamp,
  typeNameOf,
  Uint,
  UINT_MAX,
} from './values.ts';
import type { Result, Value } from './values.ts';

/** Ceilings of what `+` makes: comprehensions could double a value with each step. */
const MAX_CHARS = 8 * 1024 * 1024;
const MAX_ITEMS = 1_000_000;

/** 0001-01-01 to 9999-12-31, in nanoseconds since 1970. */
const [TIME_MIN, TIME_MAX] = [-62_135_596_800_000_000_000n, 253_402_300_799_999_999_999n];

export function noOverload(name: string, ...args: readonly Value[]): Failure {
  return new Failure(`no such overload: ${name}(${args.map(typeNameOf).join(', ')})`);
}

export function checkInt(value: bigint): Result {
  return value > INT_MAX || value < INT_MIN ? new Failure('integer overflow') : value;
}

export function checkUint(value: bigint): Result {
  return value > UINT_MAX || value < 0n ? new Failure('unsigned integer overflow') : new Uint(value);
}

export function checkTimestamp(nanoseconds: bigint): Result {
  return nanoseconds < TIME_MIN || nanoseconds > TIME_MAX
    ? new Failure('timestamp out of range')
    : new Timestamp(nanoseconds);
}

export function checkDuration(nanoseconds: bigint): Result {
  return nanoseconds < INT_MIN || nanoseconds > INT_MAX
    ? new Failure('duration out of range')
    : new Duration(nanoseconds);
}

type Binary = (a: Value, b: Value) => Result;

interface Arithmetic {
  readonly ints: (a: bigint, b: bigint) => bigint | Failure;
  readonly doubles?: (a: number, b: number) => number;
  readonly others?: (a: Value, b: Value) => Result | undefined;
}

function arithmetic(name: string, { ints, doubles, others }: Arithmetic): Binary {
  return (a, b) => {
    if (typeof a === 'bigint' && typeof b === 'bigint') {
      const made = ints(a, b);
      return made instanceof Failure ? made : checkInt(made);
    }
    if (doubles !== undefined && typeof a === 'number' && typeof b === 'number') return doubles(a, b);
    if (a instanceof Uint && b instanceof Uint) {
      const made = ints(a.value, b.value);
      return made instanceof Failure ? made : checkUint(made);
    }
    return others?.(a, b) ?? noOverload(name, a, b);
  };
}

function add(a: Value, b: Value): Result | undefined {
  if (typeof a === 'string' && typeof b === 'string')
    return a.length + b.length > MAX_CHARS ? new Failure(`expected at most ${MAX_CHARS} characters`) : a + b;
  if (a instanceof Uint8Array && b instanceof Uint8Array)
    return a.length + b.length > MAX_CHARS
      ? new Failure(`expected at most ${MAX_CHARS} bytes`)
      : Uint8Array.from([...a, ...b]);
  if (a instanceof CelList && b instanceof CelList)
    return a.items.length + b.items.length > MAX_ITEMS
      ? new Failure(`expected at most ${MAX_ITEMS} items`)
      : new CelList([...a.items, ...b.items]);
  if (a instanceof Duration && b instanceof Duration) return checkDuration(a.nanoseconds + b.nanoseconds);
  if (a instanceof Timestamp && b instanceof Duration) return checkTimestamp(a.nanoseconds + b.nanoseconds);
  if (a instanceof Duration && b instanceof Timestamp) return checkTimestamp(a.nanoseconds + b.nanoseconds);
  return undefined;
}

function subtract(a: Value, b: Value): Result | undefined {
  if (a instanceof Duration && b instanceof Duration) return checkDuration(a.nanoseconds - b.nanoseconds);
  if (a instanceof Timestamp && b instanceof Duration) return checkTimestamp(a.nanoseconds - b.nanoseconds);
  if (a instanceof Timestamp && b instanceof Timestamp) return checkDuration(a.nanoseconds - b.nanoseconds);
  return undefined;
}

function ordered(name: string, holds: (order: number) => boolean): Binary {
  return (a, b) => {
    const order = compare(a, b);
    return order === undefined ? noOverload(name, a, b) : holds(order);
  };
}

function isIn(item: Value, container: Value): Result {
  if (container instanceof CelList) return container.items.some((other) => isEqual(item, other));
  if (!(container instanceof CelMap)) return noOverload('in', item, container);
  const key = keyOf(item);
  return key !== undefined && container.get(key) !== undefined;
}

export const BINARY: ReadonlyMap<string, Binary> = new Map([
  ['_==_', isEqual],
  ['_!=_', (a, b) => !isEqual(a, b)],
  ['_<_', ordered('<', (order) => order < 0)],
  ['_<=_', ordered('<=', (order) => order <= 0)],
  ['_>_', ordered('>', (order) => order > 0)],
  ['_>=_', ordered('>=', (order) => order >= 0)],
  ['@in', isIn],
  ['_+_', arithmetic('+', { ints: (a, b) => a + b, doubles: (a, b) => a + b, others: add })],
  ['_-_', arithmetic('-', { ints: (a, b) => a - b, doubles: (a, b) => a - b, others: subtract })],
  ['_*_', arithmetic('*', { ints: (a, b) => a * b, doubles: (a, b) => a * b })],
  [
    '_/_',
    arithmetic('/', { ints: (a, b) => (b === 0n ? new Failure('division by zero') : a / b), doubles: (a, b) => a / b }),
  ],
  ['_%_', arithmetic('%', { ints: (a, b) => (b === 0n ? new Failure('modulus by zero') : a % b) })],
]);

export const UNARY: ReadonlyMap<string, (a: Value) => Result> = new Map([
  ['!_', (a: Value): Result => (typeof a === 'boolean' ? !a : noOverload('!', a))],
  [
    '-_',
    (a: Value): Result => {
      if (typeof a === 'bigint') return checkInt(-a);
      if (a instanceof Duration) return checkDuration(-a.nanoseconds);
      return typeof a === 'number' ? -a : noOverload('-', a);
    },
  ],
]);
