/**
 * Whom to believe and where to sign, as a TUF repository says: fetched once, kept in one file with all metadata that proves it, asked
 * anew once a day. Without a network the file alone will do; it is also what is carried to where there is none.
 *
 * The file is written whole and only forward: of processes that update at the same time the one with older metadata leaves it alone.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AppError, decodeJson, mapOf, natural, object, string, type Decoder, type Ports } from '../core/index.ts';
import {
  exchange,
  parseTrustedRoot,
  PUBLIC_MIRROR,
  PUBLIC_ROOT,
  refusal,
  rootChecksum,
  STAGING_MIRROR,
  STAGING_ROOT,
  updateTuf,
  type RoleState,
  type TufSource,
} from '../trust/index.ts';
import { openTufSource } from './tuf-source.ts';

export interface TrustMaterial {
  readonly mirror: string;
  /** When the mirror was asked last. */
  readonly refreshed: Date;
  /** SHA-256 of the newest root metadata. */
  readonly rootChecksum: string;
  readonly roles: readonly RoleState[];
  /** Only where that was allowed. */
  readonly expired: readonly RoleState[];
  /** Sigstore trusted root, JSON. */
  readonly trustedRoot: Uint8Array;
  /** Sigstore signing configuration 0.2, JSON. */
  readonly signingConfig: Uint8Array | undefined;
}

/** One day: TUF repositories of the field renew their timestamp every few. */
const REFRESH_MS = 24 * 60 * 60 * 1000;
const TRUSTED_ROOT = 'trusted_root.json';
const SIGNING_CONFIG = 'signing_config.v0.2.json';
const MAX_ROOT_BYTES = 512_000;
/** Metadata, a dozen targets, and base64 around them. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MEDIA_TYPE = 'application/vnd.plimsoll.trust.v1+json';

interface Kept {
  readonly mirror: string;
  readonly refreshed: Date;
  /** When the first of the roles expires. */
  readonly expires: Date;
  readonly root: Uint8Array;
  readonly rootVersion: number;
  readonly timestampVersion: number;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface InitializeInput {
  /** URL, `file://` or folder, or `staging` for that instance's; the public one's when absent. */
  readonly mirror?: string | undefined;
  /** Path or URL of root metadata to trust; what is trusted already, or for the public mirror the one that comes along, when absent. */
  readonly root?: string | undefined;
  /** `HEX` of SHA-256, `sha256:HEX` or `sha512:HEX`. */
  readonly rootChecksum?: string | undefined;
}

/** Throws `untrusted-root` when the repository is not what the root vouches for, `usage` when nothing says whom to trust. */
export async function initializeTrust(
  ports: Ports,
  input: InitializeInput,
  signal?: AbortSignal,
): Promise<TrustMaterial> {
  const mirror = input.mirror === 'staging' ? STAGING_MIRROR : (input.mirror ?? PUBLIC_MIRROR);
  const kept = await loadKept(ports);
  const before = kept?.mirror === mirror ? kept : undefined;
  const trusted = await readRoot(ports, input, { mirror, before, signal });
  return await update(ports, { mirror, trusted, source: openTufSource(ports, mirror) }, before, signal);
}

