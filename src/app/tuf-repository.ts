/** Keeps a TUF repository in a folder: changes staged, signed by several key holders one after the other, published, checked as a client would. */
import { basename } from 'node:path';
import { AppError, type Ports } from '../core/index.ts';
import {
  describeKey,
  formatPublicKey,
  missingSignatures,
  openPublicKey,
  openSigningKey,
  TufFolder,
  updateTuf,
  type AskPassword,
  type Plan,
  type PublicKey,
  type RepositoryState,
  type RoleState,
  type Signatures,
  type TopRole,
} from '../trust/index.ts';
import { openTufSource } from './tuf-source.ts';

/** Trust material has some kilobytes; clients here take no more than this. */
const MAX_TARGET_BYTES = 16 * 1024 * 1024;
const MAX_ROOT_BYTES = 512_000;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface RoleInput {
  /** Names of public keys. */
  readonly keys: readonly string[];
  readonly threshold: number;
  readonly days: number;
}

/** What waits for signatures. */
export interface Staged {
  readonly folder: string;
  readonly signatures: readonly Signatures[];
  readonly canPublish: boolean;
}

export async function initRepository(
  ports: Ports,
  folder: string,
  roles: Readonly<Record<TopRole, RoleInput>>,
): Promise<Staged> {
  const role = async (name: TopRole) => ({ ...roles[name], keys: await openKeys(ports, roles[name].keys, name) });
  const plan: Plan = {
    root: await role('root'),
    targets: await role('targets'),
    snapshot: await role('snapshot'),
    timestamp: await role('timestamp'),
  };
  const repository = new TufFolder(ports.files, folder);
  await repository.init(plan, ports.clock());
  return await describe(repository);
}

export interface TargetsInput {
  /** Paths; each becomes a target named like the file. */
  readonly files: readonly string[];
  /** For a single file. */
  readonly name?: string | undefined;
  readonly remove: readonly string[];
}

export async function changeTargets(ports: Ports, folder: string, input: TargetsInput): Promise<Staged> {
  const { files, name, remove } = input;
  if (files.length + remove.length === 0)
    throw new AppError('usage', 'expected files to add or names to remove, found neither');
  if (name !== undefined && files.length !== 1)
    throw new AppError('usage', `--name: expected one file, found ${files.length}`);
  const add = await Promise.all(
    files.map(async (path) => ({
      name: name ?? basename(path),
      content: await ports.files.read(path, MAX_TARGET_BYTES),
    })),
  );
  const repository = new TufFolder(ports.files, folder);
  await repository.change(add, remove, ports.clock());
  return await describe(repository);
}

export async function signRepository(ports: Ports, folder: string, key: string, ask: AskPassword): Promise<Staged> {
  const repository = new TufFolder(ports.files, folder);
  await repository.sign(await openSigningKey(ports, key, ask));
  return await describe(repository);
}

export interface RotateInput {
  readonly role: TopRole;
  /** Names of public keys. */
  readonly add: readonly string[];
  /** Names of public keys, or key ids as the root has them. */
  readonly remove: readonly string[];
  readonly threshold?: number | undefined;
}

export async function rotateKeys(ports: Ports, folder: string, input: RotateInput): Promise<Staged> {
  const { role, threshold } = input;
  const add = await Promise.all(input.add.map(async (name) => await openPublicKey(ports, name)));
  const remove = await Promise.all(
    input.remove.map(async (name) => (KEY_ID.test(name) ? name : keyIdOf(await openPublicKey(ports, name)))),
  );
  const repository = new TufFolder(ports.files, folder);
  await repository.rotate({ role, add, remove, threshold }, ports.clock());
  return await describe(repository);
}

export interface Published {
  readonly folder: string;
  readonly roles: readonly RoleState[];
}

/** `keys` sign snapshot and timestamp. With nothing staged these two alone are made anew. */
export async function publishRepository(
  ports: Ports,
  folder: string,
  keys: readonly string[],
  ask: AskPassword,
): Promise<Published> {
  const opened = [];
  for (const name of keys) opened.push(await openSigningKey(ports, name, ask));
  const state = await new TufFolder(ports.files, folder).publish(opened, ports.clock());
  return { folder, roles: rolesOf(state) };
}

export interface CheckInput {
  /** A folder, a mirror's URL or `file://`. */
  readonly repository: string;
  /** Path of the root metadata that clients have; the repository's first when absent. */
  readonly root?: string | undefined;
  /** What expires sooner is a fault. */
  readonly withinDays: number;
}

export interface CheckReport {
  readonly repository: string;
  readonly roles: readonly (RoleState & { readonly isDue: boolean })[];
  readonly targets: readonly { readonly name: string; readonly size: number }[];
  /** Of a folder: what is staged and not yet published. */
  readonly staged: readonly Signatures[];
}

/** Throws `untrusted-root` where a client would refuse the repository. */
export async function checkRepository(ports: Ports, input: CheckInput, signal?: AbortSignal): Promise<CheckReport> {
  const { repository, root, withinDays } = input;
  const source = openTufSource(ports, repository);
  const at = ports.clock();
  const trusted =
    root === undefined
      ? await source('1.root.json', MAX_ROOT_BYTES, signal)
      : await ports.files.read(root, MAX_ROOT_BYTES);
  if (trusted === undefined)
    throw new AppError('not-found', `${repository}: expected 1.root.json, found nothing`, { hint: 'give --root FILE' });
  const found = await updateTuf({ trusted, source, at, ...(signal === undefined ? {} : { signal }) });
  const targets = [];
  for (const name of found.targets) targets.push({ name, size: (await found.findTarget(name))?.length ?? 0 });
  const limit = at.getTime() + withinDays * DAY_MS;
  const roles = found.roles().map((role) => ({ ...role, isDue: role.expires.getTime() <= limit }));
  const staged = /^https?:|^file:/.test(repository)
    ? []
    : missingSignatures(await new TufFolder(ports.files, repository).read());
  return { repository, roles, targets, staged };
}

const KEY_ID = /^[0-9a-f]{64}$/;

async function openKeys(ports: Ports, names: readonly string[], role: TopRole): Promise<readonly PublicKey[]> {
  if (names.length === 0) throw new AppError('usage', `--${role}-key: expected at least one public key, found none`);
  return await Promise.all(names.map(async (name) => await openPublicKey(ports, name)));
}

function keyIdOf(key: PublicKey): string {
  return describeKey(key, formatPublicKey(key)).keyid;
}

async function describe(repository: TufFolder): Promise<Staged> {
  const signatures = missingSignatures(await repository.read());
  const canPublish = signatures.every(({ signed, threshold }) => signed.length >= threshold);
  return { folder: repository.folder, signatures, canPublish };
}

function rolesOf({ root, targets, snapshot, timestamp }: RepositoryState): readonly RoleState[] {
  return Object.entries({ root, targets, snapshot, timestamp }).flatMap(([role, metadata]) =>
    metadata === undefined
      ? []
      : [{ role, version: metadata.content.version, expires: new Date(metadata.content.expires) }],
  );
}
