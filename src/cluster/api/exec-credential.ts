/**
 * Tokens from a program that a kubeconfig names (client-go credential plugins, client.authentication.k8s.io/v1 and v1beta1), as cloud
 * services' own configurations do. Not done: client certificates from programs, and programs that ask people.
 */
import { dirname, resolve } from 'node:path';
import { AppError, arrayOf, boolean, decodeJson, object, oneOf, optional, string } from '../../core/index.ts';
import type { RunProgram } from '../../core/index.ts';

const VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'] as const;

export const decodeExec = object({
  apiVersion: oneOf(...VERSIONS),
  command: string,
  args: optional(arrayOf(string)),
  env: optional(arrayOf(object({ name: string, value: string }))),
  installHint: optional(string),
  provideClusterInfo: optional(boolean),
  interactiveMode: optional(oneOf('Never', 'IfAvailable', 'Always')),
});

const decodeCredential = object({
  apiVersion: oneOf(...VERSIONS),
  kind: oneOf('ExecCredential'),
  status: object({ token: optional(string), expirationTimestamp: optional(string) }),
});

export interface ExecSources {
  readonly run: RunProgram;
  readonly clock: () => Date;
}

export interface ExecPlugin {
  readonly exec: ReturnType<typeof decodeExec>;
  /** Of the API server, as the program is told where it asks for it. */
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly kubeconfig: string;
}

const MAX_BYTES = 1024 * 1024;
/** Milliseconds for one run: it may ask a cloud service. */
const DEADLINE_MS = 30_000;
/** Milliseconds before its end in which a token is not used any more. */
const MARGIN_MS = 30_000;
/** Milliseconds for which a token without an end is used. */
const REUSE_MS = 10 * 60_000;

/** Gives the Authorization header; the program runs again when the token ends. Throws `unauthorized` when it gives none. */
export function createExecAuthorization(sources: ExecSources, plugin: ExecPlugin): () => Promise<string> {
  if (plugin.exec.interactiveMode === 'Always')
    throw new AppError(
      'invalid-input',
      `${plugin.kubeconfig}: exec: expected a program that asks nobody, found interactiveMode Always`,
    );
  let kept: Token | undefined;
  let running: Promise<Token> | undefined;
  return async () => {
    if (kept !== undefined && sources.clock().getTime() < kept.until) return kept.header;
    // whoever asks meanwhile waits for the same run
    running ??= fetchToken(sources, plugin).finally(() => (running = undefined));
    kept = await running;
    return kept.header;
  };
}

interface Token {
  readonly header: string;
  /** Milliseconds of the epoch. */
  readonly until: number;
}

async function fetchToken({ run, clock }: ExecSources, { exec, cluster, kubeconfig }: ExecPlugin): Promise<Token> {
  const { apiVersion, command, args = [], env = [], installHint, provideClusterInfo = false } = exec;
  const what = `${kubeconfig}: exec: ${command}`;
  const spec = { interactive: false, ...(provideClusterInfo ? { cluster } : {}) };
  const told = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec });
  const environment = {
    ...Object.fromEntries(env.map(({ name, value }) => [name, value])),
    KUBERNETES_EXEC_INFO: told,
  };
  // a name is looked for on the path, a path is meant from where the kubeconfig lies
  const program = command.includes('/') ? resolve(dirname(kubeconfig), command) : command;
  const hint = installHint === undefined ? {} : { hint: installHint };
  const limits = { maxBytes: MAX_BYTES, signal: AbortSignal.timeout(DEADLINE_MS) };
  const { code, stdout, stderr } = await run(program, args, { ...limits, environment });
  if (code !== 0)
    throw new AppError('unauthorized', `${what}: ended with code ${code}: ${stderr.trim().slice(0, 500)}`, hint);
  const { status, apiVersion: answered } = decodeJson(stdout, decodeCredential, { what });
  const { token, expirationTimestamp } = status;
  if (answered !== apiVersion || token === undefined || token === '')
    throw new AppError('unauthorized', `${what}: expected a token of ${apiVersion}, found none`, hint);
  const ends = expirationTimestamp === undefined ? undefined : Date.parse(expirationTimestamp) - MARGIN_MS;
  if (Number.isNaN(ends)) throw new AppError('invalid-input', `${what}: expirationTimestamp: expected a time`);
  return { header: `Bearer ${token}`, until: ends ?? clock().getTime() + REUSE_MS };
}
