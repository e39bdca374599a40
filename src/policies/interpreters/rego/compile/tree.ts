/** The tree of rules by their paths under `data`, and what may not stand together in it. */
import { isMultiValue } from '../ast.ts';
import type { Module, Rule, Term } from '../ast.ts';
import { formatPlace } from '../fault.ts';
import type { Fault } from '../fault.ts';
import { visitRule } from '../walk.ts';
import { keyOf } from '../value.ts';
import type { Key, RegoValue } from '../value.ts';

export class RuleNode {
  readonly key: RegoValue;
  readonly parent: RuleNode | undefined;
  readonly children = new Map<Key, RuleNode>();
  readonly rules: Rule[] = [];
  /** Modules whose package ends here. */
  readonly packages: Module[] = [];

  constructor(key: RegoValue, parent: RuleNode | undefined) {
    this.key = key;
    this.parent = parent;
  }

  child(key: RegoValue): RuleNode | undefined {
    return this.children.get(keyOf(key));
  }

  /** The node of `data.a.b`, without the names of dynamic parts. */
  path(): string {
    if (this.parent === undefined) return 'data';
    const { key } = this;
    const isName = typeof key === 'string' && /^[a-zA-Z_]\w*$/.test(key);
    return `${this.parent.path()}${isName ? `.${key}` : `[${JSON.stringify(key)}]`}`;
  }

  isFunction(): boolean {
    return this.rules[0]?.head.args !== undefined;
  }

  /** `data.system` is not seen through `data` or `data[x]`. */
  isHidden(): boolean {
    return this.key === 'system' && this.parent?.parent === undefined;
  }

  ensure(key: RegoValue): RuleNode {
    const found = keyOf(key);
    let child = this.children.get(found);
    if (child === undefined) this.children.set(found, (child = new RuleNode(key, this)));
    return child;
  }

  /** This node and all below. */
  all(): RuleNode[] {
    return [this, ...[...this.children.values()].flatMap((child) => child.all())];
  }
}

/** Parts of a rule's reference that are the same for all it defines; what follows varies. */
export function groundPart(reference: readonly Term[]): readonly Term[] {
  const end = reference.findIndex((term, i) => i > 0 && term.kind !== 'value');
  return end < 0 ? reference : reference.slice(0, end);
}

export function dynamicPart(reference: readonly Term[]): readonly Term[] {
  return reference.slice(groundPart(reference).length);
}

export function buildTree(modules: readonly Module[]): RuleNode {
  const root = new RuleNode('data', undefined);
  for (const module of modules) {
    let node = root;
    for (const name of module.path.slice(1)) node = node.ensure(name);
    node.packages.push(module);
    for (const rule of module.rules) {
      let at = node;
      for (const term of groundPart(rule.head.reference)) at = at.ensure(valueOf(term));
      at.rules.push(rule);
    }
  }
  return root;
}

function valueOf(term: Term): RegoValue {
  if (term.kind === 'value') return term.value;
  return term.kind === 'var' ? term.name : '';
}

/** The node that a reference names exactly, or undefined. */
export function findNode(root: RuleNode, ref: readonly Term[]): RuleNode | undefined {
  const [head, ...rest] = ref;
  if (head?.kind !== 'var' || head.name !== 'data') return undefined;
  let node: RuleNode | undefined = root;
  for (const term of rest) {
    if (term.kind !== 'value') return undefined;
    node = node?.child(term.value);
  }
  return node;
}

export function checkConflicts(root: RuleNode): Fault[] {
  return root.all().flatMap((node) => [...conflictsOf(node), ...packageConflicts(node)]);
}

