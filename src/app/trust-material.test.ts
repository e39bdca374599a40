import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, type Http, type Ports, type WebHandler } from '../core/index.ts';
import { createTestPorts, temporaryFolder } from '../io/testing.ts';
import { EMPTY_ROOT, serveTestRepository } from '../trust/tuf/testing.ts';
import { openTufSource } from './tuf-source.ts';
import { exportTrust, findTrustMaterial, importTrust, initializeTrust } from './trust-material.ts';

const MIRROR = 'http://localhost:5555/tuf';
const START = new Date('2026-01-02T03:04:05Z');
const HOUR_MS = 60 * 60 * 1000;

const fails = (kind: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof AppError && error.kind === kind, String(error));
  assert.match(error.message, message);
  return true;
};

function textOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}

interface World {
  readonly handler: WebHandler;
  /** Ports of a client of its own; the clock is the world's. */
  readonly client: (http?: Http) => Ports;
  readonly offline: Http;
  readonly asked: string[];
  now: Date;
}

async function createWorld(): Promise<World & { readonly root: string }> {
  const world = { now: START, asked: [] as string[] };
  const clock = (): Date => world.now;
  const ports = createTestPorts({ clock });
  const { handler, root: metadata } = await serveTestRepository(ports);
  const handlers = createHandlerHttp({ 'localhost:5555': handler });
  const http: Http = async (request) => {
    world.asked.push(request.url.replace(`${MIRROR}/`, ''));
    return await handlers(request);
  };
  const offline: Http = async () => {
    throw new AppError('unavailable', 'no network');
  };
  const root = join(temporaryFolder(), 'root.json');
  await ports.files.writeAtomic(root, metadata);
  return Object.assign(world, {
    handler,
    root,
    offline,
    client: (given = http) => createTestPorts({ clock, http: given }, temporaryFolder()),
  });
}

test('a client is initialized from an authority and uses what it fetched without asking again that day', async () => {
  const world = await createWorld();
  const ports = world.client();
  const fetched = await initializeTrust(ports, { mirror: MIRROR, root: world.root });
  assert.deepEqual(JSON.parse(textOf(fetched.trustedRoot)), EMPTY_ROOT);
  assert.deepEqual(JSON.parse(textOf(fetched.signingConfig)), { any: 'services' });
  world.asked.length = 0;
  world.now = new Date(START.getTime() + 23 * HOUR_MS);
  const kept = await findTrustMaterial({ ...ports, http: world.offline });
  assert.equal(textOf(kept?.trustedRoot), textOf(fetched.trustedRoot));
  assert.deepEqual(world.asked, []);
});

test('after a day the mirror is asked for what is new, and one that is away is forgiven until something expires', async () => {
  const world = await createWorld();
  const ports = world.client();
  await initializeTrust(ports, { mirror: MIRROR, root: world.root });
  world.now = new Date(START.getTime() + 25 * HOUR_MS);
  const away = await findTrustMaterial({ ...ports, http: world.offline });
  assert.deepEqual(away?.refreshed, START);
  world.asked.length = 0;
  const asked = await findTrustMaterial(ports);
  assert.deepEqual(asked?.refreshed, world.now);
  assert.deepEqual(world.asked, ['2.root.json', 'timestamp.json']);
  world.now = new Date(START.getTime() + 7 * 24 * HOUR_MS);
  await assert.rejects(findTrustMaterial({ ...ports, http: world.offline }), fails('unavailable', /no network/));
  const expired = await findTrustMaterial({ ...ports, http: world.offline }, { offline: true });
  assert.deepEqual(
    expired?.expired.map(({ role }) => role),
    ['timestamp'],
  );
});

test('the authority renews its metadata before it expires, for as long as it serves', async () => {
  const world = await createWorld();
  const ports = world.client();
  await initializeTrust(ports, { mirror: MIRROR, root: world.root });
  for (let day = 3; day <= 800; day += 90) {
    world.now = new Date(START.getTime() + day * 24 * HOUR_MS);
    const found = await findTrustMaterial(ports);
    assert.ok(
      found?.roles.every(({ expires }) => expires > world.now),
      `day ${day}`,
    );
  }
  const { roles } = await initializeTrust(world.client(), { mirror: MIRROR, root: world.root });
  assert.ok(
    (roles.find(({ role }) => role === 'root')?.version ?? 0) > 2,
    'the root was renewed too, and followed from the first',
  );
});

test('an authority that starts again goes on with the repository it has', async () => {
  const world = await createWorld();
  const ports = world.client();
  const before = await initializeTrust(ports, { mirror: MIRROR, root: world.root });
  const again = await initializeTrust(ports, { mirror: MIRROR });
  assert.deepEqual(again.roles, before.roles);
});

