import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareSemver } from '../ecosystem/index.ts';
import { findBaseScore, severityOfScore } from './cvss.ts';
import { evaluate } from './evaluate.ts';
import { readPack } from './index.ts';
import { osv } from './sources/osv.ts';
import { tarOf, zipOf } from './testing.ts';

const readOne = (document: unknown, what: string) => osv.read(document, what)[0] ?? assert.fail();
const asked = (version: string) => ({ version, raw: version, compare: compareSemver });

function affected(part: Record<string, unknown>) {
  const record = { id: 'X-1', affected: [{ package: { ecosystem: 'npm', name: 'a' }, ...part }] };
  return readOne(record, 'test').affected[0] ?? assert.fail();
}

const ranges = (...events: readonly Record<string, string>[]) => ({ ranges: [{ type: 'SEMVER', events }] });

test('a version is affected from introduced to before fixed, over several intervals in any order', () => {
  const entry = affected(
    ranges({ fixed: '2.5.0' }, { introduced: '1.0.0' }, { introduced: '2.0.0' }, { fixed: '1.4.0' }),
  );
  const hits = ['0.9.9', '1.0.0', '1.3.9', '1.4.0', '2.0.0', '2.5.0'].map(
    (version) => evaluate(entry, asked(version)) !== undefined,
  );
  assert.deepEqual(hits, [false, true, true, false, true, false]);
  assert.deepEqual(evaluate(entry, asked('1.2.0'))?.fixedIn, ['1.4.0']);
  assert.match(evaluate(entry, asked('2.1.0'))?.because ?? '', />=2\.0\.0 <2\.5\.0/);
});

test('introduced 0 is below everything, last_affected is itself affected, and a range may have no end', () => {
  const entry = affected(ranges({ introduced: '0' }, { last_affected: '1.1.8' }));
  assert.deepEqual(
    ['0.0.0-alpha', '1.1.8', '1.1.9'].map((version) => evaluate(entry, asked(version)) !== undefined),
    [true, true, false],
  );
  assert.deepEqual(evaluate(entry, asked('1.0.0'))?.fixedIn, []);
  assert.match(evaluate(affected(ranges({ introduced: '0' })), asked('99.0.0'))?.because ?? '', /without end/);
});

test('a limit bounds a range, and a pre-release inside a range counts', () => {
  const limited = affected(ranges({ introduced: '1.0.0' }, { limit: '2.0.0' }));
  assert.equal(evaluate(limited, asked('2.0.0')), undefined);
  assert.ok(evaluate(limited, asked('1.9.0')));
  assert.ok(evaluate(affected(ranges({ introduced: '0' }, { limit: '*' })), asked('9.0.0')));
  assert.ok(evaluate(affected(ranges({ introduced: '0' }, { fixed: '2.0.0' })), asked('2.0.0-rc.1')));
});

test('without an order only named versions and semantic ranges speak', () => {
  const entry = affected({ versions: ['1.0-weird'], ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }] });
  assert.ok(evaluate(entry, { version: '1.0-weird', raw: '1.0-weird' }));
  assert.equal(evaluate(entry, { version: '1.1', raw: '1.1' }), undefined);
});

test('commit ranges and entries without a package are passed over; several entries of one package are one', () => {
  const record = {
    id: 'X-1',
    affected: [
      { ranges: [{ type: 'GIT', repo: 'https://example.com', events: [{ introduced: '0' }] }] },
      { package: { ecosystem: 'npm', name: 'a' }, ranges: [{ type: 'GIT', events: [{ introduced: '0' }] }] },
      { package: { ecosystem: 'npm', name: 'a' }, ...ranges({ introduced: '3.0.0' }) },
    ],
  };
  const advisory = readOne(record, 'test');
  assert.equal(advisory.affected.length, 1);
  assert.equal(evaluate(advisory.affected[0] ?? assert.fail(), asked('2.0.0')), undefined);
});

test('the severity of a package excludes that of the record, and words of databases are understood', () => {
  const vector = [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }];
  const both = readOne(
    {
      id: 'X',
      severity: vector,
      affected: [{ package: { ecosystem: 'npm', name: 'a' }, ecosystem_specific: { severity: 'LOW' } }],
    },
    'test',
  );
  assert.deepEqual(both.rating, { severity: 'critical', score: 9.8 });
  assert.equal(both.affected[0]?.rating?.severity, 'low');
  assert.equal(
    readOne({ id: 'X', affected: [], database_specific: { severity: 'MODERATE' } }, 'test').rating.severity,
    'medium',
  );
  assert.equal(readOne({ id: 'X', affected: [] }, 'test').rating.severity, 'unknown');
});

test('the zero time says nothing, and broken records are refused with their path', () => {
  assert.equal(readOne({ id: 'X', modified: '0001-01-01T00:00:00Z', affected: [] }, 'test').modified, undefined);
  assert.throws(() => readOne({ id: 'X', affected: [{ package: { ecosystem: 'npm' } }] }, 'test'), {
    kind: 'invalid-input',
    message: /package\.name/,
  });
  assert.equal(osv.recognizes({ id: 'X' }), false);
  assert.equal(osv.recognizes([]), false);
});

