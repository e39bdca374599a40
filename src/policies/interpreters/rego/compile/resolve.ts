/** Names of rules and imports become references from `data` or `input`. */
import { operatorName, valueTerm, varTerm } from '../ast.ts';
import type { Expr, Import, Module, Rule, Term } from '../ast.ts';
import type { Fault, Place } from '../fault.ts';
import { branchesOf, mapTerm, varsOf, visitBody, visitTerm } from '../walk.ts';

interface Global {
  readonly path: (at: Place) => Term[];
  used: boolean;
}

type Globals = ReadonlyMap<string, Global>;
/** Names that a scope declares itself. */
type Declared = readonly ReadonlySet<string>[];

/** Changes the modules in place. In strict mode imports must be used. */
export function resolveModules(modules: readonly Module[], isStrict: boolean): Fault[] {
  return modules.flatMap((module) => {
    const names = modules
      .filter(({ path }) => path.join('\0') === module.path.join('\0'))
      .flatMap(({ rules }) => rules.map(({ head }) => headName(head.reference)));
    const globals = globalsOf(module.path, names, module.imports);
    const faults = module.rules.flatMap((rule) => branchesOf(rule).flatMap((branch) => resolveRule(branch, globals)));
    return isStrict ? [...faults, ...unusedImports(module, globals)] : faults;
  });
}

/** A query sees what the package and the imports would give it. */
export function resolveQuery(body: readonly Expr[], path: readonly string[], names: readonly string[]): Expr[] {
  return resolveBody(body, globalsOf(path, names, []), [declaredVars(body)]);
}

export function headName(reference: readonly Term[]): string {
  const [head] = reference;
  return head?.kind === 'var' ? head.name : '';
}

/** What an import is called: its alias, or the last name of its path. */
export function importName({ alias, path }: Import): string {
  if (alias !== undefined) return alias;
  const last = path.terms.at(-1);
  return last?.kind === 'value' && typeof last.value === 'string' ? last.value : headName(path.terms);
}

export function isLanguageImport({ path }: Import): boolean {
  return ['future', 'rego'].includes(headName(path.terms));
}

function globalsOf(path: readonly string[], names: readonly string[], imports: readonly Import[]): Globals {
  const globals = new Map<string, Global>();
  for (const name of names) {
    const terms = (at: Place) => [...path, name].map((part, i) => (i === 0 ? varTerm(part, at) : valueTerm(part, at)));
    globals.set(name, { path: terms, used: false });
  }
  for (const item of imports) {
    if (isLanguageImport(item)) continue;
    globals.set(importName(item), { path: (at) => item.path.terms.map((term) => ({ ...term, at })), used: false });
  }
  return globals;
}

function unusedImports({ imports }: Module, globals: Globals): Fault[] {
  return imports
    .filter((item) => !isLanguageImport(item) && globals.get(importName(item))?.used === false)
    .map((item) => ({
      code: 'rego_compile_error',
      message: `import ${operatorName(item.path.terms) ?? ''} unused`,
      at: item.at,
    }));
}

function resolveRule(rule: Rule, globals: Globals): Fault[] {
  const { head } = rule;
  const faults: Fault[] = [];
  const names = new Set<string>();
  for (const arg of head.args ?? []) {
    visitTerm(arg, {
      term: (term) => {
        if (term.kind === 'var') names.add(term.name);
        if (term.kind === 'ref' && term.terms.length === 1)
          faults.push({
            code: 'rego_compile_error',
            message: `args must not shadow ${headName(term.terms)} (use a different variable name)`,
            at: rule.at,
          });
        return !['set', 'comprehension', 'call', 'template'].includes(term.kind);
      },
    });
  }
  const declared = [names, declaredVars(rule.body)];
  const [name, ...rest] = head.reference;
  const resolve = (term: Term) => resolveTerm(term, globals, declared);
  if (name !== undefined) head.reference = [name, ...rest.map(resolve)];
  head.key = head.key && resolve(head.key);
  head.value = head.value && resolve(head.value);
  rule.body = resolveBody(rule.body, globals, declared);
  return faults;
}

