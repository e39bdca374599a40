import assert from 'node:assert/strict';
import { utimesSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf, type Descriptor, type Digest } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../media-types.ts';
import { collectGarbage, type GarbageOptions } from './garbage.ts';
import { createRegistry } from './registry.ts';

const HOUR = 3_600_000;

function setUp() {
  const ports = { ...createTestPorts(), clock: () => new Date() };
  const root = join(ports.home, 'registry');
  const handler = createRegistry(ports.files, root, ports);
  const ask = async (method: string, path: string, init: { body?: string; headers?: Record<string, string> } = {}) =>
    await handler(new Request(new URL(path, 'http://localhost'), { method, ...init }));
  const pushBlob = async (content: string, name = 'a/b'): Promise<Descriptor> => {
    const digest = digestOf(content);
    const response = await ask('POST', `/v2/${name}/blobs/uploads/?digest=${digest}`, { body: content });
    assert.equal(response.status, 201);
    return { mediaType: 'application/x', digest, size: content.length };
  };
  const put = async (document: object, type: string, target?: string, name = 'a/b'): Promise<Descriptor> => {
    const body = JSON.stringify({ schemaVersion: 2, mediaType: type, ...document });
    const place = `/v2/${name}/manifests/${target ?? digestOf(body)}`;
    const response = await ask('PUT', place, { body, headers: { 'content-type': type } });
    assert.equal(response.status, 201, await response.text());
    return { mediaType: type, digest: digestOf(body), size: body.length };
  };
  const pushImage = async (seed: string, tag?: string, subject?: Descriptor) => {
    const [config, layer] = [await pushBlob(`config ${seed}`), await pushBlob(`layer ${seed}`)];
    return { ...(await put({ config, layers: [layer], subject }, OCI_MANIFEST, tag)), blobs: [config, layer] };
  };
  const has = async (kind: 'blobs' | 'manifests', digest: Digest, name = 'a/b') =>
    (await ask('GET', `/v2/${name}/${kind}/${digest}`)).status === 200;
  const clean = async (options: Partial<GarbageOptions> = {}) =>
    await collectGarbage(ports.files, root, {
      graceMs: HOUR,
      untagged: false,
      dryRun: false,
      clock: () => new Date(),
      ...options,
    });
  return { ports, root, ask, pushBlob, put, pushImage, has, clean };
}

/** Makes all that is stored two hours older. */
function age(root: string): void {
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const path = join(root, name);
    const then = new Date(statSync(path).mtimeMs - 2 * HOUR);
    utimesSync(path, then, then);
  }
}

test('blobs of no manifest go when they are old, in repositories and on the disk; a dry run only says so', async () => {
  const { root, pushBlob, pushImage, has, clean } = setUp();
  const image = await pushImage('kept', 'v1');
  const lost = await pushBlob('lost');
  assert.deepEqual((await clean()).blobs, []);
  age(root);
  const young = await pushBlob('young');
  const said = await clean({ dryRun: true });
  assert.deepEqual([said.blobs, said.bytes, said.dryRun], [[lost.digest], lost.size, true]);
  assert.ok(await has('blobs', lost.digest));
  assert.deepEqual((await clean()).blobs, [lost.digest]);
  assert.equal(await has('blobs', lost.digest), false);
  assert.ok(await has('blobs', young.digest));
  for (const blob of image.blobs) assert.ok(await has('blobs', blob.digest));
  assert.deepEqual((await clean()).blobs, []);
});

test('content that another repository has stays there', async () => {
  const { root, pushBlob, put, has, clean } = setUp();
  const shared = await pushBlob('shared');
  await pushBlob('shared', 'c/d');
  await put({ config: shared, layers: [] }, OCI_MANIFEST, 'v1', 'c/d');
  age(root);
  assert.deepEqual((await clean()).blobs, []);
  assert.equal(await has('blobs', shared.digest), false);
  assert.ok(await has('blobs', shared.digest, 'c/d'));
});

test('manifests without a tag stay unless asked, and then those stay that a tag leads to or that refer to such a one', async () => {
  const { root, put, pushImage, has, clean } = setUp();
  const child = await pushImage('child');
  const index = await put({ manifests: [child] }, OCI_INDEX, 'v1');
  const referrer = await pushImage('referrer', undefined, child);
  const second = await pushImage('referrer of a referrer', undefined, referrer);
  const lost = await pushImage('lost');
  const lostReferrer = await pushImage('lost referrer', undefined, lost);
  age(root);
  const young = await pushImage('young');
  assert.deepEqual((await clean()).manifests, []);
  const { manifests, blobs } = await clean({ untagged: true });
  assert.deepEqual(manifests.map(({ digest }) => digest).sort(), [lost.digest, lostReferrer.digest].sort());
  assert.equal(blobs.length, 6);
  for (const kept of [child, index, referrer, second, young]) assert.ok(await has('manifests', kept.digest));
  for (const gone of [lost, lostReferrer]) assert.equal(await has('manifests', gone.digest), false);
});

test('a referrer that was removed is listed no more, even for a subject that was never there', async () => {
  const { root, ask, pushImage, clean } = setUp();
  const subject = { mediaType: OCI_MANIFEST, digest: digestOf('elsewhere'), size: 9 };
  await pushImage('referrer', undefined, subject);
  const count = async () => {
    const response = await ask('GET', `/v2/a/b/referrers/${subject.digest}`);
    return ((await response.json()) as { readonly manifests: readonly unknown[] }).manifests.length;
  };
  age(root);
  assert.equal(await count(), 1);
  await clean({ untagged: true });
  assert.equal(await count(), 0);
});

