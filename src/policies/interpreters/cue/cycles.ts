/**
 * Structs that contain themselves without end. A conjunct that comes twice by the same reference to the same target is cyclic; a vertex of
 * which nothing else is said would repeat for ever (CUE specification, "Structural cycles").
 */
import type { Expr } from './ast.ts';
import type { Machine } from './machine.ts';
import type { Provenance, Vertex } from './vertex.ts';

export function noteCycle(vertex: Vertex, { isCyclic }: Provenance): void {
  if (isCyclic) vertex.hasCycle = true;
  else vertex.hasNonCycle = true;
}

/** Provenance of what the reference brings; undefined where it brings nothing that is not there already. */
export function followReference(
  machine: Machine,
  vertex: Vertex,
  { target, expr, from }: { readonly target: Vertex; readonly expr: Expr; readonly from: Provenance },
): Provenance | undefined {
  if (target.deref() === vertex.deref()) return undefined;
  let isCyclic = from.isCyclic || isAncestor(target, vertex);
  for (let at = from.path; at !== undefined; at = at.before) {
    machine.step();
    if (at.reference !== expr) continue;
    if (at.target === target && at.from === vertex) return undefined;
    // What an expression made in passing is made anew each time, so that its target is never the same.
    const isAnew = expr.kind !== 'identifier' && isPassing(at.target) && isPassing(target);
    if (at.target !== target && !isAnew) continue;
    isCyclic = true;
    break;
  }
  if (isCyclic) vertex.hasCycle = true;
  return { ...from, isCyclic, path: { reference: expr, target, from: vertex, before: from.path } };
}

function isPassing(vertex: Vertex): boolean {
  let at = vertex;
  while (at.isRooted && at.parent !== undefined) at = at.parent;
  return at.parent !== undefined;
}

function isAncestor(target: Vertex, vertex: Vertex): boolean {
  const wanted = target.deref();
  for (
    let at = vertex.isRooted ? vertex.parent : undefined;
    at !== undefined;
    at = at.isRooted ? at.parent : undefined
  ) {
    if (at.deref() === wanted) return true;
  }
  return false;
}
