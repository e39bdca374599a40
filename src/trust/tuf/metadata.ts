/**
 * Metadata of The Update Framework (TUF specification 1.0, sections 4 and 5.1): root, timestamp, snapshot and targets, and who signed them.
 *
 * Signatures are over the canonical form of what was parsed, whole: fields that are not known here count too. A signature counts once for
 * each key, whatever names the key goes by. Implemented: Ed25519, ECDSA over P-256 and P-384, RSA-PSS with SHA-256; delegations by path
 * and by hash prefix. Keys of other kinds never count. Not implemented: succinct hash bins (TAP 15), refused by name.
 */
import { createHash } from 'node:crypto';
import {
  AppError,
  arrayOf,
  boolean,
  mapOf,
  natural,
  object,
  optional,
  parseJson,
  record,
  string,
  type Decoder,
} from '../../core/index.ts';
import { importPublicKey, importSpki, type PublicKey } from '../crypto/index.ts';
import { canonicalJson } from './canonical-json.ts';

export type TopRole = 'root' | 'timestamp' | 'snapshot' | 'targets';
export const TOP_ROLES: readonly TopRole[] = ['root', 'timestamp', 'snapshot', 'targets'];

/** Who must sign a role. */
export interface RoleKeys {
  readonly keyids: readonly string[];
  readonly threshold: number;
}

export interface TufKey {
  readonly keytype: string;
  readonly scheme: string;
  readonly keyval: { readonly public: string };
}

export type KeyMap = Readonly<Record<string, TufKey>>;

interface Signed {
  readonly version: number;
  /** Milliseconds since 1970; the first moment at which it is no longer good. */
  readonly expires: number;
}

export interface RootContent extends Signed {
  readonly consistent_snapshot: boolean | undefined;
  readonly keys: KeyMap;
  readonly roles: Readonly<Record<TopRole, RoleKeys>>;
}

/** What one metadata file says of another. */
export interface MetaFile {
  readonly version: number;
  readonly length: number | undefined;
  readonly hashes: Readonly<Record<string, string>> | undefined;
}

export interface MetaContent extends Signed {
  readonly meta: Readonly<Record<string, MetaFile>>;
}

export interface TargetFile {
  readonly length: number;
  readonly hashes: Readonly<Record<string, string>>;
}

export interface Delegation extends RoleKeys {
  readonly name: string;
  readonly terminating: boolean | undefined;
  readonly paths: readonly string[] | undefined;
  readonly path_hash_prefixes: readonly string[] | undefined;
}

export interface TargetsContent extends Signed {
  readonly targets: Readonly<Record<string, TargetFile>>;
  readonly delegations: { readonly keys: KeyMap; readonly roles: readonly Delegation[] } | undefined;
}

export interface Contents {
  readonly root: RootContent;
  readonly timestamp: MetaContent;
  readonly snapshot: MetaContent;
  readonly targets: TargetsContent;
}

