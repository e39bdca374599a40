/**
 * A repository of The Update Framework in a folder, as its owners keep it: changes are staged, signed by as many key holders as the
 * root demands, one after the other, and published when all have signed.
 *
 * The folder is what is served: `N.root.json`, `N.targets.json`, `N.snapshot.json`, `timestamp.json`, `targets/HASH.NAME` (consistent
 * snapshots); beside them `staged/` with what is not yet published. Files of targets lie under their hash from the start: nothing
 * speaks of them before a targets role is published that does.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AppError, type Files } from '../../core/index.ts';
import { formatPublicKey, type PublicKey, type SigningKey } from '../crypto/index.ts';
import {
  checkThreshold,
  describeKey,
  parseMetadata,
  signedBytes,
  signersOf,
  TOP_ROLES,
  type Contents,
  type KeyMap,
  type Metadata,
  type RoleKeys,
  type TopRole,
} from './metadata.ts';

/** A role when a repository is made: who signs, how many of them, and for how many days. */
export interface RolePlan {
  readonly keys: readonly PublicKey[];
  readonly threshold: number;
  readonly days: number;
}

export type Plan = Readonly<Record<TopRole, RolePlan>>;

type Raw = Readonly<Record<string, unknown>>;

const SPEC_VERSION = '1.0.31';
const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_METADATA_BYTES = 5_000_000;
/** How long a role is good, kept in the root beside who signs it. */
const DAYS = 'x-plimsoll-days';
/** For roots that do not say. */
const DEFAULT_DAYS: Readonly<Record<TopRole, number>> = { root: 365, targets: 365, snapshot: 30, timestamp: 7 };

/** What is published and what waits, newest first. */
export interface RepositoryState {
  readonly root: Metadata<Contents['root']> | undefined;
  readonly targets: Metadata<Contents['targets']> | undefined;
  readonly snapshot: Metadata<Contents['snapshot']> | undefined;
  readonly timestamp: Metadata<Contents['timestamp']> | undefined;
  readonly stagedRoot: Metadata<Contents['root']> | undefined;
  readonly stagedTargets: Metadata<Contents['targets']> | undefined;
}

/** One signature that is wanted: by which of whose keys is for their holders to know. */
export interface Signatures {
  readonly role: 'root' | 'targets';
  readonly version: number;
  /** Whose rule it is: a new root answers to the one before, too. */
  readonly by: string;
  readonly threshold: number;
  readonly signed: readonly string[];
  readonly missing: readonly string[];
}

export interface Target {
  /** Path inside the repository. */
  readonly name: string;
  readonly content: Uint8Array;
}

