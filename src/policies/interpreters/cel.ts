/**
 * The Common Expression Language over plain JSON values, by @bufbuild/cel with its strings extension.
 * It knows nothing of images. Whole JSON numbers become CEL ints, others doubles, as in Kubernetes.
 */
import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import type { CelInput } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { AppError, isRecord, runBounded } from '../../core/index.ts';

/** Ceiling of an expression's text: far above any real rule, and its parse stays quick. */
const MAX_EXPRESSION_CHARS = 64 * 1024;

/** Identifiers that are types or enumeration roots in every environment. */
const STANDARD_IDENTIFIERS: ReadonlySet<string> = new Set(
  'bool bytes double duration dyn int list map null_type string timestamp type uint google'.split(' '),
);

export type CelOutcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly message: string };

/** Values are JSON or Date; a Date becomes a timestamp. */
export type CelProgram = (variables: ReadonlyMap<string, unknown>) => CelOutcome;

/** Throws `invalid-input` for bad syntax or for a name that is not one of `variables`. */
export function compileCel(
  expression: string,
  variables: readonly string[],
  where: string,
  maxMilliseconds?: number,
): CelProgram {
  if (expression.length > MAX_EXPRESSION_CHARS) {
    throw new AppError(
      'invalid-input',
      `${where}: expected at most ${MAX_EXPRESSION_CHARS} characters of CEL, found ${expression.length}`,
    );
  }
  const { run, names } = compile(expression, variables, where);
  return (values) => {
    const result = runBounded(() => {
      const bindings: Record<string, CelInput> = {};
      for (const name of names) bindings[name] = toCel(values.get(name));
      return run(bindings);
    }, maxMilliseconds);
    if (result.kind === 'failed') return { kind: 'error', message: result.message };
    const { value } = result;
    return isCelError(value) ? { kind: 'error', message: value.message } : { kind: 'value', value };
  };
}

function compile(expression: string, variables: readonly string[], where: string) {
  const syntax = parseSyntax(expression, where);
  const names = freeNames(syntax.expr);
  const unknown = names.filter((name) => !variables.includes(name) && !STANDARD_IDENTIFIERS.has(name));
  if (unknown.length > 0) {
    throw new AppError(
      'invalid-input',
      `${where}: unknown name ${unknown.join(', ')}, expected one of ${variables.join(', ')}`,
    );
  }
  const run = plan(celEnv({ funcs: [...strings] }), syntax);
  return { run, names: variables.filter((name) => names.includes(name)) };
}

function parseSyntax(expression: string, where: string): ReturnType<typeof parse> {
  try {
    return parse(expression);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('invalid-input', `${where}: expected a CEL expression, ${reason}`, { cause });
  }
}

/** Identifiers that no comprehension binds. Walks the syntax tree by shape: nodes hold `exprKind`. */
function freeNames(node: unknown, bound: ReadonlySet<string> = new Set()): string[] {
  if (Array.isArray(node)) return [...new Set(node.flatMap((entry) => freeNames(entry, bound)))];
  if (!isRecord(node)) return [];
  const kind = isRecord(node.exprKind) ? node.exprKind : undefined;
  if (kind === undefined)
    return freeNames(
      Object.values(node).filter((value) => typeof value === 'object'),
      bound,
    );
  const value = isRecord(kind.value) ? kind.value : {};
  if (kind.case === 'identExpr') return typeof value.name === 'string' && !bound.has(value.name) ? [value.name] : [];
  const names = [value.iterVar, value.iterVar2, value.accuVar].filter((name) => typeof name === 'string');
  return freeNames(
    Object.values(value).filter((entry) => typeof entry === 'object'),
    new Set([...bound, ...names]),
  );
}

function toCel(value: unknown): CelInput {
  if (value instanceof Date) return timestampFromDate(value);
  if (Array.isArray(value)) return value.map(toCel);
  if (isRecord(value)) return new Map(Object.entries(value).map(([key, entry]) => [key, toCel(entry)]));
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  return null;
}
