/** Arguments of functions as plain values; their kinds were checked before. */
import { floor, toSafeInteger } from '../decimal.ts';
import { dataArcs, defaultOf } from '../equality.ts';
import { settled } from '../expressions.ts';
import type { Machine } from '../machine.ts';
import { isScalar } from '../values.ts';
import type { Value } from '../values.ts';
import { Vertex } from '../vertex.ts';

/** Text of a string, characters of bytes. */
export function textAt(args: readonly Value[], index: number): string {
  const value = args[index];
  return value?.kind === 'string' || value?.kind === 'bytes' ? value.value : '';
}

/** A whole number that a count or an index can be. */
export function integerAt(args: readonly Value[], index: number): number {
  const value = args[index];
  if (value?.kind !== 'number') return 0;
  return toSafeInteger(value.value) ?? (value.value.coefficient < 0n ? -Infinity : Infinity);
}

export function bigintAt(args: readonly Value[], index: number): bigint {
  const value = args[index];
  return value?.kind === 'number' ? floor(value.value) : 0n;
}

export function elementsAt(args: readonly Value[], index: number): Vertex[] {
  const value = args[index];
  return value?.kind === 'vertex' ? [...dataArcs(defaultOf(value)).values()] : [];
}

/** The elements' own values, undefined where one is not known. */
export function valuesOf(machine: Machine, elements: readonly Vertex[]): Value[] {
  return elements.map((element) => settled(machine, element, element));
}

/** Texts of a list of strings, or what is wrong with one of them. */
export function textsOf(machine: Machine, elements: readonly Vertex[]): string[] | Value | { readonly fault: string } {
  const texts: string[] = [];
  for (const value of valuesOf(machine, elements)) {
    if (value.kind === 'bottom') return value;
    if (value.kind === 'string') texts.push(value.value);
    else if (isScalar(value) || value.kind === 'vertex') return { fault: 'expected a list of strings' };
    else return machine.mistyped(elements[0] ?? emptyVertex(), { value, kinds: ['string'], pos: -1 });
  }
  return texts;
}

function emptyVertex(): Vertex {
  return new Vertex(undefined, '', false);
}
