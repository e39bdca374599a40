/**
 * Which fields closed structs allow. Each reference to a definition, each struct literal with embeddings and each embedding forms a group of
 * conjuncts; a reference to a definition requires that every field is said by some conjunct of its group. Embeddings loosen: what they
 * embed need not know the fields that stand beside them. The rules are those of CUE v0.16 without `explicitopen`.
 */
import type { Expr, Label } from './ast.ts';
import { isRegular } from './ast.ts';
import type { Evidence, Group, Provenance, Requirement, Vertex } from './vertex.ts';

/** Notes that a conjunct of this provenance says something of the vertex. */
export function addEvidence(
  vertex: Vertex,
  { group, embedding }: Provenance,
  flags: Partial<Pick<Evidence, 'hasTop' | 'hasStruct' | 'hasEllipsis' | 'isOpen'>> = {},
): void {
  let evidence = vertex.evidence.find((known) => known.group === group);
  if (evidence === undefined) {
    evidence = { group, embedding, hasTop: false, hasStruct: false, hasEllipsis: false, isOpen: false };
    vertex.evidence.push(evidence);
  }
  Object.assign(evidence, flags);
}

/** Group of the conjuncts that a reference brings; it must be closed where the reference is to a definition or a closed struct. */
export function enterReference(vertex: Vertex, target: Vertex, from: Provenance, isClosing: boolean): Provenance {
  if (from.isFromDefinition && from.isEmbedded && isClosing) activateOuter(vertex, target, from.outer);
  let isIgnored: boolean;
  if (!isClosing) isIgnored = true;
  else if (from.embedding !== undefined || from.outer === undefined) {
    isIgnored = !(from.isFromDefinition || target.isClosed || target.isClosedRecursively);
  } else isIgnored = from.isEmbedded;
  const group: Group = { within: from.group };
  vertex.requirements.push({
    group,
    kind: 'reference',
    outer: from.outer,
    embedding: from.embedding,
    isIgnored,
    isRecursive: target.isClosedRecursively,
    isShallow: target.isClosed,
  });
  return { ...from, group };
}

function activateOuter(vertex: Vertex, target: Vertex, outer: Group | undefined): void {
  let wanted = outer;
  for (const requirement of vertex.requirements.toReversed()) {
    if (wanted === undefined || requirement.group !== wanted) continue;
    requirement.isIgnored = false;
    if (target.isClosedRecursively) requirement.isRecursive = true;
    wanted = requirement.outer;
  }
}

/** Group of what stands in an embedding. A sum, a comparison and the like make no group of their own. */
export function enterEmbedding(vertex: Vertex, from: Provenance, expr: Expr | undefined): Provenance {
  const embedded = { ...from, isEmbedded: true };
  if (expr?.kind === 'binary' && expr.op !== '&') return embedded;
  const group = addRequirement(vertex, embedded, 'embedding', undefined);
  return { ...embedded, group, embedding: group };
}

/** Group of a struct literal that has embeddings, so that what refers to it finds it closed when they are. */
export function enterStruct(vertex: Vertex, from: Provenance): Provenance {
  if (from.outer !== undefined || from.isEmbedded) return from;
  const group = addRequirement(vertex, from, 'struct', from.embedding);
  return { ...from, group, outer: group };
}

function addRequirement(
  vertex: Vertex,
  from: Provenance,
  kind: 'struct' | 'embedding',
  embedding: Group | undefined,
): Group {
  const group: Group = { within: from.group };
  vertex.requirements.push({
    group,
    kind,
    outer: from.group,
    embedding: kind === 'embedding' ? group : embedding,
    isIgnored: true,
    isRecursive: from.isFromDefinition,
    isShallow: false,
  });
  return group;
}

/** Provenance of what stands in a field of a struct. */
export function enterField(from: Provenance): Provenance {
  return from.isEmbedded ? { ...from, isEmbedded: false } : from;
}

/** A requirement as it holds for the fields of one vertex. */
interface Active {
  readonly group: Group;
  readonly kind: Requirement['kind'];
  readonly outer: Group | undefined;
  readonly embedding: Group | undefined;
  /** It holds on one level. */
  isOnce: boolean;
  isIgnored: boolean;
  isRemoved: boolean;
}

const cache = new WeakMap<Vertex, readonly Active[]>();

