/** Rules as functions: complete ones, sets, objects that grow by their keys, and functions. */
import { isMultiValue } from '../ast.ts';
import type { Rule, Term } from '../ast.ts';
import { dynamicPart } from '../compile/tree.ts';
import type { Place } from '../fault.ts';
import { areEqual, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { branchesOf } from '../walk.ts';
import { planBody } from './body.ts';
import type { Extent, Fill } from './extent.ts';
import { planIndex } from './rule-index.ts';
import type { NodePlan } from './plan.ts';
import type { Program } from './program.ts';
import { Scope } from './scope.ts';
import { constantOf, planGetter, planMatcher } from './terms.ts';
import { conflict } from './vm.ts';
import type { Callable, Frame, Getter, Matcher, Step, Vm } from './vm.ts';

/** Plans what the rules of a node give. */
export function planRules(plan: NodePlan, program: Program): void {
  const { rules } = plan.node;
  const [first] = rules;
  if (first === undefined) return;
  if (first.head.args !== undefined) plan.call = planFunction(plan, program);
  else if (plan.kind === 'object') plan.fills = rules.map((rule) => planEntries(rule, program));
  else plan.evaluate = isMultiValue(first.head) ? planSet(rules, program) : planComplete(plan, program);
}

interface Target {
  readonly extent: Extent;
  readonly prefix: readonly RegoValue[];
}

interface Branch {
  /** The only value that it can have, where that is known. */
  readonly constant: RegoValue | undefined;
  readonly run: Callable;
}

/** One rule without its else branches, as a function of its arguments. */
function planBranch(rule: Rule, program: Program, what: string, hasElse = false): Branch {
  const scope = new Scope();
  const matchers = (rule.head.args ?? []).map((arg) => planMatcher(arg, scope, program));
  const finish = planBody(rule.body, scope, program);
  const value = rule.head.value as Term;
  // as in OPA, whose rules with else branches run all solutions, and so meet all errors
  const constant = hasElse ? undefined : constantOf(value, scope, program);
  const body = finish(planResult(planGetter(value, scope, program), constant !== undefined, rule.at, what));
  const run: Callable = (args, vm) => {
    const frame: Frame = Array.from({ length: scope.size });
    if (!matchAll(matchers, args, frame, vm)) return undefined;
    body(frame, vm);
    return frame[0];
  };
  return { constant, run };
}

/** Keeps the first value, and sees to it that there is no other. */
function planResult(value: Getter, isConstant: boolean, at: Place, what: string): Step {
  return (frame, vm) => {
    const found = value(frame, vm);
    if (found === undefined) return false;
    const before = frame[0];
    if (before !== undefined && !areEqual(before, found)) throw conflict(what, at);
    frame[0] = found;
    return isConstant;
  };
}

function matchAll(matchers: readonly Matcher[], args: readonly RegoValue[], frame: Frame, vm: Vm): boolean {
  for (let i = 0; i < matchers.length; i += 1) {
    if (matchers[i]?.(args[i] as RegoValue, frame, vm) !== true) return false;
  }
  return true;
}

/** A rule with its else branches: the first that has a value. */
function planChain(rule: Rule, program: Program, what: string): Branch {
  const hasElse = rule.otherwise !== undefined;
  const branches = branchesOf(rule).map((branch) => planBranch(branch, program, what, hasElse));
  const [first, ...others] = branches as [Branch, ...Branch[]];
  if (others.length === 0) return first;
  const run: Callable = (args, vm) => {
    for (const branch of branches) {
      const value = branch.run(args, vm);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  return { constant: undefined, run };
}

const COMPLETE = 'complete rules must not produce multiple outputs';
const FUNCTION = 'functions must not produce multiple outputs for same inputs';

/** All rules of one name that give one value: equal values, or the default. */
function planGroup(plan: NodePlan, program: Program, what: string): Callable {
  const { rules } = plan.node;
  const chains = rules
    .filter(({ isDefault }) => !isDefault)
    .map((rule) => ({ rule, ...planChain(rule, program, what) }));
  const fallback = rules.find(({ isDefault }) => isDefault);
  const otherwise = fallback === undefined ? undefined : planBranch(fallback, program, what).run;
  const candidates = planIndex(chains, program);
  return (args, vm) => {
    let result: RegoValue | undefined;
    const { chains: found, isUniform } = candidates(args, vm);
    for (const { rule, run } of found) {
      const value = run(args, vm);
      if (value === undefined) continue;
      if (isUniform) return value;
      if (result !== undefined && !areEqual(result, value)) throw conflict(what, rule.at);
      result = value;
    }
    return result === undefined ? otherwise?.(args, vm) : result;
  };
}

function planComplete(plan: NodePlan, program: Program): (vm: Vm) => RegoValue | undefined {
  const group = planGroup(plan, program, COMPLETE);
  return (vm) => group([], vm);
}

function planFunction(plan: NodePlan, program: Program): Callable {
  const group = planGroup(plan, program, FUNCTION);
  return (args, vm) => {
    vm.step();
    return group(args, vm);
  };
}

function planSet(rules: readonly Rule[], program: Program): (vm: Vm) => RegoValue {
  const planned = rules.map(({ head, body }) => {
    const scope = new Scope();
    const slot = scope.spare();
    const finish = planBody(body, scope, program);
    const member = planGetter(head.key as Term, scope, program);
    const step = finish((frame, vm) => {
      const found = member(frame, vm);
      if (found !== undefined) (frame[slot] as RegoSet).add(found);
      return false;
    });
    return { scope, slot, step };
  });
  return (vm) => {
    const members = new RegoSet();
    for (const { scope, slot, step } of planned) {
      const frame: Frame = Array.from({ length: scope.size });
      frame[slot] = members;
      step(frame, vm);
    }
    return members;
  };
}

/** `p[k] := v`, `p[k].q[l] := v` and `p[k] contains v`: objects within objects, grown entry by entry. */
function planEntries(rule: Rule, program: Program): Fill {
  const { head, body, at } = rule;
  const scope = new Scope();
  const slot = scope.spare();
  const finish = planBody(body, scope, program);
  const path = dynamicPart(head.reference).map((term) => planGetter(term, scope, program));
  const isMulti = isMultiValue(head);
  const value = planGetter((isMulti ? head.key : head.value) as Term, scope, program);
  const step = finish((frame, vm) => {
    const keys = path.map((key) => key(frame, vm));
    const found = value(frame, vm);
    if (found === undefined || keys.includes(undefined)) return false;
    const { extent, prefix } = frame[slot] as unknown as Target;
    extent.add([...prefix, ...(keys as RegoValue[])], found, isMulti, at);
    return false;
  });
  return (extent, prefix, vm) => {
    const frame: Frame = Array.from({ length: scope.size });
    frame[slot] = { extent, prefix } satisfies Target as unknown as RegoValue;
    step(frame, vm);
  };
}
