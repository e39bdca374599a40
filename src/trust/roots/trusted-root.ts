/**
 * Trusted roots of Sigstore (sigstore_trustroot.proto, media types 0.1 and 0.2): whom to believe, and for how long.
 *
 * Every period must say when it starts, both its ends belong to it, and all keys are imported once. Certificates of an authority come issuer first.
 */
import { createHash } from 'node:crypto';
import { AppError, arrayOf, decodeJson, object, optional, string } from '../../core/index.ts';
import {
  createCaChain,
  decodeBase64,
  importPkcs1PublicKey,
  importSpki,
  isEqualBytes,
  MAX_CHAIN,
  parseCertificate,
} from '../crypto/index.ts';
import type { CaChain, Certificate, CtLog, NoteSigner, TimestampAuthority } from '../crypto/index.ts';
import type { WitnessPolicy } from '../witness/policy.ts';

const MEDIA_TYPES: readonly string[] = [
  'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  'application/vnd.dev.sigstore.trustedroot+json;version=0.2',
  'application/vnd.dev.sigstore.trustedroot.v0.2+json',
];

/** The public instance's has eight kilobytes. */
const MAX_ROOT_BYTES = 4 * 1024 * 1024;
/** Logs or authorities of one kind; every signature may be tried against each. */
const MAX_MEMBERS = 128;

export interface TrustedRoot {
  readonly authorities: readonly CertificateAuthority[];
  readonly logs: readonly TransparencyLog[];
  readonly ctLogs: readonly CtLog[];
  readonly timestampAuthorities: readonly TimestampAuthority[];
  /** Who must have cosigned the checkpoints of logs; no document says this, who verifies does. */
  readonly witnesses?: WitnessPolicy | undefined;
}

export interface CertificateAuthority {
  readonly name: string;
  readonly ca: CaChain;
  isValidAt(at: number): boolean;
}

/** A Rekor log: the key id is what entries name, and what checkpoint lines hint at. */
export interface TransparencyLog extends NoteSigner {
  /** What the log may call itself in checkpoints: its host, with the port or, as most clients expect, without; undefined is anything. */
  readonly names: readonly string[] | undefined;
  readonly logId: Uint8Array;
  isValidAt(at: number): boolean;
}

const bytes = (value: unknown, path: string): Uint8Array => decodeBase64(string(value, path), path);

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

function time(value: unknown, path: string): number {
  const text = string(value, path);
  const found = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(found)) throw new AppError('invalid-input', `${path}: expected an RFC 3339 time, found "${text}"`);
  return found;
}

/** Without a start a key would be good since forever, so it is required. */
const period = object({ start: time, end: optional(time) });
const certChain = object({ certificates: arrayOf(object({ rawBytes: bytes }), MAX_CHAIN) });
const authority = object({ uri: optional(string), certChain, validFor: period });
const log = object({
  baseUrl: string,
  publicKey: object({ rawBytes: bytes, keyDetails: string, validFor: period }),
  logId: optional(object({ keyId: bytes })),
  checkpointKeyId: optional(object({ keyId: bytes })),
});
const root = object({
  mediaType: string,
  tlogs: optional(arrayOf(log, MAX_MEMBERS)),
  certificateAuthorities: optional(arrayOf(authority, MAX_MEMBERS)),
  ctlogs: optional(arrayOf(log, MAX_MEMBERS)),
  timestampAuthorities: optional(arrayOf(authority, MAX_MEMBERS)),
});

type RawLog = ReturnType<typeof log>;
type RawAuthority = ReturnType<typeof authority>;

/** The document as it stands, with times in milliseconds. Throws `invalid-input` naming the path. */
export function decodeTrustedRoot(input: Uint8Array | string, what: string): ReturnType<typeof root> {
  const source = decodeJson(input, root, { what, maxBytes: MAX_ROOT_BYTES });
  if (MEDIA_TYPES.includes(source.mediaType)) return source;
  throw new AppError('invalid-input', `${what}.mediaType: expected ${MEDIA_TYPES[0]}, found "${source.mediaType}"`);
}

