/** Unifies a vertex with a value: kinds shrink, equal scalars stay, bounds tighten, whatever cannot be decided yet is kept as a check. */
import type { Provenance, Vertex } from './vertex.ts';
import { combineBounds, isLower, isUpper } from './bounds.ts';
import { addEvidence } from './closedness.ts';
import { noteCycle } from './cycles.ts';
import type { Machine } from './machine.ts';
import { importVertex } from './schedule.ts';
import { areEqualScalars, formatKinds, formatScalar, KIND, kindsOf } from './values.ts';
import type { Bound, Conjunction, Scalar, TypeValue, Validator, Value } from './values.ts';
import { DEFAULT_MODE } from './vertex.ts';
import { formatValue } from './format.ts';

interface Inserted {
  readonly value: Value;
  readonly pos: number;
  readonly from: Provenance;
}

export function insertValue(machine: Machine, vertex: Vertex, inserted: Inserted): void {
  const { value, pos, from } = inserted;
  if (value.kind === 'vertex') {
    insertVertex(machine, vertex, value, from);
    return;
  }
  // Alternatives are done when one is chosen.
  if (value.kind !== 'any') vertex.deeds.push({ kind: 'value', ...inserted });
  if (value.kind === 'bottom') {
    machine.addError(vertex, value.path === '' ? machine.bottom(vertex, value.message, [pos], value.code) : value);
  } else if (value.kind === 'any') {
    addEvidence(vertex, from);
    vertex.disjunctions.push({
      pos,
      choices: value.values.map((choice, index) => ({
        conjunct: { value: choice, pos, from },
        mode: modeOf(value.defaults, index),
      })),
    });
  } else insertConstant(machine, vertex, value, inserted);
}

function modeOf(defaults: number, index: number) {
  if (defaults === 0) return DEFAULT_MODE.maybe;
  return index < defaults ? DEFAULT_MODE.is : DEFAULT_MODE.not;
}

function insertVertex(machine: Machine, vertex: Vertex, value: Vertex, from: Provenance): void {
  if (value.isClosed) vertex.isClosed = true;
  importVertex(machine, vertex, value, { expr: undefined, from });
}

function insertConstant(
  machine: Machine,
  vertex: Vertex,
  value: Exclude<Value, { kind: 'vertex' | 'bottom' | 'any' }>,
  { pos, from }: Inserted,
): void {
  if (value.kind === 'function') {
    const validator = value.builtin.asValidator();
    if (validator === undefined)
      machine.fail(vertex, `expected a value, found the function ${value.builtin.name}`, [pos]);
    else insertConstant(machine, vertex, validator, { value: validator, pos, from });
    return;
  }
  noteCycle(vertex, from);
  if (!restrictKinds(machine, vertex, { kinds: kindsOf(value), pos, what: formatValue(value), from })) return;
  if (value.kind === 'all') {
    for (const part of value.values) insertConstant(machine, vertex, part, { value: part, pos, from });
  } else if (value.kind === 'type') insertType(vertex, value, from);
  else if (value.kind === 'bound') insertBound(machine, vertex, value, { value, pos, from });
  else if (value.kind === 'validator') insertValidator(vertex, value, from);
  else insertScalar(machine, vertex, value, pos);
}

function insertType(vertex: Vertex, { kinds }: TypeValue, from: Provenance): void {
  if (kinds === KIND.any) vertex.hasTop = true;
  addEvidence(vertex, from, { hasTop: true });
}

function insertScalar(machine: Machine, vertex: Vertex, value: Scalar, pos: number): void {
  if (vertex.scalar === undefined) {
    vertex.scalar = value;
    vertex.scalarPosition = pos;
  } else if (!areEqualScalars(vertex.scalar, value)) {
    const found = `conflicting values ${formatScalar(vertex.scalar)} and ${formatScalar(value)}`;
    machine.fail(vertex, found, [vertex.scalarPosition, pos]);
  }
}

function insertBound(machine: Machine, vertex: Vertex, bound: Bound, inserted: Inserted): void {
  if (isUpper(bound.op) || isLower(bound.op)) {
    const side = isUpper(bound.op) ? 'upper' : 'lower';
    const known = vertex[side];
    const combined = known === undefined ? bound : combineBounds(vertex.kinds, bound, known);
    if (combined === 'both') vertex.checks.push(bound);
    else if ('kind' in combined) vertex[side] = combined;
    if (vertex.lower === undefined || vertex.upper === undefined) return;
    const range = combineBounds(vertex.kinds, vertex.lower, vertex.upper);
    if (range !== 'both' && 'contradiction' in range) {
      const found = `incompatible bounds ${formatValue(vertex.lower)} and ${formatValue(vertex.upper)}`;
      machine.fail(vertex, found, [inserted.pos]);
    }
    return;
  }
  if (bound.op === '!=' || bound.op === '==') addEvidence(vertex, inserted.from, { isOpen: true, hasTop: true });
  let isKnown = false;
  vertex.checks = vertex.checks.filter((check) => {
    if (check.kind !== 'bound') return true;
    const combined = combineBounds(vertex.kinds, bound, check);
    if (combined === check) isKnown = true;
    return combined !== bound || isKnown;
  });
  if (!isKnown) vertex.checks.push(bound);
}

function insertValidator(vertex: Vertex, validator: Validator, from: Provenance): void {
  const kinds = kindsOf(validator);
  if ((kinds & (KIND.list | KIND.struct)) !== 0) {
    addEvidence(vertex, from, { hasTop: true, ...(validator.builtin.isOpen ? { isOpen: true } : {}) });
  }
  if (kinds === KIND.any) vertex.hasTop = true;
  vertex.checks.push(validator);
}

/** Leaves the vertex the kinds that both allow; false where none is left, which is an error. */
export function restrictKinds(
  machine: Machine,
  vertex: Vertex,
  { kinds, pos, what, from }: { kinds: number; pos: number; what: string; from: Provenance },
): boolean {
  addEvidence(vertex, from);
  const left = vertex.kinds & kinds;
  if (left !== 0) {
    if (left !== vertex.kinds || vertex.kindsPosition < 0) vertex.kindsPosition = pos;
    vertex.kinds = left;
    return true;
  }
  if (vertex.kinds === 0) return false;
  const known = vertex.scalar === undefined ? formatKinds(vertex.kinds) : formatScalar(vertex.scalar);
  const types = `mismatched types ${formatKinds(vertex.kinds)} and ${formatKinds(kinds)}`;
  machine.fail(vertex, `conflicting values ${known} and ${what} (${types})`, [vertex.kindsPosition, pos]);
  vertex.kinds = 0;
  return false;
}

/** The value of a vertex that no scalar, struct or list has decided. */
export function describeOpen(vertex: Vertex): TypeValue | Bound | Validator | Conjunction {
  const parts: (TypeValue | Bound | Validator)[] = [];
  for (const bound of [vertex.lower, vertex.upper]) if (bound !== undefined) parts.push(bound);
  parts.push(...vertex.checks);
  const implied = parts.reduce((kinds, part) => kinds & kindsOf(part), KIND.any as number);
  if (parts.length === 0 || implied !== (implied & vertex.kinds)) parts.unshift({ kind: 'type', kinds: vertex.kinds });
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind: 'all', values: parts };
}
