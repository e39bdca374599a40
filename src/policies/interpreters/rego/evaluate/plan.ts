/** Nodes of the rule tree as they are run. Made empty first, so that rules can hold each other. */
import type { RuleNode } from '../compile/tree.ts';
import type { Key, RegoValue } from '../value.ts';
import { compareValues } from '../value.ts';
import type { Fill } from './extent.ts';
import type { Callable, Vm } from './vm.ts';

/** `package` holds other nodes, `value` is a complete rule or a set; an `object` varies with its keys, and may have nodes below. */
type PlanKind = 'package' | 'value' | 'object' | 'function';

export class NodePlan {
  readonly id: number;
  readonly key: RegoValue;
  readonly parent: NodePlan | undefined;
  readonly node: RuleNode;
  readonly children = new Map<Key, NodePlan>();
  kind: PlanKind = 'package';
  /** Of objects: what each rule adds. */
  fills: readonly Fill[] = [];
  /** The value of complete rules and sets. */
  evaluate: (vm: Vm) => RegoValue | undefined = () => undefined;
  call: Callable = () => undefined;

  constructor(node: RuleNode, parent: NodePlan | undefined, ids: { next: number }) {
    this.id = ids.next;
    ids.next += 1;
    this.node = node;
    this.key = node.key;
    this.parent = parent;
    for (const [key, child] of node.children) this.children.set(key, new NodePlan(child, this, ids));
  }

  /** Children that are seen from here, in order. */
  visible(): readonly NodePlan[] {
    return [...this.children.values()]
      .filter(({ node }) => !node.isHidden())
      .sort((a, b) => compareValues(a.key, b.key));
  }

  all(): NodePlan[] {
    return [this, ...[...this.children.values()].flatMap((child) => child.all())];
  }
}
