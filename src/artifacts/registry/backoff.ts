/** Waits between the tries of one piece of work: decorrelated jitter, or what the registry asks for, up to a budget. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type Log, type Random } from '../../core/index.ts';

export interface RetryPolicy {
  /** Tries in a row without any progress. */
  readonly attempts: number;
  /** Milliseconds of the shortest wait. */
  readonly delay: number;
  /** Milliseconds that one piece of work may wait in all, however long the registry asks us to. */
  readonly budget: number;
  /** Milliseconds after which a download that hardly moves is taken up anew. */
  readonly stall: number;
}

export const RETRIES: RetryPolicy = { attempts: 5, delay: 250, budget: 120_000, stall: 30_000 };

/** Milliseconds of the longest wait that the registry did not ask for. */
const MAX_DELAY = 4_000;
/** Milliseconds from which on a wait is told to people: shorter ones nobody notices. */
const NOTICEABLE = 1000;

export interface BackoffOptions {
  readonly policy: RetryPolicy;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal | undefined;
}

export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;
  #waited = 0;
  #last: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#last = options.policy.delay;
  }

  /** The work moved on since the last failure: patience begins anew, the budget does not. */
  progressed(): void {
    this.#failures = 0;
    this.#last = this.#options.policy.delay;
  }

  /** Returns when the next try is due; throws the failure when it is final, or when patience or budget are used up. */
  async wait(failure: AppError): Promise<void> {
    const { policy, log, signal } = this.#options;
    this.#failures += 1;
    if (!isTransient(failure) || signal?.aborted === true || this.#failures >= policy.attempts) throw failure;
    const wait = Math.round(this.#next(failure));
    this.#waited += wait;
    if (this.#waited > policy.budget) throw failure;
    const facts = { reason: failure.message, attempt: this.#failures, seconds: wait / 1000 };
    if (wait < NOTICEABLE) log.info('registry-wait', facts);
    else log.warn('registry-wait', facts);
    try {
      await sleep(wait, undefined, signal === undefined ? {} : { signal });
    } catch (cause) {
      // who was waiting hears for what
      const details = { ...failure.details, code: 'ABORT_ERR' };
      throw new AppError('unavailable', `${failure.message}; cancelled or out of time`, { cause, details });
    }
  }

  #next({ details }: AppError): number {
    const { policy, random } = this.#options;
    const share = (random(1)[0] ?? 0) / 255;
    this.#last = Math.min(policy.delay + share * (this.#last * 3 - policy.delay), MAX_DELAY);
    return typeof details.retryAfter === 'number' ? Math.max(details.retryAfter, this.#last) : this.#last;
  }
}

/** Another try can help: not so where a certificate is refused or a name is not known. */
function isTransient(failure: AppError): boolean {
  const isFinal = isCertificateFault(failure) || /^(?:ENOTFOUND|ERR_SSL|ERR_OSSL)/.test(String(failure.details.code));
  return failure.kind === 'unavailable' && !isFinal;
}

/** By the codes of OpenSSL's verification and of Node's check of the name. */
export function isCertificateFault({ details }: AppError): boolean {
  return /^(?!ERR_SSL).*(?:CERT|SELF_SIGNED|UNABLE_TO_|ISSUER)/.test(String(details.code));
}
