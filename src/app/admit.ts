/**
 * Judges a Kubernetes object: every image it names, by every policy, over evidence verified now. Whatever could not be decided is
 * a denial that names the kind of the error.
 */
import { AppError, combineVerdicts, parseReference, toAppError } from '../core/index.ts';
import type { Digest, Evidence, Outcome, Reason, Reference, Verdict } from '../core/index.ts';
import { formatPlatform } from '../artifacts/index.ts';
import { findImages, findPodSpecs, findPullNames } from '../cluster/index.ts';
import type { ImageUse } from '../cluster/index.ts';
import { evaluate, listRequirements, noMatchVerdict } from '../policies/index.ts';
import type { Policy, SubjectObject } from '../policies/index.ts';
import type { EvidenceSource, Gathered } from './gather-evidence.ts';
import { limited, ReviewTime } from './review-time.ts';
import { questionOf, verdictKey } from './verdict-cache.ts';
import type { VerdictCache } from './verdict-cache.ts';
import type { Workload } from './workload-secrets.ts';

type Json = Readonly<Record<string, unknown>>;

/** Images of one object that are judged at the same time; few objects name more. */
const PARALLEL_IMAGES = 32;
/** Milliseconds to judge anew what is known, while nobody waits. */
const RENEW_MS = 10_000;

export interface AdmitInput {
  readonly object: Json;
  /**
   * The object before an update; images that stay as they were are not judged again unless policies are asked anything else of them.
   * One of another kind counts for nothing.
   */
  readonly oldObject?: Json;
  /** Where the object will live if it does not say. */
  readonly namespace?: string;
  readonly policies: readonly Policy[];
  readonly noMatch: 'deny' | 'warn' | 'allow';
  /** The time of judgement. */
  readonly at: Date;
  /** What of the time each step may take; as long as the signal allows when absent. */
  readonly time?: ReviewTime;
  /** Verdicts of before; each is judged anew when absent. */
  readonly cache?: VerdictCache;
  /** Told of what was gathered when a known verdict was judged anew. */
  readonly onEvidence?: (digest: Digest, evidence: readonly Evidence[]) => void;
}

export interface ImageVerdict {
  readonly use: ImageUse;
  readonly verdict: Verdict;
  readonly reference?: Reference;
  readonly digest?: Digest;
  /** The image's name with the judged digest, if a digest was found. */
  readonly pinned?: string;
  /** By which it is let through although policies deny it. */
  readonly exception?: { readonly name: string; readonly expires: Date };
  /** What was gathered for it; nothing where the verdict was known. */
  readonly evidence: readonly Evidence[];
}

export interface Admission {
  readonly object: SubjectObject;
  readonly outcome: Outcome;
  /** About the object as a whole. */
  readonly reasons: readonly Reason[];
  /** Those that were judged. */
  readonly images: readonly ImageVerdict[];
  /** Pointers to all images of the object, judged or unchanged. */
  readonly places: readonly string[];
}

export async function admit(source: EvidenceSource, input: AdmitInput, signal: AbortSignal): Promise<Admission> {
  const object = describeObject(input.object, input.namespace);
  try {
    const images = findImages(input.object);
    if (images === undefined) return unknownKind(object, input.object);
    return await admitImages(source, input, { object, images }, signal);
  } catch (error) {
    return { object, outcome: 'deny', reasons: [errorReason(error)], images: [], places: [] };
  }
}

async function admitImages(
  source: EvidenceSource,
  input: AdmitInput,
  { object, images }: { readonly object: SubjectObject; readonly images: readonly ImageUse[] },
  signal: AbortSignal,
): Promise<Admission> {
  const isKnown = knownBefore(input, object);
  const places = images.map(({ pointer }) => pointer);
  const changed = images.filter((use) => !isKnown(use));
  if (changed.length === 0) {
    const message = images.length === 0 ? 'the object names no image' : 'the update changes no image';
    return { object, outcome: 'allow', reasons: [{ code: 'no-new-image', message }], images: [], places };
  }
  const judged = await judgeEach(
    changed.map(({ image }) => image),
    (image) => admitImage(source, input, { object, image }, signal),
  );
  const verdicts = changed.map((use) => ({ use, ...judged(use.image) }));
  return {
    object,
    outcome: combineVerdicts(verdicts.map(({ verdict }) => verdict)).outcome,
    reasons: [],
    images: verdicts,
    places,
  };
}

/** Each image once, however often it is named; some at a time, since a single object may name a thousand registries. */
async function judgeEach(
  images: readonly string[],
  judge: (image: string) => Promise<Judged>,
): Promise<(image: string) => Judged> {
  const verdicts = new Map<string, Judged>();
  const distinct = [...new Set(images)];
  for (let start = 0; start < distinct.length; start += PARALLEL_IMAGES) {
    const some = distinct.slice(start, start + PARALLEL_IMAGES);
    await Promise.all(some.map(async (image) => verdicts.set(image, await judge(image))));
  }
  return (image) => {
    const verdict = verdicts.get(image);
    if (verdict === undefined) throw new AppError('internal', `${image}: expected a verdict, found none`);
    return verdict;
  };
}

