/**
 * A node of the tree that evaluation builds: a field, an element, the whole, or what an expression made in passing. All that is said of a
 * field anywhere are the conjuncts of one vertex.
 */
import type { Comprehension, Expr, Field, Label, LetClause, Presence, StructLiteral } from './ast.ts';
import type { Alternatives, Bottom, Bound, Conjunction, Scalar, TypeValue, Validator, Value } from './values.ts';
import { KIND } from './values.ts';

/**
 * Scope in which an expression is evaluated: `vertex` is where the struct literal that declares the names ended up, which need not be
 * where it was written.
 */
export interface Env {
  readonly up: Env | undefined;
  readonly vertex: Vertex;
  /** Values of `let`, made when first used. */
  readonly lets: Map<LetClause, Vertex>;
  /** Values of expressions that have fields, made once each: what is evaluated again goes on with them. */
  readonly inlines: Map<Expr, Vertex>;
}

/** Which closed structs a conjunct belongs to, and by which references it came. See closedness.ts and cycles.ts. */
export interface Provenance {
  readonly group: Group | undefined;
  /** The embedding it is in. */
  readonly embedding: Group | undefined;
  /** The struct literal that holds that embedding. */
  readonly outer: Group | undefined;
  readonly isFromDefinition: boolean;
  readonly isEmbedded: boolean;
  readonly path: ReferencePath | undefined;
  readonly isCyclic: boolean;
}

/** A set of conjuncts that one reference, struct or embedding brought, within the set that brought that. */
export interface Group {
  readonly within: Group | undefined;
}

/** References that were followed to get here, last first. */
export interface ReferencePath {
  readonly reference: Expr;
  readonly target: Vertex;
  readonly from: Vertex;
  readonly before: ReferencePath | undefined;
}

export const NO_PROVENANCE: Provenance = {
  group: undefined,
  embedding: undefined,
  outer: undefined,
  isFromDefinition: false,
  isEmbedded: false,
  path: undefined,
  isCyclic: false,
};

/** Something that is said of a vertex: an expression in its scope, or a value made by evaluation. */
export type Conjunct =
  | { readonly expr: Expr; readonly env: Env | undefined; readonly from: Provenance }
  | { readonly value: Value; readonly pos: number; readonly from: Provenance };

/** A part of the work on a vertex that may have to wait for other vertices. */
export type Task =
  | { readonly kind: 'expression' | 'reference'; readonly expr: Expr; readonly env: Env; readonly from: Provenance }
  | {
      readonly kind: 'comprehension';
      readonly comprehension: Comprehension;
      readonly env: Env;
      readonly from: Provenance;
    }
  | { readonly kind: 'field'; readonly field: Field; readonly env: Env; readonly from: Provenance }
  | { readonly kind: 'list'; readonly list: Expr & { kind: 'list' }; readonly env: Env; readonly from: Provenance };

/** What was done to a vertex, to do it again to a copy of it: fields of a struct literal, elements of a list, values. */
export type Deed =
  | {
      readonly kind: 'struct';
      readonly struct: StructLiteral;
      readonly env: Env;
      readonly from: Provenance;
    }
  | { readonly kind: 'arc'; readonly label: Label; readonly presence: Presence; readonly conjunct: Conjunct }
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  | { readonly kind: 'list'; readonly shape: ListShape; readonly from: Provenance }
  | { readonly kind: 'value'; readonly value: Value; readonly pos: number; readonly from: Provenance };

export interface Pattern {
  /** Which names it is about. */
  readonly names: Value;
  readonly conjunct: (label: Label) => Conjunct;
  readonly remake: (remap: (env: Env) => Env) => Pattern;
}

export interface ListShape {
  readonly elements: readonly Conjunct[];
  /** What further elements must satisfy; undefined for a list that is closed. */
  readonly rest: Conjunct | undefined;
}

export interface PendingDisjunction {
  readonly pos: number;
  readonly choices: readonly PendingChoice[];
}

export interface PendingChoice {
  readonly conjunct: Conjunct;
  readonly mode: DefaultMode;
}

/** Greater ones win: whether a disjunct is a default is not said, is so, or is not so. */
export const DEFAULT_MODE = { maybe: 0, is: 1, not: 2 } as const;
export type DefaultMode = (typeof DEFAULT_MODE)[keyof typeof DEFAULT_MODE];

