/**
 * The Common Expression Language over plain JSON values, with the libraries that Kubernetes gives to policies (cel-spec; k8s.io/apiserver
 * 1.36: lists, regular expressions, URLs, addresses, quantities, formats, versions, sets, optionals, strings, two variables). Types are
 * found while an expression runs. Not had: messages of protocol buffers, `authorizer`.
 */
import { AppError, runBounded } from '../../../core/index.ts';
import { Compiler } from './compile.ts';
import { createFunctions } from './functions/index.ts';
import { parseCel } from './parser.ts';
import { Failure, fromJson } from './values.ts';
import type { Result } from './values.ts';

/** Ceiling of an expression's text: far above any real rule, and its parse stays quick. */
const MAX_EXPRESSION_CHARS = 64 * 1024;

export type CelOutcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly message: string };

/** Values are JSON or Date; a Date becomes a timestamp. */
export type CelProgram = (variables: ReadonlyMap<string, unknown>) => CelOutcome;

/** Throws `invalid-input` with line and column for bad syntax, or for a name or function that there is not. */
export function compileCel(
  expression: string,
  variables: readonly string[],
  where: string,
  maxMilliseconds?: number,
): CelProgram {
  const run = planCel({ where, text: expression }, { variables, container: '' });
  return (values) => {
    const bound = variables.map((name) => fromJson(values.get(name)));
    const result = runBounded(() => run(bound), maxMilliseconds);
    if (result.kind === 'failed') return { kind: 'error', message: result.message };
    const { value } = result;
    return value instanceof Failure ? { kind: 'error', message: value.message } : { kind: 'value', value };
  };
}

export interface CelPlan {
  readonly variables: readonly string[];
  /** Namespace in which names are looked for first. */
  readonly container: string;
}

/** Of values of CEL, in the order of the variables. */
export function planCel(
  source: { readonly where: string; readonly text: string },
  { variables, container }: CelPlan,
): (values: readonly Result[]) => Result {
  const { where, text } = source;
  if (text.length > MAX_EXPRESSION_CHARS)
    throw new AppError(
      'invalid-input',
      `${where}: expected at most ${MAX_EXPRESSION_CHARS} characters of CEL, found ${text.length}`,
    );
  const compiler = new Compiler(source, variables, { functions: createFunctions(), container });
  const step = compiler.compile(parseCel(source), { locals: new Map(), height: 0 });
  return (values) => step([...values]);
}
