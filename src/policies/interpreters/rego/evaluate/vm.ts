/** The state of one evaluation: documents, what `with` replaced, what rules were found to be, and what it took so far. */
import { compileRegexp } from '../../../../core/index.ts';
import type { Regexp } from '../../../../core/index.ts';
import { fault } from '../fault.ts';
import type { Place } from '../fault.ts';
import type { RegoLimits } from '../limits.ts';
import { RegoObject, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import type { NodePlan } from './plan.ts';

/** Variables of one run of a rule: by number, undefined while not bound. */
export type Frame = (RegoValue | undefined)[];
/** A term's value, or undefined. */
export type Getter = (frame: Frame, vm: Vm) => RegoValue | undefined;
/** Runs an expression and what follows it, once for each of its solutions; true once enough was found. */
export type Step = (frame: Frame, vm: Vm) => boolean;
/** Does the same for one value that was found. */
export type ValueStep = (value: RegoValue, frame: Frame, vm: Vm) => boolean;
/** Binds the variables of a pattern; false where the value does not fit. */
export type Matcher = (value: RegoValue, frame: Frame, vm: Vm) => boolean;
export type Callable = (args: readonly RegoValue[], vm: Vm) => RegoValue | undefined;

export interface VmOptions {
  readonly input: RegoValue | undefined;
  readonly data: RegoValue;
  readonly now: Date;
  readonly seed: string;
  readonly limits: RegoLimits;
  /** Errors of built-in functions end the evaluation; else they are undefined. */
  readonly isStrict: boolean;
  /** Patterns that were compiled, kept from one evaluation to the next. */
  readonly regexps: Map<string, Regexp>;
}

/** Ceiling of the patterns that are kept: those that a policy is written with are few, those that it makes may be endless. */
const MAX_REGEXPS = 500;

/** A rule that has no value; unlike undefined it is kept. */
const NO_VALUE = Symbol('undefined');
/** Values of rules by the number of their node. */
type Known = (RegoValue | typeof NO_VALUE | undefined)[];

export class Vm {
  input: RegoValue | undefined;
  data: RegoValue;
  /** Functions that `with` replaced, by name. */
  mocks: ReadonlyMap<string, Callable> | undefined;
  /** Nodes under which `with` replaced all documents. */
  hidden: ReadonlySet<NodePlan> | undefined;
  #known: Known = [];
  #steps = 0;
  readonly now: Date;
  readonly seed: string;
  readonly limits: RegoLimits;
  readonly isStrict: boolean;
  readonly #regexps: Map<string, Regexp>;

  constructor({ input, data, now, seed, limits, isStrict, regexps }: VmOptions) {
    this.#regexps = regexps;
    this.input = input;
    this.data = data;
    this.now = now;
    this.seed = seed;
    this.limits = limits;
    this.isStrict = isStrict;
  }

  /** Counts work. Throws once there was too much. */
  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > this.limits.maxSteps)
      throw fault(
        'eval_limit_error',
        `expected at most ${this.limits.maxSteps} steps (maxSteps), found more`,
        undefined,
      );
  }

  /** Refuses to make anything that large. */
  checkSize(size: number): void {
    if (size > this.limits.maxSize)
      throw fault(
        'eval_limit_error',
        `expected results of at most ${this.limits.maxSize} elements or characters (maxSize), found ${size}`,
        undefined,
      );
  }

  regexp(pattern: string): Regexp {
    let found = this.#regexps.get(pattern);
    if (found === undefined && this.#regexps.size >= MAX_REGEXPS) this.#regexps.clear();
    if (found === undefined) this.#regexps.set(pattern, (found = compileRegexp(pattern, 'regex')));
    return found;
  }

  /** The value of a rule, found once. */
  once(plan: NodePlan, find: () => RegoValue | undefined): RegoValue | undefined {
    const known = this.#known[plan.id];
    if (known !== undefined) return known === NO_VALUE ? undefined : known;
    this.step();
    const kept = this.#known;
    const value = find();
    kept[plan.id] = value === undefined ? NO_VALUE : value;
    return value;
  }

  /** Base documents at a node. */
  baseOf(plan: NodePlan): RegoValue | undefined {
    if (plan.parent === undefined) return this.data;
    const base = this.baseOf(plan.parent);
    return base === undefined ? undefined : lookUp(base, plan.key);
  }

  /** What `with` saves and restores around its expression. */
  save(): VmState {
    return { input: this.input, data: this.data, mocks: this.mocks, hidden: this.hidden, known: this.#known };
  }

  restore(state: VmState): void {
    this.input = state.input;
    this.data = state.data;
    this.mocks = state.mocks;
    this.hidden = state.hidden;
    this.#known = state.known;
  }

  /** Forgets what rules were found to be: under other documents they may be something else. */
  forget(): void {
    this.#known = [];
  }
}

export interface VmState {
  readonly input: RegoValue | undefined;
  readonly data: RegoValue;
  readonly mocks: ReadonlyMap<string, Callable> | undefined;
  readonly hidden: ReadonlySet<NodePlan> | undefined;
  readonly known: Known;
}

/** One step of a reference: an element of an array, the value of a key, a member of a set. */
export function lookUp(value: RegoValue, key: RegoValue): RegoValue | undefined {
  if (value instanceof RegoObject) return value.get(key);
  if (Array.isArray(value)) return typeof key === 'number' ? (value as readonly RegoValue[])[key] : undefined;
  if (value instanceof RegoSet) return value.has(key) ? key : undefined;
  return undefined;
}

/** A failure of a built-in function: undefined, or in strict mode the end. */
export function builtinError(message: string): Error {
  return fault('eval_builtin_error', message, undefined);
}

export function conflict(message: string, at: Place | undefined): Error {
  return fault('eval_conflict_error', message, at);
}
