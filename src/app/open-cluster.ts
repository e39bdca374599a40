/** The API server of a cluster as the source of policies, of workloads' credentials and of the serving certificate, and where admissions are told of. */
import type { Ports } from '../core/index.ts';
import { createKubeClient, openConnection } from '../cluster/index.ts';
import { createClusterNotes } from './cluster-notes.ts';
import type { ClusterNotes } from './cluster-notes.ts';
import { openClusterTls } from './cluster-tls.ts';
import type { ClusterTls, ClusterTlsOptions } from './cluster-tls.ts';
import { followNodes } from './node-platforms.ts';
import type { PlatformSource } from './node-platforms.ts';
import { followCluster, openClusterPolicies } from './policy-cluster.ts';
import type { ClusterPoliciesOptions } from './policy-cluster.ts';
import type { PolicySource } from './policy-source.ts';
import { createWorkloadSecrets } from './workload-secrets.ts';
import type { WorkloadSecrets } from './workload-secrets.ts';

export interface ClusterOptions {
  /** Absent in a pod. */
  readonly kubeconfig: string | undefined;
  /** Our own namespace; that of the connection when absent. */
  readonly namespace: string | undefined;
}

export interface Cluster {
  /** `noMatch` where the settings in the cluster do not say. */
  /** To be closed last: what else is opened follows the same collections. */
  openPolicies(options: Omit<ClusterPoliciesOptions, 'collections'>): PolicySource;
  openTls(options: Omit<ClusterTlsOptions, 'secrets'>): ClusterTls;
  openNotes(): ClusterNotes;
  openSecrets(): WorkloadSecrets;
  openPlatforms(): PlatformSource;
}

/** Throws `not-found` outside of a cluster without a kubeconfig. An API server that does not answer yet is waited for by what is opened. */
export async function openCluster(ports: Ports, { kubeconfig, namespace }: ClusterOptions): Promise<Cluster> {
  const connection = await openConnection(ports, kubeconfig);
  const client = createKubeClient(ports.http, connection, { namespace });
  const collections = followCluster(ports, client);
  return {
    openPolicies: (options) => openClusterPolicies(ports, client, { ...options, collections }),
    openTls: (options) => openClusterTls(ports, client, { ...options, secrets: collections }),
    openNotes: () => createClusterNotes(ports, client),
    openSecrets: () => createWorkloadSecrets(ports, client),
    openPlatforms: () => followNodes(ports, createKubeClient(ports.http, connection, { metadataOnly: true })),
  };
}
