/**
 * The admission server under reviews: how many a second when everything is known, how long each takes at a thousand a second, how long
 * the first review of an image takes, with a registry near and far, and what it asks of it, and its memory with ten thousand digests known.
 * BENCH_SECONDS is the length of each run. With BENCH_POLICY_CONTROLLER=1 beside it Sigstore's policy-controller: the same policy, image and reviews.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPrograms, plimsoll } from './programs.ts';
import { startManyImages } from './many-images.ts';
import { startPolicyController } from './policy-controller.ts';

const seconds = Number(process.env.BENCH_SECONDS ?? 10);
const RATE = 1000;
const DIGESTS = 10_000;
/** As far as registries of other regions are. */
const FAR_MS = 50;
/** Images of one pod. */
const POD = 10;
const programs = createPrograms();
let server: ChildProcess | undefined;

try {
  const registry = new URL(
    await programs.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--dir', join(programs.folder, 'registry')]),
  ).host;
  const image = signedImage(registry);
  const many = await startManyImages(DIGESTS + 1 + POD);
  writePolicy('many', `${many.repository}**`, many.publicKey);
  const { url, ca } = await startServer();
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ca });
  const ask = (name: string, path = 'validate') => review(agent, `${url}/${path}?timeout=10s`, [name]);
  const cold = await timed(() => ask(image));
  const rows: [string, string][] = [['first review of an image by digest', `${cold.toFixed(1)} ms`]];
  // connections stand, and the code is compiled
  await atRate(() => ask(image), 2);
  const paced = await atRate(() => ask(image), seconds);
  rows.push([`${RATE} reviews a second, p50`, `${paced.at(0.5).toFixed(2)} ms`]);
  rows.push([`${RATE} reviews a second, p99`, `${paced.at(0.99).toFixed(2)} ms`]);
  rows.push(['memory after them', `${memory()} MiB`]);
  many.delay(FAR_MS);
  const roundsBefore = many.rounds();
  const far = await timed(() => ask(many.images[DIGESTS] ?? ''));
  many.delay(0);
  rows.push([
    `first review, registry ${FAR_MS} ms away`,
    `${far.toFixed(1)} ms, rounds: ${many.rounds() - roundsBefore}`,
  ]);
  const pod = await timed(() => review(agent, `${url}/validate?timeout=10s`, many.images.slice(DIGESTS + 1)));
  rows.push([`first review of a pod of ${POD} images`, `${pod.toFixed(1)} ms`]);
  const before = many.requests();
  const filling = await timed(() => eachOf(many.images.slice(0, DIGESTS), 32, ask));
  rows.push([`${DIGESTS} first reviews, each`, `${(filling / DIGESTS).toFixed(2)} ms`]);
  rows.push(['requests of the registry for each', ((many.requests() - before) / DIGESTS).toFixed(1)]);
  rows.push([`memory with ${DIGESTS} digests known`, `${memory()} MiB, at most ${memory('VmHWM')} MiB`]);
  let next = 0;
  const known = await atRate(() => ask(many.images[next++ % DIGESTS] ?? ''), seconds);
  rows.push([`${RATE} a second among all of these, p99`, `${known.at(0.99).toFixed(2)} ms`]);
  rows.push(['memory after them', `${memory()} MiB`]);
  rows.push(['reviews a second, ceiling', (await ceiling(() => ask(image))).toFixed(0)]);
  rows.push(['memory after them', `${memory()} MiB, at most ${memory('VmHWM')} MiB`]);
  server?.kill('SIGTERM');
  if (process.env.PEER_POLICY_CONTROLLER !== undefined) rows.push(...(await measurePolicyController(image)));
  process.stdout.write(`${rows.map(([what, value]) => `${what.padEnd(46)} ${value.padStart(12)}`).join('\n')}\n`);
  agent.destroy();
  many.stop();
} finally {
  server?.kill('SIGTERM');
  programs.stop();
}