/** Who may say which fields there are: see closedness.ts. */
export interface Requirement {
  readonly group: Group;
  readonly kind: 'reference' | 'struct' | 'embedding';
  readonly outer: Group | undefined;
  readonly embedding: Group | undefined;
  isIgnored: boolean;
  isRecursive: boolean;
  /** Closed by close(): its fields, not what is in them. */
  readonly isShallow: boolean;
}

/** Which groups say something of a vertex, and what. */
export interface Evidence {
  readonly group: Group | undefined;
  readonly embedding: Group | undefined;
  hasTop: boolean;
  hasStruct: boolean;
  hasEllipsis: boolean;
  isOpen: boolean;
}

export type Base =
  | Scalar
  | TypeValue
  | Bound
  | Validator
  | Conjunction
  | Alternatives
  | { readonly kind: 'struct' }
  | { readonly kind: 'list' };

/** How far evaluation is: untouched, on the stack, waiting, its own value and fields known, all below it known. */
export type Phase = 'new' | 'running' | 'waiting' | 'complete' | 'finishing' | 'final';

export class Vertex {
  readonly kind = 'vertex';
  readonly parent: Vertex | undefined;
  readonly label: Label;
  /** A field or an element of its parent, which may still gain conjuncts while the parent is not complete. */
  readonly isRooted: boolean;
  presence: Presence = 'member';
  phase: Phase = 'new';
  readonly conjuncts: Conjunct[] = [];
  arcs = new Map<Label, Vertex>();
  base: Base | undefined;
  readonly errors: Bottom[] = [];
  /** Whether something below it failed. */
  childError: Bottom | undefined;

  kinds: number = KIND.any;
  kindsPosition = -1;
  scalar: Scalar | undefined;
  scalarPosition = -1;
  lower: Bound | undefined;
  upper: Bound | undefined;
  checks: (Bound | Validator)[] = [];
  isStruct = false;
  hasStructLiteral = false;
  /** A comprehension may give it a regular field: it is taken for a struct even where that gives none. */
  mayGainField = false;
  hasTop = false;
  hasEllipsis = false;
  shapes: ListShape[] = [];
  patterns: Pattern[] = [];
  tasks: Task[] = [];
  /** Tasks that were done but for what was not known: with more known they may come to more. */
  unsettled: Task[] = [];
  disjunctions: PendingDisjunction[] = [];
  deeds: Deed[] = [];
  receivers: { readonly vertex: Vertex; readonly from: Provenance }[] = [];
  requirements: Requirement[] = [];
  readonly evidence: Evidence[] = [];
  isClosedRecursively = false;
  isClosed = false;
  hasCycle = false;
  hasNonCycle = false;
  /** Its field set may still grow with that of these. */
  awaits: Vertex[] = [];
  /** It was put together from what was done to another vertex, as a disjunct of which it is tried. */
  standsForItself = false;
  isDefinition = false;
  /** What stands for it: a disjunct that is being tried, or the one that is left. */
  standIn: Vertex | undefined;
  /** As a disjunct. */
  mode: DefaultMode = DEFAULT_MODE.maybe;

  constructor(parent: Vertex | undefined, label: Label, isRooted: boolean) {
    this.parent = parent;
    this.label = label;
    this.isRooted = isRooted;
    const isDefinition = label.startsWith('#') || label.startsWith('_#');
    this.isClosedRecursively = isDefinition || (isRooted && parent?.isClosedRecursively === true);
  }

  /** What stands for it in the end. */
  deref(): Vertex {
    return this.standIn === undefined ? this : this.standIn.deref();
  }

  get isComplete(): boolean {
    return this.phase === 'complete' || this.phase === 'finishing' || this.phase === 'final';
  }
}

export function makeEnv(up: Env | undefined, vertex: Vertex): Env {
  return { up, vertex, lets: new Map(), inlines: new Map() };
}

/** Path of a vertex as CUE writes it. */
export function pathOf(vertex: Vertex): string {
  const parts: string[] = [];
  for (let at: Vertex | undefined = vertex; at !== undefined && at.label !== ''; at = at.parent) {
    parts.unshift(formatLabel(at.label));
  }
  return parts.join('.').replaceAll('.[', '[');
}

export function formatLabel(label: Label): string {
  if (!label.startsWith('.')) return label;
  const name = label.slice(1);
  return /^[A-Za-z$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
