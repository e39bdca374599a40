/** Bodies: expressions from left to right, each run for every solution of those before it. */
import { isEquality } from '../ast.ts';
import type { Every, Expr, Term } from '../ast.ts';
import { fault } from '../fault.ts';
import { isArray, RegoObject, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { planCall } from './calls.ts';
import type { Program } from './program.ts';
import { planRef } from './refs.ts';
import type { Scope } from './scope.ts';
import { isReady, planGetter, planMatcher } from './terms.ts';
import type { Frame, Step, ValueStep, Vm } from './vm.ts';
import { planWiths } from './withs.ts';

/** What a planned piece becomes once it is known what follows. */
export type Finish = (next: Step) => Step;

const STOP: Step = () => true;

/** Plans all expressions in order, so that each knows what is bound, then joins them from the last to the first. */
export function planBody(body: readonly Expr[], scope: Scope, program: Program): Finish {
  const planned = body.map((expr) => planExpr(expr, scope, program));
  return (next) => planned.reduceRight((step, finish) => finish(step), next);
}

function planExpr(expr: Expr, scope: Scope, program: Program): Finish {
  if (expr.withs.length > 0) {
    const around = planWiths(expr.withs, scope, program);
    const finish = planExpr({ ...expr, withs: [] }, scope, program);
    return (next) => around(finish, next);
  }
  if (expr.negated) {
    const found = planExpr({ ...expr, negated: false }, scope.inner(), program)(STOP);
    return (next) => (frame, vm) => !found(frame, vm) && next(frame, vm);
  }
  const { body } = expr;
  switch (body.kind) {
    case 'term':
      return planTerm(body.term, scope, program);
    case 'call':
      return isEquality(expr) && body.args.length === 2
        ? planEquality(body.args, expr, scope, program)
        : planCallExpr(expr, body.operator, body.args, scope, program);
    case 'every':
      return planEvery(body, scope, program);
    case 'some':
      throw fault('eval_internal_error', 'declaration was not removed', expr.at);
  }
}

/** A term alone holds for each of its values that is not false. */
function planTerm(term: Term, scope: Scope, program: Program): Finish {
  const source = planSource(term, scope, program);
  return (next) => source((value, frame, vm) => value !== false && next(frame, vm));
}

/** All values of a term. */
function planSource(term: Term, scope: Scope, program: Program): (next: ValueStep) => Step {
  if (term.kind === 'ref' && !isReady(term, scope)) return planRef(term, scope, program);
  const get = planGetter(term, scope, program);
  return (next) => (frame, vm) => {
    const value = get(frame, vm);
    return value !== undefined && next(value, frame, vm);
  };
}

function planEquality(args: readonly Term[], expr: Expr, scope: Scope, program: Program): Finish {
  const waiting = pairsOf(args[0] as Term, args[1] as Term);
  if (waiting === undefined) return () => () => false;
  const planned: Finish[] = [];
  while (waiting.length > 0) {
    const i = waiting.findIndex(([left, right]) => isSource(left, scope) || isSource(right, scope));
    const [pair] = waiting.splice(i, 1);
    if (i < 0 || pair === undefined) throw fault('rego_unsafe_var_error', 'expression is unsafe', expr.at);
    planned.push(planPair(pair, scope, program));
  }
  return (next) => planned.reduceRight((step, finish) => finish(step), next);
}

/** An equality of arrays or objects as equalities of their parts; undefined where they cannot be equal. */
function pairsOf(left: Term, right: Term): [Term, Term][] | undefined {
  if (left.kind === 'array' && right.kind === 'array') {
    if (left.items.length !== right.items.length) return undefined;
    return joined(left.items.map((item, i) => pairsOf(item, right.items[i] as Term)));
  }
  if (left.kind !== 'object' || right.kind !== 'object') return [[left, right]];
  if (left.entries.length !== right.entries.length) return undefined;
  const pairs = left.entries.map(([key, value]) => {
    const other = right.entries.find(([k]) => k.kind === 'value' && key.kind === 'value' && k.value === key.value);
    return other === undefined ? 'unknown' : pairsOf(value, other[1]);
  });
  // keys that are only known later: the objects are built and compared whole
  if (pairs.includes('unknown')) return [[left, right]];
  return joined(pairs as ([Term, Term][] | undefined)[]);
}

function joined(pairs: readonly ([Term, Term][] | undefined)[]): [Term, Term][] | undefined {
  return pairs.includes(undefined) ? undefined : pairs.flatMap((pair) => pair ?? []);
}

function isSource(term: Term, scope: Scope): boolean {
  if (isReady(term, scope)) return true;
  const [head] = term.kind === 'ref' ? term.terms : [];
  return head !== undefined && (isRoot(head) || isReady(head, scope));
}

function isRoot(term: Term): boolean {
  return term.kind === 'var' && (term.name === 'input' || term.name === 'data');
}

function planPair([left, right]: [Term, Term], scope: Scope, program: Program): Finish {
  const isLeftFirst = isReady(left, scope) || !isReady(right, scope);
  const isLeftSource = isSource(left, scope);
  const [from, to] = isLeftSource && (isLeftFirst || !isSource(right, scope)) ? [left, right] : [right, left];
  const source = planSource(from, scope, program);
  if (to.kind === 'ref' && !isReady(to, scope)) {
    const slot = scope.spare();
    const others = planRef(to, scope, program);
    return (next) => {
      const compare = others((value, frame, vm) => program.equal(value, frame[slot] as RegoValue) && next(frame, vm));
      return source((value, frame, vm) => {
        frame[slot] = value;
        return compare(frame, vm);
      });
    };
  }
  const match = planMatcher(to, scope, program);
  return (next) => source((value, frame, vm) => match(value, frame, vm) && next(frame, vm));
}

function planCallExpr(
  expr: Expr,
  operator: readonly Term[],
  args: readonly Term[],
  scope: Scope,
  program: Program,
): Finish {
  const { arity, source } = planCall(expr, operator, args, scope, program);
  const output = args[arity];
  if (output === undefined) return (next) => source((value, frame, vm) => value !== false && next(frame, vm));
  const match = planMatcher(output, scope, program);
  return (next) => source((value, frame, vm) => match(value, frame, vm) && next(frame, vm));
}

function planEvery(every: Every, outer: Scope, program: Program): Finish {
  const domain = planGetter(every.domain, outer, program);
  const scope = outer.inner();
  const key = every.key === undefined ? scope.spare() : scope.bind(every.key.name);
  const value = scope.bind(every.value.name);
  const holds = planBody(every.body, scope, program)(STOP);
  const check = (k: RegoValue, v: RegoValue, frame: Frame, vm: Vm): boolean => {
    vm.step();
    frame[key] = k;
    frame[value] = v;
    return holds(frame, vm);
  };
  return (next) => (frame, vm) => {
    const found = domain(frame, vm);
    if (found === undefined || !eachHolds(found, (k, v) => check(k, v, frame, vm))) return false;
    return next(frame, vm);
  };
}

function eachHolds(value: RegoValue, check: (key: RegoValue, value: RegoValue) => boolean): boolean {
  if (isArray(value)) return value.every((item, i) => check(i, item));
  if (value instanceof RegoObject) return value.entries().every(([key, entry]) => check(key, entry));
  return value instanceof RegoSet && value.members().every((member) => check(member, member));
}
