/** Values of CUE that are no struct and no list, and what they have in common with those: kinds, comparison and text. */
import type { BoundOperator } from './ast.ts';
import type { Builtin } from './builtins/builtin.ts';
import { compareDecimals, formatDecimal } from './decimal.ts';
import type { Decimal } from './decimal.ts';
import type { Vertex } from './vertex.ts';

/** Sets of kinds as bits. */
export const KIND = {
  null: 1,
  bool: 2,
  int: 4,
  float: 8,
  number: 12,
  string: 16,
  bytes: 32,
  list: 64,
  struct: 128,
  function: 256,
  any: 511,
} as const;

export type Scalar =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'number'; readonly value: Decimal; readonly isFloat: boolean }
  | { readonly kind: 'string'; readonly value: string }
  /** One character for each byte. */
  | { readonly kind: 'bytes'; readonly value: string };

export interface Bound {
  readonly kind: 'bound';
  readonly op: BoundOperator;
  readonly operand: Scalar | Vertex;
}

/** A function that lacks its first argument: what the value must satisfy. */
export interface Validator {
  readonly kind: 'validator';
  readonly builtin: Builtin;
  readonly args: readonly Value[];
}

/** All of these at once. */
export interface Conjunction {
  readonly kind: 'all';
  readonly values: readonly (TypeValue | Bound | Validator)[];
}

export interface TypeValue {
  readonly kind: 'type';
  readonly kinds: number;
}

/** One of these; `defaults` of them, at the front, are the default. */
export interface Alternatives {
  readonly kind: 'any';
  readonly values: readonly Vertex[];
  readonly defaults: number;
}

/** In the order of their weight: the first of several decides what the whole is. */
const ERROR_CODES = ['eval', 'user', 'structural', 'incomplete', 'cycle', 'blocked'] as const;
/** `incomplete` and later ones are no failure yet: more information may mend them. `blocked` waits for a value that is being computed. */
export type ErrorCode = (typeof ERROR_CODES)[number];

export interface Bottom {
  readonly kind: 'bottom';
  readonly code: ErrorCode;
  readonly message: string;
  /** Field in which it arose. */
  readonly path: string;
  /** Offsets in the policy. */
  readonly positions: readonly number[];
}

export interface FunctionValue {
  readonly kind: 'function';
  readonly builtin: Builtin;
}

export type Constant = Scalar | TypeValue | Conjunction | Bottom | Bound | Validator | FunctionValue;
export type Value = Constant | Alternatives | Vertex;

export const TOP: TypeValue = { kind: 'type', kinds: KIND.any };
export const NULL: Scalar = { kind: 'null' };
export const BOTTOM_LITERAL: Bottom = {
  kind: 'bottom',
  code: 'user',
  message: 'explicit error (_|_ literal) in source',
  path: '',
  positions: [],
};

export function boolOf(value: boolean): Scalar {
  return { kind: 'bool', value };
}

export function stringOf(value: string): Scalar {
  return { kind: 'string', value };
}

export function intOf(value: number | bigint): Scalar {
  return { kind: 'number', value: { coefficient: BigInt(value), exponent: 0 }, isFloat: false };
}

export function numberOf(value: Decimal, isFloat: boolean): Scalar {
  return { kind: 'number', value, isFloat };
}

const SCALAR_KINDS: ReadonlySet<string> = new Set<Scalar['kind']>(['null', 'bool', 'number', 'string', 'bytes']);

export function isScalar(value: Value): value is Scalar {
  return SCALAR_KINDS.has(value.kind);
}

function weightOf(code: ErrorCode): number {
  return ERROR_CODES.indexOf(code);
}

/** Whether more information may mend it. */
export function isIncomplete(bottom: Bottom): boolean {
  return weightOf(bottom.code) >= weightOf('incomplete');
}

/** The kinds that a value has or, where it is not known yet, may have. */
export function kindsOf(value: Exclude<Value, Vertex>): number {
  switch (value.kind) {
    case 'null':
      return KIND.null;
    case 'bool':
      return KIND.bool;
    case 'number':
      return value.isFloat ? KIND.float : KIND.int;
    case 'string':
      return KIND.string;
    case 'bytes':
      return KIND.bytes;
    case 'type':
      return value.kinds;
    case 'bound':
      return kindsOfBound(value);
    case 'validator':
      return value.builtin.params[0] ?? KIND.any;
    case 'all':
      return value.values.reduce((kinds: number, part) => kinds & kindsOf(part), KIND.any);
    case 'any':
      return value.values.reduce((kinds, part) => kinds | part.kinds, 0);
    case 'function':
      return KIND.function;
    case 'bottom':
      return 0;
  }
}

function kindsOfBound({ op, operand }: Bound): number {
  const kinds = operand.kind === 'vertex' ? operand.kinds : kindsOf(operand);
  if ((kinds & KIND.number) !== 0) return KIND.number;
  if (operand.kind === 'null' && op === '!=') return KIND.any & ~KIND.null;
  return kinds;
}

/** Equal scalars of comparable kinds; an int equals a float of the same size. */
export function areEqualScalars(a: Scalar, b: Scalar): boolean {
  if (a.kind === 'null' || b.kind === 'null') return a.kind === b.kind;
  if (a.kind === 'number') return b.kind === 'number' && compareDecimals(a.value, b.value) === 0;
  return a.kind === b.kind && a.value === b.value;
}

/** Below, at or above zero; undefined where the two have no order. Strings are ordered by code points. */
export function compareScalars(a: Scalar, b: Scalar): number | undefined {
  if (a.kind === 'number' && b.kind === 'number') return compareDecimals(a.value, b.value);
  if (a.kind === 'bytes' && b.kind === 'bytes') return compareTexts(a.value, b.value);
  if (a.kind === 'string' && b.kind === 'string') return compareStrings(a.value, b.value);
  return undefined;
}

export function compareStrings(a: string, b: string): number {
  const isPlain = !/[\uD800-\uFFFF]/.test(a + b);
  return isPlain ? compareTexts(a, b) : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

const KIND_NAMES: readonly (readonly [string, number])[] = [
  ['null', KIND.null],
  ['bool', KIND.bool],
  ['number', KIND.number],
  ['int', KIND.int],
  ['float', KIND.float],
  ['string', KIND.string],
  ['bytes', KIND.bytes],
  ['list', KIND.list],
  ['struct', KIND.struct],
  ['function', KIND.function],
];

export function formatKinds(kinds: number): string {
  if (kinds === KIND.any) return '_';
  const names: string[] = [];
  let left = kinds;
  for (const [name, kind] of KIND_NAMES) {
    if ((left & kind) !== kind) continue;
    names.push(name);
    left &= ~kind;
  }
  return names.length === 0 ? '_|_' : names.join('|');
}

/** Longest text of a value in a message. */
const MAX_TEXT = 80;

export function formatScalar(value: Scalar): string {
  const text = value.kind === 'null' ? 'null' : formatNonNull(value);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
}

function formatNonNull(value: Exclude<Scalar, { kind: 'null' }>): string {
  if (value.kind === 'number') return formatDecimal(value.value);
  if (value.kind === 'bool') return String(value.value);
  if (value.kind === 'string') return JSON.stringify(value.value);
  return `'${value.value}'`;
}
