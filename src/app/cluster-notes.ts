/**
 * What an admission leaves in the cluster, off the path of its answer: an event for what was denied or warned of, and a report with one
 * result for each image of what was let in (PolicyReport of wgpolicyk8s.io/v1alpha2, Report of openreports.io/v1alpha1, whichever the
 * cluster has). A report belongs to its object and goes with it; objects of controllers are reported on by those who own them.
 */
import { isRecord, toAppError } from '../core/index.ts';
import type { Outcome, Ports } from '../core/index.ts';
import { findObject } from '../cluster/index.ts';
import type { KubeClient, KubeObject } from '../cluster/index.ts';
import type { Admission, ImageVerdict } from './admit.ts';
import { denialMessage, warningMessages } from './explain.ts';
import type { AdmissionRecord } from './admission-facts.ts';

/** Nothing is noted of a dry run. Never throws. */
export interface ClusterNotes {
  note(record: AdmissionRecord): void;
  /** Notes that were given up because too many were waiting. */
  readonly dropped: number;
  close(): Promise<void>;
}

/** Notes that may wait: more come only when the API server is slow and everything is denied. */
const MAX_WAITING = 1000;
/** Milliseconds for which the same event is not made again, and how many are remembered. */
const REPEAT_MS = 5 * 60_000;
const MAX_REMEMBERED = 1000;
/** Milliseconds after which a cluster that had no reports is looked at again. */
const ABSENT_MS = 10 * 60_000;
/** Milliseconds for one note. */
const DEADLINE_MS = 10_000;
/** As the API server limits it. */
const MAX_EVENT_MESSAGE = 1024;

export function createClusterNotes(ports: Ports, client: KubeClient): ClusterNotes {
  const end = new AbortController();
  const events = createEvents(ports, client);
  const reports = REPORTS.map((kind) => createReports(ports, client, kind));
  let waiting = 0;
  let dropped = 0;
  let writing: Promise<void> = Promise.resolve();
  const write = async (record: AdmissionRecord): Promise<void> => {
    const signal = AbortSignal.any([end.signal, AbortSignal.timeout(DEADLINE_MS)]);
    for (const one of [events, ...reports]) {
      if (end.signal.aborted) return;
      await one(record, signal).catch((error: unknown) => {
        const { kind, message } = toAppError(error);
        ports.log.warn('note-not-written', { kind, message });
      });
    }
  };
  return {
    note: (record) => {
      if (record.request.dryRun || record.admission === undefined) return;
      if (waiting >= MAX_WAITING) return void (dropped += 1);
      waiting += 1;
      writing = writing.then(async () => await write(record)).finally(() => (waiting -= 1));
    },
    get dropped() {
      return dropped;
    },
    close: async () => {
      end.abort();
      await writing;
    },
  };
}

type Write = (record: AdmissionRecord, signal: AbortSignal) => Promise<void>;

function createEvents({ clock }: Ports, client: KubeClient): Write {
  const seen = new Map<string, number>();
  const isNew = (key: string, now: number): boolean => {
    if (now - (seen.get(key) ?? -Infinity) < REPEAT_MS) return false;
    seen.delete(key);
    seen.set(key, now);
    for (const oldest of seen.keys()) {
      if (seen.size <= MAX_REMEMBERED) break;
      seen.delete(oldest);
    }
    return true;
  };
  return async ({ admission, mode, isAllowed }, signal) => {
    const isWarned = isAllowed && mode === 'validate' && admission?.outcome === 'warn';
    if (admission === undefined || (isAllowed && !isWarned)) return;
    const { apiVersion, kind, name, namespace = 'default' } = admission.object;
    const message = isWarned ? warningMessages(admission).join('\n') : denialMessage(admission);
    const now = clock();
    if (message === '' || !isNew([namespace, kind, name, message].join('\n'), now.getTime())) return;
    const time = secondsOf(now);
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { generateName: 'plimsoll-', namespace },
      involvedObject: { apiVersion, kind, name, namespace },
      type: 'Warning',
      reason: isWarned ? 'AdmissionWarned' : 'AdmissionDenied',
      message: message.slice(0, MAX_EVENT_MESSAGE),
      source: { component: 'plimsoll' },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    };
    await client.create(`/api/v1/namespaces/${namespace}/events`, event, signal);
  };
}

