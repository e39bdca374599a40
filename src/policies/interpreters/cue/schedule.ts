/**
 * Takes what is said of a vertex apart: literals are entered at once, references bring the conjuncts of their target, all that needs
 * other values becomes a task.
 */
import { elementLabel, isRegular } from './ast.ts';
import type { Declaration, Expr, Field, Label, Presence, StructLiteral } from './ast.ts';
import { addEvidence, enterEmbedding, enterField, enterReference, enterStruct } from './closedness.ts';
import { noteCycle } from './cycles.ts';
import { formatValue } from './format.ts';
import { insertValue, restrictKinds } from './insert.ts';
import type { Machine } from './machine.ts';
import { matchesPattern } from './patterns.ts';
import { KIND } from './values.ts';
import { DEFAULT_MODE, makeEnv, NO_PROVENANCE, Vertex } from './vertex.ts';
import type { Conjunct, Env, ListShape, Pattern, Provenance } from './vertex.ts';

/** Says something of a vertex, and of those that have taken over what is said of it. */
function addConjunct(machine: Machine, vertex: Vertex, conjunct: Conjunct): void {
  machine.step();
  vertex.conjuncts.push(conjunct);
  if (vertex.phase === 'new') return;
  if (vertex.isComplete) throw machine.tooLate(vertex);
  schedule(machine, vertex, conjunct);
  for (const { vertex: receiver, from } of vertex.receivers) {
    if (receiver.isComplete) throw machine.tooLate(receiver);
    schedule(machine, receiver, rooted(conjunct, from));
  }
}

/** The same conjunct, come by another way. */
function rooted(conjunct: Conjunct, from: Provenance): Conjunct {
  return { ...conjunct, from };
}

export function schedule(machine: Machine, vertex: Vertex, conjunct: Conjunct): void {
  if ('value' in conjunct) insertValue(machine, vertex, conjunct);
  else if (conjunct.env !== undefined) scheduleExpr(machine, vertex, conjunct.expr, conjunct.env, conjunct.from);
}

function scheduleExpr(machine: Machine, vertex: Vertex, expr: Expr, env: Env, from: Provenance): void {
  if (from.isFromDefinition) vertex.isClosedRecursively = true;
  switch (expr.kind) {
    case 'constant':
      insertValue(machine, vertex, { value: expr.value, pos: expr.pos, from });
      return;
    case 'struct':
      scheduleStruct(machine, vertex, expr, env, from);
      return;
    case 'list':
      noteCycle(vertex, from);
      restrictKinds(machine, vertex, { kinds: KIND.list, pos: expr.pos, what: 'list', from });
      vertex.tasks.push({ kind: 'list', list: expr, env, from });
      return;
    case 'disjunction':
      vertex.disjunctions.push({
        pos: expr.pos,
        choices: expr.choices.map(({ value, isMarked }) => ({
          conjunct: { expr: value, env, from },
          mode: modeOf(isMarked, expr.choices),
        })),
      });
      addEvidence(vertex, from);
      return;
    case 'alias':
      scheduleExpr(machine, vertex, expr.value, scopeOf(env, `=${expr.name}`, vertex), from);
      return;
    case 'binary':
      if (expr.op !== '&') vertex.tasks.push({ kind: 'expression', expr, env, from });
      else {
        scheduleExpr(machine, vertex, expr.left, env, from);
        scheduleExpr(machine, vertex, expr.right, env, from);
      }
      return;
    case 'identifier':
    case 'select':
      scheduleName(machine, vertex, expr, env, from);
      return;
    case 'index':
      vertex.tasks.push({ kind: 'reference', expr, env, from });
      return;
    case 'slice':
    case 'interpolation':
    case 'unary':
    case 'bound':
    case 'call':
      vertex.tasks.push({ kind: 'expression', expr, env, from });
  }
}

