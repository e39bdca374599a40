/** Checks of calls and of `with`: functions exist, take what they get, may be replaced, and do not reach outside. */
import { isEquality, operatorName, ROOT_NAMES } from '../ast.ts';
import type { Expr, Module, Rule, Term, With } from '../ast.ts';
import { REFUSED, SIGNATURES } from '../builtins/signatures.ts';
import { fault } from '../fault.ts';
import type { Fault, Place } from '../fault.ts';
import { branchesOf, headTerms, visitBody, visitExpr, visitRule, visitTerm } from '../walk.ts';
import { requiresEval } from './expand.ts';
import { importName, isLanguageImport } from './resolve.ts';
import { nameOfOperator } from './safety.ts';
import { findNode } from './tree.ts';
import type { RuleNode } from './tree.ts';
import type { Names } from './names.ts';

export function arityOf(operator: readonly Term[], root: RuleNode): number | undefined {
  const name = operatorName(operator);
  const builtin = name === undefined ? undefined : SIGNATURES.get(name);
  if (builtin !== undefined) return builtin.args.length;
  const [rule] = findNode(root, operator)?.rules ?? [];
  return rule === undefined ? undefined : (rule.head.args?.length ?? 0);
}

/** Functions that the body calls must exist and take as many arguments. Runs after nested calls became expressions. */
export function checkCalls(body: readonly Expr[], root: RuleNode, names: Names): Fault[] {
  const faults: Fault[] = [];
  visitBody(body, {
    expr: (expr) => {
      const { body: call } = expr;
      if (call.kind !== 'call') return;
      const message = faultOfCall(expr, call.operator, call.args.length, root, names);
      if (message !== undefined) faults.push({ code: 'rego_type_error', message, at: expr.at });
    },
  });
  return faults;
}

function faultOfCall(
  expr: Expr,
  operator: readonly Term[],
  given: number,
  root: RuleNode,
  names: Names,
): string | undefined {
  const name = nameOfOperator(operator, names);
  if (REFUSED.has(name)) return `unsafe built-in function calls in expression: ${name}`;
  const arity = arityOf(operator, root);
  if (arity === undefined) return `undefined function ${name}`;
  if (name === 'print') return undefined;
  const found = expr.generated && !isEquality(expr) ? given - 1 : given;
  const isFitting = found === arity || (!expr.generated && found === arity + 1);
  const plural = found === 1 ? '' : 's';
  return isFitting ? undefined : `function ${name} has arity ${arity}, got ${found} argument${plural}`;
}

/** Functions without a result are no values. Runs while nested calls still are terms. */
export function checkVoidCalls(rule: Rule): Fault[] {
  const faults: Fault[] = [];
  visitRule(rule, {
    term: (term) => {
      if (term.kind !== 'call' || operatorName(term.operator) !== 'print') return;
      faults.push({ code: 'rego_type_error', message: 'print used as value', at: term.at });
    },
  });
  return faults;
}

/** `print` has nobody to print to. */
export function erasePrints(body: readonly Expr[]): Expr[] {
  const kept = body.filter((expr) => !(expr.body.kind === 'call' && operatorName(expr.body.operator) === 'print'));
  const [first] = body;
  if (kept.length > 0 || first === undefined) return kept;
  const term: Term = { kind: 'value', at: first.at, value: true };
  return [{ ...first, negated: false, withs: [], body: { kind: 'term', term } }];
}

/** What v1, or strict mode, forbids over and above: shadowing, double imports, deprecated functions. */
export function checkModern(module: Module): Fault[] {
  const add = (message: string, at: Place): Fault => ({ code: 'rego_compile_error', message, at });
  const faults: Fault[] = [];
  for (const rule of module.rules) {
    const [head] = rule.head.reference;
    if (head?.kind === 'var' && ROOT_NAMES.has(head.name))
      faults.push(add(`rules must not shadow ${head.name} (use a different rule name)`, rule.at));
    for (const branch of branchesOf(rule))
      visitBody(branch.body, { expr: (expr) => void faults.push(...shadows(expr)) });
    for (const term of headTerms(rule)) visitTerm(term, { expr: (expr) => void faults.push(...shadows(expr)) });
  }
  const seen = new Set<string>();
  for (const item of module.imports) {
    const name = importName(item);
    if (seen.has(name)) faults.push(add(`import must not shadow import ${name}`, item.at));
    if (!isLanguageImport(item)) seen.add(name);
  }
  return faults;
}

