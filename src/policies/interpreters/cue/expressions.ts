/** Values of expressions. A struct, a list, a conjunction and a disjunction become vertices of their own; references give their target. */
import { elementLabel, regularLabel } from './ast.ts';
import type { Expr, Label, Target } from './ast.ts';
import { callBuiltin } from './calls.ts';
import { dataArcs, defaultOf } from './equality.ts';
import { toSafeInteger } from './decimal.ts';
import { formatDecimal, formatPlain } from './decimal.ts';
import type { Decimal } from './decimal.ts';
import { formatValue } from './format.ts';
import { toBytes } from './literals.ts';
import type { Machine } from './machine.ts';
import { compareWithBottom, operate, operateUnary } from './operators.ts';
import { makeInline } from './schedule.ts';
import { formatKinds, isIncomplete, isScalar, KIND, kindsOf } from './values.ts';
import type { Bottom, Bound, Scalar, Value } from './values.ts';
import { formatLabel, NO_PROVENANCE, Vertex } from './vertex.ts';
import type { Env, Provenance } from './vertex.ts';

/** Where an expression is evaluated: its scope, and the vertex it is said of. */
export interface Frame {
  readonly env: Env;
  readonly vertex: Vertex;
  readonly from: Provenance;
}

/** The value as it is, a vertex for what has fields; defaults are not chosen. */
export function evaluate(machine: Machine, expr: Expr, frame: Frame): Value {
  machine.step();
  switch (expr.kind) {
    case 'constant':
      return expr.value.kind === 'bottom'
        ? machine.bottom(frame.vertex, expr.value.message, [expr.pos], 'user')
        : expr.value;
    case 'identifier':
    case 'select':
    case 'index':
      return resolve(machine, expr, frame);
    case 'struct':
    case 'list':
    case 'disjunction':
    case 'alias':
      return inlineOf(expr, frame);
    case 'binary':
      return expr.op === '&' ? inlineOf(expr, frame) : evaluateBinary(machine, expr, frame);
    case 'unary': {
      if (isNeverKnown(expr.operand)) return unknowable(machine, expr.op, expr.operand, frame);
      const operand = valueOf(machine, expr.operand, frame);
      return operand.kind === 'bottom' ? operand : operateUnary(machine, expr, operand, frame.vertex);
    }
    case 'bound':
      return evaluateBound(machine, expr, frame);
    case 'interpolation':
      return interpolate(machine, expr, frame);
    case 'slice':
      return slice(machine, expr, frame);
    case 'call':
      return callBuiltin(machine, expr, frame);
  }
}

/** The vertex of an expression that stands in no field. */
function inlineOf(expr: Expr, { env, from: { path, isCyclic } }: Frame): Vertex {
  let vertex = env.inlines.get(expr);
  if (vertex === undefined) {
    vertex = makeInline(expr, env, { ...NO_PROVENANCE, path, isCyclic });
    env.inlines.set(expr, vertex);
  }
  return vertex;
}

/** The value with defaults chosen, a vertex only for a struct or a list; what is not decided yet is an incomplete error. */
export function valueOf(machine: Machine, expr: Expr, frame: Frame): Exclude<Value, { kind: 'any' }> {
  return settled(machine, evaluate(machine, expr, frame), frame.vertex);
}

export function settled(machine: Machine, value: Value, vertex: Vertex): Exclude<Value, { kind: 'any' }> {
  if (value.kind === 'any') {
    const [only] = value.values;
    if (value.defaults === 1 && only !== undefined) return settled(machine, only, vertex);
    return machine.bottom(vertex, `unresolved disjunction ${formatValue(value)}`, [], 'incomplete');
  }
  return value.kind === 'vertex' ? settledVertex(machine, value, vertex) : value;
}

function settledVertex(machine: Machine, target: Vertex, vertex: Vertex): Exclude<Value, { kind: 'any' }> {
  machine.complete(target);
  const found = target.deref();
  const failure = found.errors.find((error) => !isIncomplete(error)) ?? found.errors[0];
  if (failure !== undefined) return failure;
  if (target.presence === 'required') return machine.missing(vertex);
  if (!found.isComplete) {
    if (found.scalar !== undefined) return found.scalar;
    const isKnown = found.isStruct || found.shapes.length > 0;
    return isKnown ? found : machine.blocked(vertex);
  }
  const { base } = found;
  if (base === undefined) return machine.blocked(vertex);
  if (base.kind === 'struct' || base.kind === 'list') return found;
  return base.kind === 'any' ? settled(machine, base, vertex) : base;
}

/** The vertex that a reference is to, or the constant that a name stands for. */
export function resolve(machine: Machine, expr: Expr, frame: Frame): Value {
  if (expr.kind === 'identifier') {
    if (expr.target === undefined) return machine.bottom(frame.vertex, `unresolved name ${expr.name}`, [expr.pos]);
    return resolveTarget(machine, expr.target, { pos: expr.pos, frame });
  }
  if (expr.kind === 'select') {
    if (expr.target !== undefined) {
      return expr.target.kind === 'builtin' ? { kind: 'function', builtin: expr.target } : expr.target;
    }
    return lookUpIn(machine, expr.base, { label: expr.label, pos: expr.pos, frame });
  }
  if (expr.kind !== 'index') return evaluate(machine, expr, frame);
  const index = valueOf(machine, expr.index, frame);
  if (index.kind === 'bottom') return index;
  const label = labelFor(index);
  if (label === undefined) {
    return machine.mistyped(frame.vertex, { value: index, kinds: ['int', 'string'], pos: expr.pos });
  }
  return lookUpIn(machine, expr.base, { label, pos: expr.pos, frame });
}