function modeOf(isMarked: boolean, choices: readonly { readonly isMarked: boolean }[]) {
  if (isMarked) return DEFAULT_MODE.is;
  return choices.some((choice) => choice.isMarked) ? DEFAULT_MODE.not : DEFAULT_MODE.maybe;
}

function scheduleName(
  machine: Machine,
  vertex: Vertex,
  expr: Expr & { kind: 'identifier' | 'select' },
  env: Env,
  from: Provenance,
): void {
  const { target, pos } = expr;
  if (expr.kind === 'identifier' && expr.target?.kind === 'constant') {
    insertValue(machine, vertex, { value: expr.target.value, pos, from });
  } else if (target === undefined || target.kind === 'field' || target.kind === 'let') {
    vertex.tasks.push({ kind: 'reference', expr, env, from });
  } else vertex.tasks.push({ kind: 'expression', expr, env, from });
}

/** A scope that holds one name more. */
export function scopeOf(up: Env, label: Label, vertex: Vertex): Env {
  const scope = new Vertex(undefined, '', false);
  scope.phase = 'final';
  scope.arcs.set(label, vertex);
  return makeEnv(up, scope);
}

/** Fields first, so that embeddings find them. Fields get a scope that ends in this vertex: that is how references are bound late. */
function scheduleStruct(machine: Machine, vertex: Vertex, struct: StructLiteral, up: Env, from: Provenance): void {
  noteCycle(vertex, from);
  addEvidence(vertex, from, { hasStruct: true });
  const env = makeEnv(up, vertex);
  const hasEmbedding = struct.declarations.some(({ kind }) => kind === 'embedding' || kind === 'comprehension');
  const inner = hasEmbedding && !struct.isFile ? enterStruct(vertex, from) : from;
  insertFields(machine, vertex, { struct, env, from: inner });
  if (!hasEmbedding) {
    vertex.isStruct = true;
    restrictKinds(machine, vertex, { kinds: KIND.struct, pos: struct.pos, what: 'struct', from: inner });
  }
  for (const declaration of struct.declarations) {
    if (declaration.kind === 'embedding') {
      scheduleExpr(machine, vertex, declaration.value, env, enterEmbedding(vertex, inner, declaration.value));
    } else if (declaration.kind === 'comprehension') {
      vertex.mayGainField ||= declaration.body.declarations.some(isRegularField);
      const embedded = enterEmbedding(vertex, inner, undefined);
      vertex.tasks.push({ kind: 'comprehension', comprehension: declaration, env, from: embedded });
    } else if (declaration.kind === 'field' && declaration.label.kind !== 'fixed') {
      scheduleDynamic(machine, vertex, declaration, env, enterField(inner));
    }
  }
}

function isRegularField(declaration: Declaration): boolean {
  return declaration.kind === 'field' && declaration.label.kind === 'fixed' && isRegular(declaration.label.label);
}

function scheduleDynamic(machine: Machine, vertex: Vertex, field: Field, env: Env, from: Provenance): void {
  if (field.label.kind === 'dynamic' && field.presence === 'member') {
    vertex.isStruct = true;
    restrictKinds(machine, vertex, { kinds: KIND.struct, pos: field.pos, what: 'struct', from });
  }
  vertex.tasks.push({ kind: 'field', field, env, from });
}

/** The fields of a struct literal whose names are fixed. */
function insertFields(
  machine: Machine,
  vertex: Vertex,
  deed: { readonly struct: StructLiteral; readonly env: Env; readonly from: Provenance },
): void {
  const { struct, env, from } = deed;
  vertex.deeds.push({ kind: 'struct', ...deed });
  vertex.hasStructLiteral = true;
  const inner = enterField(from);
  for (const declaration of struct.declarations) {
    if (declaration.kind === 'ellipsis') {
      vertex.hasEllipsis = true;
      addEvidence(vertex, from, { hasEllipsis: true });
    } else if (declaration.kind === 'field' && declaration.label.kind === 'fixed') {
      const { label } = declaration.label;
      if (isRegular(label) && declaration.presence === 'member') {
        vertex.isStruct = true;
        restrictKinds(machine, vertex, { kinds: KIND.struct, pos: struct.pos, what: 'struct', from });
      }
      putArc(machine, vertex, label, declaration.presence, { expr: declaration.value, env, from: inner });
    }
  }
}

