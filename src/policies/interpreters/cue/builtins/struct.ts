/** Package `struct`. */
import { dataArcs, defaultOf } from '../equality.ts';
import { boolOf, KIND } from '../values.ts';
import { Builtin } from './builtin.ts';
import type { Result } from './builtin.ts';
import { integerAt } from './arguments.ts';
import type { Machine } from '../machine.ts';
import type { Value } from '../values.ts';

const { bool, int, struct } = KIND;

export const STRUCT: readonly Builtin[] = [
  new Builtin({ name: 'struct.MinFields', params: [struct, int], result: bool, call: minFields }),
  new Builtin({ name: 'struct.MaxFields', params: [struct, int], result: bool, call: maxFields }),
];

/** Too few fields of a struct that may gain more are no failure yet. */
function minFields([value, minimum]: readonly Value[], machine: Machine): Result {
  if (value?.kind !== 'vertex') return boolOf(false);
  const vertex = defaultOf(value);
  const count = dataArcs(vertex).size;
  const wanted = integerAt([minimum ?? value], 0);
  if (count >= wanted) return boolOf(true);
  const open = [...vertex.arcs.values()].filter(({ presence }) => presence !== 'member').length;
  const isOpen = vertex.hasEllipsis || vertex.patterns.length > 0 || !(vertex.isClosedRecursively || vertex.isClosed);
  const message = `expected at least ${wanted} fields, found ${count}`;
  return machine.bottom(vertex, message, [], isOpen || count + open >= wanted ? 'incomplete' : 'eval');
}

function maxFields(args: readonly Value[]): Result {
  const [value] = args;
  return boolOf(value?.kind === 'vertex' && dataArcs(defaultOf(value)).size <= integerAt(args, 1));
}