/** It looks at each image anew for each review: what is known before counts for nothing there. */
async function measurePolicyController(image: string): Promise<readonly [string, string][]> {
  const key = { data: readFileSync(join(programs.folder, 'key.pub'), 'utf8') };
  const spec = { images: [{ glob: '**' }], authorities: [{ name: 'key', key }] };
  const controller = await startPolicyController(spec, 'bench');
  // its certificate is for the name of a Service
  const agent = new Agent({ keepAlive: true, maxSockets: 32, rejectUnauthorized: false });
  try {
    const ask = () => review(agent, `${controller.url}/validations?timeout=10s`, [image]);
    const first = await timed(ask);
    await Promise.all(Array.from({ length: 32 }, ask));
    const alone = await timed(ask);
    return [
      ['policy-controller: first review', `${first.toFixed(1)} ms`],
      ['policy-controller: one more', `${alone.toFixed(1)} ms`],
      ['policy-controller: reviews a second, ceiling', (await ceiling(ask)).toFixed(0)],
      ['policy-controller: memory after them', `${memory('VmRSS', controller.pid)} MiB`],
    ];
  } finally {
    agent.destroy();
    await controller.stop();
  }
}

/** Pushed and signed by a key that the policy names. */
function signedImage(registry: string): string {
  const { folder, run } = programs;
  const name = `${registry}/bench/app`;
  mkdirSync(join(folder, 'content'));
  writeFileSync(join(folder, 'content/file'), 'content');
  run('tar', ['cf', join(folder, 'layer.tar'), '-C', join(folder, 'content'), 'file']);
  run(plimsoll, ['append', '-f', join(folder, 'layer.tar'), '-t', `${name}:v1`]);
  run(plimsoll, ['generate-key-pair', '--output-key-prefix', join(folder, 'key')]);
  const digest = run(plimsoll, ['digest', `${name}:v1`]).trim();
  run(plimsoll, [
    'sign',
    '--key',
    join(folder, 'key.key'),
    '--format',
    'both',
    '--tlog-upload=false',
    '--yes',
    `${name}@${digest}`,
  ]);
  writePolicy('bench', `${name}**`, readFileSync(join(folder, 'key.pub'), 'utf8'));
  return `${name}@${digest}`;
}

function writePolicy(name: string, glob: string, key: string): void {
  const policies = join(programs.folder, 'policies');
  mkdirSync(policies, { recursive: true });
  const policy = {
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name },
    spec: { images: [{ glob }], authorities: [{ name: 'key', key: { data: key } }] },
  };
  writeFileSync(join(policies, `${name}.yaml`), JSON.stringify(policy));
}

async function startServer(): Promise<{ readonly url: string; readonly ca: string }> {
  const words = ['serve', '--policy', join(programs.folder, 'policies'), '--listen', '127.0.0.1:0', '--json'];
  const env = { ...process.env, PLIMSOLL_DATA_DIR: join(programs.folder, 'served') };
  server = spawn(plimsoll, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of server.stdout ?? []) {
    text += String(chunk);
    if (text.trimEnd().endsWith('}')) break;
  }
  const { url, caFile } = JSON.parse(text) as { url: string; caFile: string };
  return { url, ca: readFileSync(caFile, 'utf8') };
}

function review(agent: Agent, url: string, images: readonly string[]): Promise<void> {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'app', namespace: 'bench', labels: { app: 'bench' } },
    spec: { containers: images.map((image, index) => ({ name: `app-${index}`, image })) },
  };
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const resource = { group: '', version: 'v1', resource: 'pods' };
  const body = JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: randomUUID(), kind, resource, operation: 'CREATE', namespace: 'bench', object, options: {} },
  });
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => (text.includes('"allowed":true') ? resolve() : reject(new Error(text))));
      response.on('error', reject);
    });
    sent.on('error', reject).end(body);
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Asks on time, whether or not earlier ones were answered: waiting counts. */
async function atRate(work: () => Promise<void>, length: number): Promise<{ readonly at: (share: number) => number }> {
  const times: number[] = [];
  const running: Promise<void>[] = [];
  const start = performance.now();
  for (let count = 0; count < length * RATE; count += 1) {
    const due = start + (count * 1000) / RATE;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    running.push(work().then(() => void times.push(performance.now() - due)));
  }
  await Promise.all(running);
  times.sort((a, b) => a - b);
  return { at: (share) => times[Math.floor(times.length * share)] ?? NaN };
}

/** Some at the same time, each once. */
async function eachOf<T>(items: readonly T[], workers: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

async function ceiling(work: () => Promise<void>): Promise<number> {
  let done = 0;
  const end = performance.now() + seconds * 1000;
  const worker = async () => {
    while (performance.now() < end) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  return done / seconds;
}

function memory(field = 'VmRSS', pid = server?.pid): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? NaN) / 1024);
}