test('a private mirror needs a root, a fetched root its checksum, and the checksum must fit', async () => {
  const world = await createWorld();
  const ports = world.client();
  const first = await initializeTrust(ports, { mirror: MIRROR, root: world.root });
  const fresh = world.client();
  await assert.rejects(
    initializeTrust(fresh, { mirror: MIRROR }),
    fails('usage', /expected the root metadata to trust/),
  );
  const root = `${MIRROR}/1.root.json`;
  await assert.rejects(initializeTrust(fresh, { mirror: MIRROR, root }), fails('usage', /expected a checksum/));
  await assert.rejects(
    initializeTrust(fresh, { mirror: MIRROR, root, rootChecksum: 'ab'.repeat(32) }),
    fails('untrusted-root', /expected sha256 abab/),
  );
  await assert.rejects(
    initializeTrust(fresh, { mirror: MIRROR, root, rootChecksum: 'x' }),
    fails('untrusted-root', /expected sha256/),
  );
  const fetched = await initializeTrust(fresh, { mirror: MIRROR, root, rootChecksum: first.rootChecksum });
  assert.deepEqual(fetched.roles, first.roles);
});

test('another repository at the same place is refused, and what was kept stays', async () => {
  const world = await createWorld();
  const other = await createWorld();
  const ports = world.client();
  await initializeTrust(ports, { mirror: MIRROR, root: world.root });
  const http = createHandlerHttp({ 'localhost:5555': other.handler });
  world.now = new Date(START.getTime() + 25 * HOUR_MS);
  await assert.rejects(
    findTrustMaterial({ ...ports, http }),
    fails('untrusted-root', /timestamp\.json: expected signatures by 1 keys, found 0/),
  );
  assert.ok(await findTrustMaterial({ ...ports, http: world.offline }));
});

test('everything is carried to a place without network in one file, proven there, and never rolled back', async () => {
  const world = await createWorld();
  const connected = world.client();
  const isolated = world.client(world.offline);
  const file = (name: string): string => join(connected.home, name);
  const fetched = await initializeTrust(connected, { mirror: MIRROR, root: world.root });
  await exportTrust(connected, file('old'));
  await assert.rejects(
    importTrust(isolated, file('old'), { rootChecksum: '00' }),
    fails('untrusted-root', /expected sha256 00/),
  );
  const imported = await importTrust(isolated, file('old'), { rootChecksum: fetched.rootChecksum });
  assert.equal(textOf(imported.trustedRoot), textOf(fetched.trustedRoot));
  assert.equal(textOf((await findTrustMaterial(isolated))?.signingConfig), textOf(fetched.signingConfig));
  world.now = new Date(START.getTime() + 5 * 24 * HOUR_MS);
  await exportTrust(connected, file('new'));
  const newer = await importTrust(isolated, file('new'), {});
  assert.equal(newer.roles.find(({ role }) => role === 'timestamp')?.version, 2);
  await assert.rejects(
    importTrust(isolated, file('old'), {}),
    fails('untrusted-root', /timestamp\.json: expected version 2 or newer, found 1/),
  );
});

test('a file of another repository replaces nothing unless its root is named, nor does a changed one', async () => {
  const world = await createWorld();
  const ports = world.client();
  await initializeTrust(ports, { mirror: MIRROR, root: world.root });
  const path = join(ports.home, 'file');
  await exportTrust(ports, path);
  const text = Buffer.from(await ports.files.read(path)).toString();
  await ports.files.writeAtomic(path, text.replace(MIRROR, 'http://evil/tuf'));
  await assert.rejects(
    importTrust(ports, path, {}),
    fails('usage', /expected material of http:\/\/localhost:5555\/tuf/),
  );
  const value = JSON.parse(text) as { files: Record<string, string> };
  const target = Object.keys(value.files).find((name) => name.endsWith('.trusted_root.json')) ?? '';
  value.files[target] = Buffer.from('{}').toString('base64');
  await ports.files.writeAtomic(path, JSON.stringify(value));
  await assert.rejects(
    importTrust(world.client(), path, {}),
    fails('untrusted-root', /trusted_root\.json: expected \d+ bytes, found 2/),
  );
});

test('a folder and a file URL are repositories too, and paths do not lead out of them', async () => {
  const world = await createWorld();
  const ports = world.client();
  await initializeTrust(ports, { mirror: MIRROR, root: world.root });
  const folder = join(ports.home, 'copy');
  const kept = JSON.parse(
    Buffer.from(await ports.files.read(join(ports.settings.dataDir, 'trust.json'))).toString(),
  ) as { files: Record<string, string> };
  for (const [path, content] of Object.entries(kept.files))
    await ports.files.writeAtomic(join(folder, path), Buffer.from(content, 'base64'));
  for (const mirror of [folder, `file://${folder}`]) {
    const isolated = world.client(world.offline);
    const material = await initializeTrust(isolated, { mirror, root: world.root });
    assert.equal(material.mirror, mirror);
  }
});

