/** Answers one admission review: judges the object, pins digests when mutating, and tells the graph afterwards. */
import { AppError } from '../core/index.ts';
import { encodeReviewResponse, parseReview } from '../cluster/index.ts';
import type { AdmissionAnswer, AdmissionRequest, PatchOperation } from '../cluster/index.ts';
import type { Policy } from '../policies/index.ts';
import { admit } from './admit.ts';
import type { Admission, AdmitInput } from './admit.ts';
import { applyExceptions } from './exceptions.ts';
import type { Exception } from './exceptions.ts';
import { denialMessage, warningMessages } from './explain.ts';
import type { EvidenceSource } from './gather-evidence.ts';
import type { ReviewTime } from './review-time.ts';
import type { VerdictCache } from './verdict-cache.ts';

export interface ReviewSettings {
  readonly mode: 'validate' | 'mutate';
  readonly source: EvidenceSource;
  readonly policies: readonly Policy[];
  readonly noMatch: 'deny' | 'warn' | 'allow';
  readonly exceptions: readonly Exception[];
  readonly at: Date;
  readonly cache?: VerdictCache;
  readonly onEvidence?: AdmitInput['onEvidence'];
  readonly time?: ReviewTime;
}

export interface Reviewed {
  readonly response: Readonly<Record<string, unknown>>;
  readonly request: AdmissionRequest;
  /** Absent when there was nothing to judge, as for a deletion. */
  readonly admission?: Admission;
}

/** Throws `invalid-input` for bytes that are no review: there is then no uid to answer to. Everything later is an answer. */
export async function reviewAdmission(
  bytes: Uint8Array,
  settings: ReviewSettings,
  signal: AbortSignal,
): Promise<Reviewed> {
  const request = parseReview(bytes);
  if (request.operation === 'DELETE')
    return { response: encodeReviewResponse(request.uid, { allowed: true }), request };
  const refusal = refuse(request);
  if (refusal !== undefined) {
    return { response: encodeReviewResponse(request.uid, { allowed: false, message: refusal }), request };
  }
  const judged = await admit(
    settings.source,
    {
      object: request.object ?? {},
      ...(request.operation === 'UPDATE' && request.oldObject !== undefined ? { oldObject: request.oldObject } : {}),
      ...(request.namespace === undefined ? {} : { namespace: request.namespace }),
      policies: settings.policies,
      noMatch: settings.noMatch,
      at: settings.at,
      ...(settings.cache === undefined ? {} : { cache: settings.cache }),
      ...(settings.onEvidence === undefined ? {} : { onEvidence: settings.onEvidence }),
      ...(settings.time === undefined ? {} : { time: settings.time }),
    },
    signal,
  );
  const admission = applyExceptions(judged, settings.exceptions, settings.at);
  return { response: encodeReviewResponse(request.uid, answer(settings.mode, request, admission)), request, admission };
}

/** What is not judged at all is denied: a review comes here only because somebody wants it decided. */
function refuse(request: AdmissionRequest): string | undefined {
  if (request.operation === 'CONNECT') return 'unknown-kind: CONNECT carries no object whose images could be judged';
  if (request.object === undefined) return 'expected an object in the review, found none';
  const { group, version, kind } = request.kind;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  if (request.object.apiVersion !== apiVersion || request.object.kind !== kind) {
    const found = `${String(request.object.apiVersion)} ${String(request.object.kind)}`;
    return `expected an object of ${apiVersion} ${kind} as the review says, found ${found}`;
  }
  return undefined;
}

function answer(mode: ReviewSettings['mode'], request: AdmissionRequest, admission: Admission): AdmissionAnswer {
  // On the command line a Service needs no verdict; a webhook that is sent one is misconfigured, and says so.
  if (
    admission.images.length === 0 &&
    admission.reasons.some(({ code }) => code === 'no-images' || code === 'unknown-kind')
  ) {
    return {
      allowed: false,
      message: `unknown-kind: images of ${request.kind.kind} cannot be judged; take it out of the webhook's rules`,
    };
  }
  if (admission.outcome === 'deny') return { allowed: false, message: denialMessage(admission) };
  const unpinned = mode === 'validate' && request.kind.kind === 'Pod' ? findUnpinned(admission) : undefined;
  if (unpinned !== undefined) return { allowed: false, message: unpinned };
  return {
    allowed: true,
    warnings: warningMessages(admission),
    ...(mode === 'mutate' ? { patch: pinningPatch(admission) } : {}),
  };
}

/** A pod whose image is a tag would run whatever the tag means when the node pulls it, not what was judged. */
function findUnpinned({ images }: Admission): string | undefined {
  const found = images.find(({ reference }) => reference?.digest === undefined);
  if (found === undefined) return undefined;
  return `not-pinned: ${found.use.image} (${found.use.role} ${found.use.name}): expected an image by digest, found a tag that may move; the mutating webhook pins it: ${found.pinned}`;
}

function pinningPatch({ images }: Admission): readonly PatchOperation[] {
  return images.flatMap(({ use, pinned }) => {
    if (pinned === undefined) throw new AppError('internal', `${use.image}: admitted without a digest`);
    return pinned === use.image ? [] : [{ op: 'replace' as const, path: use.pointer, value: pinned }];
  });
}