function shadows({ body, at }: Expr): Fault[] {
  if (body.kind !== 'call' || operatorName(body.operator) !== 'assign') return [];
  const [left] = body.args;
  const name = left?.kind === 'ref' && left.terms.length === 1 ? operatorName(left.terms) : undefined;
  if (name === undefined || !ROOT_NAMES.has(name)) return [];
  const message = `variables must not shadow ${name} (use a different variable name)`;
  return [{ code: 'rego_compile_error', message, at }];
}

export function checkDeprecated(rules: readonly Rule[]): Fault[] {
  const faults: Fault[] = [];
  const check = (operator: readonly Term[], at: Place) => {
    const name = operatorName(operator) ?? '';
    if (SIGNATURES.get(name)?.isDeprecated === true)
      faults.push({
        code: 'rego_type_error',
        message: `deprecated built-in function calls in expression: ${name}`,
        at,
      });
  };
  for (const rule of rules) {
    visitRule(rule, {
      expr: ({ body, at }) => {
        if (body.kind === 'call') check(body.operator, at);
      },
      term: (term) => {
        if (term.kind === 'call') check(term.operator, term.at);
      },
    });
  }
  return faults;
}

/**
 * Checks what `with` replaces, and makes values that must be run into expressions of their own; so also marks values that are functions
 * by leaving their reference.
 */
export function prepareWiths(body: readonly Expr[], root: RuleNode, names: Names): Expr[] {
  return body.flatMap((expr) => {
    visitExpr(expr, {
      term: (term) => {
        if (term.kind === 'comprehension') term.body = prepareWiths(term.body, root, names);
        return term.kind !== 'comprehension';
      },
      expr: (inner) => {
        if (inner.body.kind === 'every') inner.body.body = prepareWiths(inner.body.body, root, names);
        return inner.body.kind !== 'every';
      },
    });
    const before: Expr[] = [];
    expr.withs = expr.withs.map(({ at, target, value }) => {
      const item = {
        at,
        target: asRef(target),
        value: value.kind === 'var' && SIGNATURES.has(value.name) ? asRef(value) : value,
      };
      if (!mustRunValue(item, root)) return item;
      const { variable, expr: capture } = names.capture(item.value);
      before.push(capture);
      return { ...item, value: variable };
    });
    return [...before, expr];
  });
}

/** Names of functions are no variables. */
function asRef(term: Term): Term {
  return term.kind === 'var' ? { kind: 'ref', at: term.at, terms: [term] } : term;
}

function mustRunValue(item: With, root: RuleNode): boolean {
  const { target, value } = item;
  const path = target.kind === 'ref' ? target.terms : [target];
  const [head] = path;
  const start = head?.kind === 'var' ? head.name : '';
  if (start === 'input') return requiresEval(value);
  if (start === 'data') {
    checkDataTarget(path, root, item.at);
    const isFunction = findNode(root, path)?.isFunction() === true;
    if (isFunction && isFunctionValue(value, root)) return false;
    if (value.kind === 'ref' && findNode(root, value.terms)?.isFunction() === true) return false;
    return requiresEval(value);
  }
  const name = operatorName(path);
  const builtin = name === undefined ? undefined : SIGNATURES.get(name);
  const fail = (message: string) =>
    fault('rego_compile_error', `with keyword replacing built-in function: ${message}`, item.at);
  if (builtin === undefined || name === undefined)
    throw fault('rego_type_error', 'with keyword target must reference existing input, data, or a function', target.at);
  if (REFUSED.has(name)) throw fail(`target must not be unsafe: ${JSON.stringify(name)}`);
  if (['eq', 'rego.metadata.chain', 'rego.metadata.rule'].includes(name))
    throw fail(`replacement of "${name}" invalid`);
  if (name.startsWith('internal.')) throw fail(`replacement of internal function "${name}" invalid`);
  if (builtin.isRelation) throw fail('target must not be a relation');
  if (builtin.result.includes('void')) throw fail('target must not be a void function');
  return isFunctionValue(value, root) ? false : requiresEval(value);
}

function checkDataTarget(path: readonly Term[], root: RuleNode, at: Place): void {
  let node: RuleNode | undefined = root;
  for (const term of path.slice(1, -1)) {
    node = term.kind === 'value' ? node.child(term.value) : undefined;
    if (node === undefined) return;
    if (node.rules.length > 0)
      throw fault('rego_compile_error', 'with keyword cannot partially replace virtual document(s)', at);
  }
}

/** A reference or name of a function, without a call: it stands for the function itself. */
export function isFunctionValue(value: Term, root: RuleNode): boolean {
  if (value.kind === 'ref' && findNode(root, value.terms) !== undefined) return true;
  const name = value.kind === 'ref' ? operatorName(value.terms) : value.kind === 'var' ? value.name : undefined;
  return name !== undefined && SIGNATURES.has(name);
}
