/** The admission.k8s.io/v1 codec: reviews in, responses with warnings and JSON patches (RFC 6902) out. */
import { anything, boolean, decodeJson, object, oneOf, optional, record, string } from '../core/index.ts';

/** Ceiling of a review: the API server's own limit of a request is 3 MiB, and a review holds the object twice. */
export const MAX_REVIEW_BYTES = 8 * 1024 * 1024;

export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly namespace: string | undefined;
  /** Who asks for it, as the API server knows them. */
  readonly user: string | undefined;
  readonly subResource: string | undefined;
  readonly dryRun: boolean;
  readonly object: Readonly<Record<string, unknown>> | undefined;
  readonly oldObject: Readonly<Record<string, unknown>> | undefined;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
}

export interface AdmissionAnswer {
  readonly allowed: boolean;
  /** Shown to the user when denied. */
  readonly message?: string;
  /** HTTP code of a denial, 403 unless told. */
  readonly code?: number;
  readonly warnings?: readonly string[];
  readonly patch?: readonly PatchOperation[];
}

export interface PatchOperation {
  readonly op: 'replace';
  readonly path: string;
  readonly value: string;
}

const decodeReview = object({
  apiVersion: oneOf('admission.k8s.io/v1'),
  kind: oneOf('AdmissionReview'),
  request: object({
    uid: string,
    kind: object({ group: optional(string), version: string, kind: string }),
    operation: oneOf('CREATE', 'UPDATE', 'DELETE', 'CONNECT'),
    namespace: optional(string),
    subResource: optional(string),
    dryRun: optional(boolean),
    object: optional(record),
    oldObject: optional(record),
    options: anything,
    userInfo: optional(object({ username: optional(string) })),
  }),
});

/** Throws `invalid-input` for anything but a v1 review with a request. */
export function parseReview(bytes: Uint8Array): AdmissionRequest {
  const { request } = decodeJson(bytes, decodeReview, {
    what: 'AdmissionReview',
    maxBytes: MAX_REVIEW_BYTES,
  });
  const { uid, operation, namespace, subResource, dryRun, object: candidate, oldObject, kind, userInfo } = request;
  return {
    uid,
    operation,
    namespace,
    user: userInfo?.username,
    subResource: subResource === '' ? undefined : subResource,
    dryRun: dryRun ?? false,
    object: candidate,
    oldObject,
    kind: { group: kind.group ?? '', version: kind.version, kind: kind.kind },
  };
}

/** Ceilings of what the API server passes on: a warning is cut at 256 characters there, all of them at 4096. */
const MAX_WARNING_CHARS = 250;
const MAX_WARNINGS = 15;
const MAX_MESSAGE_CHARS = 16 * 1024;

export function encodeReviewResponse(uid: string, answer: AdmissionAnswer): Readonly<Record<string, unknown>> {
  const { allowed, message, code, warnings = [], patch = [] } = answer;
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(allowed ? {} : { status: { code: code ?? 403, message: cut(message ?? 'denied', MAX_MESSAGE_CHARS) } }),
      ...(warnings.length === 0
        ? {}
        : { warnings: warnings.slice(0, MAX_WARNINGS).map((text) => cut(text, MAX_WARNING_CHARS)) }),
      ...(!allowed || patch.length === 0
        ? {}
        : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
    },
  };
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 3)}...`;
}
