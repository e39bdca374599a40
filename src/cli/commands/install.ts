import { formatManifests, planInstallation } from '../../app/install.ts';
import { defineCommand } from '../command.ts';

export const install = defineCommand({
  name: 'install',
  group: 'server',
  summary: 'print what is applied to a cluster to have its admissions judged',
  description:
    'Custom resources, the server with three replicas, the little that it may do, the webhooks, and a ValidatingAdmissionPolicy as second ' +
    'line of defence. The same objects as of the Helm chart and the kustomization in deploy/. Namespaces are judged if labelled ' +
    'policy.sigstore.dev/include=true, or with --namespaces opt-out unless labelled policy.sigstore.dev/exclude=true.',
  args: [],
  flags: {
    image: { kind: 'string', value: 'REF', required: true, description: 'image of this program, best by digest' },
    namespace: { kind: 'string', value: 'NAME', default: 'plimsoll-system', description: 'where the server runs' },
    replicas: { kind: 'number', default: 3, value: 'N', description: 'servers behind the Service' },
    namespaces: {
      kind: 'choice',
      choices: ['opt-in', 'opt-out'],
      default: 'opt-in',
      description: 'which namespaces are judged: labelled ones, or all but labelled ones',
    },
    exempt: {
      kind: 'list',
      value: 'NAME',
      description: 'further namespaces that are never judged, besides our own and kube-system',
    },
    registry: {
      kind: 'list',
      value: 'HOST',
      description: 'registries that pods may run images of, for the second line of defence; all when absent',
    },
    platforms: {
      kind: 'string',
      value: 'nodes|LIST|any',
      default: 'any',
      description: 'images of an index that policies look at, as of serve',
    },
    'accept-platform-proofs': { kind: 'boolean', description: 'proofs of each of these let an index in, as of serve' },
    'webhook-timeout': { kind: 'number', default: 10, value: 'SECONDS', description: 'wait for a verdict' },
  },
  examples: [
    {
      command: 'plimsoll install --image registry.example/plimsoll:1.0 | kubectl apply --server-side -f -',
      explains: 'into the cluster that kubectl speaks to',
    },
    {
      command:
        'plimsoll install --image registry.example/plimsoll:1.0 --namespaces opt-out --registry registry.example',
      explains: 'judging all namespaces, with images of one registry only',
    },
  ],
  async run({ flags }, { output }) {
    const manifests = planInstallation({
      namespace: flags.namespace,
      image: flags.image,
      replicas: flags.replicas,
      namespaces: flags.namespaces === 'opt-out' ? 'opt-out' : 'opt-in',
      exempt: ['kube-system', ...flags.exempt],
      registries: flags.registry,
      platforms: flags.platforms,
      acceptPlatformProofs: flags['accept-platform-proofs'],
      timeoutSeconds: flags['webhook-timeout'],
    });
    output.result({ apiVersion: 'v1', kind: 'List', items: manifests }, formatManifests(manifests));
    return 0;
  },
});
