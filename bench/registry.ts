/**
 * The registry that we serve beside CNCF Distribution (PEER_DOCKER_REGISTRY), in one run, each operation in turns: a large blob, many
 * small ones, manifests. The client is the same for both and does nothing but send and receive. BENCH_MIB is the large blob's size.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatTable, type Measured, type Row } from './measure.ts';
import { createPrograms } from './programs.ts';

const mebibytes = Number(process.env.BENCH_MIB ?? 256);
const SMALL_BLOBS = 400;
const SMALL_BYTES = 4096;
const ROUNDS = 7;
const AT_ONCE = 16;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

const programs = createPrograms();
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
let distribution: ChildProcess | undefined;

try {
  const program = process.env.PEER_DOCKER_REGISTRY;
  if (program === undefined) throw new Error('expected PEER_DOCKER_REGISTRY in the environment, found none');
  const ours = await programs.serve([
    'registry',
    'serve',
    '--address',
    '127.0.0.1:0',
    '--dir',
    join(programs.folder, 'ours'),
  ]);
  const theirs = await startDistribution(program);
  const rows: Row[] = [];
  for (const { operation, prepare } of operations()) rows.push(await compare(operation, prepare, ours, theirs));
  process.stdout.write(`${formatTable(rows)}\n`);
} finally {
  distribution?.kill();
  agent.destroy();
  programs.stop();
}

/** Makes what is not timed, and gives what is. */
type Prepare = (url: string) => Promise<() => Promise<unknown>>;

function operations(): readonly { readonly operation: string; readonly prepare: Prepare }[] {
  const large = randomBytes(mebibytes * 1024 * 1024);
  const small = () => Array.from({ length: SMALL_BLOBS }, () => named(randomBytes(SMALL_BYTES)));
  return [
    {
      operation: `push a blob of ${mebibytes} MiB`,
      prepare: async (url) => {
        const blob = named(changed(large));
        return () => pushBlob(url, blob);
      },
    },
    {
      operation: `pull a blob of ${mebibytes} MiB`,
      prepare: async (url) => {
        const blob = named(changed(large));
        await pushBlob(url, blob);
        return () => pull(url, `blobs/${blob.digest}`, blob.content.length);
      },
    },
    {
      operation: `push ${SMALL_BLOBS} blobs of 4 KiB`,
      prepare: async (url) => {
        const blobs = small();
        return () => atOnce(blobs, (blob) => pushBlob(url, blob));
      },
    },
    {
      operation: `pull ${SMALL_BLOBS} blobs of 4 KiB`,
      prepare: async (url) => {
        const blobs = small();
        await atOnce(blobs, (blob) => pushBlob(url, blob));
        return () => atOnce(blobs, (blob) => pull(url, `blobs/${blob.digest}`, SMALL_BYTES));
      },
    },
    {
      operation: `push ${SMALL_BLOBS} manifests with tags`,
      prepare: async (url) => {
        const manifests = await makeManifests(url);
        return () => atOnce(manifests, (manifest) => pushManifest(url, manifest));
      },
    },
    {
      operation: `pull ${SMALL_BLOBS} manifests by tag`,
      prepare: async (url) => {
        const manifests = await makeManifests(url);
        await atOnce(manifests, (manifest) => pushManifest(url, manifest));
        return () => atOnce(manifests, ({ tag, content }) => pull(url, `manifests/${tag}`, content.length));
      },
    },
  ];
}

/** In turns, so that neither has a quieter machine; the first round warms up. */
async function compare(operation: string, prepare: Prepare, ours: string, theirs: string): Promise<Row> {
  const times = new Map<string, number[]>([
    [ours, []],
    [theirs, []],
  ]);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [url, list] of times) {
      const work = await prepare(url);
      const start = performance.now();
      await work();
      if (round > 0) list.push(performance.now() - start);
    }
  }
  return { operation, ours: middle(times.get(ours)), other: 'Distribution', theirs: middle(times.get(theirs)) };
}

function middle(times: readonly number[] = []): Measured {
  return { median: times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN };
}

interface Blob {
  readonly digest: string;
  readonly content: Buffer;
}

function named(content: Buffer): Blob {
  return { digest: sha256(content), content };
}

/** Other content of the same length, so that no registry has it. */
function changed(content: Buffer): Buffer {
  randomBytes(32).copy(content);
  return content;
}

interface TaggedManifest {
  readonly tag: string;
  readonly content: Buffer;
}

async function makeManifests(url: string): Promise<readonly TaggedManifest[]> {
  const config = named(Buffer.from('{}'));
  await pushBlob(url, config);
  const { digest } = config;
  const descriptor = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 };
  return Array.from({ length: SMALL_BLOBS }, () => {
    const tag = randomBytes(8).toString('hex');
    const document = { schemaVersion: 2, mediaType: MANIFEST, config: descriptor, layers: [], annotations: { tag } };
    return { tag, content: Buffer.from(JSON.stringify(document)) };
  });
}

async function pushBlob(url: string, { digest, content }: Blob): Promise<void> {
  const { location } = await send('POST', `${url}/v2/bench/uploads/blobs/uploads/`, 202);
  const place = new URL(location, url);
  place.searchParams.set('digest', digest);
  await send('PUT', place.href, 201, content);
}

async function pushManifest(url: string, { tag, content }: TaggedManifest): Promise<void> {
  await send('PUT', `${url}/v2/bench/uploads/manifests/${tag}`, 201, content, MANIFEST);
}

async function pull(url: string, path: string, size: number): Promise<void> {
  const answer = await send('GET', `${url}/v2/bench/uploads/${path}`, 200);
  if (answer.bytes !== size) throw new Error(`${path}: expected ${size} bytes, found ${answer.bytes}`);
}

function send(method: string, url: string, status: number, body?: Buffer, type = 'application/octet-stream') {
  return new Promise<{ readonly location: string; readonly bytes: number }>((resolve, reject) => {
    const headers = { 'content-length': body?.length ?? 0, 'content-type': type, accept: `${MANIFEST}, */*` };
    const outgoing = request(url, { method, agent, headers }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === status) resolve({ location: response.headers.location ?? '', bytes });
        else reject(new Error(`${method} ${url}: expected ${status}, found ${response.statusCode}`));
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}

async function startDistribution(program: string): Promise<string> {
  const addr = `127.0.0.1:${randomInt(15_000, 30_000)}`;
  const file = join(programs.folder, 'distribution.json');
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(programs.folder, 'theirs') } },
    http: { addr },
  };
  writeFileSync(file, JSON.stringify(config));
  distribution = spawn(program, ['serve', file], { stdio: 'ignore' });
  for (let tries = 0; tries < 100; tries += 1) {
    if (
      await fetch(`http://${addr}/v2/`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return `http://${addr}`;
    await sleep(50);
  }
  throw new Error('expected Distribution to answer within 5 seconds, found nothing');
}
