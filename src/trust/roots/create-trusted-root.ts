/** Makes trusted roots of Sigstore (sigstore_trustroot.proto 0.1) from keys and certificates, in the form that cosign writes. */
import { createHash, X509Certificate } from 'node:crypto';
import { AppError } from '../../core/index.ts';
import {
  encodeBase64,
  importPublicKey,
  MAX_CHAIN,
  NOTE_KEY_TYPE,
  noteKeyId,
  parseCertificate,
  parsePemCertificates,
  type PublicKey,
} from '../crypto/index.ts';
import { parseTrustedRoot } from './trusted-root.ts';

/** RFC 3339 times; a certificate authority's start is that of its certificate when absent. */
export interface AuthorityService {
  readonly url: string;
  /** PEM, from the issuer of signers, or the certificate that stamps, to the root. */
  readonly chain: string;
  readonly start?: string | undefined;
  readonly end?: string | undefined;
}

export interface LogService {
  readonly url: string;
  /** PEM. */
  readonly publicKey: string;
  readonly start: string;
  readonly end?: string | undefined;
  /** Name in checkpoints; the URL's host when absent. */
  readonly origin?: string | undefined;
}

/** A kind that is absent stays as it is in the base. */
export interface TrustedServicesInput {
  readonly fulcio?: readonly AuthorityService[] | undefined;
  readonly rekor?: readonly LogService[] | undefined;
  readonly ctfe?: readonly LogService[] | undefined;
  readonly tsa?: readonly AuthorityService[] | undefined;
}

const MEDIA_TYPE = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';

/** `base` is a trusted root as JSON. Throws `invalid-input` for what is no key, certificate, time or URL: what is made here can be read here. */
export function createTrustedRoot(
  services: TrustedServicesInput,
  base: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const { fulcio, rekor, ctfe, tsa } = services;
  const document = {
    mediaType: MEDIA_TYPE,
    ...base,
    ...(rekor === undefined ? {} : { tlogs: rekor.map((entry) => logOf(entry, 'rekor')) }),
    ...(fulcio === undefined ? {} : { certificateAuthorities: fulcio.map((entry) => authorityOf(entry, 'fulcio')) }),
    ...(ctfe === undefined ? {} : { ctlogs: ctfe.map((entry) => logOf(entry, 'ctfe')) }),
    ...(tsa === undefined ? {} : { timestampAuthorities: tsa.map((entry) => authorityOf(entry, 'tsa')) }),
  };
  parseTrustedRoot(JSON.stringify(document), 'trusted root');
  return document;
}

function authorityOf({ url, chain, start, end }: AuthorityService, what: string): unknown {
  const certificates = parsePemCertificates(chain, `${what} certificate chain`, MAX_CHAIN);
  const [first] = certificates;
  const last = certificates.at(-1);
  if (first === undefined || last === undefined)
    throw new AppError('invalid-input', `${what}: expected certificates, found none`);
  const { notBefore } = parseCertificate(first, `${what} certificate`);
  return {
    subject: subjectOf(last),
    uri: url,
    certChain: { certificates: certificates.map((der) => ({ rawBytes: encodeBase64(der) })) },
    validFor: {
      start: start ?? new Date(notBefore).toISOString().replace('.000Z', 'Z'),
      ...(end === undefined ? {} : { end }),
    },
  };
}

/** For people: nothing is decided by it. */
function subjectOf(der: Uint8Array): { readonly organization: string; readonly commonName: string } {
  const { subject } = new X509Certificate(der);
  const part = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(subject ?? '')?.[1] ?? '';
  return { organization: part('O'), commonName: part('CN') };
}

function logOf({ url, publicKey, start, end, origin }: LogService, what: string): unknown {
  const key = importPublicKey(publicKey, `${what} public key`);
  return {
    baseUrl: url,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: encodeBase64(key.spki),
      keyDetails: keyDetailsOf(key),
      validFor: { start, ...(end === undefined ? {} : { end }) },
    },
    logId: { keyId: encodeBase64(logIdOf(key, origin ?? URL.parse(url)?.hostname ?? url)) },
  };
}

/** As C2SP has it for Ed25519, whose logs are named in checkpoints; of other keys the hash, as RFC 6962 has it. */
function logIdOf(key: PublicKey, origin: string): Uint8Array {
  if (key.algorithm === 'ed25519') return noteKeyId(origin, NOTE_KEY_TYPE.ed25519, key);
  return createHash('sha256').update(key.spki).digest();
}

function keyDetailsOf({ algorithm, spki }: PublicKey): string {
  switch (algorithm) {
    case 'ecdsa-p256':
      return 'PKIX_ECDSA_P256_SHA_256';
    case 'ecdsa-p384':
      return 'PKIX_ECDSA_P384_SHA_384';
    case 'ecdsa-p521':
      return 'PKIX_ECDSA_P521_SHA_512';
    case 'ed25519':
      return 'PKIX_ED25519';
    case 'rsa':
      // an SPKI is some 38 bytes longer than its modulus
      return `PKIX_RSA_PKCS1V15_${spki.length > 500 ? 4096 : spki.length > 380 ? 3072 : 2048}_SHA256`;
    default:
      return algorithm satisfies never;
  }
}
