/** The syntax tree of an expression. Operators are calls of functions that are named as in the definition of the language: `_+_`. */
import { AppError } from '../../../core/index.ts';
import type { Uint } from './values.ts';

interface Base {
  /** Offset in the text of the expression. */
  readonly at: number;
}

export interface Item {
  readonly value: Expr;
  /** Written with `?`: left out where its optional value is none. */
  readonly isOptional: boolean;
}

export type Expr = Base &
  (
    | { readonly kind: 'constant'; readonly value: null | boolean | bigint | number | string | Uint | Uint8Array }
    | { readonly kind: 'name'; readonly name: string; readonly isRooted: boolean }
    | { readonly kind: 'select'; readonly operand: Expr; readonly field: string; readonly isOptional: boolean }
    | { readonly kind: 'index'; readonly operand: Expr; readonly index: Expr; readonly isOptional: boolean }
    | { readonly kind: 'call'; readonly name: string; readonly target?: Expr; readonly args: readonly Expr[] }
    | { readonly kind: 'logic'; readonly operator: '&&' | '||'; readonly terms: readonly Expr[] }
    | { readonly kind: 'conditional'; readonly test: Expr; readonly yes: Expr; readonly no: Expr }
    | { readonly kind: 'list'; readonly items: readonly Item[] }
    | { readonly kind: 'map'; readonly entries: readonly (Item & { readonly key: Expr })[] }
    | {
        readonly kind: 'message';
        readonly type: string;
        readonly fields: readonly (Item & { readonly name: string })[];
      }
  );

export type ExprOf<K extends Expr['kind']> = Extract<Expr, { readonly kind: K }>;

/** `where` of an expression, and its text. */
export interface Source {
  readonly where: string;
  readonly text: string;
}

/** A fault at an offset of the text, named by line and column. */
export function syntaxError({ where, text }: Source, at: number, message: string): AppError {
  const before = text.slice(0, at).split('\n');
  const place = `${where}:${before.length}:${(before.at(-1) ?? '').length + 1}`;
  return new AppError('invalid-input', `${place}: ${message}`);
}
