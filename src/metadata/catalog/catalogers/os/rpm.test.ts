import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLayeredTree, createMemoryTree } from '../../../../core/testing.ts';
import type { MemoryFiles } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';
import { bdbFile, ndbFile, rpmHeader } from './rpm/testing.ts';

const header = (name: string, version = '1', more: Parameters<typeof rpmHeader>[0] = {}) =>
  rpmHeader({ 1000: name, 1001: version, 1002: '2.el9', 1022: 'x86_64', 1014: 'MIT', ...more });

const LARGE = header('large', '1', { 1004: 'x'.repeat(20_000) });

function fill(database: DatabaseSync, headers: readonly Buffer[]): void {
  database.exec('CREATE TABLE IF NOT EXISTS Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)');
  for (const blob of headers) database.prepare('INSERT INTO Packages (blob) VALUES (?)').run(blob);
}

function sqliteFile(headers: readonly Buffer[]): Buffer {
  const database = new DatabaseSync(':memory:');
  fill(database, headers);
  return Buffer.from(database.serialize());
}

const catalog = async (files: MemoryFiles) =>
  await catalogTree(createMemoryTree(files, catalogSelector), { declared: false });
const versions = (found: Awaited<ReturnType<typeof catalog>>) =>
  found.components.map(({ name, version }) => `${name} ${version}`).toSorted();

const MANY = Array.from({ length: 40 }, (_, index) => header(`package-${index}`, `${index}`));
const DATABASES = {
  'var/lib/rpm/rpmdb.sqlite': sqliteFile,
  'usr/lib/sysimage/rpm/Packages.db': ndbFile,
  'var/lib/rpm/Packages': bdbFile,
} as const;

for (const [path, build] of Object.entries(DATABASES)) {
  test(`${path}: every package is found, on however many pages`, async () => {
    const found = await catalog({ [path]: build([LARGE, header('small'), header('epoch', '3', { 1003: [4] })]) });
    assert.deepEqual(versions(found), ['epoch 4:3-2.el9', 'large 1-2.el9', 'small 1-2.el9']);
    assert.equal(
      found.components.find(({ name }) => name === 'epoch')?.purl,
      'pkg:rpm/epoch@3-2.el9?arch=x86_64&epoch=4',
    );
    if (build !== bdbFile) assert.equal((await catalog({ [path]: build(MANY) })).components.length, MANY.length);
  });

  test(`${path}: damage anywhere is skipped or read past, and nothing else`, async () => {
    const sound = build([LARGE, header('small')]);
    const damage = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(sound.length), async (changes, length) => {
        const content = Buffer.from(sound);
        for (const [at, byte] of changes) content[at % (changes.length % 2 === 0 ? sound.length : 200)] = byte;
        await catalog({ [path]: content });
        assert.ok((await catalog({ [path]: sound.subarray(0, length) })).components.length <= 2);
      }),
      { numRuns: 200 },
    );
  });
}

test('pages of SQLite that lead in a circle are refused', async () => {
  const content = sqliteFile([LARGE]);
  // overflow pages begin with the number of the next one
  for (let page = 4096; page < content.length; page += 4096) {
    if (content[page + 100] === 'x'.charCodeAt(0)) content.writeUInt32BE(page / 4096 + 1, page);
  }
  const found = await catalog({ 'var/lib/rpm/rpmdb.sqlite': content });
  assert.match(found.skipped[0]?.reason ?? '', /each page once/);
});

test("what the write-ahead log has committed counts, and another database's log does not", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rpm-'));
  const database = new DatabaseSync(join(folder, 'db'));
  database.exec('PRAGMA journal_mode=WAL');
  fill(database, [header('checkpointed')]);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  fill(database, [header('logged'), LARGE]);
  const content = readFileSync(join(folder, 'db'));
  const log = readFileSync(join(folder, 'db-wal'));
  database.close();
  rmSync(folder, { recursive: true });
  const path = 'var/lib/rpm/rpmdb.sqlite';
  assert.deepEqual(versions(await catalog({ [path]: content })), ['checkpointed 1-2.el9']);
  const all = ['checkpointed 1-2.el9', 'large 1-2.el9', 'logged 1-2.el9'];
  assert.deepEqual(versions(await catalog({ [path]: content, [`${path}-wal`]: log })), all);
  const foreign = Buffer.from(log);
  foreign[40] = (foreign[40] ?? 0) ^ 1;
  assert.deepEqual(versions(await catalog({ [path]: content, [`${path}-wal`]: foreign })), ['checkpointed 1-2.el9']);
});

