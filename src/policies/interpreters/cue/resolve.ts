/**
 * Finds out what every name of a policy stands for, and refuses by name what this interpreter does not have: packages and functions, so that no
 * policy is loaded of which a part would not be judged.
 */
import type {
  Alias,
  Clause,
  Comprehension,
  Declaration,
  Expr,
  Field,
  File,
  LetClause,
  StructLiteral,
  Target,
} from './ast.ts';
import { labelOf } from './ast.ts';
import { BUILTINS, CONSTANTS, PACKAGES } from './builtins/index.ts';
import { PREDECLARED } from './predeclared.ts';
import { refuse } from './refusal.ts';
import type { Source } from './refusal.ts';

/** Predeclared functions of CUE that are not here. */
const MISSING: ReadonlySet<string> = new Set([
  'matchN',
  'matchIf',
  'error',
  'self',
  '__closeAll',
  '__reclose',
  'testing',
]);

type Named = { readonly kind: 'field'; readonly label: string } | { readonly kind: 'let'; readonly clause: LetClause };

interface Scope {
  readonly up: Scope | undefined;
  readonly names: ReadonlyMap<string, Named>;
  /** Names that somebody must use, by where they are declared. */
  readonly unused: Map<string, number>;
}

export function resolveNames(source: Source, { imports, body }: File): void {
  new Resolver(source, imports).resolveFile(body);
}

class Resolver {
  private readonly source: Source;
  private readonly packages = new Map<string, string>();
  private readonly unusedImports = new Map<string, number>();

  constructor(source: Source, imports: File['imports']) {
    this.source = source;
    for (const { name, path, pos } of imports) {
      if (!PACKAGES.has(path)) throw refuse(source, pos, `the package ${JSON.stringify(path)} is not supported`);
      this.packages.set(name, path);
      this.unusedImports.set(name, pos);
    }
  }

  resolveFile(body: StructLiteral): void {
    this.struct(body, undefined);
    for (const [name, pos] of this.unusedImports) throw refuse(this.source, pos, `imported and not used: ${name}`);
  }

  private struct({ declarations }: StructLiteral, up: Scope | undefined): void {
    this.within(up, namesOf(declarations), (scope) => {
      for (const declaration of declarations) this.declaration(declaration, scope);
    });
  }

  /** Runs in a scope of its own, in which every alias and `let` is used by somebody. */
  private within(
    up: Scope | undefined,
    names: readonly (readonly [string, Named, number])[],
    run: (scope: Scope) => void,
  ) {
    const unused = new Map<string, number>();
    const known = new Map<string, Named>();
    for (const [name, named, pos] of names) {
      if (pos >= 0) unused.set(name, pos);
      if (pos >= 0 && known.has(name)) throw refuse(this.source, pos, `${name} is declared twice in one scope`);
      known.set(name, named);
    }
    run({ up, names: known, unused });
    for (const [name, pos] of unused) throw refuse(this.source, pos, `unreferenced alias or let clause ${name}`);
  }

  private declaration(declaration: Declaration, scope: Scope): void {
    switch (declaration.kind) {
      case 'field':
        this.field(declaration, scope);
        return;
      case 'embedding':
      case 'let':
        this.expr(declaration.value, scope);
        return;
      case 'comprehension':
        this.comprehension(declaration, scope);
        return;
      case 'ellipsis':
    }
  }

  private field({ label, alias, value, pos }: Field, scope: Scope): void {
    if (label.kind !== 'fixed') this.expr(label.value, scope);
    if (alias !== undefined && label.kind !== 'fixed') {
      throw refuse(this.source, pos, 'an alias in front of a label that is no fixed name is not supported');
    }
    if (label.kind === 'pattern' && label.alias !== undefined) {
      const name = label.alias;
      this.within(scope, [[name, { kind: 'field', label: `=${name}` }, -1]], (inner) => this.expr(value, inner));
    } else this.expr(value, scope);
  }

  private comprehension({ clauses, body }: Comprehension, scope: Scope): void {
    const [clause, ...rest] = clauses;
    if (clause === undefined) {
      this.struct(body, scope);
      return;
    }
    this.clause(clause, scope, (inner) => {
      this.comprehension({ kind: 'comprehension', pos: clause.pos, clauses: rest, body }, inner);
    });
  }

  private clause(clause: Clause, scope: Scope, run: (inner: Scope) => void): void {
    if (clause.kind === 'if') {
      this.expr(clause.condition, scope);
      run(scope);
      return;
    }
    this.expr(clause.kind === 'let' ? clause.value : clause.source, scope);
    const names = clause.kind === 'let' ? [clause.name] : [clause.key, clause.value];
    const held = names
      .filter((name) => name !== undefined && name !== '_')
      .map((name): [string, Named, number] => [
        name ?? '',
        { kind: 'field', label: `=${name}` },
        clause.kind === 'let' ? clause.pos : -1,
      ]);
    this.within(scope, held, run);
  }

