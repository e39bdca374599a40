/** Tokens of OpenID providers that an authority believes: their keys fetched, their signatures, times and audience verified (by jose). */
import { AppError, arrayOf, object, record, string, type Clock, type Http } from '../../core/index.ts';
import { exchange, jsonOf } from '../clients/exchange.ts';
import { identityOf, type Identity, type IssuerKind } from './identity.ts';

/** An OpenID provider whose tokens are taken. */
export interface IssuerRule {
  /** `iss` of its tokens, letter by letter; its configuration lies below. */
  readonly url: string;
  readonly kind: IssuerKind;
  /** `aud` of its tokens. */
  readonly audience: string;
}

const MAX_KEYS = 100;
/** How long fetched keys are used; a key that is not among them is looked for at once, but not more often than REFETCH_MS. */
const KEYS_LIFE_MS = 10 * 60 * 1000;
const REFETCH_MS = 10 * 1000;
/** Clocks of providers may be ahead or behind by this much. */
const LEEWAY_SECONDS = 30;
/** Tokens of providers have below 8 KiB; their parts are parsed before anything vouches for them. */
const MAX_TOKEN_LENGTH = 16 * 1024;
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

type Keys = readonly Readonly<Record<string, unknown>>[];

export interface TokenVerifier {
  /** Throws `unauthorized`, and `unavailable` when the provider's keys cannot be had. */
  verify(token: string): Promise<Identity>;
}

export function createTokenVerifier(
  ports: { readonly http: Http; readonly clock: Clock },
  rules: readonly IssuerRule[],
): TokenVerifier {
  const known = new Map<string, { readonly at: number; readonly keys: Keys }>();
  const keysOf = async (rule: IssuerRule, oldest: number): Promise<Keys> => {
    const found = known.get(rule.url);
    if (found !== undefined && found.at >= oldest) return found.keys;
    const keys = await fetchKeys(ports.http, rule.url);
    known.set(rule.url, { at: ports.clock().getTime(), keys });
    return keys;
  };
  return {
    verify: async (token) => {
      if (token.length > MAX_TOKEN_LENGTH)
        throw new AppError(
          'unauthorized',
          `token: expected at most ${MAX_TOKEN_LENGTH} characters, found ${token.length}`,
        );
      const jose = await import('jose');
      const now = ports.clock().getTime();
      const rule = ruleFor(rules, issuerOf(jose.decodeJwt, token));
      const check = async (keys: Keys) => {
        const options = {
          issuer: rule.url,
          audience: rule.audience,
          algorithms: ALGORITHMS,
          requiredClaims: ['sub', 'exp', 'iat'],
          clockTolerance: LEEWAY_SECONDS,
          currentDate: new Date(now),
        };
        return await jose.jwtVerify(token, jose.createLocalJWKSet({ keys: [...keys] as never }), options);
      };
      try {
        const { payload } = await check(await keysOf(rule, now - KEYS_LIFE_MS)).catch(async (error: unknown) => {
          if (!(error instanceof jose.errors.JWKSNoMatchingKey)) throw error;
          return await check(await keysOf(rule, now - REFETCH_MS));
        });
        return identityOf(rule.kind, rule.url, payload);
      } catch (error) {
        if (error instanceof AppError || !(error instanceof jose.errors.JOSEError)) throw error;
        throw new AppError('unauthorized', `token of ${rule.url}: ${error.message}`, { cause: error });
      }
    },
  };
}

function issuerOf(decode: (token: string) => { readonly iss?: string | undefined }, token: string): string {
  try {
    return decode(token).iss ?? '';
  } catch (cause) {
    throw new AppError('unauthorized', 'token: expected a JSON Web Token, found something else', { cause });
  }
}

function ruleFor(rules: readonly IssuerRule[], issuer: string): IssuerRule {
  const rule = rules.find(({ url }) => url === issuer);
  if (rule !== undefined) return rule;
  const known = rules.map(({ url }) => url).join(', ');
  throw new AppError(
    'unauthorized',
    `token: expected an issuer among ${known || 'none'}, found ${JSON.stringify(issuer)}`,
  );
}

const configuration = object({ issuer: string, jwks_uri: string });
const keySet = object({ keys: arrayOf(record, MAX_KEYS) });

/** OpenID Connect Discovery 1.0, 4. */
async function fetchKeys(http: Http, issuer: string): Promise<Keys> {
  const what = 'OpenID provider';
  const place = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const found = configuration(jsonOf(await exchange(http, what, { url: place }), what, place, [200]), place);
  if (found.issuer !== issuer)
    throw new AppError('unauthorized', `${place}: expected issuer ${issuer}, found ${found.issuer}`);
  const { jwks_uri: keys } = found;
  return keySet(jsonOf(await exchange(http, what, { url: keys }), what, keys, [200]), keys).keys;
}
