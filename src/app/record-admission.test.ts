import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../core/index.ts';
import type { Digest, Evidence } from '../core/index.ts';
import { openGraph } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { parsePolicies } from '../policies/index.ts';
import { createAttestation, createTestKey, policyText } from '../policies/testing.ts';
import { admissionFacts } from './admission-facts.ts';
import type { EvidenceSource } from './gather-evidence.ts';
import { recordAdmission } from './record-admission.ts';
import { reviewAdmission } from './review.ts';

const key = createTestKey();
const at = new Date('2026-01-02T00:00:00Z');
const SPDX = 'https://spdx.dev/Document';
const first = digestOf('first image');
const second = digestOf('second image');
const policies = parsePolicies(
  policyText([{ key: { data: key.pem }, attestations: [{ name: 'sbom', predicateType: SPDX }] }]),
  'p.yaml',
);

const sbom = {
  spdxVersion: 'SPDX-2.3',
  SPDXID: 'SPDXRef-DOCUMENT',
  name: 'app',
  dataLicense: 'CC0-1.0',
  documentNamespace: 'https://example.com/sbom',
  creationInfo: { created: '2026-01-01T00:00:00Z', creators: ['Tool: x'] },
  packages: [
    {
      SPDXID: 'SPDXRef-p',
      name: 'lodash',
      versionInfo: '4.17.20',
      downloadLocation: 'NOASSERTION',
      externalRefs: [
        { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: 'pkg:npm/lodash@4.17.20' },
      ],
    },
  ],
};

async function record(graph: Graph, evidence: readonly Evidence[], more: Readonly<Record<string, unknown>> = {}) {
  const images = [first, second].map((digest, index) => ({ name: `c${index}`, image: `r.example/a@${digest}` }));
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers: images },
  };
  const request = {
    uid: 'u',
    kind: { version: 'v1', kind: 'Pod' },
    operation: 'CREATE',
    namespace: 'shop',
    object,
    ...more,
  };
  const document = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
  const source: EvidenceSource = {
    resolve: async () => first,
    epoch: async () => '',
    gather: async ({ digest }) => ({
      evidence: evidence.filter((item) => item.artifact === digest),
      rejected: [],
    }),
  };
  const reviewed = await reviewAdmission(
    new TextEncoder().encode(JSON.stringify(document)),
    { mode: 'validate', source, policies, noMatch: 'deny', exceptions: [], at },
    new AbortController().signal,
  );
  const isAllowed = (reviewed.response.response as { readonly allowed: boolean }).allowed;
  const facts = admissionFacts({ ...reviewed, mode: 'validate', isAllowed, at }, () => false);
  if (facts !== undefined) recordAdmission(graph, facts, () => undefined);
}

function affected(graph: Graph): readonly Digest[] {
  return graph.findComponents({ ecosystem: 'npm', name: 'lodash' }).flatMap(({ artifacts }) => artifacts);
}

test('one SBOM about two images is told of both', async () => {
  const graph = openGraph(':memory:');
  const about = [createAttestation(key, SPDX, sbom, first), createAttestation(key, SPDX, sbom, second)];
  assert.equal(about[0]?.source, about[1]?.source);
  await record(graph, about);
  assert.deepEqual(affected(graph), [first, second].sort());
  const [workload] = graph.listWorkloads(second);
  assert.deepEqual(
    [workload?.namespace, workload?.name],
    ['shop', 'web'],
    'the review says where the object will live',
  );
});

test('an SBOM that cannot be read hides no workload, no verdict and no other SBOM', async () => {
  const graph = openGraph(':memory:');
  const bad = createAttestation(key, SPDX, { spdxVersion: 'SPDX-2.3', packages: 'none' }, first);
  await assert.rejects(record(graph, [bad, createAttestation(key, SPDX, sbom, second)]), { kind: 'invalid-input' });
  assert.deepEqual(affected(graph), [second]);
  assert.equal(graph.listWorkloads(first).length, 1);
  assert.equal(graph.listVerdicts(10).length, 2);
});

test('G18: a dry run and a denial put nothing into the list of what runs', async () => {
  const graph = openGraph(':memory:');
  const about = [createAttestation(key, SPDX, sbom, first), createAttestation(key, SPDX, sbom, second)];
  await record(graph, about, { dryRun: true });
  assert.deepEqual([graph.status().verdicts, graph.status().documents, graph.status().workloads], [0, 0, 0]);
  await record(graph, about.slice(0, 1));
  assert.deepEqual([graph.status().verdicts, graph.status().workloads], [2, 0]);
  assert.deepEqual(
    graph.listVerdicts(10).map(({ outcome }) => outcome),
    ['deny', 'deny'],
  );
});
