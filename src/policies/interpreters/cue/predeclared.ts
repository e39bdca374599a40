/** Names that CUE declares in every file and that are no functions. */
import { KIND, NULL, TOP } from './values.ts';
import type { Bound, Constant } from './values.ts';

function type(kinds: number): Constant {
  return { kind: 'type', kinds };
}

function atLeast(value: bigint): Bound {
  return {
    kind: 'bound',
    op: '>=',
    operand: { kind: 'number', value: { coefficient: value, exponent: 0 }, isFloat: false },
  };
}

function atMost(value: bigint): Bound {
  return { ...atLeast(value), op: '<=' };
}

function range(low: bigint, high: bigint): Constant {
  return { kind: 'all', values: [{ kind: 'type', kinds: KIND.int }, atLeast(low), atMost(high)] };
}

/** A float whose largest finite value is this coefficient times ten to that power. */
function floats(coefficient: bigint, exponent: number): Constant {
  const bound = (op: '>=' | '<=', sign: bigint): Bound => ({
    kind: 'bound',
    op,
    operand: { kind: 'number', value: { coefficient: sign * coefficient, exponent }, isFloat: true },
  });
  return { kind: 'all', values: [{ kind: 'type', kinds: KIND.number }, bound('>=', -1n), bound('<=', 1n)] };
}

const SIZES = [8, 16, 32, 64, 128] as const;

export const PREDECLARED: ReadonlyMap<string, Constant> = new Map<string, Constant>([
  ['_', TOP],
  ['null', NULL],
  ['true', { kind: 'bool', value: true }],
  ['false', { kind: 'bool', value: false }],
  ['bool', type(KIND.bool)],
  ['int', type(KIND.int)],
  ['float', type(KIND.float)],
  ['number', type(KIND.number)],
  ['string', type(KIND.string)],
  ['bytes', type(KIND.bytes)],
  ['uint', { kind: 'all', values: [{ kind: 'type', kinds: KIND.int }, atLeast(0n)] }],
  ['rune', range(0n, 0x10ffffn)],
  ['float32', floats(340282346638528859811704183484516925440n, 0)],
  ['float64', floats(1797693134862315708145274237317043567981n, 269)],
  ...SIZES.flatMap((size): [string, Constant][] => [
    [`uint${size}`, range(0n, 2n ** BigInt(size) - 1n)],
    [`int${size}`, range(-(2n ** BigInt(size - 1)), 2n ** BigInt(size - 1) - 1n)],
  ]),
]);
