/**
 * The client workflow of The Update Framework (specification 1.0, section 5): from a root that is trusted to targets that are, by way of
 * a repository that is not.
 *
 * A repository is a function from paths to bytes: a mirror, a folder, or what an earlier update kept. What is kept is the repository's
 * own files, so it is itself a repository: used without a network, exported, imported elsewhere. Time is a parameter.
 */
import { createHash } from 'node:crypto';
import { AppError } from '../../core/index.ts';
import { checkFile, checkThreshold, isDelegated, parseMetadata } from './metadata.ts';
import type {
  Contents,
  KeyMap,
  MetaContent,
  MetaFile,
  Metadata,
  RoleKeys,
  RootContent,
  TargetFile,
  TargetsContent,
  TopRole,
} from './metadata.ts';

/** Undefined when there is no such file. May give more than `maxBytes` only by throwing. */
export type TufSource = (path: string, maxBytes: number, signal?: AbortSignal) => Promise<Uint8Array | undefined>;

export interface TufUpdate {
  /** Root metadata that is trusted already. */
  readonly trusted: Uint8Array;
  /** Files that an earlier update kept: nothing may go back behind them. */
  readonly previous?: ReadonlyMap<string, Uint8Array>;
  readonly source: TufSource;
  readonly at: Date;
  /** Reports what has expired instead of refusing it: for what was kept, where there is no network. */
  readonly allowsExpired?: boolean;
  /**
   * Called with a newer root as soon as it is trusted, and with what stays of the previous files: to be kept even if what follows fails,
   * or keys that were revoked would be good again for whoever then hides that root.
   */
  readonly onRoot?: (root: Uint8Array, files: ReadonlyMap<string, Uint8Array>) => Promise<void>;
  readonly signal?: AbortSignal;
}

export interface RoleState {
  readonly role: string;
  readonly version: number;
  readonly expires: Date;
}

export interface TufRepository {
  /** The newest root, to start from next time. */
  readonly root: Uint8Array;
  /** All that was used, by path; grows with each target that is asked for. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Every role in use. */
  readonly roles: () => readonly RoleState[];
  /** Of the repository's own targets role: those of delegations are found by name. */
  readonly targets: readonly string[];
  /** Content whose length and hashes are as the first role that speaks of it says; undefined when none does. */
  findTarget(path: string): Promise<Uint8Array | undefined>;
}

/** Ceilings of the reference implementations. */
const MAX_BYTES: Readonly<Record<TopRole, number>> = {
  root: 512_000,
  timestamp: 16_384,
  snapshot: 2_000_000,
  targets: 5_000_000,
};
/** Trust material has some kilobytes. */
const MAX_TARGET_BYTES = 16 * 1024 * 1024;
/** Roots after the trusted one; the public repository made fifteen in five years. */
const MAX_ROOTS = 256;
/** Roles visited in search of one target. */
const MAX_VISITS = 32;

/** Throws `untrusted-root` for what must not be believed, `invalid-input` for what cannot be read, and what the source throws. */
export async function updateTuf(update: TufUpdate): Promise<TufRepository> {
  const client = new Client(update);
  const root = await client.updateRoot();
  const timestamp = await client.updateTimestamp(root);
  const snapshot = await client.updateSnapshot(root, timestamp);
  const targets = await client.updateTargets(
    'targets',
    { role: root.content.roles.targets, keys: root.content.keys },
    snapshot,
  );
  return {
    root: root.bytes,
    files: client.files,
    roles: () => [...client.roles.values()],
    targets: Object.keys(targets.content.targets),
    findTarget: async (path) => await client.findTarget(path, targets, snapshot),
  };
}

interface Delegator {
  readonly role: RoleKeys;
  readonly keys: KeyMap;
}

