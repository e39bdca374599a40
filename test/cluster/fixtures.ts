/** What the cluster tests admit: images in a registry of ours, one signed; pods; webhooks. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeLayout, PLIMSOLL, type Bench, type Server } from '../interop/support.ts';

type Json = Readonly<Record<string, unknown>>;

export interface Images {
  readonly registry: Server;
  /** By tag. */
  readonly signed: string;
  readonly unsigned: string;
  /** Of the signed one. */
  readonly digest: string;
  /** A ClusterImagePolicy that demands the key of all that lies in the registry. */
  policy(name: string): Json;
}

export async function createImages(bench: Bench): Promise<Images> {
  const registry = await bench.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--dir', 'registry']);
  const address = new URL(registry.ready['url'] ?? '').host;
  const [signed, unsigned] = [`${address}/team/signed:v1`, `${address}/team/unsigned:v1`];
  const made = await makeLayout(join(bench.folder, 'layout-signed'), signed);
  await makeLayout(join(bench.folder, 'layout-unsigned'), unsigned);
  await bench.run([PLIMSOLL, 'push', 'layout-signed', signed]);
  await bench.run([PLIMSOLL, 'push', 'layout-unsigned', unsigned]);
  await bench.run([PLIMSOLL, 'generate-key-pair', '--output-key-prefix', 'team']);
  await bench.run([PLIMSOLL, 'sign', '--key', 'team.key', signed]);
  const data = await readFile(join(bench.folder, 'team.pub'), 'utf8');
  const policy = (name: string): Json => ({
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name },
    spec: { images: [{ glob: `${address}/**` }], authorities: [{ name: 'team', key: { data } }] },
  });
  return { registry, signed, unsigned, digest: made.digest, policy };
}

export function pod(name: string, image: string, namespace = 'shop'): Json {
  const spec = { containers: [{ name: 'main', image }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec };
}

/** Both webhooks, at an address instead of a Service: there is no network of pods. */
export function webhooks(url: string, caBundle: string): readonly Json[] {
  const webhook = (mode: 'mutate' | 'validate'): Json => ({
    name: `${mode}.plimsoll.dev`,
    clientConfig: { url: `${url}/${mode}`, caBundle },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] }],
    namespaceSelector: { matchLabels: { 'policy.sigstore.dev/include': 'true' } },
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    timeoutSeconds: 10,
  });
  return (['mutate', 'validate'] as const).map((mode) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: mode === 'mutate' ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration',
    metadata: { name: 'plimsoll' },
    webhooks: [webhook(mode)],
  }));
}
