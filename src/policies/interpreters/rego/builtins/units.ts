/** Quantities with units, and semantic versions. */
import { divide, formatNumber, multiply, parseNumber, toBigInt, toDouble, truncate } from '../number.ts';
import type { RegoNumber } from '../number.ts';
import { builtinError } from '../evaluate/vm.ts';
import type { RegoValue } from '../value.ts';
import { textAt } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

/** A number, maybe with an exponent, and what follows it: `1e3` is a number, `1e` one exbi-less `e`. */
function splitAmount(text: string): [number: string, unit: string] {
  const [number = ''] = /^(?:[\d.+-]|[eE](?=[\d+-])[+-]?)*/.exec(text) ?? [];
  return /^[\d.+-]/.test(text) || number !== '' ? [number, text.slice(number.length)] : ['', text];
}

function amountOf(text: string, name: string): RegoNumber {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    const amount = parseNumber(text);
    if (amount !== undefined) return amount;
  }
  throw builtinError(`could not parse ${name} to a number`);
}

const DECIMAL = 'kmgtpe';

/** Powers of 1000 and 1024 by their first letter. */
function scaleOf(unit: string): bigint | undefined {
  if (unit === '') return 1n;
  const power = BigInt(DECIMAL.indexOf(unit[0] ?? '') + 1);
  if (power === 0n) return undefined;
  if (/^.b?$/.test(unit)) return 1000n ** power;
  return /^.ib?$/.test(unit) ? 1024n ** power : undefined;
}

function parseBytes(args: Args): RegoValue {
  const text = textAt(args, 0).toLowerCase().replaceAll('"', '');
  if (text.includes(' ')) throw builtinError('spaces not allowed in resource strings');
  const [number, unit] = splitAmount(text);
  if (number === '') throw builtinError('no byte amount provided');
  const scale = scaleOf(unit);
  if (scale === undefined) throw builtinError(`byte unit ${unit} not recognized`);
  return fromWhole(truncate(multiply(amountOf(number, 'byte amount'), fromWhole(scale))));
}

function fromWhole(value: bigint): RegoNumber {
  return parseNumber(String(value)) ?? 0;
}

function parseUnits(args: Args): RegoValue {
  const text = textAt(args, 0).replaceAll('"', '');
  if (text.includes(' ')) throw builtinError('spaces not allowed in resource strings');
  const [number, found] = splitAmount(text);
  if (number === '') throw builtinError('no amount provided');
  const unit = found.slice(0, 1) + found.slice(1).toLowerCase();
  const scale = /^(?:m|[kKMgGtTpPeE]?|[kKMmgGtTpPeE]i)$/.test(unit) ? scaleOf(unit.toLowerCase()) : undefined;
  if (scale === undefined) throw builtinError(`unit ${unit} not recognized`);
  const amount = amountOf(number, 'amount');
  // milli is the float nearest to a thousandth, so its products are cut after ten digits
  if (unit === 'm') return toFixed(divide(amount, 1000));
  return toFixed(exactProduct(amount, scale));
}

function exactProduct(amount: RegoNumber, scale: bigint): RegoNumber {
  const [digits = '', fraction = ''] = plainText(amount).split('.');
  const product = BigInt(digits + fraction) * scale;
  return parseNumber(`${product}e-${fraction.length}`) ?? 0;
}

function plainText(amount: RegoNumber): string {
  const text = formatNumber(amount);
  if (!/e/i.test(text)) return text;
  return toBigInt(amount)?.toString() ?? toDouble(amount).toFixed(20);
}

/** Ten decimals, as a rational number is printed in Go. */
function toFixed(value: RegoNumber): RegoNumber {
  if (toBigInt(value) !== undefined) return value;
  const text = plainText(value);
  const [whole = '0', fraction = ''] = text.split('.');
  if (fraction.length <= 10) return value;
  const isNegative = text.startsWith('-');
  const scaled =
    BigInt(`${whole.replace('-', '')}${fraction.slice(0, 10)}`) + (fraction.charCodeAt(10) >= 53 ? 1n : 0n);
  return parseNumber(`${isNegative ? '-' : ''}${scaled}e-10`) ?? 0;
}

const SEMVER =
  /^(\d+)\.(\d+)\.(\d+)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;

interface Version {
  readonly numbers: readonly bigint[];
  readonly pre: readonly string[];
}

function parseVersion(text: string): Version | undefined {
  const match = SEMVER.exec(text);
  if (match === null) return undefined;
  return { numbers: match.slice(1, 4).map((part) => BigInt(part)), pre: match[4]?.split('.') ?? [] };
}

function versionAt(args: Args, i: number): Version {
  const text = textAt(args, i);
  const version = parseVersion(text);
  if (version === undefined) throw builtinError(`operand ${i + 1}: string ${text} is not a valid SemVer`);
  return version;
}

function compareVersions(a: Version, b: Version): number {
  for (const [i, left] of a.numbers.entries()) {
    const right = b.numbers[i] ?? 0n;
    if (left !== right) return left < right ? -1 : 1;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return Math.sign(b.pre.length - a.pre.length);
  for (const [i, left] of a.pre.entries()) {
    const right = b.pre[i];
    if (right === undefined) return 1;
    if (left !== right) return comparePart(left, right);
  }
  return a.pre.length < b.pre.length ? -1 : 0;
}

function comparePart(a: string, b: string): number {
  const [isNumber, isOther] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOther) return BigInt(a) < BigInt(b) ? -1 : 1;
  if (isNumber !== isOther) return isNumber ? -1 : 1;
  return a < b ? -1 : 1;
}

export const UNITS: Builtins = {
  'units.parse': parseUnits,
  'units.parse_bytes': parseBytes,
  'semver.is_valid': ([text]) => typeof text === 'string' && parseVersion(text) !== undefined,
  'semver.compare': (args) => compareVersions(versionAt(args, 0), versionAt(args, 1)),
};
