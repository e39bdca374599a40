/**
 * When the API server asks us. Fail closed: no answer is a no. What the cluster itself starts with is never asked about, so that after a
 * full stop our own pods, and those of the exempt namespaces, start without us.
 */
import { EXCEPTION_GROUP } from './custom-resources.ts';
import { LABELS, NAME } from './options.ts';
import type { InstallOptions, Manifest } from './options.ts';

const OPERATIONS = ['CREATE', 'UPDATE'];

/** All that holds a pod spec, and the subresource by which a running pod gets another container. */
const RULES: readonly Manifest[] = [
  rule('', ['pods', 'pods/ephemeralcontainers', 'replicationcontrollers', 'podtemplates']),
  rule('apps', ['deployments', 'replicasets', 'statefulsets', 'daemonsets']),
  rule('batch', ['jobs', 'cronjobs']),
];

function rule(group: string, resources: readonly string[]): Manifest {
  return { apiGroups: [group], apiVersions: ['v1'], operations: OPERATIONS, resources, scope: '*' };
}

export function listWebhooks(options: InstallOptions): readonly Manifest[] {
  const metadata = { name: NAME, labels: LABELS };
  const workloads = { namespaceSelector: namespaceSelector(options), rules: RULES };
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata,
      // once more if another webhook changes an image after us
      webhooks: [{ ...webhook('mutate', options), ...workloads, reinvocationPolicy: 'IfNeeded' }],
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata,
      webhooks: [
        { ...webhook('validate', options), ...workloads },
        {
          ...webhook('policies', options),
          rules: [
            {
              apiGroups: ['policy.sigstore.dev'],
              apiVersions: ['*'],
              operations: OPERATIONS,
              resources: ['clusterimagepolicies'],
              scope: 'Cluster',
            },
          ],
          // one that cannot be used denies what it speaks of anyway; without us it must be possible to mend it
          failurePolicy: 'Ignore',
        },
        {
          ...webhook('exceptions', options),
          rules: [
            {
              apiGroups: [EXCEPTION_GROUP],
              apiVersions: ['*'],
              operations: OPERATIONS,
              resources: ['admissionexceptions'],
              scope: 'Namespaced',
            },
          ],
        },
      ],
    },
  ];
}

function webhook(path: string, { namespace, timeoutSeconds }: InstallOptions): Manifest {
  return {
    name: `${path}.plimsoll.dev`,
    clientConfig: { service: { name: NAME, namespace, path: `/${path}`, port: 443 } },
    admissionReviewVersions: ['v1'],
    // reports and events are written, and not for a dry run
    sideEffects: 'NoneOnDryRun',
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    timeoutSeconds,
  };
}

/** Of namespaces whose objects are judged. */
export function namespaceSelector({ namespaces, exempt }: InstallOptions): Manifest {
  const chosen = {
    'opt-in': { key: 'policy.sigstore.dev/include', operator: 'In', values: ['true'] },
    'opt-out': { key: 'policy.sigstore.dev/exclude', operator: 'NotIn', values: ['true'] },
  };
  return {
    matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: exempt }, chosen[namespaces]],
  };
}
