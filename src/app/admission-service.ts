/** The admission server's life: policies that follow their folder, evidence kept for a while, a graph that is told afterwards. */
import { AppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { encodeReviewResponse, parseReview } from '../cluster/index.ts';
import type { Graph } from '../graph/index.ts';
import type { Policy } from '../policies/index.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import type { EvidenceSource } from './gather-evidence.ts';
import { listPolicyFiles, loadPolicies } from './load-policies.ts';
import { reviewAdmission } from './review.ts';
import { createGraphTeller } from './tell-graph.ts';
import type { GraphTeller } from './tell-graph.ts';
import { createVerdictCache } from './verdict-cache.ts';

export interface AdmissionServiceOptions {
  readonly policyPaths: readonly string[];
  readonly noMatch: 'deny' | 'warn' | 'allow';
  readonly graph: Graph;
  /** Milliseconds between looks at the policy files. */
  readonly policyPoll?: number;
}

export interface AdmissionService {
  /** Gives the AdmissionReview to answer with. Throws `invalid-input` only for bytes that are no review. */
  review(mode: 'validate' | 'mutate', bytes: Uint8Array, signal: AbortSignal): Promise<ReviewOutcome>;
  readonly graph: Graph;
  /** Undefined when policies are loaded; else why every review is denied. */
  policyFault(): string | undefined;
  /** Ends watching and waits until the graph has been told everything. */
  close(): Promise<void>;
}

export interface ReviewOutcome {
  readonly response: Readonly<Record<string, unknown>>;
  readonly outcome: 'allow' | 'warn' | 'deny';
}

const POLICY_POLL_MS = 1000;
/** Milliseconds for which evidence of a digest is used again. */
const EVIDENCE_REUSE_MS = 60_000;
/** Milliseconds for which an image that was allowed is, under the same policies and trust. */
const VERDICT_REUSE_MS = 60_000;

/** Throws whatever loading the policies throws: a server with no policy must not start. */
export async function openAdmissionService(ports: Ports, options: AdmissionServiceOptions): Promise<AdmissionService> {
  const service = new FolderAdmissionService(ports, options);
  await service.start();
  return service;
}

class FolderAdmissionService implements AdmissionService {
  readonly graph: Graph;
  readonly #ports: Ports;
  readonly #options: AdmissionServiceOptions;
  readonly #source: EvidenceSource;
  readonly #teller: GraphTeller;
  readonly #cache = createVerdictCache(VERDICT_REUSE_MS);
  #policies: readonly Policy[] = [];
  #fault: string | undefined = 'policies are not loaded yet';
  #stamp = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: Ports, options: AdmissionServiceOptions) {
    this.#ports = ports;
    this.#options = options;
    this.graph = options.graph;
    this.#teller = createGraphTeller(ports, options.graph);
    this.#source = createEvidenceSource(ports, { reuseFor: EVIDENCE_REUSE_MS });
  }

  async start(): Promise<void> {
    this.#stamp = await this.#readStamp();
    this.#policies = await loadPolicies(this.#ports, this.#options.policyPaths);
    this.#fault = undefined;
    this.#schedule();
  }

  async review(mode: 'validate' | 'mutate', bytes: Uint8Array, signal: AbortSignal): Promise<ReviewOutcome> {
    if (this.#fault !== undefined) {
      const message = `error-invalid-input: the policies cannot be used: ${this.#fault}`;
      return { response: encodeReviewResponse(parseReview(bytes).uid, { allowed: false, message }), outcome: 'deny' };
    }
    const at = this.#ports.clock();
    const reviewed = await reviewAdmission(
      bytes,
      {
        mode,
        source: this.#source,
        policies: this.#policies,
        noMatch: this.#options.noMatch,
        at,
        cache: this.#cache,
      },
      signal,
    );
    const isAllowed = isAllowedResponse(reviewed.response);
    this.#teller.tell({ ...reviewed, mode, isAllowed, at });
    return { response: reviewed.response, outcome: isAllowed ? (reviewed.admission?.outcome ?? 'allow') : 'deny' };
  }

  policyFault(): string | undefined {
    return this.#fault;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#teller.settled();
    this.graph.close();
  }

  #schedule(): void {
    const wait = this.#options.policyPoll ?? POLICY_POLL_MS;
    this.#timer = setTimeout(() => void this.#reload().finally(() => this.#schedule()), wait);
    this.#timer.unref();
  }

  /**
   * A change that cannot be compiled denies everything, and says so, until it is mended: the old policies are no longer wanted.
   * After a fault the files are read again even if they look the same, since a folder that was away for a moment comes back so.
   */
  async #reload(): Promise<void> {
    try {
      const stamp = await this.#readStamp();
      if (stamp === this.#stamp && this.#fault === undefined) return;
      this.#stamp = stamp;
      this.#policies = await loadPolicies(this.#ports, this.#options.policyPaths);
      this.#fault = undefined;
      this.#ports.log.info('policies-loaded', { count: this.#policies.length });
    } catch (error) {
      const reason = error instanceof AppError ? error.message : String(error);
      if (reason !== this.#fault) this.#ports.log.warn('policies-refused', { reason });
      this.#fault = reason;
    }
  }

  /** Names, sizes and times of all policy files. */
  async #readStamp(): Promise<string> {
    const files = (
      await Promise.all(this.#options.policyPaths.map((path) => listPolicyFiles(this.#ports, path)))
    ).flat();
    const stats = await Promise.all(files.map((file) => this.#ports.files.stat(file)));
    return files.map((file, index) => `${file} ${stats[index]?.size} ${stats[index]?.modified.getTime()}`).join('\n');
  }
}

function isAllowedResponse(review: Readonly<Record<string, unknown>>): boolean {
  const { response } = review;
  return typeof response === 'object' && response !== null && 'allowed' in response && response.allowed === true;
}
