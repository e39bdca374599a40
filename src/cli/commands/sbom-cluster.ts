import { createClusterSbom } from '../../app/cluster-sbom.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { readSbomTargets, SBOM_OUTPUT_FLAG, writeSbomTargets } from '../flags/sbom.ts';
import { readManifests } from '../manifest.ts';

export const sbomCluster = defineCommand({
  name: 'sbom cluster',
  group: 'metadata',
  summary: 'list what a cluster is made of: workloads, images, nodes',
  description:
    'From manifests, output of Helm and kustomize, or `kubectl get -o yaml`; with --cluster or --kubeconfig also from the API server: ' +
    'nodes, their kubelets and container runtimes, what runs, and the digests that nodes pulled.',
  args: [],
  flags: {
    filename: {
      kind: 'list',
      short: 'f',
      value: 'FILE',
      description: 'manifest, folder of manifests, or - for standard input',
    },
    cluster: {
      kind: 'boolean',
      description: 'what runs in the cluster of the kubeconfig (KUBECONFIG), or around this pod',
    },
    kubeconfig: { kind: 'string', value: 'FILE', description: 'how to reach the API server; implies --cluster' },
    context: { kind: 'string', value: 'NAME', description: 'of the kubeconfig, instead of its current one' },
    name: { kind: 'string', value: 'NAME', default: 'cluster', description: 'of the cluster' },
    ...SBOM_OUTPUT_FLAG,
  },
  examples: [
    {
      command: 'helm template shop | plimsoll sbom cluster --name shop -o cyclonedx-json=shop.cdx.json -f -',
      explains: 'what a chart brings into a cluster',
    },
    { command: 'plimsoll sbom cluster --cluster --name production', explains: 'what runs' },
  ],
  async run({ flags }, context) {
    const { kubeconfig, context: name } = flags;
    const isLive = flags.cluster || kubeconfig !== undefined;
    if (flags.filename.length === 0 && !isLive) {
      throw new AppError('usage', 'expected -f FILE, or --cluster or --kubeconfig FILE');
    }
    if (name !== undefined && !isLive) {
      throw new AppError('usage', '--context: expected --cluster or --kubeconfig FILE beside it');
    }
    const targets = readSbomTargets(flags.output, 'table');
    const sbom = await createClusterSbom(context.ports, {
      name: flags.name,
      manifests: await readManifests(flags.filename, context),
      ...(isLive ? { live: { kubeconfig, context: name } } : {}),
      signal: context.signal,
    });
    await writeSbomTargets(sbom, targets, context);
    return 0;
  },
});
