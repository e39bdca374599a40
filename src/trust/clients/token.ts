/** What a client reads from a token before it shows it to anybody; only who issued it can verify it. */
import { AppError, decodeJson, isRecord, object, optional, string } from '../../core/index.ts';

const MAX_TOKEN_BYTES = 64 * 1024;

const claims = object({
  iss: string,
  sub: string,
  email: optional(string),
  email_verified: (value: unknown) => value === true || value === 'true',
});

export interface TokenFacts {
  readonly issuer: string;
  /** The verified e-mail, else `sub`: what proofs of possession are over. */
  readonly subject: string;
}

/** Throws `invalid-input` for what is not a JSON Web Token with issuer and subject. */
export function decodeJwt(token: string): TokenFacts {
  const [, payload, , ...more] = token.split('.');
  if (payload === undefined || more.length > 0 || token.length > MAX_TOKEN_BYTES)
    throw new AppError('invalid-input', 'identity token: expected a JSON Web Token, found something else');
  const text = Buffer.from(payload, 'base64url');
  const value = decodeJson(text, (found) => found, { what: 'identity token', maxBytes: MAX_TOKEN_BYTES });
  if (!isRecord(value)) throw new AppError('invalid-input', 'identity token: expected claims, found something else');
  const { iss, sub, email, email_verified: isVerified } = claims(value, 'identity token');
  return { issuer: iss, subject: email !== undefined && isVerified ? email : sub };
}
