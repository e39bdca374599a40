import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatManifests, planInstallation } from './install.ts';
import type { InstallChoices } from './install.ts';

const choices: InstallChoices = {
  namespace: 'guard',
  image: 'registry.example/plimsoll:1',
  replicas: 3,
  namespaces: 'opt-in',
  exempt: ['kube-system'],
  registries: [],
  platforms: 'any',
  acceptPlatformProofs: false,
  timeoutSeconds: 10,
};

interface Webhook {
  readonly name: string;
  readonly failurePolicy: string;
  readonly namespaceSelector?: {
    readonly matchExpressions: readonly { key: string; operator: string; values: string[] }[];
  };
  readonly rules: readonly { readonly resources: readonly string[] }[];
}

function webhooksOf(changes: Partial<InstallChoices> = {}): readonly Webhook[] {
  return planInstallation({ ...choices, ...changes }).flatMap(({ webhooks }) => (webhooks ?? []) as readonly Webhook[]);
}

test('an installation that no cluster would take is refused', () => {
  const bad: readonly Partial<InstallChoices>[] = [
    { namespace: 'Not Good' },
    { exempt: ['a/b'] },
    { replicas: 0 },
    { replicas: 1.5 },
    { timeoutSeconds: 31 },
    { timeoutSeconds: 1 },
    { platforms: 'amd64' },
  ];
  for (const change of bad)
    assert.throws(() => planInstallation({ ...choices, ...change }), { kind: 'usage' }, JSON.stringify(change));
  assert.throws(() => planInstallation({ ...choices, image: 'Not An Image' }), { kind: 'invalid-input' });
  assert.throws(() => planInstallation({ ...choices, registries: ['a b'] }), { kind: 'invalid-input' });
});

test('workloads are judged or refused, and never in our own namespace', () => {
  const judging = webhooksOf().filter(({ rules }) => rules.some(({ resources }) => resources.includes('pods')));
  assert.deepEqual(
    judging.map(({ name }) => name),
    ['mutate.plimsoll.dev', 'validate.plimsoll.dev'],
  );
  for (const { failurePolicy, namespaceSelector, rules } of judging) {
    assert.equal(failurePolicy, 'Fail');
    assert.deepEqual(namespaceSelector?.matchExpressions[0]?.values, ['guard', 'kube-system']);
    assert.ok(rules.some(({ resources }) => resources.includes('pods/ephemeralcontainers')));
  }
});

test('namespaces opt in, or out', () => {
  const selector = (namespaces: InstallChoices['namespaces']) =>
    webhooksOf({ namespaces })[0]?.namespaceSelector?.matchExpressions[1];
  assert.deepEqual(selector('opt-in'), { key: 'policy.sigstore.dev/include', operator: 'In', values: ['true'] });
  assert.deepEqual(selector('opt-out'), { key: 'policy.sigstore.dev/exclude', operator: 'NotIn', values: ['true'] });
});

test('the server may write nothing but its certificate and where it is believed, and what policies came to', () => {
  const rules = planInstallation(choices).flatMap(({ rules }) => (rules ?? []) as readonly Record<string, string[]>[]);
  for (const { resources = [], verbs = [], resourceNames } of rules) {
    assert.ok(!verbs.includes('*') && !resources.includes('*'), 'no wildcards');
    const writes = verbs.some((verb) => !['get', 'list', 'watch'].includes(verb));
    const isTold = resources.every(
      (name) => name.endsWith('/status') || /^(?:events|policyreports|reports)$/.test(name),
    );
    assert.ok(!writes || isTold || resourceNames?.length === 1, JSON.stringify({ resources, verbs }));
  }
});

test('manifests are written without aliases', () => {
  assert.doesNotMatch(formatManifests(planInstallation(choices)), /: [&*]a\d/);
});
