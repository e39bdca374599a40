/**
 * With what a workload's images are pulled, as a node would find it: the secrets that its pod names and those of its service account,
 * of its own namespace. One that is not there is passed over, as nodes do; one that we may not read, too, with a warning.
 */
import { readPullSecret } from '../artifacts/index.ts';
import type { PullSecret } from '../artifacts/index.ts';
import { AppError, isRecord, toAppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import type { KubeClient, KubeObject, PullNames } from '../cluster/index.ts';

export interface Workload extends PullNames {
  readonly namespace: string;
}

export interface WorkloadSecrets {
  /** Throws `unavailable` when the API server does not answer, `invalid-input` for a secret that is broken. */
  ofWorkload(workload: Workload): Promise<readonly PullSecret[]>;
  /** As above, of these names alone. */
  named(namespace: string, names: readonly string[]): Promise<readonly PullSecret[]>;
}

/** Milliseconds for which one is not read again. */
const REUSE_MS = 30_000;
/** Kept at the same time: one per namespace is usual. */
const MAX_KEPT = 1000;
/** Milliseconds for one, of which two may come after each other; API servers of the field answer most within one second. */
const DEADLINE_MS = 1_500;

/** Names of objects (Kubernetes, "Object Names and IDs"). A pod may say anything here, and a path must lead nowhere else. */
const NAME = /^[a-z\d](?:[-a-z\d.]{0,251}[a-z\d])?$/;

export function createWorkloadSecrets({ clock, log }: Ports, client: KubeClient): WorkloadSecrets {
  const kept = new Map<string, { readonly found: Promise<KubeObject | undefined>; readonly until: number }>();
  const read = async (path: string): Promise<KubeObject | undefined> => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    try {
      return await client.get(path, signal);
    } catch (error) {
      if (signal.aborted)
        throw new AppError(
          'unavailable',
          `API server: ${path}: expected an answer within ${DEADLINE_MS} ms, found none`,
        );
      const { kind, message } = toAppError(error);
      if (kind === 'unauthorized') log.warn('pull-secret-not-read', { message });
      else if (kind !== 'not-found') throw error;
      return undefined;
    }
  };
  const find = async (namespace: string, plural: string, name: string): Promise<KubeObject | undefined> => {
    // there is none of such a name
    if (!NAME.test(name) || !NAME.test(namespace)) return undefined;
    const path = `/api/v1/namespaces/${namespace}/${plural}/${name}`;
    const now = clock().getTime();
    const known = kept.get(path);
    if (known !== undefined && now < known.until) return await known.found;
    const found = read(path);
    kept.delete(path);
    kept.set(path, { found, until: now + REUSE_MS });
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break;
      kept.delete(oldest);
    }
    found.catch(() => kept.delete(path));
    return await found;
  };
  const named = async (namespace: string, names: readonly string[]): Promise<readonly PullSecret[]> => {
    const secrets = await Promise.all(
      [...new Set(names)].map(async (name) => {
        const secret = await find(namespace, 'secrets', name);
        return secret === undefined ? undefined : parseSecret(secret, `secret ${namespace}/${name}`);
      }),
    );
    return secrets.filter((secret) => secret !== undefined);
  };
  return {
    named,
    ofWorkload: async ({ namespace, secrets, serviceAccount }) => {
      const account = await find(namespace, 'serviceaccounts', serviceAccount);
      return await named(namespace, [...secrets, ...secretsOf(account)]);
    },
  };
}

function secretsOf(account: KubeObject | undefined): readonly string[] {
  const entries: unknown = account?.imagePullSecrets;
  return (Array.isArray(entries) ? (entries as readonly unknown[]) : []).flatMap((entry) =>
    isRecord(entry) && typeof entry.name === 'string' && entry.name !== '' ? [entry.name] : [],
  );
}

/** Whoever makes pods may not read secrets: nothing of one gets into a message. */
function parseSecret(secret: KubeObject, what: string): PullSecret | undefined {
  try {
    return readPullSecret({ ...secret, kind: 'Secret' }, what);
  } catch {
    throw new AppError('invalid-input', `${what}: expected credentials of registries (kubernetes.io/dockerconfigjson)`);
  }
}
