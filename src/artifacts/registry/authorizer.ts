/**
 * Answers a registry's challenges: anonymous, basic, bearer token (distribution token specification and its OAuth 2 form),
 * identity tokens. Credentials are those of this registry only, and reach only this registry or the realm it may name.
 * Not done: Negotiate, NTLM.
 */
import {
  AppError,
  digestOf,
  isRecord,
  parseJson,
  type Clock,
  type Http,
  type HttpRequest,
  type HttpResponse,
} from '../../core/index.ts';
import { classifyHost } from './address.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import type { Credential } from './docker-config.ts';
import { discard, readBody, refusal } from './errors.ts';

const MAX_TOKEN_BYTES = 1024 * 1024;
/** The token specification's default, in seconds. */
const DEFAULT_LIFETIME = 60;
/** Seconds before its end at which a token is no longer begun with. */
const LIFETIME_MARGIN = 5;
const CLIENT_ID = 'plimsoll';

export interface AuthorizerOptions {
  readonly http: Http;
  readonly clock: Clock;
  /** The registry's own address: `https://registry.example.com`, once it is known. */
  readonly origin: () => URL;
  readonly registry: string;
  /** By repository; asked only when a challenge comes. */
  readonly findCredential: (repository: string) => Promise<Credential | undefined>;
}

interface Token {
  readonly value: string;
  /** Milliseconds of the epoch. */
  readonly expires: number;
}

export interface Access {
  readonly repository: string;
  /** `repository:NAME:pull` and the like; the one that matters most first. */
  readonly scopes: readonly string[];
}

export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #tokens = new Map<string, Token>();
  readonly #running = new Map<string, Promise<string>>();
  /** The registry's last challenge, so that later requests need not be refused first. */
  #challenge: Challenge | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** The Authorization header for a request, as far as a former challenge tells; undefined for none. */
  async header(access: Access, signal: AbortSignal | undefined): Promise<string | undefined> {
    return this.#challenge === undefined ? undefined : await this.#answer(this.#challenge, access, signal);
  }

  /** Reads the challenge of a 401; gives the header to try with, or undefined when nothing better than `tried` is known. */
  async challenged(
    response: HttpResponse,
    access: Access,
    { tried, signal }: { readonly tried: string | undefined; readonly signal: AbortSignal | undefined },
  ): Promise<string | undefined> {
    const challenges = parseChallenges(response.headers.get('www-authenticate') ?? []);
    const chosen =
      challenges.find((challenge) => challenge.scheme === 'bearer' && challenge.parameters.has('realm')) ??
      challenges.find((challenge) => challenge.scheme === 'basic');
    if (chosen === undefined) return undefined;
    this.#challenge = chosen;
    if (tried !== undefined) this.#forget(tried);
    const demanded = chosen.parameters.get('scope')?.split(' ') ?? [];
    // what is demanded comes first: some services look at nothing else
    const scopes = mergeScopes([...demanded, ...access.scopes]);
    const header = await this.#answer(chosen, { ...access, scopes }, signal);
    return header === tried ? undefined : header;
  }

  async #answer(challenge: Challenge, access: Access, signal?: AbortSignal): Promise<string | undefined> {
    const credential = await this.#options.findCredential(access.repository);
    if (credential?.kind === 'registry-token') return `Bearer ${credential.token}`;
    if (challenge.scheme === 'basic') {
      return credential?.kind === 'password' ? basic(credential) : undefined;
    }
    return `Bearer ${await this.#token(challenge, { access, credential }, signal)}`;
  }

  #forget(header: string): void {
    for (const [key, token] of this.#tokens) if (`Bearer ${token.value}` === header) this.#tokens.delete(key);
  }

  async #token(challenge: Challenge, want: TokenWish, signal?: AbortSignal): Promise<string> {
    const realm = checkRealm(challenge.parameters.get('realm') ?? '', this.#options.registry, this.#options.origin());
    const service = challenge.parameters.get('service') ?? '';
    const scopes = mergeScopes(want.access.scopes);
    const key = JSON.stringify([realm.href, service, scopes.toSorted(), identityOf(want.credential)]);
    const cached = this.#tokens.get(key);
    if (cached !== undefined && cached.expires > this.#options.clock().getTime()) return cached.value;
    const request = { realm, service, ...want };
    for (;;) {
      const running = this.#running.get(key);
      if (running === undefined) return await this.#share(key, this.#fetch(request, key, signal));
      try {
        return await running;
      } catch (error) {
        // that who asked first was cancelled is no reason for us to give up
        const isTheirs = error instanceof AppError && error.details.code === 'ABORT_ERR';
        if (!isTheirs || signal?.aborted === true) throw error;
      }
    }
  }

  async #share(key: string, token: Promise<string>): Promise<string> {
    this.#running.set(key, token);
    try {
      return await token;
    } finally {
      this.#running.delete(key);
    }
  }

  async #fetch(request: TokenRequest, key: string, signal?: AbortSignal): Promise<string> {
    const { registry, clock } = this.#options;
    const response = await this.#exchange(request, signal);
    if (response.status !== 200)
      throw await refusal(response, `${registry}: token from ${request.realm.host}`, clock());
    const body = await readBody(response, MAX_TOKEN_BYTES);
    const token = parseToken(body ?? new Uint8Array(), `token answer of ${request.realm.host}`);
    const lifetime = Math.max(token.seconds - LIFETIME_MARGIN, 0);
    this.#tokens.set(key, { value: token.value, expires: clock().getTime() + lifetime * 1000 });
    return token.value;
  }

  async #exchange(request: TokenRequest, signal?: AbortSignal): Promise<HttpResponse> {
    const { http } = this.#options;
    const send = (made: HttpRequest) => http(signal === undefined ? made : { ...made, signal });
    if (request.credential?.kind === 'identity-token') return await send(oauthRequest(request));
    const first = await send(tokenRequest(request));
    // some services know only the OAuth form
    if (request.credential === undefined || (first.status !== 404 && first.status !== 405)) return first;
    await discard(first);
    return await send(oauthRequest(request));
  }
}