function conflictsOf(node: RuleNode): Fault[] {
  const [first] = node.rules;
  if (first === undefined) return [];
  const error = (message: string, at = first.at): Fault[] => [{ code: 'rego_type_error', message, at }];
  const kinds = new Set(node.rules.map(({ head }) => isMultiValue(head)));
  const arities = new Set(node.rules.map(({ head }) => head.args?.length ?? 0));
  const inner = [...node.children.values()].flatMap((child) => child.all()).filter(({ rules }) => rules.length > 0);
  if (inner.length > 0 && node.rules.some(isGround))
    return error(`rule ${node.path()} conflicts with [${inner.map((child) => child.path()).join(' ')}]`);
  const complete = node.rules.filter((rule) => isGround(rule) && !isMultiValue(rule.head)).length;
  if (kinds.size > 1 || arities.size > 1 || (complete > 0 && complete < node.rules.length))
    return error(`conflicting rules ${node.path()} found`);
  const defaults = node.rules.filter(({ isDefault }) => isDefault);
  if (defaults.length <= 1) return [];
  return error(
    `multiple default rules ${node.path()} found at ${defaults.map(({ at }) => formatPlace(at)).join(', ')}`,
  );
}

function isGround({ head }: Rule): boolean {
  return dynamicPart(head.reference).length === 0;
}

/** A set beside `p[x] contains y`: OPA accepts both, and fails when it evaluates them. */
export function checkMixedSets(root: RuleNode): Fault[] {
  return root.all().flatMap((node) => {
    const [first] = node.rules;
    const ground = node.rules.filter(isGround).length;
    if (first === undefined || ground === 0 || ground === node.rules.length) return [];
    return [{ code: 'rego_type_error', message: `conflicting rules ${node.path()} found`, at: first.at }];
  });
}

/** A rule may not stand where a package is. */
function packageConflicts(node: RuleNode): Fault[] {
  const rule = node.rules.find(isGround);
  if (rule === undefined) return [];
  return node.packages.map(({ path }) => ({
    code: 'rego_type_error',
    message: `package ${path.slice(1).join('.')} conflicts with rule ${node.path()} defined at ${formatPlace(rule.at)}`,
    at: rule.at,
  }));
}

/** Rules that a rule may come to look at; those of `data[x]` are all. */
function dependenciesOf(rule: Rule, root: RuleNode): Set<RuleNode> {
  const found = new Set<RuleNode>();
  const add = (terms: readonly Term[]) => {
    const [head] = terms;
    if (head?.kind === 'var' && head.name === 'data') reach(root, terms, 1, found);
  };
  visitRule(rule, {
    term: (term) => {
      if (term.kind === 'ref') add(term.terms);
      if (term.kind === 'call') add(term.operator);
    },
    expr: ({ body }) => {
      if (body.kind === 'call') add(body.operator);
    },
  });
  return found;
}

function reach(node: RuleNode, terms: readonly Term[], i: number, found: Set<RuleNode>): void {
  if (node.rules.length > 0) found.add(node);
  const term = terms[i];
  if (term === undefined) {
    for (const inner of node.all()) if (inner.rules.length > 0 && !inner.isHidden()) found.add(inner);
    return;
  }
  if (term.kind === 'value') {
    const child = node.child(term.value);
    if (child !== undefined) reach(child, terms, i + 1, found);
    return;
  }
  for (const child of node.children.values()) if (!child.isHidden()) reach(child, terms, i + 1, found);
}

/** A rule that needs itself, also by way of others, has no value. */
export function checkRecursion(root: RuleNode): Fault[] {
  const nodes = root.all().filter(({ rules }) => rules.length > 0);
  const edges = new Map(
    nodes.map((node) => [node, new Set(node.rules.flatMap((rule) => [...dependenciesOf(rule, root)]))]),
  );
  return nodes.flatMap((node) => {
    const path = findPath(node, edges);
    if (path === undefined) return [];
    const names = path.map((step) => step.path());
    const at = node.rules[0]?.at;
    return [{ code: 'rego_recursion_error', message: `rule ${node.path()} is recursive: ${names.join(' -> ')}`, at }];
  });
}

/** Nodes from one back to itself. */
function findPath(
  start: RuleNode,
  edges: ReadonlyMap<RuleNode, ReadonlySet<RuleNode>>,
): readonly RuleNode[] | undefined {
  const cameFrom = new Map<RuleNode, RuleNode>();
  const queue = [start];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const next of edges.get(at) ?? []) {
      if (next === start) {
        const path = [start];
        for (let step: RuleNode | undefined = at; step !== undefined && step !== start; step = cameFrom.get(step))
          path.unshift(step);
        return [start, ...path];
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      queue.push(next);
    }
  }
  return undefined;
}
