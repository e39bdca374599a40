/** Tells the graph what an admission showed: verdicts, workloads, and the documents whose signatures held. */
import { findPredicateType } from '../core/index.ts';
import type { Finding, VerifiedAttestation } from '../core/index.ts';
import type { DocumentFact, Graph } from '../graph/index.ts';
import { readSbom } from '../metadata/sbom/index.ts';
import type { Sbom } from '../metadata/sbom/index.ts';
import type { Admission, ImageVerdict } from './admit.ts';
import { componentFacts } from './component-facts.ts';
import type { Reviewed } from './review.ts';

export interface AdmissionRecord extends Reviewed {
  readonly mode: 'validate' | 'mutate';
  readonly isAllowed: boolean;
  readonly at: Date;
}

/** Findings of an SBOM, or undefined where there are no advisories to match with. */
export type MatchComponents = (sbom: Sbom) => readonly Finding[] | undefined;

const SBOM_TYPES = new Set(['spdxjson', 'cyclonedx'].map((name) => findPredicateType(name)));

/**
 * A dry run leaves no trace. The verdict that counts is the validating one, unless the mutating one denied already.
 * Documents come last: one that cannot be read throws, and has hidden no verdict, no workload and no other document.
 */
export function recordAdmission(graph: Graph, record: AdmissionRecord, match: MatchComponents): void {
  const { request, admission, mode, isAllowed, at } = record;
  if (request.dryRun || request.subResource === 'status') return;
  if (request.operation === 'DELETE') forget(graph, record);
  if (admission === undefined || (mode === 'mutate' && isAllowed)) return;
  for (const image of admission.images) recordVerdict(graph, record, { admission, image });
  if (isAllowed && admission.places.length > 0) recordWorkload(graph, admission, at);
  const failures = admission.images.flatMap((image) => recordDocuments(graph, { image, at, match }));
  if (failures.length > 0) throw failures[0];
}

function recordVerdict(
  graph: Graph,
  { request, isAllowed, at }: AdmissionRecord,
  { admission, image }: { readonly admission: Admission; readonly image: ImageVerdict },
): void {
  const { object, reasons } = admission;
  const { digest, use, verdict } = image;
  if (digest !== undefined) graph.addReference(digest, use.image.split('@', 1)[0] ?? use.image, at);
  graph.addVerdict({
    at,
    uid: request.uid,
    workload: [object.namespace ?? '', object.kind, object.name].join('/'),
    image: use.image,
    ...(digest === undefined ? {} : { artifact: digest }),
    outcome: isAllowed ? verdict.outcome : 'deny',
    reasons: [...reasons, ...verdict.reasons],
  });
}

function recordWorkload(graph: Graph, { object, images, places }: Admission, seenAt: Date): void {
  graph.setWorkload({
    kind: object.kind,
    namespace: object.namespace ?? '',
    name: object.name,
    seenAt,
    places,
    images: images.flatMap(({ digest, use }) =>
      digest === undefined ? [] : [{ artifact: digest, image: use.image, place: use.pointer }],
    ),
  });
}

function forget(graph: Graph, { request }: AdmissionRecord): void {
  const metadata = request.oldObject?.metadata;
  const name =
    typeof metadata === 'object' && metadata !== null && 'name' in metadata ? String(metadata.name) : undefined;
  if (name !== undefined) graph.removeWorkload(request.kind.kind, request.namespace ?? '', name);
}

interface ImageRecord {
  readonly image: ImageVerdict;
  readonly at: Date;
  readonly match: MatchComponents;
}

/** Gives the errors of those that could not be read. */
function recordDocuments(graph: Graph, { image, at, match }: ImageRecord): readonly unknown[] {
  const { digest, evidence } = image;
  if (digest === undefined) return [];
  return evidence.flatMap((item) => {
    if (item.kind !== 'attestation' || graph.hasDocument(item.source, digest)) return [];
    try {
      const sbom = SBOM_TYPES.has(item.predicateType)
        ? readSbom(item.statement, `attestation ${item.source}`)
        : undefined;
      graph.addDocument(documentOf(item, at), sbom === undefined ? [] : componentFacts(sbom));
      const findings = sbom === undefined ? undefined : match(sbom);
      if (findings !== undefined) graph.setFindings(digest, findings, at);
      return [];
    } catch (error) {
      return [error];
    }
  });
}

function documentOf({ source, artifact, predicateType, signer }: VerifiedAttestation, receivedAt: Date): DocumentFact {
  const signerText = signer.kind === 'key' ? signer.keyId : `${signer.issuer} ${signer.subject}`;
  return { digest: source, artifact, predicateType, signer: signerText, receivedAt };
}
