/** Compiles a syntax tree into closures over one array of values: each variable, of comprehensions too, has a place there. */
import { syntaxError } from './ast.ts';
import type { Expr, ExprOf, Item, Source } from './ast.ts';
import type { Overload } from './functions/overload.ts';
import { planMacro } from './macros.ts';
import { BINARY, noOverload, UNARY } from './operators.ts';
import { CelList, CelMap, Failure, isEqual, keyOf, kindOf, NONE, Optional, TypeValue } from './values.ts';
import type { Key, Result, Value } from './values.ts';

/** Ceiling of a tree's height, far from the end of our stack: a long sum is as high as it is long. */
const MAX_HEIGHT = 1000;
/** From so many constant items on, `in` looks them up. */
const MIN_LOOKUP = 3;

export type Frame = Result[];
export type Step = (frame: Frame) => Result;

export interface Scope {
  /** Variables of comprehensions: name -> place. */
  readonly locals: ReadonlyMap<string, number>;
  readonly height: number;
}

export interface Functions {
  readonly find: (name: string) => readonly Overload[] | undefined;
  /** Functions whose constant arguments are looked at when an expression is loaded. */
  readonly isCheckedAtLoad: (name: string) => boolean;
  /** Why a function would fail for its second argument, whatever the first text is. */
  readonly faultOf: (name: string, second: Value) => Failure | undefined;
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ...'bool bytes double int list map null_type string type uint optional_type'
    .split(' ')
    .map((name) => [name, name] as const),
  ...['google.protobuf.Timestamp', 'google.protobuf.Duration'].map((name) => [name, name] as const),
  ...['net.IP', 'net.CIDR', 'kubernetes.URL', 'kubernetes.Quantity', 'kubernetes.Semver'].map(
    (name) => [name, name] as const,
  ),
]);

export class Compiler {
  readonly source: Source;
  readonly #variables: ReadonlyMap<string, number>;
  readonly #functions: Functions;
  /** Namespaces, the innermost first. */
  readonly #prefixes: readonly string[];
  #places: number;
  readonly #constants = new WeakMap<Step, Value>();

  /** `container` is the namespace in which names are looked for first. */
  constructor(
    source: Source,
    variables: readonly string[],
    { functions, container }: { functions: Functions; container: string },
  ) {
    this.source = source;
    this.#variables = new Map(variables.map((name, place) => [name, place]));
    this.#functions = functions;
    const parts = container === '' ? [] : container.split('.');
    this.#prefixes = [...parts.map((_, i) => `${parts.slice(0, parts.length - i).join('.')}.`), ''];
    this.#places = variables.length;
  }

  /** A place of its own for a variable of a comprehension. */
  declare(scope: Scope, ...names: readonly string[]): { readonly scope: Scope; readonly places: readonly number[] } {
    const places = names.map((_, index) => this.#places + index);
    this.#places += names.length;
    const locals = new Map([...scope.locals, ...names.map((name, index) => [name, places[index] ?? 0] as const)]);
    return { scope: { ...scope, locals }, places };
  }

  fault(at: number, message: string): Error {
    return syntaxError(this.source, at, message);
  }

  compile(expr: Expr, above: Scope): Step {
    const scope = { ...above, height: above.height + 1 };
    if (scope.height > MAX_HEIGHT) throw this.fault(expr.at, `expected at most ${MAX_HEIGHT} operations in a row`);
    switch (expr.kind) {
      case 'constant':
        return this.#constant(expr.value);
      case 'name':
      case 'select':
        return this.#path(expr, scope);
      case 'index':
        return this.#index(expr, scope);
      case 'call':
        return this.#call(expr, scope);
      case 'logic':
        return logic(
          expr,
          expr.terms.map((term) => this.compile(term, scope)),
        );
      case 'conditional':
        return this.#conditional(expr, scope);
      case 'list':
        return this.#list(expr, scope);
      case 'map':
        return this.#map(expr, scope);
      case 'message':
        throw this.fault(expr.at, `${expr.type}{...}: messages of protocol buffers are not supported`);
    }
  }

  #constant(value: Value): Step {
    const step: Step = () => value;
    this.#constants.set(step, value);
    return step;
  }

