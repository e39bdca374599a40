import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDigest } from '../../core/index.ts';
import type { Finding } from '../../core/index.ts';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import type { Sbom } from '../sbom/index.ts';
import { createComponent, smallSbom } from '../sbom/testing.ts';
import { applyVex, matchesPurl, matchesSubject, readVex } from './index.ts';

const DIGEST = parseDigest('sha256:124c7d2707904eea7431fffe91522a01e5a861a624ee31d03372cc1d138a3126');
const PURL = 'pkg:apk/alpine/libcrypto3@3.0.8-r3?arch=x86_64&distro=alpine-3.17.3';

function findingOf(id: string, purl = PURL): Finding {
  return {
    id,
    aliases: ['GHSA-alias'],
    severity: 'high',
    component: { name: 'x', version: '1', purl, locations: [] },
    fixState: 'unknown',
    fixedIn: [],
    summary: '',
    because: '',
  };
}

const image: Sbom['subject'] = { kind: 'image', name: 'registry.example.com/team/app:1.0', digest: DIGEST };

function sbomOf(purls: readonly string[], dependencies: Sbom['dependencies'] = [], subject = image): Sbom {
  return {
    ...smallSbom,
    subject,
    dependencies,
    components: purls.map((purl) => createComponent({ id: purl, purl, name: purl, version: '1' })),
  };
}

function vexOf(...statements: readonly Record<string, unknown>[]): unknown {
  return { '@context': 'https://openvex.dev/ns/v0.2.0', timestamp: '2026-01-01T00:00:00Z', statements };
}

const about = (product: unknown, part: Record<string, unknown> = {}) => ({
  vulnerability: { name: 'CVE-1' },
  products: [product],
  status: 'not_affected',
  justification: 'component_not_present',
  ...part,
});

function judge(...statements: readonly Record<string, unknown>[]): Finding['suppressed'] {
  return applyVex([findingOf('CVE-1')], readVex(vexOf(...statements), 'test.json'), sbomOf([PURL]))[0]?.suppressed;
}

test('a statement about the package or the image hides the finding and says why', () => {
  const expected = { by: 'vex', status: 'not_affected', justification: 'component_not_present', source: 'test.json' };
  for (const product of [
    PURL,
    'pkg:apk/alpine/libcrypto3',
    image.name,
    `registry.example.com/team/app@${DIGEST}`,
    DIGEST.slice(7),
  ]) {
    assert.deepEqual(judge(about({ '@id': product })), expected, product);
  }
  assert.equal(judge(about({ '@id': 'app', identifiers: { purl: PURL } }))?.by, 'vex');
});

test('statements about other packages, versions, images and vulnerabilities hide nothing', () => {
  for (const product of [
    'pkg:apk/alpine/libcrypto3@3.0.9-r0',
    'pkg:apk/alpine/libssl3',
    'pkg:apk/alpine/libcrypto3@3.0.8-r3?arch=arm64',
    'registry.example.com/team/app:2.0',
    'registry.example.com/other/app:1.0',
    'pkg:oci/app@sha256:00',
  ]) {
    assert.equal(judge(about({ '@id': product })), undefined, product);
  }
  assert.equal(judge(about({ '@id': PURL }, { vulnerability: { name: 'CVE-2' } })), undefined);
  assert.equal(judge(about({ '@id': image.name, subcomponents: [{ '@id': 'pkg:apk/alpine/libssl3' }] })), undefined);
});

test('only not_affected and fixed hide', () => {
  assert.equal(judge(about({ '@id': PURL }, { status: 'fixed', justification: undefined }))?.status, 'fixed');
  assert.equal(judge(about({ '@id': PURL }, { status: 'affected' })), undefined);
  assert.equal(judge(about({ '@id': PURL }, { status: 'under_investigation' })), undefined);
});

test('the newest statement counts, wherever it stands, and of equally old ones the later', () => {
  const old = about({ '@id': PURL });
  const newer = about({ '@id': PURL }, { status: 'affected', timestamp: '2026-05-01T00:00:00Z' });
  assert.equal(judge(old, newer), undefined);
  assert.equal(judge(newer, old), undefined);
  assert.equal(judge(about({ '@id': PURL }, { status: 'affected' }), old)?.status, 'not_affected');
  assert.equal(judge(about({ '@id': image.name }), newer), undefined);
});

test('a vulnerability is known by any of its names', () => {
  assert.ok(judge(about({ '@id': PURL }, { vulnerability: { name: 'OTHER', aliases: ['GHSA-alias'] } })));
  assert.ok(judge(about({ '@id': PURL }, { vulnerability: { '@id': 'https://nvd.nist.gov/vuln/detail/CVE-1' } })));
});

test('a not_affected without a reason and foreign documents are refused', () => {
  assert.throws(() => judge(about({ '@id': PURL }, { justification: undefined })), { kind: 'invalid-input' });
  assert.throws(() => readVex({ '@context': 'https://example.com' }, 'x'), { kind: 'invalid-input' });
  assert.throws(() => readVex([], 'x'), { kind: 'invalid-input' });
  assert.throws(() => judge(about({ '@id': PURL }, { status: 'harmless' })), { kind: 'invalid-input' });
});

