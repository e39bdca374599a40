/** Extension `math` (version 2), and `base64` of the extension `encoders`. */
import { checkInt, checkUint, noOverload } from '../operators.ts';
import { CelList, compare, Failure, Uint, UINT_MAX } from '../values.ts';
import type { Result, Value } from '../values.ts';
import { overload, variadic } from './overload.ts';
import type { Overload } from './overload.ts';

export const MATH: readonly Overload[] = [
  variadic('math.greatest', (...args) => extreme('math.greatest', args, (order) => order < 0)),
  variadic('math.least', (...args) => extreme('math.least', args, (order) => order > 0)),
  ...doubles({ ceil: Math.ceil, floor: Math.floor, trunc: Math.trunc, round }),
  overload('math.abs', ['double'], Math.abs),
  overload('math.abs', ['int'], (value) => checkInt(value < 0n ? -value : value)),
  overload('math.abs', ['uint'], (value) => value),
  overload('math.sign', ['double'], Math.sign),
  overload('math.sign', ['int'], (value) => BigInt(Number(value > 0n) - Number(value < 0n))),
  overload('math.sign', ['uint'], ({ value }) => new Uint(value > 0n ? 1n : 0n)),
  overload('math.sqrt', ['double'], Math.sqrt),
  overload('math.sqrt', ['int'], (value) => Math.sqrt(Number(value))),
  overload('math.sqrt', ['uint'], ({ value }) => Math.sqrt(Number(value))),
  overload('math.isNaN', ['double'], Number.isNaN),
  overload('math.isInf', ['double'], (value) => Math.abs(value) === Infinity),
  overload('math.isFinite', ['double'], Number.isFinite),
  ...bits('And', (a, b) => a & b),
  ...bits('Or', (a, b) => a | b),
  ...bits('Xor', (a, b) => a ^ b),
  overload('math.bitNot', ['int'], (value) => ~value),
  overload('math.bitNot', ['uint'], ({ value }) => new Uint(UINT_MAX ^ value)),
  ...shifts('Left', (value, count) => value << count),
  ...shifts('Right', (value, count) => value >> count),
  overload('base64.encode', ['bytes'], (bytes) => Buffer.from(bytes).toString('base64')),
  overload('base64.decode', ['string'], decodeBase64),
];

function doubles(functions: Readonly<Record<string, (value: number) => number>>): readonly Overload[] {
  return Object.entries(functions).map(([name, call]) => overload(`math.${name}`, ['double'], call));
}

/** Halves go away from zero. */
function round(value: number): number {
  const rest = Math.abs(value) % 1;
  return Math.sign(value) * (rest >= 0.5 ? Math.ceil(Math.abs(value)) : Math.floor(Math.abs(value)));
}

function bits(name: string, call: (a: bigint, b: bigint) => bigint): readonly Overload[] {
  return [
    overload(`math.bit${name}`, ['int', 'int'], call),
    overload(`math.bit${name}`, ['uint', 'uint'], (a, b) => new Uint(call(a.value, b.value))),
  ];
}

/** Of the 64 bits: those of an int are looked at without a sign. */
function shifts(name: string, call: (value: bigint, count: bigint) => bigint): readonly Overload[] {
  const shift = (value: bigint, count: bigint): bigint | Failure => {
    if (count < 0n) return new Failure(`math.bitShift${name}: expected a count of at least 0, found ${count}`);
    return count > 63n ? 0n : call(BigInt.asUintN(64, value), count);
  };
  return [
    overload(`math.bitShift${name}`, ['int', 'int'], (value, count) => {
      const made = shift(value, count);
      return made instanceof Failure ? made : BigInt.asIntN(64, made);
    }),
    overload(`math.bitShift${name}`, ['uint', 'int'], ({ value }, count) => {
      const made = shift(value, count);
      return made instanceof Failure ? made : checkUint(BigInt.asUintN(64, made));
    }),
  ];
}

/** Over arguments, or the items of one list. */
function extreme(name: string, args: readonly Value[], isBetter: (order: number) => boolean): Result {
  const [only] = args;
  const values = args.length === 1 && only instanceof CelList ? only.items : args;
  const [first, ...rest] = values;
  if (first === undefined) return new Failure(`${name}: expected at least one number, found none`);
  const other = values.find(
    (value) => typeof value !== 'bigint' && typeof value !== 'number' && !(value instanceof Uint),
  );
  if (other !== undefined) return noOverload(name, other);
  return rest.reduce((best, value) => (isBetter(compare(best, value) ?? 0) ? value : best), first);
}

function decodeBase64(text: string): Result {
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}={0,2})?$/.test(text);
  return isBase64 ? Uint8Array.from(Buffer.from(text, 'base64')) : new Failure('expected base64');
}
