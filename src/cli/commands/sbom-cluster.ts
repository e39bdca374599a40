import { createClusterSbom } from '../../app/cluster-sbom.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { readSbomTargets, SBOM_OUTPUT_FLAG, writeSbomTargets } from '../flags/sbom.ts';
import { readManifest } from '../manifest.ts';

export const sbomCluster = defineCommand({
  name: 'sbom cluster',
  group: 'metadata',
  summary: 'list what a cluster is made of: workloads, images, nodes',
  description:
    'From manifests, output of Helm and kustomize, or `kubectl get -o yaml`; with --kubeconfig or --in-cluster also from the API server: ' +
    'nodes, their kubelets and container runtimes, what runs, and the digests that nodes pulled.',
  args: [],
  flags: {
    filename: { kind: 'list', short: 'f', value: 'FILE', description: 'manifests, or - for standard input' },
    kubeconfig: { kind: 'string', value: 'FILE', description: 'ask the API server of its current context' },
    'in-cluster': { kind: 'boolean', description: 'ask the API server of the cluster that this runs in' },
    name: { kind: 'string', value: 'NAME', default: 'cluster', description: 'of the cluster' },
    ...SBOM_OUTPUT_FLAG,
  },
  examples: [
    {
      command: 'helm template shop | plimsoll sbom cluster --name shop -o cyclonedx-json=shop.cdx.json -f -',
      explains: 'what a chart brings into a cluster',
    },
    { command: 'plimsoll sbom cluster --kubeconfig ~/.kube/config', explains: 'what runs' },
  ],
  async run({ flags }, context) {
    const kubeconfig = flags['in-cluster'] ? '' : flags.kubeconfig;
    if (flags.filename.length === 0 && kubeconfig === undefined) {
      throw new AppError('usage', 'expected -f FILE, --kubeconfig FILE or --in-cluster');
    }
    const targets = readSbomTargets(flags.output, 'table');
    const sbom = await createClusterSbom(context.ports, {
      name: flags.name,
      manifests: await Promise.all(flags.filename.map((name) => readManifest(name, context))),
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      signal: context.signal,
    });
    await writeSbomTargets(sbom, targets, context);
    return 0;
  },
});
