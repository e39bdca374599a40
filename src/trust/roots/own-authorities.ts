/** Authorities and logs of one's own instead of a Sigstore's: certificates in PEM, good for as long as they themselves say, and keys. */
import { createHash } from 'node:crypto';
import { AppError } from '../../core/index.ts';
import { createCaChain, importPublicKey, isEqualBytes, MAX_CHAIN, parseCertificates } from '../crypto/index.ts';
import type { Certificate } from '../crypto/index.ts';
import { createTimestampAuthority } from './trusted-root.ts';
import type { CertificateAuthority, TransparencyLog, TrustedRoot } from './trusted-root.ts';

/** Texts in PEM. */
export interface OwnAuthorities {
  /** Anchors, in any order. */
  readonly roots?: string | undefined;
  /** What may stand between them and a signer, in any order. */
  readonly intermediates?: string | undefined;
  /** From the issuer of signers to the anchor. */
  readonly chain?: string | undefined;
  /** From the certificate that stamps, or its issuer, to the anchor. */
  readonly timestampChain?: string | undefined;
  /** Roots and what stands below them, in any order. */
  readonly authorities?: string | undefined;
  /** Public keys of a signature log and of a certificate-transparency log. */
  readonly logKey?: string | undefined;
  readonly ctLogKey?: string | undefined;
}

const MAX_CERTIFICATES = 64;
/** Every signature may be tried against each path. */
const MAX_PATHS = 256;

export const NO_TRUST: TrustedRoot = { authorities: [], logs: [], ctLogs: [], timestampAuthorities: [] };

/** The trusted root with these authorities in place of its own of the same kind. Throws `invalid-input` naming the part. */
export function withOwnAuthorities(root: TrustedRoot, own: OwnAuthorities): TrustedRoot {
  const paths = [
    ...(own.chain === undefined ? [] : [parseCertificates(own.chain, 'certificate chain', MAX_CHAIN)]),
    ...(own.roots === undefined ? [] : ownPaths(own.roots, own.intermediates)),
    ...(own.authorities === undefined ? [] : mixedPaths(own.authorities)),
  ];
  const stampers =
    own.timestampChain === undefined ? [] : [parseCertificates(own.timestampChain, 'timestamp chain', MAX_CHAIN)];
  const isValidAt = (): boolean => true;
  return {
    ...root,
    ...(paths.length === 0 ? {} : { authorities: paths.map(authorityOf) }),
    ...(stampers.length === 0
      ? {}
      : {
          timestampAuthorities: stampers.map((chain) =>
            createTimestampAuthority(chain, { name: 'timestamp chain', isValidAt }),
          ),
        }),
    ...(own.logKey === undefined ? {} : { logs: [logOf(own.logKey, 'key of the log')] }),
    ...(own.ctLogKey === undefined ? {} : { ctLogs: [logOf(own.ctLogKey, 'key of the certificate-transparency log')] }),
  };
}

/** Nobody says what it is called, and its key is nobody else's. */
function logOf(pem: string, what: string): TransparencyLog {
  const key = importPublicKey(pem, what);
  const logId = createHash('sha256').update(key.spki).digest();
  return { name: what, names: undefined, logId, keyId: logId, key, isValidAt: () => true };
}

function authorityOf(certificates: readonly Certificate[]): CertificateAuthority {
  return { name: 'own authority', ca: createCaChain(certificates), isValidAt: () => true };
}

type Paths = readonly (readonly Certificate[])[];

function ownPaths(roots: string, intermediates: string | undefined): Paths {
  const between =
    intermediates === undefined ? [] : parseCertificates(intermediates, 'intermediate CAs', MAX_CERTIFICATES);
  return pathsTo(parseCertificates(roots, 'root CAs', MAX_CERTIFICATES), between);
}

/** A root is who issued itself. */
function mixedPaths(pem: string): Paths {
  const all = parseCertificates(pem, 'CAs', MAX_CERTIFICATES);
  const isRoot = ({ issuer, subject }: Certificate) => isEqualBytes(issuer, subject);
  const roots = all.filter(isRoot);
  if (roots.length === 0) throw new AppError('invalid-input', 'CAs: expected a root among them, found none');
  return pathsTo(
    roots,
    all.filter((entry) => !isRoot(entry)),
  );
}

/** Every way down from a root over those between, by names; the signatures are verified when a path is used. */
function pathsTo(roots: readonly Certificate[], between: readonly Certificate[]): Paths {
  const paths: (readonly Certificate[])[] = roots.map((root) => [root]);
  // Paths are appended while they are walked.
  for (const path of paths) {
    const below = between.filter(
      (entry) => path[0] !== undefined && isEqualBytes(entry.issuer, path[0].subject) && !path.includes(entry),
    );
    if (path.length < MAX_CHAIN && paths.length < MAX_PATHS) paths.push(...below.map((entry) => [entry, ...path]));
  }
  return paths;
}

/** Hosts of services, of which there may be several in a trusted root. */
export interface TrustedServices {
  readonly authority?: string | undefined;
  readonly log?: string | undefined;
}

/** The trusted root with only these of its authorities and logs. Throws `untrusted-root` when it has none of that name. */
export function restrictTrust(root: TrustedRoot, services: TrustedServices): TrustedRoot {
  const { authority, log } = services;
  const authorities = pick(root.authorities, authority, (entry) => URL.parse(entry.name)?.host ?? entry.name);
  const logs = pick(root.logs, log, (entry) => entry.name);
  return { ...root, authorities, logs };
}

/** A log's shards are hosts below its own. */
function pick<T>(entries: readonly T[], host: string | undefined, hostOf: (entry: T) => string): readonly T[] {
  if (host === undefined) return entries;
  const found = entries.filter((entry) => hostOf(entry) === host || hostOf(entry).endsWith(`.${host}`));
  if (found.length > 0) return found;
  const known = entries.map(hostOf).join(', ') || 'none';
  throw new AppError('untrusted-root', `trusted root: expected ${host}, found ${known}`);
}