export class TufFolder {
  readonly #files: Files;
  readonly folder: string;

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.folder = folder;
  }

  async read(): Promise<RepositoryState> {
    const names = await this.#files.list(this.folder);
    const newest = (role: string): string | undefined =>
      names
        .flatMap((name) => (new RegExp(`^\\d+\\.${role}\\.json$`).test(name) ? [name] : []))
        .toSorted((one, other) => Number.parseInt(other, 10) - Number.parseInt(one, 10))[0];
    return {
      root: await this.#find('root', newest('root')),
      targets: await this.#find('targets', newest('targets')),
      snapshot: await this.#find('snapshot', newest('snapshot')),
      timestamp: await this.#find('timestamp', 'timestamp.json'),
      stagedRoot: await this.#find('root', 'staged/root.json'),
      stagedTargets: await this.#find('targets', 'staged/targets.json'),
    };
  }

  /** Stages the first root and an empty list of targets. Throws `invalid-input` where there is a repository. */
  async init(plan: Plan, at: Date): Promise<void> {
    const state = await this.read();
    if (state.root !== undefined || state.stagedRoot !== undefined)
      throw new AppError('invalid-input', `${this.folder}: expected no repository, found one`);
    const keys: Record<string, unknown> = {};
    const roles: Record<string, unknown> = {};
    for (const role of TOP_ROLES) {
      const { keys: holders, threshold, days } = plan[role];
      const described = holders.map((key) => describeKey(key, formatPublicKey(key)));
      for (const { keyid, key } of described) keys[keyid] = key;
      roles[role] = { keyids: unique(described.map(({ keyid }) => keyid)), threshold, [DAYS]: days };
      checkPlan(role, roles[role] as RoleKeys);
    }
    const root = { consistent_snapshot: true, keys, roles };
    await this.#stage('root', { ...root, ...header('root', 1, expiryOf('root', root, at)) });
    await this.#stage('targets', { targets: {}, ...header('targets', 1, expiryOf('targets', root, at)) });
  }

  /** Stages a list of targets with these added and those removed. */
  async change(add: readonly Target[], remove: readonly string[], at: Date): Promise<void> {
    const state = await this.read();
    const base = (state.stagedTargets ?? state.targets)?.raw ?? {};
    const targets: Record<string, unknown> = { ...(base['targets'] as Raw | undefined) };
    for (const name of remove) {
      if (!Object.hasOwn(targets, name))
        throw new AppError('not-found', `${name}: expected a target, found none of that name`);
      delete targets[name];
    }
    for (const { name, content } of add) {
      const sha256 = createHash('sha256').update(content).digest('hex');
      targets[checkName(name)] = { length: content.length, hashes: { sha256 } };
      await this.#files.writeAtomic(this.#path(`targets/${hashedPath(name, sha256)}`), content);
    }
    const version = (state.targets?.content.version ?? 0) + 1;
    await this.#stage('targets', {
      ...base,
      targets,
      ...header('targets', version, expiryOf('targets', rootOf(state), at)),
    });
  }

  /** Stages a root in which a role has other keys, or needs another number of them; without a role, one that is good for longer. */
  async rotate(
    change: {
      readonly role: TopRole;
      readonly add: readonly PublicKey[];
      readonly remove: readonly string[];
      readonly threshold?: number | undefined;
    },
    at: Date,
  ): Promise<void> {
    const state = await this.read();
    const raw = rootOf(state);
    const roles = raw['roles'] as Readonly<Record<TopRole, RoleKeys>>;
    const before = roles[change.role];
    const added = change.add.map((key) => describeKey(key, formatPublicKey(key)));
    for (const keyid of change.remove)
      if (!before.keyids.includes(keyid))
        throw new AppError('not-found', `${change.role}: expected a key ${keyid}, found none of that name`);
    const keyids = unique([
      ...before.keyids.filter((keyid) => !change.remove.includes(keyid)),
      ...added.map(({ keyid }) => keyid),
    ]);
    const role: RoleKeys = { ...before, keyids, threshold: change.threshold ?? before.threshold };
    checkPlan(change.role, role);
    const nextRoles = { ...roles, [change.role]: role };
    const used = new Set(Object.values(nextRoles).flatMap((entry) => entry.keyids));
    const known = { ...(raw['keys'] as KeyMap), ...Object.fromEntries(added.map(({ keyid, key }) => [keyid, key])) };
    const keys = Object.fromEntries(Object.entries(known).filter(([keyid]) => used.has(keyid)));
    await this.#stageRoot(state, { ...raw, keys, roles: nextRoles }, at);
    // signed by keys that are no longer named, the list of targets would be good no more
    if (change.role === 'targets') await this.change([], [], at);
  }

  /** Signs what is staged with a key, where the root names it; gives what is still missing. */
  async sign(key: SigningKey): Promise<readonly Signatures[]> {
    const { keyid } = describeKey(key.publicKey, formatPublicKey(key.publicKey));
    let isUsed = false;
    const state = await this.read();
    for (const { role, metadata, rules } of duties(state)) {
      if (!rules.some((rule) => rule.role.keyids.includes(keyid))) continue;
      isUsed = true;
      const sig = Buffer.from(await key.sign(signedBytes(metadata.raw))).toString('hex');
      const others = metadata.signatures.filter((entry) => entry.keyid !== keyid);
      await this.#write(`staged/${role}.json`, { signatures: [...others, { keyid, sig }], signed: metadata.raw });
    }
    if (!isUsed)
      throw new AppError(
        'invalid-input',
        `${this.folder}: expected something staged that key ${keyid} may sign, found nothing`,
      );
    return missingSignatures(await this.read());
  }

  /**
   * Publishes what is staged, with a new snapshot and a new timestamp by these keys; each file is whole before another speaks of it.
   * Throws `untrusted-root` when signatures are missing.
   */
  async publish(keys: readonly SigningKey[], at: Date): Promise<RepositoryState> {
    const state = await this.read();
    for (const { metadata, rules, role } of duties(state))
      for (const rule of rules)
        checkThreshold(metadata, rule.role, rule.keys, `staged/${role}.json, by the keys of ${rule.by}`);
    const root = state.stagedRoot ?? state.root;
    const targets = state.stagedTargets ?? state.targets;
    if (root === undefined || targets === undefined)
      throw new AppError('not-found', `${this.folder}: expected a repository, found none`);
    checkThreshold(targets, root.content.roles.targets, root.content.keys, 'targets.json');
    const signing = { root, keys, at };
    const meta = { 'targets.json': { version: targets.content.version } };
    const snapshot = await signOnline(
      'snapshot',
      { version: (state.snapshot?.content.version ?? 0) + 1, meta },
      signing,
    );
    const length = Buffer.byteLength(snapshot.text);
    const hashes = { sha256: createHash('sha256').update(snapshot.text).digest('hex') };
    const about = { 'snapshot.json': { version: snapshot.version, length, hashes } };
    const timestamp = await signOnline(
      'timestamp',
      { version: (state.timestamp?.content.version ?? 0) + 1, meta: about },
      signing,
    );
    await this.#files.writeAtomic(this.#path(`${root.content.version}.root.json`), root.bytes);
    await this.#files.writeAtomic(this.#path(`${targets.content.version}.targets.json`), targets.bytes);
    await this.#files.writeAtomic(this.#path(`${snapshot.version}.snapshot.json`), snapshot.text);
    await this.#files.writeAtomic(this.#path('timestamp.json'), timestamp.text);
    await this.#files.remove(this.#path('staged'));
    return await this.read();
  }

  /** Renews every role of which less than half its life is left, with keys that sign for all of them. False when there was none. */
  async renew(keys: readonly SigningKey[], at: Date): Promise<boolean> {
    const state = await this.read();
    const isDue = (role: TopRole): boolean => {
      const metadata = state[role];
      if (metadata === undefined) return true;
      const life = daysOf(role, rootOf(state)) * DAY_MS;
      return metadata.content.expires - at.getTime() < life / 2;
    };
    if (!TOP_ROLES.some(isDue) && state.stagedRoot === undefined && state.stagedTargets === undefined) return false;
    if (isDue('root') && state.stagedRoot === undefined) await this.#stageRoot(state, rootOf(state), at);
    if (isDue('targets') && state.stagedTargets === undefined) await this.change([], [], at);
    const staged = await this.read();
    if (staged.stagedRoot !== undefined || staged.stagedTargets !== undefined)
      for (const key of keys) await this.#signAny(key);
    await this.publish(keys, at);
    return true;
  }

  /** A key that may sign nothing of what is staged is no error here: others do. */
  async #signAny(key: SigningKey): Promise<void> {
    const { keyid } = describeKey(key.publicKey, formatPublicKey(key.publicKey));
    const isNamed = duties(await this.read()).some(({ rules }) =>
      rules.some((rule) => rule.role.keyids.includes(keyid)),
    );
    if (isNamed) await this.sign(key);
  }

  async #stageRoot(state: RepositoryState, raw: Raw, at: Date): Promise<void> {
    const version = (state.root?.content.version ?? 0) + 1;
    await this.#stage('root', { ...raw, ...header('root', version, expiryOf('root', raw, at)) });
  }

  async #stage(role: 'root' | 'targets', signed: Raw): Promise<void> {
    await this.#write(`staged/${role}.json`, { signatures: [], signed });
  }

  async #write(path: string, value: unknown): Promise<void> {
    await this.#files.writeAtomic(this.#path(path), format(value));
  }

  async #find<R extends TopRole>(role: R, name: string | undefined): Promise<Metadata<Contents[R]> | undefined> {
    if (name === undefined || (await this.#files.stat(this.#path(name))) === undefined) return undefined;
    return parseMetadata(role, await this.#files.read(this.#path(name), MAX_METADATA_BYTES), name);
  }

  #path(name: string): string {
    return join(this.folder, name);
  }
}

