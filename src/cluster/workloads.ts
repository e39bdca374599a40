/** What runs in a cluster, as the API server stores it: pods with the images that nodes did pull, and the controllers that make them. */
import { findDigest, isRecord, recordsOf } from '../core/index.ts';
import type { Collection, KubeObject } from './api/client.ts';

export interface WorkloadKind {
  readonly collection: Collection;
  readonly apiVersion: string;
  readonly kind: string;
}

/** Objects that hold a pod spec from which something runs now or will. */
export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  kindOf('v1', 'Pod', 'pods'),
  kindOf('v1', 'ReplicationController', 'replicationcontrollers'),
  kindOf('apps/v1', 'Deployment', 'deployments'),
  kindOf('apps/v1', 'ReplicaSet', 'replicasets'),
  kindOf('apps/v1', 'StatefulSet', 'statefulsets'),
  kindOf('apps/v1', 'DaemonSet', 'daemonsets'),
  kindOf('batch/v1', 'Job', 'jobs'),
  kindOf('batch/v1', 'CronJob', 'cronjobs'),
];

function kindOf(apiVersion: string, kind: string, plural: string): WorkloadKind {
  return { collection: `/${apiVersion === 'v1' ? 'api' : 'apis'}/${apiVersion}/${plural}`, apiVersion, kind };
}

/** True for what nothing runs from any more: pods that ended, and objects that another controller makes, which is judged itself. */
export function isIdle({ kind, metadata, spec, status }: KubeObject): boolean {
  if (kind === 'Pod') return isRecord(status) && (status.phase === 'Succeeded' || status.phase === 'Failed');
  if (controllerOf({ metadata }) !== undefined) return true;
  return kind !== 'CronJob' && isRecord(spec) && (spec.replicas === 0 || spec.suspend === true);
}

/** The owner that is the controller. */
export function controllerOf({ metadata }: KubeObject): KubeObject | undefined {
  const owners: unknown = isRecord(metadata) ? metadata.ownerReferences : undefined;
  return recordsOf(owners).find(({ controller }) => controller === true);
}

/** Fields of the spec, and of the status which says what they became. */
const CONTAINERS = [
  ['containers', 'containerStatuses'],
  ['initContainers', 'initContainerStatuses'],
  ['ephemeralContainers', 'ephemeralContainerStatuses'],
] as const;

/**
 * A pod whose containers name the digest that the node pulled, where its status tells it: a tag may have moved since. An `imageID` without
 * the name of a repository is the digest of a configuration, by which no registry finds anything; the image stays as written then.
 */
export function asPulled(pod: KubeObject): KubeObject {
  const { spec, status } = pod;
  if (!isRecord(spec) || !isRecord(status)) return pod;
  const pulled = { ...spec };
  for (const [field, statuses] of CONTAINERS) {
    const containers: unknown = spec[field];
    const known = recordsOf(status[statuses]);
    if (!Array.isArray(containers)) continue;
    pulled[field] = containers.map((container: unknown) => {
      if (!isRecord(container)) return container;
      const digest = digestOf(container, known);
      return digest === undefined ? container : { ...container, image: `${String(container.image)}@${digest}` };
    });
  }
  return { ...pod, spec: pulled };
}

/** By an image as pods write it, without a digest, what nodes pulled for it. */
export function listPulled({
  spec,
  status,
}: KubeObject): readonly { readonly image: string; readonly digest: string }[] {
  if (!isRecord(spec) || !isRecord(status)) return [];
  return CONTAINERS.flatMap(([field, statuses]) =>
    recordsOf(spec[field]).flatMap((container) => {
      const digest = digestOf(container, recordsOf(status[statuses]));
      return digest === undefined ? [] : [{ image: String(container.image), digest }];
    }),
  );
}

function digestOf({ name, image }: KubeObject, known: readonly KubeObject[]): string | undefined {
  if (typeof image !== 'string' || image.includes('@')) return undefined;
  return pulledDigest(known.find((status) => status.name === name)?.imageID);
}

/** `docker-pullable://registry.example/app@sha256:...`; other runtimes leave out the scheme. */
function pulledDigest(imageId: unknown): string | undefined {
  const [, digest = ''] = typeof imageId === 'string' ? (/^.+@(.+)$/.exec(imageId) ?? []) : [];
  return findDigest(digest);
}
