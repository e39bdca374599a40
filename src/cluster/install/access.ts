/** Whom the server is to the API server, and the little that it may do there. */
import { EXCEPTION_GROUP } from './custom-resources.ts';
import { LABELS, NAME, TLS_SECRET } from './options.ts';
import type { InstallOptions, Manifest } from './options.ts';

const FOLLOW = ['get', 'list', 'watch'];
/** To read what workloads pull with. */
const PULL_SECRETS = `${NAME}-pull-secrets`;
const RBAC = 'rbac.authorization.k8s.io';

export function listAccess({ namespace }: InstallOptions): readonly Manifest[] {
  const metadata = { name: NAME, labels: LABELS };
  const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace }];
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { ...metadata, namespace },
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules: clusterRules(),
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: NAME },
      subjects,
    },
    // apart, so that whoever wants the server to pull with its own credentials alone leaves these two out
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata: { ...metadata, name: PULL_SECRETS },
      rules: [{ apiGroups: [''], resources: ['secrets', 'serviceaccounts'], verbs: ['get'] }],
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { ...metadata, name: PULL_SECRETS },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: PULL_SECRETS },
      subjects,
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'Role',
      metadata: { ...metadata, namespace },
      rules: namespaceRules(),
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: { ...metadata, namespace },
      roleRef: { apiGroup: RBAC, kind: 'Role', name: NAME },
      subjects,
    },
    // Made here and empty, so that the server needs no right to make secrets.
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, name: TLS_SECRET, namespace },
      type: 'Opaque',
    },
  ];
}

function clusterRules(): readonly Manifest[] {
  const webhooks = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'];
  const reports = { resources: ['policyreports'], verbs: ['get', 'create', 'patch'] };
  return [
    { apiGroups: ['policy.sigstore.dev'], resources: ['clusterimagepolicies', 'trustroots'], verbs: FOLLOW },
    {
      apiGroups: ['policy.sigstore.dev'],
      resources: ['clusterimagepolicies/status', 'trustroots/status'],
      verbs: ['patch'],
    },
    // the authority of the serving certificate is written there
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: webhooks,
      resourceNames: [NAME],
      verbs: ['get', 'update'],
    },
    { apiGroups: [''], resources: ['events'], verbs: ['create'] },
    // for what platforms there are
    { apiGroups: [''], resources: ['nodes'], verbs: FOLLOW },
    { apiGroups: ['wgpolicyk8s.io'], ...reports },
    { apiGroups: ['openreports.io'], ...reports, resources: ['reports'] },
  ];
}

function namespaceRules(): readonly Manifest[] {
  return [
    { apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: FOLLOW },
    { apiGroups: [''], resources: ['secrets'], resourceNames: [TLS_SECRET], verbs: ['update'] },
    { apiGroups: [EXCEPTION_GROUP], resources: ['admissionexceptions'], verbs: FOLLOW },
  ];
}