/** Signatures that staged changes still need; empty when they can be published. */
export function missingSignatures(state: RepositoryState): readonly Signatures[] {
  return duties(state).flatMap(({ role, metadata, rules }) =>
    rules.map(({ by, role: rule, keys }) => {
      const signed = signersOf(metadata, rule, keys);
      const missing = rule.keyids.filter((keyid) => !signed.includes(keyid));
      return { role, version: metadata.content.version, by, threshold: rule.threshold, signed, missing };
    }),
  );
}

interface Duty {
  readonly role: 'root' | 'targets';
  readonly metadata: Metadata;
  readonly rules: readonly { readonly by: string; readonly role: RoleKeys; readonly keys: KeyMap }[];
}

/** What is staged, and whose signatures it needs (5.3.4: a new root by the one before and by itself). */
function duties({ root, stagedRoot, stagedTargets }: RepositoryState): readonly Duty[] {
  const ruleOf = (metadata: Metadata<Contents['root']> | undefined, role: 'root' | 'targets') =>
    metadata === undefined
      ? []
      : [{ by: `root ${metadata.content.version}`, role: metadata.content.roles[role], keys: metadata.content.keys }];
  return [
    ...(stagedRoot === undefined
      ? []
      : [
          {
            role: 'root' as const,
            metadata: stagedRoot,
            rules: [...ruleOf(root, 'root'), ...ruleOf(stagedRoot, 'root')],
          },
        ]),
    ...(stagedTargets === undefined
      ? []
      : [{ role: 'targets' as const, metadata: stagedTargets, rules: ruleOf(stagedRoot ?? root, 'targets') }]),
  ];
}

