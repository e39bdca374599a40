/**
 * Values of the Common Expression Language: ints are bigint, doubles number, uints `Uint`. JSON is wrapped as it is and converted where it is
 * looked at. A failure is a value too, which an operator passes on.
 */
import { isRecord } from '../../../core/index.ts';

export const INT_MAX = (1n << 63n) - 1n;
export const INT_MIN = -(1n << 63n);
export const UINT_MAX = (1n << 64n) - 1n;

/** Why an expression has no value. */
export class Failure {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export class Uint {
  readonly kind = 'uint';
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

export class Timestamp {
  readonly kind = 'timestamp';
  /** Nanoseconds since 1970. */
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

export class Duration {
  readonly kind = 'duration';
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

export class TypeValue {
  readonly kind = 'type';
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export class Optional {
  readonly kind = 'optional';
  /** Undefined for none. */
  readonly value: Value | undefined;

  constructor(value?: Value) {
    this.value = value;
  }
}

export const NONE = new Optional();

/** A value of a library: an address, a quantity. */
export interface Opaque {
  readonly kind: 'ip' | 'cidr' | 'url' | 'quantity' | 'semver' | 'format';
  /** As `type(x)` shows it. */
  readonly typeName: string;
  isEqual(other: Value): boolean;
}

export class CelList {
  readonly kind = 'list';
  #items: readonly Value[] | undefined;
  readonly #json: readonly unknown[];

  /** Items, or JSON. */
  constructor(items: readonly Value[] | undefined, json: readonly unknown[] = []) {
    this.#items = items;
    this.#json = json;
  }

  get items(): readonly Value[] {
    this.#items ??= this.#json.map(fromJson);
    return this.#items;
  }
}

/** Keys of maps: ints and uints of one value are one key. */
export type Key = string | boolean | bigint;

export class CelMap {
  readonly kind = 'map';
  #entries: ReadonlyMap<Key, readonly [key: Value, value: Value]> | undefined;
  readonly #json: Readonly<Record<string, unknown>>;
  readonly #converted = new Map<string, Value>();

  constructor(
    entries: ReadonlyMap<Key, readonly [key: Value, value: Value]> | undefined,
    json: Readonly<Record<string, unknown>> = {},
  ) {
    this.#entries = entries;
    this.#json = json;
  }

  get(key: Key): Value | undefined {
    if (this.#entries !== undefined) return this.#entries.get(key)?.[1];
    if (typeof key !== 'string' || !Object.hasOwn(this.#json, key)) return undefined;
    const json = this.#json[key];
    if (typeof json !== 'object' || json === null) return fromJson(json);
    const found = this.#converted.get(key) ?? fromJson(json);
    this.#converted.set(key, found);
    return found;
  }

  get size(): number {
    return this.#entries?.size ?? Object.keys(this.#json).length;
  }

  keys(): readonly Value[] {
    return this.#entries === undefined ? Object.keys(this.#json) : [...this.#entries.values()].map(([key]) => key);
  }

  entries(): readonly (readonly [key: Value, value: Value])[] {
    return this.#entries === undefined
      ? Object.keys(this.#json).map((key) => [key, this.get(key) ?? null])
      : [...this.#entries.values()];
  }
}

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | TypeValue
  | Optional
  | Opaque
  | CelList
  | CelMap;

export type Result = Value | Failure;

export type Kind =
  | 'null'
  | 'bool'
  | 'int'
  | 'double'
  | 'string'
  | 'bytes'
  | Exclude<Value, null | boolean | bigint | number | string | Uint8Array>['kind'];

export function kindOf(value: Value): Kind {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'double';
  if (value === null) return 'null';
  return value instanceof Uint8Array ? 'bytes' : value.kind;
}

const TYPE_NAMES: Partial<Readonly<Record<Kind, string>>> = {
  null: 'null_type',
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
  optional: 'optional_type',
};

export function typeNameOf(value: Value): string {
  if (typeof value === 'object' && value !== null && 'typeName' in value) return value.typeName;
  const kind = kindOf(value);
  return TYPE_NAMES[kind] ?? kind;
}

/** Whole JSON numbers are ints, others doubles, as in Kubernetes; a Date is a timestamp; what is not there is null. */
export function fromJson(json: unknown): Value {
  if (typeof json === 'string' || typeof json === 'boolean') return json;
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : json;
  if (json instanceof Date) return new Timestamp(BigInt(json.getTime()) * 1_000_000n);
  if (Array.isArray(json)) return new CelList(undefined, json);
  return isRecord(json) ? new CelMap(undefined, json) : null;
}

/** Undefined for what can be no key. A double finds the int of its value. */
export function keyOf(value: Value): Key | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  return value instanceof Uint ? value.value : undefined;
}

/** Ints and doubles are compared as doubles, as in the definition of the language. */
function orderNumbers(a: bigint | number, b: bigint | number): number {
  return typeof a === typeof b ? order(a, b) : order(Number(a), Number(b));
}

function numberOf(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : undefined;
}

/** Values of different types are not equal, but for numbers. */
export function isEqual(a: Value, b: Value): boolean {
  if (typeof a === 'string' || typeof b === 'string' || a === null || b === null) return a === b;
  const number = numberOf(a);
  if (number !== undefined) {
    const other = numberOf(b);
    return other !== undefined && orderNumbers(number, other) === 0;
  }
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof CelList) return b instanceof CelList && areItemsEqual(a.items, b.items);
  if (a instanceof CelMap) return b instanceof CelMap && areEntriesEqual(a, b);
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanoseconds === b.nanoseconds;
  if (a instanceof Duration) return b instanceof Duration && a.nanoseconds === b.nanoseconds;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (a instanceof Optional) {
    if (!(b instanceof Optional)) return false;
    return a.value === undefined || b.value === undefined ? a.value === b.value : isEqual(a.value, b.value);
  }
  return !(a instanceof Uint) && a.isEqual(b);
}

function areItemsEqual(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, index) => isEqual(item, b[index] ?? null));
}

function areEntriesEqual(a: CelMap, b: CelMap): boolean {
  if (a.size !== b.size) return false;
  return a.entries().every(([key, value]) => {
    const other = b.get(keyOf(key) ?? '');
    return other !== undefined && isEqual(value, other);
  });
}

/** Below, at or above zero; NaN where neither comes first; undefined for types without order. */
export function compare(a: Value, b: Value): number | undefined {
  if (typeof a === 'string') return typeof b === 'string' ? compareTexts(a, b) : undefined;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return orderNumbers(x, y);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Timestamp && b instanceof Timestamp) return order(a.nanoseconds, b.nanoseconds);
  if (a instanceof Duration && b instanceof Duration) return order(a.nanoseconds, b.nanoseconds);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return undefined;
}

function order(a: bigint | number, b: bigint | number): number {
  if (a < b) return -1;
  return a > b ? 1 : a >= b ? 0 : Number.NaN;
}

/** By code points. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  for (let at = 0; at < a.length && at < b.length;) {
    const [x = 0, y = 0] = [a.codePointAt(at), b.codePointAt(at)];
    if (x !== y) return x - y;
    at += x > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
}
