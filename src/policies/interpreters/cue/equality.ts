/** Equality of evaluated values, as `==` and the elimination of equal alternatives see it. */
import { isRegular } from './ast.ts';
import { areEqualScalars, isScalar, kindsOf } from './values.ts';
import type { Value } from './values.ts';
import type { Vertex } from './vertex.ts';

/** Same values throughout, known or open; constraints on fields that may come do not count. */
export function areEqualVertices(a: Vertex, b: Vertex): boolean {
  const left = a.deref();
  const right = b.deref();
  if (left === right) return true;
  if (left.base === undefined || right.base === undefined) return false;
  if (!areEqualBases(left.base, right.base)) return false;
  if (isOpenList(left) !== isOpenList(right)) return false;
  if (left.isClosedRecursively !== right.isClosedRecursively || left.isClosed !== right.isClosed) return false;
  if (left.arcs.size !== right.arcs.size || left.errors.length !== right.errors.length) return false;
  return [...left.arcs].every(([label, arc]) => {
    const other = right.arcs.get(label);
    if (other === undefined || other.presence !== arc.presence) return false;
    return arc.presence === 'optional' ? areSameConjuncts(arc, other) : areEqualVertices(arc, other);
  });
}

function areSameConjuncts(a: Vertex, b: Vertex): boolean {
  return (
    a.conjuncts.length === b.conjuncts.length &&
    a.conjuncts.every((conjunct, index) => {
      const other = b.conjuncts[index];
      return other !== undefined && 'expr' in conjunct && 'expr' in other && conjunct.expr === other.expr;
    })
  );
}

function isOpenList({ shapes }: Vertex): boolean {
  return shapes.length > 0 && shapes.every(({ rest }) => rest !== undefined);
}

function areEqualBases(a: NonNullable<Vertex['base']>, b: NonNullable<Vertex['base']>): boolean {
  if (a.kind === 'struct' || a.kind === 'list' || b.kind === 'struct' || b.kind === 'list') return a.kind === b.kind;
  return areEqualValues(a, b);
}

function areEqualValues(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a.kind === 'vertex' || b.kind === 'vertex') {
    return a.kind === 'vertex' && b.kind === 'vertex' && areEqualVertices(a, b);
  }
  if (isScalar(a) || isScalar(b)) {
    return isScalar(a) && isScalar(b) && kindsOf(a) === kindsOf(b) && areEqualScalars(a, b);
  }
  if (a.kind === 'type') return b.kind === 'type' && a.kinds === b.kinds;
  if (a.kind === 'bound') return b.kind === 'bound' && a.op === b.op && areEqualValues(a.operand, b.operand);
  // Two calls make two validators, whatever their arguments.
  if (a.kind === 'all') return b.kind === 'all' && areEqualLists(a.values, b.values);
  if (a.kind === 'any') return b.kind === 'any' && a.defaults === b.defaults && areEqualLists(a.values, b.values);
  return false;
}

function areEqualLists(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((value, index) => areEqualValues(value, b[index] ?? value));
}

/** Equality of data: regular fields and elements; an int in them is no float. Both are finished. */
export function areEqualData(a: Value, b: Value): boolean {
  const left = dataOf(a);
  const right = dataOf(b);
  if (left.kind !== 'vertex' || right.kind !== 'vertex') {
    return left.kind !== 'vertex' && right.kind !== 'vertex' && areEqualValues(left, right);
  }
  if (left.base?.kind !== right.base?.kind) return false;
  const [fields, others] = [dataArcs(left), dataArcs(right)];
  return (
    fields.size === others.size &&
    [...fields].every(([label, arc]) => {
      const other = others.get(label);
      return other !== undefined && areEqualData(arc, other);
    })
  );
}

/** The value, or the vertex of a struct or a list. */
function dataOf(value: Value): Value {
  if (value.kind !== 'vertex') return value;
  const vertex = defaultOf(value);
  const { base } = vertex;
  return base === undefined || base.kind === 'struct' || base.kind === 'list' ? vertex : base;
}

/** The one default of a vertex, itself where there is none. */
export function defaultOf(vertex: Vertex): Vertex {
  const { base } = vertex.deref();
  if (base?.kind !== 'any' || base.defaults !== 1) return vertex.deref();
  return defaultOf(base.values[0] ?? vertex);
}

/** Regular fields that are there, or elements. */
export function dataArcs(vertex: Vertex): Map<string, Vertex> {
  return new Map(
    [...vertex.deref().arcs].filter(
      ([label, arc]) => arc.presence === 'member' && (isRegular(label) || label.startsWith('[')),
    ),
  );
}
