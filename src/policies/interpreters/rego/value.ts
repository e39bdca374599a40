/**
 * Values of Rego and their order. Arrays are arrays; objects (keys of any kind) and sets are the classes here, whose entries are found by
 * a key that is equal exactly for equal values. Values are never changed once they are seen by anybody else.
 */
import { compareNumbers, Decimal, formatNumber } from './number.ts';
import type { RegoNumber } from './number.ts';

export type RegoValue = null | boolean | RegoNumber | string | readonly RegoValue[] | RegoObject | RegoSet;

/** What a value is found by: itself where `===` is equality, else a text that starts with a NUL. */
export type Key = null | boolean | number | string;

export function keyOf(value: RegoValue): Key {
  if (typeof value === 'string') return value.charCodeAt(0) === 0 ? `\0s${value}` : value;
  if (value === null || typeof value !== 'object') return value;
  return `\0${canonicalText(value)}`;
}

function canonicalText(value: RegoValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof Decimal) return `${value.digits}e${value.exponent}`;
  if (value instanceof RegoObject || value instanceof RegoSet) return value.canonical();
  return `[${value.map(canonicalText).join(',')}]`;
}

export class RegoObject {
  readonly #entries = new Map<Key, RegoValue>();
  /** Keys that are not their own Key. */
  #composite: Map<Key, RegoValue> | undefined;
  #sorted: readonly RegoValue[] | undefined;
  #canonical: string | undefined;

  static of(entries: Iterable<readonly [RegoValue, RegoValue]>): RegoObject {
    const made = new RegoObject();
    for (const [key, value] of entries) made.set(key, value);
    return made;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: RegoValue): RegoValue | undefined {
    return this.#entries.get(keyOf(key));
  }