/** Adds a field that no struct literal declares by a fixed name. */
export function insertArc(
  machine: Machine,
  vertex: Vertex,
  label: Label,
  presence: Presence,
  conjunct: Conjunct,
): void {
  vertex.deeds.push({ kind: 'arc', label, presence, conjunct });
  putArc(machine, vertex, label, presence, conjunct);
}

const PRESENCES: readonly Presence[] = ['member', 'required', 'optional'];

function putArc(machine: Machine, vertex: Vertex, label: Label, presence: Presence, conjunct: Conjunct): void {
  let arc = vertex.arcs.get(label);
  if (arc === undefined) {
    if (vertex.isComplete) throw machine.tooLate(vertex);
    arc = new Vertex(vertex, label, true);
    arc.presence = presence;
    vertex.arcs.set(label, arc);
    addConjunct(machine, arc, conjunct);
    for (const pattern of vertex.patterns) applyPattern(machine, pattern, arc);
    return;
  }
  if (PRESENCES.indexOf(presence) < PRESENCES.indexOf(arc.presence)) arc.presence = presence;
  addConjunct(machine, arc, conjunct);
}

/** A constraint on all fields whose names match, those that are there and those that come. */
export function insertPattern(machine: Machine, vertex: Vertex, pattern: Pattern): void {
  vertex.deeds.push({ kind: 'pattern', pattern });
  vertex.patterns.push(pattern);
  for (const arc of vertex.arcs.values()) applyPattern(machine, pattern, arc);
}

function applyPattern(machine: Machine, pattern: Pattern, arc: Vertex): void {
  if (!isRegular(arc.label)) return;
  if (matchesPattern(machine, pattern.names, arc.label.slice(1))) {
    addConjunct(machine, arc, pattern.conjunct(arc.label));
  }
}

/** Elements of one list literal or list value; lists of different lengths conflict unless the shorter one is open. */
export function insertList(machine: Machine, vertex: Vertex, shape: ListShape, from: Provenance): void {
  vertex.deeds.push({ kind: 'list', shape, from });
  const known = vertex.shapes.reduce((length, { elements }) => Math.max(length, elements.length), 0);
  const length = Math.max(known, shape.elements.length);
  vertex.shapes.push(shape);
  for (const one of vertex.shapes) {
    if (one.rest === undefined && one.elements.length < length) {
      machine.fail(vertex, `incompatible list lengths (${one.elements.length} and ${length})`, []);
      return;
    }
  }
  for (const [index, conjunct] of shape.elements.entries()) {
    putArc(machine, vertex, elementLabel(index), 'member', conjunct);
  }
  for (let index = shape.elements.length; index < length; index += 1) {
    if (shape.rest !== undefined) putArc(machine, vertex, elementLabel(index), 'member', shape.rest);
  }
  for (const one of vertex.shapes.slice(0, -1)) {
    for (let index = Math.max(known, one.elements.length); index < length; index += 1) {
      if (one.rest !== undefined) putArc(machine, vertex, elementLabel(index), 'member', one.rest);
    }
  }
}

