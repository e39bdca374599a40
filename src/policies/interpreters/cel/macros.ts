/** Macros: calls whose arguments are looked at before they have values. Those of the language, of cel.bind, of optionals and of two variables. */
import type { ExprOf } from './ast.ts';
import { addEntry, hasField } from './compile.ts';
import type { Compiler, Frame, Scope, Step } from './compile.ts';
import { noOverload } from './operators.ts';
import { CelList, CelMap, compare, Failure, kindOf, NONE, Optional } from './values.ts';
import type { Key, Result, Value } from './values.ts';

type Call = ExprOf<'call'>;

/** Undefined where a call is none of a macro. */
export function planMacro(compiler: Compiler, call: Call, scope: Scope): Step | undefined {
  const { name, target, args } = call;
  if (target === undefined) return name === 'has' && args.length === 1 ? planHas(compiler, call, scope) : undefined;
  if (name === 'bind' && target.kind === 'name' && target.name === 'cel' && args.length === 3)
    return planBind(compiler, call, scope);
  if ((name === 'optMap' || name === 'optFlatMap') && args.length === 2) return planOptional(compiler, call, scope);
  if ((name === 'or' || name === 'orValue') && args.length === 1) return planOr(compiler, call, scope);
  if (name === 'sortBy' && args.length === 2) return planSort(compiler, call, scope);
  const fold = FOLDS[`${name}/${args.length}`];
  return fold === undefined ? undefined : planFold(compiler, { call, fold }, scope);
}

function planHas(compiler: Compiler, { args: [field], at }: Call, scope: Scope): Step {
  if (field?.kind !== 'select' || field.isOptional) throw compiler.fault(at, 'has: expected a field, as in has(a.b)');
  const owner = compiler.compile(field.operand, scope);
  return (frame) => hasField(owner(frame), field.field);
}

function planBind(compiler: Compiler, { args }: Call, outer: Scope): Step {
  const [, value, body] = args;
  const { scope, places } = compiler.declare(outer, nameAt(compiler, args, 0));
  if (value === undefined || body === undefined) throw new Error('bind has three arguments');
  const [bound, inner] = [compiler.compile(value, outer), compiler.compile(body, scope)];
  return (frame) => {
    frame[places[0] ?? 0] = bound(frame);
    return inner(frame);
  };
}

function planOptional(compiler: Compiler, { name, target, args }: Call, outer: Scope): Step {
  const { scope, places } = compiler.declare(outer, nameAt(compiler, args, 0));
  const [, body] = args;
  if (target === undefined || body === undefined) throw new Error(`${name} has a target and two arguments`);
  const [owner, inner] = [compiler.compile(target, outer), compiler.compile(body, scope)];
  return (frame) => {
    const optional = owner(frame);
    if (optional instanceof Failure) return optional;
    if (!(optional instanceof Optional)) return noOverload(name, optional);
    if (optional.value === undefined) return NONE;
    frame[places[0] ?? 0] = optional.value;
    const made = inner(frame);
    if (made instanceof Failure) return made;
    if (name === 'optMap') return new Optional(made);
    return made instanceof Optional ? made : noOverload(name, made);
  };
}

/** What stands in for none is looked at only then. */
function planOr(compiler: Compiler, { name, target, args: [other] }: Call, scope: Scope): Step {
  if (target === undefined || other === undefined) throw new Error(`${name} has a target and an argument`);
  const [owner, instead] = [compiler.compile(target, scope), compiler.compile(other, scope)];
  return (frame) => {
    const optional = owner(frame);
    if (optional instanceof Failure) return optional;
    if (!(optional instanceof Optional)) return noOverload(name, optional);
    if (optional.value !== undefined) return name === 'or' ? optional : optional.value;
    const value = instead(frame);
    const isWrong = name === 'or' && !(value instanceof Failure || value instanceof Optional);
    return isWrong ? noOverload(name, value) : value;
  };
}

function planSort(compiler: Compiler, { target, args }: Call, outer: Scope): Step {
  const { scope, places } = compiler.declare(outer, nameAt(compiler, args, 0));
  const [, key] = args;
  if (target === undefined || key === undefined) throw new Error('sortBy has a target and two arguments');
  const [range, keyStep] = [compiler.compile(target, outer), compiler.compile(key, scope)];
  return (frame) => {
    const list = range(frame);
    if (!(list instanceof CelList)) return list instanceof Failure ? list : noOverload('sortBy', list);
    const keyed: { readonly key: Value; readonly item: Value }[] = [];
    for (const item of list.items) {
      frame[places[0] ?? 0] = item;
      const value = keyStep(frame);
      if (value instanceof Failure) return value;
      const isLike = keyed[0] === undefined || kindOf(keyed[0].key) === kindOf(value);
      if (!isLike || compare(value, value) === undefined) return noOverload('sortBy', value);
      keyed.push({ key: value, item });
    }
    return new CelList(keyed.toSorted((a, b) => compare(a.key, b.key) ?? 0).map(({ item }) => item));
  };
}

/** A comprehension: what becomes of each item, and what of all. */
interface Fold {
  readonly variables: 1 | 2;
  /** Bodies behind the variables; of several, the first one chooses. */
  readonly start: () => Collector;
}

interface Collector {
  /** Takes what the last body gives for an item, unless the first chose otherwise; gives a result that ends the comprehension. */
  add(value: Result, key: Value): Result | undefined;
  end(): Result;
  /** Keeps the item itself where the body says true. */
  readonly isFilter?: true;
}