export interface Metadata<T = Signed> {
  readonly bytes: Uint8Array;
  /** As it stands in the file; what signatures are over. */
  readonly raw: Readonly<Record<string, unknown>>;
  readonly content: T;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** Public roots have a dozen keys; every one may be tried. */
const MAX_KEYS = 256;
const MAX_SIGNATURES = 256;
/** Targets and files of large public repositories are some ten thousand. */
const MAX_FILES = 100_000;
const MAX_DELEGATIONS = 1024;
const MAX_PATHS = 4096;

const positive: Decoder<number> = (value, path) => {
  const number = natural(value, path);
  if (number > 0) return number;
  throw new AppError('invalid-input', `${path}: expected at least 1, found 0`);
};

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

const time: Decoder<number> = (value, path) => {
  const text = string(value, path);
  const at = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new AppError('invalid-input', `${path}: expected an RFC 3339 time, found "${text}"`);
  return at;
};

function smallMap<T>(item: Decoder<T>, max: number): Decoder<Readonly<Record<string, T>>> {
  return (value, path) => {
    const size = Object.keys(record(value, path)).length;
    if (size > max) throw new AppError('invalid-input', `${path}: expected at most ${max} entries, found ${size}`);
    return mapOf(item)(value, path);
  };
}

const roleKeys = { keyids: arrayOf(string, MAX_KEYS), threshold: positive };
const keys: Decoder<KeyMap> = smallMap(
  object({ keytype: string, scheme: string, keyval: object({ public: string }) }),
  MAX_KEYS,
);
const hashes = smallMap(string, 8);
const signed = { version: positive, expires: time };
const meta = smallMap(object({ version: positive, length: optional(natural), hashes: optional(hashes) }), MAX_FILES);
const delegation = object({
  ...roleKeys,
  name: string,
  terminating: optional(boolean),
  paths: optional(arrayOf(string, MAX_PATHS)),
  path_hash_prefixes: optional(arrayOf(string, MAX_PATHS)),
});
const noBins: Decoder<undefined> = (value, path) => {
  if (value === undefined) return undefined;
  throw new AppError('invalid-input', `${path}: succinct hash bins are not supported`);
};
const delegations = object({
  keys,
  roles: (value, path) => arrayOf(delegation, MAX_DELEGATIONS)(value ?? [], path),
  succinct_roles: noBins,
});

const CONTENTS: { readonly [R in TopRole]: Decoder<Contents[R]> } = {
  root: object({
    ...signed,
    consistent_snapshot: optional(boolean),
    keys,
    roles: object({
      root: object(roleKeys),
      timestamp: object(roleKeys),
      snapshot: object(roleKeys),
      targets: object(roleKeys),
    }),
  }),
  timestamp: object({ ...signed, meta }),
  snapshot: object({ ...signed, meta }),
  targets: object({
    ...signed,
    targets: smallMap(object({ length: natural, hashes }), MAX_FILES),
    delegations: optional(delegations),
  }),
};

const envelope = object({
  signed: record,
  signatures: arrayOf(object({ keyid: string, sig: string }), MAX_SIGNATURES),
});

/** `role` is the type that it must have; delegated ones are `targets`. Throws `invalid-input` naming the path. */
export function parseMetadata<R extends TopRole>(role: R, bytes: Uint8Array, what: string): Metadata<Contents[R]> {
  const { signed: raw, signatures } = envelope(parseJson(bytes, { what }), what);
  const { _type: type, spec_version: version } = raw;
  if (type !== role) throw new AppError('invalid-input', `${what}: expected ${role} metadata, found ${String(type)}`);
  if (typeof version !== 'string' || !/^1(?:\.\d+){1,2}$/.test(version))
    throw new AppError('invalid-input', `${what}: expected version 1 of the specification, found ${String(version)}`);
  return { bytes, raw, signatures, content: CONTENTS[role](raw, `${what}.signed`) };
}

/** The names of the keys of this role that signed, one for each different key. */
export function signersOf(metadata: Metadata, role: RoleKeys, known: KeyMap): readonly string[] {
  const content = signedBytes(metadata.raw);
  const found = new Map<string, string>();
  for (const keyid of new Set(role.keyids)) {
    const key = Object.hasOwn(known, keyid) ? findKey(known[keyid]) : undefined;
    if (key === undefined) continue;
    const isSigned = metadata.signatures.some((entry) => entry.keyid === keyid && key.verify(content, entry.sig));
    if (isSigned) found.set(key.publicKey.keyId, keyid);
  }
  return [...found.values()];
}

/** Throws `untrusted-root` when fewer keys than the threshold signed. */
export function checkThreshold(metadata: Metadata, role: RoleKeys, known: KeyMap, what: string): void {
  const { length } = signersOf(metadata, role, known);
  if (length >= role.threshold) return;
  throw new AppError('untrusted-root', `${what}: expected signatures by ${role.threshold} keys, found ${length}`, {
    details: { code: 'threshold', expected: role.threshold, found: length },
  });
}

export function signedBytes(raw: unknown): Uint8Array {
  return Buffer.from(canonicalJson(raw));
}

interface UsableKey {
  readonly publicKey: PublicKey;
  verify(content: Uint8Array, sig: string): boolean;
}

const HEX = /^(?:[0-9a-f]{2})+$/i;
/** SubjectPublicKeyInfo up to the key itself: RFC 8410, and RFC 5480 for uncompressed points of P-256. */
const SPKI_ED25519 = '302a300506032b6570032100';
const SPKI_P256 = '3059301306072a8648ce3d020106082a8648ce3d030107034200';

/** Undefined for kinds of keys that are not known, and for what is no key: neither may vouch for anything. */
function findKey(key: TufKey | undefined): UsableKey | undefined {
  if (key === undefined) return undefined;
  const rule = SCHEMES[key.scheme];
  const publicKey = rule === undefined ? undefined : findPublicKey(key.keyval.public, rule.spki);
  if (rule === undefined || publicKey?.algorithm !== rule.algorithm) return undefined;
  const verify = (content: Uint8Array, sig: string): boolean => {
    if (!HEX.test(sig)) return false;
    const bytes = Buffer.from(sig, 'hex');
    return rule.hash === undefined
      ? publicKey.verify(content, bytes)
      : publicKey.verifyStrictly(rule.hash, content, bytes);
  };
  return { publicKey, verify };
}

interface Scheme {
  readonly algorithm: PublicKey['algorithm'];
  /** Undefined where the key knows: RSA, whose padding here is PSS. */
  readonly hash: 'sha256' | 'sha384' | undefined;
  /** What stands before keys that are given as hex. */
  readonly spki?: string;
}

const SCHEMES: Readonly<Record<string, Scheme | undefined>> = {
  ed25519: { algorithm: 'ed25519', hash: 'sha256', spki: SPKI_ED25519 },
  'ecdsa-sha2-nistp256': { algorithm: 'ecdsa-p256', hash: 'sha256', spki: SPKI_P256 },
  'ecdsa-sha2-nistp384': { algorithm: 'ecdsa-p384', hash: 'sha384' },
  'rsassa-pss-sha256': { algorithm: 'rsa', hash: undefined },
};

function findPublicKey(text: string, spki: string | undefined): PublicKey | undefined {
  try {
    if (spki !== undefined && HEX.test(text)) return importSpki(Buffer.from(spki + text, 'hex'));
    return importPublicKey(text);
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input') return undefined;
    throw error;
  }
}

/** The key as metadata holds it, and its name. Throws `invalid-input` for kinds that TUF clients do not know. */
export function describeKey(publicKey: PublicKey, pem: string): { readonly keyid: string; readonly key: TufKey } {
  const { algorithm, spki } = publicKey;
  if (algorithm !== 'ed25519' && algorithm !== 'ecdsa-p256')
    throw new AppError('invalid-input', `key for TUF: expected Ed25519 or ECDSA P-256, found ${algorithm}`);
  const raw = Buffer.from(spki).toString('hex').slice(SPKI_ED25519.length);
  const key: TufKey =
    algorithm === 'ed25519'
      ? { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw } }
      : { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', keyval: { public: pem } };
  return { keyid: createHash('sha256').update(canonicalJson(key)).digest('hex'), key };
}

/** Throws `untrusted-root` when length or hashes differ, or when no hash of a known kind is given. */
export function checkFile(
  bytes: Uint8Array,
  expected: { readonly length: number | undefined; readonly hashes: Readonly<Record<string, string>> | undefined },
  what: string,
): void {
  if (expected.length !== undefined && bytes.length !== expected.length)
    throw mismatch(what, 'length', `${expected.length} bytes`, `${bytes.length}`);
  if (expected.hashes === undefined) return;
  const known = Object.entries(expected.hashes).filter(([name]) => name === 'sha256' || name === 'sha512');
  if (known.length === 0) throw mismatch(what, 'hash', 'a sha256 or sha512 hash', 'none');
  for (const [name, hex] of known) {
    const found = createHash(name).update(bytes).digest('hex');
    if (found !== hex.toLowerCase()) throw mismatch(what, 'hash', `${name} ${hex}`, found);
  }
}

function mismatch(what: string, code: string, expected: string, found: string): AppError {
  return new AppError('untrusted-root', `${what}: expected ${expected}, found ${found}`, {
    details: { code, expected, found },
  });
}

/** Whether a delegation speaks of this target: `*` and `?` never cross a slash (TUF specification 4.5). */
export function isDelegated(delegation: Delegation, target: string): boolean {
  const prefixes = delegation.path_hash_prefixes;
  if (prefixes !== undefined) {
    const hash = createHash('sha256').update(target).digest('hex');
    return prefixes.some((prefix) => hash.startsWith(prefix.toLowerCase()));
  }
  const parts = target.split('/');
  return (delegation.paths ?? []).some((pattern) => {
    const wanted = pattern.split('/');
    return wanted.length === parts.length && wanted.every((part, index) => isGlobMatch(part, parts[index] ?? ''));
  });
}

/** Without backtracking over more than the last star, so that no pattern is slow. */
function isGlobMatch(pattern: string, text: string): boolean {
  let [at, star, mark] = [0, -1, 0];
  for (let index = 0; index < text.length;) {
    if (pattern[at] === '*') [star, mark] = [at++, index];
    else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[index]))
      [at, index] = [at + 1, index + 1];
    else if (star >= 0) [at, index] = [star + 1, ++mark];
    else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