  /** A name with the fields behind it: the longest that is declared is the variable, as for `a.b` in a namespace. */
  #path(expr: ExprOf<'name' | 'select'>, scope: Scope): Step {
    const parts = pathOf(expr);
    if (parts === undefined) {
      if (expr.kind !== 'select') throw new Error('a name is a path');
      return this.#select(expr, scope);
    }
    const { names, isRooted } = parts;
    const [first = ''] = names;
    const local = isRooted ? undefined : scope.locals.get(first);
    if (local !== undefined)
      return expr.kind === 'select' ? this.#select(expr, scope) : (frame) => valueAt(frame, local, first);
    const prefixes = isRooted ? [''] : this.#prefixes;
    for (const prefix of prefixes) {
      const name = `${prefix}${names.join('.')}`;
      const place = this.#variables.get(name);
      if (place !== undefined) return (frame) => valueAt(frame, place, name);
      const type = TYPES.get(name);
      if (type !== undefined) return this.#constant(new TypeValue(type));
    }
    if (expr.kind === 'select' && names.length > 1) return this.#select(expr, scope);
    const known = [...this.#variables.keys()].join(', ');
    throw this.fault(expr.at, `unknown name ${first}, expected one of ${known}`);
  }

  #select({ operand, field, isOptional }: ExprOf<'select'>, scope: Scope): Step {
    const owner = this.compile(operand, scope);
    return (frame) => select(owner(frame), field, isOptional);
  }

  #index({ operand, index, isOptional }: ExprOf<'index'>, scope: Scope): Step {
    const [owner, key] = [this.compile(operand, scope), this.compile(index, scope)];
    return (frame) => {
      const value = owner(frame);
      if (value instanceof Failure) return value;
      const at = key(frame);
      return at instanceof Failure ? at : select(value, at, isOptional);
    };
  }

  #conditional({ test, yes, no }: ExprOf<'conditional'>, scope: Scope): Step {
    const [condition, first, second] = [test, yes, no].map((part) => this.compile(part, scope)) as [Step, Step, Step];
    return (frame) => {
      const value = condition(frame);
      if (value === true) return first(frame);
      if (value === false) return second(frame);
      return value instanceof Failure ? value : noOverload('?:', value);
    };
  }

  #list({ items }: ExprOf<'list'>, scope: Scope): Step {
    const steps = items.map(({ value }) => this.compile(value, scope));
    const step: Step = (frame) => {
      const values: Value[] = [];
      for (const [index, item] of steps.entries()) {
        const value = given(item(frame), items[index]);
        if (value instanceof Failure) return value;
        if (value !== undefined) values.push(value);
      }
      return new CelList(values);
    };
    return this.#fold(step, steps);
  }

  #map({ entries }: ExprOf<'map'>, scope: Scope): Step {
    const steps = entries.map(({ key, value }) => [this.compile(key, scope), this.compile(value, scope)] as const);
    const step: Step = (frame) => {
      const made = new Map<Key, readonly [Value, Value]>();
      for (const [index, [keyStep, valueStep]] of steps.entries()) {
        const key = keyStep(frame);
        if (key instanceof Failure) return key;
        const value = given(valueStep(frame), entries[index]);
        if (value instanceof Failure) return value;
        const failure = value === undefined ? undefined : addEntry(made, key, value);
        if (failure !== undefined) return failure;
      }
      return new CelMap(made);
    };
    return this.#fold(step, steps.flat());
  }

  #call(expr: ExprOf<'call'>, scope: Scope): Step {
    const macro = planMacro(this, expr, scope);
    if (macro !== undefined) return macro;
    const { name, target, args } = expr;
    const [unary, binary] = [UNARY.get(name), BINARY.get(name)];
    const [first, second] = args;
    if (unary !== undefined && first !== undefined) return this.#unary(unary, this.compile(first, scope));
    if (binary !== undefined && first !== undefined && second !== undefined)
      return this.#binary(name, binary, [this.compile(first, scope), this.compile(second, scope)]);
    const qualified = this.#qualified(expr, scope);
    const isMethod = target !== undefined && qualified === undefined;
    const operands = (isMethod ? [target, ...args] : args).map((arg) => this.compile(arg, scope));
    const overloads = qualified ?? this.#functions.find(isMethod ? `.${name}` : name) ?? [];
    const fitting = overloads.filter(({ params, isVariadic }) => isVariadic || params.length === operands.length);
    if (fitting.length === 0) throw this.fault(expr.at, this.#missing(expr, overloads));
    const pattern = operands[1] === undefined ? undefined : this.#constants.get(operands[1]);
    const fault = pattern === undefined ? undefined : this.#functions.faultOf(name, pattern);
    if (fault !== undefined) throw this.fault(expr.at, fault.message);
    const step = applied(fitting, name, operands);
    const isChecked = this.#functions.isCheckedAtLoad(name) && args.every(({ kind }) => kind === 'constant');
    return this.#fold(step, operands, isChecked ? expr : undefined);
  }

  #missing({ name, target, args }: ExprOf<'call'>, overloads: readonly Overload[]): string {
    if (overloads.length > 0) {
      const counts = [...new Set(overloads.map(({ name, params }) => params.length - Number(name.startsWith('.'))))];
      return `${name}: expected ${counts.join(' or ')} arguments, found ${args.length}`;
    }
    const other = this.#functions.find(target === undefined ? `.${name}` : name) !== undefined;
    if (!other) return `unknown function ${name}`;
    return target === undefined ? `${name} is called as x.${name}(...)` : `${name} is called as ${name}(x)`;
  }

  /** `math.greatest(...)`: a function, where its first name is no variable. */
  #qualified({ name, target }: ExprOf<'call'>, scope: Scope): readonly Overload[] | undefined {
    const path = target === undefined ? { names: [], isRooted: false } : pathOf(target);
    const [first = ''] = path?.names ?? [];
    if (path === undefined || scope.locals.has(first) || this.#variables.has(first)) return undefined;
    return this.#functions.find([...path.names, name].join('.'));
  }

  #unary(operator: (value: Value) => Result, operand: Step): Step {
    const step: Step = (frame) => {
      const value = operand(frame);
      return value instanceof Failure ? value : operator(value);
    };
    return this.#fold(step, [operand]);
  }

  #binary(name: string, operator: (a: Value, b: Value) => Result, [left, right]: readonly [Step, Step]): Step {
    const list = this.#constants.get(right);
    if (name === '@in' && list instanceof CelList && list.items.length >= MIN_LOOKUP) return lookup(left, list);
    const step: Step = (frame) => {
      const a = left(frame);
      if (a instanceof Failure) return a;
      const b = right(frame);
      return b instanceof Failure ? b : operator(a, b);
    };
    return this.#fold(step, [left, right]);
  }

  /** Constants of constants are found once. What of them fails is refused at once where it is a text that a person wrote wrongly. */
  #fold(step: Step, operands: readonly Step[], checked?: Expr): Step {
    if (!operands.every((operand) => this.#constants.has(operand))) return step;
    const value = step([]);
    if (!(value instanceof Failure)) return this.#constant(value);
    if (checked !== undefined) throw this.fault(checked.at, value.message);
    return () => value;
  }
}