test('processes that initialize at the same time leave one whole file', async () => {
  const world = await createWorld();
  const ports = world.client();
  await Promise.all(
    Array.from({ length: 8 }, async () => await initializeTrust(ports, { mirror: MIRROR, root: world.root })),
  );
  assert.ok(await findTrustMaterial({ ...ports, http: world.offline }));
});

test('a root that was seen once stays, even for who begins again with an older one', async () => {
  const world = await createWorld();
  const ports = world.client();
  await initializeTrust(ports, { mirror: MIRROR, root: world.root });
  world.now = new Date(START.getTime() + 200 * 24 * HOUR_MS);
  await findTrustMaterial(ports);
  const http: Http = async (request) =>
    await ports.http({ ...request, url: request.url.replace('/2.root.json', '/999.root.json') });
  const again = initializeTrust({ ...ports, http }, { mirror: MIRROR, root: world.root });
  await assert.rejects(again, fails('untrusted-root', /root\.json: expected version 2 or newer, found 1/));
});

test('material that expires before the day is over is fetched anew then', async () => {
  const world = await createWorld();
  const ports = world.client();
  const stale: Http = async (request) => {
    const now = world.now;
    world.now = START;
    const response = await ports.http(request);
    world.now = now;
    return response;
  };
  world.now = new Date(START.getTime() + 6.9 * 24 * HOUR_MS);
  const first = await initializeTrust({ ...ports, http: stale }, { mirror: MIRROR, root: world.root });
  world.now = new Date(START.getTime() + 7.1 * 24 * HOUR_MS);
  const second = await findTrustMaterial(ports);
  assert.deepEqual(
    [first, second].map((found) => found?.roles.find(({ role }) => role === 'timestamp')?.version),
    [1, 2],
  );
});

test('a slower process leaves the newer metadata of a faster one alone', async () => {
  const world = await createWorld();
  const ports = world.client();
  await initializeTrust(ports, { mirror: MIRROR, root: world.root });
  const old = await openTufSource(ports, MIRROR)('timestamp.json', 16_384);
  world.now = new Date(START.getTime() + 4 * 24 * HOUR_MS);
  const slow: Http = async (request) => {
    if (!request.url.endsWith('/timestamp.json')) return await ports.http(request);
    await findTrustMaterial(ports);
    const body = (async function* () {
      yield old ?? new Uint8Array();
    })();
    return { status: 200, headers: new Map(), body };
  };
  await findTrustMaterial({ ...ports, http: slow });
  const kept = await findTrustMaterial({ ...ports, http: world.offline });
  assert.equal(kept?.roles.find(({ role }) => role === 'timestamp')?.version, 2);
});

test('what is no trust material is refused wherever it comes from', async () => {
  const world = await createWorld();
  const ports = world.client();
  await initializeTrust(ports, { mirror: MIRROR, root: world.root });
  const wrong = initializeTrust(ports, { mirror: MIRROR, rootChecksum: '00' });
  await assert.rejects(wrong, fails('untrusted-root', /root: expected sha256 00/));
  const path = join(ports.home, 'file');
  await exportTrust(ports, path);
  const text = textOf(await ports.files.read(path));
  await ports.files.writeAtomic(path, text.replace('trust.v1', 'trust.v2'));
  await assert.rejects(
    importTrust(ports, path, {}),
    fails('invalid-input', /mediaType: expected application\/vnd\.plimsoll/),
  );
  const other = createTestPorts();
  const { handler, root } = await serveTestRepository(other, { mediaType: 'text/plain' });
  await other.files.writeAtomic(path, root);
  const served = { ...other, http: createHandlerHttp({ 'localhost:5555': handler }) };
  await assert.rejects(
    initializeTrust(served, { mirror: MIRROR, root: path }),
    fails('invalid-input', /trusted_root\.json\.mediaType/),
  );
});

test('no path leads out of a repository', async () => {
  const ports = createTestPorts();
  await ports.files.writeAtomic(join(ports.home, 'secret'), 'secret');
  await ports.files.writeAtomic(join(ports.home, 'tuf/timestamp.json'), '{}');
  for (const mirror of [join(ports.home, 'tuf'), 'http://localhost:5555/tuf'])
    for (const path of ['../secret', 'targets/../../secret', './timestamp.json', '/etc/passwd', 'targets//a'])
      await assert.rejects(
        openTufSource(ports, mirror)(path, 100),
        fails('invalid-input', /expected a path inside/),
        path,
      );
});
