/** What the graph is to know of an admission, as plain values that go to another thread as JSON. */
import { findPredicateType } from '../core/index.ts';
import type { Digest, Evidence } from '../core/index.ts';
import type { VerdictFact, WorkloadFact } from '../graph/index.ts';
import type { Admission, ImageVerdict } from './admit.ts';
import type { Reviewed } from './review.ts';

export interface AdmissionRecord extends Reviewed {
  readonly mode: 'validate' | 'mutate';
  readonly isAllowed: boolean;
  readonly at: Date;
}

export interface AdmissionFacts {
  /** RFC 3339. */
  readonly at: string;
  /** What runs no more. */
  readonly removed?: WorkloadName;
  readonly verdicts: readonly ImageFact[];
  readonly workload?: Omit<WorkloadFact, 'seenAt'>;
  readonly documents: readonly AdmittedDocument[];
}

interface WorkloadName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export type ImageFact = Omit<VerdictFact, 'at'>;

export interface AdmittedDocument {
  readonly digest: Digest;
  readonly artifact: Digest;
  readonly predicateType: string;
  readonly signer: string;
  /** The statement's text if it holds an SBOM. */
  readonly sbom?: string;
}

const SBOM_TYPES = new Set(['spdxjson', 'cyclonedx'].map((name) => findPredicateType(name)));

/**
 * Undefined where there is nothing to know: a dry run leaves no trace. The verdict that counts is the validating one, unless the mutating
 * one denied already. `isKnown` says which documents need not be told again.
 */
export function admissionFacts(
  { request, admission, mode, isAllowed, at }: AdmissionRecord,
  isKnown: (document: Digest, artifact: Digest) => boolean,
): AdmissionFacts | undefined {
  if (request.dryRun || request.subResource === 'status') return undefined;
  const removed = request.operation === 'DELETE' ? removedBy({ request }) : undefined;
  const counts = admission !== undefined && !(mode === 'mutate' && isAllowed) ? admission : undefined;
  if (removed === undefined && counts === undefined) return undefined;
  const { images = [], places = [] } = counts ?? {};
  return {
    at: at.toISOString(),
    ...(removed === undefined ? {} : { removed }),
    verdicts: counts === undefined ? [] : images.map((image) => imageFact(request.uid, isAllowed, counts, image)),
    ...(counts === undefined || !isAllowed || places.length === 0 ? {} : { workload: workloadOf(counts) }),
    documents: images.flatMap(({ digest, evidence }) => documentsOf(digest, evidence, isKnown)),
  };
}

/** Of an image that was looked at again while it is known who runs it. */
export function evidenceFacts(
  artifact: Digest,
  evidence: readonly Evidence[],
  { at, isKnown }: { readonly at: Date; readonly isKnown: (document: Digest, artifact: Digest) => boolean },
): AdmissionFacts | undefined {
  const documents = documentsOf(artifact, evidence, isKnown);
  return documents.length === 0 ? undefined : { at: at.toISOString(), verdicts: [], documents };
}

function imageFact(
  uid: string,
  isAllowed: boolean,
  { object, reasons }: Admission,
  { digest, use, verdict }: ImageVerdict,
): ImageFact {
  return {
    uid,
    workload: [object.namespace ?? '', object.kind, object.name].join('/'),
    image: use.image,
    ...(digest === undefined ? {} : { artifact: digest }),
    outcome: isAllowed ? verdict.outcome : 'deny',
    reasons: [...reasons, ...verdict.reasons],
  };
}

function workloadOf({ object, images, places }: Admission) {
  return {
    kind: object.kind,
    namespace: object.namespace ?? '',
    name: object.name,
    places,
    images: images.flatMap(({ digest, use }) =>
      digest === undefined ? [] : [{ artifact: digest, image: use.image, place: use.pointer }],
    ),
  };
}

function removedBy({ request }: Pick<AdmissionRecord, 'request'>): WorkloadName | undefined {
  const metadata = request.oldObject?.metadata;
  if (typeof metadata !== 'object' || metadata === null || !('name' in metadata)) return undefined;
  return { kind: request.kind.kind, namespace: request.namespace ?? '', name: String(metadata.name) };
}

function documentsOf(
  artifact: Digest | undefined,
  evidence: readonly Evidence[],
  isKnown: (document: Digest, artifact: Digest) => boolean,
): readonly AdmittedDocument[] {
  if (artifact === undefined) return [];
  return evidence.flatMap((item) => {
    if (item.kind !== 'attestation' || isKnown(item.source, artifact)) return [];
    const { source: digest, predicateType, signer, payload } = item;
    return {
      digest,
      artifact: item.artifact,
      predicateType,
      signer: signer.kind === 'key' ? signer.keyId : `${signer.issuer} ${signer.subject}`,
      ...(SBOM_TYPES.has(predicateType) ? { sbom: new TextDecoder().decode(payload) } : {}),
    };
  });
}