class Client {
  readonly files = new Map<string, Uint8Array>();
  readonly roles = new Map<string, RoleState>();
  readonly #update: TufUpdate;
  readonly #previous: ReadonlyMap<string, Uint8Array>;
  #isConsistent = true;
  /** Whether keys of timestamp or snapshot changed on the way: then older versions may be right again (5.3.11). */
  #isRotated = false;

  constructor(update: TufUpdate) {
    this.#update = update;
    this.#previous = update.previous ?? new Map<string, Uint8Array>();
  }

  /** 5.3: one version after the other, each signed by the one before and by itself; only the last must not be expired. */
  async updateRoot(): Promise<Metadata<RootContent>> {
    let root = parseMetadata('root', this.#update.trusted, 'trusted root');
    checkThreshold(root, root.content.roles.root, root.content.keys, 'trusted root');
    this.files.set(`${root.content.version}.root.json`, root.bytes);
    for (let count = 0; ; count += 1) {
      const version = root.content.version + 1;
      const path = `${version}.root.json`;
      const bytes = await this.#fetch(path, MAX_BYTES.root);
      if (bytes === undefined) break;
      if (count === MAX_ROOTS)
        throw new AppError('untrusted-root', `${path}: expected at most ${MAX_ROOTS} newer roots`);
      const next = parseMetadata('root', bytes, path);
      checkThreshold(next, root.content.roles.root, root.content.keys, `${path}, by the keys of root ${version - 1}`);
      checkThreshold(next, next.content.roles.root, next.content.keys, `${path}, by its own keys`);
      expectVersion(next, version, path);
      this.#isRotated ||= ['timestamp', 'snapshot'].some(
        (role) => !hasSameKeys(root.content, next.content, role as TopRole),
      );
      root = next;
      this.files.set(path, bytes);
    }
    if (root.bytes !== this.#update.trusted) await this.#update.onRoot?.(root.bytes, this.#remaining());
    this.#checkExpiry('root', root);
    this.#isConsistent = root.content.consistent_snapshot === true;
    return root;
  }

  #remaining(): ReadonlyMap<string, Uint8Array> {
    const kept = [...this.#previous].filter(
      ([path]) => !this.#isRotated || !/(?:^|\.)(?:timestamp|snapshot)\.json$/.test(path),
    );
    return new Map([...kept, ...this.files]);
  }

  /** 5.4 */
  async updateTimestamp(root: Metadata<RootContent>): Promise<Metadata<MetaContent>> {
    const path = 'timestamp.json';
    const bytes = await this.#get(path, MAX_BYTES.timestamp);
    const by = { role: root.content.roles.timestamp, keys: root.content.keys };
    let timestamp = verified('timestamp', bytes, { by, what: path });
    const before = this.#findPrevious('timestamp', path, by);
    if (before !== undefined) {
      expectNoRollback(path, before.content.version, timestamp.content.version);
      // the same version again brings nothing new, whatever it says
      if (timestamp.content.version === before.content.version) timestamp = before;
      expectNoRollback('snapshot.json', snapshotOf(before).version, snapshotOf(timestamp).version);
    }
    this.#checkExpiry('timestamp', timestamp);
    this.files.set(path, timestamp.bytes);
    return timestamp;
  }

  /** 5.5 */
  async updateSnapshot(root: Metadata<RootContent>, timestamp: Metadata<MetaContent>): Promise<Metadata<MetaContent>> {
    const by = { role: root.content.roles.snapshot, keys: root.content.keys };
    const meta = snapshotOf(timestamp);
    const before = this.#findPreviousSnapshot(by);
    const snapshot = await this.#load('snapshot', 'snapshot', { by, meta });
    for (const [name, old] of Object.entries(before?.content.meta ?? {})) {
      const now = snapshot.content.meta[name];
      if (now === undefined)
        throw new AppError('untrusted-root', `snapshot.json: expected ${name}, which was there before, found nothing`);
      expectNoRollback(name, old.version, now.version);
    }
    return snapshot;
  }

