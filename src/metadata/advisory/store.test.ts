import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AppError } from '../../core/index.ts';
import { advisoryPacks, needsSharedData } from '../../../test/shared-data.ts';
import { openAdvisoryStore, readPack } from './index.ts';
import { affects, createAdvisory } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const AT = new Date('2026-02-03T04:05:06Z');

test('importing the same records again changes nothing', async () => {
  using store = openAdvisoryStore(':memory:');
  const first = await store.import([createAdvisory()], AT);
  assert.deepEqual(first, { read: 1, changed: 1, changedPackages: [{ ecosystem: 'npm', name: 'left-pad' }] });
  const { version } = store.status();
  assert.deepEqual(await store.import([createAdvisory()], AT), { read: 1, changed: 0, changedPackages: [] });
  assert.equal(store.status().version, version);
});

test('the record modified last wins, whichever comes first', async () => {
  using store = openAdvisoryStore(':memory:');
  const newer = createAdvisory({ modified: '2026-06-01T00:00:00Z', summary: 'newer' });
  await store.import([newer, createAdvisory({ summary: 'older' })], AT);
  assert.equal(store.findById(newer.id)?.summary, 'newer');
  const untimed = createAdvisory({ summary: 'untimed' });
  const { modified: _modified, ...rest } = untimed;
  await store.import([rest], AT);
  assert.equal(store.findById(newer.id)?.summary, 'newer');
});

test('a change names the packages that the record names now and named before', async () => {
  using store = openAdvisoryStore(':memory:');
  await store.import([createAdvisory()], AT);
  const moved = createAdvisory({ modified: '2026-06-01T00:00:00Z', affected: [affects('npm', 'right-pad')] });
  const { changedPackages } = await store.import([moved], AT);
  assert.deepEqual(
    changedPackages.map(({ name }) => name),
    ['left-pad', 'right-pad'],
  );
  assert.equal(store.find('npm', 'left-pad').length, 0);
  assert.equal(store.find('npm', 'right-pad').length, 1);
});

test('a withdrawn record is kept and never found', async () => {
  using store = openAdvisoryStore(':memory:');
  await store.import([createAdvisory()], AT);
  const withdrawn = createAdvisory({ modified: '2026-06-01T00:00:00Z', withdrawn: '2026-06-01T00:00:00Z' });
  assert.equal((await store.import([withdrawn], AT)).changedPackages.length, 1);
  assert.equal(store.find('npm', 'left-pad').length, 0);
  assert.equal(store.findById(withdrawn.id)?.withdrawn, '2026-06-01T00:00:00Z');
});

test('an import that breaks off leaves the old state', async () => {
  using store = openAdvisoryStore(':memory:');
  await store.import([createAdvisory()], AT);
  const before = store.status();
  function* broken() {
    yield createAdvisory({ id: 'GHSA-new' });
    throw new AppError('invalid-input', 'damaged');
  }
  await assert.rejects(store.import(broken(), new Date('2026-09-09')), { kind: 'invalid-input' });
  assert.deepEqual(store.status(), before);
});

test('aliases are followed both ways and over several records', async () => {
  using store = openAdvisoryStore(':memory:');
  const record = (id: string, aliases: readonly string[]) => createAdvisory({ id, aliases });
  await store.import([record('GO-1', ['CVE-1']), record('GHSA-1', ['CVE-1']), record('GO-2', ['CVE-2'])], AT);
  assert.deepEqual([...store.listAliases('GO-1')].sort(), ['CVE-1', 'GHSA-1', 'GO-1']);
  assert.deepEqual([...store.listAliases('CVE-1')].sort(), ['CVE-1', 'GHSA-1', 'GO-1']);
  assert.deepEqual(store.listAliases('CVE-9'), ['CVE-9']);
});

test('a file that is no store is refused', () => {
  const path = join(folder, 'other.db');
  writeFileSync(path, 'not a database, but long enough to look like a file of one'.repeat(100));
  assert.throws(() => openAdvisoryStore(path), { kind: 'invalid-input' });
});

test('a store is read by a second process while it is open', async () => {
  const path = join(folder, 'shared.db');
  using store = openAdvisoryStore(path);
  await store.import([createAdvisory()], AT);
  using reader = openAdvisoryStore(path);
  assert.equal(reader.find('npm', 'left-pad').length, 1);
  assert.equal(reader.status().updated, AT.toISOString());
});

test('the Go pack, whose records have the zero time, is imported whole', needsSharedData, async () => {
  using store = openAdvisoryStore(':memory:');
  const pack = readFileSync(join(advisoryPacks, 'go-vulndb.osv.tar.zst'));
  const result = await store.import(readPack('go.tar.zst', pack, { count: 0 }), AT);
  assert.equal(result.changed, 4291);
  assert.equal(store.status().withdrawn, 17);
  assert.equal(store.status().newestRecord, undefined);
  const started = performance.now();
  for (let index = 0; index < 1000; index++) store.find('Go', `example.com/module-${index}`);
  assert.ok(performance.now() - started < 100);
});
