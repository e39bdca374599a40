import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '../core/index.ts';
import type { ComponentFact } from './graph.ts';
import { openGraph } from './sqlite.ts';

const at = new Date('2026-01-02T03:04:05Z');
const image = digestOf('image');
const lodash: ComponentFact = {
  purl: 'pkg:npm/lodash@4.17.20',
  name: 'lodash',
  version: '4.17.20',
  lookups: [{ ecosystem: 'npm', name: 'lodash' }],
  record: { purl: 'pkg:npm/lodash@4.17.20' },
};

function documentOf(text: string, artifact = image) {
  return {
    digest: digestOf(text),
    artifact,
    predicateType: 'https://spdx.dev/Document',
    signer: 'sha256:k',
    receivedAt: at,
  };
}

test('a component leads to its artifacts, and they to the workloads that run them', () => {
  const graph = openGraph(':memory:');
  graph.addDocument(documentOf('sbom'), [lodash]);
  graph.addDocument(documentOf('sbom 2', digestOf('other')), [lodash]);
  graph.setWorkload({
    kind: 'Pod',
    namespace: 'shop',
    name: 'web',
    seenAt: at,
    places: ['/spec/containers/0/image'],
    images: [{ artifact: image, image: 'shop/web:1', place: '/spec/containers/0/image' }],
  });
  const [node] = graph.findComponents({ ecosystem: 'npm', name: 'lodash' });
  assert.deepEqual(node?.artifacts, [image, digestOf('other')].sort());
  assert.deepEqual(graph.listWorkloads(image), [
    { kind: 'Pod', namespace: 'shop', name: 'web', image: 'shop/web:1', artifact: image },
  ]);
  assert.deepEqual(graph.findComponents({ ecosystem: 'Go', name: 'lodash' }), []);
  assert.equal(graph.status().components, 1);
});

test('one document about two artifacts leads to both', () => {
  const graph = openGraph(':memory:');
  graph.addDocument(documentOf('sbom'), [lodash]);
  assert.equal(graph.hasDocument(digestOf('sbom'), digestOf('other')), false);
  graph.addDocument(documentOf('sbom', digestOf('other')), [lodash]);
  const [node] = graph.findComponents({ ecosystem: 'npm', name: 'lodash' });
  assert.deepEqual(node?.artifacts, [image, digestOf('other')].sort());
});

test("a document is taken once, a workload's images are replaced", () => {
  const graph = openGraph(':memory:');
  graph.addDocument(documentOf('sbom'), [lodash]);
  graph.addDocument(documentOf('sbom'), [lodash]);
  const run = (artifact: typeof image) =>
    graph.setWorkload({
      kind: 'Pod',
      namespace: 'shop',
      name: 'web',
      seenAt: at,
      places: ['/a', '/b'],
      images: [{ artifact, image: 'x', place: '/a' }],
    });
  run(image);
  run(digestOf('other'));
  assert.deepEqual(graph.listWorkloads(image), []);
  assert.equal(graph.listWorkloads(digestOf('other')).length, 1);
  const other = { kind: 'Pod', namespace: 'shop', name: 'web', seenAt: at, images: [] };
  graph.setWorkload({ ...other, places: ['/a'] });
  assert.equal(graph.listWorkloads(digestOf('other')).length, 1, 'a place that was not judged again keeps its image');
  graph.setWorkload({ ...other, places: ['/b'] });
  assert.deepEqual(graph.listWorkloads(digestOf('other')), [], 'a place that is gone runs nothing');
  run(digestOf('other'));
  graph.removeWorkload('Pod', 'shop', 'web');
  assert.deepEqual(graph.listWorkloads(digestOf('other')), []);
  assert.deepEqual([graph.status().documents, graph.status().workloads], [1, 0]);
});

test('verdicts are kept with all their reasons, newest first', () => {
  const graph = openGraph(':memory:');
  const verdict = {
    at,
    uid: 'u',
    workload: 'shop/Pod/web',
    image: 'x',
    outcome: 'deny',
    reasons: [{ code: 'no-matching-policy', message: 'm' }],
  } as const;
  graph.addVerdict(verdict);
  graph.addVerdict({ ...verdict, uid: 'v', artifact: image });
  assert.deepEqual(graph.listVerdicts(10), [{ ...verdict, uid: 'v', artifact: image }, verdict]);
});

test('openGraph refuses a file of another program and of a later version', () => {
  const folder = mkdtempSync(join(tmpdir(), 'graph-'));
  try {
    writeFileSync(join(folder, 'text'), 'this is no database, by any measure of the word');
    assert.throws(() => openGraph(join(folder, 'text')), { kind: 'unavailable' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a graph whose writer is killed at any moment is whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'graph-'));
  const path = join(folder, 'graph.sqlite');
  const script = `
    import { openGraph } from ${JSON.stringify(join(import.meta.dirname, 'sqlite.ts'))};
    import { digestOf } from ${JSON.stringify(join(import.meta.dirname, '../core/index.ts'))};
    const graph = openGraph(${JSON.stringify(path)});
    for (let i = 0; ; i += 1) {
      const components = Array.from({ length: 20 }, (_, n) => ({ purl: 'pkg:npm/a' + i + '-' + n + '@1', name: 'a', version: '1', lookups: [{ ecosystem: 'npm', name: 'a' + i }], record: {} }));
      graph.addDocument({ digest: digestOf('d' + i), artifact: digestOf('i'), predicateType: 't', signer: 's', receivedAt: new Date(0) }, components);
      if (i === 5) process.stdout.write('writing');
    }`;
  try {
    for (const delay of [0, 7, 23]) {
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', script],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      const graph = openGraph(path);
      const { documents, components } = graph.status();
      assert.equal(components, documents * 20, 'every document has all its components');
      assert.equal(graph.findComponents({ ecosystem: 'npm', name: `a${documents - 1}` }).length, 20);
      graph.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a batch is one transaction: all of it, or nothing; what fails inside takes only itself', () => {
  const graph = openGraph(':memory:');
  const artifact = digestOf('batch');
  const at = new Date('2026-01-02T00:00:00Z');
  graph.batch(() => {
    graph.addReference(artifact, 'r.test/a', at);
    assert.throws(() => graph.addReference(artifact, undefined as unknown as string, at));
    graph.addReference(artifact, 'r.test/b', at);
  });
  assert.deepEqual(graph.listReferences(artifact).toSorted(), ['r.test/a', 'r.test/b']);
  const failing = () =>
    graph.batch(() => {
      graph.addReference(artifact, 'r.test/c', at);
      throw new Error('enough');
    });
  assert.throws(failing, /enough/);
  assert.equal(graph.listReferences(artifact).length, 2);
});
