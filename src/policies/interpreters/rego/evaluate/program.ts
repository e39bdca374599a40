/** A compiled set of modules, ready to be run: every rule is planned once. */
import { isMultiValue } from '../ast.ts';
import type { Term } from '../ast.ts';
import type { Compiled } from '../compile/compile.ts';
import { dynamicPart, findNode } from '../compile/tree.ts';
import type { RuleNode } from '../compile/tree.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { areEqual, keyOf, RegoObject, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { Extent } from './extent.ts';
import { NodePlan } from './plan.ts';
import { planRules } from './rules.ts';
import { Vm } from './vm.ts';

export class Program {
  readonly tree: RuleNode;
  readonly root: NodePlan;
  readonly #plans: ReadonlyMap<RuleNode, NodePlan>;
  /** For what is found before any evaluation: it has no documents. */
  readonly idle = new Vm({
    input: undefined,
    data: new RegoObject(),
    now: new Date(0),
    seed: '',
    limits: DEFAULT_LIMITS,
    isStrict: true,
    regexps: new Map(),
  });

  constructor({ root }: Compiled) {
    this.tree = root;
    this.root = new NodePlan(root, undefined, { next: 0 });
    const all = this.root.all();
    this.#plans = new Map(all.map((plan) => [plan.node, plan]));
    for (const plan of all) plan.kind = kindOf(plan);
    for (const plan of all) planRules(plan, this);
  }

  childOf(plan: NodePlan, key: RegoValue): NodePlan | undefined {
    return plan.children.get(keyOf(key));
  }

  /** The node that a path names. */
  findPlan(path: readonly Term[]): NodePlan | undefined {
    const node = findNode(this.tree, path);
    return node === undefined ? undefined : this.#plans.get(node);
  }

  /** The function of the policy that a path names. */
  findFunction(path: readonly Term[]): NodePlan | undefined {
    const plan = this.findPlan(path);
    return plan?.kind === 'function' ? plan : undefined;
  }

  equal(a: RegoValue, b: RegoValue): boolean {
    return areEqual(a, b);
  }

  /** The document of a node: rules and base documents together. */
  documentOf(plan: NodePlan, vm: Vm): RegoValue | undefined {
    if (vm.hidden?.has(plan) === true) return vm.baseOf(plan);
    if (plan.kind === 'function') return undefined;
    return vm.once(plan, () => this.#evaluate(plan, vm));
  }

  #evaluate(plan: NodePlan, vm: Vm): RegoValue | undefined {
    if (plan.kind === 'value') return plan.evaluate(vm);
    if (plan.kind === 'package') return this.#packageOf(plan, vm);
    const extent = new Extent();
    this.#fill(plan, extent, [], vm);
    return extent.object;
  }

  #packageOf(plan: NodePlan, vm: Vm): RegoValue {
    const made = new RegoObject();
    for (const child of plan.visible()) {
      const value = this.documentOf(child, vm);
      if (value !== undefined) made.set(child.key, value);
    }
    const base = vm.baseOf(plan);
    return base instanceof RegoObject ? merge(base, made) : made;
  }

  /** What the rules of a node and of those below it add. */
  #fill(plan: NodePlan, extent: Extent, path: readonly RegoValue[], vm: Vm): void {
    const at = plan.node.rules[0]?.at;
    if (plan.kind === 'value') {
      const value = this.documentOf(plan, vm);
      const isSet = plan.node.rules.some(({ head }) => isMultiValue(head));
      if (isSet && value instanceof RegoSet) {
        extent.ensureSet(path, at);
        for (const member of value.members()) extent.add(path, member, true, at);
      } else if (value !== undefined) extent.add(path, value, false, at);
      return;
    }
    for (const fill of plan.fills) fill(extent, path, vm);
    for (const child of plan.visible()) this.#fill(child, extent, [...path, child.key], vm);
  }
}

function kindOf({ node }: NodePlan): NodePlan['kind'] {
  const [first] = node.rules;
  if (first === undefined) return 'package';
  if (first.head.args !== undefined) return 'function';
  return dynamicPart(first.head.reference).length > 0 ? 'object' : 'value';
}

/** Two objects as one; where both have a key, the first one's value stands, unless both are objects. */
function merge(a: RegoObject, b: RegoObject): RegoObject {
  const made = RegoObject.of(a.entries());
  for (const [key, value] of b.entries()) {
    const before = made.get(key);
    if (before === undefined) made.set(key, value);
    else if (before instanceof RegoObject && value instanceof RegoObject) made.set(key, merge(before, value));
  }
  return made;
}