test('an attested document without products speaks of its subject', () => {
  const { products: _products, ...statement } = about('');
  const attested = {
    predicateType: 'https://openvex.dev/ns',
    subject: [{ digest: { sha256: DIGEST.slice(7) } }],
    predicate: vexOf(statement),
  };
  assert.ok(applyVex([findingOf('CVE-1')], readVex(attested, 'att'), sbomOf([PURL]))[0]?.suppressed);
  const other = { ...attested, subject: [{ digest: { sha256: 'f'.repeat(64) } }] };
  assert.equal(applyVex([findingOf('CVE-1')], readVex(other, 'att'), sbomOf([PURL]))[0]?.suppressed, undefined);
});

test('identifiers match by what they say', () => {
  assert.ok(matchesPurl('pkg:npm/a', 'pkg:npm/a@1?x=y'));
  assert.ok(matchesPurl('pkg:golang/a/b@v1%2Bincompatible', 'pkg:golang/a/b@v1+incompatible'));
  assert.equal(matchesPurl('pkg:npm/a@1', 'pkg:npm/a'), false);
  const hub: Sbom['subject'] = { kind: 'image', name: 'index.docker.io/library/alpine:3.20', digest: DIGEST };
  for (const name of [
    'alpine',
    'alpine:3.20',
    'docker.io/library/alpine:3.20',
    'pkg:oci/alpine?tag=3.20',
    `pkg:oci/alpine@${DIGEST}?repository_url=index.docker.io%2Flibrary`,
    `pkg:oci/alpine@${DIGEST}?repository_url=index.docker.io%2Flibrary%2Falpine`,
  ]) {
    assert.ok(matchesSubject(name, hub), name);
  }
  for (const name of [
    'alpine:3.19',
    'ghcr.io/alpine',
    'pkg:oci/alpine?tag=3.19',
    'pkg:oci/alpine?repository_url=ghcr.io%2Fx',
    'pkg:apk/alpine/alpine',
  ]) {
    assert.equal(matchesSubject(name, hub), false, name);
  }
});

interface PublishedCase {
  readonly id: string;
  readonly docs: readonly string[];
  readonly subject: { readonly kind: string; readonly name: string; readonly repoDigests?: readonly string[] };
  readonly findings?: readonly { readonly vuln: string; readonly purl: string }[];
  readonly rules?: unknown;
  readonly dependsOn?: Readonly<Record<string, readonly string[]>>;
  readonly expect: {
    readonly suppressed?: readonly { readonly vuln: string; readonly purl: string; readonly status: string }[];
  };
}

test('published OpenVEX cases without rules of their own give the same outcome', needsSharedData, () => {
  const root = dataSet('vex');
  const cases = JSON.parse(readFileSync(join(root, 'cases.json'), 'utf8')) as readonly PublishedCase[];
  const chosen = cases.filter(
    ({ docs, rules }) => rules === undefined && docs.every((name) => name.includes('openvex')),
  );
  assert.ok(chosen.length >= 7);
  for (const { id, docs, subject, findings = [], dependsOn = {}, expect } of chosen) {
    const statements = docs.flatMap((name) =>
      readVex(JSON.parse(readFileSync(join(root, 'docs', name), 'utf8')), name),
    );
    const digest = subject.repoDigests?.[0]?.split('@')[1];
    const named: Sbom['subject'] = {
      kind: subject.kind === 'image' ? 'image' : 'folder',
      name: subject.name,
      ...(digest === undefined ? {} : { digest: parseDigest(digest) }),
    };
    const edges = Object.entries(dependsOn).map(([from, to]) => ({ from, to }));
    const purls = new Set([...findings.map(({ purl }) => purl), ...edges.flatMap(({ from, to }) => [from, ...to])]);
    const judged = applyVex(
      findings.map(({ vuln, purl }) => findingOf(vuln, purl)),
      statements,
      sbomOf([...purls], edges, named),
    );
    const hidden = judged.filter(({ suppressed }) => suppressed !== undefined);
    assert.deepEqual(
      hidden.map((finding) => [finding.id, finding.component.purl, finding.suppressed?.status]),
      (expect.suppressed ?? []).map(({ vuln, purl, status }) => [vuln, purl, status]),
      id,
    );
  }
});

test('time grows with the number of components and findings alone', () => {
  const purls = Array.from({ length: 40_000 }, (_, at) => `pkg:npm/p${at}@1`);
  const [needed = '', ...others] = purls;
  const sbom = sbomOf(
    purls,
    others.map((from) => ({ from, to: [needed] })),
  );
  const last = purls.at(-1) ?? '';
  const findings = Array.from({ length: 4000 }, () => findingOf('CVE-1', last));
  const before = process.cpuUsage();
  const judged = applyVex(findings, readVex(vexOf(about(last)), 'test.json'), sbom);
  const { user } = process.cpuUsage(before);
  assert.ok(judged.every(({ suppressed }) => suppressed !== undefined));
  assert.ok(user / 1000 < 2000, `${user / 1000} ms`);
});
