/**
 * The registry is killed (kill -9) in the middle of 200 concurrent pushes, three times over, and stopped in the middle of transfers.
 * What it acknowledged is there and is what its digest says; what is there is verified; what was cut goes on where it was.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPlace, type Place } from './program.ts';

const PUSHES = 200;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const sha256 = (bytes: Uint8Array | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

interface Registry {
  readonly url: string;
  readonly signal: (name: NodeJS.Signals) => Promise<number | null>;
}

/** Without a reader of its log, it writes that into a broken pipe. */
async function start(place: Place, more: readonly string[] = [], isLogRead = true): Promise<Registry> {
  const program = join(import.meta.dirname, '../../bin/plimsoll');
  const args = ['registry', 'serve', '--address', '127.0.0.1:0', '--dir', 'registry', '--json', ...more];
  const child = spawn(program, args, {
    cwd: place.folder,
    env: place.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (isLogRead) child.stderr.pipe(process.stderr);
  else child.stderr.destroy();
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const ended = once(child, 'exit');
  return {
    url: (JSON.parse(line.toString()) as { readonly url: string }).url,
    signal: async (name) => {
      child.kill(name);
      const [code] = (await ended) as [number | null];
      return code;
    },
  };
}

/** Acknowledged content by its place below /v2/. */
type Acknowledged = Map<string, Uint8Array>;

/** Pushes images with a tag and a subject until it is cut off; what was answered with 201 is written down. */
async function pushImages(url: string, id: string, acknowledged: Acknowledged): Promise<void> {
  const send = async (method: string, path: string, body: Uint8Array<ArrayBuffer>, headers = {}) => {
    const response = await fetch(`${url}/v2/${path}`, { method, body, headers });
    await response.arrayBuffer();
    return response.status === 201;
  };
  const repository = `crash/r${id.charCodeAt(0) % 7}`;
  const pushBlob = async (content: Uint8Array<ArrayBuffer>) => {
    const digest = sha256(content);
    const isStored = await send('POST', `${repository}/blobs/uploads/?digest=${digest}`, content);
    if (isStored) acknowledged.set(`${repository}/blobs/${digest}`, content);
    return { mediaType: 'application/octet-stream', digest, size: content.length };
  };
  for (let round = 0; ; round += 1) {
    const config = await pushBlob(Uint8Array.from(Buffer.from(`{"id":"${id} ${round}"}`)));
    const layer = await pushBlob(Uint8Array.from(randomBytes(1 + Math.floor(Math.random() * 100_000))));
    const document = { schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer], subject: config };
    const bytes = Uint8Array.from(Buffer.from(JSON.stringify(document)));
    const path = `${repository}/manifests/${id}-${round}`;
    if (await send('PUT', path, bytes, { 'content-type': MANIFEST })) {
      acknowledged.set(path, bytes);
      acknowledged.set(`${repository}/manifests/${sha256(bytes)}`, bytes);
    }
  }
}

async function assertKept(url: string, acknowledged: Acknowledged): Promise<void> {
  for (const [path, content] of acknowledged) {
    const response = await fetch(`${url}/v2/${path}`);
    assert.equal(response.status, 200, path);
    assert.equal(sha256(await response.bytes()), sha256(content), path);
  }
}

/** Whatever lies under a digest is what it says. */
function assertVerified(folder: string): number {
  const blobs = readdirSync(join(folder, 'registry/blobs/sha256'), { recursive: true, withFileTypes: true });
  const files = blobs.filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
  for (const { parentPath, name } of files)
    assert.equal(sha256(readFileSync(join(parentPath, name))), `sha256:${name}`);
  return files.length;
}

test('killed in the middle of 200 concurrent pushes, it has lost nothing acknowledged and kept nothing unverified', async () => {
  const place = openPlace();
  try {
    const acknowledged: Acknowledged = new Map();
    for (const [index, enough] of [PUSHES / 4, PUSHES, 3 * PUSHES].entries()) {
      const { url, signal } = await start(place);
      const pushes = Promise.allSettled(
        Array.from({ length: PUSHES }, (_, id) => pushImages(url, `${id}.${index}`, acknowledged)),
      );
      while (acknowledged.size < enough) await sleep(5);
      await signal('SIGKILL');
      const cut = await pushes;
      assert.ok(cut.every(({ status }) => status === 'rejected'));
      const { url: again, signal: stop } = await start(place);
      await assertKept(again, acknowledged);
      await stop('SIGTERM');
    }
    assert.ok(acknowledged.size > PUSHES, `${acknowledged.size} acknowledged`);
    assert.ok(assertVerified(place.folder) > PUSHES);
  } finally {
    place.close();
  }
});

test('an upload that a crash cut off goes on from where the new process says it is', async () => {
  const place = openPlace();
  try {
    const content = Uint8Array.from(randomBytes(8 * 1024 * 1024));
    const first = await start(place);
    const session = await fetch(`${first.url}/v2/a/b/blobs/uploads/`, { method: 'POST' });
    const location = session.headers.get('location') ?? '';
    const chunk = await fetch(first.url + location, { method: 'PATCH', body: content.slice(0, 3_000_000) });
    assert.equal(chunk.headers.get('range'), '0-2999999');
    const cut = request(first.url + location, { method: 'PATCH', headers: { 'content-length': '5000000' } });
    cut.on('error', () => undefined); // it is cut off
    cut.write(content.slice(3_000_000, 6_500_000));
    await sleep(200);
    await first.signal('SIGKILL');
    const second = await start(place);
    const state = await fetch(second.url + location);
    assert.equal(state.status, 204);
    const offset = Number(state.headers.get('range')?.split('-')[1]) + 1;
    assert.ok(offset >= 3_000_000 && offset <= 6_500_000, `${offset}`);
    const end = `${second.url}${location}?digest=${sha256(content)}`;
    const headers = { 'content-range': `${offset}-${content.length - 1}` };
    assert.equal((await fetch(end, { method: 'PUT', headers, body: content.slice(offset) })).status, 201);
    const stored = await fetch(`${second.url}/v2/a/b/blobs/${sha256(content)}`);
    assert.equal(sha256(await stored.bytes()), sha256(content));
    await second.signal('SIGTERM');
  } finally {
    place.close();
  }
});

test('stopped, it lets running transfers end and takes no new ones', async () => {
  const place = openPlace();
  try {
    const { url, signal } = await start(place);
    const digest = sha256('half and half');
    const place2 = `${url}/v2/a/b/blobs/uploads/?digest=${digest}`;
    const upload = request(place2, { method: 'POST', headers: { 'content-length': '13' } });
    const answered = once(upload, 'response');
    upload.write('half and');
    await sleep(100);
    const stopped = signal('SIGTERM');
    await sleep(200);
    await assert.rejects(fetch(`${url}/healthz`));
    upload.end(' half');
    const [response] = (await answered) as [{ readonly statusCode: number; resume(): void }];
    response.resume();
    assert.equal(response.statusCode, 201);
    assert.equal(await stopped, 0);
  } finally {
    place.close();
  }
});

test('a registry whose log nobody reads any more goes on', async () => {
  const place = openPlace();
  const rules = join(place.folder, 'rules.yaml');
  writeFileSync(rules, 'immutable: []\n');
  const registry = await start(place, ['--rules', rules], false);
  const statusOf = async () => (await fetch(`${registry.url}/v2/`)).status;
  assert.equal(await statusOf(), 200);
  writeFileSync(rules, 'nonsense: []\n');
  // it looks each second, and then has something to say
  await sleep(1100);
  for (let round = 0; round < 3; round += 1) {
    assert.equal(await statusOf(), 503);
    await sleep(100);
  }
  assert.equal(await registry.signal('SIGTERM'), 0);
  place.close();
});
