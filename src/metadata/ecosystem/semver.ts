/**
 * Semantic Versioning 2.0.0 precedence (clause 11), made total: a leading `v` or `go` is dropped, missing numbers count as zero,
 * more than three numbers are compared too, and whatever else follows counts as a pre-release. Build metadata has no order.
 */
import type { Order } from './ecosystem.ts';

interface Semver {
  readonly numbers: readonly string[];
  readonly prerelease: readonly string[];
}

export function compareSemver(left: string, right: string): Order {
  const a = split(left);
  const b = split(right);
  return compareNumbers(a.numbers, b.numbers) || comparePrerelease(a.prerelease, b.prerelease);
}

function split(version: string): Semver {
  const text = version
    .trim()
    .replace(/^(?:v|go)(?=\d)/i, '')
    .replace(/[+ ].*$/s, '');
  const numbers = /^\d+(?:\.\d+)*/.exec(text)?.[0] ?? '';
  const rest = text.slice(numbers.length).replace(/^[-.]/, '');
  return { numbers: numbers === '' ? [] : numbers.split('.'), prerelease: rest === '' ? [] : rest.split('.') };
}

function compareNumbers(a: readonly string[], b: readonly string[]): Order {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = compareDigits(a[index] ?? '0', b[index] ?? '0');
    if (order !== 0) return order;
  }
  return 0;
}

/** Clause 11.3 and 11.4: none is above any; numeric below alphanumeric; more fields above fewer. */
export function comparePrerelease(a: readonly string[], b: readonly string[]): Order {
  if (a.length === 0 || b.length === 0) return sign(b.length - a.length);
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = compareField(a[index] ?? '', b[index] ?? '');
    if (order !== 0) return order;
  }
  return sign(a.length - b.length);
}

function compareField(a: string, b: string): Order {
  const isNumberA = /^\d+$/.test(a);
  const isNumberB = /^\d+$/.test(b);
  if (isNumberA && isNumberB) return compareDigits(a, b);
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return compareText(a, b);
}

/** Numbers are after words, and what is longer after what it begins with. */
export function compareSegments(a: readonly string[], b: readonly string[]): Order {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [one, other] = [a[index], b[index]];
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
    const [isNumberA, isNumberB] = [/^\d+$/.test(one), /^\d+$/.test(other)];
    if (isNumberA !== isNumberB) return isNumberA ? 1 : -1;
    const order = isNumberA ? compareDigits(one, other) : compareText(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

/** Digits of any length as numbers, without losing precision. */
export function compareDigits(a: string, b: string): Order {
  const left = a.replace(/^0+(?=\d)/, '');
  const right = b.replace(/^0+(?=\d)/, '');
  return left.length === right.length ? compareText(left, right) : sign(left.length - right.length);
}

/** By code unit. */
export function compareText(a: string, b: string): Order {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function sign(value: number): Order {
  if (value === 0) return 0;
  return value < 0 ? -1 : 1;
}