/** Images that stand where they stood, and of which policies are asked what they were asked. What is being deleted may go. */
function knownBefore({ object, oldObject, policies }: AdmitInput, now: SubjectObject): (use: ImageUse) => boolean {
  if (oldObject === undefined || oldObject.apiVersion !== object.apiVersion || oldObject.kind !== object.kind)
    return () => false;
  const uses = new Set((findImages(oldObject) ?? []).map(spellingOf));
  const before = describeObject(oldObject, now.namespace);
  const isGoing = isJson(oldObject.metadata) && textOf(oldObject.metadata.deletionTimestamp) !== undefined;
  const ask = (image: string, of: SubjectObject): string => {
    const reference = parseReference(image);
    const applying = policies.filter((policy) => policy.appliesTo({ reference, asWritten: image, object: of }));
    return JSON.stringify(questionOf(applying, of));
  };
  return (use) => uses.has(spellingOf(use)) && (isGoing || ask(use.image, now) === ask(use.image, before));
}

function spellingOf(use: ImageUse): string {
  return `${use.pointer}\n${use.image}`;
}

type Judged = Omit<ImageVerdict, 'use'>;

/** Whatever goes wrong, and whatever is not decided in time, is a denial of this image. */
async function admitImage(
  source: EvidenceSource,
  input: AdmitInput,
  { object, image }: { readonly object: SubjectObject; readonly image: string },
  signal: AbortSignal,
): Promise<Judged> {
  const progress: Progress = { step: 'reading its name' };
  try {
    return await within(judgeImage(source, input, { object, image, progress }, signal), signal);
  } catch (error) {
    const reason = { ...errorReason(error), subject: image };
    const late = signal.aborted ? { message: `could not decide: out of time while ${progress.step}` } : {};
    return { verdict: { outcome: 'deny', reasons: [{ ...reason, ...late }] }, evidence: [] };
  }
}

/** What is being done, for whoever runs out of time. */
interface Progress {
  step: string;
}

async function judgeImage(
  source: EvidenceSource,
  input: AdmitInput,
  { object, image, progress }: { readonly object: SubjectObject; readonly image: string; readonly progress: Progress },
  signal: AbortSignal,
): Promise<Judged> {
  const { policies, noMatch, at, cache } = input;
  const reference = parseReference(image);
  const applying = policies.filter((policy) => policy.appliesTo({ reference, asWritten: image, object }));
  // A registry that no policy speaks of is not even asked: whoever writes pods would choose where we knock.
  if (applying.length === 0 && noMatch === 'deny')
    return { verdict: noMatchVerdict(image, noMatch), reference, evidence: [] };
  const workload = workloadOf(object);
  progress.step = 'asking what its tag means';
  const resolve = async (limit: AbortSignal) => await source.resolve(reference, limit, workload);
  const digest =
    reference.digest ?? (await limited(input.time, 'asking what its tag means', { signal, work: resolve }));
  // The name stays as written, tag included, so that people recognise it.
  const pinned = reference.digest === undefined ? `${image}@${digest}` : image;
  const epoch = cache === undefined ? '' : await source.epoch();
  const key = verdictKey({ image, digest, object, policies: applying, epoch });
  const question = { source, input, applying, object, reference, image, progress, ...(workload && { workload }) };
  const judge = async (isFresh: boolean, signal: AbortSignal, time = input.time) =>
    await judgeDigest({ ...question, isFresh, time }, digest, signal);
  const known = cache?.find(key, at);
  if (known !== undefined) {
    cache?.renew(key, at, async () => {
      const { gathered, verdict } = await judge(true, AbortSignal.timeout(RENEW_MS), new ReviewTime(RENEW_MS));
      input.onEvidence?.(digest, gathered.evidence);
      return verdict;
    });
    return { verdict: known, reference, digest, pinned, evidence: [] };
  }
  let { gathered, verdict } = await judge(false, signal);
  if (verdict.outcome !== 'allow' && gathered.isOld === true) ({ gathered, verdict } = await judge(true, signal));
  cache?.keep(key, verdict, at);
  return { verdict, reference, digest, pinned, evidence: gathered.evidence };
}

interface Question {
  readonly source: EvidenceSource;
  readonly input: AdmitInput;
  readonly applying: readonly Policy[];
  readonly object: SubjectObject;
  readonly image: string;
  readonly reference: Reference;
  readonly workload?: Workload;
  readonly progress: Progress;
  readonly isFresh: boolean;
  readonly time: ReviewTime | undefined;
}