interface ReportKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  /** Fields that this kind has besides. */
  readonly more: KubeObject;
}

const REPORTS: readonly ReportKind[] = [
  { apiVersion: 'openreports.io/v1alpha1', kind: 'Report', plural: 'reports', more: { source: 'plimsoll' } },
  { apiVersion: 'wgpolicyk8s.io/v1alpha2', kind: 'PolicyReport', plural: 'policyreports', more: {} },
];

function createReports({ clock }: Ports, client: KubeClient, { apiVersion, kind, plural, more }: ReportKind): Write {
  let absentUntil = 0;
  return async (record, signal) => {
    const subject = subjectOf(record);
    if (subject === undefined || clock().getTime() < absentUntil) return;
    const { admission, scope } = subject;
    const name = `plimsoll-${scope.uid}`;
    const path = `/apis/${apiVersion}/namespaces/${scope.namespace}/${plural}/${name}`;
    try {
      const isWhole = admission.images.length === admission.places.length;
      const kept = isWhole ? [] : keptResults(await findObject(client, path, signal), admission);
      const results = [...admission.images.map((image) => resultOf(image, record.at)), ...kept];
      const { namespace, ...owner } = scope;
      const labels = { 'app.kubernetes.io/managed-by': 'plimsoll' };
      const metadata = { name, namespace, labels, ownerReferences: [owner] };
      await client.apply(
        path,
        { apiVersion, kind, metadata, ...more, scope, summary: summaryOf(results), results },
        signal,
      );
    } catch (error) {
      // this cluster has no reports of that kind
      if (toAppError(error).kind !== 'not-found') throw error;
      absentUntil = clock().getTime() + ABSENT_MS;
    }
  };
}

/** What is reported on: what was let in, has judged images, and is nobody's part. */
function subjectOf({ admission, request, mode, isAllowed }: AdmissionRecord) {
  if (admission === undefined || mode !== 'validate' || !isAllowed || admission.images.length === 0) return undefined;
  const metadata = isRecord(request.object?.metadata) ? request.object.metadata : {};
  const owners: unknown = metadata.ownerReferences;
  const isOwned = Array.isArray(owners) && owners.some((owner) => isRecord(owner) && owner.controller === true);
  const { apiVersion, kind, name, namespace } = admission.object;
  if (isOwned || typeof metadata.uid !== 'string' || namespace === undefined) return undefined;
  return { admission, scope: { apiVersion, kind, name, namespace, uid: metadata.uid } };
}

interface Result {
  readonly result: string;
  readonly properties: Readonly<Record<string, string>>;
}

const RESULTS: Readonly<Record<Outcome, string>> = { allow: 'pass', warn: 'warn', deny: 'fail' };

function resultOf({ use, verdict, digest }: ImageVerdict, at: Date): Result & KubeObject {
  const rules = verdict.reasons.flatMap(({ rule }) => rule ?? []);
  return {
    source: 'plimsoll',
    category: 'Software Supply Chain Security',
    policy: rules[0]?.split('/')[0] ?? 'no-match',
    rule: rules[0] ?? 'no-match',
    result: RESULTS[verdict.outcome],
    message: `${use.image}: ${verdict.reasons.map(({ message }) => message).join('; ')}`.slice(0, MAX_EVENT_MESSAGE),
    scored: true,
    timestamp: { seconds: Math.floor(at.getTime() / 1000), nanos: 0 },
    properties: { image: use.image, place: use.pointer, ...(digest === undefined ? {} : { digest }) },
  };
}

/** Results of images that an update left as they were. */
function keptResults(report: KubeObject | undefined, { images, places }: Admission): readonly Result[] {
  const judged = new Set(images.map(({ use }) => use.pointer));
  const results: unknown = report?.results;
  return (Array.isArray(results) ? (results as unknown[]) : []).filter((entry): entry is Result => {
    const place: unknown = isRecord(entry) && isRecord(entry.properties) ? entry.properties.place : undefined;
    return typeof place === 'string' && places.includes(place) && !judged.has(place);
  });
}

function summaryOf(results: readonly Result[]): KubeObject {
  const count = (wanted: string) => results.filter(({ result }) => result === wanted).length;
  return { pass: count('pass'), fail: count('fail'), warn: count('warn'), error: count('error'), skip: count('skip') };
}

/** As meta/v1 Time has it. */
function secondsOf(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
