/** `format` of the extension `strings`: `%s %d %f %e %b %x %X %o %%` with a precision. */
import { CelList, CelMap, Duration, Failure, kindOf, Timestamp, TypeValue, Uint } from '../values.ts';
import type { Result, Value } from '../values.ts';
import { formatDuration, plainDouble } from './core.ts';
import { formatTimestamp } from './time.ts';

/** Go's floating point numbers have no more digits that mean anything. */
const MAX_PRECISION = 1000n;
const CLAUSE = /%(?:(%)|(?:\.(\d*))?([\s\S]?))/gu;

export function formatText(text: string, args: readonly Value[]): Result {
  let next = 0;
  let failure: Failure | undefined;
  const made = text.replace(CLAUSE, (_, percent: string | undefined, digits: string | undefined, verb = '') => {
    if (percent !== undefined) return '%';
    const arg = args[next];
    next += 1;
    const result = formatClause(arg, { verb, digits });
    if (typeof result === 'string') return result;
    failure ??= result;
    return '';
  });
  return failure ?? made;
}

interface Clause {
  readonly verb: string;
  readonly digits: string | undefined;
}

function formatClause(arg: Value | undefined, { verb, digits }: Clause): string | Failure {
  if (!/^[sdfebxXo]$/.test(verb)) return new Failure(`unrecognized formatting clause "${verb}"`);
  if (digits !== undefined && (digits === '' || BigInt(digits) > MAX_PRECISION))
    return new Failure(`expected a precision of at most ${MAX_PRECISION}`);
  if (arg === undefined) return new Failure('index out of range: fewer arguments than clauses');
  const made = formatAs(arg, verb, Number(digits ?? 6));
  return made ?? new Failure(`%${verb}: no such formatting of ${kindOf(arg)}`);
}

function formatAs(arg: Value, verb: string, precision: number): string | undefined {
  const whole = typeof arg === 'bigint' ? arg : arg instanceof Uint ? arg.value : undefined;
  switch (verb) {
    case 's':
      return formatValue(arg);
    case 'd':
      return whole === undefined ? special(arg, plainDouble) : String(whole);
    case 'f':
      return whole === undefined ? special(arg, (value) => fixed(value, precision)) : fixed(Number(whole), precision);
    case 'e':
      return whole === undefined
        ? special(arg, (value) => exponential(value, precision))
        : exponential(Number(whole), precision);
    case 'b':
      return typeof arg === 'boolean' ? String(Number(arg)) : whole?.toString(2);
    case 'o':
      return whole?.toString(8);
    default: {
      const hex =
        typeof arg === 'string' || arg instanceof Uint8Array ? Buffer.from(arg).toString('hex') : whole?.toString(16);
      return verb === 'X' ? hex?.toUpperCase() : hex;
    }
  }
}

function special(arg: Value, format: (value: number) => string): string | undefined {
  if (typeof arg !== 'number') return undefined;
  return Number.isFinite(arg) ? format(arg) : Number.isNaN(arg) ? 'NaN' : arg > 0 ? 'Infinity' : '-Infinity';
}

function fixed(value: number, precision: number): string {
  if (Math.abs(value) >= 1e21) return `${plainDouble(value)}${precision === 0 ? '' : `.${'0'.repeat(precision)}`}`;
  if (precision >= MAX_DIGITS) return value.toFixed(MAX_DIGITS) + '0'.repeat(precision - MAX_DIGITS);
  const isEven = isTieToEven(value.toFixed(MAX_DIGITS), precision);
  return isEven ? cut(value.toFixed(MAX_DIGITS), precision) : value.toFixed(precision);
}

function exponential(value: number, precision: number): string {
  const digits = Math.min(precision, MAX_DIGITS);
  const [mantissa = '', exponent = ''] = value.toExponential(MAX_DIGITS).split('e');
  const text = isTieToEven(mantissa, digits) ? `${cut(mantissa, digits)}e${exponent}` : value.toExponential(digits);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Digits behind the point that JavaScript writes. */
const MAX_DIGITS = 100;

/** Go rounds halves to even, JavaScript away from zero: true where the digit before an exact half is even, and is kept. */
function isTieToEven(digits: string, precision: number): boolean {
  const [whole = '', fraction = ''] = digits.split('.');
  const last = precision === 0 ? whole.at(-1) : fraction.charAt(precision - 1);
  return /^50*$/.test(fraction.slice(precision)) && Number(last) % 2 === 0;
}

function cut(digits: string, precision: number): string {
  const [whole = '', fraction = ''] = digits.split('.');
  return precision === 0 ? whole : `${whole}.${fraction.slice(0, precision)}`;
}

function formatValue(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return special(value, plainDouble);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof CelList) return join(value.items.map(formatValue), (items) => `[${items.join(', ')}]`);
  if (!(value instanceof CelMap)) return undefined;
  const entries = value.entries().map(([key, inner]) => join([formatValue(key), formatValue(inner)], (pair) => pair));
  if (!entries.every((entry) => entry !== undefined)) return undefined;
  const sorted = entries.toSorted(([a = ''], [b = '']) => (a < b ? -1 : Number(a > b)));
  return `{${sorted.map((pair) => pair.join(': ')).join(', ')}}`;
}

function join<T>(parts: readonly (string | undefined)[], make: (parts: readonly string[]) => T): T | undefined {
  return parts.every((part) => part !== undefined) ? make(parts) : undefined;
}
