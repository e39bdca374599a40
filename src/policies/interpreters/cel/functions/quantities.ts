/** Quantities of Kubernetes (`100Mi`, `0.5`) and versions of semver.org. */
import { Failure, INT_MAX, INT_MIN } from '../values.ts';
import type { Opaque, Result, Value } from '../values.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d+))?$/;
/** Powers of ten. */
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY = 'KMGTPE';
/** Smallest power of ten that a quantity keeps; what is below is rounded away from zero. */
const MIN_SCALE = -9;
/** Ceiling of an exponent, above what any quantity of a cluster has. */
const MAX_EXPONENT = 400;
/** Digits that the integers of Kubernetes surely hold. */
const MAX_DIGITS = 18;

class Quantity implements Opaque {
  readonly kind = 'quantity';
  readonly typeName = 'kubernetes.Quantity';
  readonly coefficient: bigint;
  /** Power of ten. */
  readonly scale: number;
  /** Held as an integer of 64 bits: only such a one is seen as an integer. */
  readonly isShort: boolean;

  constructor(coefficient: bigint, scale: number, isShort: boolean) {
    this.coefficient = coefficient;
    this.scale = scale;
    this.isShort = isShort && coefficient <= INT_MAX && coefficient >= INT_MIN;
  }

  isEqual(other: Value): boolean {
    return other instanceof Quantity && compareQuantities(this, other) === 0n;
  }

  /** The coefficient at a smaller scale. */
  at(scale: number): bigint {
    return this.coefficient * 10n ** BigInt(this.scale - scale);
  }

  toInt(): bigint | undefined {
    if (!this.isShort || this.scale < 0) return undefined;
    const value = this.at(0);
    return value <= INT_MAX && value >= INT_MIN ? value : undefined;
  }
}

/** Ceiling of a binary quantity. */
const LARGEST = new Quantity(INT_MAX, 0, false);

class Semver implements Opaque {
  readonly kind = 'semver';
  readonly typeName = 'kubernetes.Semver';
  readonly numbers: readonly bigint[];
  readonly prerelease: readonly string[];

  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    this.numbers = numbers;
    this.prerelease = prerelease;
  }

  isEqual(other: Value): boolean {
    return other instanceof Semver && compareVersions(this, other) === 0n;
  }
}

export const QUANTITIES: readonly Overload[] = [
  overload('quantity', ['string'], parseQuantity),
  overload('isQuantity', ['string'], (text) => parseQuantity(text) instanceof Quantity),
  overload('sign', ['quantity'], (value) => signOf(quantityOf(value).coefficient)),
  overload('.isInteger', ['quantity'], (value) => quantityOf(value).toInt() !== undefined),
  overload(
    '.asInteger',
    ['quantity'],
    (value) => quantityOf(value).toInt() ?? new Failure('cannot convert value to integer'),
  ),
  overload('.asApproximateFloat', ['quantity'], (value) => {
    const { coefficient, scale } = quantityOf(value);
    return scale === 0 ? Number(coefficient) : Number(coefficient) * 10 ** scale;
  }),
  overload('.add', ['quantity', 'quantity'], (a, b) => sum(quantityOf(a), quantityOf(b))),
  overload('.add', ['quantity', 'int'], (a, b) => sum(quantityOf(a), new Quantity(b, 0, true))),
  overload('.sub', ['quantity', 'quantity'], (a, b) => sum(quantityOf(a), negate(quantityOf(b)))),
  overload('.sub', ['quantity', 'int'], (a, b) => sum(quantityOf(a), new Quantity(-b, 0, true))),
  ...orders('quantity', (a, b) => compareQuantities(quantityOf(a), quantityOf(b))),
  overload('semver', ['string'], (text) => parseSemver(text, false)),
  overload('semver', ['string', 'bool'], parseSemver),
  overload('isSemver', ['string'], (text) => parseSemver(text, false) instanceof Semver),
  overload('isSemver', ['string', 'bool'], (text, isLoose) => parseSemver(text, isLoose) instanceof Semver),
  ...['major', 'minor', 'patch'].map((name, index) =>
    overload(`.${name}`, ['semver'], (value) => BigInt.asIntN(64, semverOf(value).numbers[index] ?? 0n)),
  ),
  ...orders('semver', (a, b) => compareVersions(semverOf(a), semverOf(b))),
];

function orders(kind: 'quantity' | 'semver', compare: (a: Opaque, b: Opaque) => bigint): readonly Overload[] {
  return [
    overload('.compareTo', [kind, kind], compare),
    overload('.isGreaterThan', [kind, kind], (a, b) => compare(a, b) > 0n),
    overload('.isLessThan', [kind, kind], (a, b) => compare(a, b) < 0n),
  ];
}

function quantityOf(value: Opaque): Quantity {
  if (value instanceof Quantity) return value;
  throw new Error(`expected a quantity, found ${value.kind}`);
}

function semverOf(value: Opaque): Semver {
  if (value instanceof Semver) return value;
  throw new Error(`expected a version, found ${value.kind}`);
}

