/**
 * Tells the graph of admissions, off the path of their answers and where there are threads on one of their own: the disk and a large SBOM
 * keep no review waiting. Many go in one transaction, and never so many wait that they fill the memory.
 */
import type { Digest, Evidence, Files, Ports } from '../core/index.ts';
import { openGraph } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { openAdvisoryStore } from '../metadata/advisory/index.ts';
import { matchSbom } from '../metadata/match/index.ts';
import { admissionFacts, evidenceFacts } from './admission-facts.ts';
import type { AdmissionFacts, AdmissionRecord } from './admission-facts.ts';
import { advisoryStorePath } from './advisories.ts';
import { recordAdmission } from './record-admission.ts';

/** Told at once: some milliseconds of the thread that does it. */
const BATCH = 64;
/** Milliseconds for which a batch that is not full waits for more. */
const PATIENCE = 20;
/** Waiting to be told; at a thousand reviews a second, ten seconds of a disk that hangs. */
const MAX_WAITING = 10_000;
/** Milliseconds after which a graph that could not be told is told again. */
const AGAIN = 1000;
/** Milliseconds between two warnings of what the graph was not told. */
const WARN_EVERY = 10_000;

export interface GraphTeller {
  tell(record: AdmissionRecord): void;
  /** Of an image that is known already. */
  readonly tellEvidence: (artifact: Digest, evidence: readonly Evidence[]) => void;
  /** Ends once everything was told. */
  close(): Promise<void>;
}

/** `path` where the graph is kept in a file, which a thread can open as well. */
export function createGraphTeller(ports: Ports, graph: Graph, path?: string): GraphTeller {
  // as texts they take a fifth of the memory, and the garbage collector does not look into them
  const waiting: string[] = [];
  const losses = createLosses(ports);
  let wake = (): void => undefined;
  let isClosing = false;
  let running: Promise<void> | undefined;
  const batches = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      while (waiting.length === 0) {
        if (isClosing) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
      // answers go first
      await pause(waiting.length < BATCH && !isClosing ? PATIENCE : 0);
      yield new TextEncoder().encode(`[${waiting.splice(0, BATCH).join()}]`);
      losses.warn();
    }
  };
  const run = async (): Promise<void> => {
    const hasMore = () => !isClosing || waiting.length > 0;
    // a thread that dies takes with it what it was handed
    while (hasMore()) {
      try {
        await tellOnce(ports, { graph, path, source: batches(), onFault: losses.fault });
      } catch (error) {
        losses.fault(reasonOf(error));
        if (isClosing) return losses.leave(waiting.length);
        await pause(AGAIN);
      }
    }
  };
  // a thread takes a while to start: not when the first review is answered
  if (ports.threads !== undefined && path !== undefined) running = run();
  const isKnown = (document: Digest, artifact: Digest): boolean => graph.hasDocument(document, artifact);
  const put = (facts: AdmissionFacts | undefined): void => {
    if (facts === undefined || isClosing) return;
    if (waiting.length >= MAX_WAITING) {
      waiting.shift();
      losses.add();
    }
    waiting.push(JSON.stringify(facts));
    running ??= run();
    wake();
  };
  return {
    tell: (record) => put(admissionFacts(record, isKnown)),
    tellEvidence: (artifact, evidence) => put(evidenceFacts(artifact, evidence, { at: ports.clock(), isKnown })),
    close: async () => {
      isClosing = true;
      wake();
      await running;
    },
  };
}

interface TellingOnce {
  readonly graph: Graph;
  readonly path: string | undefined;
  readonly source: AsyncIterable<Uint8Array>;
  readonly onFault: (reason: string) => void;
}

/** Until the source ends; on a thread where there are threads and the graph is in a file. */
async function tellOnce({ threads, files, ...ports }: Ports, { graph, path, ...telling }: TellingOnce): Promise<void> {
  const advisories = advisoryStorePath(ports);
  if (threads === undefined || path === undefined) {
    await tellGraph(graph, telling.source, { files, advisories, onFault: telling.onFault });
  } else await threads.run({ name: 'tell-graph', input: { graph: path, advisories }, ...telling });
}

/** What the graph was not told, and why. */
function createLosses({ log, clock }: Ports) {
  let lost = 0;
  let warned = -Infinity;
  const fault = (reason: string): void => log.warn('graph-not-told', { reason });
  return {
    fault,
    add: (): void => void (lost += 1),
    /** At the end. */
    leave: (count: number): void => {
      if (count > 0) fault(`the server ends; ${count} admissions are not in the graph`);
    },
    warn: (): void => {
      const now = clock().getTime();
      if (lost === 0 || now - warned < WARN_EVERY) return;
      fault(`expected at most ${MAX_WAITING} admissions to wait; the oldest ${lost} of more are not in the graph`);
      [lost, warned] = [0, now];
    },
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    if (milliseconds === 0) setImmediate(resolve);
    else setTimeout(resolve, milliseconds);
  });
}

interface Telling {
  readonly files: Pick<Files, 'stat'>;
  /** Path of the advisory store, which may not be there. */
  readonly advisories: string;
  readonly onFault: (reason: string) => void;
}

/** The thread's part: each chunk of the source is one transaction. */
export async function tellGraphAt(path: string, source: AsyncIterable<Uint8Array>, telling: Telling): Promise<void> {
  const graph = openGraph(path);
  try {
    await tellGraph(graph, source, telling);
  } finally {
    graph.close();
  }
}

async function tellGraph(graph: Graph, source: AsyncIterable<Uint8Array>, telling: Telling): Promise<void> {
  for await (const chunk of source) {
    const batch = JSON.parse(new TextDecoder().decode(chunk)) as readonly AdmissionFacts[];
    await tellBatch(graph, batch, telling).catch((error: unknown) => telling.onFault(reasonOf(error)));
  }
}

/** One admission that fails takes no other with it. */
async function tellBatch(graph: Graph, batch: readonly AdmissionFacts[], telling: Telling): Promise<void> {
  using store = await openStore(batch, telling);
  graph.batch(() => {
    for (const facts of batch) {
      try {
        recordAdmission(graph, facts, (sbom) => (store === undefined ? undefined : matchSbom(sbom, store).findings));
      } catch (error) {
        telling.onFault(reasonOf(error));
      }
    }
  });
}

/** Opened for each batch that has something to match: another process may fill it meanwhile. */
async function openStore(batch: readonly AdmissionFacts[], { files, advisories }: Telling) {
  const hasSboms = batch.some(({ documents }) => documents.some(({ sbom }) => sbom !== undefined));
  if (!hasSboms || (await files.stat(advisories)) === undefined) return undefined;
  return openAdvisoryStore(advisories);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