function labelFor(index: Value): Label | undefined {
  if (index.kind === 'string') return regularLabel(index.value);
  if (index.kind !== 'number' || index.isFloat) return undefined;
  const number = toSafeInteger(index.value);
  return number === undefined || number < 0 ? undefined : elementLabel(number);
}

function resolveTarget(
  machine: Machine,
  target: Target,
  { pos, frame }: { readonly pos: number; readonly frame: Frame },
): Value {
  if (target.kind === 'constant') return target.value;
  if (target.kind === 'builtin') return { kind: 'function', builtin: target.builtin };
  if (target.kind === 'package') return machine.bottom(frame.vertex, `package ${target.path} is no value`, [pos]);
  let env: Env | undefined = frame.env;
  for (let up = target.up; up > 0; up -= 1) env = env?.up;
  if (env === undefined) return machine.bottom(frame.vertex, 'a name has no scope', [pos]);
  if (target.kind === 'field') return lookUp(machine, env.vertex, { label: target.label, pos, frame });
  let value = env.lets.get(target.clause);
  if (value === undefined) {
    value = makeInline(target.clause.value, env);
    env.lets.set(target.clause, value);
  }
  return value;
}

interface LookUp {
  readonly label: Label;
  readonly pos: number;
  readonly frame: Frame;
}

function lookUpIn(machine: Machine, baseExpr: Expr, wanted: LookUp): Value {
  const { frame, label, pos } = wanted;
  let base = evaluate(machine, baseExpr, frame);
  if (base.kind === 'vertex' && base.presence === 'required') return machine.missing(frame.vertex);
  if (base.kind === 'vertex') {
    machine.complete(base);
    const vertex = defaultOf(base);
    // A scalar may carry definitions and hidden fields.
    if (vertex.arcs.has(label)) return lookUp(machine, vertex, wanted);
    const isUndecided = vertex.base === undefined && vertex.errors.length === 0;
    if (isUndecided || vertex.base?.kind === 'struct' || vertex.base?.kind === 'list') {
      return lookUp(machine, vertex, wanted);
    }
  }
  base = settled(machine, base, frame.vertex);
  if (base.kind === 'bottom') return base;
  if (base.kind === 'vertex') return lookUp(machine, base, wanted);
  const mayHaveFields = !isScalar(base) && (kindsOf(base) & KIND.struct) !== 0;
  const message = `${formatLabel(label)} of ${formatValue(base)} (${formatKinds(kindsOf(base))}), which has no fields`;
  return machine.bottom(frame.vertex, `undefined: ${message}`, [pos], mayHaveFields ? 'incomplete' : 'eval');
}

function lookUp(machine: Machine, given: Vertex, { label, pos, frame }: LookUp): Value {
  const vertex = given.deref();
  const arc = vertex.arcs.get(label);
  if (arc !== undefined && arc.presence === 'member') return arc;
  if (!vertex.isComplete && !(machine.isForced && vertex.phase === 'running')) return machine.blocked(frame.vertex);
  if (arc?.presence === 'required') return arc;
  if (arc !== undefined)
    return machine.bottom(frame.vertex, `field is ${arc.presence}: ${formatLabel(label)}`, [pos], 'incomplete');
  const isList = vertex.base?.kind === 'list';
  const isElement = label.startsWith('[');
  if (isElement !== isList && vertex.base !== undefined) {
    return machine.bottom(frame.vertex, `invalid index ${formatLabel(label)} of a ${isList ? 'list' : 'struct'}`, [
      pos,
    ]);
  }
  const message = isList
    ? `index out of range: ${label} of ${dataArcs(vertex).size}`
    : `undefined field: ${formatLabel(label)}`;
  return machine.bottom(frame.vertex, message, [pos], accepts(vertex, label) ? 'incomplete' : 'eval');
}

/** Whether a field that is not there may still come. */
function accepts(vertex: Vertex, label: Label): boolean {
  if (vertex.shapes.length > 0) return vertex.shapes.every(({ rest }) => rest !== undefined);
  if (!label.startsWith('.')) return true;
  return vertex.hasEllipsis || vertex.patterns.length > 0 || !(vertex.isClosedRecursively || vertex.isClosed);
}

function evaluateBinary(machine: Machine, expr: Expr & { kind: 'binary' }, frame: Frame): Value {
  if (expr.op === '==' || expr.op === '!=') {
    const compared = compareWithBottom(machine, expr, frame);
    if (compared !== undefined) return compared;
  }
  for (const operand of [expr.left, expr.right]) {
    if (isNeverKnown(operand)) return unknowable(machine, expr.op, operand, frame);
  }
  const left = valueOf(machine, expr.left, frame);
  const right = valueOf(machine, expr.right, frame);
  return operate(machine, { expr, left, right }, frame.vertex);
}

