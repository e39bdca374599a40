/**
 * A small OpenID provider for trying things out: it believes whoever asks. Authorization code with PKCE
 * (RFC 7636); tokens are ES256.
 */
import { createHash } from 'node:crypto';
import { AppError, type Clock, type Random } from '../../core/index.ts';
import type { SigningKey } from '../crypto/index.ts';
import { json, problem, readBody, text, type Route } from './http.ts';

/** Seconds that a token is good for. */
const TOKEN_LIFE = 600;
const CODE_LIFE_MS = 5 * 60 * 1000;
/** Logins that wait at a time. */
const MAX_CODES = 1000;

export interface TryOutIssuer {
  /** A token for this e-mail. */
  issueToken(email: string, audience: string, nonce?: string): Promise<string>;
  readonly routes: readonly Route[];
}

interface Code {
  readonly email: string;
  readonly audience: string;
  readonly nonce: string | undefined;
  readonly challenge: string | undefined;
  readonly redirect: string | undefined;
  readonly until: number;
}

export interface TryOutIssuerOptions {
  /** `iss`, without a slash at its end. */
  readonly url: string;
  readonly key: SigningKey;
  readonly clock: Clock;
  readonly random: Random;
}

export function createTryOutIssuer(options: TryOutIssuerOptions): TryOutIssuer {
  const { url: issuer, clock, random } = options;
  const codes = new Map<string, Code>();
  const secret = () => Buffer.from(random(24)).toString('base64url');
  const remember = (code: Omit<Code, 'until'>): string => {
    const now = clock().getTime();
    for (const [name, { until }] of codes) if (until < now) codes.delete(name);
    if (codes.size >= MAX_CODES) throw new AppError('unavailable', 'too many logins wait');
    const name = secret();
    codes.set(name, { ...code, until: now + CODE_LIFE_MS });
    return name;
  };
  const issueToken = (email: string, audience: string, nonce?: string) =>
    signToken(options, { email, audience, nonce });
  const base = new URL(issuer).pathname.replace(/\/$/, '');
  const at = (path: string) => new RegExp(`^${base.replaceAll('.', '\\.')}${path}$`);
  const routes: readonly Route[] = [
    {
      method: 'GET',
      path: at('/\\.well-known/openid-configuration'),
      answer: () =>
        json(200, {
          issuer,
          authorization_endpoint: `${issuer}/auth`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/keys`,
          response_types_supported: ['code'],
          grant_types_supported: ['authorization_code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['ES256'],
          code_challenge_methods_supported: ['S256'],
          scopes_supported: ['openid', 'email'],
          claims_supported: ['aud', 'email', 'email_verified', 'exp', 'iat', 'iss', 'sub'],
        }),
    },
    { method: 'GET', path: at('/keys'), answer: () => json(200, { keys: [publicJwk(options.key)] }) },
    {
      method: 'GET',
      path: at('/auth'),
      answer: ({ url }) => {
        const email = url.searchParams.get('email');
        if (email === null || email === '') return text(loginPage(url), 'text/html; charset=utf-8');
        const redirect = new URL(required(url.searchParams, 'redirect_uri'));
        const code = remember({
          email,
          audience: required(url.searchParams, 'client_id'),
          nonce: url.searchParams.get('nonce') ?? undefined,
          challenge: url.searchParams.get('code_challenge') ?? undefined,
          redirect: redirect.href,
        });
        redirect.searchParams.set('code', code);
        redirect.searchParams.set('state', url.searchParams.get('state') ?? '');
        return new Response(null, { status: 302, headers: { location: redirect.href } });
      },
    },
    {
      method: 'POST',
      path: at('/token'),
      answer: async ({ request }) => {
        const form = new URLSearchParams(new TextDecoder().decode(await readBody(request)));
        const name = required(form, 'code');
        const code = codes.get(name);
        codes.delete(name);
        if (code === undefined || code.until < clock().getTime()) return problem(400, 'invalid_grant: unknown code');
        const verifier = createHash('sha256')
          .update(form.get('code_verifier') ?? '')
          .digest('base64url');
        if (code.challenge !== undefined && code.challenge !== verifier)
          return problem(400, 'invalid_grant: code_verifier does not fit');
        const token = await issueToken(code.email, code.audience, code.nonce);
        return json(200, { access_token: secret(), token_type: 'Bearer', expires_in: TOKEN_LIFE, id_token: token });
      },
    },
  ];
  return { issueToken, routes };
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
