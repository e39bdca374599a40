/**
 * Our own installation in the control plane: what `plimsoll install` prints, applied, and servers beside the cluster instead of pods in it
 * (there is no kubelet). The webhooks name an address instead of the Service; all else is as printed, the service account and its rights too.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { createBench, PLIMSOLL, type Bench, type Server } from '../interop/support.ts';
import { createControlPlane, writeKubeconfig, type ControlPlane } from './control-plane.ts';
import { createImages, type Images } from './fixtures.ts';

export type Json = Readonly<Record<string, unknown>>;

export const NAMESPACE = 'plimsoll-system';
const IMAGE = 'registry.example/plimsoll:1';

export function parseYaml(text: string): readonly Json[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Json);
}

export async function printInstallation(bench: Bench, ...flags: readonly string[]): Promise<readonly Json[]> {
  const { stdout } = await bench.run([PLIMSOLL, 'install', '--image', IMAGE, ...flags]);
  return parseYaml(stdout);
}

const WEBHOOKS = /^(?:Mutating|Validating)WebhookConfiguration$/;

/** All but the webhooks, which wait until somebody answers. Gives the kubeconfig of the service account. */
export async function installAllButWebhooks(bench: Bench, plane: ControlPlane): Promise<string> {
  const manifests = (await printInstallation(bench)).filter(({ kind }) => !WEBHOOKS.test(String(kind)));
  await plane.kubectl('apply --server-side -f -', manifests);
  for (const name of [
    'clusterimagepolicies.policy.sigstore.dev',
    'trustroots.policy.sigstore.dev',
    'admissionexceptions.plimsoll.dev',
  ])
    await plane.kubectl(`wait --for=condition=Established crd/${name}`);
  const token = (await plane.kubectl(`create token plimsoll -n ${NAMESPACE}`)).stdout.trim();
  const path = join(bench.folder, 'server.kubeconfig');
  await writeKubeconfig(path, { url: plane.url, caFile: plane.caFile, token, namespace: NAMESPACE });
  return path;
}

/** At the address of a server whose certificate is believed from its file, or written there by the servers themselves. */
export async function installWebhooks(
  bench: Bench,
  plane: ControlPlane,
  at: Server | string,
  ...flags: readonly string[]
): Promise<void> {
  const url = typeof at === 'string' ? at : (at.ready['url'] ?? '');
  const caBundle = typeof at === 'string' ? undefined : (await readFile(at.ready['caFile'] ?? '')).toString('base64');
  const manifests = (await printInstallation(bench, ...flags)).filter(({ kind }) => WEBHOOKS.test(String(kind)));
  await plane.kubectl(
    'apply --server-side -f -',
    manifests.map((one) => atAddress(one, url, caBundle)),
  );
}

interface Webhook {
  readonly clientConfig: { readonly service: { readonly path: string } };
}

function atAddress(configuration: Json, url: string, caBundle: string | undefined): Json {
  const webhooks = (configuration['webhooks'] as readonly Webhook[]).map((webhook) => ({
    ...webhook,
    clientConfig: { url: url + webhook.clientConfig.service.path, ...(caBundle === undefined ? {} : { caBundle }) },
  }));
  return { ...configuration, webhooks };
}

export async function serveCluster(bench: Bench, kubeconfig: string, ...flags: readonly string[]): Promise<Server> {
  const listen = flags.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
  return await bench.serve(['serve', '--cluster', '--kubeconfig', kubeconfig, ...listen, ...flags]);
}

/** What a server of ours answers at a path, over TLS that is not checked: probes do not check it either. */
export async function probe(server: Server, path: string): Promise<{ readonly status: number; readonly text: string }> {
  const { request } = await import('node:https');
  return await new Promise((resolve, reject) => {
    const asking = request(`${server.ready['url']}${path}`, { rejectUnauthorized: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asking.on('error', reject);
    asking.end();
  });
}

/** Waits until it holds; gives the milliseconds that took. */
export async function until(condition: () => Promise<boolean>, limit = 15_000): Promise<number> {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > limit) throw new Error(`not within ${limit} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - start;
}

export interface Cluster {
  readonly bench: Bench;
  readonly plane: ControlPlane;
  readonly images: Images;
  readonly kubeconfig: string;
  /** The one server, until somebody stops it. */
  server: Server;
  stop(): Promise<void>;
}

/** A control plane with one server of ours, a policy for all images of the registry, and a namespace `shop` that is judged. */
export async function startCluster(...flags: readonly string[]): Promise<Cluster> {
  const bench = await createBench();
  const plane = await createControlPlane(bench);
  const images = await createImages(bench);
  const kubeconfig = await installAllButWebhooks(bench, plane);
  await plane.kubectl('apply -f -', images.policy('signed-by-the-team'));
  const server = await serveCluster(bench, kubeconfig);
  await until(async () => (await probe(server, '/readyz')).status === 200);
  await installWebhooks(bench, plane, server, ...flags);
  await plane.kubectl('create namespace shop');
  await plane.kubectl('label namespace shop policy.sigstore.dev/include=true');
  const cluster: Cluster = {
    bench,
    plane,
    images,
    kubeconfig,
    server,
    stop: async () => {
      await cluster.server.stop();
      await images.registry.stop();
      await plane.stop();
      await bench.stop();
    },
  };
  return cluster;
}
