/** Which names of fields a pattern constraint is about. */
import type { Machine } from './machine.ts';
import { satisfies } from './operators.ts';
import { isScalar, KIND, stringOf } from './values.ts';
import type { Value } from './values.ts';
import type { Vertex } from './vertex.ts';

/** Whether the name is one of those that the value of a pattern stands for. */
export function matchesPattern(machine: Machine, names: Value, name: string): boolean {
  if (names.kind === 'vertex') return matchesVertex(machine, names.deref(), name);
  if (isScalar(names)) return names.kind === 'string' && names.value === name;
  switch (names.kind) {
    case 'type':
      return (names.kinds & KIND.string) !== 0;
    case 'bound':
    case 'validator':
      return satisfies(machine, names, stringOf(name));
    case 'all':
      return names.values.every((part) => matchesPattern(machine, part, name));
    case 'any':
      return names.values.some((part) => matchesPattern(machine, part, name));
    case 'bottom':
    case 'function':
      return false;
  }
}

function matchesVertex(machine: Machine, { base, kinds, lower, upper, checks }: Vertex, name: string): boolean {
  if (base === undefined || base.kind === 'struct' || base.kind === 'list') return false;
  if (isScalar(base) || base.kind === 'any') return matchesPattern(machine, base, name);
  if ((kinds & KIND.string) === 0) return false;
  const all = [lower, upper, ...checks].filter((check) => check !== undefined);
  return all.every((check) => satisfies(machine, check, stringOf(name)));
}