/** Says of a vertex all that is said of another one, by a reference or as the result of an expression. */
export function importVertex(
  machine: Machine,
  vertex: Vertex,
  target: Vertex,
  { expr, from: origin }: { readonly expr: Expr | undefined; readonly from: Provenance },
): void {
  let from = origin;
  const isClosed = target.isClosedRecursively || target.isClosed;
  if (!isClosed && from.embedding !== undefined) from = { ...from, isFromDefinition: false };
  if (target.deref() === vertex.deref()) return;
  if (isDefinitionReference(expr) || isDefinitionLabel(target.label)) {
    vertex.isDefinition = true;
    from = enterReference(vertex, target, { ...from, isFromDefinition: true }, true);
  } else from = enterReference(vertex, target, from, expr === undefined && isClosed);
  if (target.standsForItself) {
    noteCycle(vertex, from);
    vertex.isStruct ||= target.isStruct;
    vertex.mayGainField ||= target.mayGainField;
    if (!restrictKinds(machine, vertex, { kinds: target.kinds, pos: -1, what: formatValue(target), from })) return;
    if (target.isStruct) addEvidence(vertex, from, { hasStruct: true });
    replay(machine, target, { target: vertex, from });
    return;
  }
  const { parent } = target;
  if (target.isRooted && parent !== undefined && !parent.isComplete) {
    target.receivers.push({ vertex, from });
    vertex.awaits.push(parent);
  }
  for (const conjunct of target.conjuncts.slice()) schedule(machine, vertex, rooted(conjunct, from));
}

function isDefinitionLabel(label: Label): boolean {
  return label.startsWith('#') || label.startsWith('_#');
}

function isDefinitionReference(expr: Expr | undefined): boolean {
  if (expr?.kind === 'identifier') return isDefinitionLabel(expr.name);
  return expr?.kind === 'select' && isDefinitionLabel(expr.label);
}

/** Does to another vertex what was done to this one; scopes that ended in the one end in the other. */
export function replay(
  machine: Machine,
  source: Vertex,
  { target, from }: { readonly target: Vertex; readonly from?: Provenance },
): void {
  const remap = remapper(source, target);
  const renew = (conjunct: Conjunct): Conjunct => {
    const own = remapped(conjunct, remap);
    return from === undefined ? own : rooted(own, enterField(from));
  };
  for (const deed of source.deeds) {
    machine.step();
    const own = from ?? ('from' in deed ? deed.from : NO_PROVENANCE);
    switch (deed.kind) {
      case 'struct':
        noteCycle(target, own);
        addEvidence(target, own, { hasStruct: true });
        insertFields(machine, target, { struct: deed.struct, env: remap(deed.env), from: own });
        break;
      case 'arc':
        insertArc(machine, target, deed.label, deed.presence, renew(deed.conjunct));
        break;
      case 'pattern':
        insertPattern(machine, target, deed.pattern.remake(remap));
        break;
      case 'list': {
        const rest = deed.shape.rest === undefined ? undefined : renew(deed.shape.rest);
        const elements = deed.shape.elements.map(renew);
        insertList(machine, target, { elements, rest }, own);
        break;
      }
      case 'value':
        insertValue(machine, target, { ...deed, from: own });
    }
  }
  for (const task of [...source.tasks, ...source.unsettled]) target.tasks.push({ ...task, env: remap(task.env) });
}

export function remapped(conjunct: Conjunct, remap: (env: Env) => Env): Conjunct {
  return 'value' in conjunct || conjunct.env === undefined ? conjunct : { ...conjunct, env: remap(conjunct.env) };
}

export function remapper(source: Vertex, target: Vertex): (env: Env) => Env {
  const known = new Map<Env, Env>();
  const remap = (env: Env): Env => {
    let result = known.get(env);
    if (result === undefined) {
      const up = env.up === undefined ? undefined : remap(env.up);
      const vertex = env.vertex === source ? target : env.vertex;
      result = up === env.up && vertex === env.vertex ? env : makeEnv(up, vertex);
      known.set(env, result);
    }
    return result;
  };
  return remap;
}

/** A vertex of its own for an expression that stands in no field. */
export function makeInline(expr: Expr, env: Env, from: Provenance = NO_PROVENANCE): Vertex {
  const vertex = new Vertex(env.vertex, '', false);
  vertex.conjuncts.push({ expr, env, from });
  return vertex;
}
