/** Aggregates, arrays, sets and membership. */
import { add, multiply } from '../number.ts';
import { areEqual, compareValues, elementsOf, isArray, isNumber, RegoObject, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import type { Vm } from '../evaluate/vm.ts';
import { arrayAt, elementError, integerAt, listAt, setAt, typeError } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

function count(args: Args): RegoValue {
  const [value] = args;
  if (typeof value === 'string') return codePointsOf(value);
  if (isArray(value)) return value.length;
  if (value instanceof RegoObject || value instanceof RegoSet) return value.size;
  throw typeError(0, value, 'array', 'object', 'set', 'string');
}

function codePointsOf(text: string): number {
  let points = 0;
  for (const _ of text) points += 1;
  return points;
}

function sum(args: Args): RegoValue {
  return listAt(args, 0).reduce((total: RegoValue, item) => {
    if (!isNumber(item) || !isNumber(total)) throw elementError(0, args[0] as RegoValue, item, 'number');
    return add(total, item);
  }, 0);
}

function product(args: Args): RegoValue {
  return listAt(args, 0).reduce((total: RegoValue, item) => {
    if (!isNumber(item) || !isNumber(total)) throw elementError(0, args[0] as RegoValue, item, 'number');
    return multiply(total, item);
  }, 1);
}

function extreme(args: Args, sign: number): RegoValue | undefined {
  let best: RegoValue | undefined;
  for (const item of listAt(args, 0)) {
    if (best === undefined || compareValues(item, best) * sign >= 0) best = item;
  }
  return best;
}

function slice(args: Args): RegoValue {
  const items = arrayAt(args, 0);
  const from = Math.max(0, integerAt(args, 1));
  const to = Math.min(items.length, integerAt(args, 2));
  return from >= to ? [] : items.slice(from, to);
}

/** One level of arrays within the array is taken apart. */
function flatten(args: Args): RegoValue {
  return arrayAt(args, 0).flatMap((item) => (isArray(item) ? item : [item]));
}

function intersect(a: RegoSet, b: RegoSet): RegoSet {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  return RegoSet.of(small.members().filter((member) => large.has(member)));
}

function setsIn(args: Args): RegoSet[] {
  return setAt(args, 0)
    .members()
    .map((member) => {
      if (!(member instanceof RegoSet)) throw elementError(0, args[0] as RegoValue, member, 'set');
      return member;
    });
}

function intersection(args: Args): RegoValue {
  const [first, ...others] = setsIn(args);
  return others.reduce(intersect, first ?? new RegoSet());
}

function isMember([value, collection]: Args, vm: Vm): RegoValue {
  if (value === undefined || collection === undefined) return false;
  if (collection instanceof RegoSet) return collection.has(value);
  const elements = elementsOf(collection) ?? [];
  vm.step(elements.length);
  return elements.some((item) => areEqual(item, value));
}

function isEntry([key, value, collection]: Args): RegoValue {
  if (key === undefined || value === undefined || collection === undefined) return false;
  if (collection instanceof RegoSet) return areEqual(key, value) && collection.has(value);
  const found =
    collection instanceof RegoObject
      ? collection.get(key)
      : isArray(collection) && typeof key === 'number'
        ? collection[key]
        : undefined;
  return found !== undefined && areEqual(found, value);
}

function sort(args: Args): RegoValue {
  return listAt(args, 0).toSorted(compareValues);
}

export const COLLECTIONS: Builtins = {
  count,
  sum,
  product,
  max: (args) => extreme(args, 1),
  min: (args) => extreme(args, -1),
  sort,
  all: (args) => listAt(args, 0).every((item) => item === true),
  any: (args) => listAt(args, 0).some((item) => item === true),
  'array.concat': (args) => [...arrayAt(args, 0), ...arrayAt(args, 1)],
  'array.slice': slice,
  'array.reverse': (args) => arrayAt(args, 0).toReversed(),
  'array.flatten': flatten,
  and: (args) => intersect(setAt(args, 0), setAt(args, 1)),
  or: (args) => RegoSet.of([...setAt(args, 0).members(), ...setAt(args, 1).members()]),
  set_diff: (args) =>
    RegoSet.of(
      setAt(args, 0)
        .members()
        .filter((member) => !setAt(args, 1).has(member)),
    ),
  intersection,
  union: (args) => RegoSet.of(setsIn(args).flatMap((set) => set.members())),
  'internal.member_2': isMember,
  'internal.member_3': isEntry,
};
