/** What two bounds on the same value are together: one of them, a contradiction, or both. */
import type { BoundOperator } from './ast.ts';
import { ceiling, compareDecimals, floor, subtract, toSafeInteger } from './decimal.ts';
import type { Decimal } from './decimal.ts';
import { areEqualScalars, compareScalars, isScalar, KIND } from './values.ts';
import type { Bound, Scalar } from './values.ts';

/** `both` where neither says all that the two say; a text where nothing satisfies the two. */
export type Combined = Bound | 'both' | { readonly contradiction: string };

export function isUpper(op: BoundOperator): boolean {
  return op === '<' || op === '<=';
}

export function isLower(op: BoundOperator): boolean {
  return op === '>' || op === '>=';
}

/** Kinds are those that the value may have. */
export function combineBounds(kinds: number, a: Bound, b: Bound): Combined {
  if (!isScalar(a.operand) || !isScalar(b.operand)) return 'both';
  const isRange = (bound: Bound) => isUpper(bound.op) || isLower(bound.op);
  if (isRange(a) && isRange(b)) {
    if (isUpper(a.op) === isUpper(b.op)) return tighter(a, b, compareScalars(a.operand, b.operand));
    return isUpper(a.op) ? combineRange(kinds, b, a) : combineRange(kinds, a, b);
  }
  if (a.op === b.op) return areEqualScalars(a.operand, b.operand) ? a : 'both';
  if (a.op === '!=' && isRange(b)) return holds(b.op, compareScalars(a.operand, b.operand)) ? 'both' : b;
  if (b.op === '!=' && isRange(a)) return holds(a.op, compareScalars(b.operand, a.operand)) ? 'both' : a;
  return 'both';
}

function tighter(a: Bound, b: Bound, order: number | undefined): Combined {
  if (order === undefined) return 'both';
  if (order === 0) return a.op === '<' || a.op === '>' ? a : b;
  return order < 0 === isUpper(a.op) ? a : b;
}

/** Whether a value that stands so to the operand satisfies the operator. */
export function holds(op: BoundOperator, order: number | undefined): boolean {
  if (order === undefined) return false;
  switch (op) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '=~':
    case '!~':
      return false;
  }
}

function combineRange(kinds: number, lower: Bound, upper: Bound): Combined {
  const low = lower.operand as Scalar;
  const high = upper.operand as Scalar;
  const contradiction = { contradiction: 'no value satisfies both bounds' };
  const isInclusive = lower.op === '>=' && upper.op === '<=';
  if (low.kind === 'number' && high.kind === 'number') {
    return isEmptyRange(kinds, lower, upper, [low.value, high.value]) ? contradiction : 'both';
  }
  if ((kinds & ~(KIND.string | KIND.bytes)) !== 0) return 'both';
  const order = compareScalars(low, high);
  if (order === undefined) return 'both';
  return order > 0 || (order === 0 && !isInclusive) ? contradiction : 'both';
}

function isEmptyRange(kinds: number, lower: Bound, upper: Bound, [low, high]: readonly [Decimal, Decimal]): boolean {
  const isWhole = (kinds & KIND.float) === 0;
  const whole = (value: bigint): Decimal => ({ coefficient: value, exponent: 0 });
  const from = isWhole && low.exponent < 0 ? whole(lower.op === '>=' ? ceiling(low) : floor(low)) : low;
  const to = isWhole && high.exponent < 0 ? whole(upper.op === '<=' ? floor(high) : ceiling(high)) : high;
  const order = compareDecimals(from, to);
  if (order > 0) return true;
  if (order === 0) return !(lower.op === '>=' && upper.op === '<=');
  return isWhole && lower.op === '>' && upper.op === '<' && toSafeInteger(subtract(to, from)) === 1;
}
