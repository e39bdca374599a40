import { join } from 'node:path';
import { INDEX_FLAGS, openPlatforms } from '../flags/platform.ts';
import { POLICY_TRUST_FLAG } from '../flags/trust.ts';
import { AppError, toAppError } from '../../core/index.ts';
import type { Ports } from '../../core/index.ts';
import { openAdmissionService } from '../../app/admission-service.ts';
import { defaultGraphPath, openOrCreateGraph } from '../../app/open-graph.ts';
import type { ClusterTls } from '../../app/cluster-tls.ts';
import type { Cluster } from '../../app/open-cluster.ts';
import { openPolicyFolder } from '../../app/policy-folder.ts';
import { keepMaterial } from '../../app/policy-material.ts';
import type { KeptMaterial } from '../../app/policy-material.ts';
import type { NoMatch, PolicySource } from '../../app/policy-source.ts';
import { rehearse } from '../../app/rehearse.ts';
import { openCredentialProviders } from '../../app/registry.ts';
import type { CredentialProviders } from '../../app/registry.ts';
import { ensureServingTls, loadServingTls } from '../../app/serving-tls.ts';
import type { ServingTls } from '../../app/serving-tls.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../command.ts';

/** The API server waits for no review longer: all that runs when we are told to end is answered. */
const GRACE_MS = 30_000;

export const serve = defineCommand({
  name: 'serve',
  group: 'server',
  summary: 'run the admission server: validating and mutating webhooks over HTTPS',
  description:
    'Answers admission.k8s.io/v1 reviews at /validate and /mutate, and keeps SBOMs, attestations, findings and verdicts in the ' +
    'evidence graph. Policies are read again when their files change; a file that cannot be compiled denies everything until it ' +
    'is mended. With --cluster they are ClusterImagePolicies of the API server, in force as soon as they change; one that cannot be ' +
    'compiled denies the images that it speaks of. /healthz, /readyz and /metrics are served too; /v1/status, /v1/affected/ID and /v1/verdicts only on a loopback address.',
  args: [],
  flags: {
    policy: { kind: 'list', value: 'PATH', description: 'policy file, or folder of policy files' },
    cluster: {
      kind: 'boolean',
      description: 'policies of the API server of the cluster, followed as they change, instead of files',
    },
    kubeconfig: {
      kind: 'string',
      value: 'FILE',
      description: 'how to reach the API server from outside of the cluster; with --cluster',
    },
    namespace: {
      kind: 'string',
      value: 'NAME',
      description: 'namespace of our own settings; that of the service account or of the kubeconfig when absent',
    },
    listen: {
      kind: 'string',
      value: 'HOST:PORT',
      default: '127.0.0.1:8443',
      description: 'address to listen on; port 0 takes any free one',
    },
    'tls-cert': {
      kind: 'string',
      value: 'FILE',
      description: 'serving certificate (PEM); without it one is made and kept in the data folder',
    },
    'tls-key': { kind: 'string', value: 'FILE', description: 'its key (PEM)' },
    'tls-secret': {
      kind: 'string',
      value: 'NAME',
      description:
        'Secret with the serving certificate of all replicas, with --cluster: made and renewed there if it is empty, and its authority ' +
        'written into the webhook configurations; followed only if somebody else fills it',
    },
    drain: {
      kind: 'number',
      default: 0,
      value: 'SECONDS',
      description: 'how long to answer on, not ready, after being told to end',
    },
    host: {
      kind: 'list',
      value: 'NAME',
      description: 'further names or addresses that a self-made certificate is good for',
    },
    'no-match': {
      kind: 'choice',
      choices: ['deny', 'warn', 'allow'],
      default: 'deny',
      description: 'verdict for an image that no policy speaks of, unless the settings in the cluster say otherwise',
    },
    ...INDEX_FLAGS,
    ...POLICY_TRUST_FLAG,
    'image-credential-provider-config': {
      kind: 'string',
      value: 'FILE',
      description: 'credential providers as the kubelet has them, asked after the pull secrets of workloads',
    },
    'image-credential-provider-bin-dir': { kind: 'string', value: 'DIR', description: 'where their programs are' },
    graph: { kind: 'string', value: 'FILE', description: 'evidence graph; default graph.sqlite in the data folder' },
  },
  examples: [
    { command: 'plimsoll serve --policy policies/', explains: 'on loopback with a self-made certificate' },
    {
      command: 'plimsoll serve --cluster --listen 0.0.0.0:8443 --host plimsoll.plimsoll-system.svc',
      explains: 'in a cluster, with the policies of its API server',
    },
    {
      command: 'plimsoll serve --policy /etc/plimsoll --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key',
      explains: 'with a given certificate',
    },
  ],
  async run({ flags }, context) {
    const { ports } = context;
    const address = parseAddress(flags.listen);
    const cluster = await openClusterIfWanted(ports, flags);
    const material = keepMaterial(ports);
    const policies = await openPolicies(ports, flags, { cluster, material });
    const tls = await openTls(context, flags, address.host);
    const graphPath = flags.graph ?? defaultGraphPath(ports);
    const graph = await openOrCreateGraph(ports, graphPath);
    const [notes, secrets] = [cluster?.openNotes(), cluster?.openSecrets()];
    const providers = await openProviders(ports, flags);
    const platforms = await openPlatforms(flags.platforms, cluster && (() => cluster.openPlatforms()));
    const access = { secrets, providers, platforms, acceptsPlatformProofs: flags['accept-platform-proofs'] };
    const service = openAdmissionService(ports, { policies, material, graph, graphPath, notes, ...access });
    let rotating: ClusterTls | undefined;
    let isDraining = false;
    const handler = await context.createHandler(service, {
      servesPrivate: isLoopback(address.host),
      fault: () => rotating?.fault ?? platforms.fault,
      isDraining: () => isDraining,
    });
    // one that fails makes the first review slow, and nothing else
    await rehearse(ports).catch((error: unknown) =>
      ports.log.warn('not-rehearsed', { message: toAppError(error).message }),
    );
    const server = await ports.serve(handler, { ...address, tls, graceMs: GRACE_MS });
    const { 'tls-secret': secret } = flags;
    if (cluster !== undefined && secret !== undefined)
      rotating = cluster.openTls({
        secret,
        hosts: hostsOf(flags.host, address.host),
        onRenew: (renewed) => server.renew(renewed),
      });
    context.output.result(
      { url: server.url, caFile: tls.caFile },
      `listening on ${server.url}\nCA bundle: ${tls.caFile}`,
    );
    await aborted(context.signal);
    // not ready at once, and still answering whoever has not heard of it
    isDraining = true;
    await sleep(flags.drain * 1000);
    await server.close();
    await rotating?.close();
    await platforms.close();
    await service.close();
    return 0;
  },
});

