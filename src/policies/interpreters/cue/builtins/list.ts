/** Package `list`, without the functions that take a comparator or a pattern. */
import { add, compareDecimals, divide, multiply, toSafeInteger, ZERO } from '../decimal.ts';
import type { Decimal } from '../decimal.ts';
import { areEqualData, defaultOf } from '../equality.ts';
import type { Machine } from '../machine.ts';
import { findOpen } from '../operators.ts';
import { boolOf, compareStrings, KIND, numberOf, stringOf } from '../values.ts';
import type { Value } from '../values.ts';
import type { Vertex } from '../vertex.ts';
import { elementsAt, integerAt, textsOf, valuesOf } from './arguments.ts';
import { Builtin } from './builtin.ts';
import type { BuiltinSpec, Result } from './builtin.ts';

const { any, bool, int, list, number } = KIND;
/** Ceiling of a list that a function makes. */
const MAX_ELEMENTS = 100_000;

export const LIST: readonly Builtin[] = [
  of('MinItems', [list, int], bool, minItems),
  of('MaxItems', [list, int], bool, (args) => boolOf(elementsAt(args, 0).length <= integerAt(args, 1))),
  of('UniqueItems', [list], bool, uniqueItems),
  of('Contains', [list, any], bool, contains),
  of('Concat', [list], list, concat),
  of('Repeat', [list, int], list, repeat),
  of('Take', [list, int], list, (args, machine) => part(args, machine, (count) => [0, count])),
  of('Drop', [list, int], list, (args, machine) => part(args, machine, (count) => [count, undefined])),
  of('Slice', [list, int, int], list, slice),
  of('Reverse', [list], list, (args, machine) => machine.listOf(elementsAt(args, 0).toReversed())),
  of('FlattenN', [list, int], list, flatten),
  of('Range', [number, number, number], list, range),
  of(
    'Sum',
    [list],
    number,
    numeric((numbers) => numbers.reduce(add, ZERO)),
  ),
  of(
    'Product',
    [list],
    number,
    numeric((numbers) => numbers.reduce(multiply, { coefficient: 1n, exponent: 0 })),
  ),
  of('Avg', [list], number, numeric(average)),
  of(
    'Min',
    [list],
    number,
    numeric((numbers) => extreme(numbers, -1)),
  ),
  of(
    'Max',
    [list],
    number,
    numeric((numbers) => extreme(numbers, 1)),
  ),
  of('SortStrings', [list], list, sortStrings),
  of('IsSortedStrings', [list], bool, isSortedStrings),
];

function of(name: string, params: readonly number[], result: number, call: BuiltinSpec['call']): Builtin {
  return new Builtin({ name: `list.${name}`, params, result, call });
}

/** Too few elements of an open list are no failure yet. */
function minItems(args: readonly Value[], machine: Machine): Result {
  const [value] = args;
  const count = elementsAt(args, 0).length;
  const minimum = integerAt(args, 1);
  if (count >= minimum || value?.kind !== 'vertex') return boolOf(count >= minimum);
  const vertex = defaultOf(value);
  const isOpen = vertex.shapes.every(({ rest }) => rest !== undefined);
  const message = `expected at least ${minimum} elements, found ${count}`;
  return machine.bottom(vertex, message, [], isOpen ? 'incomplete' : 'eval');
}

function uniqueItems(args: readonly Value[], machine: Machine): Result {
  const elements = elementsAt(args, 0);
  for (const [index, element] of elements.entries()) {
    for (const other of elements.slice(0, index)) {
      machine.step();
      if (!areEqualData(element, other)) continue;
      const isKnown = findOpen(machine, element) === undefined;
      return machine.bottom(element, 'two elements are equal', [], isKnown ? 'eval' : 'incomplete');
    }
  }
  return boolOf(true);
}

function contains(args: readonly Value[], machine: Machine): Result {
  const wanted = args[1];
  if (wanted?.kind === 'vertex') machine.finish(wanted);
  return boolOf(wanted !== undefined && elementsAt(args, 0).some((element) => areEqualData(element, wanted)));
}

function concat(args: readonly Value[], machine: Machine): Result {
  const all: Vertex[] = [];
  for (const value of valuesOf(machine, elementsAt(args, 0))) {
    if (value.kind === 'bottom') return value;
    if (value.kind !== 'vertex' || value.deref().base?.kind !== 'list') return { fault: 'expected a list of lists' };
    all.push(...elementsAt([value], 0));
  }
  return bounded(all, machine);
}