test('files, requirements, modules, sources and content sets are told', async () => {
  const found = await catalog({
    'etc/os-release': 'ID=rhel\nVERSION_ID=9.4\n',
    'root/buildinfo/content_manifests/ubi9.json': '{"content_sets":["rhel-9-baseos","rhel-9-appstream"]}',
    'usr/lib/node_modules/npm/package.json': '{"name":"npm","version":"10.0.0"}',
    'var/lib/rpm/Packages.db': ndbFile([
      header('nodejs-libs', '18', { 1044: 'nodejs-18-2.el9.src.rpm', 1047: ['libnode.so.108()(64bit)'] }),
      header('nodejs', '18', {
        1049: ['libnode.so.108()(64bit)', '/usr/bin/sh', 'rpmlib(CompressedFileNames)'],
        1116: [0],
        1117: ['package.json'],
        1118: ['/usr/lib/node_modules/npm/'],
        5096: 'nodejs:18:9040020240301:rhel9',
      }),
      header('bash', '5', { 1116: [0], 1117: ['sh'], 1118: ['/usr/bin/'] }),
    ]),
  });
  const purl = (name: string, version: string) => `pkg:rpm/redhat/${name}@${version}-2.el9?arch=x86_64&distro=rhel-9.4`;
  const byName = new Map(found.components.map((component) => [component.name, component]));
  assert.deepEqual(byName.get('nodejs-libs')?.source, { name: 'nodejs', version: '18-2.el9' });
  assert.equal(byName.get('nodejs')?.properties['rpm:modularityLabel'], 'nodejs:18:9040020240301:rhel9');
  assert.equal(byName.get('nodejs')?.properties['rpm:contentSets'], 'rhel-9-appstream rhel-9-baseos');
  assert.equal(byName.get('npm')?.ownedBy, purl('nodejs', '18'));
  assert.deepEqual(
    found.dependencies.filter(({ from }) => from === purl('nodejs', '18')),
    [{ from: purl('nodejs', '18'), to: [purl('nodejs-libs', '18'), purl('bash', '5')] }],
  );
});

test('a package comes from the layer since which it is there without a break', async () => {
  const path = 'usr/lib/sysimage/rpm/Packages.db';
  const tree = createLayeredTree(
    [
      { [path]: ndbFile([header('base'), header('gone')]) },
      { [path]: ndbFile([header('base'), header('tool')]) },
      { [path]: ndbFile([header('base'), header('tool'), header('gone')]) },
    ],
    catalogSelector,
  );
  const { components } = await catalogTree(tree, { declared: false });
  const layers = Object.fromEntries(components.map((component) => [component.name, component.introducedBy?.index]));
  assert.deepEqual(layers, { base: 0, tool: 1, gone: 2 });
});

test('the older database that a migration left is read only where the newer one cannot be', async () => {
  const older = { 'var/lib/rpm/Packages': bdbFile([header('old')]) };
  assert.deepEqual(versions(await catalog({ ...older, 'var/lib/rpm/rpmdb.sqlite': sqliteFile([header('new')]) })), [
    'new 1-2.el9',
  ]);
  const found = await catalog({ ...older, 'var/lib/rpm/rpmdb.sqlite': 'damaged' });
  assert.deepEqual(versions(found), ['old 1-2.el9']);
  assert.equal(found.skipped[0]?.path, 'var/lib/rpm/rpmdb.sqlite');
});

test('a manifest of an image without a database gives its packages, and a broken line refuses it', async () => {
  const line = 'bash\t5.1.8-1.cm2\t1\t2\tMicrosoft Corporation\t(none)\t3\tx86_64\t0\tbash-5.1.8-1.cm2.src.rpm\n';
  const path = 'var/lib/rpmmanifest/container-manifest-2';
  const found = await catalog({ [path]: line });
  assert.deepEqual(versions(found), ['bash 5.1.8-1.cm2']);
  assert.equal(found.components[0]?.supplier, 'Microsoft Corporation');
  assert.match((await catalog({ [path]: `${line}bash\n` })).skipped[0]?.reason ?? '', /line 2: expected ten fields/);
});