interface SourceFlags {
  readonly policy: readonly string[];
  readonly cluster: boolean;
  readonly kubeconfig: string | undefined;
  readonly namespace: string | undefined;
  readonly 'no-match': string;
  readonly 'tls-secret': string | undefined;
}

async function openClusterIfWanted(ports: Ports, flags: SourceFlags): Promise<Cluster | undefined> {
  const { policy, cluster, kubeconfig, namespace } = flags;
  if (cluster !== (policy.length === 0)) throw new AppError('usage', 'expected either --policy PATH or --cluster');
  if (cluster) return await (await import('../../app/open-cluster.ts')).openCluster(ports, { kubeconfig, namespace });
  for (const name of ['kubeconfig', 'namespace', 'tls-secret'] as const)
    if (flags[name] !== undefined) throw new AppError('usage', `--${name}: expected --cluster beside it`);
  return undefined;
}

async function openPolicies(
  ports: Ports,
  flags: SourceFlags,
  { cluster, material }: { readonly cluster: Cluster | undefined; readonly material: KeptMaterial },
): Promise<PolicySource> {
  const noMatch = flags['no-match'] as NoMatch;
  return cluster === undefined
    ? await openPolicyFolder(ports, { paths: flags.policy, noMatch, material })
    : cluster.openPolicies({ noMatch, material });
}

interface ProviderFlags {
  readonly 'image-credential-provider-config': string | undefined;
  readonly 'image-credential-provider-bin-dir': string | undefined;
}

async function openProviders(ports: Ports, flags: ProviderFlags): Promise<CredentialProviders | undefined> {
  const { 'image-credential-provider-config': config, 'image-credential-provider-bin-dir': binDir } = flags;
  if (config === undefined && binDir === undefined) return undefined;
  if (config !== undefined && binDir !== undefined) return await openCredentialProviders(ports, { config, binDir });
  throw new AppError(
    'usage',
    'expected both --image-credential-provider-config and --image-credential-provider-bin-dir, or neither',
  );
}

async function openTls(
  context: Context,
  flags: {
    readonly 'tls-cert': string | undefined;
    readonly 'tls-key': string | undefined;
    readonly host: readonly string[];
  },
  host: string,
): Promise<ServingTls> {
  const { 'tls-cert': certificate, 'tls-key': key } = flags;
  if (certificate !== undefined && key !== undefined) return await loadServingTls(context.ports, { certificate, key });
  if (certificate !== undefined || key !== undefined)
    throw new AppError('usage', 'expected both --tls-cert and --tls-key, or neither');
  return await ensureServingTls(
    context.ports,
    join(context.ports.settings.dataDir, 'serving'),
    hostsOf(flags.host, host),
  );
}

function hostsOf(named: readonly string[], listening: string): readonly string[] {
  return [...new Set(['localhost', '127.0.0.1', ...(isAnyAddress(listening) ? [] : [listening]), ...named])];
}

function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new AppError('usage', `--listen: expected HOST:PORT, found "${text}"`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
