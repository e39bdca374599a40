/** Package `math`: rounding and multiples. */
import { add, ceiling, floor, isWhole, negate } from '../decimal.ts';
import type { Decimal } from '../decimal.ts';
import { boolOf, intOf, KIND, numberOf } from '../values.ts';
import { Builtin } from './builtin.ts';

const { bool, int, number } = KIND;
const HALF: Decimal = { coefficient: 5n, exponent: -1 };

export const MATH: readonly Builtin[] = [
  rounding('Floor', floor),
  rounding('Ceil', ceiling),
  rounding('Trunc', (value) => (value.coefficient < 0n ? ceiling(value) : floor(value))),
  // Halves away from zero.
  rounding('Round', (value) => (value.coefficient < 0n ? -floor(add(negate(value), HALF)) : floor(add(value, HALF)))),
  new Builtin({
    name: 'math.Abs',
    params: [number],
    result: number,
    call: ([value]) => {
      if (value?.kind !== 'number') return { fault: 'expected a number' };
      return value.value.coefficient < 0n ? numberOf(negate(value.value), value.isFloat) : value;
    },
  }),
  new Builtin({
    name: 'math.MultipleOf',
    params: [number, number],
    result: bool,
    call: ([value, unit]) => {
      if (value?.kind !== 'number' || unit?.kind !== 'number') return { fault: 'expected numbers' };
      if (unit.value.coefficient === 0n) return { fault: 'division by zero' };
      const shift = Math.min(value.value.exponent, unit.value.exponent);
      const scaled = ({ coefficient, exponent }: Decimal) => coefficient * 10n ** BigInt(exponent - shift);
      return boolOf(scaled(value.value) % scaled(unit.value) === 0n);
    },
  }),
];

function rounding(name: string, round: (value: Decimal) => bigint): Builtin {
  return new Builtin({
    name: `math.${name}`,
    params: [number],
    result: int,
    call: ([value]) => {
      if (value?.kind !== 'number') return { fault: 'expected a number' };
      return isWhole(value.value) && !value.isFloat ? value : intOf(round(value.value));
    },
  });
}
