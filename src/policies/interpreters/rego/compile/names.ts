/** Variables that the compiler makes, and the names in the source of those that it renamed. */
import { equality, varTerm } from '../ast.ts';
import type { Expr, Term, VarTerm } from '../ast.ts';
import type { Place } from '../fault.ts';

export class Names {
  #count = 0;
  /** Compiler's name to the name in the source. */
  readonly originals = new Map<string, string>();

  next(): string {
    this.#count += 1;
    return `%${this.#count}`;
  }

  variable(at: Place): VarTerm {
    return varTerm(this.next(), at);
  }

  /** `fresh = term`, and the fresh variable. */
  capture(term: Term): { readonly variable: VarTerm; readonly expr: Expr } {
    const variable = this.variable(term.at);
    const expr = equality(variable, term, term.at);
    expr.generated = true;
    return { variable, expr };
  }

  originalOf(name: string): string {
    return this.originals.get(name) ?? name;
  }
}

/** Adds to a body; `true`, which stands for an empty one, gives way. */
export function extendBody(body: Expr[], exprs: readonly Expr[]): Expr[] {
  if (exprs.length === 0) return body;
  const [only] = body;
  const isEmpty = body.length === 1 && only?.body.kind === 'term' && isTrue(only.body.term) && only.withs.length === 0;
  return [...(isEmpty ? [] : body), ...exprs];
}

function isTrue(term: Term): boolean {
  return term.kind === 'value' && term.value === true;
}
