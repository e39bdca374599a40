/**
 * Decimal numbers of arbitrary size, as CUE calculates: results of arithmetic have at most 34 digits (IEEE 754 decimal128), literals all
 * they are written with. A number is coefficient times ten to the exponent.
 */

/** Digits that a result of arithmetic keeps. */
const PRECISION = 34;
/** Ceiling of an exponent: beyond it a sum or a text would have that many digits. */
export const MAX_EXPONENT = 10_000;

export interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

export const ZERO: Decimal = { coefficient: 0n, exponent: 0 };

/** Text of digits with an optional sign, fraction and exponent; undefined where the exponent is beyond the ceiling. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', power = '0'] = match;
  const exponent = Number(power) - fraction.length;
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined;
  const coefficient = BigInt(`${whole}${fraction}` || '0');
  return { coefficient: sign === '-' ? -coefficient : coefficient, exponent };
}

export function add(a: Decimal, b: Decimal): Decimal {
  const [x, y, exponent] = align(a, b);
  return round({ coefficient: x + y, exponent });
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  return add(a, negate(b));
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return round({ coefficient: a.coefficient * b.coefficient, exponent: a.exponent + b.exponent });
}

/** Quotient to 34 digits; the divisor is not zero. */
export function divide(a: Decimal, b: Decimal): Decimal {
  const shift = Math.max(0, PRECISION + 1 + digitsOf(b.coefficient) - digitsOf(a.coefficient));
  const scaled = a.coefficient * 10n ** BigInt(shift);
  const quotient = scaled / b.coefficient;
  const exponent = a.exponent - b.exponent - shift;
  // A digit that is not zero behind the last one keeps the rounding of an inexact quotient right.
  if (scaled % b.coefficient !== 0n) {
    const sign = a.coefficient < 0n === b.coefficient < 0n ? 1n : -1n;
    return round({ coefficient: quotient * 10n + sign, exponent: exponent - 1 });
  }
  let exact = quotient;
  let trailing = exponent;
  const ideal = a.exponent - b.exponent;
  while (trailing < ideal && exact % 10n === 0n) {
    exact /= 10n;
    trailing += 1;
  }
  return round({ coefficient: exact, exponent: trailing });
}

export function negate(a: Decimal): Decimal {
  return { coefficient: -a.coefficient, exponent: a.exponent };
}

/** Below, at or above zero as a is below, at or above b. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.exponent === b.exponent) return a.coefficient < b.coefficient ? -1 : Number(a.coefficient > b.coefficient);
  const [x, y] = align(a, b);
  return x < y ? -1 : Number(x > y);
}

export function isWhole(a: Decimal): boolean {
  return a.exponent >= 0 || a.coefficient % 10n ** BigInt(-a.exponent) === 0n;
}

/** Greatest whole number at or below it. */
export function floor(a: Decimal): bigint {
  if (a.exponent >= 0) return a.coefficient * 10n ** BigInt(a.exponent);
  const unit = 10n ** BigInt(-a.exponent);
  const quotient = a.coefficient / unit;
  return a.coefficient < 0n && a.coefficient % unit !== 0n ? quotient - 1n : quotient;
}

export function ceiling(a: Decimal): bigint {
  return -floor(negate(a));
}

/** The number as a JavaScript number, undefined where it is not a whole one that fits exactly. */
export function toSafeInteger(a: Decimal): number | undefined {
  if (!isWhole(a)) return undefined;
  const whole = Number(floor(a));
  return Number.isSafeInteger(whole) ? whole : undefined;
}

/** Plain digits where the number is near, scientific notation where it is far, as CUE prints numbers. */
export function formatDecimal(a: Decimal): string {
  const sign = a.coefficient < 0n ? '-' : '';
  const digits = String(a.coefficient < 0n ? -a.coefficient : a.coefficient);
  const adjusted = a.exponent + digits.length - 1;
  if (a.exponent === 0) return sign + digits;
  if (a.exponent > 0 || adjusted < -6) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    return `${sign}${digits.slice(0, 1)}${fraction}E${adjusted < 0 ? '-' : '+'}${Math.abs(adjusted)}`;
  }
  return sign + plain(digits, a.exponent);
}

/** Digits without an exponent, however many that takes. */
export function formatPlain(a: Decimal): string {
  const sign = a.coefficient < 0n ? '-' : '';
  const digits = String(a.coefficient < 0n ? -a.coefficient : a.coefficient);
  return sign + (a.exponent >= 0 ? digits + '0'.repeat(a.exponent) : plain(digits, a.exponent));
}

function plain(digits: string, exponent: number): string {
  const padded = digits.padStart(1 - exponent, '0');
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

function align(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  return [
    a.coefficient * 10n ** BigInt(a.exponent - exponent),
    b.coefficient * 10n ** BigInt(b.exponent - exponent),
    exponent,
  ];
}

/** To 34 digits, halves away from zero. */
function round(a: Decimal): Decimal {
  const excess = digitsOf(a.coefficient) - PRECISION;
  if (excess <= 0) return a;
  const unit = 10n ** BigInt(excess);
  const half = a.coefficient < 0n ? -(unit / 2n) : unit / 2n;
  return round({ coefficient: (a.coefficient + half) / unit, exponent: a.exponent + excess });
}

function digitsOf(coefficient: bigint): number {
  return String(coefficient < 0n ? -coefficient : coefficient).length;
}
