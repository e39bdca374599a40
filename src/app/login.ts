/** Credentials of registries in Docker's configuration file, where other programs find them too. */
import {
  dockerConfigPath,
  HELPER_KNOWS_NOTHING,
  helperProgram,
  hostOfKey,
  loadConfig,
  openRegistry,
  serverAddress,
  TOKEN_USER,
  type Credential,
} from '../artifacts/index.ts';
import { AppError, parseRegistry, type Ports } from '../core/index.ts';
import type { RepositoryAccess } from './registry.ts';

export interface LoginInput {
  readonly registry: string;
  readonly credential: Credential;
  readonly access?: RepositoryAccess;
}

export interface LoginResult {
  readonly registry: string;
  /** Where the credentials are now: a file, or the name of a helper. */
  readonly stored: string;
}

const MAX_HELPER_BYTES = 64 * 1024;

/** Asks the registry first: wrong credentials are never stored. Throws `unauthorized`. */
export async function login(ports: Ports, input: LoginInput, signal: AbortSignal): Promise<LoginResult> {
  const registry = parseRegistry(input.registry);
  const { credential } = input;
  const { username, secret } = secretOf(credential);
  await openRegistry(ports, registry, { ...input.access, credential }).ping(signal);
  const path = input.access?.registryConfig ?? dockerConfigPath(ports);
  const config = await loadConfig(ports.files, path);
  const helper = config?.helpers.get(registry) ?? config?.store;
  if (helper !== undefined && helper !== '') {
    await storeInHelper(ports, helper, { registry, username, secret });
    return { registry, stored: helperProgram(helper) };
  }
  const isToken = credential.kind === 'identity-token';
  const entry = isToken ? { identitytoken: secret } : { auth: Buffer.from(`${username}:${secret}`).toString('base64') };
  await saveAuths(ports, path, registry, [[serverAddress(registry), entry]]);
  return { registry, stored: path };
}

/** As credential helpers have it. Throws `usage` for what cannot be stored. */
export function secretOf(credential: Credential): { readonly username: string; readonly secret: string } {
  if (credential.kind !== 'password') {
    if (credential.token === '') throw new AppError('usage', 'expected a token');
    return { username: TOKEN_USER, secret: credential.token };
  }
  const { username, password } = credential;
  if (username === '' || password === '') throw new AppError('usage', 'expected a user name and a password');
  if (username.includes(':')) throw new AppError('usage', 'user name: expected no colon');
  return { username, secret: password };
}

/** Gives whether there was anything to forget. */
export async function logout(
  ports: Ports,
  input: { readonly registry: string; readonly registryConfig?: string | undefined },
): Promise<boolean> {
  const registry = parseRegistry(input.registry);
  const path = input.registryConfig ?? dockerConfigPath(ports);
  const config = await loadConfig(ports.files, path);
  if (config === undefined) return false;
  const helper = config.helpers.get(registry) ?? config.store;
  if (helper !== undefined && helper !== '') {
    await eraseInHelper(ports, helper, registry);
  }
  const had = [...config.auths.keys()].some((key) => hostOfKey(key) === registry);
  if (had) await saveAuths(ports, path, registry, []);
  return had || (helper !== undefined && helper !== '');
}

async function eraseInHelper(ports: Ports, helper: string, registry: string): Promise<void> {
  const program = helperProgram(helper);
  const input = serverAddress(registry);
  const { code, stdout, stderr } = await ports.run(program, ['erase'], { input, maxBytes: MAX_HELPER_BYTES });
  // what it does not have, it need not forget
  if (code === 0 || `${stdout}${stderr}`.includes(HELPER_KNOWS_NOTHING)) return;
  throw new AppError('unavailable', `${program}: ended with code ${code} when asked to forget ${registry}`);
}

async function storeInHelper(
  ports: Ports,
  helper: string,
  entry: { readonly registry: string; readonly username: string; readonly secret: string },
): Promise<void> {
  const document = { ServerURL: serverAddress(entry.registry), Username: entry.username, Secret: entry.secret };
  const program = helperProgram(helper);
  const { code } = await ports.run(program, ['store'], { input: JSON.stringify(document), maxBytes: MAX_HELPER_BYTES });
  if (code !== 0)
    throw new AppError('unavailable', `${program}: ended with code ${code} when asked to store credentials`);
}

/** All else in the file stays as it is. Only the owner may read it. */
async function saveAuths(
  ports: Ports,
  path: string,
  registry: string,
  added: readonly (readonly [string, unknown])[],
): Promise<void> {
  const config = await loadConfig(ports.files, path);
  const kept = [...(config?.auths ?? [])].filter(([key]) => hostOfKey(key) !== registry);
  const document = { ...config?.document, auths: Object.fromEntries([...kept, ...added]) };
  await ports.files.writeAtomic(path, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });
}
