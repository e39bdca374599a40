/** Everything that an installation applies, in the order in which it can be applied. The one source of the chart and the kustomization. */
import { listAccess } from './access.ts';
import { listCustomResources } from './custom-resources.ts';
import { LABELS } from './options.ts';
import type { InstallOptions, Manifest } from './options.ts';
import { listSecondLine } from './second-line.ts';
import { listWebhooks } from './webhooks.ts';
import { listWorkload } from './workload.ts';

/** The webhooks come last: from then on nothing starts in judged namespaces until the server answers. */
export function listManifests(options: InstallOptions): readonly Manifest[] {
  return [
    namespaceOf(options),
    ...listCustomResources(),
    ...listAccess(options),
    ...listWorkload(options),
    ...listSecondLine(options),
    ...listWebhooks(options),
  ];
}

function namespaceOf({ namespace }: InstallOptions): Manifest {
  const restricted = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']);
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { ...LABELS, ...(Object.fromEntries(restricted) as Manifest) } },
  };
}
