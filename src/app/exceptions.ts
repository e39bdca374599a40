/**
 * Break-glass: an AdmissionException (plimsoll.dev/v1alpha1) lets images into namespaces for a while although policies deny them, with who
 * wanted it and why. It turns a denial of these images into a warning that names it, and nothing else: an image must still be one that can
 * be pinned to a digest. Only those in the server's own namespace count, so that who may write there decides.
 */
import { AppError, arrayOf, combineVerdicts, object, oneOf, record, strictObject, string } from '../core/index.ts';
import { encodeReviewResponse, parseReview } from '../cluster/index.ts';
import type { KubeObject } from '../cluster/index.ts';
import { compileGlob } from '../policies/index.ts';
import type { ImageGlob } from '../policies/index.ts';
import type { Admission, ImageVerdict } from './admit.ts';

export interface Exception {
  readonly name: string;
  readonly images: readonly ImageGlob[];
  readonly namespaces: ReadonlySet<string>;
  readonly reason: string;
  readonly requestedBy: string;
  readonly expires: Date;
}

/** From its creation on; what is needed for longer is a policy. */
const MAX_DAYS = 7;
const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_ENTRIES = 100;

const decodeException = object({
  kind: oneOf('AdmissionException'),
  metadata: record,
  spec: strictObject({
    images: arrayOf(string, MAX_ENTRIES),
    namespaces: arrayOf(string, MAX_ENTRIES),
    reason: string,
    requestedBy: string,
    expires: string,
  }),
});

/** Throws `invalid-input` for one that is not whole, or lives longer than it may. `created`: for one that is not stored yet. */
export function parseException(value: KubeObject, created?: Date): Exception {
  const { metadata, spec } = decodeException(value, 'exception');
  const name = String(metadata.name ?? metadata.generateName);
  const where = `exception ${name}`;
  const since = created ?? parseTime(String(metadata.creationTimestamp), `${where}: creationTimestamp`);
  const expires = parseTime(spec.expires, `${where}: expires`);
  if (expires.getTime() - since.getTime() > MAX_DAYS * DAY_MS)
    throw new AppError('invalid-input', `${where}: expires: expected at most ${MAX_DAYS} days, found ${spec.expires}`);
  for (const field of ['images', 'namespaces', 'reason', 'requestedBy'] as const)
    if (spec[field].length === 0) throw new AppError('invalid-input', `${where}: ${field}: expected it, found nothing`);
  const images = spec.images.map((glob, index) => compileGlob(glob, `${where}: images[${index}]`));
  return { ...spec, name, images, namespaces: new Set(spec.namespaces), expires };
}

/** RFC 3339, as Kubernetes writes times. */
function parseTime(text: string, where: string): Date {
  const time = new Date(text);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(time.getTime()))
    return time;
  throw new AppError(
    'invalid-input',
    `${where}: expected a time like 2026-01-31T12:00:00Z, found "${text.slice(0, 40)}"`,
  );
}

/** The admission with denials of excepted images as warnings. */
export function applyExceptions(admission: Admission, exceptions: readonly Exception[], at: Date): Admission {
  const namespace = admission.object.namespace ?? '';
  const inForce = exceptions.filter(({ namespaces, expires }) => expires > at && namespaces.has(namespace));
  if (inForce.length === 0 || admission.images.length === 0) return admission;
  const images = admission.images.map((image) => except(image, inForce));
  return { ...admission, images, outcome: combineVerdicts(images.map(({ verdict }) => verdict)).outcome };
}

function except(image: ImageVerdict, exceptions: readonly Exception[]): ImageVerdict {
  const { verdict, reference, use } = image;
  const pinned = image.pinned ?? (reference?.digest === undefined ? undefined : use.image);
  if (verdict.outcome !== 'deny' || reference === undefined || pinned === undefined) return image;
  const exception = exceptions.find(({ images }) => images.some((glob) => glob(reference, use.image)));
  if (exception === undefined) return image;
  const { name, requestedBy, expires, reason } = exception;
  const message = `let through by exception ${name} of ${requestedBy} until ${expires.toISOString()}: ${reason}`;
  return {
    ...image,
    pinned,
    exception: { name, expires },
    verdict: { outcome: 'warn', reasons: [{ code: 'exception', rule: name, message }, ...verdict.reasons] },
  };
}

export interface ExceptionReview {
  readonly response: Readonly<Record<string, unknown>>;
  /** For the audit log. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Answers the review of an exception itself. Throws `invalid-input` for bytes that are no review. */
export function reviewException(
  bytes: Uint8Array,
  place: { readonly namespace: string; readonly at: Date },
): ExceptionReview {
  const { uid, operation, namespace, user, object: value, oldObject } = parseReview(bytes);
  const facts = { uid, operation, user, namespace, spec: value?.spec };
  const deny = (message: string) => ({
    response: encodeReviewResponse(uid, { allowed: false, code: 422, message }),
    facts,
  });
  if (operation === 'DELETE') return { response: encodeReviewResponse(uid, { allowed: true }), facts };
  if (namespace !== place.namespace)
    return deny(`expected an exception in namespace ${place.namespace}, where alone it counts, found ${namespace}`);
  try {
    // its life begins when it is made, whatever is changed in it later
    const exception = parseException(value ?? {}, operation === 'CREATE' ? place.at : undefined);
    if (oldObject === undefined && exception.expires <= place.at) return deny('expires: expected a time to come');
    if (oldObject === undefined && exception.requestedBy !== user)
      return deny(`requestedBy: expected who makes it, ${user ?? 'nobody'}, found ${exception.requestedBy}`);
    return { response: encodeReviewResponse(uid, { allowed: true }), facts };
  } catch (error) {
    if (error instanceof AppError) return deny(error.message);
    throw error;
  }
}
