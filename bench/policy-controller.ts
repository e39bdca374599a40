/**
 * Sigstore's policy-controller as released, with a policy of ours, beside an API server that holds nothing but what it wants to read there.
 * It listens on its port 8443 on every address, so it runs best where there is no network: `unshare -n`.
 */
import { spawn } from 'node:child_process';
import { request } from 'node:https';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createControlPlane } from '../test/cluster/control-plane.ts';
import { createBench, peer } from '../test/interop/support.ts';

const NAMESPACE = 'cosign-system';
const GROUP = 'policy.sigstore.dev';
const READY_MS = 60_000;

export interface PolicyController {
  /** Without the path: `/validations` judges, `/mutations` pins. */
  readonly url: string;
  /** Of the program alone. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** `spec` as of a ClusterImagePolicy; `namespace` is where reviewed pods are to live. */
export async function startPolicyController(spec: unknown, namespace: string): Promise<PolicyController> {
  const bench = await createBench();
  const plane = await createControlPlane(bench);
  await plane.kubectl('create -f -', [...definitions(), ...settings(), namespaceOf(namespace)]);
  for (const plural of ['clusterimagepolicies', 'trustroots'])
    await plane.kubectl(`wait --for=condition=Established crd/${plural}.${GROUP}`);
  const policy = { apiVersion: `${GROUP}/v1alpha1`, kind: 'ClusterImagePolicy', metadata: { name: 'bench' }, spec };
  await plane.kubectl('create -f -', policy);
  const environment = {
    PATH: process.env['PATH'],
    HOME: bench.folder,
    KUBECONFIG: plane.kubeconfig,
    SYSTEM_NAMESPACE: NAMESPACE,
    CONFIG_LOGGING_NAME: 'config-logging',
    METRICS_DOMAIN: 'sigstore.dev/policy',
    WEBHOOK_NAME: 'webhook',
    KUBERNETES_MIN_VERSION: '1.21.0',
  };
  const [program = '', ...args] = peer('PEER_POLICY_CONTROLLER')('--disable-tuf');
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(bench.folder, 'policy-controller.log'));
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('close', resolve));
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await ended;
    await plane.stop();
    await bench.stop();
  };
  const isRead = async () => {
    const { stdout } = await plane.kubectl(
      `get configmap config-image-policies -n ${NAMESPACE} -o jsonpath={.data.bench}`,
    );
    return stdout !== '' && (await isReady('https://127.0.0.1:8443'));
  };
  for (const until = Date.now() + READY_MS; !(await isRead()); await sleep(200)) {
    if (Date.now() < until && child.exitCode === null) continue;
    if (process.env['BENCH_KEEP'] === undefined) await stop();
    throw new Error(`policy-controller is not ready: ${bench.folder}`);
  }
  return { url: 'https://127.0.0.1:8443', pid: child.pid, stop };
}

/** It answers probes by this header alone. */
function isReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { 'k-kubelet-probe': 'webhook' };
    const asked = request(url, { headers, rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('error', () => resolve(false)).end();
  });
}

/** As its own, without a conversion between versions, for which the API server would ask it by a Service. */
function definitions(): readonly unknown[] {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const version = { name: 'v1alpha1', served: true, storage: true, subresources: { status: {} }, schema };
  const kinds = [
    ['ClusterImagePolicy', 'clusterimagepolicies'],
    ['TrustRoot', 'trustroots'],
  ] as const;
  return kinds.map(([kind, plural]) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: { group: GROUP, scope: 'Cluster', names: { kind, plural }, versions: [version] },
  }));
}

function settings(): readonly unknown[] {
  const names = ['image-policies', 'logging', 'observability', 'leader-election', 'sigstore-keys', 'policy-controller'];
  const metadata = (name: string) => ({ name, namespace: NAMESPACE });
  return [
    namespaceOf(NAMESPACE),
    ...names.map((name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(`config-${name}`), data: {} })),
    { apiVersion: 'v1', kind: 'Secret', metadata: metadata('webhook-certs') },
  ];
}

function namespaceOf(name: string): unknown {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}