function valueAt(frame: Frame, place: number, name: string): Result {
  const value = frame[place];
  return value === undefined ? new Failure(`no value of ${name}`) : value;
}

/** `a.b.c` as its names. */
function pathOf(expr: Expr): { readonly names: readonly string[]; readonly isRooted: boolean } | undefined {
  if (expr.kind === 'name') return { names: [expr.name], isRooted: expr.isRooted };
  if (expr.kind !== 'select' || expr.isOptional) return undefined;
  const owner = pathOf(expr.operand);
  return owner === undefined ? undefined : { ...owner, names: [...owner.names, expr.field] };
}

/** One term that decides is enough; else a failure, or a term that is no truth value, is the result. */
function logic({ operator }: ExprOf<'logic'>, terms: readonly Step[]): Step {
  const decisive = operator === '||';
  return (frame) => {
    let failure: Failure | undefined;
    for (const term of terms) {
      const value = term(frame);
      if (value === decisive) return decisive;
      if (value !== !decisive) failure ??= value instanceof Failure ? value : noOverload(operator, value);
    }
    return failure ?? !decisive;
  };
}

/** The field or item of a value. Of an optional one, an optional one. */
function select(owner: Result, key: Value, isOptional: boolean): Result {
  if (owner instanceof Failure) return owner;
  if (owner instanceof Optional) {
    if (owner.value === undefined) return NONE;
    return select(owner.value, key, true);
  }
  const found = find(owner, key);
  if (!isOptional) return found === undefined ? new Failure(`no such key: ${textOf(key)}`) : found;
  if (found instanceof Failure) return found;
  return found === undefined ? NONE : found instanceof Optional ? found : new Optional(found);
}

