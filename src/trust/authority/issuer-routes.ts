/**
 * A small OpenID provider for trying things out: it believes whoever asks. Authorization code with PKCE
 * (RFC 7636) and device flow (RFC 8628); tokens are ES256.
 */
import { createHash } from 'node:crypto';
import { AppError, type Clock, type Random } from '../../core/index.ts';
import type { SigningKey } from '../crypto/index.ts';
import { createDeviceFlow } from './device-routes.ts';
import { json, problem, readBody, text, type Route } from './http.ts';

/** Seconds that a token is good for. */
const TOKEN_LIFE = 600;
const LOGIN_LIFE_MS = 5 * 60 * 1000;
/** Logins that wait at a time. */
const MAX_LOGINS = 1000;
const SECRET_BYTES = 24;
/** A code is sent to nobody but programs on the user's machine. */
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

export interface TryOutIssuer {
  /** A token for this e-mail. */
  issueToken(email: string, audience: string, nonce?: string): Promise<string>;
  readonly routes: readonly Route[];
}

interface Login {
  readonly email: string;
  readonly audience: string;
  readonly nonce: string | undefined;
  readonly challenge: string | undefined;
}

export interface TryOutIssuerOptions {
  /** `iss`, without a slash at its end. */
  readonly url: string;
  readonly key: SigningKey;
  readonly clock: Clock;
  readonly random: Random;
}

export function createTryOutIssuer(options: TryOutIssuerOptions): TryOutIssuer {
  const issueToken = (email: string, audience: string, nonce?: string) =>
    signToken(options, { email, audience, nonce });
  const logins = new Logins(options);
  const base = new URL(options.url).pathname.replace(/\/$/, '').replaceAll('.', '\\.');
  const at = (path: string) => new RegExp(`^${base}${path}$`);
  const devices = createDeviceFlow({ ...options, at });
  return {
    issueToken,
    routes: [
      {
        method: 'GET',
        path: at('/\\.well-known/openid-configuration'),
        answer: () => json(200, configurationOf(options.url)),
      },
      { method: 'GET', path: at('/keys'), answer: () => json(200, { keys: [publicJwk(options.key)] }) },
      { method: 'GET', path: at('/auth'), answer: ({ url }) => logIn(url, logins) },
      {
        method: 'POST',
        path: at('/token'),
        answer: async ({ request }) => {
          const form = new URLSearchParams(new TextDecoder().decode(await readBody(request)));
          const deviceCode = form.get('device_code');
          const device = deviceCode === null ? undefined : devices.redeem(deviceCode, form.get('code_verifier') ?? '');
          if (device?.kind === 'refused') return json(400, { error: device.error });
          if (device !== undefined) return answerOf(await issueToken(device.email, device.audience), options);
          const login = logins.take(required(form, 'code'), form.get('code_verifier') ?? '');
          if (login === undefined) return problem(400, 'invalid_grant: unknown code, or another verifier than its own');
          const token = await issueToken(login.email, login.audience, login.nonce);
          return answerOf(token, options);
        },
      },
      ...devices.routes,
    ],
  };
}

function answerOf(token: string, { random }: TryOutIssuerOptions): Response {
  const access = Buffer.from(random(SECRET_BYTES)).toString('base64url');
  return json(200, { access_token: access, token_type: 'Bearer', expires_in: TOKEN_LIFE, id_token: token });
}

function configurationOf(issuer: string): unknown {
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    device_authorization_endpoint: `${issuer}/device/code`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: ['openid', 'email'],
    claims_supported: ['aud', 'email', 'email_verified', 'exp', 'iat', 'iss', 'sub'],
  };
}

