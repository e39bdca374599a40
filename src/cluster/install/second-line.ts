/**
 * A ValidatingAdmissionPolicy, judged by the API server itself: pods run images by digest, and from known registries only. It holds where
 * the webhooks were taken away or their answer was changed.
 */
import { LABELS, NAME } from './options.ts';
import type { InstallOptions, Manifest } from './options.ts';
import { namespaceSelector } from './webhooks.ts';

const IMAGES = [
  'object.spec.containers.map(c, c.image)',
  'object.spec.?initContainers.orValue([]).map(c, c.image)',
  'object.spec.?ephemeralContainers.orValue([]).map(c, c.image)',
  'object.spec.?volumes.orValue([]).filter(v, has(v.image)).map(v, v.image.reference)',
].join(' + ');

export function listSecondLine(options: InstallOptions): readonly Manifest[] {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const metadata = { name: NAME, labels: LABELS };
  const rules = {
    apiGroups: [''],
    apiVersions: ['v1'],
    operations: ['CREATE', 'UPDATE'],
    resources: ['pods', 'pods/ephemeralcontainers'],
  };
  return [
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [rules] },
        variables: [
          { name: 'images', expression: IMAGES },
          { name: 'registries', expression: options.registries },
        ],
        validations: [
          {
            expression: String.raw`variables.images.all(i, i.matches('@sha256:[0-9a-f]{64}$'))`,
            messageExpression: String.raw`'expected images by digest, found ' + variables.images.filter(i, !i.matches('@sha256:[0-9a-f]{64}$')).join(', ')`,
            reason: 'Forbidden',
          },
          {
            expression:
              "size(variables.registries) == 0 || variables.images.all(i, variables.registries.exists(r, i.startsWith(r + '/')))",
            message: 'expected images of the registries that this cluster runs images from',
            reason: 'Forbidden',
          },
        ],
      },
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: {
        policyName: NAME,
        validationActions: ['Deny'],
        matchResources: { namespaceSelector: namespaceSelector(options) },
      },
    },
  ];
}
