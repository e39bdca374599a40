/** The parts of the work on a vertex that need other values. Each says whether it is done; if not, it has changed nothing. */
import { regularLabel } from './ast.ts';
import type { Clause, Expr } from './ast.ts';
import { enterField } from './closedness.ts';
import { followReference } from './cycles.ts';
import { evaluate, resolve, valueOf } from './expressions.ts';
import type { Frame } from './expressions.ts';
import { insertValue } from './insert.ts';
import type { Machine } from './machine.ts';
import { importVertex, insertArc, insertList, insertPattern, schedule, scopeOf } from './schedule.ts';
import { intOf, isIncomplete, stringOf, TOP } from './values.ts';
import type { Bottom, Value } from './values.ts';
import { makeEnv, NO_PROVENANCE, Vertex } from './vertex.ts';
import type { Conjunct, Env, Pattern, Provenance, Task } from './vertex.ts';

export function runTask(machine: Machine, vertex: Vertex, task: Task): boolean {
  switch (task.kind) {
    case 'expression':
      return runExpression(machine, vertex, task);
    case 'reference':
      return runReference(machine, vertex, task);
    case 'comprehension':
      return runComprehension(machine, vertex, task);
    case 'field':
      return runField(machine, vertex, task);
    case 'list':
      return runList(machine, vertex, task);
  }
}

/** Records a failure; one that waits is not done yet, unless nothing else is left to do. */
function settleError(machine: Machine, vertex: Vertex, { task, error }: { task: Task; error: Bottom }): boolean {
  if (error.code === 'blocked' && !machine.isForced) return false;
  if (isIncomplete(error)) vertex.unsettled.push(task);
  const code = error.code === 'blocked' ? 'cycle' : error.code;
  machine.addError(vertex, code === error.code ? error : { ...error, code });
  return true;
}

function runExpression(machine: Machine, vertex: Vertex, task: Task & { kind: 'expression' | 'reference' }): boolean {
  const { expr, env, from } = task;
  const value = evaluate(machine, expr, { env, vertex, from });
  if (value.kind === 'bottom') return settleError(machine, vertex, { task, error: value });
  insertValue(machine, vertex, { value, pos: expr.pos, from });
  return true;
}

function runReference(machine: Machine, vertex: Vertex, task: Task & { kind: 'expression' | 'reference' }): boolean {
  const { expr, env, from } = task;
  const target = resolve(machine, expr, { env, vertex, from });
  if (target.kind === 'bottom') return settleError(machine, vertex, { task, error: target });
  if (target.kind !== 'vertex') {
    insertValue(machine, vertex, { value: target, pos: expr.pos, from });
    return true;
  }
  const followed = followReference(machine, vertex, { target, expr, from });
  if (followed === undefined) return true;
  const structural = target.errors.find(({ code }) => code === 'structural');
  if (structural !== undefined) machine.addError(vertex, structural);
  importVertex(machine, vertex, target, { expr, from: followed });
  if (target.presence === 'member') return true;
  return settleError(machine, vertex, { task, error: machine.missing(vertex) });
}

function runComprehension(machine: Machine, vertex: Vertex, task: Task & { kind: 'comprehension' }): boolean {
  const { comprehension, env, from } = task;
  const envs = listScopes(machine, comprehension.clauses, { env, vertex, from });
  if ('kind' in envs) return settleError(machine, vertex, { task, error: envs });
  for (const scope of envs) schedule(machine, vertex, { expr: comprehension.body, env: scope, from });
  return true;
}

/** The scopes in which the body of a comprehension is said, one for each turn. */
function listScopes(machine: Machine, clauses: readonly Clause[], frame: Frame): Env[] | Bottom {
  const [clause, ...rest] = clauses;
  if (clause === undefined) return [frame.env];
  machine.step();
  if (clause.kind === 'let') {
    const value = new Vertex(frame.env.vertex, '', false);
    value.conjuncts.push({ expr: clause.value, env: frame.env, from: frame.from });
    return listScopes(machine, rest, { ...frame, env: scopeOf(frame.env, `=${clause.name}`, value) });
  }
  if (clause.kind === 'if') {
    const condition = valueOf(machine, clause.condition, frame);
    if (condition.kind === 'bottom') return condition;
    if (condition.kind === 'bool') return condition.value ? listScopes(machine, rest, frame) : [];
    return machine.mistyped(frame.vertex, { value: condition, kinds: ['bool'], pos: clause.pos });
  }
  const scopes: Env[] = [];
  const turns = listTurns(machine, clause, frame);
  if ('kind' in turns) return turns;
  for (const env of turns) {
    const inner = listScopes(machine, rest, { ...frame, env });
    if ('kind' in inner) return inner;
    scopes.push(...inner);
  }
  return scopes;
}