  /** Only for whoever made the object, before anybody else sees it. */
  set(key: RegoValue, value: RegoValue): void {
    const found = keyOf(key);
    if (found !== key) (this.#composite ??= new Map()).set(found, key);
    this.#entries.set(found, value);
    this.#sorted = undefined;
    this.#canonical = undefined;
  }

  /** Keys in Rego's order. */
  keys(): readonly RegoValue[] {
    this.#sorted ??= sortKeys(this.#entries.keys(), this.#composite);
    return this.#sorted;
  }

  /** Pairs in Rego's order of keys. */
  entries(): [RegoValue, RegoValue][] {
    return this.keys().map((key) => [key, this.get(key) as RegoValue]);
  }

  canonical(): string {
    this.#canonical ??= `{${this.entries()
      .map(([key, value]) => `${canonicalText(key)}:${canonicalText(value)}`)
      .join(',')}}`;
    return this.#canonical;
  }
}

export class RegoSet {
  readonly #members = new Map<Key, RegoValue>();
  #sorted: readonly RegoValue[] | undefined;
  #canonical: string | undefined;

  static of(members: Iterable<RegoValue>): RegoSet {
    const made = new RegoSet();
    for (const member of members) made.add(member);
    return made;
  }

  get size(): number {
    return this.#members.size;
  }

  has(value: RegoValue): boolean {
    return this.#members.has(keyOf(value));
  }

  /** Only for whoever made the set, before anybody else sees it. */
  add(value: RegoValue): void {
    this.#members.set(keyOf(value), value);
    this.#sorted = undefined;
    this.#canonical = undefined;
  }

  /** Members in Rego's order. */
  members(): readonly RegoValue[] {
    this.#sorted ??= sortKeys(this.#members.keys(), this.#members);
    return this.#sorted;
  }

  canonical(): string {
    this.#canonical ??= `<${this.members().map(canonicalText).join(',')}>`;
    return this.#canonical;
  }
}

function sortKeys(keys: Iterable<Key>, values: ReadonlyMap<Key, RegoValue> | undefined): readonly RegoValue[] {
  const list: Key[] = [...keys];
  if (list.every((key) => typeof key === 'string' && key.charCodeAt(0) !== 0)) return list.sort(compareAny);
  return list.map((key) => values?.get(key) ?? key).sort(compareValues);
}

function compareAny(a: Key, b: Key): number {
  return compareStrings(a as string, b as string);
}

export function isArray(value: RegoValue | undefined): value is readonly RegoValue[] {
  return Array.isArray(value);
}

export function isNumber(value: RegoValue | undefined): value is RegoNumber {
  return typeof value === 'number' || value instanceof Decimal;
}

export type RegoType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' | 'set';

export function typeOf(value: RegoValue): RegoType {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (isNumber(value)) return 'number';
  if (typeof value === 'string') return 'string';
  if (value instanceof RegoObject) return 'object';
  return value instanceof RegoSet ? 'set' : 'array';
}

const RANKS: Readonly<Record<RegoType, number>> = {
  null: 0,
  boolean: 1,
  number: 2,
  string: 3,
  array: 4,
  object: 5,
  set: 6,
};

/** Strings compare by their bytes in UTF-8, which is by code point. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  let i = 0;
  while (i < a.length && a.charCodeAt(i) === b.charCodeAt(i)) i += 1;
  const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
  // surrogates stand for code points above all others
  if (x >= 0xd800 && y >= 0xd800 && x <= 0xdfff !== y <= 0xdfff) return x <= 0xdfff ? 1 : -1;
  return i === a.length || x < y ? -1 : 1;
}

export function compareValues(a: RegoValue, b: RegoValue): number {
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : 1;
  const [type, other] = [typeOf(a), typeOf(b)];
  if (type !== other) return RANKS[type] - RANKS[other];
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (isArray(a) && isArray(b)) return compareLists(a, b);
  if (a instanceof RegoSet && b instanceof RegoSet) return compareLists(a.members(), b.members());
  if (a instanceof RegoObject && b instanceof RegoObject) return compareLists(a.entries().flat(), b.entries().flat());
  return a === false ? -1 : 1;
}

function compareLists(a: readonly RegoValue[], b: readonly RegoValue[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i];
    if (right === undefined) return 1;
    const order = compareValues(left, right);
    if (order !== 0) return order;
  }
  return a.length < b.length ? -1 : 0;
}

export function areEqual(a: RegoValue, b: RegoValue): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Decimal || b instanceof Decimal) return isNumber(a) && isNumber(b) && compareNumbers(a, b) === 0;
  if (a instanceof RegoSet) return b instanceof RegoSet && a.size === b.size && a.canonical() === b.canonical();
  if (a instanceof RegoObject) return b instanceof RegoObject && a.size === b.size && haveEqualEntries(a, b);
  if (!isArray(b) || a.length !== b.length) return false;
  return a.every((item, i) => areEqual(item, b[i] as RegoValue));
}

function haveEqualEntries(a: RegoObject, b: RegoObject): boolean {
  for (const key of a.keys()) {
    const other = b.get(key);
    if (other === undefined || !areEqual(a.get(key) as RegoValue, other)) return false;
  }
  return true;
}

/** Elements of a collection in order: items of an array, values of an object, members of a set; undefined for anything else. */
export function elementsOf(value: RegoValue): readonly RegoValue[] | undefined {
  if (isArray(value)) return value;
  if (value instanceof RegoSet) return value.members();
  if (value instanceof RegoObject) return value.entries().map(([, entry]) => entry);
  return undefined;
}

/** Code points of a text, each as a string. */
export function pointsOf(text: string): string[] {
  return Array.from(text);
}

/** The value as Rego text: what `%v` and templates print of anything that is not a string. */
export function formatValue(value: RegoValue): string {
  if (typeof value === 'string') return quote(value);
  if (isNumber(value)) return formatNumber(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (isArray(value)) return `[${value.map(formatValue).join(', ')}]`;
  if (value instanceof RegoSet) return value.size === 0 ? 'set()' : `{${value.members().map(formatValue).join(', ')}}`;
  const pairs = value.entries().map(([key, entry]) => `${formatValue(key)}: ${formatValue(entry)}`);
  return `{${pairs.join(', ')}}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** Go's `strconv.Quote`. */
export function quote(text: string): string {
  const escaped = text.replace(/[\\"\p{C}\p{Z}]/gu, (found) => {
    if (found === ' ') return found;
    const known = ESCAPES[found];
    if (known !== undefined) return known;
    const point = found.codePointAt(0) ?? 0;
    if (point < 0x80) return `\\x${point.toString(16).padStart(2, '0')}`;
    return point > 0xffff ? `\\U${point.toString(16).padStart(8, '0')}` : `\\u${point.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}