function resolveTerm(term: Term, globals: Globals, declared: Declared): Term {
  return mapTerm(term, (at) => {
    if (at.kind === 'var') {
      const global = findGlobal(at.name, globals, declared);
      return global === undefined ? at : { kind: 'ref', at: at.at, terms: global.path(at.at) };
    }
    if (at.kind === 'ref') return { ...at, terms: resolveRef(at.terms, globals, declared) };
    if (at.kind === 'call') {
      const args = at.args.map((arg) => resolveTerm(arg, globals, declared));
      return { ...at, operator: resolveRef(at.operator, globals, declared), args };
    }
    if (at.kind === 'comprehension') {
      const inner = [...declared, declaredVars(at.body)];
      const key = at.key && resolveTerm(at.key, globals, inner);
      return {
        ...at,
        key,
        term: resolveTerm(at.term, globals, inner),
        body: resolveBody(at.body, globals, inner),
      };
    }
    if (at.kind !== 'template') return undefined;
    const parts = at.parts.map((part) => (part.kind === 'expr' ? resolveExpr(part, globals, declared) : part));
    return { ...at, parts };
  });
}

function findGlobal(name: string, globals: Globals, declared: Declared): Global | undefined {
  const global = globals.get(name);
  if (global === undefined || declared.some((names) => names.has(name))) return undefined;
  global.used = true;
  return global;
}

function resolveRef(terms: readonly Term[], globals: Globals, declared: Declared): Term[] {
  const [head, ...rest] = terms;
  if (head === undefined) return [];
  const resolved = resolveTerm(head, globals, declared);
  const first = head.kind === 'var' && resolved.kind === 'ref' ? resolved.terms : [resolved];
  return [...first, ...rest.map((term) => resolveTerm(term, globals, declared))];
}

function resolveBody(body: readonly Expr[], globals: Globals, declared: Declared): Expr[] {
  return body.map((expr) => resolveExpr(expr, globals, declared));
}

function resolveExpr(expr: Expr, globals: Globals, declared: Declared): Expr {
  const resolve = (term: Term) => resolveTerm(term, globals, declared);
  const withs = expr.withs.map(({ at, target, value }) => ({ at, target: resolve(target), value: resolve(value) }));
  const { body } = expr;
  switch (body.kind) {
    case 'term':
      return { ...expr, withs, body: { kind: 'term', term: resolve(body.term) } };
    case 'call': {
      const operator = resolveRef(body.operator, globals, declared);
      return { ...expr, withs, body: { kind: 'call', operator, args: body.args.map(resolve) } };
    }
    case 'some':
      return {
        ...expr,
        withs,
        body: { kind: 'some', symbols: body.symbols.map((s) => (s.kind === 'call' ? resolve(s) : s)) },
      };
    case 'every': {
      const names = new Set([body.value.name, ...(body.key === undefined ? [] : [body.key.name])]);
      const inner = [...declared, names];
      const every = { ...body, domain: resolve(body.domain), body: resolveBody(body.body, globals, inner) };
      return { ...expr, withs, body: every };
    }
  }
}

/** Variables that `:=` and `some` declare in the body, not in its comprehensions. */
function declaredVars(body: readonly Expr[]): Set<string> {
  const names = new Set<string>();
  const add = (term: Term | undefined) => {
    for (const name of term === undefined ? [] : varsOf(term)) names.add(name);
  };
  visitBody(body, {
    term: (term) => term.kind !== 'comprehension',
    expr: (expr) => {
      const { body: inner } = expr;
      if (isAssignment(expr) && inner.kind === 'call') add(inner.args[0]);
      if (inner.kind !== 'some') return;
      for (const symbol of inner.symbols) {
        if (symbol.kind === 'call') symbol.args.slice(0, -1).forEach(add);
        else add(symbol);
      }
    },
  });
  return names;
}

export function isAssignment({ body }: Expr): boolean {
  return body.kind === 'call' && operatorName(body.operator) === 'assign' && body.args.length === 2;
}
