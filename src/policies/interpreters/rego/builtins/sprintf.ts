/** Go's `fmt.Sprintf` over integers, floats and strings; what is none of these is printed as Rego text first. */
import { Decimal, isInteger, toBigInt, toDouble } from '../number.ts';
import { formatValue, isNumber, pointsOf, quote } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { builtinError } from '../evaluate/vm.ts';

type Operand = bigint | number | string;

interface Flags {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

const DIRECTIVE = /%([-+# 0]*)(\[\d+\])?(\*|\d+)?(?:\.(\*|\d+)?)?(\[\d+\])?(.|$)/gsu;
const INT64 = 1n << 63n;

export function sprintf(format: string, values: readonly RegoValue[], maxWidth: number): string {
  const operands = values.map(toOperand);
  let next = 0;
  let isReordered = false;
  const take = (): Operand | undefined => {
    next += 1;
    return operands[next - 1];
  };
  const made = format.replace(DIRECTIVE, (all: string, ...parts: (string | undefined)[]) => {
    const [marks = '', early, width, precision, late, verb = ''] = parts;
    const index = late ?? early;
    if (index !== undefined) {
      isReordered = true;
      next = Number(index.slice(1, -1)) - 1;
      if (next < 0 || next >= operands.length) return `%!${verb}(BADINDEX)`;
    }
    const size = width === '*' ? Number(take()) : width === undefined ? undefined : Number(width);
    const hasPoint = all.slice(1 + marks.length).includes('.');
    const digits = precision === '*' ? Number(take()) : hasPoint ? Number(precision ?? 0) : undefined;
    if ((size ?? 0) > maxWidth || (digits ?? 0) > maxWidth) throw builtinError('width or precision is too large');
    if (verb === '') return '%!(NOVERB)';
    if (verb === '%') return '%';
    const operand = take();
    if (operand === undefined) return `%!${verb}(MISSING)`;
    return formatOperand(operand, verb, flagsOf(marks, size, digits));
  });
  if (isReordered || next >= operands.length) return made;
  const extra = operands.slice(next).map((operand) => `${typeName(operand)}=${formatOperand(operand, 'v', PLAIN)}`);
  return `${made}%!(EXTRA ${extra.join(', ')})`;
}

const PLAIN = flagsOf('', undefined, undefined);

function flagsOf(marks: string, width: number | undefined, precision: number | undefined): Flags {
  const minus = marks.includes('-') || (width ?? 0) < 0;
  return {
    minus,
    plus: marks.includes('+'),
    sharp: marks.includes('#'),
    space: marks.includes(' '),
    zero: marks.includes('0') && !minus,
    width: width === undefined ? undefined : Math.abs(width),
    precision: (precision ?? 0) < 0 ? undefined : precision,
  };
}

function toOperand(value: RegoValue): Operand {
  if (typeof value === 'string') return value;
  if (!isNumber(value)) return formatValue(value);
  const double = toDouble(value);
  if (!Number.isFinite(double) && value instanceof Decimal) return `${value.digits}e${value.exponent}`;
  return isInteger(value) ? (toBigInt(value) ?? 0n) : double;
}

function typeName(operand: Operand): string {
  if (typeof operand === 'string') return 'string';
  if (typeof operand === 'number') return 'float64';
  return operand >= -INT64 && operand < INT64 ? 'int' : '*big.Int';
}

function formatOperand(operand: Operand, verb: string, flags: Flags): string {
  if (verb === 'T') return pad(typeName(operand), { ...flags, zero: false });
  const made =
    typeof operand === 'string'
      ? formatText(operand, verb, flags)
      : typeof operand === 'bigint'
        ? formatInteger(operand, verb, flags)
        : formatFloat(operand, verb, flags);
  return made ?? `%!${verb}(${typeName(operand)}=${formatOperand(operand, 'v', flags)})`;
}

function formatText(text: string, verb: string, flags: Flags): string | undefined {
  const cut = flags.precision === undefined ? text : pointsOf(text).slice(0, flags.precision).join('');
  switch (verb) {
    case 'v':
      return pad(flags.sharp ? quote(cut) : cut, flags);
    case 's':
      return pad(cut, flags);
    case 'q':
      return pad(flags.sharp && !cut.includes('`') ? `\`${cut}\`` : quote(cut), flags);
    case 'x':
    case 'X': {
      const hex = Buffer.from(cut).toString('hex');
      return pad(verb === 'x' ? hex : hex.toUpperCase(), flags);
    }
    default:
      return undefined;
  }
}

const BASES: Readonly<Record<string, readonly [base: number, prefix: string]>> = {
  v: [10, ''],
  d: [10, ''],
  b: [2, '0b'],
  o: [8, '0'],
  O: [8, '0o'],
  x: [16, '0x'],
  X: [16, '0X'],
};

function formatInteger(value: bigint, verb: string, flags: Flags): string | undefined {
  const base = BASES[verb];
  const isBig = value < -INT64 || value >= INT64;
  if (verb === 's' && isBig) return pad(String(value), flags);
  if (base === undefined) return formatPoint(value, verb, flags);
  const [radix, prefix] = base;
  let digits = (value < 0n ? -value : value).toString(radix);
  if (verb === 'X') digits = digits.toUpperCase();
  if (flags.precision !== undefined)
    digits = value === 0n && flags.precision === 0 ? '' : digits.padStart(flags.precision, '0');
  const mark = (flags.sharp && verb !== 'v') || verb === 'O' ? prefix : '';
  const sign = value < 0n ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  const isZeroed = flags.zero && flags.precision === undefined;
  return padNumber(sign, `${mark}${digits}`, { ...flags, zero: isZeroed });
}

/** An integer as the character that it numbers. */
function formatPoint(value: bigint, verb: string, flags: Flags): string | undefined {
  const isPoint = value >= 0n && value <= 0x10ffffn && (value < 0xd800n || value > 0xdfffn);
  const char = isPoint ? String.fromCodePoint(Number(value)) : '\ufffd';
  if (verb === 'c') return pad(char, flags);
  if (verb === 'q') return pad(`'${char === "'" ? "\\'" : quote(char).slice(1, -1).replace('\\"', '"')}'`, flags);
  if (verb !== 'U') return undefined;
  return pad(`U+${value.toString(16).toUpperCase().padStart(4, '0')}`, flags);
}

function formatFloat(value: number, verb: string, flags: Flags): string | undefined {
  const size = Math.abs(value);
  let digits: string | undefined;
  if (verb === 'e' || verb === 'E') digits = exponential(size, flags.precision ?? 6);
  else if (verb === 'f' || verb === 'F')
    digits = size < 1e21 ? size.toFixed(Math.min(100, flags.precision ?? 6)) : undefined;
  else if (verb === 'g' || verb === 'G' || verb === 'v') digits = general(size, flags.precision);
  if (digits === undefined) return undefined;
  if (verb === 'E' || verb === 'G') digits = digits.toUpperCase();
  const sign = value < 0 ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  return padNumber(sign, digits, flags);
}

/** `1.5e+06`: at least two digits of exponent; all digits that are needed, where no precision is given. */
function exponential(size: number, precision?: number): string {
  return size.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Go's `%g`. */
function general(size: number, precision: number | undefined): string {
  const shortest = size.toExponential();
  const exponent = Number(shortest.split('e')[1]);
  if (precision === undefined) return exponent < -4 || exponent >= 21 ? exponential(size) : plain(size);
  const digits = Math.max(1, precision);
  if (exponent < -4 || exponent >= digits) return exponential(size, digits - 1).replace(/\.?0+(?=e)/, '');
  return size
    .toPrecision(digits)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}

/** Without an exponent. */
function plain(size: number): string {
  const text = String(size);
  if (!text.includes('e')) return text;
  return size.toFixed(20).replace(/0+$/, '');
}

function pad(text: string, { width, minus, zero }: Flags): string {
  const missing = (width ?? 0) - pointsOf(text).length;
  if (missing <= 0) return text;
  return minus ? text + ' '.repeat(missing) : (zero ? '0' : ' ').repeat(missing) + text;
}

function padNumber(sign: string, digits: string, flags: Flags): string {
  const missing = (flags.width ?? 0) - sign.length - digits.length;
  if (flags.zero && missing > 0) return sign + '0'.repeat(missing) + digits;
  return pad(sign + digits, { ...flags, zero: false });
}