/** Asks who it is, and sends the browser back to the program that listens on this machine. */
function logIn(url: URL, logins: Logins): Response {
  const { searchParams } = url;
  const email = searchParams.get('email');
  if (email === null || email === '') return text(loginPage(url), 'text/html; charset=utf-8');
  const redirect = new URL(required(searchParams, 'redirect_uri'));
  if (!LOOPBACK.has(redirect.hostname))
    throw new AppError('invalid-input', `redirect_uri: expected a host among ${[...LOOPBACK].join(', ')}`);
  const code = logins.keep({
    email,
    audience: required(searchParams, 'client_id'),
    nonce: searchParams.get('nonce') ?? undefined,
    challenge: searchParams.get('code_challenge') ?? undefined,
  });
  redirect.searchParams.set('code', code);
  redirect.searchParams.set('state', searchParams.get('state') ?? '');
  return new Response(null, { status: 302, headers: { location: redirect.href } });
}

/** Logins that wait for their token, by a code that is good once. */
class Logins {
  readonly #options: TryOutIssuerOptions;
  readonly #waiting = new Map<string, Login & { readonly until: number }>();

  constructor(options: TryOutIssuerOptions) {
    this.#options = options;
  }

  keep(login: Login): string {
    const now = this.#options.clock().getTime();
    for (const [code, { until }] of this.#waiting) if (until < now) this.#waiting.delete(code);
    if (this.#waiting.size >= MAX_LOGINS) throw new AppError('unavailable', 'too many logins wait');
    const code = Buffer.from(this.#options.random(SECRET_BYTES)).toString('base64url');
    this.#waiting.set(code, { ...login, until: now + LOGIN_LIFE_MS });
    return code;
  }

  take(code: string, verifier: string): Login | undefined {
    const login = this.#waiting.get(code);
    this.#waiting.delete(code);
    if (login === undefined || login.until < this.#options.clock().getTime()) return undefined;
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    return login.challenge === undefined || login.challenge === challenge ? login : undefined;
  }
}

async function signToken(
  { url, key, clock }: TryOutIssuerOptions,
  claims: { readonly email: string; readonly audience: string; readonly nonce: string | undefined },
): Promise<string> {
  const now = Math.floor(clock().getTime() / 1000);
  const { email, audience, nonce } = claims;
  const payload = {
    iss: url,
    sub: email,
    aud: audience,
    iat: now,
    exp: now + TOKEN_LIFE,
    email,
    email_verified: true,
    ...(nonce === undefined ? {} : { nonce }),
  };
  const header = { alg: 'ES256', typ: 'JWT', kid: key.publicKey.keyId };
  const signed = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${Buffer.from(fixedWidth(await key.sign(Buffer.from(signed)))).toString('base64url')}`;
}

/** RFC 7518 3.4: both numbers of an ECDSA signature in 32 bytes each, from DER. */
function fixedWidth(der: Uint8Array): Uint8Array {
  const result = Buffer.alloc(64);
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0;
    const number = der.subarray(at + 2, at + 2 + length);
    const shortest = number.length > 32 ? number.subarray(number.length - 32) : number;
    result.set(shortest, end - shortest.length);
    at += 2 + length;
  }
  return result;
}

/** RFC 7518 6.2: the point behind the headers of a P-256 key. */
function publicJwk({ publicKey }: SigningKey): unknown {
  const point = Buffer.from(publicKey.spki.subarray(-64));
  const [x, y] = [point.subarray(0, 32), point.subarray(32)].map((half) => half.toString('base64url'));
  return { kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256', kid: publicKey.keyId, x, y };
}

function required(values: URLSearchParams, name: string): string {
  const value = values.get(name);
  if (value === null || value === '') throw new AppError('invalid-input', `${name}: expected a value`);
  return value;
}

function loginPage(url: URL): string {
  const fields = [...url.searchParams]
    .filter(([name]) => name !== 'email')
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Log in</title>
<h1>Log in</h1><p>For trying things out: whoever you say you are is believed.</p>
<form method="get">${fields.join('')}<label>E-mail <input name="email" type="email" required autofocus></label>
<button>Log in</button></form></html>
`;
}

function escapeHtml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
