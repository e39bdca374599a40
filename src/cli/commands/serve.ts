import { join } from 'node:path';
import { POLICY_TRUST_FLAG } from '../flags/trust.ts';
import { AppError } from '../../core/index.ts';
import { openAdmissionService } from '../../app/admission-service.ts';
import { defaultGraphPath, openOrCreateGraph } from '../../app/open-graph.ts';
import { ensureServingTls, loadServingTls } from '../../app/serving-tls.ts';
import type { ServingTls } from '../../app/serving-tls.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../command.ts';

export const serve = defineCommand({
  name: 'serve',
  group: 'server',
  summary: 'run the admission server: validating and mutating webhooks over HTTPS',
  description:
    'Answers admission.k8s.io/v1 reviews at /validate and /mutate, and keeps SBOMs, attestations, findings and verdicts in the ' +
    'evidence graph. Policies are read again when their files change; a policy that cannot be compiled denies everything until it ' +
    'is mended. /healthz, /readyz and /metrics are served too; /v1/status, /v1/affected/ID and /v1/verdicts only on a loopback address.',
  args: [],
  flags: {
    policy: { kind: 'list', value: 'PATH', description: 'policy file, or folder of policy files' },
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
    host: {
      kind: 'list',
      value: 'NAME',
      description: 'further names or addresses that a self-made certificate is good for',
    },
    'no-match': {
      kind: 'choice',
      choices: ['deny', 'warn', 'allow'],
      default: 'deny',
      description: 'verdict for an image that no policy speaks of',
    },
    ...POLICY_TRUST_FLAG,
    graph: { kind: 'string', value: 'FILE', description: 'evidence graph; default graph.sqlite in the data folder' },
  },
  examples: [
    { command: 'plimsoll serve --policy policies/', explains: 'on loopback with a self-made certificate' },
    {
      command: 'plimsoll serve --policy /etc/plimsoll --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key',
      explains: 'in a cluster, with a given certificate',
    },
  ],
  async run({ flags }, context) {
    if (flags.policy.length === 0) throw new AppError('usage', 'expected at least one --policy PATH');
    const { ports } = context;
    const address = parseAddress(flags.listen);
    const tls = await openTls(context, flags, address.host);
    const graph = await openOrCreateGraph(ports, flags.graph ?? defaultGraphPath(ports));
    const service = await openAdmissionService(ports, {
      policyPaths: flags.policy,
      noMatch: flags['no-match'] as 'deny' | 'warn' | 'allow',
      graph,
    });
    const handler = await context.createHandler(service, { servesPrivate: isLoopback(address.host) });
    const server = await ports.serve(handler, { ...address, tls: { certificate: tls.certificate, key: tls.key } });
    context.output.result(
      { url: server.url, caFile: tls.caFile },
      `listening on ${server.url}\nCA bundle: ${tls.caFile}`,
    );
    await aborted(context.signal);
    await server.close();
    await service.close();
    return 0;
  },
});

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
  const hosts = [...new Set(['localhost', '127.0.0.1', ...(isAnyAddress(host) ? [] : [host]), ...flags.host])];
  return await ensureServingTls(context.ports, join(context.ports.settings.dataDir, 'serving'), hosts);
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

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
