/** Fulcio's endpoints: certificates for who an OpenID token is for (v2, and v1 for older clients). */
import { AppError, object, optional, string } from '../../core/index.ts';
import { decodeBase64, formatPem, type PublicKey } from '../crypto/index.ts';
import type { CertificateAuthority } from './ca.ts';
import { json, readJson, type Route } from './http.ts';
import type { Identity } from './identity.ts';
import { keyOfProof, keyOfSigningRequest } from './signing-request.ts';
import type { IssuerRule, TokenVerifier } from './tokens.ts';

const publicKeyRequest = object({
  publicKey: object({ content: string }),
  proofOfPossession: string,
});
const requestV2 = object({
  credentials: optional(object({ oidcIdentityToken: string })),
  publicKeyRequest: optional(publicKeyRequest),
  certificateSigningRequest: optional(string),
});
const requestV1 = object({
  publicKey: optional(object({ content: string })),
  signedEmailAddress: optional(string),
  certificateSigningRequest: optional(string),
});

export interface FulcioServices {
  readonly ca: CertificateAuthority;
  readonly tokens: TokenVerifier;
  readonly issuers: readonly IssuerRule[];
}

export function fulcioRoutes({ ca, tokens, issuers }: FulcioServices): readonly Route[] {
  return [
    {
      method: 'POST',
      path: /^\/api\/v2\/signingCert$/,
      answer: async ({ request }) => {
        const body = requestV2(await readJson(request), 'body');
        const identity = await tokens.verify(body.credentials?.oidcIdentityToken ?? bearerOf(request));
        const certificates = (await ca.issue(identity, keyOf(body, identity))).map(pemOf);
        return json(200, { signedCertificateEmbeddedSct: { chain: { certificates } } });
      },
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/signingCert$/,
      answer: async ({ request }) => {
        const {
          publicKey,
          signedEmailAddress: proofOfPossession,
          ...rest
        } = requestV1(await readJson(request), 'body');
        const identity = await tokens.verify(bearerOf(request));
        const key =
          publicKey === undefined || proofOfPossession === undefined
            ? keyOf(rest, identity)
            : keyOfProof(pemText(publicKey.content), identity.subject, proofOf(proofOfPossession));
        const chain = (await ca.issue(identity, key)).map(pemOf).join('');
        return new Response(chain, { status: 201, headers: { 'content-type': 'application/pem-certificate-chain' } });
      },
    },
    {
      method: 'GET',
      path: /^\/api\/v2\/trustBundle$/,
      answer: () => json(200, { chains: [{ certificates: ca.chain.map(pemOf) }] }),
    },
    {
      method: 'GET',
      path: /^\/api\/v1\/rootCert$/,
      answer: () =>
        new Response(ca.chain.map(pemOf).join(''), {
          headers: { 'content-type': 'application/pem-certificate-chain' },
        }),
    },
    {
      method: 'GET',
      path: /^\/api\/v2\/configuration$/,
      answer: () =>
        json(200, {
          issuers: issuers.map(({ url, audience, kind }) => ({
            issuerUrl: url,
            audience,
            challengeClaim: kind === 'email' ? 'email' : 'sub',
            issuerType: kind,
          })),
        }),
    },
  ];
}

function keyOf(
  body: Pick<ReturnType<typeof requestV2>, 'certificateSigningRequest'> & Partial<ReturnType<typeof requestV2>>,
  identity: Identity,
): PublicKey {
  const { publicKeyRequest: given, certificateSigningRequest: csr } = body;
  if (csr !== undefined && given === undefined) {
    return keyOfSigningRequest(new TextDecoder().decode(decodeBase64(csr, 'body.certificateSigningRequest')));
  }
  if (given === undefined || csr !== undefined)
    throw new AppError('invalid-input', 'body: expected either publicKeyRequest or certificateSigningRequest');
  return keyOfProof(given.publicKey.content, identity.subject, proofOf(given.proofOfPossession));
}

function proofOf(base64: string): Uint8Array {
  return decodeBase64(base64, 'body.proofOfPossession');
}

/** Version 1 sends the DER or the PEM of the key, in base64. */
function pemText(base64: string): string {
  const bytes = decodeBase64(base64, 'body.publicKey.content');
  const asText = new TextDecoder().decode(bytes);
  return asText.startsWith('-----BEGIN') ? asText : formatPem({ label: 'PUBLIC KEY', bytes });
}

function bearerOf(request: Request): string {
  const [, token] = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '') ?? [];
  if (token === undefined) throw new AppError('unauthorized', 'expected a token in Authorization: Bearer');
  return token;
}

function pemOf(der: Uint8Array): string {
  return formatPem({ label: 'CERTIFICATE', bytes: der });
}
