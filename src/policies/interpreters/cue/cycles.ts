/**
 * Structs that contain themselves without end. A conjunct that comes twice by the same reference to the same target is cyclic; a vertex of
 * which nothing else is said would repeat for ever (CUE specification, "Structural cycles").
 */
import type { Expr } from './ast.ts';
import type { Provenance, Vertex } from './vertex.ts';

export function noteCycle(vertex: Vertex, { isCyclic }: Provenance): void {
  if (isCyclic) vertex.hasCycle = true;
  else vertex.hasNonCycle = true;
}

/** Provenance of what the reference brings; undefined where it brings nothing that is not there already. */
export function followReference(
  vertex: Vertex,
  target: Vertex,
  { expr, from }: { readonly expr: Expr; readonly from: Provenance },
): Provenance | undefined {
  if (target.deref() === vertex.deref()) return undefined;
  let { isCyclic } = from;
  for (let at = from.path; at !== undefined; at = at.before) {
    if (at.reference !== expr || at.target !== target) continue;
    if (at.from === vertex) return undefined;
    isCyclic = true;
    break;
  }
  if (isCyclic) vertex.hasCycle = true;
  return { ...from, isCyclic, path: { reference: expr, target, from: vertex, before: from.path } };
}
