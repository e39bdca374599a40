/**
 * Where the API server is and who we are there: a kubeconfig file, or what a pod finds in its own file system
 * (kubernetes.io "Accessing the API from within a Pod"). Not done, and refused by name: `auth-provider` of users.
 */
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { AppError, arrayOf, boolean, object, optional, record, string } from '../../core/index.ts';
import type { Environment, Files, HttpTls, RunProgram } from '../../core/index.ts';
import { createExecAuthorization, decodeExec } from './exec-credential.ts';
import type { ExecPlugin } from './exec-credential.ts';

export interface Connection {
  /** Without a slash at its end. */
  readonly url: string;
  readonly tls: HttpTls;
  /** The namespace that is meant where none is named. */
  readonly namespace: string;
  /** Asked for each request: tokens of pods change while they run. */
  authorization(): Promise<string | undefined>;
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const MAX_BYTES = 1024 * 1024;
/** Milliseconds for which a token's file is not read again; the kubelet writes a new one long before the old one ends. */
const TOKEN_REUSE_MS = 60_000;

interface Sources {
  readonly files: Files;
  readonly environment: Environment;
  readonly clock: () => Date;
  readonly run: RunProgram;
}

/** By the kubeconfig's current context when none is named. Throws `not-found` outside a cluster when no kubeconfig is named. */
export async function openConnection(
  sources: Sources,
  kubeconfig: string | undefined,
  context?: string,
): Promise<Connection> {
  if (kubeconfig !== undefined) return await readKubeconfig(sources, kubeconfig, context);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = sources.environment;
  if (host === undefined || port === undefined) {
    throw new AppError('not-found', 'expected to run in a cluster (KUBERNETES_SERVICE_HOST), found no API server', {
      hint: 'name one with --kubeconfig FILE',
    });
  }
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tls: { ca: await readText(sources, `${ACCOUNT}/ca.crt`) },
    namespace: (await readText(sources, `${ACCOUNT}/namespace`)).trim(),
    authorization: tokenOf(sources, `${ACCOUNT}/token`),
  };
}

const decodeCluster = object({
  server: string,
  'certificate-authority': optional(string),
  'certificate-authority-data': optional(string),
  'insecure-skip-tls-verify': optional(boolean),
});
const decodeUser = object({
  token: optional(string),
  tokenFile: optional(string),
  'client-certificate': optional(string),
  'client-certificate-data': optional(string),
  'client-key': optional(string),
  'client-key-data': optional(string),
  exec: optional(decodeExec),
  'auth-provider': optional(record),
});
const decodeConfig = object({
  'current-context': optional(string),
  contexts: arrayOf(
    object({ name: string, context: object({ cluster: string, user: string, namespace: optional(string) }) }),
  ),
  clusters: arrayOf(object({ name: string, cluster: decodeCluster })),
  users: arrayOf(object({ name: string, user: decodeUser })),
});

async function readKubeconfig(sources: Sources, path: string, chosen: string | undefined): Promise<Connection> {
  const config = decodeConfig(parseYaml(await readText(sources, path), path), path);
  const { context } = named(config.contexts, chosen ?? config['current-context'] ?? '', `${path}.contexts`);
  const { cluster } = named(config.clusters, context.cluster, `${path}.clusters`);
  const { user } = named(config.users, context.user, `${path}.users`);
  if (user['auth-provider'] !== undefined)
    throw new AppError(
      'invalid-input',
      `${path}: user ${context.user}: auth-provider is not supported; name a token, a certificate or exec`,
    );
  // as kubectl has it: relative to the folder of the kubeconfig
  const beside = (file: string) => resolve(dirname(path), file);
  const pem = async (data: string | undefined, file: string | undefined) =>
    data !== undefined
      ? Buffer.from(data, 'base64').toString()
      : file === undefined
        ? undefined
        : await readText(sources, beside(file));
  const ca = await pem(cluster['certificate-authority-data'], cluster['certificate-authority']);
  const certificate = await pem(user['client-certificate-data'], user['client-certificate']);
  const key = await pem(user['client-key-data'], user['client-key']);
  return {
    url: cluster.server.replace(/\/+$/, ''),
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { certificate }),
      ...(key === undefined ? {} : { key }),
      ...(cluster['insecure-skip-tls-verify'] === true ? { skipVerify: true } : {}),
    },
    namespace: context.namespace ?? 'default',
    authorization: authorizationOf(
      sources,
      { ...user, tokenFile: user.tokenFile === undefined ? undefined : beside(user.tokenFile) },
      { cluster, kubeconfig: path },
    ),
  };
}

/** Of several ways the first, as kubectl takes them. */
function authorizationOf(
  sources: Sources,
  { token, tokenFile, exec }: ReturnType<typeof decodeUser>,
  place: Pick<ExecPlugin, 'cluster' | 'kubeconfig'>,
): Connection['authorization'] {
  if (token !== undefined) return async () => `Bearer ${token}`;
  if (tokenFile !== undefined) return tokenOf(sources, tokenFile);
  if (exec !== undefined) return createExecAuthorization(sources, { ...place, exec });
  return async () => undefined;
}

function named<T extends { readonly name: string }>(entries: readonly T[], name: string, where: string): T {
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new AppError('invalid-input', `${where}: expected an entry "${name}", found none`);
  return entry;
}

function tokenOf(sources: Sources, path: string): () => Promise<string> {
  let kept: { readonly value: string; readonly since: number } | undefined;
  return async () => {
    const now = sources.clock().getTime();
    if (kept === undefined || now - kept.since > TOKEN_REUSE_MS)
      kept = { value: `Bearer ${(await readText(sources, path)).trim()}`, since: now };
    return kept.value;
  };
}

async function readText({ files }: Sources, path: string): Promise<string> {
  return new TextDecoder().decode(await files.read(path, MAX_BYTES));
}

function parseYaml(text: string, where: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch (cause) {
    // what stands there may be a secret: it is not repeated
    throw new AppError('invalid-input', `${where}: expected a kubeconfig, found no YAML`, { cause });
  }
}
