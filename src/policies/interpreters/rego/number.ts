/**
 * Numbers of Rego: decimals of any size. A JavaScript number stands for the decimal that it prints as, where that is an integer that
 * it holds exactly or a fraction; every other decimal is a Decimal. So each decimal has one form, and equal numbers are identical.
 * Arithmetic is as in OPA: over binary floats with a mantissa of 64 bits, printed with the fewest digits that identify them.
 */
import { fault } from './fault.ts';

export class Decimal {
  /** The value is digits * 10 ** exponent; digits ends in no zero. */
  readonly digits: bigint;
  readonly exponent: number;

  constructor(digits: bigint, exponent: number) {
    this.digits = digits;
    this.exponent = exponent;
  }
}

export type RegoNumber = number | Decimal;

/** Ceiling of decimal exponents, as in OPA (10 ** 30103 is about 2 ** 100000): printing and comparing stay quick. */
const MAX_EXPONENT = 30_000;
/** The same in bits, of what arithmetic makes. */
const MAX_BITS = 100_000;
const MANTISSA_BITS = 64;

/** The number of a decimal text (`-12.5e3`), or undefined when its exponent is over the ceiling. The caller checks the syntax. */
export function parseNumber(text: string): RegoNumber | undefined {
  const quick = Number(text);
  if (Number.isSafeInteger(quick) && text.length < 16) return quick === 0 ? 0 : quick;
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', power = '0'] = match;
  const digits = BigInt(`${whole}${fraction}` || '0');
  if (digits === 0n) return 0;
  const exponent = Number(power) - fraction.length;
  if (Math.abs(exponent) > MAX_EXPONENT || whole.length + fraction.length > MAX_EXPONENT) return undefined;
  return makeNumber(sign === '-' ? -digits : digits, exponent);
}

/** Without zeros at the end; a regular expression would take quadratic time for zeros before it. */
function withoutZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}

/** The one form of digits * 10 ** exponent. */
function makeNumber(digits: bigint, exponent: number): RegoNumber {
  if (digits === 0n) return 0;
  const text = digits.toString();
  const zeros = text.length - withoutZeros(text).length;
  const trimmed = zeros === 0 ? digits : BigInt(text.slice(0, text.length - zeros));
  const power = exponent + zeros;
  const quick = Number(`${trimmed}e${power}`);
  if (power >= 0) return Number.isSafeInteger(quick) ? quick : new Decimal(trimmed, power);
  if (trimmed > 99999999999999999n || trimmed < -99999999999999999n || !Number.isFinite(quick) || quick === 0)
    return new Decimal(trimmed, power);
  const printed = decimalOf(quick);
  return printed.digits === trimmed && printed.exponent === power ? quick : new Decimal(trimmed, power);
}

export function fromBigInt(value: bigint): RegoNumber {
  const quick = Number(value);
  return Number.isSafeInteger(quick) ? quick : makeNumber(value, 0);
}

/** A JavaScript number as it prints; whole ones beyond 2 ** 53 are the decimal of their text. */
export function fromDouble(value: number): RegoNumber {
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  if (!Number.isInteger(value)) return value;
  return parseNumber(String(value)) ?? 0;
}

/** Digits and exponent of what a JavaScript number prints as. */
function decimalOf(value: number): Decimal {
  const [mantissa = '0', power = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return new Decimal(BigInt(whole + fraction), Number(power) - fraction.length);
}

function toDecimal(value: RegoNumber): Decimal {
  return typeof value === 'number' ? decimalOf(value) : value;
}

export function isInteger(value: RegoNumber): boolean {
  return typeof value === 'number' ? Number.isInteger(value) : value.exponent >= 0;
}

/** The integer, or undefined for a fraction. */
export function toBigInt(value: RegoNumber): bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  return value.exponent >= 0 ? value.digits * 10n ** BigInt(value.exponent) : undefined;
}

/** The nearest JavaScript number. */
export function toDouble(value: RegoNumber): number {
  return typeof value === 'number' ? value : Number(`${value.digits}e${value.exponent}`);
}

