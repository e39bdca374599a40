/** Arithmetic, comparison and the checks of bounds and validators. */
import type { Binary, BoundOperator, Expr } from './ast.ts';
import { holds } from './bounds.ts';
import { add, divide, MAX_EXPONENT, multiply, negate, subtract, toSafeInteger } from './decimal.ts';
import type { Decimal } from './decimal.ts';
import { areEqualData, dataArcs, defaultOf } from './equality.ts';
import { evaluate, settled } from './expressions.ts';
import type { Frame } from './expressions.ts';
import { formatValue } from './format.ts';
import { findError } from './machine.ts';
import type { Machine } from './machine.ts';
import { matchRegexp } from './regular-expressions.ts';
import { areEqualScalars, boolOf, compareScalars, isScalar, KIND, kindsOf, numberOf } from './values.ts';
import type { Bottom, Bound, Scalar, Validator, Value } from './values.ts';
import type { Vertex } from './vertex.ts';

/** Ceiling of a text that multiplication makes. */
const MAX_REPEATED = 1024 * 1024;

interface Operation {
  readonly expr: Binary;
  readonly left: Value;
  readonly right: Value;
}

export function operate(machine: Machine, { expr, left, right }: Operation, vertex: Vertex): Value {
  const faults = [left, right].filter((value) => value.kind === 'bottom');
  const [fault] = faults;
  if (fault !== undefined) return faults.find(({ code }) => code !== 'blocked' && code !== 'incomplete') ?? fault;
  for (const operand of [left, right]) {
    const open = findOpen(machine, operand);
    if (open !== undefined) {
      const message = `expected a known value in an operand of ${expr.op}, found ${formatValue(open)}`;
      return machine.bottom(vertex, message, [expr.pos], open.kind === 'bottom' ? open.code : 'incomplete');
    }
  }
  const result = compute(machine, expr.op, left, right);
  if (typeof result !== 'string') return result;
  const operands = `${formatValue(left)} and ${formatValue(right)}`;
  return machine.bottom(vertex, `invalid operands ${operands} to ${expr.op}${result === '' ? '' : `: ${result}`}`, [
    expr.pos,
  ]);
}

/** What keeps a value from being known in full: itself, something below it, or an error there. */
export function findOpen(machine: Machine, value: Value): Value | undefined {
  if (value.kind !== 'vertex') return isScalar(value) ? undefined : value;
  machine.finish(value);
  const vertex = defaultOf(value);
  const error = findError(vertex) ?? vertex.errors[0];
  if (error !== undefined) return error;
  const { base } = vertex;
  if (base === undefined) return machine.blocked(vertex);
  if (base.kind !== 'struct' && base.kind !== 'list') return isScalar(base) ? undefined : base;
  for (const arc of vertex.arcs.values()) {
    if (arc.presence === 'required') return machine.bottom(vertex, 'a required field is missing', [], 'incomplete');
  }
  for (const arc of dataArcs(vertex).values()) {
    const open = findOpen(machine, arc);
    if (open !== undefined) return open;
  }
  return undefined;
}

/** A text says what is wrong, empty where the operator does not fit the operands. */
function compute(machine: Machine, op: Binary['op'], left: Value, right: Value): Value | string {
  if (op === '==' || op === '!=') {
    const areEqual = isScalar(left) && isScalar(right) ? areEqualScalars(left, right) : areEqualData(left, right);
    return boolOf(areEqual === (op === '=='));
  }
  if (op === '&&' || op === '||') {
    if (left.kind !== 'bool' || right.kind !== 'bool') return '';
    return boolOf(op === '&&' ? left.value && right.value : left.value || right.value);
  }
  if (!isScalar(left) || !isScalar(right)) return '';
  if (op === '=~' || op === '!~') {
    if (left.kind !== 'string' || right.kind !== 'string') return '';
    return matches(machine, op, left.value, right.value);
  }
  if (op !== '<' && op !== '<=' && op !== '>' && op !== '>=') return calculate(op, left, right);
  const order = compareScalars(left, right);
  return order === undefined ? '' : boolOf(holds(op, order));
}

function matches(machine: Machine, op: '=~' | '!~', text: string, pattern: string): Value | string {
  const isMatch = matchRegexp(pattern, text);
  if (typeof isMatch === 'string') return isMatch;
  machine.step();
  return boolOf(isMatch === (op === '=~'));
}

function calculate(op: string, left: Scalar, right: Scalar): Value | string {
  if (left.kind === 'number' && right.kind === 'number') {
    const isFloat = left.isFloat || right.isFloat;
    if (op === '+') return bounded(add, left.value, right.value, isFloat);
    if (op === '-') return bounded(subtract, left.value, right.value, isFloat);
    if (op === '*') return bounded(multiply, left.value, right.value, isFloat);
    if (right.value.coefficient === 0n) return 'division by zero';
    return bounded(divide, left.value, right.value, true);
  }
  if (op === '+') {
    const isText = left.kind === 'string' || left.kind === 'bytes';
    return isText && (right.kind === 'string' || right.kind === 'bytes') && left.kind === right.kind
      ? { kind: left.kind, value: left.value + right.value }
      : '';
  }
  if (op !== '*') return '';
  if (left.kind === 'number') return right.kind === 'number' ? '' : repeat(right, left);
  return right.kind === 'number' ? repeat(left, right) : '';
}

