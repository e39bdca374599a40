/** A client of Fulcio (API version 2): a short-lived certificate for who a token is for. */
import { decodeJwt } from './token.ts';
import { AppError, arrayOf, object, optional, string, type Http } from '../../core/index.ts';
import {
  encodeBase64,
  formatPublicKey,
  MAX_CHAIN,
  parseCertificate,
  parsePem,
  type SigningKey,
} from '../crypto/index.ts';
import { jsonOf, postJson } from './exchange.ts';

const WHAT = 'certificate authority';
const chain = object({ chain: object({ certificates: arrayOf(string, MAX_CHAIN) }) });
const answer = object({ signedCertificateEmbeddedSct: optional(chain), signedCertificateDetachedSct: optional(chain) });

/** DER: the certificate, then what leads to a root. The token goes to this URL and nowhere else. */
export async function requestCertificate(
  http: Http,
  url: string,
  request: { readonly token: string; readonly key: SigningKey; readonly signal?: AbortSignal | undefined },
): Promise<readonly Uint8Array[]> {
  const { token, key, signal } = request;
  const place = `${url.replace(/\/$/, '')}/api/v2/signingCert`;
  const proof = await key.sign(Buffer.from(decodeJwt(token).subject));
  const body = {
    credentials: { oidcIdentityToken: token },
    publicKeyRequest: {
      publicKey: { algorithm: 'ECDSA', content: formatPublicKey(key.publicKey) },
      proofOfPossession: encodeBase64(proof),
    },
  };
  const found = answer(jsonOf(await postJson(http, WHAT, place, body, { signal }), WHAT, place), place);
  const { certificates } = (found.signedCertificateEmbeddedSct ?? found.signedCertificateDetachedSct)?.chain ?? {};
  const ders = (certificates ?? []).map((pem) => parsePem(pem, place).bytes);
  const [leaf] = ders;
  if (leaf === undefined) throw new AppError('invalid-input', `${WHAT} at ${place}: expected certificates, found none`);
  const certified = parseCertificate(leaf, `${WHAT} at ${place}`).publicKey;
  if (certified.keyId === key.publicKey.keyId) return ders;
  throw new AppError('invalid-input', `${WHAT} at ${place}: expected a certificate for our key, found one for another`);
}