function textOf(key: Value): string {
  return typeof key === 'string' ? key : String(keyOf(key) ?? kindOf(key));
}

function find(owner: Value, key: Value): Result | undefined {
  if (owner instanceof CelMap) {
    const name = keyOf(key);
    if (name !== undefined) return owner.get(name);
    return typeof key === 'number' ? undefined : noOverload('_[_]', owner, key);
  }
  if (!(owner instanceof CelList)) return noOverload(typeof key === 'string' ? `select .${key}` : '_[_]', owner);
  const index = keyOf(key);
  return typeof index === 'bigint' ? owner.items[Number(index)] : noOverload('_[_]', owner, key);
}

/** Whether a field is there, for `has`. */
export function hasField(owner: Result, field: string): Result {
  if (owner instanceof Failure) return owner;
  if (owner instanceof Optional) return owner.value !== undefined && hasField(owner.value, field);
  return owner instanceof CelMap ? owner.get(field) !== undefined : noOverload('has', owner);
}

/** What an item is worth: undefined where it is optional and none. */
function given(value: Result, item: Item | undefined): Result | undefined {
  if (item?.isOptional !== true || value instanceof Failure) return value;
  return value instanceof Optional ? value.value : noOverload('?', value);
}

export function addEntry(made: Map<Key, readonly [Value, Value]>, key: Value, value: Value): Failure | undefined {
  const name = typeof key === 'number' ? undefined : keyOf(key);
  if (name === undefined) return new Failure(`unsupported key type: ${kindOf(key)}`);
  if (made.has(name)) return new Failure(`expected each key once, found ${textOf(key)} twice`);
  made.set(name, [key, value]);
  return undefined;
}

function lookup(item: Step, list: CelList): Step {
  const keys = new Set(list.items.map(keyOf));
  const others = list.items.filter((other) => keyOf(other) === undefined);
  return (frame) => {
    const value = item(frame);
    if (value instanceof Failure) return value;
    const key = keyOf(value);
    return (key !== undefined && keys.has(key)) || others.some((other) => isEqual(value, other));
  };
}

/** Calls the first overload that takes such arguments. */
function applied(overloads: readonly Overload[], name: string, operands: readonly Step[]): Step {
  return (frame) => {
    const args: Value[] = [];
    for (const operand of operands) {
      const value = operand(frame);
      if (value instanceof Failure) return value;
      args.push(value);
    }
    const found = overloads.find(({ params, isVariadic }) =>
      args.every((arg, index) => {
        const param = isVariadic ? 'any' : params[index];
        return param === 'any' || param === kindOf(arg);
      }),
    );
    return found === undefined ? noOverload(name, ...args) : found.call(...args);
  };
}