  /** 5.6, of the top role or a delegated one. */
  async updateTargets(name: string, by: Delegator, snapshot: Metadata<MetaContent>): Promise<Metadata<TargetsContent>> {
    const key = `${name}.json`;
    const meta = snapshot.content.meta[key];
    if (meta === undefined) throw new AppError('untrusted-root', `snapshot.json: expected ${key}, found nothing`);
    return await this.#load('targets', name, { by, meta });
  }

  /** 5.6.7: before others what a role delegates first, and deep before wide. */
  async findTarget(
    path: string,
    top: Metadata<TargetsContent>,
    snapshot: Metadata<MetaContent>,
  ): Promise<Uint8Array | undefined> {
    const visited = new Set<string>(['targets']);
    const open: { readonly name: string; readonly by: Delegator }[] = [];
    let current: Metadata<TargetsContent> | undefined = top;
    while (current !== undefined) {
      const { targets, delegations } = current.content;
      const found = targets[path];
      if (found !== undefined) return await this.#fetchTarget(path, found);
      const matching = (delegations?.roles ?? []).filter((entry) => isDelegated(entry, path));
      const last = matching.findIndex((entry) => entry.terminating === true);
      const followed = last < 0 ? matching : matching.slice(0, last + 1);
      if (last >= 0) open.length = 0;
      open.unshift(...followed.map((role) => ({ name: role.name, by: { role, keys: delegations?.keys ?? {} } })));
      current = undefined;
      for (let next = open.shift(); next !== undefined; next = open.shift()) {
        if (visited.has(next.name)) continue;
        if (visited.size === MAX_VISITS)
          throw new AppError('untrusted-root', `${path}: expected at most ${MAX_VISITS} roles to ask`);
        visited.add(next.name);
        current = await this.updateTargets(next.name, next.by, snapshot);
        break;
      }
    }
    return undefined;
  }

  async #fetchTarget(path: string, file: TargetFile): Promise<Uint8Array> {
    if (file.length > MAX_TARGET_BYTES)
      throw new AppError('untrusted-root', `${path}: expected at most ${MAX_TARGET_BYTES} bytes, found ${file.length}`);
    const stored = `targets/${this.#isConsistent ? hashedName(path, file) : path}`;
    const kept = this.#previous.get(stored);
    const bytes = kept !== undefined && isSame(kept, file) ? kept : await this.#get(stored, file.length);
    checkFile(bytes, file, stored);
    this.files.set(stored, bytes);
    return bytes;
  }

  /** A role that another vouches for, from what was kept where that is the version wanted, else from the repository. */
  async #load<R extends 'snapshot' | 'targets'>(
    kind: R,
    name: string,
    { by, meta }: { readonly by: Delegator; readonly meta: MetaFile },
  ): Promise<Metadata<Contents[R]>> {
    const file = encodeURIComponent(name);
    const path = `${this.#isConsistent ? `${meta.version}.` : ''}${file}.json`;
    const kept = this.#previous.get(path);
    const bytes =
      kept !== undefined && isSame(kept, meta) && isVersion(kind, kept, { by, meta, what: path })
        ? kept
        : await this.#get(path, meta.length ?? MAX_BYTES[kind]);
    checkFile(bytes, meta, path);
    const metadata = verified(kind, bytes, { by, what: path });
    expectVersion(metadata, meta.version, path);
    this.#checkExpiry(name, metadata);
    this.files.set(path, bytes);
    return metadata;
  }

  #findPrevious<R extends 'timestamp' | 'snapshot'>(
    kind: R,
    path: string,
    by: Delegator,
  ): Metadata<Contents[R]> | undefined {
    const bytes = this.#isRotated ? undefined : this.#previous.get(path);
    // signed by keys that are no longer trusted, it holds nothing back
    return bytes === undefined ? undefined : findVerified(kind, bytes, { by, what: path });
  }

  #findPreviousSnapshot(by: Delegator): Metadata<MetaContent> | undefined {
    const path = [...this.#previous.keys()].find((name) => /^(?:\d+\.)?snapshot\.json$/.test(name));
    return path === undefined ? undefined : this.#findPrevious('snapshot', path, by);
  }

  #checkExpiry(role: string, { content }: Metadata): void {
    this.roles.set(role, { role, version: content.version, expires: new Date(content.expires) });
    if (this.#update.allowsExpired === true || this.#update.at.getTime() < content.expires) return;
    const expires = new Date(content.expires).toISOString();
    throw new AppError(
      'untrusted-root',
      `${role}.json: expected metadata that is good at ${this.#update.at.toISOString()}, found it expired on ${expires}`,
      {
        details: { code: 'expired', role, expires },
      },
    );
  }

  async #get(path: string, maxBytes: number): Promise<Uint8Array> {
    const bytes = await this.#fetch(path, maxBytes);
    if (bytes !== undefined) return bytes;
    throw new AppError('untrusted-root', `${path}: expected it in the repository, found nothing`, {
      details: { code: 'missing', path },
    });
  }

  async #fetch(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    return await this.#update.source(path, maxBytes, this.#update.signal);
  }
}

