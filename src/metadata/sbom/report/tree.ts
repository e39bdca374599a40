/**
 * The dependencies of an SBOM as a tree, from what the subject needs directly. A graph has shared parts and circles: each component is spread
 * out where it is met first, and only named where it is met again.
 */
import { arrangeSbom, findRoots } from '../sbom.ts';
import type { Component, Sbom } from '../sbom.ts';

export interface TreeNode {
  readonly component: Component;
  /** Whether what it needs stands where it was met first, or was too deep to show. */
  readonly cut?: 'above' | 'deep';
  readonly children: readonly TreeNode[];
}

export interface DependencyTree {
  readonly roots: readonly TreeNode[];
  /** How many places of components were left out at the ceiling. */
  readonly left: number;
}

export interface TreeLimits {
  /** Places of components, above what anybody reads. */
  readonly nodes: number;
  /** Chains of real dependencies have some twenty links. */
  readonly depth: number;
}

const TEXT_LIMITS: TreeLimits = { nodes: 100_000, depth: 100 };

/** Of an arranged SBOM. */
export function buildTree(sbom: Sbom, limits: TreeLimits): DependencyTree {
  const builder = new TreeBuilder(sbom, limits);
  const roots = builder.visitAll(findRoots(sbom), 1);
  return { roots, left: builder.left };
}

class TreeBuilder {
  readonly #components: ReadonlyMap<string, Component>;
  readonly #edges: ReadonlyMap<string, readonly string[]>;
  readonly #limits: TreeLimits;
  readonly #spread = new Set<string>();
  #nodes = 0;
  left = 0;

  constructor(sbom: Sbom, limits: TreeLimits) {
    this.#components = new Map(sbom.components.map((component) => [component.id, component]));
    this.#edges = new Map(sbom.dependencies.map(({ from, to }) => [from, to]));
    this.#limits = limits;
  }

  visitAll(ids: readonly string[], depth: number): readonly TreeNode[] {
    return ids.flatMap((id) => {
      const component = this.#components.get(id);
      if (component === undefined) return [];
      if (this.#nodes >= this.#limits.nodes) {
        this.left += 1;
        return [];
      }
      this.#nodes += 1;
      return [this.#visit(component, depth)];
    });
  }

  #visit(component: Component, depth: number): TreeNode {
    const needs = this.#edges.get(component.id) ?? [];
    if (needs.length === 0) return { component, children: [] };
    if (this.#spread.has(component.id)) return { component, cut: 'above', children: [] };
    if (depth >= this.#limits.depth) return { component, cut: 'deep', children: [] };
    this.#spread.add(component.id);
    return { component, children: this.visitAll(needs, depth + 1) };
  }
}

const NOTES = { above: ' (see above)', deep: ' (deeper ones are not shown)' };

/** The SBOM for people as a tree of dependencies, one line per place. */
export function formatSbomTree(sbom: Sbom): string {
  const arranged = arrangeSbom(sbom);
  const { roots, left } = buildTree(arranged, TEXT_LIMITS);
  const lines = [arranged.subject.name];
  const draw = (nodes: readonly TreeNode[], before: string) => {
    for (const [index, { component, cut, children }] of nodes.entries()) {
      const isLast = index === nodes.length - 1;
      lines.push(`${before}${isLast ? '└── ' : '├── '}${labelOf(component)}${cut === undefined ? '' : NOTES[cut]}`);
      draw(children, `${before}${isLast ? '    ' : '│   '}`);
    }
  };
  draw(roots, '');
  if (left > 0) lines.push(`... and ${left} more places`);
  return lines.join('\n');
}

function labelOf({ name, version, scope, deletedBy }: Component): string {
  const marks = [...(scope === 'runtime' ? [] : [scope]), ...(deletedBy === undefined ? [] : ['gone'])];
  return `${name} ${version}${marks.length === 0 ? '' : ` [${marks.join(', ')}]`}`;
}
