/**
 * Custom resources: ClusterImagePolicy and TrustRoot under the group and names of policy-controller, whose users keep their objects, and
 * our AdmissionException.
 */
import { anyObject, choice, fields, flag, listOf, text } from './schema.ts';
import type { Schema } from './schema.ts';

type Json = Readonly<Record<string, unknown>>;

export const EXCEPTION_GROUP = 'plimsoll.dev';

const secretRef = fields({ name: text, namespace: text });
const key = fields({ data: text, hashAlgorithm: text, kms: text, secretRef });
const policy = fields({
  type: text,
  data: text,
  configMapRef: fields({ name: text, namespace: text, key: text }),
  remote: fields({ url: text, sha256sum: text }),
  fetchConfigFile: flag,
  includeSpec: flag,
  includeObjectMeta: flag,
  includeTypeMeta: flag,
});
const identity = fields({ issuer: text, issuerRegExp: text, subject: text, subjectRegExp: text });
const authority = fields({
  name: text,
  key,
  keyless: fields({
    url: text,
    'ca-cert': key,
    identities: listOf(identity),
    trustRootRef: text,
    insecureIgnoreSCT: flag,
  }),
  static: fields({ action: choice('pass', 'fail'), message: text }, ['action']),
  source: listOf(fields({ oci: text, tagPrefix: text, signaturePullSecrets: listOf(fields({ name: text })) })),
  ctlog: fields({ url: text, trustRootRef: text }),
  rfc3161timestamp: fields({ trustRootRef: text }),
  signatureFormat: text,
  attestations: listOf(fields({ name: text, predicateType: text, policy }, ['name', 'predicateType'])),
});
const requirement = fields({ key: text, operator: text, values: listOf(text) });
const match = fields({
  group: text,
  version: text,
  resource: text,
  selector: fields({ matchLabels: anyObject, matchExpressions: listOf(requirement) }),
});
const imagePolicy = fields(
  {
    images: listOf(fields({ glob: text }, ['glob']), { minItems: 1 }),
    match: listOf(match),
    authorities: listOf(authority),
    mode: choice('enforce', 'warn'),
    policy,
  },
  ['images'],
);

const certificateAuthority = fields({
  subject: fields({ organization: text, commonName: text }),
  uri: text,
  certChain: text,
});
const log = fields({ baseURL: text, hashAlgorithm: text, publicKey: text });
const trustRoot = fields({
  remote: fields({ root: text, mirror: text, targets: text, trustedRootTarget: text }),
  repository: fields({ root: text, mirrorFS: text, targets: text, trustedRootTarget: text }),
  sigstoreKeys: fields({
    certificateAuthorities: listOf(certificateAuthority),
    ctLogs: listOf(log),
    tLogs: listOf(log),
    timestampAuthorities: listOf(certificateAuthority),
  }),
});

const exception = {
  ...fields(
    {
      images: listOf(text, { minItems: 1, maxItems: 100 }),
      namespaces: listOf(text, { minItems: 1, maxItems: 100 }),
      reason: { ...text, minLength: 10, maxLength: 2000 },
      requestedBy: { ...text, minLength: 1 },
      expires: { ...text, format: 'date-time' },
    },
    ['images', 'namespaces', 'reason', 'requestedBy', 'expires'],
  ),
  // what was asked for and allowed once must not become something else
  'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'an exception is not changed: make another one' }],
};

const ready = [
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
];

interface Resource {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: 'Cluster' | 'Namespaced';
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** The first is the one that is stored. */
  readonly versions: readonly string[];
  readonly spec: Schema;
  readonly columns: readonly Json[];
}

const RESOURCES: readonly Resource[] = [
  {
    group: 'policy.sigstore.dev',
    kind: 'ClusterImagePolicy',
    plural: 'clusterimagepolicies',
    scope: 'Cluster',
    shortNames: ['cip'],
    categories: ['all', 'sigstore'],
    versions: ['v1alpha1', 'v1beta1'],
    spec: imagePolicy,
    columns: [{ name: 'Mode', type: 'string', jsonPath: '.spec.mode' }, ...ready],
  },
  {
    group: 'policy.sigstore.dev',
    kind: 'TrustRoot',
    plural: 'trustroots',
    scope: 'Cluster',
    categories: ['all', 'sigstore'],
    versions: ['v1alpha1'],
    spec: trustRoot,
    columns: ready,
  },
  {
    group: EXCEPTION_GROUP,
    kind: 'AdmissionException',
    plural: 'admissionexceptions',
    scope: 'Namespaced',
    versions: ['v1alpha1'],
    spec: exception,
    columns: [
      { name: 'Expires', type: 'string', jsonPath: '.spec.expires' },
      { name: 'By', type: 'string', jsonPath: '.spec.requestedBy' },
      { name: 'Why', type: 'string', jsonPath: '.spec.reason' },
    ],
  },
];

export function listCustomResources(): readonly Json[] {
  return RESOURCES.map((resource) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    // policies outlive an installation
    metadata: {
      name: `${resource.plural}.${resource.group}`,
      annotations: { 'helm.sh/resource-policy': 'keep' },
    },
    spec: {
      group: resource.group,
      scope: resource.scope,
      names: {
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        plural: resource.plural,
        singular: resource.kind.toLowerCase(),
        ...(resource.shortNames === undefined ? {} : { shortNames: resource.shortNames }),
        ...(resource.categories === undefined ? {} : { categories: resource.categories }),
      },
      versions: resource.versions.map((name, index) => versionOf(resource, name, index === 0)),
    },
  }));
}

function versionOf({ spec, columns }: Resource, name: string, isStored: boolean): Json {
  const age = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
  return {
    name,
    served: true,
    storage: isStored,
    subresources: { status: {} },
    additionalPrinterColumns: [...columns, age],
    schema: {
      openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec, status: anyObject } },
    },
  };
}
