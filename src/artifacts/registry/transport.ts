/** Requests to one registry: authorisation, redirects and retries around the bare HTTP port. */
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
import { Authorizer, checkTarget, type Access } from './authorizer.ts';
import { Backoff, isCertificateFault, type RetryPolicy } from './backoff.ts';
import { discard, peek, printable, refusal, RETRYABLE } from './errors.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** What servers of TLS answer to plain HTTP: Go's, nginx's, Apache's. */
const SPEAKS_TLS = /HTTP request (?:was sent )?to (?:an )?(?:HTTPS|SSL-enabled)|speaking plain HTTP to an SSL/;
/** Warnings of one registry that are passed on; a registry that has more to say is talking to itself. */
const MAX_WARNINGS = 20;

export interface TransportOptions {
  readonly http: Http;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly registry: string;
  /** Where the registry may be; the first that answers is kept. */
  readonly origins: readonly URL[];
  readonly authorizer: Authorizer;
  readonly retries: RetryPolicy;
}

export interface RegistryRequest {
  readonly method: HttpRequest['method'];
  /** From the registry's root, or a whole address that the registry gave. */
  readonly url: string;
  readonly access: Access;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is opened anew for each try. */
  readonly body?: Uint8Array | (() => AsyncIterable<Uint8Array>);
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
  /** Of hosts that the registry sends us on to: they are asked anonymously, and their tokens go nowhere else. */
  readonly #strangers = new Map<string, Authorizer>();
  readonly #warnings = new Set<string>();
  #origin: URL;
  #isSettled: boolean;

  constructor(options: TransportOptions) {
    const [first] = options.origins;
    if (first === undefined) throw new AppError('internal', `${options.registry}: expected an address`);
    this.#options = options;
    this.#origin = first;
    this.#isSettled = options.origins.length === 1;
  }

  get origin(): URL {
    return this.#origin;
  }

  get retries(): RetryPolicy {
    return this.#options.retries;
  }

  now(): Date {
    return this.#options.clock();
  }

  /** For work of several requests that goes on after failures. */
  backoff(signal: AbortSignal | undefined): Backoff {
    const { retries: policy, random, log } = this.#options;
    return new Backoff({ policy, random, log, signal });
  }

  /** Gives any final answer; throws the refusal when `expected` is given and does not have its status. */
  async send(request: RegistryRequest, expected?: readonly number[]): Promise<RegistryResponse> {
    const response = await this.#attempt(request);
    if (expected === undefined || expected.includes(response.status)) return response;
    throw await this.refusal(response, request.what);
  }

  async refusal(response: HttpResponse, what: string): Promise<AppError> {
    return await refusal(response, what, this.now());
  }