test('CVSS base scores are those of the calculator', () => {
  const scores: readonly (readonly [string, number | undefined])[] = [
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 9.8],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10],
    ['CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', 6.1],
    ['CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N', 1.8],
    ['CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H', 6.5],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 0],
    ['AV:N/AC:L/Au:N/C:P/I:P/A:P', 7.5],
    ['AV:N/AC:L/Au:N/C:N/I:N/A:C', 7.8],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', undefined],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H', undefined],
    ['nonsense', undefined],
  ];
  for (const [vector, score] of scores) assert.equal(findBaseScore(vector), score, vector);
  assert.deepEqual([9, 8.9, 6.9, 3.9, 0].map(severityOfScore), ['critical', 'high', 'medium', 'low', 'negligible']);
});

const record = JSON.stringify({ id: 'X-1', affected: [] });

test('zip packs are read by their directory, stored and deflated; other documents are counted', () => {
  for (const method of [0, 8]) {
    assert.deepEqual(
      [...readPack('all.zip', zipOf('X-1.json', record, method), { count: 0 })].map(({ id }) => id),
      ['X-1'],
    );
  }
  const ignored = { count: 0 };
  assert.deepEqual([...readPack('all.zip', zipOf('other.json', '{}'), ignored)], []);
  assert.equal(ignored.count, 1);
});

test('damaged packs are refused', () => {
  const whole = zipOf('X-1.json', record);
  const odd = zipOf('X-1.json', record, 12);
  for (const bytes of [
    whole.subarray(0, 40),
    odd,
    Buffer.concat([whole.subarray(0, 60), Buffer.alloc(30), whole.subarray(90)]),
  ]) {
    assert.throws(() => [...readPack('all.zip', bytes, { count: 0 })], { kind: 'invalid-input' });
  }
  assert.throws(() => [...readPack('a.tar.gz', Buffer.from([0x1f, 0x8b, 1, 2]), { count: 0 })], {
    kind: 'invalid-input',
  });
  assert.throws(() => [...readPack('a.tar', Buffer.alloc(512, 'x'), { count: 0 })], { kind: 'invalid-input' });
  assert.throws(() => [...readPack('a.json', Buffer.from('{'), { count: 0 })], { kind: 'invalid-input' });
});

test('records in YAML keep versions as they are written, and null withdraws nothing', () => {
  const text =
    'id: X-1\nwithdrawn: null\nmodified: 2023-11-07T20:24:23Z\naffected:\n- package: {ecosystem: PyPI, name: a}\n  versions:\n  - 1.10\n  - "1.0"\n';
  for (const name of ['X-1.yaml', 'X-1.yml']) {
    const [record, ...more] = readPack(name, Buffer.from(text), { count: 0 });
    assert.deepEqual(record?.affected[0]?.versions, ['1.10', '1.0']);
    assert.equal(record.withdrawn, undefined);
    assert.equal(record.modified, '2023-11-07T20:24:23Z');
    assert.equal(more.length, 0);
  }
  const two = Buffer.from(`${text}---\n- gem: b\n`);
  const ignored = { count: 0 };
  assert.equal([...readPack('a.tar', tarOf('vulns/a/X-1.yaml', two), ignored)].length, 1);
  assert.equal(ignored.count, 1);
  assert.throws(() => [...readPack('a.yaml', Buffer.from('a: ['), { count: 0 })], { kind: 'invalid-input' });
});

test("AlmaLinux's records: severity of the title, what is mended as upstream, notices that mend nothing left out", () => {
  const notice = (id: string, related: readonly string[], summary = 'Important: a security update') => ({
    id,
    summary,
    related,
    affected: [],
  });
  const record = readOne(notice('ALSA-2021:1', ['CVE-1', 'CVE-2']), 'x');
  assert.deepEqual([record.rating, record.upstream], [{ severity: 'high' }, ['CVE-1', 'CVE-2']]);
  assert.deepEqual(osv.read(notice('ALBA-2021:1', []), 'x'), []);
  assert.equal(osv.read(notice('ALBA-2021:1', ['CVE-1']), 'x').length, 1);
  assert.deepEqual(readOne(notice('GO-1', ['CVE-1'], 'Low water: a is low'), 'x').rating, { severity: 'unknown' });
  assert.deepEqual(readOne(notice('GO-1', ['CVE-1']), 'x').upstream, []);
  const scored = { ...notice('RLSA-1', []), database_specific: { severity: 'LOW' } };
  assert.deepEqual(readOne(scored, 'x').rating, { severity: 'low' });
});

test('an Alpine database gives a record for each id, never for what was never affected', () => {
  const database = {
    distroversion: 'v3.20',
    reponame: 'main',
    packages: [
      { pkg: { name: 'zlib', secfixes: { '1.2.12-r2': ['CVE-1 GHSA-1'], '0': ['CVE-9'] } } },
      { pkg: { name: 'busybox', secfixes: { '1.36-r0': ['CVE-1'] } } },
      { pkg: { name: 'empty', secfixes: [] } },
    ],
  };
  const read = [...readPack('main.json', Buffer.from(JSON.stringify(database)), { count: 0 })];
  assert.deepEqual(
    read.map(({ id, upstream, affected }) => [id, upstream, affected.map(({ name }) => name)]),
    [
      ['ALPINE-v3.20-main-CVE-1', ['CVE-1'], ['zlib', 'busybox']],
      ['ALPINE-v3.20-main-GHSA-1', ['GHSA-1'], ['zlib']],
    ],
  );
  assert.equal(read[0]?.affected[0]?.ecosystem, 'Alpine:v3.20');
  const wrong = Buffer.from(JSON.stringify({ ...database, distroversion: '3.20' }));
  assert.throws(() => [...readPack('main.json', wrong, { count: 0 })], { kind: 'invalid-input' });
});
