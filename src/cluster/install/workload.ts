/** The server's pods, under the restricted profile of the Pod Security Standards, and what keeps some of them running. */
import { LABELS, NAME, PORT, SELECTOR, TLS_SECRET } from './options.ts';
import type { InstallOptions, Manifest } from './options.ts';

/** Seconds for which a pod that is told to end still answers: until every node has heard that it is no endpoint any more. */
const DRAIN_SECONDS = 5;
const GRACE_SECONDS = 45;
const DATA = '/var/lib/plimsoll';

export function listWorkload(options: InstallOptions): readonly Manifest[] {
  const { namespace, replicas } = options;
  const metadata = { name: NAME, namespace, labels: LABELS };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: SELECTOR, ports: [{ name: 'https', port: 443, targetPort: 'https', protocol: 'TCP' }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas,
        selector: { matchLabels: SELECTOR },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: { metadata: { labels: LABELS }, spec: podSpec(options) },
      },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata,
      spec: { maxUnavailable: 1, selector: { matchLabels: SELECTOR } },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: {
        podSelector: { matchLabels: SELECTOR },
        policyTypes: ['Ingress', 'Egress'],
        // API servers, probes and scrapers come from addresses that differ between clusters
        ingress: [{ ports: [{ port: PORT, protocol: 'TCP' }] }],
        egress: [
          { ports: [53, 443, 5000, 6443].map((port) => ({ port, protocol: 'TCP' })) },
          { ports: [{ port: 53, protocol: 'UDP' }] },
        ],
      },
    },
  ];
}

function podSpec({ namespace, image, platforms, acceptPlatformProofs }: InstallOptions): Manifest {
  return {
    serviceAccountName: NAME,
    // evicted last: without it nothing new starts
    priorityClassName: 'system-cluster-critical',
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: SELECTOR },
    })),
    containers: [
      {
        name: NAME,
        image,
        args: [
          'serve',
          '--cluster',
          `--listen=0.0.0.0:${PORT}`,
          `--tls-secret=${TLS_SECRET}`,
          `--host=${NAME}.${namespace}.svc`,
          `--drain=${DRAIN_SECONDS}`,
          `--platforms=${platforms}`,
          `--accept-platform-proofs=${acceptPlatformProofs}`,
          '--verbose',
        ],
        env: [
          { name: 'PLIMSOLL_DATA_DIR', value: `${DATA}/data` },
          { name: 'PLIMSOLL_CACHE_DIR', value: `${DATA}/cache` },
          { name: 'HOME', value: DATA },
        ],
        ports: [{ name: 'https', containerPort: PORT, protocol: 'TCP' }],
        livenessProbe: probe('/healthz'),
        readinessProbe: { ...probe('/readyz'), periodSeconds: 2 },
        resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'data', mountPath: DATA }],
      },
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  };
}

function probe(path: string): Manifest {
  return { httpGet: { path, port: 'https', scheme: 'HTTPS' }, timeoutSeconds: 5 };
}
