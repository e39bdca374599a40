/** Tells the graph what an admission showed: verdicts, workloads, and the documents whose signatures held. */
import type { Finding } from '../core/index.ts';
import type { Graph } from '../graph/index.ts';
import { parseSbom } from '../metadata/sbom/index.ts';
import type { Sbom } from '../metadata/sbom/index.ts';
import type { AdmissionFacts, AdmittedDocument, ImageFact } from './admission-facts.ts';
import { componentFacts } from './component-facts.ts';

/** Findings of an SBOM, or undefined where there are no advisories to match with. */
export type MatchComponents = (sbom: Sbom) => readonly Finding[] | undefined;

/** Documents come last: one that cannot be read throws, and has hidden no verdict, no workload and no other document. */
export function recordAdmission(graph: Graph, facts: AdmissionFacts, match: MatchComponents): void {
  const { removed, verdicts, workload, documents } = facts;
  const at = new Date(facts.at);
  if (removed !== undefined) graph.removeWorkload(removed.kind, removed.namespace, removed.name);
  for (const verdict of verdicts) recordVerdict(graph, verdict, at);
  if (workload !== undefined) graph.setWorkload({ ...workload, seenAt: at });
  const failures = documents.flatMap((document) => recordDocument(graph, document, { at, match }));
  if (failures.length > 0) throw failures[0];
}

function recordVerdict(graph: Graph, verdict: ImageFact, at: Date): void {
  const { artifact, image } = verdict;
  if (artifact !== undefined) graph.addReference(artifact, image.split('@', 1)[0] ?? image, at);
  graph.addVerdict({ ...verdict, at });
}

/** Gives the error of one that could not be read. */
function recordDocument(
  graph: Graph,
  { sbom: text, ...document }: AdmittedDocument,
  { at, match }: { readonly at: Date; readonly match: MatchComponents },
): readonly unknown[] {
  const { digest, artifact } = document;
  if (graph.hasDocument(digest, artifact)) return [];
  try {
    const sbom = text === undefined ? undefined : parseSbom(text, `attestation ${digest}`);
    graph.addDocument({ ...document, receivedAt: at }, sbom === undefined ? [] : componentFacts(sbom));
    const findings = sbom === undefined ? undefined : match(sbom);
    if (findings !== undefined) graph.setFindings(artifact, findings, at);
    return [];
  } catch (error) {
    return [error];
  }
}
