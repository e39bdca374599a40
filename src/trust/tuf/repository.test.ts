import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../../core/index.ts';
import { updateTuf } from './client.ts';
import { missingSignatures } from './repository.ts';
import {
  AT,
  createTestRepository,
  emptyFolder,
  days,
  keyIdOf,
  newKey,
  planOf,
  readRepository,
  sourceOf,
} from './testing.ts';

const fails = (kind: string, message: RegExp) => (error: unknown) =>
  error instanceof AppError && error.kind === kind && message.test(error.message);

test('nothing is published before as many key holders signed as the root demands', async () => {
  const holders = [newKey(), newKey('ed25519'), newKey()];
  const online = newKey();
  const folder = emptyFolder();
  await folder.init(
    planOf({ root: holders, targets: holders, snapshot: [online], timestamp: [online] }, { root: 2, targets: 2 }),
    AT,
  );
  await folder.change([{ name: 'a.txt', content: Buffer.from('a') }], [], AT);
  await assert.rejects(
    folder.publish([online], AT),
    fails('untrusted-root', /staged\/root\.json, by the keys of root 1: expected signatures by 2 keys, found 0/),
  );
  const [first, second] = holders;
  assert.ok(first !== undefined && second !== undefined);
  const missing = await folder.sign(first);
  assert.deepEqual(
    missing.map(({ role, signed }) => [role, signed]),
    [
      ['root', [keyIdOf(first)]],
      ['targets', [keyIdOf(first)]],
    ],
  );
  await folder.sign(first);
  await assert.rejects(folder.publish([online], AT), fails('untrusted-root', /found 1/));
  await folder.sign(second);
  const published = await folder.publish([online], AT);
  assert.deepEqual(missingSignatures(published), []);
  const files = readRepository(folder.folder);
  assert.ok(![...files.keys()].some((name) => name.startsWith('staged/')));
  const client = await updateTuf({
    trusted: files.get('1.root.json') ?? new Uint8Array(),
    source: sourceOf(files),
    at: AT,
  });
  assert.equal(Buffer.from((await client.findTarget('a.txt')) ?? []).toString(), 'a');
});

test('a key that the root does not name signs nothing', async () => {
  const { folder } = await createTestRepository();
  await folder.change([], ['app.txt'], AT);
  await assert.rejects(folder.sign(newKey()), fails('invalid-input', /expected something staged that key/));
});

test('a rotated key signs no more, and clients of the first root follow', async () => {
  const { folder, offline, online } = await createTestRepository();
  const next = newKey();
  const old = keyIdOf(online);
  for (const role of ['snapshot', 'timestamp'] as const)
    await folder.rotate({ role, add: [next.publicKey], remove: [old] }, AT);
  // both changes are one root
  await folder.sign(offline);
  await assert.rejects(
    folder.publish([online], AT),
    fails('untrusted-root', /snapshot\.json: expected signatures by 1 keys, found 0/),
  );
  const { root } = await folder.publish([next], AT);
  assert.equal(root?.content.version, 2);
  assert.ok(!Object.keys(root.content.keys).includes(old));
  const files = readRepository(folder.folder);
  const client = await updateTuf({
    trusted: files.get('1.root.json') ?? new Uint8Array(),
    source: sourceOf(files),
    at: AT,
  });
  assert.equal(client.roles().length, 4);
});

test('other keys for targets make the list of targets be signed anew, and no role is left without enough keys', async () => {
  const { folder, offline, online } = await createTestRepository();
  const next = newKey();
  const change = { role: 'targets' as const, add: [next.publicKey], remove: [keyIdOf(offline)] };
  await assert.rejects(
    folder.rotate({ ...change, threshold: 2 }, AT),
    fails('usage', /targets: expected a threshold from 1 to its 1 keys/),
  );
  await folder.rotate(change, AT);
  await folder.sign(offline);
  await assert.rejects(
    folder.publish([online], AT),
    fails('untrusted-root', /staged\/targets\.json, by the keys of root 2/),
  );
  await folder.sign(next);
  const { targets } = await folder.publish([online], AT);
  assert.equal(targets?.content.version, 2);
  assert.deepEqual(Object.keys(targets.content.targets), ['app.txt']);
});

test('roles are renewed when half their life has passed, and no sooner', async () => {
  const { folder, offline, online } = await createTestRepository();
  const keys = [offline, online];
  assert.equal(await folder.renew(keys, days(3)), false);
  assert.equal(await folder.renew(keys, days(4)), true);
  const { timestamp, root } = await folder.read();
  assert.equal(timestamp?.content.version, 2);
  assert.equal(timestamp.content.expires, days(11).getTime());
  assert.equal(root?.content.version, 1);
  assert.equal(await folder.renew(keys, days(200)), true);
  const late = await folder.read();
  assert.equal(late.root?.content.version, 2);
  assert.equal(late.targets?.content.version, 2);
  const files = readRepository(folder.folder);
  await updateTuf({ trusted: files.get('1.root.json') ?? new Uint8Array(), source: sourceOf(files), at: days(201) });
});

test('thresholds that nobody can meet, names that lead elsewhere and a second repository are refused', async () => {
  const { folder, offline } = await createTestRepository();
  const plan = planOf({ root: [offline], targets: [offline], snapshot: [offline], timestamp: [offline] });
  await assert.rejects(folder.init(plan, AT), fails('invalid-input', /expected no repository/));
  const fresh = emptyFolder();
  await assert.rejects(
    fresh.init({ ...plan, root: { ...plan.root, threshold: 2 } }, AT),
    fails('usage', /root: expected a threshold from 1 to its 1 keys, found 2/),
  );
  for (const name of ['../a', '/a', 'a//b', '', '.a'])
    await assert.rejects(
      folder.change([{ name, content: new Uint8Array() }], [], AT),
      fails('usage', /expected a name/),
      name,
    );
  await assert.rejects(folder.change([], ['absent'], AT), fails('not-found', /absent/));
});
