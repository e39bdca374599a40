/** Which images and workloads a vulnerability hits: from the advisory to the graph, reading no layer and no registry. */
import { AppError } from '../core/index.ts';
import type { Digest, Finding, Ports } from '../core/index.ts';
import type { ComponentNode, Graph } from '../graph/index.ts';
import type { AdvisoryStore } from '../metadata/advisory/index.ts';
import { matchSbom } from '../metadata/match/index.ts';
import { getAdvisories } from './advisories.ts';
import { baseOf, sbomsOf } from './component-facts.ts';

export interface Affected {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly images: readonly AffectedImage[];
  /** Milliseconds for the whole answer. */
  readonly took: number;
}

export interface AffectedImage {
  readonly digest: Digest;
  readonly references: readonly string[];
  readonly findings: readonly Finding[];
  readonly workloads: readonly { readonly kind: string; readonly namespace: string; readonly name: string }[];
}

/** Throws `not-found` for an id that no advisory in the store has: that is not the same as hitting nothing. */
export async function findAffected(ports: Ports, graph: Graph, id: string): Promise<Affected> {
  using store = await getAdvisories(ports);
  return affectedBy(store, graph, id);
}

function affectedBy(store: AdvisoryStore, graph: Graph, id: string): Affected {
  const start = performance.now();
  const names = allNames(store, id);
  const records = names.flatMap((name) => store.findById(name) ?? []);
  if (records.length === 0) {
    throw new AppError('not-found', `expected an advisory for ${id} in the store, found none`, {
      hint: 'plimsoll db import or db update brings advisories',
    });
  }
  const packages = records.flatMap((record) => store.listPackages(record.id));
  const nodes = distinct(
    packages.flatMap(({ ecosystem, name }) => graph.findComponents({ ecosystem: baseOf(ecosystem), name })),
  );
  const wanted = new Set(names);
  const findings = sbomsOf(nodes)
    .flatMap((sbom) => matchSbom(sbom, store).findings)
    .filter((finding) => wanted.has(finding.id) || finding.aliases.some((alias) => wanted.has(alias)));
  const [first = id, ...aliases] = names;
  return {
    id: first,
    aliases,
    summary: records.find(({ summary }) => summary !== '')?.summary ?? '',
    images: imagesOf(graph, nodes, findings),
    took: performance.now() - start,
  };
}

/** All names of the vulnerability, and the distributions' notices that were made from it. */
function allNames(store: AdvisoryStore, id: string): readonly string[] {
  const aliases = store.listAliases(id);
  const upstream = store.findById(id)?.upstream ?? [];
  return [...new Set([...aliases, ...[...aliases, ...upstream].flatMap((name) => store.listDerived(name))])];
}

function distinct(nodes: readonly ComponentNode[]): readonly ComponentNode[] {
  return [...new Map(nodes.map((node) => [`${node.purl} ${JSON.stringify(node.record)}`, node])).values()];
}

function imagesOf(
  graph: Graph,
  nodes: readonly ComponentNode[],
  findings: readonly Finding[],
): readonly AffectedImage[] {
  const byPurl = Map.groupBy(findings, (finding) => finding.component.purl);
  const byImage = new Map<Digest, Finding[]>();
  for (const node of nodes) {
    const own = byPurl.get(node.purl) ?? [];
    for (const digest of own.length === 0 ? [] : node.artifacts) {
      byImage.set(digest, [
        ...(byImage.get(digest) ?? []),
        ...own.filter((finding) => byImage.get(digest)?.includes(finding) !== true),
      ]);
    }
  }
  return [...byImage].map(([digest, own]) => ({
    digest,
    references: graph.listReferences(digest),
    findings: own,
    workloads: workloadsOf(graph, digest),
  }));
}

/** Each workload once, however many of its containers run the image. */
function workloadsOf(graph: Graph, digest: Digest): AffectedImage['workloads'] {
  const list = graph.listWorkloads(digest).map(({ kind, namespace, name }) => ({ kind, namespace, name }));
  return [...new Map(list.map((one) => [`${one.namespace}/${one.kind}/${one.name}`, one])).values()];
}
