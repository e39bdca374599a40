/** The condition `Ready` of a policy or a TrustRoot: whether it is used as it stands, and if not, why. */
import { isRecord } from '../core/index.ts';
import { metadataOf } from '../cluster/index.ts';
import type { KubeClient, KubeObject } from '../cluster/index.ts';

export interface Status {
  readonly collection: string;
  readonly document: KubeObject;
  /** Undefined when it is used. */
  readonly fault: string | undefined;
  /** What is to be said of one that is used. */
  readonly note?: string | undefined;
}

export interface StatusWriter {
  /** False when it is too early to write it again: it is to be tried after `STATUS_PAUSE_MS`. */
  write(status: Status, signal: AbortSignal): Promise<boolean>;
}

/** Milliseconds between two writes of one status: replicas that disagree, since one reaches less, must not answer each other. */
export const STATUS_PAUSE_MS = 5000;
/** As meta/v1 Condition limits it. */
const MAX_MESSAGE = 32_768;

/** Nothing is written where it stands already: all replicas say the same, and a change of a status is a change, too. */
export function createStatusWriter(client: KubeClient, clock: () => Date): StatusWriter {
  const written = new Map<string, { readonly generation: unknown; readonly at: number }>();
  return {
    write: async ({ collection, document, fault, note = '' }, signal) => {
      const { name, generation } = metadataOf(document);
      const condition = {
        type: 'Ready',
        status: fault === undefined ? 'True' : 'False',
        reason: fault === undefined ? 'Used' : 'NotUsable',
        message: (fault ?? note).slice(0, MAX_MESSAGE),
        observedGeneration: generation,
      };
      const path = `${collection}/${String(name)}/status`;
      const now = clock();
      const last = written.get(path);
      const isTooSoon =
        last !== undefined && last.generation === generation && now.getTime() - last.at < STATUS_PAUSE_MS;
      if (isSaid(document, condition)) return true;
      if (isTooSoon) return false;
      written.set(path, { generation, at: now.getTime() });
      const [, group, version] = /^\/apis\/([^/]+)\/([^/]+)\//.exec(collection) ?? [];
      const kind = collection.endsWith('/trustroots') ? 'TrustRoot' : 'ClusterImagePolicy';
      const lastTransitionTime = now.toISOString().replace(/\.\d+Z$/, 'Z');
      const status = { conditions: [{ ...condition, lastTransitionTime }] };
      await client.apply(path, { apiVersion: `${group}/${version}`, kind, metadata: { name }, status }, signal);
      return true;
    },
  };
}

function isSaid({ status }: KubeObject, condition: KubeObject): boolean {
  const conditions: unknown = isRecord(status) ? status.conditions : undefined;
  if (!Array.isArray(conditions)) return false;
  return conditions.some(
    (entry) => isRecord(entry) && Object.entries(condition).every(([key, value]) => entry[key] === value),
  );
}
