/** Tells the graph of admissions, off the path of their answers: many in one transaction, and never so many that they fill the memory. */
import type { Ports } from '../core/index.ts';
import type { Graph } from '../graph/index.ts';
import { openAdvisoryStore } from '../metadata/advisory/index.ts';
import { matchSbom } from '../metadata/match/index.ts';
import { advisoryStorePath } from './advisories.ts';
import { recordAdmission } from './record-admission.ts';
import type { AdmissionRecord } from './record-admission.ts';

/** Told at once: some milliseconds, in which no review is answered. */
const BATCH = 64;
/** Waiting to be told; at a thousand reviews a second, ten seconds of a disk that hangs. */
const MAX_WAITING = 10_000;
/** Milliseconds between two warnings of what the graph was not told. */
const WARN_EVERY = 10_000;

export interface GraphTeller {
  tell(record: AdmissionRecord): void;
  /** Once everything was told. */
  settled(): Promise<void>;
}

export function createGraphTeller(ports: Ports, graph: Graph): GraphTeller {
  const waiting: AdmissionRecord[] = [];
  let running: Promise<void> | undefined;
  let lost = 0;
  let warned = -Infinity;
  const warn = (reason: unknown): void =>
    ports.log.warn('graph-not-told', { reason: reason instanceof Error ? reason.message : String(reason) });
  const warnOfLost = (): void => {
    const now = ports.clock().getTime();
    if (lost === 0 || now - warned < WARN_EVERY) return;
    warn(`expected at most ${MAX_WAITING} admissions to wait; the oldest ${lost} of more are not in the graph`);
    [lost, warned] = [0, now];
  };
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      // answers go first
      await new Promise<void>((resolve) => setImmediate(resolve));
      await tellBatch(ports, graph, waiting.splice(0, BATCH), warn).catch(warn);
      warnOfLost();
    }
    running = undefined;
  };
  return {
    tell: (record) => {
      if (waiting.length >= MAX_WAITING) {
        waiting.shift();
        lost += 1;
      }
      waiting.push(record);
      running ??= drain();
    },
    settled: async () => await running,
  };
}

/** One record that fails takes no other with it. */
async function tellBatch(
  ports: Ports,
  graph: Graph,
  records: readonly AdmissionRecord[],
  warn: (reason: unknown) => void,
): Promise<void> {
  using store = await openStore(ports, records);
  graph.batch(() => {
    for (const record of records) {
      try {
        recordAdmission(graph, record, (sbom) => (store === undefined ? undefined : matchSbom(sbom, store).findings));
      } catch (error) {
        warn(error);
      }
    }
  });
}

/** Opened for each batch that has something to match: another process may fill it meanwhile. */
async function openStore(ports: Ports, records: readonly AdmissionRecord[]) {
  const hasDocuments = records.some(({ admission }) => admission?.images.some(({ evidence }) => evidence.length > 0));
  const path = advisoryStorePath(ports);
  if (!hasDocuments || (await ports.files.stat(path)) === undefined) return undefined;
  return openAdvisoryStore(path);
}
