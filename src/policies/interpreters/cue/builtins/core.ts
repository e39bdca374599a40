/** Functions without a package. */
import { dataArcs, defaultOf } from '../equality.ts';
import type { Machine } from '../machine.ts';
import { intOf, KIND } from '../values.ts';
import type { Value } from '../values.ts';
import { NO_PROVENANCE, Vertex } from '../vertex.ts';
import { bigintAt, elementsAt } from './arguments.ts';
import { Builtin } from './builtin.ts';
import type { Result } from './builtin.ts';

const { any, bytes, int, list, string, struct } = KIND;

export const CORE: readonly Builtin[] = [
  new Builtin({ name: 'len', params: [struct | list | string | bytes], result: int, call: len }),
  new Builtin({ name: 'close', params: [struct], result: struct, call: close, takesOpen: true }),
  new Builtin({ name: 'and', params: [list], result: any, call: and, takesOpen: true }),
  new Builtin({ name: 'or', params: [list], result: any, call: or, takesOpen: true }),
  division('div', (a, b) => (a - euclideanRemainder(a, b)) / b),
  division('mod', euclideanRemainder),
  division('quo', (a, b) => a / b),
  division('rem', (a, b) => a % b),
];

function len([value]: readonly Value[]): Result {
  if (value?.kind === 'string') return intOf(Buffer.byteLength(value.value));
  if (value?.kind === 'bytes') return intOf(value.value.length);
  return intOf(value?.kind === 'vertex' ? dataArcs(defaultOf(value)).size : 0);
}

function close([value]: readonly Value[], machine: Machine): Result {
  if (value?.kind !== 'vertex') return { fault: 'expected a struct' };
  const closed = new Vertex(undefined, '', false);
  closed.conjuncts.push({ value, pos: -1, from: NO_PROVENANCE });
  machine.force(closed);
  closed.isClosed = true;
  return closed;
}

function and(args: readonly Value[]): Result {
  const all = new Vertex(undefined, '', false);
  for (const element of elementsAt(args, 0)) all.conjuncts.push({ value: element, pos: -1, from: NO_PROVENANCE });
  return all;
}

function or(args: readonly Value[], machine: Machine): Result {
  const elements = elementsAt(args, 0);
  const [only] = elements;
  if (only === undefined) {
    return machine.bottom(new Vertex(undefined, '', false), 'empty list in call to or', [], 'incomplete');
  }
  return elements.length === 1 ? only : { kind: 'any', values: elements, defaults: 0 };
}

function euclideanRemainder(a: bigint, b: bigint): bigint {
  const remainder = a % b;
  if (remainder >= 0n) return remainder;
  return b < 0n ? remainder - b : remainder + b;
}

function division(name: string, calculate: (a: bigint, b: bigint) => bigint): Builtin {
  return new Builtin({
    name,
    params: [int, int],
    result: int,
    call: (args) => {
      const divisor = bigintAt(args, 1);
      return divisor === 0n ? { fault: 'division by zero' } : intOf(calculate(bigintAt(args, 0), divisor));
    },
  });
}