interface Judgement {
  readonly gathered: Gathered;
  readonly verdict: Verdict;
}

/** By the index's own proofs; where it has none and that is accepted, by those of all images in it that nodes may run. */
async function judgeDigest(question: Question, digest: Digest, signal: AbortSignal): Promise<Judgement> {
  const own = await judgeProofs(question, digest, signal);
  const wantsProof = listRequirements(question.applying).some(({ kind }) => kind !== 'config');
  if (own.verdict.outcome === 'allow' || own.gathered.evidence.length > 0 || !wantsProof) return own;
  const images = await question.source.listImages?.({ ...question, digest }, signal);
  if (images === undefined) return own;
  const each = await Promise.all(
    images.map(async (image) => ({ image, ...(await judgeProofs(question, image.digest, signal)) })),
  );
  const { outcome } = combineVerdicts(each.map(({ verdict }) => verdict));
  const message = `the index carries no proof of its own; each of its ${each.length} images that nodes may run was judged`;
  const reasons = each.flatMap(({ image, verdict }) => {
    const name = image.platform === undefined ? image.digest : `${formatPlatform(image.platform)} ${image.digest}`;
    return verdict.reasons.map((reason) => ({ ...reason, message: `${name}: ${reason.message}` }));
  });
  return {
    gathered: {
      evidence: each.flatMap(({ gathered }) => gathered.evidence),
      rejected: [...own.gathered.rejected, ...each.flatMap(({ gathered }) => gathered.rejected)],
      isOld: [own, ...each].some(({ gathered }) => gathered.isOld === true),
    },
    verdict: { outcome, reasons: [{ code: 'judged-by-platform', message }, ...reasons] },
  };
}

async function judgeProofs(question: Question, digest: Digest, signal: AbortSignal): Promise<Judgement> {
  const { source, input, applying, object, image, reference, progress, workload, isFresh, time } = question;
  progress.step = 'fetching and verifying its signatures and attestations';
  const requirements = listRequirements(applying);
  const gathered: Gathered =
    requirements.length === 0
      ? { evidence: [], rejected: [] }
      : await source.gather({ reference, digest, requirements, isFresh, workload, time }, signal);
  progress.step = 'waiting for other images to be judged';
  // timers run between two images, so that what is out of time is not judged at all
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
  const { evidence, rejected, configs = {} } = gathered;
  const subject = { reference, asWritten: image, digest, object };
  const { at, noMatch } = input;
  const matter = { subject, evidence, rejected, configs, at, noMatch };
  return { gathered, verdict: evaluate(applying, matter, time?.forConditions()) };
}

/** Nothing for what lives in no namespace: it has no credentials of its own. */
function workloadOf({ namespace, document }: SubjectObject): Workload | undefined {
  const names = namespace === undefined ? undefined : findPullNames(document);
  return namespace === undefined || names === undefined ? undefined : { namespace, ...names };
}

/** Rejects with the signal's reason when it comes first, whether or not the work heeds it. */
function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(toAppError(signal.reason));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}

function unknownKind(object: SubjectObject, value: Json): Admission {
  const specs = findPodSpecs(value);
  const reasons: Reason[] = [
    {
      code: specs.length === 0 ? 'no-images' : 'unknown-kind',
      message:
        specs.length === 0
          ? `${object.kind} is not a kind that runs images`
          : `${object.kind} holds a pod spec at ${specs[0]}, but it is not known where all its images stand`,
      ...(specs.length === 0 ? {} : { fix: 'judge the pods that its controller makes, which are always checked' }),
    },
  ];
  return { object, outcome: specs.length === 0 ? 'allow' : 'deny', reasons, images: [], places: [] };
}

/** The reason of what could not be decided; its code names the kind of the error. */
function errorReason(error: unknown): Reason {
  const { kind, message, hint } = toAppError(error);
  return {
    code: `error-${kind}`,
    message: `could not decide: ${message}`,
    ...(hint === undefined ? {} : { fix: hint }),
  };
}

function describeObject(value: Json, namespace: string | undefined): SubjectObject {
  const metadata = isJson(value.metadata) ? value.metadata : {};
  const labels = isJson(metadata.labels) ? metadata.labels : {};
  const ownNamespace = textOf(metadata.namespace) ?? namespace;
  return {
    apiVersion: textOf(value.apiVersion) ?? '',
    kind: textOf(value.kind) ?? '',
    ...(ownNamespace === undefined ? {} : { namespace: ownNamespace }),
    name: textOf(metadata.name) ?? `${textOf(metadata.generateName) ?? ''}*`,
    labels: Object.fromEntries(
      Object.entries(labels).flatMap(([key, label]) => (typeof label === 'string' ? [[key, label]] : [])),
    ),
    document: value,
  };
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
