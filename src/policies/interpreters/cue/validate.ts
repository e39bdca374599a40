/** What is wrong with an evaluated value, as CUE's `Validate` sees it without further options: what is incomplete passes. */
import { isIncomplete } from './values.ts';
import type { Bottom } from './values.ts';
import type { Vertex } from './vertex.ts';

/** Ceiling of the errors that are listed. */
const MAX_ERRORS = 100;

export function listErrors(root: Vertex): Bottom[] {
  const found = new Set<Bottom>();
  visit(root, found);
  return [...found];
}

function visit(given: Vertex, found: Set<Bottom>): void {
  if (found.size >= MAX_ERRORS) return;
  const vertex = given.deref();
  for (const error of vertex.errors) if (!isIncomplete(error)) found.add(error);
  if (vertex.base?.kind === 'any') return;
  for (const arc of vertex.arcs.values()) if (arc.presence === 'member') visit(arc, found);
}