  private alias({ name, value, pos }: Alias, scope: Scope): void {
    this.within(scope, [[name, { kind: 'field', label: `=${name}` }, pos]], (inner) => this.expr(value, inner));
  }

  private expr(expr: Expr, scope: Scope): void {
    switch (expr.kind) {
      case 'constant':
        return;
      case 'identifier':
        expr.target = this.find(expr.name, expr.pos, scope);
        if (expr.target.kind === 'package') throw refuse(this.source, expr.pos, `the package ${expr.name} is no value`);
        return;
      case 'select':
        this.select(expr, scope);
        return;
      case 'index':
        this.all([expr.base, expr.index], scope);
        return;
      case 'slice':
        this.all([expr.base, expr.low, expr.high], scope);
        return;
      case 'interpolation':
        this.all(expr.parts, scope);
        return;
      case 'unary':
      case 'bound':
        this.expr(expr.operand, scope);
        return;
      case 'binary':
        this.all([expr.left, expr.right], scope);
        return;
      case 'disjunction':
        this.all(
          expr.choices.map(({ value }) => value),
          scope,
        );
        return;
      case 'call':
        this.all([expr.callee, ...expr.args], scope);
        return;
      case 'struct':
        this.struct(expr, scope);
        return;
      case 'list':
        for (const element of expr.elements) {
          if (element.kind === 'comprehension') this.comprehension(element, scope);
          else this.expr(element, scope);
        }
        this.all([expr.rest?.value], scope);
        return;
      case 'alias':
        this.alias(expr, scope);
    }
  }

  private all(exprs: readonly (Expr | undefined)[], scope: Scope): void {
    for (const expr of exprs) if (expr !== undefined) this.expr(expr, scope);
  }

  private select(expr: Expr & { kind: 'select' }, scope: Scope): void {
    const { base, label, pos } = expr;
    if (base.kind !== 'identifier') {
      this.expr(base, scope);
      return;
    }
    base.target = this.find(base.name, base.pos, scope);
    if (base.target.kind !== 'package') return;
    const name = `${base.target.path}.${label.replace(/^\./, '')}`;
    expr.target = BUILTINS.get(name) ?? CONSTANTS.get(name);
    if (expr.target === undefined) throw refuse(this.source, pos, `${name} is not supported`);
  }

  private find(name: string, pos: number, from: Scope): Target {
    let up = 0;
    for (let scope: Scope | undefined = from; scope !== undefined; scope = scope.up, up += 1) {
      const named = scope.names.get(name);
      if (named === undefined) continue;
      scope.unused.delete(name);
      return named.kind === 'field'
        ? { kind: 'field', up, label: named.label }
        : { kind: 'let', up, clause: named.clause };
    }
    const path = this.packages.get(name);
    if (path !== undefined) {
      this.unusedImports.delete(name);
      return { kind: 'package', path };
    }
    return this.predeclared(name, pos);
  }

  private predeclared(given: string, pos: number): Target {
    const name = given.startsWith('__') && given !== '__closeAll' && given !== '__reclose' ? given.slice(2) : given;
    if (MISSING.has(name)) throw refuse(this.source, pos, `${name} is not supported`);
    const value = PREDECLARED.get(name);
    if (value !== undefined) return { kind: 'constant', value };
    const builtin = BUILTINS.get(name);
    if (builtin !== undefined) return { kind: 'builtin', builtin };
    throw refuse(this.source, pos, `reference ${JSON.stringify(given)} not found`);
  }
}

/** Names that a struct declares; those that must be used come with their place. */
function namesOf(declarations: readonly Declaration[]): (readonly [string, Named, number])[] {
  const names: (readonly [string, Named, number])[] = [];
  for (const declaration of declarations) {
    if (declaration.kind === 'let')
      names.push([declaration.name, { kind: 'let', clause: declaration }, declaration.pos]);
    if (declaration.kind !== 'field' || declaration.label.kind !== 'fixed') continue;
    const { label, isIdentifier } = declaration.label;
    const name = label.startsWith('.') ? label.slice(1) : label;
    if (isIdentifier) names.push([name, { kind: 'field', label: labelOf(name) }, -1]);
    if (declaration.alias !== undefined) names.push([declaration.alias, { kind: 'field', label }, declaration.pos]);
  }
  return names;
}
