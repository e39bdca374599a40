/** Lists of Kubernetes (`sum`, `min`, `max`, `isSorted`, `indexOf`), the extension `lists` (version 3), and `sets`. */
import { BINARY, noOverload } from '../operators.ts';
import { CelList, compare, Duration, Failure, isEqual, kindOf, Uint } from '../values.ts';
import type { Result, Value } from '../values.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

/** Ceiling of `lists.range`, and of how deep `flatten` goes. */
const MAX_RANGE = 1_000_000n;

export const LISTS: readonly Overload[] = [
  overload(
    '.isSorted',
    ['list'],
    ({ items }) =>
      inOrder(items, 'isSorted') ??
      items.every((item, i) => i === 0 || !((compare(items[i - 1] ?? null, item) ?? 0) > 0)),
  ),
  overload('.sum', ['list'], sum),
  overload('.min', ['list'], (list) => extreme(list, 'min', (order) => order > 0)),
  overload('.max', ['list'], (list) => extreme(list, 'max', (order) => order < 0)),
  overload('.indexOf', ['list', 'any'], ({ items }, item) => BigInt(items.findIndex((other) => isEqual(other, item)))),
  overload('.lastIndexOf', ['list', 'any'], ({ items }, item) =>
    BigInt(items.findLastIndex((other) => isEqual(other, item))),
  ),
  overload('.distinct', ['list'], ({ items }) => new CelList(distinct(items))),
  overload('.reverse', ['list'], ({ items }) => new CelList(items.toReversed())),
  overload('.slice', ['list', 'int', 'int'], ({ items }, from, to) =>
    from < 0n || to > items.length || from > to
      ? new Failure(`index out of range: ${from}, ${to}`)
      : new CelList(items.slice(Number(from), Number(to))),
  ),
  overload('.flatten', ['list'], (list) => new CelList(flatten(list, 1))),
  overload('.flatten', ['list', 'int'], (list, depth) =>
    depth < 0n ? new Failure('flatten: expected a depth of at least 0') : new CelList(flatten(list, Number(depth))),
  ),
  overload(
    '.sort',
    ['list'],
    ({ items }) => inOrder(items, 'sort') ?? new CelList(items.toSorted((a, b) => compare(a, b) ?? 0)),
  ),
  overload('lists.range', ['int'], (count) =>
    count > MAX_RANGE
      ? new Failure(`expected at most ${MAX_RANGE} items`)
      : new CelList(Array.from({ length: Number(count < 0n ? 0n : count) }, (_, index) => BigInt(index))),
  ),
  overload('sets.contains', ['list', 'list'], (list, part) => isSubset(part, list)),
  overload('sets.equivalent', ['list', 'list'], (a, b) => isSubset(a, b) && isSubset(b, a)),
  overload('sets.intersects', ['list', 'list'], (a, b) => a.items.some((item) => isMember(item, b))),
];

function isMember(item: Value, list: CelList): boolean {
  return list.items.some((other) => isEqual(item, other));
}

function isSubset(part: CelList, list: CelList): boolean {
  return part.items.every((item) => isMember(item, list));
}

/** A failure where items are of different types, or of one without order. */
function inOrder(items: readonly Value[], name: string): Failure | undefined {
  const [first] = items;
  if (first === undefined) return undefined;
  const other = items.find((item) => kindOf(item) !== kindOf(first) || compare(item, first) === undefined);
  return other === undefined ? undefined : noOverload(name, other);
}

function extreme(list: CelList, name: string, isBetter: (order: number) => boolean): Result {
  const [first, ...rest] = list.items;
  if (first === undefined) return new Failure(`${name} called on empty list`);
  return (
    inOrder(list.items, name) ?? rest.reduce((best, item) => (isBetter(compare(best, item) ?? 0) ? item : best), first)
  );
}

/** Of an empty list, 0. */
function sum({ items }: CelList): Result {
  const add = BINARY.get('_+_');
  const [first = 0n] = items;
  const isNumber =
    typeof first === 'bigint' || typeof first === 'number' || first instanceof Uint || first instanceof Duration;
  if (add === undefined || !isNumber) return noOverload('sum', first);
  return items.slice(1).reduce<Result>((total, item) => (total instanceof Failure ? total : add(total, item)), first);
}

function distinct(items: readonly Value[]): readonly Value[] {
  const texts = new Set<Value>();
  const others: Value[] = [];
  return items.filter((item) => {
    const isSimple = typeof item === 'string' || typeof item === 'boolean' || item === null;
    const isKnown = isSimple ? texts.has(item) : others.some((other) => isEqual(item, other));
    if (isSimple) texts.add(item);
    else if (!isKnown) others.push(item);
    return !isKnown;
  });
}

function flatten({ items }: CelList, depth: number): readonly Value[] {
  if (depth === 0) return items;
  return items.flatMap((item) => (item instanceof CelList ? flatten(item, depth - 1) : [item]));
}
