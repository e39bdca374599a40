/** What an operator does with an embedded registry besides serving it: garbage, users, tokens, and proving its audit log. */
import {
  changeHtpasswd,
  collectGarbage,
  hashPassword,
  hashToken,
  parseHtpasswd,
  verifyAuditLog,
  type AuditVerification,
  type GarbageReport,
} from '../artifacts/index.ts';
import { AppError, type Ports } from '../core/index.ts';
import { registryFolder } from './serve-registry.ts';

export interface CleanRegistryInput {
  /** Folder that keeps everything; `registry` in the data folder when absent. */
  readonly folder?: string | undefined;
  readonly graceMinutes: number;
  readonly untagged: boolean;
  readonly dryRun: boolean;
}

export interface CleanedRegistry extends GarbageReport {
  readonly folder: string;
}

/** Throws `not-found` when there is no registry. */
export async function cleanRegistry(
  ports: Ports,
  input: CleanRegistryInput,
  signal: AbortSignal,
): Promise<CleanedRegistry> {
  const folder = registryFolder(ports, input.folder);
  if ((await ports.files.stat(folder))?.kind !== 'directory')
    throw new AppError('not-found', `${folder}: expected a registry's folder, found none`);
  const { untagged, dryRun } = input;
  const graceMs = input.graceMinutes * 60_000;
  const report = await collectGarbage(ports.files, folder, { graceMs, untagged, dryRun, clock: ports.clock, signal });
  return { folder, ...report };
}

const MAX_HTPASSWD_BYTES = 1024 * 1024;

/** Adds a user to an htpasswd file or changes the password; without a password, removes the user. Throws `not-found` for nobody to remove. */
export async function setRegistryUser(
  ports: Ports,
  input: { readonly file: string; readonly name: string; readonly password: string | undefined },
): Promise<void> {
  const { file, name, password } = input;
  if (!/^[^\s:#][^\s:]{0,254}$/.test(name))
    throw new AppError('usage', `user: expected a name without spaces and colons, found ${JSON.stringify(name)}`);
  const isThere = (await ports.files.stat(file)) !== undefined;
  const text = isThere ? new TextDecoder().decode(await ports.files.read(file, MAX_HTPASSWD_BYTES)) : '';
  if (!parseHtpasswd(text, file).has(name) && password === undefined)
    throw new AppError('not-found', `${file}: no user ${name}`);
  const hash = password === undefined ? undefined : await hashPassword(password);
  await ports.files.writeAtomic(file, changeHtpasswd(text, name, hash), { mode: 0o600 });
}

/** A new static token; only its digest goes into the rules. */
export function createRegistryToken(ports: Ports): { readonly token: string; readonly sha256: string } {
  const token = Buffer.from(ports.random(32)).toString('base64url');
  return { token, sha256: hashToken(token) };
}

/** Throws `not-found` when the file is not there. */
export async function checkRegistryAudit(ports: Ports, file: string): Promise<AuditVerification> {
  return await verifyAuditLog(ports.files.stream(file), file);
}