/** What was initialized, undefined when nothing was. With `offline` no network is used, and what has expired is reported, not refused. */
export async function findTrustMaterial(
  ports: Ports,
  options: { readonly offline?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<TrustMaterial | undefined> {
  const kept = await loadKept(ports);
  if (kept === undefined) return undefined;
  const now = ports.clock();
  const age = now.getTime() - kept.refreshed.getTime();
  const isFresh = age >= 0 && age < REFRESH_MS && now < kept.expires;
  if (options.offline === true || isFresh) return await readKept(ports, kept, options.offline === true);
  const source = openTufSource(ports, kept.mirror);
  try {
    return await update(ports, { mirror: kept.mirror, trusted: kept.root, source }, kept, options.signal);
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== 'unavailable' || now >= kept.expires) throw error;
    ports.log.warn('trust material is not up to date', {
      mirror: kept.mirror,
      refreshed: kept.refreshed.toISOString(),
    });
    return await readKept(ports, kept, false);
  }
}

/** Throws `untrusted-root` when nothing was initialized. */
export async function getTrustMaterial(
  ports: Ports,
  options: { readonly offline?: boolean; readonly signal?: AbortSignal | undefined },
): Promise<TrustMaterial> {
  const found = await findTrustMaterial(ports, options);
  if (found !== undefined) return found;
  throw new AppError('untrusted-root', 'expected trust material, found none', { hint: 'run `plimsoll initialize`' });
}

/** Writes everything that verifying and signing elsewhere needs, in one file. */
export async function exportTrust(ports: Ports, path: string, signal?: AbortSignal): Promise<TrustMaterial> {
  const material = await getTrustMaterial(ports, { signal });
  await ports.files.writeAtomic(path, await ports.files.read(keptPath(ports), MAX_FILE_BYTES));
  return material;
}

/**
 * Takes such a file for what a mirror would give: all is verified from the root that is trusted here already, else from the one given,
 * else from the file's own, and nothing goes back behind what is here.
 */
export async function importTrust(
  ports: Ports,
  path: string,
  input: Omit<InitializeInput, 'mirror'>,
): Promise<TrustMaterial> {
  const given = decodeKept(await ports.files.read(path, MAX_FILE_BYTES), path);
  const { mirror } = given;
  const kept = await loadKept(ports);
  const before = kept?.mirror === mirror ? kept : undefined;
  if (kept !== undefined && before === undefined && input.root === undefined && input.rootChecksum === undefined)
    throw new AppError(
      'usage',
      `${path}: expected material of ${kept.mirror}, which is trusted here, found that of ${mirror}`,
      {
        hint: 'give --root FILE or --root-checksum SHA256 to trust another repository instead',
      },
    );
  const isSaid = input.root !== undefined || before !== undefined;
  const trusted = isSaid ? await readRoot(ports, input, { mirror, before }) : given.root;
  if (!isSaid) checkChecksum(trusted, input.rootChecksum, path);
  return await update(ports, { mirror, trusted, source: sourceOf(given), refreshed: given.refreshed }, before);
}

interface Origin {
  readonly mirror: string;
  readonly trusted: Uint8Array;
  readonly source: TufSource;
  /** When the mirror was asked; now when absent. */
  readonly refreshed?: Date;
}

async function update(
  ports: Ports,
  origin: Origin,
  before: Kept | undefined,
  signal?: AbortSignal,
): Promise<TrustMaterial> {
  const { mirror, trusted, source, refreshed = ports.clock() } = origin;
  const onRoot = async (root: Uint8Array, files: ReadonlyMap<string, Uint8Array>): Promise<void> => {
    if (before !== undefined)
      await ports.files.writeAtomic(keptPath(ports), encodeKept({ ...before, root, files, expires: before.refreshed }));
  };
  const previous = before?.files ?? new Map<string, Uint8Array>();
  const repository = await updateTuf({
    trusted,
    previous,
    source,
    at: ports.clock(),
    onRoot,
    ...(signal === undefined ? {} : { signal }),
  });
  const { trustedRoot, signingConfig } = await readTargets(repository, mirror);
  const roles = repository.roles();
  const versionOf = (name: string): number => roles.find(({ role }) => role === name)?.version ?? 0;
  if (before !== undefined && versionOf('root') < before.rootVersion)
    throw new AppError(
      'untrusted-root',
      `root.json: expected version ${before.rootVersion} or newer, found ${versionOf('root')}`,
    );
  const kept: Kept = {
    mirror,
    refreshed,
    expires: firstExpiry(roles),
    root: repository.root,
    rootVersion: versionOf('root'),
    timestampVersion: versionOf('timestamp'),
    files: repository.files,
  };
  await save(ports, kept);
  return {
    mirror,
    refreshed,
    rootChecksum: rootChecksum(repository.root),
    roles,
    expired: [],
    trustedRoot,
    signingConfig,
  };
}

async function readKept(ports: Ports, kept: Kept, allowsExpired: boolean): Promise<TrustMaterial> {
  const at = ports.clock();
  const repository = await updateTuf({ trusted: kept.root, source: sourceOf(kept), at, allowsExpired });
  const targets = await readTargets(repository, keptPath(ports));
  const roles = repository.roles();
  const expired = roles.filter(({ expires }) => expires <= at);
  for (const { role, expires } of expired)
    ports.log.warn('trust material has expired', { role, expires: expires.toISOString() });
  return {
    mirror: kept.mirror,
    refreshed: kept.refreshed,
    rootChecksum: rootChecksum(kept.root),
    roles,
    expired,
    ...targets,
  };
}

async function readTargets(
  repository: Awaited<ReturnType<typeof updateTuf>>,
  where: string,
): Promise<Pick<TrustMaterial, 'trustedRoot' | 'signingConfig'>> {
  const trustedRoot = await repository.findTarget(TRUSTED_ROOT);
  if (trustedRoot === undefined)
    throw new AppError('untrusted-root', `${where}: expected a target ${TRUSTED_ROOT}, found none`);
  parseTrustedRoot(trustedRoot, TRUSTED_ROOT);
  return { trustedRoot, signingConfig: await repository.findTarget(SIGNING_CONFIG) };
}

function sourceOf({ files }: Kept): TufSource {
  return async (path) => files.get(path);
}

function firstExpiry(roles: readonly RoleState[]): Date {
  return new Date(Math.min(...roles.map(({ expires }) => expires.getTime())));
}

/** Of the mirrors whose root comes along. */
const OWN_ROOTS: ReadonlyMap<string, Uint8Array> = new Map([
  [PUBLIC_MIRROR, Buffer.from(PUBLIC_ROOT)],
  [STAGING_MIRROR, Buffer.from(STAGING_ROOT)],
]);

interface RootPlace {
  readonly mirror: string;
  readonly before: Kept | undefined;
  readonly signal?: AbortSignal | undefined;
}

async function readRoot(
  ports: Ports,
  input: InitializeInput,
  { mirror, before, signal }: RootPlace,
): Promise<Uint8Array> {
  const { root, rootChecksum: checksum } = input;
  if (root === undefined) {
    const known = before?.root ?? OWN_ROOTS.get(mirror);
    if (known === undefined)
      throw new AppError('usage', `${mirror}: expected the root metadata to trust, found none`, {
        hint: 'give --root FILE',
      });
    checkChecksum(known, checksum, 'root');
    return known;
  }
  const isRemote = /^https?:\/\//.test(root);
  if (isRemote && checksum === undefined)
    throw new AppError('usage', '--root: expected a checksum of what is fetched, found none', {
      hint: 'give --root-checksum SHA256',
    });
  const bytes = isRemote ? await fetchRoot(ports, root, signal) : await ports.files.read(root, MAX_ROOT_BYTES);
  checkChecksum(bytes, checksum, root);
  return bytes;
}

async function fetchRoot(ports: Ports, url: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const answer = await exchange(ports.http, 'root metadata', { url, maxBytes: MAX_ROOT_BYTES, signal });
  if (answer.status === 200) return answer.bytes;
  throw refusal(answer, 'root metadata', url);
}

function checkChecksum(bytes: Uint8Array, given: string | undefined, what: string): void {
  if (given === undefined) return;
  const [, name = 'sha256', hex = ''] = /^(?:(sha256|sha512):)?([0-9a-fA-F]+)$/.exec(given) ?? [];
  const found = createHash(name).update(bytes).digest('hex');
  if (hex.toLowerCase() !== found)
    throw new AppError('untrusted-root', `${what}: expected ${name} ${hex}, found ${found}`);
}

function keptPath(ports: Pick<Ports, 'settings'>): string {
  return join(ports.settings.dataDir, 'trust.json');
}

async function loadKept(ports: Ports): Promise<Kept | undefined> {
  const path = keptPath(ports);
  if ((await ports.files.stat(path)) === undefined) return undefined;
  return decodeKept(await ports.files.read(path, MAX_FILE_BYTES), path);
}

async function save(ports: Ports, kept: Kept): Promise<void> {
  const stored = await loadKept(ports);
  const isNewer =
    stored?.mirror === kept.mirror &&
    (stored.rootVersion > kept.rootVersion || stored.timestampVersion > kept.timestampVersion) &&
    stored.rootVersion >= kept.rootVersion;
  if (!isNewer) await ports.files.writeAtomic(keptPath(ports), encodeKept(kept));
}

const bytes: Decoder<Uint8Array> = (value, path) => new Uint8Array(Buffer.from(string(value, path), 'base64'));
const date: Decoder<Date> = (value, path) => {
  const at = new Date(string(value, path));
  if (Number.isNaN(at.getTime()))
    throw new AppError('invalid-input', `${path}: expected a time, found "${String(value)}"`);
  return at;
};
const keptFile = object({
  mediaType: string,
  mirror: string,
  refreshed: date,
  expires: date,
  root: bytes,
  rootVersion: natural,
  timestampVersion: natural,
  files: mapOf(bytes),
});

function decodeKept(content: Uint8Array, what: string): Kept {
  const { mediaType, files, ...rest } = decodeJson(content, keptFile, { what, maxBytes: MAX_FILE_BYTES });
  if (mediaType !== MEDIA_TYPE)
    throw new AppError('invalid-input', `${what}.mediaType: expected ${MEDIA_TYPE}, found ${mediaType}`);
  return { ...rest, files: new Map(Object.entries(files)) };
}

function encodeKept({ root, files, ...rest }: Kept): string {
  const base64 = (content: Uint8Array): string => Buffer.from(content).toString('base64');
  const encoded = Object.fromEntries([...files].map(([path, content]) => [path, base64(content)]));
  return `${JSON.stringify({ mediaType: MEDIA_TYPE, ...rest, root: base64(root), files: encoded }, null, 1)}\n`;
}
