/**
 * Rego, versions 0 and 1, over plain JSON: modules are compiled once, then evaluated as often as there are documents. It knows nothing of
 * images, reaches nothing outside, and takes the time and the seed of what is random as parameters.
 */
import { AppError } from '../../../core/index.ts';
import type { Regexp } from '../../../core/index.ts';
import { isGenerated } from './ast.ts';
import type { Expr, RegoVersion } from './ast.ts';
import { compileModules, compileQuery } from './compile/compile.ts';
import type { Compiled } from './compile/compile.ts';
import { planBody } from './evaluate/body.ts';
import { Program } from './evaluate/program.ts';
import { Scope } from './evaluate/scope.ts';
import { Vm } from './evaluate/vm.ts';
import type { Frame } from './evaluate/vm.ts';
import { fault, faultsOf } from './fault.ts';
import type { Fault } from './fault.ts';
import { fromJson, toJson } from './json.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { RegoLimits } from './limits.ts';
import { parseModule, parseQuery } from './parser.ts';
import { RegoObject } from './value.ts';
import type { RegoValue } from './value.ts';
import { addVarsOfBody, SAFETY } from './walk.ts';

/** Ceiling of the modules of one program. */
const MAX_MODULES = 2000;

/** Ceiling of the queries that a program keeps compiled. */
const MAX_QUERIES = 1000;

export interface RegoModule {
  /** Named in messages. */
  readonly file: string;
  readonly text: string;
}

export interface RegoOptions {
  /** Syntax of the modules. One of `v0` reads as v1 where it says `import rego.v1`. */
  readonly version: RegoVersion;
  /** Also refuses what is legal and most likely a mistake: imports and variables without use, deprecated functions. */
  readonly isStrict?: boolean;
}

/** A document that was converted once, for evaluations without number. */
export class RegoDocument {
  readonly value: RegoValue;
  constructor(json: unknown) {
    this.value = fromJson(json);
  }
}

export interface RegoInput {
  /** JSON, or a RegoDocument; integers beyond 2 ** 53 may be bigints. Left out, `input` is undefined. */
  readonly input?: unknown;
  /** Base documents under `data`: an object, or a RegoDocument. */
  readonly data?: unknown;
  /** What `time.now_ns` tells. */
  readonly now: Date;
  /** What `rand.intn` and `uuid.rfc4122` are made of; the same seed gives the same. */
  readonly seed?: string;
  readonly limits?: Partial<RegoLimits>;
  /** Errors of built-in functions (`to_number("x")`) end the evaluation with that error; else the expression is undefined. */
  readonly strictBuiltinErrors?: boolean;
}

export type RegoOutcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'undefined' }
  | { readonly kind: 'error'; readonly error: Fault };

export type RegoBindings =
  | { readonly kind: 'results'; readonly results: readonly Readonly<Record<string, unknown>>[] }
  | { readonly kind: 'error'; readonly error: Fault };

export interface RegoProgram {
  /**
   * The document at a path, such as `data.sigstore.isCompliant`. What stops the evaluation, also a ceiling, comes back as an error;
   * AppErrors are thrown only for documents that are no JSON.
   */
  readonly evaluate: (path: string, input: RegoInput) => RegoOutcome;
  /** All solutions of a query in the syntax of v1: the values of its variables. Compiled once per text. Throws for a query that is wrong. */
  readonly query: (text: string, input: RegoInput) => RegoBindings;
}

/**
 * Compiles modules that belong together. Throws `invalid-input` with `details.faults`: each has OPA's code (`rego_parse_error`,
 * `rego_type_error`, `rego_unsafe_var_error`...), a message and the place.
 */
export function compileRego(modules: readonly RegoModule[], options: RegoOptions): RegoProgram {
  if (modules.length > MAX_MODULES)
    throw new AppError('invalid-input', `policy: expected at most ${MAX_MODULES} modules, found ${modules.length}`);
  return bounded(() => {
    const parsed = modules.map(({ text, file }) => parseModule(text, file, options.version));
    const compiled = compileModules(parsed, options.isStrict === true);
    return programOf(compiled, new Program(compiled));
  });
}

/** Nesting that the ceilings let through can still be too deep for the stack. */
function bounded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError) || !error.message.includes('call stack')) throw error;
    throw fault('eval_limit_error', 'expected less nesting (depth), found more than fits the stack', undefined);
  }
}

interface Prepared {
  readonly run: (vm: Vm) => Record<string, unknown>[];
}

function programOf(compiled: Compiled, program: Program): RegoProgram {
  const queries = new Map<string, Prepared>();
  const regexps = new Map<string, Regexp>();
  const prepare = (text: string): Prepared => {
    let prepared = queries.get(text);
    if (queries.size >= MAX_QUERIES) queries.clear();
    if (prepared === undefined)
      queries.set(text, (prepared = prepareQuery(parseQuery(text, 'query'), compiled, program)));
    return prepared;
  };
  const query: RegoProgram['query'] = (text, input) => {
    const prepared = bounded(() => prepare(text));
    const vm = newVm(input, regexps);
    const found = caught(() => prepared.run(vm));
    return found.kind === 'done' ? { kind: 'results', results: found.value } : found;
  };
  const evaluate: RegoProgram['evaluate'] = (path, input) => {
    const found = query(`${RESULT} = ${path}`, input);
    if (found.kind === 'error') return found;
    const [first] = found.results;
    return first === undefined ? { kind: 'undefined' } : { kind: 'value', value: first[RESULT] };
  };
  return { query, evaluate };
}

const RESULT = 'result';

function caught<T>(
  work: () => T,
): { readonly kind: 'done'; readonly value: T } | { readonly kind: 'error'; readonly error: Fault } {
  try {
    return { kind: 'done', value: bounded(work) };
  } catch (thrown) {
    const found = faultsOf(thrown);
    if (found === undefined) throw thrown;
    return { kind: 'error', error: found[0] };
  }
}

function newVm(input: RegoInput, regexps: Map<string, Regexp>): Vm {
  return new Vm({
    input: input.input === undefined ? undefined : convert(input.input),
    data: input.data === undefined ? new RegoObject() : convert(input.data),
    now: input.now,
    seed: input.seed ?? '',
    limits: { ...DEFAULT_LIMITS, ...input.limits },
    isStrict: input.strictBuiltinErrors === true,
    regexps,
  });
}

function convert(json: unknown): RegoValue {
  return json instanceof RegoDocument ? json.value : fromJson(json);
}

function prepareQuery(query: readonly Expr[], compiled: Compiled, program: Program): Prepared {
  const body = compileQuery(query, compiled);
  const scope = new Scope();
  const finish = planBody(body, scope, program);
  const names = new Set<string>();
  addVarsOfBody(body, SAFETY, names);
  const slots = [...names]
    .map((name): [string, number] => [compiled.names.originalOf(name), scope.slot(name)])
    .filter(([name]) => !isGenerated(name) && name !== 'input' && name !== 'data');
  const results = scope.spare();
  const step = finish((frame) => {
    const bindings: Record<string, unknown> = Object.create(null);
    for (const [name, slot] of slots) {
      const value = frame[slot];
      if (value !== undefined) bindings[name] = toJson(value);
    }
    (frame[results] as unknown as Record<string, unknown>[]).push(bindings);
    return false;
  });
  return {
    run: (vm) => {
      const found: Record<string, unknown>[] = [];
      const frame: Frame = Array.from({ length: scope.size });
      frame[results] = found as unknown as RegoValue;
      step(frame, vm);
      return found;
    },
  };
}