function bounded(elements: readonly Vertex[], machine: Machine): Result {
  return elements.length > MAX_ELEMENTS
    ? { fault: `expected at most ${MAX_ELEMENTS} elements` }
    : machine.listOf(elements);
}

function repeat(args: readonly Value[], machine: Machine): Result {
  const elements = elementsAt(args, 0);
  const count = integerAt(args, 1);
  if (count < 0) return { fault: 'negative count' };
  if (elements.length * count > MAX_ELEMENTS) return { fault: `expected at most ${MAX_ELEMENTS} elements` };
  return machine.listOf(Array.from({ length: count }, () => elements).flat());
}

function part(
  args: readonly Value[],
  machine: Machine,
  bounds: (count: number) => readonly [number, number | undefined],
): Result {
  const count = integerAt(args, 1);
  if (count < 0) return { fault: 'negative index' };
  const [from, to] = bounds(count);
  return machine.listOf(elementsAt(args, 0).slice(from, to));
}

function slice(args: readonly Value[], machine: Machine): Result {
  const elements = elementsAt(args, 0);
  const [from, to] = [integerAt(args, 1), integerAt(args, 2)];
  if (from < 0 || from > to || to > elements.length) return { fault: 'invalid slice bounds' };
  return machine.listOf(elements.slice(from, to));
}

function flatten(args: readonly Value[], machine: Machine): Result {
  const visit = (elements: readonly Vertex[], depth: number): Vertex[] =>
    elements.flatMap((element) => {
      const isList = element.deref().base?.kind === 'list';
      return isList && depth !== 0 ? visit(elementsAt([element], 0), depth - 1) : [element];
    });
  return bounded(visit(elementsAt(args, 0), integerAt(args, 1)), machine);
}

function range(args: readonly Value[], machine: Machine): Result {
  const [start, limit, step] = args;
  if (start?.kind !== 'number' || limit?.kind !== 'number' || step?.kind !== 'number')
    return { fault: 'expected numbers' };
  if (step.value.coefficient === 0n) return { fault: 'step must be non zero' };
  const isDown = step.value.coefficient < 0n;
  const numbers: Value[] = [];
  const isFloat = start.isFloat || step.isFloat;
  for (let at: Decimal = start.value; ; at = add(at, step.value)) {
    const order = compareDecimals(at, limit.value);
    if (isDown ? order <= 0 : order >= 0) break;
    if (numbers.length >= MAX_ELEMENTS) return { fault: `expected at most ${MAX_ELEMENTS} elements` };
    numbers.push(numberOf(at, isFloat));
  }
  return machine.listOf(numbers);
}

function numeric(calculate: (numbers: readonly Decimal[]) => Decimal | undefined): BuiltinSpec['call'] {
  return (args, machine) => {
    const numbers: Decimal[] = [];
    for (const value of valuesOf(machine, elementsAt(args, 0))) {
      if (value.kind === 'bottom') return value;
      if (value.kind !== 'number') return { fault: 'expected a list of numbers' };
      numbers.push(value.value);
    }
    const result = calculate(numbers);
    if (result === undefined) return { fault: 'empty list' };
    return numberOf(result, result.exponent < 0 || toSafeInteger(result) === undefined);
  };
}

function average(numbers: readonly Decimal[]): Decimal | undefined {
  if (numbers.length === 0) return undefined;
  return divide(numbers.reduce(add, ZERO), { coefficient: BigInt(numbers.length), exponent: 0 });
}

function extreme(numbers: readonly Decimal[], sign: number): Decimal | undefined {
  let found: Decimal | undefined;
  for (const one of numbers) {
    if (found === undefined || compareDecimals(one, found) * sign > 0) found = one;
  }
  return found;
}

function sortStrings(args: readonly Value[], machine: Machine): Result {
  const texts = textsOf(machine, elementsAt(args, 0));
  return Array.isArray(texts) ? machine.listOf(texts.toSorted(compareStrings).map(stringOf)) : texts;
}

function isSortedStrings(args: readonly Value[], machine: Machine): Result {
  const texts = textsOf(machine, elementsAt(args, 0));
  if (!Array.isArray(texts)) return texts;
  return boolOf(texts.every((text, index) => index === 0 || compareStrings(texts[index - 1] ?? '', text) <= 0));
}
