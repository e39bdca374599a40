/** Syntax of CUE. References are resolved in place: `target` of an identifier is set by resolve.ts before anything is evaluated. */
import type { Builtin } from './builtins/builtin.ts';
import type { Constant } from './values.ts';

export type Expr =
  | { readonly kind: 'constant'; readonly pos: number; readonly value: Constant }
  | Identifier
  | Select
  | { readonly kind: 'index'; readonly pos: number; readonly base: Expr; readonly index: Expr }
  | {
      readonly kind: 'slice';
      readonly pos: number;
      readonly base: Expr;
      readonly low: Expr | undefined;
      readonly high: Expr | undefined;
    }
  | Interpolation
  | { readonly kind: 'unary'; readonly pos: number; readonly op: '+' | '-' | '!'; readonly operand: Expr }
  | { readonly kind: 'bound'; readonly pos: number; readonly op: BoundOperator; readonly operand: Expr }
  | Binary
  | Disjunction
  | Call
  | StructLiteral
  | ListLiteral
  | Alias;

export interface Identifier {
  readonly kind: 'identifier';
  readonly pos: number;
  readonly name: string;
  target: Target | undefined;
}

/** What a name stands for: `up` counts the scopes between it and the one that declares it. */
export type Target =
  | { readonly kind: 'field'; readonly up: number; readonly label: Label }
  | { readonly kind: 'let'; readonly up: number; readonly clause: LetClause }
  | { readonly kind: 'constant'; readonly value: Constant }
  | { readonly kind: 'builtin'; readonly builtin: Builtin }
  | { readonly kind: 'package'; readonly path: string };

/**
 * Key of a field: `.name` for a regular field, `#Name`, `_name` and `_#Name` for definitions and hidden ones, `[0]` for an element,
 * `=name` for what only a scope holds.
 */
export type Label = string;

export interface Select {
  readonly kind: 'select';
  readonly pos: number;
  readonly base: Expr;
  readonly label: Label;
  /** A function or constant of a package, set by resolve.ts. */
  target: Builtin | Constant | undefined;
}

export interface Interpolation {
  readonly kind: 'interpolation';
  readonly pos: number;
  readonly isBytes: boolean;
  readonly texts: readonly string[];
  readonly parts: readonly Expr[];
}

export type BoundOperator = '<' | '<=' | '>' | '>=' | '!=' | '==' | '=~' | '!~';
export type BinaryOperator = '&' | '&&' | '||' | BoundOperator | '+' | '-' | '*' | '/';

export interface Binary {
  readonly kind: 'binary';
  readonly pos: number;
  readonly op: BinaryOperator;
  readonly left: Expr;
  readonly right: Expr;
}

export interface Disjunction {
  readonly kind: 'disjunction';
  readonly pos: number;
  readonly choices: readonly Choice[];
}

export interface Choice {
  readonly isMarked: boolean;
  readonly value: Expr;
}

export interface Call {
  readonly kind: 'call';
  readonly pos: number;
  readonly callee: Expr;
  readonly args: readonly Expr[];
}

export interface StructLiteral {
  readonly kind: 'struct';
  readonly pos: number;
  readonly declarations: readonly Declaration[];
  /** The whole of a file; closedness does not begin here. */
  readonly isFile: boolean;
}

export interface ListLiteral {
  readonly kind: 'list';
  readonly pos: number;
  readonly elements: readonly (Expr | Comprehension)[];
  /** `...` or `...T` at the end. */
  readonly rest: { readonly value: Expr | undefined } | undefined;
}

/** `X=value`: within the value X is the field itself. */
export interface Alias {
  readonly kind: 'alias';
  readonly pos: number;
  readonly name: string;
  readonly value: Expr;
}

export type Presence = 'member' | 'required' | 'optional';

export type Declaration =
  | Field
  | { readonly kind: 'embedding'; readonly pos: number; readonly value: Expr }
  | { readonly kind: 'ellipsis'; readonly pos: number }
  | LetClause
  | Comprehension;

export interface Field {
  readonly kind: 'field';
  readonly pos: number;
  readonly label: FieldLabel;
  /** `X=label`. */
  readonly alias: string | undefined;
  readonly presence: Presence;
  readonly value: Expr;
}

export type FieldLabel =
  | { readonly kind: 'fixed'; readonly label: Label; readonly isIdentifier: boolean }
  | { readonly kind: 'dynamic'; readonly value: Expr }
  | { readonly kind: 'pattern'; readonly value: Expr; readonly alias: string | undefined };

export interface LetClause {
  readonly kind: 'let';
  readonly pos: number;
  readonly name: string;
  readonly value: Expr;
}

export interface Comprehension {
  readonly kind: 'comprehension';
  readonly pos: number;
  readonly clauses: readonly Clause[];
  readonly body: StructLiteral;
}

export type Clause =
  | {
      readonly kind: 'for';
      readonly pos: number;
      readonly key: string | undefined;
      readonly value: string;
      readonly source: Expr;
    }
  | { readonly kind: 'if'; readonly pos: number; readonly condition: Expr }
  | LetClause;

export interface File {
  readonly imports: readonly Import[];
  readonly body: StructLiteral;
}

export interface Import {
  readonly pos: number;
  readonly name: string;
  readonly path: string;
}

export function regularLabel(name: string): Label {
  return `.${name}`;
}

export function elementLabel(index: number): Label {
  return `[${index}]`;
}

export function isRegular(label: Label): boolean {
  return label.startsWith('.');
}

/** Label of an identifier in front of a colon or behind a dot. */
export function labelOf(name: string): Label {
  return name.startsWith('#') || (name.startsWith('_') && name !== '_') ? name : regularLabel(name);
}
