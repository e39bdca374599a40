/** What runs in the namespaces of a cluster that admission is asked about: pods that are alike once, and what makes pods; and the policies there. */
import { isRecord, recordsOf } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import {
  asPulled,
  controllerOf,
  createKubeClient,
  findObject,
  isIdle,
  metadataOf,
  openConnection,
  WORKLOAD_KINDS,
} from '../cluster/index.ts';
import type { KubeClient, KubeObject } from '../cluster/index.ts';
import { decodeSelector } from '../policies/index.ts';
import type { LabelSelector } from '../policies/index.ts';
import type { Exception } from './exceptions.ts';
import { readNodePlatforms } from './node-platforms.ts';
import type { PlatformSource } from './node-platforms.ts';
import { readClusterExceptions, readClusterPolicies } from './policy-cluster.ts';
import type { PolicySet } from './policy-source.ts';

export interface ClusterChoice {
  /** Absent in a pod. */
  readonly kubeconfig: string | undefined;
  /** Of the kubeconfig; its current one when absent. */
  readonly context: string | undefined;
  /** Names; those that the webhook is asked about when empty. */
  readonly namespaces: readonly string[];
  readonly all: boolean;
  /** Where the settings of policies are, and what they name. */
  readonly policyNamespace: string;
}

export interface AuditedCluster {
  /** Throws as the API server answers: `unauthorized` where listing is not allowed, `not-found` for a namespace that is not there. */
  listWorkloads(signal: AbortSignal): Promise<Workloads>;
  /** Those in force, with what becomes of an image that none speaks of. */
  readPolicies(signal: AbortSignal): Promise<Pick<PolicySet, 'policies' | 'noMatch'>>;
  /** Throws `unauthorized` where listing them is not allowed. */
  readExceptions(signal: AbortSignal): Promise<readonly Exception[]>;
  /** Of its nodes, as they are now. Throws `unauthorized` where listing them is not allowed. */
  readPlatforms(signal: AbortSignal): Promise<PlatformSource>;
}

export interface Workload {
  /** With the digests that nodes pulled. */
  readonly object: KubeObject;
  /** Pods that are alike. */
  readonly count: number;
}

export interface Workloads {
  readonly workloads: readonly Workload[];
  /** Names of namespaces that were looked at. */
  readonly namespaces: readonly string[];
  /** `webhook` where the installed webhook's selector chose them. */
  readonly chosenBy: 'names' | 'webhook' | 'all';
}

const WEBHOOK = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/plimsoll';
const WEBHOOK_NAME = 'validate.plimsoll.dev';
/** Labels by which controllers tell apart pods that are otherwise alike. */
const OWN_LABELS: ReadonlySet<string> = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'batch.kubernetes.io/job-completion-index',
]);

/** Throws `not-found` outside of a cluster without a kubeconfig. */
export async function openAuditedCluster(ports: Ports, choice: ClusterChoice): Promise<AuditedCluster> {
  const connection = await openConnection(ports, choice.kubeconfig ?? ports.environment.KUBECONFIG, choice.context);
  const client = createKubeClient(ports.http, connection, { namespace: choice.policyNamespace });
  return {
    listWorkloads: async (signal) => await listWorkloads(client, choice, signal),
    readPolicies: async (signal) => await readClusterPolicies(ports, client, signal),
    readExceptions: async (signal) => await readClusterExceptions(ports, client, signal),
    readPlatforms: async (signal) =>
      await readNodePlatforms(createKubeClient(ports.http, connection, { metadataOnly: true }), signal),
  };
}

async function listWorkloads(client: KubeClient, choice: ClusterChoice, signal: AbortSignal): Promise<Workloads> {
  const { namespaces, chosenBy } = await chooseNamespaces(client, choice, signal);
  const known = new Set(namespaces);
  const found = new Map<string, { readonly object: KubeObject; count: number }>();
  for (const { collection, apiVersion, kind } of WORKLOAD_KINDS) {
    for await (const page of client.pages(collection, signal)) {
      for (const item of page) {
        const object = { ...item, apiVersion, kind };
        if (!known.has(namespaceOf(object)) || isIdle(object)) continue;
        const workload = kind === 'Pod' ? asPulled(object) : object;
        const key = kind === 'Pod' ? podKey(workload) : nameKey(object);
        const same = found.get(key);
        if (same === undefined) found.set(key, { object: workload, count: 1 });
        else same.count += 1;
      }
    }
  }
  return { workloads: [...found.values()], namespaces, chosenBy };
}

async function chooseNamespaces(
  client: KubeClient,
  { namespaces: wanted, all }: ClusterChoice,
  signal: AbortSignal,
): Promise<Pick<Workloads, 'namespaces' | 'chosenBy'>> {
  if (wanted.length > 0) {
    for (const name of wanted) await client.get(`/api/v1/namespaces/${encodeURIComponent(name)}`, signal);
    return { namespaces: wanted, chosenBy: 'names' };
  }
  const selector = all ? undefined : await findSelector(client, signal);
  const { items } = await client.list('/api/v1/namespaces', signal);
  const chosen = selector === undefined ? items : items.filter((item) => selector(labelsOf(item)));
  return {
    namespaces: chosen.map((item) => String(metadataOf(item).name)),
    chosenBy: selector === undefined ? 'all' : 'webhook',
  };
}

/** Of the webhook that is installed, if one is. */
async function findSelector(client: KubeClient, signal: AbortSignal): Promise<LabelSelector | undefined> {
  const installed = await findObject(client, WEBHOOK, signal);
  const ours = recordsOf(installed?.webhooks).find(({ name }) => name === WEBHOOK_NAME);
  return ours === undefined ? undefined : decodeSelector(ours.namespaceSelector ?? {}, 'namespaceSelector');
}

function namespaceOf(object: KubeObject): string {
  const { metadata } = object;
  return isRecord(metadata) && typeof metadata.namespace === 'string' ? metadata.namespace : '';
}

function labelsOf({ metadata }: KubeObject): Readonly<Record<string, string>> {
  const labels = isRecord(metadata) && isRecord(metadata.labels) ? metadata.labels : {};
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
}

function nameKey(object: KubeObject): string {
  return [object.kind, namespaceOf(object), metadataOf(object).name].join('\n');
}

/** The same for pods of one controller that run the same and carry the same labels. */
function podKey(pod: KubeObject): string {
  const owner = controllerOf(pod);
  if (owner === undefined) return nameKey(pod);
  const labels = Object.entries(labelsOf(pod)).filter(([name]) => !OWN_LABELS.has(name));
  return JSON.stringify([namespaceOf(pod), owner.uid, labels, imagesOf(pod)]);
}

function imagesOf({ spec }: KubeObject): unknown {
  if (!isRecord(spec)) return spec;
  return ['initContainers', 'containers', 'ephemeralContainers', 'volumes'].map((field) => {
    const entries: unknown = spec[field];
    return Array.isArray(entries) ? entries.map((entry: unknown) => (isRecord(entry) ? entry.image : entry)) : entries;
  });
}