async function signOnline(
  role: 'snapshot' | 'timestamp',
  content: { readonly version: number; readonly meta: Raw },
  given: { readonly root: Metadata<Contents['root']>; readonly keys: readonly SigningKey[]; readonly at: Date },
): Promise<{ readonly version: number; readonly text: string }> {
  const { root, keys, at } = given;
  const { keyids } = root.content.roles[role];
  const signed = { ...header(role, content.version, expiryOf(role, root.raw, at)), meta: content.meta };
  const signatures: { keyid: string; sig: string }[] = [];
  for (const key of keys) {
    const { keyid } = describeKey(key.publicKey, formatPublicKey(key.publicKey));
    if (keyids.includes(keyid))
      signatures.push({ keyid, sig: Buffer.from(await key.sign(signedBytes(signed))).toString('hex') });
  }
  const text = format({ signatures, signed });
  checkThreshold(
    parseMetadata(role, Buffer.from(text), `${role}.json`),
    root.content.roles[role],
    root.content.keys,
    `${role}.json`,
  );
  return { version: content.version, text };
}

function header(role: TopRole, version: number, expires: string): Raw {
  return { _type: role, spec_version: SPEC_VERSION, version, expires };
}

/** Whole seconds: what all clients read. */
function expiryOf(role: TopRole, root: Raw, at: Date): string {
  return `${new Date(at.getTime() + daysOf(role, root) * DAY_MS).toISOString().slice(0, 19)}Z`;
}

function daysOf(role: TopRole, root: Raw): number {
  const days = (root['roles'] as Readonly<Record<string, Raw>>)[role]?.[DAYS];
  return typeof days === 'number' && days > 0 ? days : DEFAULT_DAYS[role];
}

function rootOf(state: RepositoryState): Raw {
  const root = state.stagedRoot ?? state.root;
  if (root !== undefined) return root.raw;
  throw new AppError('not-found', 'expected a TUF repository, found none', { hint: 'make one: plimsoll tuf init' });
}

function checkPlan(role: TopRole, { keyids, threshold }: RoleKeys): void {
  if (threshold >= 1 && threshold <= keyids.length) return;
  throw new AppError('usage', `${role}: expected a threshold from 1 to its ${keyids.length} keys, found ${threshold}`);
}

/** Names become paths on other people's disks. */
function checkName(name: string): string {
  const isGood = name.length <= 255 && name.split('/').every((part) => /^[\w][\w.@+-]*$/.test(part));
  if (isGood) return name;
  throw new AppError('usage', `target: expected a name of letters, digits and . _ @ + - /, found "${name}"`);
}

function hashedPath(name: string, hash: string): string {
  const slash = name.lastIndexOf('/') + 1;
  return `${name.slice(0, slash)}${hash}.${name.slice(slash)}`;
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

function format(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