function listTurns(machine: Machine, clause: Clause & { kind: 'for' }, frame: Frame): Env[] | Bottom {
  const source = valueOf(machine, clause.source, frame);
  if (source.kind === 'bottom') return source;
  const base = source.kind === 'vertex' ? source.deref().base : undefined;
  if (source.kind !== 'vertex' || (base !== undefined && base.kind !== 'struct' && base.kind !== 'list')) {
    return machine.mistyped(frame.vertex, { value: source, kinds: ['list', 'struct'], pos: clause.pos });
  }
  const vertex = source.deref();
  // A field set that may still grow cannot be gone through, but for one's own, which a comprehension may add to.
  if (!vertex.isComplete && !machine.isForced) return machine.blocked(frame.vertex);
  const envs: Env[] = [];
  for (const [label, arc] of vertex.arcs) {
    if (arc.presence === 'required') return machine.missing(frame.vertex);
    if (arc.presence !== 'member' || !(label.startsWith('.') || label.startsWith('['))) continue;
    const scope = new Vertex(undefined, '', false);
    scope.phase = 'final';
    if (clause.key !== undefined) scope.arcs.set(`=${clause.key}`, keyOf(label));
    scope.arcs.set(`=${clause.value}`, arc);
    envs.push(makeEnv(frame.env, scope));
  }
  return envs;
}

/** A vertex that holds the name of a field or the number of an element. */
function keyOf(label: string): Vertex {
  const value = label.startsWith('.') ? stringOf(label.slice(1)) : intOf(Number(label.slice(1, -1)));
  const vertex = new Vertex(undefined, '', false);
  vertex.conjuncts.push({ value, pos: -1, from: NO_PROVENANCE });
  return vertex;
}

function runField(machine: Machine, vertex: Vertex, task: Task & { kind: 'field' }): boolean {
  const { field, env, from } = task;
  const { label, alias, value, presence } = field;
  if (label.kind === 'fixed') return true;
  if (label.kind === 'dynamic') {
    const name = valueOf(machine, label.value, { env, vertex, from });
    if (name.kind === 'bottom') return settleError(machine, vertex, { task, error: name });
    if (name.kind === 'string') {
      const key = regularLabel(name.value);
      insertArc(machine, vertex, key, presence, { expr: value, env, from });
    } else {
      const error = machine.mistyped(vertex, { value: name, kinds: ['string'], pos: field.pos });
      return settleError(machine, vertex, { task, error });
    }
    return true;
  }
  const names = evaluate(machine, label.value, { env, vertex, from });
  if (names.kind === 'bottom') return settleError(machine, vertex, { task, error: names });
  if (names.kind === 'vertex') {
    if (!machine.complete(names) && !machine.isForced) return false;
    const [error] = names.deref().errors;
    if (error !== undefined) return settleError(machine, vertex, { task, error });
  }
  insertPattern(machine, vertex, patternOf({ names, alias: label.alias ?? alias, value }, env, from));
  return true;
}

function patternOf(
  spec: { readonly names: Value; readonly alias: string | undefined; readonly value: Expr },
  env: Env,
  from: Provenance,
): Pattern {
  const { names, alias, value } = spec;
  const scope = (label: string) => (alias === undefined ? env : scopeOf(env, `=${alias}`, keyOf(label)));
  return {
    names,
    conjunct: (label) => ({ expr: value, env: scope(label), from }),
    remake: (remap) => patternOf(spec, remap(env), from),
  };
}

function runList(machine: Machine, vertex: Vertex, task: Task & { kind: 'list' }): boolean {
  const { list, env, from } = task;
  const inner = enterField(from);
  const elements: Conjunct[] = [];
  for (const element of list.elements) {
    if (element.kind !== 'comprehension') elements.push({ expr: element, env, from: inner });
    else {
      const scopes = listScopes(machine, element.clauses, { env, vertex, from });
      if ('kind' in scopes) return settleError(machine, vertex, { task, error: scopes });
      for (const scope of scopes) elements.push({ expr: element.body, env: scope, from: inner });
    }
  }
  const open: Conjunct = { value: TOP, pos: list.pos, from: inner };
  const tail = list.rest?.value;
  const rest: Conjunct | undefined =
    list.rest === undefined ? undefined : tail === undefined ? open : { expr: tail, env, from: inner };
  insertList(machine, vertex, { elements, rest }, from);
  return true;
}
