/**
 * Each main operation beside its physical limit (inflate, SHA-256, ECDSA, one round trip on loopback), and, where a peer's program is in
 * the environment (PEER_COSIGN3), beside the peer: all in one run, as ratios.
 */
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { makeLayers } from '../scripts/demo/layers.ts';
import { readLayer } from '../src/artifacts/index.ts';
import { catalogSelector } from '../src/metadata/catalog/index.ts';
import { openAdvisoryStore, readPack } from '../src/metadata/advisory/index.ts';
import { matchSbom } from '../src/metadata/match/index.ts';
import { parseSbom } from '../src/metadata/sbom/index.ts';
import { formatTable, measure } from './measure.ts';
import type { Measured, Row } from './measure.ts';
import { createPrograms, plimsoll } from './programs.ts';

const programs = createPrograms();
const { folder } = programs;
const run = (args: readonly string[]): string => programs.run(plimsoll, args);
const rows: Row[] = [];

try {
  const registry = await programs.serve(['registry', 'serve', '--address', '127.0.0.1:0']);
  const image = `${registry.replace('http://', '')}/bench/app:1`;
  const { base, libraries } = makeLayers(folder);
  run(['generate-key-pair']);
  run(['append', '-f', base, '-f', libraries, '-t', image]);
  run(['sign', '--key', 'cosign.key', '--yes', image]);
  await benchLayers(libraries);
  await benchSbom(image, libraries);
  await benchScan(image);
  await benchVerify(image);
  await benchAdmission(image);
  process.stdout.write(`${formatTable(rows)}\n`);
} finally {
  programs.stop();
}

/** One pass over a layer: inflate, both digests, tar, keeping what catalogers ask for. */
async function benchLayers(tar: string): Promise<void> {
  const compressed = gzipSync(readFileSync(tar));
  const source = async function* () {
    yield compressed;
  };
  const ours = await measure(() => readLayer(source(), { selector: catalogSelector, what: tar }));
  const inflated = gunzipSync(compressed);
  const megabytes = (inflated.length / 1024 / 1024).toFixed(0);
  rows.push({
    operation: `read a layer of ${megabytes} MiB`,
    ours,
    other: 'inflate in one call',
    theirs: await measure(() => gunzipSync(compressed)),
  });
  rows.push({
    operation: `read a layer of ${megabytes} MiB`,
    ours,
    other: 'SHA-256 of its content',
    theirs: await measure(() => createHash('sha256').update(inflated).digest()),
  });
}

async function benchSbom(image: string, tar: string): Promise<void> {
  const compressed = gzipSync(readFileSync(tar));
  const inflate = await measure(() => gunzipSync(compressed));
  const cold = await measure(() => {
    rmSync(join(folder, 'cache'), { recursive: true, force: true });
    run(['sbom', image, '-o', 'spdx-json']);
  });
  rows.push({
    operation: 'sbom of an image, cold, whole process',
    ours: cold,
    other: 'inflate its largest layer',
    theirs: inflate,
  });
  const again = await measure(() => run(['sbom', image, '-o', 'spdx-json']));
  rows.push({
    operation: 'sbom of an image, layers known, whole process',
    ours: again,
    other: 'node starting',
    theirs: await nodeStart(),
  });
}

async function benchScan(image: string): Promise<void> {
  const sbom = parseSbom(run(['sbom', image, '-o', 'spdx-json']));
  using store = openAdvisoryStore(join(folder, 'advisories.db'));
  const names = sbom.components.map(({ name }) => name);
  const records = names.map((name, index) => ({
    id: `BENCH-${index}`,
    modified: '2026-01-01T00:00:00Z',
    affected: [
      {
        package: { ecosystem: 'Debian:12', name },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '999:1' }] }],
      },
    ],
  }));
  const pack = join(folder, 'pack.json');
  writeFileSync(pack, JSON.stringify(records));
  await store.import(readPack('pack.json', readFileSync(pack), { count: 0 }), new Date());
  const ours = await measure(() => matchSbom(sbom, store));
  rows.push({
    operation: `match ${names.length} components`,
    ours,
    other: 'one round trip on loopback',
    theirs: await roundTrip(),
  });
}

async function benchVerify(image: string): Promise<void> {
  const words = ['verify', '--key', join(folder, 'cosign.pub'), image];
  const ours = await measure(() => run(words));
  rows.push({ operation: 'verify an image, cold start', ours, other: 'node starting', theirs: await nodeStart() });
  rows.push({
    operation: 'verify an image, cold start',
    ours,
    other: 'one ECDSA P-256 verification',
    theirs: await ecdsa(),
  });
  const cosign = process.env.PEER_COSIGN3;
  if (cosign === undefined) return;
  const args = [
    'verify',
    '--key',
    join(folder, 'cosign.pub'),
    '--insecure-ignore-tlog=true',
    '--allow-http-registry',
    image,
  ];
  rows.push({
    operation: 'verify an image, cold start',
    ours,
    other: 'cosign verify',
    theirs: await measure(() => programs.run(cosign, args)),
  });
}

async function benchAdmission(image: string): Promise<void> {
  const key = readFileSync(join(folder, 'cosign.pub'), 'utf8');
  const policy = {
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name: 'signed' },
    spec: { images: [{ glob: '**' }], authorities: [{ key: { data: key } }] },
  };
  writeFileSync(join(folder, 'policy.json'), JSON.stringify(policy));
  const url = await programs.serve(['serve', '--policy', join(folder, 'policy.json'), '--listen', '127.0.0.1:0']);
  const ca = readFileSync(join(folder, 'data/serving/tls.crt'));
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'app' },
    spec: { containers: [{ name: 'main', image }] },
  };
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'bench',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      operation: 'CREATE',
      namespace: 'default',
      dryRun: true,
      object,
    },
  };
  const ours = await measure(() => post(`${url}/mutate`, JSON.stringify(review), ca));
  rows.push({
    operation: 'admission review of a signed image, warm',
    ours,
    other: 'one round trip on loopback',
    theirs: await roundTrip(),
  });
}

function nodeStart(): Promise<Measured> {
  return measure(() => programs.run(process.execPath, ['-e', '0']));
}

function ecdsa(): Promise<Measured> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const bytes = Buffer.alloc(256);
  const signature = sign('sha256', bytes, privateKey);
  return measure(() => verify('sha256', bytes, publicKey, signature), { budget: 200 });
}

async function roundTrip(): Promise<Measured> {
  const server = createServer((_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const measured = await measure(
    () =>
      new Promise<void>((resolve, reject) => {
        get(`http://127.0.0.1:${port}/`, (response) => response.resume().once('end', resolve)).once('error', reject);
      }),
    { budget: 500 },
  );
  server.closeAllConnections();
  server.close();
  return measured;
}

function post(url: string, body: string, ca: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(url, { method: 'POST', ca }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (text.includes('"allowed":true')) resolve();
        else reject(new Error(text));
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