/** The fields that some closed struct does not allow. The conjuncts of the fields must be known. */
export function findForbidden(vertex: Vertex): Label[] {
  const required = activeRequirements(vertex).map((active) => ({ ...active }));
  if (required.every(({ isIgnored }) => isIgnored)) return [];
  for (const active of required) {
    if (ellipsisOf(active, vertex.evidence) !== undefined) active.isRemoved = true;
  }
  const forbidden: Label[] = [];
  for (const [label, arc] of vertex.arcs) {
    const isChecked = isRegular(label) || label.startsWith('[');
    if (!isChecked || arc.presence === 'optional') continue;
    const { evidence, errors } = arc.deref();
    if (errors.length > 0) continue;
    const allows = (active: Active) => active.isIgnored || active.isRemoved || hasEvidence(required, active, evidence);
    if (!required.every(allows)) forbidden.push(label);
  }
  return forbidden;
}

function activeRequirements(vertex: Vertex): readonly Active[] {
  const known = cache.get(vertex);
  if (known !== undefined) return known;
  const inherited = vertex.parent === undefined || !vertex.isRooted ? [] : activeRequirements(vertex.parent);
  const active: Active[] = inherited.map((one) => (one.isOnce ? { ...one, isIgnored: true } : { ...one }));
  for (const requirement of vertex.requirements) addActive(active, requirement, inherited.length);
  const isChecked = isRegular(vertex.label) || vertex.label.startsWith('[') || vertex.label === '';
  const own = isChecked
    ? active
    : active.filter(({ group }) => vertex.evidence.some((one) => contains(group, one.group)));
  const result = own.filter((one) => isStillRequired(vertex, one));
  if (vertex.isComplete) cache.set(vertex, result);
  return result;
}

function addActive(active: Active[], requirement: Requirement, inherited: number): void {
  const { group, kind, outer, embedding, isIgnored, isRecursive, isShallow } = requirement;
  if (isIgnored && kind === 'reference') return;
  const isOnce = kind !== 'embedding' && (isShallow || (!isIgnored && !isRecursive));
  active.push({ group, kind, outer, embedding, isOnce, isIgnored, isRemoved: false });
  if (isIgnored) return;
  let wanted = outer;
  for (const known of active.slice(0, inherited).reverse()) {
    if (wanted === undefined || known.group !== wanted) continue;
    known.isOnce = known.isIgnored ? !isRecursive : known.isOnce && !isRecursive;
    known.isIgnored = false;
    wanted = known.outer;
  }
}

/** Whether anything of the group closes this vertex: `_` and open validators open it, and so does `...` of the parent alone. */
function isStillRequired(vertex: Vertex, active: Active): boolean {
  let hasAny = false;
  let hasTop = false;
  let hasStruct = false;
  let isOpen = false;
  for (const one of vertex.evidence) {
    if (!contains(active.group, one.group)) continue;
    hasAny = true;
    hasTop ||= one.hasTop;
    hasStruct ||= one.hasStruct;
    isOpen ||= one.isOpen;
  }
  if ((hasTop && !hasStruct) || isOpen) return false;
  if (hasAny && active.kind !== 'struct') return true;
  const ellipsis = ellipsisOf(active, vertex.parent?.deref().evidence ?? []);
  if (ellipsis === undefined) return true;
  if (!hasAny) active.isRemoved = true;
  else if (!vertex.evidence.some((one) => contains(ellipsis.group, one.group))) active.isRemoved = true;
  return true;
}

function ellipsisOf({ group }: Active, evidence: readonly Evidence[]): Evidence | undefined {
  return evidence.find((one) => one.hasEllipsis && contains(group, one.group));
}

function hasEvidence(all: readonly Active[], active: Active, evidence: readonly Evidence[]): boolean {
  if (evidence.some((one) => contains(active.group, one.group))) return true;
  const embedding = lookUp(all, active.embedding);
  if (embedding === undefined) return false;
  const outer = lookUp(all, active.outer);
  return evidence.some((one) => {
    if (contains(embedding.group, one.embedding)) return false;
    if (outer === undefined || outer.isRemoved) return true;
    // What stands in the outer struct beside the embedding was added to it.
    return contains(outer.group, one.group);
  });
}

function lookUp(all: readonly Active[], group: Group | undefined): Active | undefined {
  return group === undefined ? undefined : all.find((one) => one.group === group);
}

function contains(group: Group | undefined, inner: Group | undefined): boolean {
  for (let at = inner; at !== undefined; at = at.within) {
    if (at === group) return true;
  }
  return false;
}
