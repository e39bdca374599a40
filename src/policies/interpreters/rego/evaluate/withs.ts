/** `with`: other documents and other functions while one expression runs. */
import { operatorName } from '../ast.ts';
import type { Term, With } from '../ast.ts';
import { isFunctionValue } from '../compile/check.ts';
import { RegoObject } from '../value.ts';
import type { RegoValue } from '../value.ts';
import type { Finish } from './body.ts';
import { findCallable } from './calls.ts';
import type { NodePlan } from './plan.ts';
import type { Program } from './program.ts';
import type { Scope } from './scope.ts';
import { planGetter } from './terms.ts';
import type { Callable, Frame, Step, Vm, VmState } from './vm.ts';

/** Changes the state for one replacement; false where its value is undefined. */
type Change = (frame: Frame, vm: Vm) => boolean;

/** Runs an expression under the replacements, and what follows it without them. */
export function planWiths(withs: readonly With[], scope: Scope, program: Program): (inner: Finish, next: Step) => Step {
  const changes = withs.map((item) => planChange(item, scope, program));
  return (inner, next) => {
    const slot = scope.spare();
    const step = inner((frame, vm) => {
      const during = vm.save();
      vm.restore(frame[slot] as unknown as VmState);
      const isDone = next(frame, vm);
      vm.restore(during);
      return isDone;
    });
    return (frame, vm) => {
      const before = vm.save();
      frame[slot] = before as unknown as RegoValue;
      // values are of the state before: a change is seen by none of the others
      const isChanged = changes.every((change) => change(frame, vm));
      vm.forget();
      const isDone = isChanged && step(frame, vm);
      vm.restore(before);
      return isDone;
    };
  };
}

function planChange({ target, value, at }: With, scope: Scope, program: Program): Change {
  const path = target.kind === 'ref' ? target.terms : [target];
  const [head, ...rest] = path;
  const root = head?.kind === 'var' ? head.name : '';
  if (program.findFunction(path) !== undefined || (root !== 'input' && root !== 'data'))
    return planMock(operatorName(path) ?? '', value, scope, program, at);
  const get = planGetter(value, scope, program);
  const keys = rest.map((term) => planGetter(term, scope, program));
  const isInput = root === 'input';
  const hidden = isInput ? undefined : planAt(rest, program);
  return (frame, vm) => {
    const found = get(frame, vm);
    const names = keys.map((key) => key(frame, vm));
    if (found === undefined || names.includes(undefined)) return false;
    if (isInput) vm.input = replaceAt(vm.input, names as RegoValue[], found);
    else {
      vm.data = replaceAt(vm.data, names as RegoValue[], found);
      if (hidden !== undefined) vm.hidden = new Set([...(vm.hidden ?? []), hidden]);
    }
    return true;
  };
}

function planMock(name: string, value: Term, scope: Scope, program: Program, at: With['at']): Change {
  let mock: (frame: Frame, vm: Vm) => Callable | undefined;
  const path = value.kind === 'ref' ? value.terms : [value];
  if (isFunctionValue(value, program.tree) && isCallable(path, program)) {
    const { call } = findCallable(path, program, at);
    mock = () => (args, vm) => {
      // within what stands in for a function, all functions are the real ones
      const { mocks } = vm;
      vm.mocks = undefined;
      const result = call(args, vm);
      vm.mocks = mocks;
      return result;
    };
  } else {
    const get = planGetter(value, scope, program);
    mock = (frame, vm) => {
      const found = get(frame, vm);
      return found === undefined ? undefined : () => found;
    };
  }
  return (frame, vm) => {
    const found = mock(frame, vm);
    if (found === undefined) return false;
    vm.mocks = new Map([...(vm.mocks ?? []), [name, found]]);
    return true;
  };
}

function isCallable(path: readonly Term[], program: Program): boolean {
  const [head] = path;
  const isData = head?.kind === 'var' && head.name === 'data';
  return !isData || program.findFunction(path) !== undefined;
}

function planAt(path: readonly Term[], program: Program): NodePlan | undefined {
  let plan: NodePlan | undefined = program.root;
  for (const term of path) {
    if (plan === undefined || term.kind !== 'value') return undefined;
    plan = program.childOf(plan, term.value);
  }
  return plan;
}

/** A document in which one place is another; what is no object on the way there becomes one. */
function replaceAt(document: RegoValue | undefined, path: readonly RegoValue[], value: RegoValue): RegoValue {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const copy = RegoObject.of(document instanceof RegoObject ? document.entries() : []);
  copy.set(key, replaceAt(copy.get(key), rest, value));
  return copy;
}