export function compareNumbers(a: RegoNumber, b: RegoNumber): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0;
  const [x, y] = [toDecimal(a), toDecimal(b)];
  const shift = x.exponent - y.exponent;
  const left = shift > 0 ? x.digits * 10n ** BigInt(shift) : x.digits;
  const right = shift < 0 ? y.digits * 10n ** BigInt(-shift) : y.digits;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Text as JSON has it. */
export function formatNumber(value: RegoNumber): string {
  if (typeof value === 'number')
    return String(value)
      .replace('e-', 'e-0')
      .replace(/e-0(\d\d)/, 'e-$1');
  const { digits, exponent } = value;
  if (exponent >= 0) return `${digits}${'0'.repeat(exponent)}`;
  const sign = digits < 0n ? '-' : '';
  const text = String(digits < 0n ? -digits : digits);
  const point = text.length + exponent;
  if (point > 0) return `${sign}${text.slice(0, point)}.${text.slice(point)}`;
  if (point > -4) return `${sign}0.${'0'.repeat(-point)}${text}`;
  const power = String(1 - point).padStart(2, '0');
  return `${sign}${text[0]}${text.length > 1 ? '.' : ''}${text.slice(1)}e-${power}`;
}

/** A binary float: mantissa * 2 ** exponent, the mantissa of at most 64 bits. */
interface Float {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** The nearest float to top / bottom * 2 ** exponent, ties to even; bottom is positive. */
function roundFloat(top: bigint, bottom: bigint, exponent: number): Float {
  if (top === 0n) return { mantissa: 0n, exponent: 0 };
  const size = top < 0n ? -top : top;
  const shift = MANTISSA_BITS + 2 - (bitLength(size) - bitLength(bottom));
  const scaled = shift >= 0 ? size << BigInt(shift) : size;
  const divisor = shift >= 0 ? bottom : bottom << BigInt(-shift);
  let mantissa = scaled / divisor;
  const sticky = scaled % divisor !== 0n;
  const extra = BigInt(bitLength(mantissa) - MANTISSA_BITS);
  const rest = mantissa & ((1n << extra) - 1n);
  const half = 1n << (extra - 1n);
  mantissa >>= extra;
  if (rest > half || (rest === half && (sticky || (mantissa & 1n) === 1n))) mantissa += 1n;
  return { mantissa: top < 0n ? -mantissa : mantissa, exponent: exponent - shift + Number(extra) };
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] ?? '0', 16)));
}

function toFloat(value: RegoNumber): Float {
  const { digits, exponent } = toDecimal(value);
  if (exponent >= 0) return roundFloat(digits * 5n ** BigInt(exponent), 1n, exponent);
  return roundFloat(digits, 5n ** BigInt(-exponent), exponent);
}

/** A float as the decimal of fewest digits that lies nearer to it than to any other float; integers in full. */
function fromFloat({ mantissa, exponent }: Float): RegoNumber {
  if (mantissa === 0n) return 0;
  if (Math.abs(exponent) > MAX_BITS)
    throw fault('eval_limit_error', `expected numbers of at most ${MAX_BITS} bits, found more`, undefined);
  const size = mantissa < 0n ? -mantissa : mantissa;
  const signed = (digits: bigint, power: number) => makeNumber(mantissa < 0n ? -digits : digits, power);
  if (exponent >= 0 && bitLength(size) + exponent <= MANTISSA_BITS) return signed(size << BigInt(exponent), 0);
  const spare = MANTISSA_BITS - bitLength(size);
  const full = size << BigInt(spare);
  const power = exponent - spare - 1;
  const scale = (halves: bigint): Decimal =>
    power >= 0 ? new Decimal(halves << BigInt(power), 0) : new Decimal(halves * 5n ** BigInt(-power), power);
  const exact = scale(full * 2n);
  const rounded = shortest(exact, scale(full * 2n - 1n), scale(full * 2n + 1n), full % 2n === 0n);
  return signed(rounded.digits, rounded.exponent);
}

