/**
 * Credentials of registries: flags, else Kubernetes pull secrets that were named, else the configuration file that was named,
 * else REGISTRY_AUTH_FILE, the Docker configuration file (DOCKER_CONFIG, or in the home folder) and the containers auth file
 * (XDG_RUNTIME_DIR, ~/.config). In each file `credHelpers` come before `credsStore` before `auths`.
 * Not done: cloud vendors' own exchanges (their credential helpers do that).
 */
import { join } from 'node:path';
import {
  AppError,
  DOCKER_HUB,
  isRecord,
  parseJson,
  type Environment,
  type Files,
  type RunProgram,
  type Settings,
} from '../../core/index.ts';
import type { CredentialProviders } from './credential-provider.ts';
import {
  credentialOf,
  hostOfKey,
  loadConfig,
  MAX_CONFIG_BYTES,
  parseAuth,
  type Credential,
  type CredentialScope,
  type DockerConfig,
} from './docker-config.ts';
import { credentialFromPullSecrets, parsePullSecrets, type PullSecret } from './pull-secrets.ts';

export interface CredentialPorts {
  readonly files: Files;
  readonly run: RunProgram;
  readonly environment: Environment;
  readonly home: string;
  readonly settings: Pick<Settings, 'registryConfig' | 'pullSecrets'>;
}

/** What was named for this run; the settings count where nothing was. */
export interface CredentialSources {
  /** Instead of the files where credentials are usually kept. */
  readonly registryConfig?: string;
  /** Files of Kubernetes secrets. */
  readonly pullSecrets?: readonly string[];
  /** Kubernetes secrets that were read already; they come before all else. */
  readonly workloadSecrets?: readonly PullSecret[];
  /** Programs that are asked before the files. */
  readonly providers?: CredentialProviders | undefined;
}

const MAX_HELPER_BYTES = 1024 * 1024;
/** Helpers write this, with exit code 1, when they know nothing; then the registry is asked anonymously. */
export const HELPER_KNOWS_NOTHING = 'credentials not found in native keychain';
/** The key under which `docker login` keeps Docker Hub. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/** The credential for one repository of a registry; undefined means anonymous. */
export async function findCredential(
  ports: CredentialPorts,
  scope: CredentialScope,
  sources: CredentialSources = {},
): Promise<Credential | undefined> {
  const own = credentialFromPullSecrets(sources.workloadSecrets ?? [], scope);
  if (own !== undefined) return own;
  const secrets = sources.pullSecrets ?? ports.settings.pullSecrets;
  for (const path of secrets) {
    const parsed = parsePullSecrets(await ports.files.read(path, MAX_CONFIG_BYTES), path);
    const found = credentialFromPullSecrets(parsed, scope);
    if (found !== undefined) return found;
  }
  const provided = await sources.providers?.find(scope);
  if (provided !== undefined) return provided;
  const named = sources.registryConfig ?? ports.settings.registryConfig;
  for (const path of named === undefined ? configPaths(ports) : [named]) {
    const config = await loadConfig(ports.files, path);
    if (config === undefined && named !== undefined) throw new AppError('not-found', `${path}: no such file`);
    const found = config === undefined ? undefined : await findInConfig(ports, config, { ...scope, path });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where `login` writes, unless a file is named. */
export function dockerConfigPath(ports: Pick<CredentialPorts, 'environment' | 'home' | 'settings'>): string {
  if (ports.settings.registryConfig !== undefined) return ports.settings.registryConfig;
  const folder = ports.environment.DOCKER_CONFIG;
  return join(folder === undefined || folder === '' ? join(ports.home, '.docker') : folder, 'config.json');
}

function configPaths(ports: CredentialPorts): readonly string[] {
  const { REGISTRY_AUTH_FILE: authFile, XDG_RUNTIME_DIR: runtime } = ports.environment;
  return [
    ...(authFile === undefined || authFile === '' ? [] : [authFile]),
    dockerConfigPath(ports),
    ...(runtime === undefined || runtime === '' ? [] : [join(runtime, 'containers/auth.json')]),
    join(ports.home, '.config/containers/auth.json'),
  ];
}

interface Wanted extends CredentialScope {
  readonly path: string;
}

async function findInConfig(
  ports: CredentialPorts,
  config: DockerConfig,
  wanted: Wanted,
): Promise<Credential | undefined> {
  const helper = [...config.helpers].find(([key]) => hostOfKey(key) === wanted.registry)?.[1] ?? config.store;
  // an empty program name means: no helper for this registry
  if (helper !== undefined && helper !== '') {
    const found = await askHelper(ports.run, helper, serverAddress(wanted.registry));
    if (found !== undefined) return found;
  }
  const key = findKey(config.auths, wanted);
  return key === undefined ? undefined : parseAuth(config.auths.get(key), `${wanted.path}: auths: ${key}`);
}

/** The exact host first, else the longest `host/path` that the repository lies in. Keys may be URLs of older clients. */
function findKey(auths: ReadonlyMap<string, unknown>, wanted: Wanted): string | undefined {
  const full = `${wanted.registry}/${wanted.repository}`;
  const paths = [...auths.keys()]
    .filter((key) => !key.includes('://') && key.includes('/') && `${full}/`.startsWith(`${key.replace(/\/$/, '')}/`))
    .sort((a, b) => b.length - a.length);
  if (paths[0] !== undefined) return paths[0];
  if (auths.has(wanted.registry)) return wanted.registry;
  // a key with a path but without a scheme (`host/team`) is for that path alone
  return [...auths.keys()].find(
    (key) => (key.includes('://') || !key.includes('/')) && hostOfKey(key) === wanted.registry,
  );
}

export function serverAddress(registry: string): string {
  return registry === DOCKER_HUB ? DOCKER_HUB_KEY : registry;
}

/** Protocol of docker-credential-helpers: `get` with the server on standard input, JSON out. */
async function askHelper(run: RunProgram, name: string, server: string): Promise<Credential | undefined> {
  const program = helperProgram(name);
  const { code, stdout, stderr } = await run(program, ['get'], { input: server, maxBytes: MAX_HELPER_BYTES });
  if (code !== 0) {
    if (`${stdout}${stderr}`.includes(HELPER_KNOWS_NOTHING)) return undefined;
    throw new AppError('unauthorized', `${program}: ended with code ${code} when asked for ${server}`);
  }
  const answer = parseJson(stdout, { what: `answer of ${program}` });
  if (!isRecord(answer) || typeof answer.Username !== 'string' || typeof answer.Secret !== 'string') {
    throw new AppError('invalid-input', `answer of ${program}: expected Username and Secret`);
  }
  return answer.Username === '' && answer.Secret === '' ? undefined : credentialOf(answer.Username, answer.Secret);
}

/** A name with a path in it would run any program on disk. */
export function helperProgram(name: string): string {
  if (/^[A-Za-z0-9._-]+$/.test(name)) return `docker-credential-${name}`;
  throw new AppError('invalid-input', `expected the plain name of a credential helper, found ${JSON.stringify(name)}`);
}