/** A type or a bound where a value is needed: more information does not mend it. */
function isNeverKnown(expr: Expr): boolean {
  if (expr.kind === 'bound') return true;
  if (expr.kind === 'constant') return expr.value.kind !== 'bottom' && !isScalar(expr.value);
  return expr.kind === 'identifier' && expr.target?.kind === 'constant' && !isScalar(expr.target.value);
}

function unknowable(machine: Machine, op: string, { pos }: Expr, { vertex }: Frame): Bottom {
  return machine.bottom(vertex, `expected a known value as operand of ${op}, found a type or a bound`, [pos]);
}

function evaluateBound(machine: Machine, expr: Expr & { kind: 'bound' }, frame: Frame): Value {
  const operand = valueOf(machine, expr.operand, frame);
  if (operand.kind === 'bottom') return operand;
  const { vertex } = frame;
  const isEquality = expr.op === '!=' || expr.op === '==';
  const ordered = KIND.number | KIND.string | KIND.bytes;
  const kinds = operand.kind === 'vertex' ? operand.deref().kinds : kindsOf(operand);
  const allowed = isEquality ? ordered | KIND.null | KIND.struct | KIND.list : ordered;
  if (operand.kind === 'vertex' || isScalar(operand)) {
    const bound: Bound = { kind: 'bound', op: expr.op, operand };
    if ((kinds & allowed) !== 0) return bound;
    return machine.bottom(vertex, `cannot use ${formatKinds(kinds)} for bound ${expr.op}`, [expr.pos]);
  }
  const message = `expected a known value for bound ${expr.op}, found ${formatValue(operand)}`;
  return machine.bottom(
    vertex,
    message,
    [expr.pos],
    (kinds & allowed) !== 0 && !isNeverKnown(expr.operand) ? 'incomplete' : 'eval',
  );
}

function interpolate(machine: Machine, expr: Expr & { kind: 'interpolation' }, frame: Frame): Value {
  let text = expr.texts[0] ?? '';
  for (const [index, part] of expr.parts.entries()) {
    const value = valueOf(machine, part, frame);
    if (value.kind === 'bottom') return value;
    const inserted = isScalar(value) ? textOf(value, expr.isBytes) : undefined;
    if (inserted === undefined) {
      return machine.mistyped(frame.vertex, { value, kinds: ['string', 'bytes', 'number', 'bool'], pos: part.pos });
    }
    text += inserted + (expr.texts[index + 1] ?? '');
  }
  return { kind: expr.isBytes ? 'bytes' : 'string', value: text };
}

function textOf(value: Scalar, isBytes: boolean): string | undefined {
  if (value.kind === 'string') return isBytes ? toBytes(value.value) : value.value;
  if (value.kind === 'bytes') return isBytes ? value.value : Buffer.from(value.value, 'latin1').toString('utf8');
  if (value.kind === 'bool') return String(value.value);
  if (value.kind === 'number') return value.isFloat ? formatFloat(value.value) : formatPlain(value.value);
  return undefined;
}

function formatFloat(value: Decimal): string {
  return value.exponent === 0 ? `${formatDecimal(value)}.0` : formatDecimal(value);
}

function slice(machine: Machine, expr: Expr & { kind: 'slice' }, frame: Frame): Value {
  const subject = valueOf(machine, expr.base, frame);
  if (subject.kind === 'bottom') return subject;
  const isList = subject.kind === 'vertex' && subject.deref().base?.kind === 'list';
  if (!isList && subject.kind !== 'bytes') {
    return machine.mistyped(frame.vertex, { value: subject, kinds: ['list', 'bytes'], pos: expr.pos });
  }
  const elements = subject.kind === 'vertex' ? [...dataArcs(subject).values()] : [];
  const length = subject.kind === 'bytes' ? subject.value.length : elements.length;
  const low = indexOf(machine, expr.low, { otherwise: 0, frame });
  const high = indexOf(machine, expr.high, { otherwise: length, frame });
  if (typeof low !== 'number') return low;
  if (typeof high !== 'number') return high;
  if (high > length || low > high) return machine.bottom(frame.vertex, `slice ${low}:${high} out of range`, [expr.pos]);
  if (subject.kind === 'bytes') return { kind: 'bytes', value: subject.value.slice(low, high) };
  return machine.listOf(elements.slice(low, high));
}

function indexOf(
  machine: Machine,
  expr: Expr | undefined,
  { otherwise, frame }: { readonly otherwise: number; readonly frame: Frame },
): number | Bottom {
  if (expr === undefined) return otherwise;
  const value = valueOf(machine, expr, frame);
  if (value.kind === 'bottom') return value;
  const index = value.kind === 'number' && !value.isFloat ? toSafeInteger(value.value) : undefined;
  if (index !== undefined && index >= 0) return index;
  return machine.mistyped(frame.vertex, { value, kinds: ['int'], pos: expr.pos });
}