test('a client that saw a blob, or mounted it, finds it when its manifest comes', async () => {
  const { root, ask, pushBlob, put, clean } = setUp();
  const [seen, mounted] = [await pushBlob('seen'), await pushBlob('mounted')];
  age(root);
  assert.equal((await ask('HEAD', `/v2/a/b/blobs/${seen.digest}`)).status, 200);
  const mount = await ask('POST', `/v2/c/d/blobs/uploads/?mount=${mounted.digest}&from=a/b`);
  assert.equal(mount.status, 201);
  assert.deepEqual((await clean()).blobs, []);
  await put({ config: seen, layers: [] }, OCI_MANIFEST, 'v1');
  await put({ config: mounted, layers: [] }, OCI_MANIFEST, 'v1', 'c/d');
});

test('a manifest that cannot be read again is not kept, and stops no garbage collection', async () => {
  const { root, ask, pushBlob, has, clean } = setUp();
  const config = await pushBlob('config');
  const annotations = { note: 'x'.repeat(1024 * 1024) };
  const faults = [
    [OCI_INDEX, { manifests: [{ size: 1 }] }, 400],
    [OCI_INDEX, { manifests: [], subject: { digest: 'x' } }, 400],
    [OCI_MANIFEST, { config, layers: [], annotations, subject: config }, 413],
  ] as const;
  for (const [mediaType, document, status] of faults) {
    const body = JSON.stringify({ schemaVersion: 2, mediaType, ...document });
    const place = `/v2/a/b/manifests/${digestOf(body)}`;
    assert.equal((await ask('PUT', place, { body, headers: { 'content-type': mediaType } })).status, status);
    assert.equal(await has('manifests', digestOf(body)), false);
  }
  assert.equal((await ask('GET', `/v2/a/b/referrers/${config.digest}`)).status, 200);
  age(root);
  assert.deepEqual((await clean({ untagged: true })).blobs, [config.digest]);
});

test('abandoned uploads and unfinished writes go, and what an interrupted run hid comes back', async () => {
  const { ports, root, ask, pushImage, has, clean } = setUp();
  const image = await pushImage('kept', 'v1');
  const location = (await ask('POST', '/v2/a/b/blobs/uploads/')).headers.get('location') ?? '';
  const hex = image.digest.slice(7);
  const leftover = join(root, `blobs/sha256/${hex.slice(0, 2)}/.${hex}.0123456789abcdef.tmp`);
  await ports.files.append(leftover, Buffer.from('half'));
  const part = `sha256/${hex.slice(0, 2)}/${hex}`;
  await ports.files.rename(join(root, 'blobs', part), join(root, 'hidden', part));
  for (let days = 0; days < 13; days += 1) age(root);
  assert.equal((await clean()).uploads, 1);
  assert.equal((await ask('GET', location)).status, 404);
  assert.ok(await has('manifests', image.digest));
  assert.equal(await ports.files.stat(leftover), undefined);
});

test('a collection that passes while a tag is written takes nothing from it', async () => {
  const { ports, put, has, clean } = setUp();
  const real = { ...ports.files };
  let passed = 0;
  ports.files.writeAtomic = async (path, ...rest) => {
    if (path.includes('/_tags/')) passed += (await clean({ graceMs: -1000, untagged: true })).manifests.length;
    await real.writeAtomic(path, ...rest);
  };
  const { digest } = await put({ manifests: [] }, OCI_INDEX, 'late');
  assert.equal(passed, 1);
  assert.ok(await has('manifests', digest));
});

test('with no grace at all, and collections one after the other, nothing that was acknowledged is lost', async () => {
  const { ask, pushBlob, put, has, clean } = setUp();
  const pushing = new AbortController();
  const acknowledged: { readonly manifest: Descriptor; readonly blob: Descriptor }[] = [];
  const collector = (async () => {
    // what a push has not yet tied together may go; what it was told is there must stay
    while (!pushing.signal.aborted) await clean({ graceMs: -1000, untagged: true });
  })();
  const pusher = async (id: number) => {
    for (let round = 0; round < 12; round += 1) {
      const content = `blob ${round % 3}`;
      const digest = digestOf(content);
      const place = `/v2/a/b/blobs/uploads/?digest=${digest}`;
      if ((await ask('POST', place, { body: content })).status !== 201) continue;
      const blob = { mediaType: 'application/x', digest, size: content.length };
      const annotations = { id: `${id} ${round}` };
      const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: blob, layers: [], annotations });
      const headers = { 'content-type': OCI_MANIFEST };
      const response = await ask('PUT', `/v2/a/b/manifests/t${id}-${round}`, { body, headers });
      if (response.status !== 201) continue;
      acknowledged.push({ manifest: { mediaType: OCI_MANIFEST, digest: digestOf(body), size: body.length }, blob });
    }
  };
  try {
    await Promise.all(Array.from({ length: 6 }, (_, id) => pusher(id)));
  } finally {
    pushing.abort();
    await collector;
  }
  assert.ok(acknowledged.length > 0);
  for (const { manifest, blob } of acknowledged) {
    assert.ok(await has('manifests', manifest.digest), manifest.digest);
    assert.ok(await has('blobs', blob.digest), blob.digest);
  }
  await pushBlob('after');
  await put({ manifests: [] }, OCI_INDEX, 'after');
});