function bounded(
  calculation: (a: Decimal, b: Decimal) => Decimal,
  a: Decimal,
  b: Decimal,
  isFloat: boolean,
): Value | string {
  const value = calculation(a, b);
  return Math.abs(value.exponent) > MAX_EXPONENT ? 'the result is out of range' : numberOf(value, isFloat);
}

function repeat(text: Scalar, times: Scalar & { kind: 'number' }): Value | string {
  if (text.kind !== 'string' && text.kind !== 'bytes') return '';
  const count = times.isFloat ? undefined : toSafeInteger(times.value);
  if (count === undefined || count < 0) return '';
  if (text.value.length * count > MAX_REPEATED) return 'the result is too long';
  return { kind: text.kind, value: text.value.repeat(count) };
}

export function operateUnary(machine: Machine, expr: Expr & { kind: 'unary' }, value: Value, vertex: Vertex): Value {
  if (expr.op === '!') {
    return value.kind === 'bool'
      ? boolOf(!value.value)
      : machine.mistyped(vertex, { value, kinds: ['bool'], pos: expr.pos });
  }
  if (value.kind !== 'number') return machine.mistyped(vertex, { value, kinds: ['number'], pos: expr.pos });
  return expr.op === '-' ? numberOf(negate(value.value), value.isFloat) : value;
}

/** `x == _|_` and `x != _|_`: whether x is an error or not known; undefined where neither side is the literal. */
export function compareWithBottom(machine: Machine, expr: Binary, frame: Frame): Value | undefined {
  const isBottom = (side: Expr) => side.kind === 'constant' && side.value.kind === 'bottom';
  const tested = isBottom(expr.left) ? expr.right : isBottom(expr.right) ? expr.left : undefined;
  if (tested === undefined) return undefined;
  const isEqual = expr.op === '==';
  const value = evaluate(machine, tested, frame);
  const found = settled(machine, value, frame.vertex);
  if (found.kind === 'bottom') {
    if (found.code === 'blocked' || found.code === 'cycle') return found;
    // Alternatives without a default are no error.
    const isOpenChoice = value.kind === 'vertex' && value.deref().base?.kind === 'any';
    return boolOf(isOpenChoice ? !isEqual : isEqual);
  }
  if (found.kind === 'vertex') {
    machine.finish(found);
    return boolOf((findError(found) === undefined) !== isEqual);
  }
  // What may be a struct or a list counts as there.
  const exists = isScalar(found) || (value.kind === 'vertex' && (kindsOf(found) & (KIND.struct | KIND.list)) !== 0);
  return boolOf(exists !== isEqual);
}

/** Why a known value does not satisfy a bound or a validator. */
export function checkValue(
  machine: Machine,
  vertex: Vertex,
  check: Bound | Validator,
  value: Scalar | Vertex,
): Bottom | undefined {
  const fault = check.kind === 'bound' ? boundFault(machine, check, value) : validatorFault(machine, check, value);
  if (fault === undefined) return undefined;
  if (typeof fault !== 'string') return fault;
  return machine.bottom(vertex, fault, []);
}

export function satisfies(machine: Machine, check: Bound | Validator, value: Scalar): boolean {
  const fault = check.kind === 'bound' ? boundFault(machine, check, value) : validatorFault(machine, check, value);
  return fault === undefined;
}

function boundFault(machine: Machine, { op, operand }: Bound, value: Scalar | Vertex): string | undefined {
  const found = compareForBound(machine, op, value, operand);
  if (found === true) return undefined;
  const bound = `${op}${formatValue(operand)}`;
  return found === false ? `invalid value ${formatValue(value)} (out of bound ${bound})` : found;
}

function compareForBound(
  machine: Machine,
  op: BoundOperator,
  value: Scalar | Vertex,
  operand: Scalar | Vertex,
): boolean | string {
  const result = compute(machine, op, value, operand);
  if (typeof result === 'string') {
    return `cannot compare ${formatValue(value)} with ${op}${formatValue(operand)}${result === '' ? '' : `: ${result}`}`;
  }
  return result.kind === 'bool' && result.value;
}

function validatorFault(machine: Machine, validator: Validator, value: Scalar | Vertex): string | Bottom | undefined {
  const { builtin, args } = validator;
  const name = formatValue(validator);
  const kinds = value.kind === 'vertex' ? kindOfVertex(value) : kindsOf(value);
  if ((kinds & (builtin.params[0] ?? 0)) === 0) return `cannot use ${formatValue(value)} as the argument of ${name}`;
  const result = builtin.call([value, ...args], machine);
  if ('fault' in result) return `invalid value ${formatValue(value)} (does not satisfy ${name}): ${result.fault}`;
  if (result.kind === 'bottom') return result;
  if (result.kind === 'bool' && result.value) return undefined;
  return `invalid value ${formatValue(value)} (does not satisfy ${name})`;
}

/** What a vertex is, whatever it could have been. */
function kindOfVertex(vertex: Vertex): number {
  const { base, kinds } = vertex.deref();
  if (base?.kind === 'struct') return KIND.struct;
  return base?.kind === 'list' ? KIND.list : kinds;
}