/** Go's `roundShortest`: the first place at which cutting or rounding up stays between the bounds. */
function shortest(exact: Decimal, lower: Decimal, upper: Decimal, inclusive: boolean): Decimal {
  const text = exact.digits.toString();
  const [low, high] = [lower, upper].map(({ digits }) => withoutZeros(digits.toString())) as [string, string];
  for (let i = 0; i < text.length; i += 1) {
    const digit = Number(text[i]);
    const upDigit = Number(high[i] ?? '0');
    const okDown = Number(low[i] ?? '0') !== digit || (inclusive && i + 1 === low.length);
    const okUp = digit !== upDigit && (inclusive || digit + 1 < upDigit || i + 1 < high.length);
    if (!okDown && !okUp) continue;
    const kept = BigInt(text.slice(0, i + 1));
    const exponent = exact.exponent + text.length - i - 1;
    const isUp = okUp && (!okDown || isRoundedUp(text, i + 1));
    return new Decimal(isUp ? kept + 1n : kept, exponent);
  }
  return exact;
}

/** Go's rule of rounding decimal digits: half to even. */
function isRoundedUp(text: string, at: number): boolean {
  if (at >= text.length) return false;
  const rest = text.slice(at);
  if (/^50*$/.test(rest)) return Number(text[at - 1]) % 2 === 1;
  return (rest[0] ?? '0') >= '5';
}

/** Sums and differences of floats whose exponents lie this far apart are the larger one. */
const MAX_SHIFT = 4 * MANTISSA_BITS;

export function add(a: RegoNumber, b: RegoNumber): RegoNumber {
  if (typeof a === 'number' && typeof b === 'number') {
    const quick = a + b;
    if (Number.isSafeInteger(quick) && Number.isInteger(a) && Number.isInteger(b)) return quick;
  }
  const [x, y] = [toFloat(a), toFloat(b)];
  if (x.mantissa === 0n) return fromFloat(y);
  if (y.mantissa === 0n) return fromFloat(x);
  const [high, low] = x.exponent >= y.exponent ? [x, y] : [y, x];
  const shift = high.exponent - low.exponent;
  if (shift > MAX_SHIFT) return fromFloat(high);
  return fromFloat(roundFloat((high.mantissa << BigInt(shift)) + low.mantissa, 1n, low.exponent));
}

export function negate(a: RegoNumber): RegoNumber {
  if (typeof a === 'number') return a === 0 ? 0 : -a;
  return new Decimal(-a.digits, a.exponent);
}

export function multiply(a: RegoNumber, b: RegoNumber): RegoNumber {
  if (typeof a === 'number' && typeof b === 'number') {
    const quick = a * b;
    if (Number.isSafeInteger(quick) && Number.isInteger(a) && Number.isInteger(b)) return quick === 0 ? 0 : quick;
  }
  const [x, y] = [toFloat(a), toFloat(b)];
  return fromFloat(roundFloat(x.mantissa * y.mantissa, 1n, x.exponent + y.exponent));
}

/** The caller sees to it that b is not zero. */
export function divide(a: RegoNumber, b: RegoNumber): RegoNumber {
  if (typeof a === 'number' && typeof b === 'number' && Number.isInteger(a) && Number.isInteger(b)) {
    const quick = a / b;
    if (Number.isSafeInteger(quick) && a % b === 0) return quick === 0 ? 0 : quick;
  }
  const [x, y] = [toFloat(a), toFloat(b)];
  const isNegative = y.mantissa < 0n;
  const bottom = isNegative ? -y.mantissa : y.mantissa;
  return fromFloat(roundFloat(isNegative ? -x.mantissa : x.mantissa, bottom, x.exponent - y.exponent));
}

/** The value after rounding to a float as OPA's arithmetic does with every operand. */
export function toArithmetic(value: RegoNumber): RegoNumber {
  return typeof value === 'number' && Number.isInteger(value) ? value : fromFloat(toFloat(value));
}

/** Toward zero. */
export function truncate(value: RegoNumber): bigint {
  const { digits, exponent } = toDecimal(value);
  return exponent >= 0 ? digits * 10n ** BigInt(exponent) : digits / 10n ** BigInt(-exponent);
}
