/** The admission server's life: policies of now, evidence kept for a while, a graph that is told afterwards. */
import { AppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { encodeReviewResponse, parseReview } from '../cluster/index.ts';
import type { Graph } from '../graph/index.ts';
import type { AdmissionRecord } from './admission-facts.ts';
import type { ClusterNotes } from './cluster-notes.ts';
import { reviewException } from './exceptions.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import type { EvidenceOptions, EvidenceSource } from './gather-evidence.ts';
import type { TrustFault } from './kept-roots.ts';
import type { KeptMaterial } from './policy-material.ts';
import type { PolicySource } from './policy-source.ts';
import { reviewPolicy } from './review-policy.ts';
import { reviewAdmission } from './review.ts';
import type { ReviewTime } from './review-time.ts';
import { StepTimes } from './step-times.ts';
import { createGraphTeller } from './tell-graph.ts';
import type { GraphTeller } from './tell-graph.ts';
import { createVerdictCache } from './verdict-cache.ts';

export interface AdmissionServiceOptions extends Omit<EvidenceOptions, 'reuseFor' | 'signers'> {
  /** Closed with the service. */
  readonly policies: PolicySource;
  /** What policies rest on, kept up to date; closed with the service. */
  readonly material?: KeptMaterial;
  readonly graph: Graph;
  /** The file that holds the graph, if one does. */
  readonly graphPath?: string;
  /** What is told to a cluster; closed with the service. */
  readonly notes?: ClusterNotes | undefined;
}

export interface ServiceFacts {
  readonly policies: number;
  readonly policyFaults: number;
  /** In force now. */
  readonly exceptions: number;
  readonly notesDropped: number;
  /** Roots and keys that could not be had anew. */
  readonly material: readonly TrustFault[];
}

export interface AdmissionService {
  /** Gives the AdmissionReview to answer with. Throws `invalid-input` only for bytes that are no review. */
  review(mode: 'validate' | 'mutate', bytes: Uint8Array, limits: ReviewLimits): Promise<ReviewOutcome>;
  /** Gives the AdmissionReview that answers one of a policy. Throws as `review` does. */
  reviewPolicy(bytes: Uint8Array): Promise<Readonly<Record<string, unknown>>>;
  /** Gives the AdmissionReview that answers one of an exception. Throws as `review` does, and `not-found` where there are none. */
  reviewException(bytes: Uint8Array): Readonly<Record<string, unknown>>;
  readonly graph: Graph;
  readonly steps: StepTimes;
  facts(): ServiceFacts;
  /** When the policies were last known to be those of their source. */
  policiesConfirmed(): Date;
  /** Undefined when policies are loaded; else why every review is denied. */
  policyFault(): string | undefined;
  /** Ends watching and waits until the graph has been told everything. */
  close(): Promise<void>;
}

export interface ReviewLimits {
  readonly signal: AbortSignal;
  /** What of the time each step may take. */
  readonly time?: ReviewTime;
}

export interface ReviewOutcome {
  readonly response: Readonly<Record<string, unknown>>;
  readonly outcome: 'allow' | 'warn' | 'deny';
}

/** Milliseconds for which evidence of a digest is used again. */
const EVIDENCE_REUSE_MS = 60_000;
/** Milliseconds for which an image that was allowed is, under the same policies and trust. */
const VERDICT_REUSE_MS = 60_000;

export function openAdmissionService(ports: Ports, options: AdmissionServiceOptions): AdmissionService {
  return new Service(ports, options);
}

class Service implements AdmissionService {
  readonly graph: Graph;
  readonly steps = new StepTimes();
  readonly #ports: Ports;
  readonly #policies: PolicySource;
  readonly #source: EvidenceSource;
  readonly #notes: ClusterNotes | undefined;
  readonly #teller: GraphTeller;
  readonly #material: KeptMaterial | undefined;
  readonly #cache = createVerdictCache(VERDICT_REUSE_MS);

  constructor(ports: Ports, options: AdmissionServiceOptions) {
    const { graph, graphPath, policies, notes, material, ...access } = options;
    this.#material = material;
    this.#ports = ports;
    this.#policies = policies;
    this.#notes = notes;
    this.graph = graph;
    this.#teller = createGraphTeller(ports, graph, graphPath);
    this.#source = timed(
      createEvidenceSource(ports, { reuseFor: EVIDENCE_REUSE_MS, signers: material?.signers, ...access }),
      this.steps,
    );
  }

  async review(mode: 'validate' | 'mutate', bytes: Uint8Array, limits: ReviewLimits): Promise<ReviewOutcome> {
    const { fault, current } = this.#policies;
    if (fault !== undefined) {
      const message = `error-invalid-input: the policies cannot be used: ${fault}`;
      const { uid, user } = parseReview(bytes);
      this.#ports.log.info('admission', { uid, mode, user, outcome: 'deny', reasons: ['policies-not-usable'] });
      return { response: encodeReviewResponse(uid, { allowed: false, message }), outcome: 'deny' };
    }
    const at = this.#ports.clock();
    const reviewed = await reviewAdmission(
      bytes,
      {
        mode,
        source: this.#source,
        ...current,
        ...limits,
        at,
        cache: this.#cache,
        onEvidence: this.#teller.tellEvidence,
      },
      limits.signal,
    );
    const isAllowed = isAllowedResponse(reviewed.response);
    const record = { ...reviewed, mode, isAllowed, at };
    const outcome = isAllowed ? (reviewed.admission?.outcome ?? 'allow') : 'deny';
    this.#ports.log.info('admission', auditFacts(record, outcome));
    this.#notes?.note(record);
    this.#teller.tell(record);
    return { response: reviewed.response, outcome };
  }

  async reviewPolicy(bytes: Uint8Array): Promise<Readonly<Record<string, unknown>>> {
    return await reviewPolicy(this.#ports, bytes);
  }

  reviewException(bytes: Uint8Array): Readonly<Record<string, unknown>> {
    const { namespace } = this.#policies;
    if (namespace === undefined) throw new AppError('not-found', 'exceptions are kept in a cluster, found none');
    const { response, facts } = reviewException(bytes, { namespace, at: this.#ports.clock() });
    this.#ports.log.info('exception', { ...facts, isAllowed: isAllowedResponse(response) });
    return response;
  }

  policiesConfirmed(): Date {
    return this.#policies.confirmed;
  }

  facts(): ServiceFacts {
    const { current, faults: policyFaults } = this.#policies;
    const now = this.#ports.clock();
    const exceptions = current.exceptions.filter(({ expires }) => expires > now).length;
    return {
      policies: current.policies.length,
      policyFaults,
      exceptions,
      notesDropped: this.#notes?.dropped ?? 0,
      material: this.#material?.faults ?? [],
    };
  }

  policyFault(): string | undefined {
    return this.#policies.fault;
  }

  async close(): Promise<void> {
    await this.#policies.close();
    this.#material?.close();
    await this.#teller.close();
    await this.#notes?.close();
    this.graph.close();
  }
}

function timed(source: EvidenceSource, steps: StepTimes): EvidenceSource {
  return {
    ...source,
    resolve: async (...words) => await steps.time('resolve', async () => await source.resolve(...words)),
    gather: async (wanted, signal) => await steps.time('gather', async () => await source.gather(wanted, signal)),
  };
}

/** Who wanted what, and what came of it: a line of the audit log. */
function auditFacts({ request, admission, mode }: AdmissionRecord, outcome: ReviewOutcome['outcome']) {
  const { uid, user, operation, dryRun, namespace, subResource } = request;
  const images = admission?.images.map(({ use, digest, verdict }) => ({
    image: use.image,
    digest,
    outcome: verdict.outcome,
    reasons: verdict.reasons.map(({ code, rule }) => (rule === undefined ? code : `${rule}: ${code}`)),
  }));
  const { kind, name } = admission?.object ?? { kind: request.kind.kind, name: undefined };
  const reasons = admission?.reasons.map(({ code }) => code);
  return { uid, mode, user, operation, subResource, dryRun, namespace, kind, name, outcome, reasons, images };
}

function isAllowedResponse(review: Readonly<Record<string, unknown>>): boolean {
  const { response } = review;
  return typeof response === 'object' && response !== null && 'allowed' in response && response.allowed === true;
}