/** Throws `invalid-input` naming the path: malformed, of an unknown version, a period without a start, an unsupported key. */
export function parseTrustedRoot(input: Uint8Array | string, what: string): TrustedRoot {
  const source = decodeTrustedRoot(input, what);
  return {
    authorities: (source.certificateAuthorities ?? []).map((entry, index) =>
      authorityOf(entry, `${what}.certificateAuthorities[${index}]`),
    ),
    logs: (source.tlogs ?? []).map((entry, index) => logOf(entry, `${what}.tlogs[${index}]`)),
    ctLogs: (source.ctlogs ?? []).map((entry, index) => logOf(entry, `${what}.ctlogs[${index}]`)),
    timestampAuthorities: (source.timestampAuthorities ?? []).map((entry, index) =>
      timestampAuthorityOf(entry, `${what}.timestampAuthorities[${index}]`),
    ),
  };
}

function logOf(source: RawLog, path: string): TransparencyLog {
  const { rawBytes, keyDetails, validFor } = source.publicKey;
  const where = `${path}.publicKey`;
  const key = keyDetails.startsWith('PKCS1_') ? importPkcs1PublicKey(rawBytes, where) : importSpki(rawBytes, where);
  const logId = source.logId?.keyId ?? createHash('sha256').update(key.spki).digest();
  const keyId = source.checkpointKeyId?.keyId ?? logId;
  const { host: name, hostname } = urlOf(source.baseUrl, path);
  return { name, names: [...new Set([name, hostname])], logId, keyId, key, isValidAt: within(validFor) };
}

function urlOf(url: string, path: string): URL {
  const parsed = URL.parse(url.includes('://') ? url : `https://${url}`);
  if (parsed !== null && parsed.hostname !== '') return parsed;
  throw new AppError('invalid-input', `${path}.baseUrl: expected a URL, found "${url}"`);
}

function authorityOf(source: RawAuthority, path: string): CertificateAuthority {
  const certificates = certificatesOf(source, path);
  return { name: source.uri ?? path, ca: createCaChain(certificates), isValidAt: within(source.validFor) };
}

function timestampAuthorityOf(source: RawAuthority, path: string): TimestampAuthority {
  const certificates = certificatesOf(source, path);
  return createTimestampAuthority(certificates, { name: source.uri ?? path, isValidAt: within(source.validFor) });
}

/** From a chain that begins with the certificate that stamps, or with its issuer where tokens bring it along. */
export function createTimestampAuthority(
  certificates: readonly Certificate[],
  given: Pick<TimestampAuthority, 'name' | 'isValidAt'>,
): TimestampAuthority {
  const [first, ...rest] = certificates;
  const leaf = first?.extensions.isCa === false ? first : undefined;
  const issuers = leaf === undefined && first !== undefined ? [first, ...rest] : rest;
  if (issuers.length === 0)
    throw new AppError('invalid-input', `${given.name}: expected the certificate of a timestamp CA, found none`);
  return { ...given, leaf, ca: createCaChain(issuers) };
}

function certificatesOf(source: RawAuthority, path: string): readonly Certificate[] {
  const certificates = source.certChain.certificates.map(({ rawBytes }, index) =>
    parseCertificate(rawBytes, `${path}.certChain.certificates[${index}]`),
  );
  if (certificates.length > 0) return certificates;
  throw new AppError('invalid-input', `${path}.certChain: expected at least one certificate, found none`);
}

function within(range: { readonly start: number; readonly end: number | undefined }): (at: number) => boolean {
  return (at) => range.start <= at && (range.end === undefined || at <= range.end);
}

/** The logs with this id: a log whose key was replaced stands there once for each period. */
export function findLogs(trusted: TrustedRoot, logId: Uint8Array): readonly TransparencyLog[] {
  return trusted.logs.filter((entry) => isEqualBytes(entry.logId, logId));
}
