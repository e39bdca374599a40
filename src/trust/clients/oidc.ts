/**
 * A client of OpenID providers for people: authorization code with PKCE on a loopback address (RFC 6749, 7636, 8252), and the device flow
 * (RFC 8628) where there is no browser. Signatures of tokens are not checked: they come from the provider itself, and whoever certifies
 * checks them (OpenID Connect Core 3.1.3.7).
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AppError,
  decodeJson,
  isRecord,
  natural,
  object,
  optional,
  string,
  type Http,
  type Random,
} from '../../core/index.ts';
import { exchange, jsonOf, refusal, type Answer } from './exchange.ts';

const WHAT = 'OpenID provider';
const SCOPE = 'openid email';
const SECRET_BYTES = 32;
const MAX_TOKEN_BYTES = 64 * 1024;

export interface OidcClient {
  readonly http: Http;
  readonly random: Random;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
}

export interface Provider {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** Absent where it has no device flow. */
  readonly deviceEndpoint: string | undefined;
}

const configuration = object({
  issuer: string,
  authorization_endpoint: string,
  token_endpoint: string,
  device_authorization_endpoint: optional(string),
});

/** What the provider says of itself. Throws `invalid-input` when it calls itself otherwise (OpenID Connect Discovery 4.3). */
export async function discoverProvider(http: Http, issuer: string, signal?: AbortSignal): Promise<Provider> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const found = configuration(jsonOf(await exchange(http, WHAT, { url, signal }), WHAT, url), url);
  if (found.issuer.replace(/\/$/, '') !== issuer.replace(/\/$/, ''))
    throw new AppError('invalid-input', `${url}: expected issuer ${issuer}, found ${found.issuer}`);
  return {
    authorizationEndpoint: found.authorization_endpoint,
    tokenEndpoint: found.token_endpoint,
    deviceEndpoint: found.device_authorization_endpoint,
  };
}

/** A login that has begun; the secrets are for this one alone. */
export interface CodeLogin {
  /** What the browser is to open. */
  readonly url: string;
  /** What must come back with the code. */
  readonly state: string;
  /** The token for the code. */
  redeem(code: string, signal?: AbortSignal): Promise<string>;
}

export function beginCodeLogin(client: OidcClient, provider: Provider, redirectUri: string): CodeLogin {
  const [verifier, state, nonce] = [secret(client), secret(client), secret(client)];
  const url = new URL(provider.authorizationEndpoint);
  const query = {
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: redirectUri,
    scope: SCOPE,
    state,
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return {
    url: url.href,
    state,
    redeem: async (code, signal) => {
      const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
      const answer = await post(client, provider.tokenEndpoint, form, signal);
      return tokenIn(jsonOf(answer, WHAT, provider.tokenEndpoint), nonce);
    },
  };
}

export interface DeviceLogin {
  /** Where the user goes, on whatever machine. */
  readonly url: string;
  /** What the user types there. */
  readonly userCode: string;
  /** The token, when the user has agreed. */
  wait(signal?: AbortSignal): Promise<string>;
}

const deviceAnswer = object({
  device_code: string,
  user_code: string,
  verification_uri: string,
  verification_uri_complete: optional(string),
  expires_in: natural,
  interval: optional(natural),
});

/** Without an interval the specification's five seconds. */
const DEFAULT_INTERVAL = 5;
/** Added when the provider says `slow_down`. */
const SLOWER = 5;
/** Of a login nobody completes; providers say less. */
const MAX_LIFE_SECONDS = 1800;

/** Throws `usage` for a provider that has no such flow. */
export async function beginDeviceLogin(
  client: OidcClient,
  provider: Provider,
  signal?: AbortSignal,
): Promise<DeviceLogin> {
  const { deviceEndpoint, tokenEndpoint } = provider;
  if (deviceEndpoint === undefined)
    throw new AppError('usage', 'expected a provider with a device flow, found one without', {
      hint: 'use --fulcio-auth-flow normal',
    });
  const verifier = secret(client);
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const asked = { scope: SCOPE, code_challenge: challenge, code_challenge_method: 'S256' };
  const answer = await post(client, deviceEndpoint, asked, signal);
  const found = deviceAnswer(jsonOf(answer, WHAT, deviceEndpoint), deviceEndpoint);
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: found.device_code,
    code_verifier: verifier,
  };
  return {
    url: found.verification_uri_complete ?? found.verification_uri,
    userCode: found.user_code,
    wait: async (signal) => {
      let interval = found.interval ?? DEFAULT_INTERVAL;
      for (let left = Math.min(found.expires_in, MAX_LIFE_SECONDS); left >= 0; left -= Math.max(interval, 1)) {
        const answered = await post(client, tokenEndpoint, form, signal);
        if (answered.status === 200) return tokenIn(jsonOf(answered, WHAT, tokenEndpoint), undefined);
        const code = errorIn(answered);
        if (code === 'slow_down') interval += SLOWER;
        else if (code !== 'authorization_pending') throw loginRefused(answered, code, tokenEndpoint);
        await sleep(interval * 1000, undefined, signal === undefined ? {} : { signal });
      }
      throw new AppError('unavailable', 'login: nobody agreed in time');
    },
  };
}

/** RFC 6749 5.2. */
function errorIn(answer: Answer): string | undefined {
  const text = new TextDecoder().decode(answer.bytes);
  if (!text.trimStart().startsWith('{')) return undefined;
  const value = decodeJson(text, (found) => found, { what: WHAT, maxBytes: MAX_TOKEN_BYTES });
  return isRecord(value) && typeof value.error === 'string' ? value.error : undefined;
}

function loginRefused(answer: Answer, code: string | undefined, url: string): AppError {
  if (code === 'access_denied') return new AppError('unauthorized', 'login: the user or the provider refused');
  if (code === 'expired_token') return new AppError('unavailable', 'login: nobody agreed in time');
  return refusal(answer, WHAT, url);
}

const tokenAnswer = object({ id_token: string });

/** A token with another nonce belongs to another login. */
function tokenIn(value: unknown, nonce: string | undefined): string {
  const { id_token: token } = tokenAnswer(value, WHAT);
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url');
  const claims = decodeJson(payload, (found) => found, { what: 'identity token', maxBytes: MAX_TOKEN_BYTES });
  if (nonce === undefined || (isRecord(claims) && claims.nonce === nonce)) return token;
  throw new AppError('unauthorized', 'identity token: expected one for this login, found one for another');
}

function secret({ random }: OidcClient): string {
  return Buffer.from(random(SECRET_BYTES)).toString('base64url');
}

async function post(
  { http, clientId, clientSecret }: OidcClient,
  url: string,
  form: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const own = { client_id: clientId, ...(clientSecret === undefined ? {} : { client_secret: clientSecret }) };
  const body = Buffer.from(new URLSearchParams({ ...form, ...own }).toString());
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  return await exchange(http, WHAT, { method: 'POST', url, headers, body, signal });
}