interface TokenWish {
  readonly access: Access;
  readonly credential: Credential | undefined;
}

interface TokenRequest extends TokenWish {
  readonly realm: URL;
  readonly service: string;
}

/** One scope for each resource, with all its actions, in the order of their first mention: a token is asked for once. */
function mergeScopes(scopes: readonly string[]): readonly string[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of scopes) {
    const colon = scope.lastIndexOf(':');
    if (colon < 1) continue;
    const resource = scope.slice(0, colon);
    const known = actions.get(resource) ?? new Set();
    for (const action of scope.slice(colon + 1).split(',')) known.add(action);
    actions.set(resource, known);
  }
  return [...actions].map(([resource, known]) => `${resource}:${[...known].toSorted().join(',')}`);
}

/**
 * A registry may name any realm, so a hostile one could make us knock at inner services, or hand over a password in the
 * clear. Throws `unauthorized`.
 */
function checkRealm(text: string, registry: string, origin: URL): URL {
  const realm = URL.parse(text);
  const refuse = (why: string) =>
    new AppError('unauthorized', `${registry}: token realm ${JSON.stringify(text.slice(0, 200))} refused, ${why}`);
  if (realm === null || realm.username !== '' || realm.password !== '') throw refuse('expected a plain address');
  const isPlain = realm.protocol === 'http:' && origin.protocol === 'http:';
  if (realm.protocol !== 'https:' && !isPlain) throw refuse('expected https');
  checkTarget(realm, origin, refuse);
  return realm;
}

/** Refuses inner addresses unless the registry itself is in the same place. */
export function checkTarget(target: URL, origin: URL, refuse: (why: string) => AppError): void {
  if (target.hostname === origin.hostname) return;
  const place = classifyHost(target.hostname);
  if (place === 'public') return;
  if (place === 'link-local' || place !== classifyHost(origin.hostname)) {
    throw refuse(`it points to a ${place} address`);
  }
}

function tokenRequest(request: TokenRequest): HttpRequest {
  const url = new URL(request.realm);
  if (request.service !== '') url.searchParams.append('service', request.service);
  for (const scope of request.access.scopes) url.searchParams.append('scope', scope);
  const { credential } = request;
  if (credential?.kind !== 'password') return { method: 'GET', url: url.href };
  url.searchParams.append('account', credential.username);
  return { method: 'GET', url: url.href, headers: { authorization: basic(credential) } };
}

function oauthRequest(request: TokenRequest): HttpRequest {
  const { credential } = request;
  const form = new URLSearchParams({ client_id: CLIENT_ID, service: request.service });
  if (request.access.scopes.length > 0) form.set('scope', request.access.scopes.join(' '));
  if (credential?.kind === 'password') {
    form.set('grant_type', 'password');
    form.set('username', credential.username);
    form.set('password', credential.password);
  } else if (credential?.kind === 'identity-token') {
    form.set('grant_type', 'refresh_token');
    form.set('refresh_token', credential.token);
  }
  return {
    method: 'POST',
    url: request.realm.href,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new TextEncoder().encode(form.toString()),
  };
}

function parseToken(body: Uint8Array, what: string): { readonly value: string; readonly seconds: number } {
  const document = parseJson(body, { what, maxBytes: MAX_TOKEN_BYTES });
  const fields = isRecord(document) ? document : {};
  const value = [fields.token, fields.access_token].find((entry) => typeof entry === 'string' && entry !== '');
  if (typeof value !== 'string' || !/^[\x21-\x7E]+$/.test(value)) {
    throw new AppError('invalid-input', `${what}: expected a token`);
  }
  const seconds = fields.expires_in;
  return { value, seconds: typeof seconds === 'number' && seconds > 0 ? seconds : DEFAULT_LIFETIME };
}

function basic(credential: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`;
}

/** Keeps tokens of different credentials apart, without the secret in a key. */
function identityOf(credential: Credential | undefined): string {
  return credential === undefined ? '' : digestOf(JSON.stringify(credential));
}