interface Expected {
  readonly by: Delegator;
  readonly what: string;
}

function verified<R extends TopRole>(kind: R, bytes: Uint8Array, { by, what }: Expected): Metadata<Contents[R]> {
  const metadata = parseMetadata(kind, bytes, what);
  checkThreshold(metadata, by.role, by.keys, what);
  return metadata;
}

function findVerified<R extends TopRole>(
  kind: R,
  bytes: Uint8Array,
  expected: Expected,
): Metadata<Contents[R]> | undefined {
  try {
    return verified(kind, bytes, expected);
  } catch (error) {
    if (error instanceof AppError && error.kind !== 'internal') return undefined;
    throw error;
  }
}

function isVersion(kind: TopRole, bytes: Uint8Array, expected: Expected & { readonly meta: MetaFile }): boolean {
  return findVerified(kind, bytes, expected)?.content.version === expected.meta.version;
}

function isSame(bytes: Uint8Array, file: Parameters<typeof checkFile>[1]): boolean {
  try {
    checkFile(bytes, file, 'kept file');
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

function snapshotOf(timestamp: Metadata<MetaContent>): MetaFile {
  const meta = timestamp.content.meta['snapshot.json'];
  if (meta !== undefined) return meta;
  throw new AppError('untrusted-root', 'timestamp.json: expected the version of snapshot.json, found none');
}

function expectVersion(metadata: Metadata, version: number, what: string): void {
  const found = metadata.content.version;
  if (found !== version)
    throw new AppError('untrusted-root', `${what}: expected version ${version}, found ${found}`, {
      details: { code: 'version', expected: version, found },
    });
}

function expectNoRollback(what: string, before: number, now: number): void {
  if (now < before)
    throw new AppError('untrusted-root', `${what}: expected version ${before} or newer, found ${now}`, {
      details: { code: 'rollback', expected: before, found: now },
    });
}

function hasSameKeys(one: RootContent, other: RootContent, role: TopRole): boolean {
  const idsOf = ({ roles }: RootContent): string => [...new Set(roles[role].keyids)].toSorted().join();
  return idsOf(one) === idsOf(other);
}

/** `dir/HASH.name`, by the first hash that is of a known kind. */
function hashedName(path: string, { hashes }: TargetFile): string {
  const hash = hashes['sha256'] ?? hashes['sha512'];
  if (hash === undefined || !/^[0-9a-f]{64,128}$/.test(hash))
    throw new AppError('untrusted-root', `${path}: expected a sha256 or sha512 hash, found none`);
  const slash = path.lastIndexOf('/') + 1;
  return `${path.slice(0, slash)}${hash}.${path.slice(slash)}`;
}

/** The hexadecimal SHA-256 of a root: what people compare. */
export function rootChecksum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