const FOLDS: Readonly<Record<string, Fold>> = {
  'all/2': { variables: 1, start: () => decide(false) },
  'exists/2': { variables: 1, start: () => decide(true) },
  'exists_one/2': { variables: 1, start: countOne },
  'existsOne/2': { variables: 1, start: countOne },
  'map/2': { variables: 1, start: collectList },
  'map/3': { variables: 1, start: collectList },
  'filter/2': { variables: 1, start: () => ({ ...collectList(), isFilter: true }) },
  'all/3': { variables: 2, start: () => decide(false) },
  'exists/3': { variables: 2, start: () => decide(true) },
  'exists_one/3': { variables: 2, start: countOne },
  'existsOne/3': { variables: 2, start: countOne },
  'transformList/3': { variables: 2, start: collectList },
  'transformList/4': { variables: 2, start: collectList },
  'transformMap/3': { variables: 2, start: collectMap },
  'transformMap/4': { variables: 2, start: collectMap },
  'transformMapEntry/3': { variables: 2, start: collectEntries },
  'transformMapEntry/4': { variables: 2, start: collectEntries },
};

function planFold(
  compiler: Compiler,
  { call, fold }: { readonly call: Call; readonly fold: Fold },
  outer: Scope,
): Step {
  const { name, target, args } = call;
  if (target === undefined) throw new Error(`${name} has a target`);
  const names = Array.from({ length: fold.variables }, (_, index) => nameAt(compiler, args, index));
  if (new Set(names).size < names.length)
    throw compiler.fault(call.at, `${name}: expected two names, found ${names[0]} twice`);
  const range = compiler.compile(target, outer);
  const { scope, places } = compiler.declare(outer, ...names);
  const bodies = args.slice(fold.variables).map((body) => compiler.compile(body, scope));
  const [body = NOTHING] = bodies.slice(-1);
  const isChosen = bodies.length > 1 ? bodies[0] : undefined;
  const [first = 0, second] = places;
  return (frame) => {
    const given = range(frame);
    if (given instanceof Failure) return given;
    const entries = entriesOf(given, second === undefined);
    if (entries === undefined) return noOverload(name, given);
    const collector = fold.start();
    for (const [key, value] of entries) {
      frame[first] = second === undefined ? value : key;
      if (second !== undefined) frame[second] = value;
      const choice = isChosen === undefined ? true : chosen(isChosen, frame, name);
      if (choice instanceof Failure) return choice;
      const result = choice ? step(collector, body, { frame, key, value, name }) : undefined;
      if (result !== undefined) return result;
    }
    return collector.end();
  };
}

const NOTHING: Step = () => null;

interface At {
  readonly frame: Frame;
  readonly key: Value;
  readonly value: Value;
  readonly name: string;
}

function step(collector: Collector, body: Step, { frame, key, value, name }: At): Result | undefined {
  if (collector.isFilter !== true) return collector.add(body(frame), key);
  const isKept = chosen(body, frame, name);
  if (isKept instanceof Failure) return isKept;
  return isKept ? collector.add(value, key) : undefined;
}

function chosen(body: Step, frame: Frame, name: string): boolean | Failure {
  const value = body(frame);
  return typeof value === 'boolean' || value instanceof Failure ? value : noOverload(name, value);
}

/** Items of a list with their index; entries of a map, of which one variable sees the key. */
function entriesOf(given: Value, isSingle: boolean): readonly (readonly [Value, Value])[] | undefined {
  if (given instanceof CelList) return given.items.map((item, index) => [BigInt(index), item]);
  if (!(given instanceof CelMap)) return undefined;
  return isSingle ? given.keys().map((key) => [key, key]) : given.entries();
}

/** `all` and `exists`: one item that decides is enough, whatever failed before it. */
function decide(decisive: boolean): Collector {
  let failure: Failure | undefined;
  return {
    add: (value) => {
      if (value === decisive) return decisive;
      if (value !== !decisive)
        failure ??= value instanceof Failure ? value : noOverload(decisive ? 'exists' : 'all', value);
      return undefined;
    },
    end: () => failure ?? !decisive,
  };
}

function countOne(): Collector {
  let count = 0;
  return {
    add: (value) => {
      if (typeof value !== 'boolean') return value instanceof Failure ? value : noOverload('exists_one', value);
      if (value) count += 1;
      return undefined;
    },
    end: () => count === 1,
  };
}

function collectList(): Collector {
  const items: Value[] = [];
  return {
    add: (value) => {
      if (value instanceof Failure) return value;
      items.push(value);
      return undefined;
    },
    end: () => new CelList(items),
  };
}

function collectMap(): Collector {
  const made = new Map<Key, readonly [Value, Value]>();
  return {
    add: (value, key) => (value instanceof Failure ? value : addEntry(made, key, value)),
    end: () => new CelMap(made),
  };
}

function collectEntries(): Collector {
  const made = new Map<Key, readonly [Value, Value]>();
  return {
    add: (value) => {
      if (!(value instanceof CelMap)) return value instanceof Failure ? value : noOverload('transformMapEntry', value);
      for (const [key, inner] of value.entries()) {
        const failure = addEntry(made, key, inner);
        if (failure !== undefined) return failure;
      }
      return undefined;
    },
    end: () => new CelMap(made),
  };
}

function nameAt(compiler: Compiler, args: Call['args'], index: number): string {
  const expr = args[index];
  if (expr?.kind === 'name' && !expr.isRooted) return expr.name;
  throw compiler.fault(expr?.at ?? 0, 'expected the name of a variable');
}
