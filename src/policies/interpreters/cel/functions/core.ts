/** Functions that the definition of the language lists: sizes, texts, conversions between types. */
import { parseGoDuration } from '../../go-duration.ts';
import { checkDuration, checkInt, checkTimestamp, checkUint } from '../operators.ts';
import { Failure, typeNameOf, TypeValue } from '../values.ts';
import type { Duration, Result } from '../values.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';
import { formatTimestamp, parseTimestamp } from './time.ts';

const SECOND = 1_000_000_000n;

export const CORE: readonly Overload[] = [
  ...['size', '.size'].flatMap((name) => [
    overload(name, ['string'], (text) => BigInt(pointsOf(text).length)),
    overload(name, ['bytes'], (bytes) => BigInt(bytes.length)),
    overload(name, ['list'], (list) => BigInt(list.items.length)),
    overload(name, ['map'], (map) => BigInt(map.size)),
  ]),
  overload('.contains', ['string', 'string'], (text, part) => text.includes(part)),
  overload('.startsWith', ['string', 'string'], (text, part) => text.startsWith(part)),
  overload('.endsWith', ['string', 'string'], (text, part) => text.endsWith(part)),
  overload('dyn', ['any'], (value) => value),
  overload('type', ['any'], (value) => new TypeValue(typeNameOf(value))),
  overload('bool', ['bool'], (value) => value),
  overload('bool', ['string'], toBool),
  overload('int', ['int'], (value) => value),
  overload('int', ['uint'], ({ value }) => checkInt(value)),
  overload('int', ['double'], (value) => toInt(value)),
  overload('int', ['string'], (text) =>
    /^[+-]?\d+$/.test(text) ? checkInt(BigInt(text.replace('+', ''))) : unconverted(text, 'int'),
  ),
  overload('int', ['timestamp'], ({ nanoseconds }) => floorDivide(nanoseconds, SECOND)),
  overload('uint', ['uint'], (value) => value),
  overload('uint', ['int'], checkUint),
  overload('uint', ['double'], (value) =>
    value >= 0 && value < 2 ** 64 ? checkUint(BigInt(Math.trunc(value))) : new Failure('unsigned integer overflow'),
  ),
  overload('uint', ['string'], (text) => (/^\d+$/.test(text) ? checkUint(BigInt(text)) : unconverted(text, 'uint'))),
  overload('double', ['double'], (value) => value),
  overload('double', ['int'], Number),
  overload('double', ['uint'], ({ value }) => Number(value)),
  overload('double', ['string'], toDouble),
  overload('string', ['string'], (text) => text),
  overload('string', ['bool'], String),
  overload('string', ['int'], String),
  overload('string', ['uint'], ({ value }) => String(value)),
  overload('string', ['double'], formatDouble),
  overload('string', ['bytes'], decodeUtf8),
  overload('string', ['timestamp'], formatTimestamp),
  overload('string', ['duration'], formatDuration),
  overload('bytes', ['bytes'], (bytes) => bytes),
  overload('bytes', ['string'], (text) => Uint8Array.from(Buffer.from(text))),
  overload('timestamp', ['timestamp'], (time) => time),
  overload('timestamp', ['int'], (seconds) => checkTimestamp(seconds * SECOND)),
  overload('timestamp', ['string'], parseTimestamp),
  overload('duration', ['duration'], (duration) => duration),
  overload('duration', ['string'], (text) => {
    const nanoseconds = parseGoDuration(text);
    return nanoseconds === undefined ? unconverted(text, 'duration') : checkDuration(nanoseconds);
  }),
];

/** Characters are code points. */
export function pointsOf(text: string): readonly string[] {
  return Array.from(text);
}

function floorDivide(a: bigint, b: bigint): bigint {
  return a >= 0n || a % b === 0n ? a / b : a / b - 1n;
}

function unconverted(text: string, type: string): Failure {
  return new Failure(`expected the text of a ${type}, found ${JSON.stringify(text)}`);
}

function toBool(text: string): Result {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? false : unconverted(text, 'bool');
}

function toInt(value: number): Result {
  return value > -(2 ** 63) && value < 2 ** 63 ? BigInt(Math.trunc(value)) : new Failure('integer overflow');
}

function toDouble(text: string): Result {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  const [, sign = '', word = ''] = /^([+-]?)(inf|infinity|nan)$/i.exec(text) ?? [];
  if (word === '') return unconverted(text, 'double');
  if (word.toLowerCase() === 'nan') return Number.NaN;
  return sign === '-' ? -Infinity : Infinity;
}

/** Go's shortest form: `1e+06`, `0.5`. */
function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const short = value.toExponential();
  const exponent = Number(short.split('e')[1]);
  if (Object.is(value, -0)) return '-0';
  return exponent < -4 || exponent >= 6 ? short.replace(/e([+-])(\d)$/, 'e$10$2') : plainDouble(value);
}

/** Without an exponent, all digits that are needed. */
export function plainDouble(value: number): string {
  const text = String(Math.abs(value));
  const [digits = '', exponent] = text.split('e');
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (exponent === undefined) return sign + text;
  const [whole = '', fraction = ''] = digits.split('.');
  const shift = Number(exponent);
  if (shift < 0) return `${sign}0.${'0'.repeat(-shift - 1)}${whole}${fraction}`;
  return `${sign}${whole}${fraction.padEnd(shift, '0')}`;
}

function decodeUtf8(bytes: Uint8Array): Result {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    if (cause instanceof TypeError) return new Failure('expected bytes of UTF-8');
    throw cause;
  }
}

/** Seconds as a double, which Kubernetes shows. */
export function formatDuration({ nanoseconds }: Duration): string {
  return `${plainDouble(Number(nanoseconds / SECOND) + Number(nanoseconds % SECOND) / 1e9)}s`;
}
