/** Requests to one registry: authorisation, redirects and retries around the bare HTTP port. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AppError,
  toAppError,
  type Clock,
  type Http,
  type HttpRequest,
  type HttpResponse,
  type Log,
  type Random,
} from '../../core/index.ts';
import { checkTarget, type Access, type Authorizer } from './authorizer.ts';
import { discard, refusal } from './errors.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const RETRYABLE: readonly number[] = [408, 429, 500, 502, 503, 504];

export interface RetryPolicy {
  readonly attempts: number;
  /** Milliseconds before the second attempt; three times as much before each next one, with jitter. */
  readonly delay: number;
  /** Milliseconds that one request may wait in all, however long the registry asks us to. */
  readonly budget: number;
}

export const RETRIES: RetryPolicy = { attempts: 4, delay: 250, budget: 60_000 };

export interface TransportOptions {
  readonly http: Http;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly origin: URL;
  readonly registry: string;
  readonly authorizer: Authorizer;
  readonly retries: RetryPolicy;
}

export interface RegistryRequest {
  readonly method: HttpRequest['method'];
  /** From the registry's root, or a whole address that the registry gave. */
  readonly url: string;
  readonly access: Access;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: HttpRequest['body'];
  /** Whether doing it twice is the same as doing it once. */
  readonly retry: boolean;
  /** For errors: `registry.example.com/app: manifest v1`. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

export interface RegistryResponse extends HttpResponse {
  /** Where it came from in the end, after redirects. */
  readonly url: URL;
}

export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  get origin(): URL {
    return this.#options.origin;
  }

  /** Gives any final status but the retryable ones; throws the refusal when `expected` is given and does not have it. */
  async send(request: RegistryRequest, expected?: readonly number[]): Promise<RegistryResponse> {
    const response = await this.#attempt(request);
    if (expected === undefined || expected.includes(response.status)) return response;
    throw await refusal(response, request.what);
  }

  async #attempt(request: RegistryRequest): Promise<RegistryResponse> {
    const { retries } = this.#options;
    let waited = 0;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#once(request);
      const isLast = !request.retry || attempt >= retries.attempts || request.signal?.aborted === true;
      if (outcome instanceof AppError) {
        if (isLast || outcome.kind !== 'unavailable') throw outcome;
      } else if (isLast || !RETRYABLE.includes(outcome.status)) return outcome;
      const wait = this.#delay(attempt, outcome);
      waited += wait;
      if (waited > retries.budget) {
        throw outcome instanceof AppError ? outcome : await refusal(outcome, request.what);
      }
      if (!(outcome instanceof AppError)) await discard(outcome);
      this.#options.log.info('registry-retry', { what: request.what, attempt, wait });
      await sleep(wait, undefined, request.signal === undefined ? {} : { signal: request.signal });
    }
  }

  async #once(request: RegistryRequest): Promise<RegistryResponse | AppError> {
    try {
      return await this.#authorised(request);
    } catch (error) {
      return toAppError(error);
    }
  }

  #delay(attempt: number, outcome: RegistryResponse | AppError): number {
    const jitter = 0.5 + (this.#options.random(1)[0] ?? 0) / 255;
    const ours = this.#options.retries.delay * 3 ** (attempt - 1) * jitter;
    const theirs = outcome instanceof AppError ? undefined : outcome.headers.get('retry-after')?.[0];
    if (theirs === undefined) return ours;
    const seconds = Number(theirs);
    const milliseconds = Number.isFinite(seconds)
      ? seconds * 1000
      : Date.parse(theirs) - this.#options.clock().getTime();
    return Number.isFinite(milliseconds) ? Math.max(ours, milliseconds) : ours;
  }

  async #authorised(request: RegistryRequest): Promise<RegistryResponse> {
    const { authorizer, origin } = this.#options;
    const url = new URL(request.url, origin);
    const isOurs = url.origin === origin.origin;
    const header = isOurs ? await authorizer.header(request.access, request.signal) : undefined;
    const response = await this.#exchange(request, url, header);
    if (response.status !== 401 || response.url.origin !== origin.origin) return response;
    const better = await authorizer.challenged(response, request.access, header, request.signal);
    // a stream was consumed by the first try
    const isRepeatable = request.body === undefined || request.body instanceof Uint8Array;
    if (better === undefined || !isRepeatable) return response;
    await discard(response);
    return await this.#exchange(request, url, better);
  }

  async #exchange(request: RegistryRequest, start: URL, authorization: string | undefined): Promise<RegistryResponse> {
    const { http, origin } = this.#options;
    let url = start;
    // once gone to another host, it stays dropped: that host could send us back with a path of its choice
    let ours = authorization;
    for (let hops = 0; ; hops += 1) {
      this.#check(url, request.what);
      if (url.origin !== origin.origin) ours = undefined;
      const response = await http({
        method: request.method,
        url: url.href,
        headers: { ...request.headers, ...(ours === undefined ? {} : { authorization: ours }) },
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      const location = response.headers.get('location')?.[0];
      const isFollowed = request.method === 'GET' || request.method === 'HEAD';
      if (!REDIRECTS.includes(response.status) || location === undefined || !isFollowed) return { ...response, url };
      await discard(response);
      if (hops >= MAX_REDIRECTS) {
        throw new AppError('unavailable', `${request.what}: expected at most ${MAX_REDIRECTS} redirects, found more`);
      }
      url = this.#resolve(location, url, request.what);
    }
  }

  #resolve(location: string, base: URL, what: string): URL {
    const url = URL.parse(location, base.href);
    if (url === null) throw new AppError('invalid-input', `${what}: expected an address to be sent on to`);
    return url;
  }

  /** Addresses that the registry gives: no downgrade to plain HTTP, no inner services. */
  #check(url: URL, what: string): void {
    const { origin } = this.#options;
    if (url.origin === origin.origin) return;
    const refuse = (why: string) => new AppError('invalid-input', `${what}: sent on to ${url.host}, refused, ${why}`);
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && origin.protocol === 'http:')) {
      throw refuse('expected https');
    }
    checkTarget(url, origin, refuse);
  }
}
