/**
 * What clients need to believe an authority and to sign with it: a trusted root and a signing configuration, in the forms of Sigstore
 * (sigstore_trustroot.proto: trusted root 0.1, signing configuration 0.2).
 */
import { createHash } from 'node:crypto';
import { encodeBase64, type PublicKey } from '../crypto/index.ts';
import type { LogSigner } from './tile-log.ts';
import type { AuthorityState } from './state.ts';

export interface TrustFiles {
  readonly trustedRoot: unknown;
  readonly signingConfig: unknown;
}

export function describeTrust(
  state: AuthorityState,
  signers: { readonly log: LogSigner; readonly logV1: LogSigner },
): TrustFiles {
  const { url, keys, createdAt, notAfter } = state;
  const validFor = { start: createdAt.toISOString() };
  const logOf = (signer: LogSigner, keyDetails: string) => ({
    baseUrl: url,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: encodeBase64(signer.key.spki), keyDetails, validFor },
    logId: { keyId: encodeBase64(signer.keyId) },
  });
  const authority = (chain: readonly Uint8Array[], commonName: string) => ({
    subject: { organization: 'plimsoll authority', commonName },
    uri: url,
    certChain: { certificates: chain.map((der) => ({ rawBytes: encodeBase64(der) })) },
    validFor: { ...validFor, end: notAfter.toISOString() },
  });
  const service = (majorApiVersion: number, path = '') => ({
    url: `${url}${path}`,
    majorApiVersion,
    validFor,
    operator: new URL(url).host,
  });
  return {
    trustedRoot: {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [logOf(signers.log, 'PKIX_ED25519'), logOf(signers.logV1, 'PKIX_ECDSA_P256_SHA_256')],
      certificateAuthorities: [authority(state.caChain, 'ca')],
      ctlogs: [
        {
          baseUrl: url,
          hashAlgorithm: 'SHA2_256',
          publicKey: {
            rawBytes: encodeBase64(keys.ct.publicKey.spki),
            keyDetails: 'PKIX_ECDSA_P256_SHA_256',
            validFor,
          },
          logId: { keyId: encodeBase64(spkiHash(keys.ct.publicKey)) },
        },
      ],
      timestampAuthorities: [{ ...authority(state.timestampChain, 'timestamps') }],
    },
    signingConfig: {
      mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
      caUrls: [service(1)],
      oidcUrls: [service(1, '/oidc')],
      rekorTlogUrls: [service(2), service(1)],
      rekorTlogConfig: { selector: 'ANY' },
      tsaUrls: [service(1, '/api/v1/timestamp')],
      tsaConfig: { selector: 'ANY' },
    },
  };
}

export function spkiHash(key: PublicKey): Uint8Array {
  return createHash('sha256').update(key.spki).digest();
}
