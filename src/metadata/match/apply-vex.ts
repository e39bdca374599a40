/**
 * VEX over findings. From the vulnerable component up to the root of what was scanned, a statement at any node cuts that path; a finding is
 * hidden only when every path is cut. Of the statements about one node the newest counts, at equal times the later one.
 * Only not_affected and fixed hide.
 */
import type { Finding, Suppression } from '../../core/index.ts';
import type { Sbom } from '../sbom/index.ts';
import { matchesPurl, matchesSubject } from './products.ts';
import type { VexProduct, VexStatement } from './vex.ts';

/** Findings in their order, those hidden with `suppressed` set. */
export function applyVex(
  findings: readonly Finding[],
  statements: readonly VexStatement[],
  sbom: Sbom,
): readonly Finding[] {
  if (statements.length === 0) return findings;
  const graph = createGraph(sbom);
  return findings.map((finding) => {
    const names = new Set([finding.id, ...finding.aliases].map((name) => name.toLowerCase()));
    const relevant = statements.filter(({ vulnerability }) =>
      vulnerability.some((name) => names.has(name.toLowerCase())),
    );
    const suppressed = relevant.length === 0 ? undefined : judge(finding, relevant, graph);
    return suppressed === undefined ? finding : { ...finding, suppressed };
  });
}

interface Graph {
  readonly sbom: Sbom;
  /** Package URLs of a component by its id. */
  readonly purls: ReadonlyMap<string, string>;
  /** The first component of a package URL. */
  readonly ids: ReadonlyMap<string, string>;
  /** Who depends on a component. */
  readonly parents: ReadonlyMap<string, readonly string[]>;
}

function createGraph(sbom: Sbom): Graph {
  const parents = new Map<string, string[]>();
  for (const { from, to } of sbom.dependencies) {
    for (const target of to) {
      const known = parents.get(target);
      if (known === undefined) parents.set(target, [from]);
      else known.push(from);
    }
  }
  const purls = new Map(sbom.components.map(({ id, purl, name }) => [id, purl ?? name]));
  const ids = new Map([...purls].reverse().map(([id, purl]) => [purl, id]));
  return { sbom, parents, purls, ids };
}

/** Undefined when any path to the root is open, or when no statement was met at all: a cycle that never gets there hides nothing. */
function judge(finding: Finding, statements: readonly VexStatement[], graph: Graph): Suppression | undefined {
  const purl = finding.component.purl;
  const atRoot = newest(statements.filter((statement) => coversSubject(statement, purl, graph.sbom)));
  if (atRoot !== undefined && !hides(atRoot)) return undefined;
  const start = graph.ids.get(purl) ?? purl;
  const waiting = [start];
  const seen = new Set(waiting);
  let cut: VexStatement | undefined;
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const node = graph.purls.get(id) ?? id;
    const opinion = newest(statements.filter((statement) => coversNode(statement, node, purl)));
    if (opinion !== undefined && hides(opinion)) {
      cut ??= opinion;
      continue;
    }
    // Somebody says that it is affected here: no older word about the whole hides that.
    if (opinion !== undefined && opinion.time >= (atRoot?.time ?? -Infinity)) return undefined;
    const parents = graph.parents.get(id) ?? [];
    if (parents.length === 0) {
      if (atRoot === undefined) return undefined;
      cut ??= atRoot;
    }
    for (const parent of parents) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      waiting.push(parent);
    }
  }
  return cut === undefined ? undefined : toSuppression(cut);
}

function hides(statement: VexStatement): boolean {
  return statement.status === 'not_affected' || statement.status === 'fixed';
}

function toSuppression(statement: VexStatement): Suppression {
  return {
    by: 'vex',
    status: statement.status === 'fixed' ? 'fixed' : 'not_affected',
    source: statement.source,
    ...(statement.justification === undefined ? {} : { justification: statement.justification }),
  };
}

function newest(statements: readonly VexStatement[]): VexStatement | undefined {
  return statements.reduce<VexStatement | undefined>(
    (best, statement) => (best === undefined || statement.time >= best.time ? statement : best),
    undefined,
  );
}

function coversSubject(statement: VexStatement, purl: string, sbom: Sbom): boolean {
  return statement.products.some(
    (product) =>
      product.identifiers.some((identifier) => matchesSubject(identifier, sbom.subject)) &&
      coversComponent(product, purl),
  );
}

function coversNode(statement: VexStatement, node: string, purl: string): boolean {
  return statement.products.some(
    (product) =>
      product.identifiers.some((identifier) => matchesPurl(identifier, node)) && coversComponent(product, purl),
  );
}

function coversComponent(product: VexProduct, purl: string): boolean {
  if (product.subcomponents.length === 0) return true;
  return product.subcomponents.some((identifiers) => identifiers.some((identifier) => matchesPurl(identifier, purl)));
}