function signOf(value: bigint): bigint {
  return value < 0n ? -1n : BigInt(value > 0n);
}

function parseQuantity(text: string): Result {
  const match = QUANTITY.exec(text);
  const [, sign, written = '', fraction = '', binary, decimal, exponent] = match ?? [];
  const power = exponent === undefined ? (DECIMAL[decimal ?? ''] ?? 0) : Number(exponent);
  if (match === null || text === '' || Math.abs(power) > MAX_EXPONENT)
    return new Failure(`expected a quantity, found ${JSON.stringify(text)}`);
  const whole = written.replace(/^0+(?=.)/, '');
  const size = BigInt(`${whole}${fraction}` || '0') * (sign === '-' ? -1n : 1n);
  if (binary === undefined) {
    const digits = Math.max(1, whole.length) + fraction.length;
    return rounded(size, power - fraction.length, digits <= MAX_DIGITS);
  }
  const shift = 10n * BigInt(BINARY.indexOf(binary.charAt(0)) + 1);
  const isShort = fraction === '' && whole.length + Math.trunc((Number(shift) * 3) / 10) + 1 <= 15;
  const made = rounded(size << shift, -fraction.length, isShort);
  return compareQuantities(made, LARGEST) > 0n ? LARGEST : made;
}

/** What is no short integer is held in billionths. */
function rounded(coefficient: bigint, scale: number, isShort: boolean): Quantity {
  if (scale >= MIN_SCALE && isShort) return new Quantity(coefficient, scale, true);
  if (scale >= MIN_SCALE) return new Quantity(coefficient * 10n ** BigInt(scale - MIN_SCALE), MIN_SCALE, false);
  const unit = 10n ** BigInt(MIN_SCALE - scale);
  const rest = coefficient % unit === 0n ? 0n : signOf(coefficient);
  return new Quantity(coefficient / unit + rest, MIN_SCALE, false);
}

function negate({ coefficient, scale, isShort }: Quantity): Quantity {
  return new Quantity(-coefficient, scale, isShort);
}

function sum(a: Quantity, b: Quantity): Quantity {
  if (b.coefficient === 0n) return a;
  if (a.coefficient === 0n) return b;
  const scale = Math.min(a.scale, b.scale);
  return new Quantity(a.at(scale) + b.at(scale), scale, a.isShort && b.isShort);
}

function compareQuantities(a: Quantity, b: Quantity): bigint {
  const scale = Math.min(a.scale, b.scale);
  return signOf(a.at(scale) - b.at(scale));
}

const NUMBER = '(0|[1-9]\\d*)';
const IDENTIFIERS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const SEMVER = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?$`);
const UINT64 = (1n << 64n) - 1n;

/** Loosely: a `v` before it, zeros before its numbers, and fewer than three numbers are taken. */
function parseSemver(text: string, isLoose: boolean): Result {
  const [, major = '', minor = '', patch = '', written = ''] = SEMVER.exec(isLoose ? normalize(text) : text) ?? [];
  const prerelease = written === '' ? [] : written.split('.');
  const numbers = [major, minor, patch, ...prerelease.filter(isNumeric)];
  const isSound = major !== '' && numbers.every((digits) => !/^0\d/.test(digits) && BigInt(digits) <= UINT64);
  return isSound
    ? new Semver([major, minor, patch].map(BigInt), prerelease)
    : new Failure(`expected a version of semver.org, found ${JSON.stringify(text)}`);
}

function normalize(text: string): string {
  const [major = '', minor, ...rest] = text.replace(/^v/, '').split('.');
  const parts = [major, ...(minor === undefined ? [] : [minor]), ...(rest.length === 0 ? [] : [rest.join('.')])].map(
    (part) =>
      part.length > 1
        ? part.replace(/^0+(?=\d)/, '').replace(/^0*(?=\D|$)/, (zeros) => (zeros === '' ? '' : '0'))
        : part,
  );
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? '')) return '';
  return [...parts, '0', '0'].slice(0, 3).join('.');
}

function isNumeric(identifier: string): boolean {
  return /^\d+$/.test(identifier);
}

/** Precedence of semver.org, 11. */
function compareVersions(a: Semver, b: Semver): bigint {
  for (const [index, number] of a.numbers.entries()) {
    const order = signOf(number - (b.numbers[index] ?? 0n));
    if (order !== 0n) return order;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0)
    return BigInt(Number(b.prerelease.length > 0) - Number(a.prerelease.length > 0));
  for (const [index, left] of a.prerelease.entries()) {
    const right = b.prerelease[index];
    if (right === undefined) return 1n;
    const order = compareIdentifiers(left, right);
    if (order !== 0n) return order;
  }
  return b.prerelease.length > a.prerelease.length ? -1n : 0n;
}

function compareIdentifiers(a: string, b: string): bigint {
  if (isNumeric(a) && isNumeric(b)) return signOf(BigInt(a) - BigInt(b));
  if (isNumeric(a) !== isNumeric(b)) return isNumeric(a) ? -1n : 1n;
  return a < b ? -1n : BigInt(a > b);
}