  async #attempt(request: RegistryRequest): Promise<RegistryResponse> {
    const backoff = this.backoff(request.signal);
    for (;;) {
      const outcome = await this.#once(request);
      if (!(outcome instanceof AppError) && !(request.retry && RETRYABLE.includes(outcome.status))) return outcome;
      const failure = outcome instanceof AppError ? outcome : await this.refusal(outcome, request.what);
      if (!request.retry) throw failure;
      await backoff.wait(failure);
    }
  }

  async #once(request: RegistryRequest): Promise<RegistryResponse | AppError> {
    try {
      const response = await (this.#isSettled ? this.#authorised(request) : this.#settle(request));
      this.#warn(response);
      return response;
    } catch (error) {
      return describe(toAppError(error), request.what);
    }
  }

  /** The first request of all finds out which of the addresses answers. */
  async #settle(request: RegistryRequest): Promise<RegistryResponse> {
    let failure: AppError | undefined;
    let doubtful: RegistryResponse | undefined;
    for (const origin of this.#options.origins) {
      this.#origin = origin;
      try {
        const response = await this.#authorised(request);
        const known = origin.protocol === 'http:' && response.status === 400 ? await peek(response) : undefined;
        if (known !== undefined && SPEAKS_TLS.test(known.text)) continue;
        const answer = known === undefined ? response : { ...response, body: known.body };
        this.#isSettled = known === undefined || request.method !== 'HEAD';
        if (this.#isSettled) return answer;
        // there are no words in it to tell by
        doubtful = answer;
      } catch (thrown) {
        const error = toAppError(thrown);
        const isSilent = error.kind === 'unavailable' && error.details.status === undefined;
        if (!isSilent || request.signal?.aborted === true) throw error;
        // the first one is about what was asked for, but a certificate is only refused where the registry is
        failure = isCertificateFault(error) ? error : (failure ?? error);
      }
    }
    if (doubtful !== undefined && (failure === undefined || !isCertificateFault(failure))) return doubtful;
    throw failure ?? new AppError('internal', `${request.what}: no address was tried`);
  }

  async #authorised(request: RegistryRequest): Promise<RegistryResponse> {
    const { authorizer } = this.#options;
    const url = new URL(request.url, this.#origin);
    const isOurs = url.origin === this.#origin.origin;
    const header = isOurs ? await authorizer.header(request.access, request.signal) : undefined;
    const response = await this.#exchange(request, url, header);
    if (response.status !== 401 || response.url.origin !== this.#origin.origin) return response;
    const better = await authorizer.challenged(response, request.access, { tried: header, signal: request.signal });
    if (better === undefined) return response;
    await discard(response);
    return await this.#exchange(request, url, better);
  }

  async #exchange(request: RegistryRequest, start: URL, authorization: string | undefined): Promise<RegistryResponse> {
    let url = start;
    // once gone to another host, it stays dropped: that host could send us back with a path of its choice
    let ours = authorization;
    for (let hops = 0; ; hops += 1) {
      this.#check(url, request.what);
      const isOurs = url.origin === this.#origin.origin;
      if (!isOurs) ours = undefined;
      const response = isOurs ? await this.#send(request, url, ours) : await this.#sendToStranger(request, url);
      const location = response.headers.get('location')?.[0];
      const isFollowed = request.method === 'GET' || request.method === 'HEAD';
      if (!REDIRECTS.includes(response.status) || location === undefined || !isFollowed) return { ...response, url };
      await discard(response);
      if (hops >= MAX_REDIRECTS) {
        throw new AppError('invalid-input', `${request.what}: expected at most ${MAX_REDIRECTS} redirects, found more`);
      }
      url = this.#resolve(location, url, request.what);
    }
  }

  async #send(request: RegistryRequest, url: URL, authorization: string | undefined): Promise<HttpResponse> {
    const { body } = request;
    return await this.#options.http({
      method: request.method,
      url: url.href,
      headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
      ...(body === undefined ? {} : { body: typeof body === 'function' ? body() : body }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
  }

  /** A storage host may have a token service of its own (clause of RFC 9110 11.6.1); it learns nothing of our credentials. */
  async #sendToStranger(request: RegistryRequest, url: URL): Promise<HttpResponse> {
    const stranger = this.#strangers.get(url.origin) ?? this.#anonymous(url);
    this.#strangers.set(url.origin, stranger);
    const header = await stranger.header(request.access, request.signal);
    const response = await this.#send(request, url, header);
    if (response.status !== 401) return response;
    const better = await stranger.challenged(response, request.access, { tried: header, signal: request.signal });
    if (better === undefined) return response;
    await discard(response);
    return await this.#send(request, url, better);
  }

  #anonymous(origin: URL): Authorizer {
    const { http, clock } = this.#options;
    return new Authorizer({
      http,
      clock,
      origin: () => origin,
      registry: origin.host,
      findCredential: async () => undefined,
    });
  }

  #resolve(location: string, base: URL, what: string): URL {
    const url = URL.parse(location, base.href);
    if (url === null) throw new AppError('invalid-input', `${what}: expected an address to be sent on to`);
    return url;
  }

  /** Addresses that the registry gives: no downgrade to plain HTTP, no inner services. */
  #check(url: URL, what: string): void {
    const origin = this.#origin;
    if (url.origin === origin.origin) return;
    const refuse = (why: string) => new AppError('invalid-input', `${what}: sent on to ${url.host}, refused, ${why}`);
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && origin.protocol === 'http:')) {
      throw refuse('expected https');
    }
    checkTarget(url, origin, refuse);
  }

  /** Clause "Warnings": `299 - "text"`, told once and never acted upon. */
  #warn(response: RegistryResponse): void {
    for (const value of response.headers.get('warning') ?? []) {
      const text = /^299 - "((?:[^"\\]|\\.){1,1024})"/.exec(value)?.[1];
      if (text === undefined || this.#warnings.has(text) || this.#warnings.size >= MAX_WARNINGS) continue;
      this.#warnings.add(text);
      this.#options.log.warn('registry-warning', { registry: this.#options.registry, text: printable(text) });
    }
  }
}

/** The port tells of hosts; who reads the error wants to know what was being done, and what may help. */
function describe(error: AppError, what: string): AppError {
  const { host, reason } = error.details;
  if (typeof host !== 'string' || typeof reason !== 'string') return error;
  const place = what.startsWith(host) ? what : `${what}: ${host}`;
  return new AppError(error.kind, `${place}: ${reason}`, {
    cause: error.cause,
    details: error.details,
    ...hintOf(error),
  });
}

function hintOf(error: AppError): { readonly hint?: string } {
  if (isCertificateFault(error)) {
    return { hint: '--ca-file FILE names the authority that issued the certificate; --insecure takes any certificate' };
  }
  const code = String(error.details.code);
  if (/^(?:ENOTFOUND|EAI_AGAIN)$/.test(code)) {
    return { hint: 'no host has this name here: check the name, the network, and HTTPS_PROXY' };
  }
  if (code === 'ECONNREFUSED') return { hint: 'nobody listens there: check host and port' };
  const wantsOurs = /^ERR_SSL_.*(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA)/.test(code);
  return wantsOurs ? { hint: 'it wants a client certificate: --cert-file and --key-file, or its certs.d folder' } : {};
}
