/** Whatever bytes come as advisories, reading ends in records or in invalid input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, fuzzValues } from '../../core/fuzz-testing.ts';
import { readPack } from './index.ts';
import { tarOf, zipOf } from './testing.ts';

const RECORD = JSON.stringify({
  id: 'ALSA-2021:1',
  modified: '2026-01-01T00:00:00Z',
  summary: 'Important: a security update',
  details: 'text',
  aliases: ['CVE-1'],
  related: ['CVE-2'],
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H' }],
  affected: [
    {
      package: { ecosystem: 'npm', name: 'a' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.3.0' }], database_specific: {} }],
      versions: ['1.0.0'],
      ecosystem_specific: { urgency: 'low', severity: 'LOW' },
    },
  ],
  references: [{ type: 'ADVISORY', url: 'https://example.com' }],
  database_specific: { severity: 'LOW', url: 'https://example.com' },
});
const ALPINE = JSON.stringify({
  distroversion: 'v3.20',
  reponame: 'main',
  packages: [{ pkg: { name: 'zlib', secfixes: { '1.2.12-r2': ['CVE-1 GHSA-1'], '0': ['CVE-9'] } } }],
});

for (const [name, seed] of [
  ['a.json', Buffer.from(RECORD)],
  ['main.json', Buffer.from(ALPINE)],
  ['a.yaml', Buffer.from(`id: X-1\naffected:\n- package: {ecosystem: PyPI, name: a}\n  versions:\n  - "1.0"\n`)],
  ['a.zip', zipOf('a.json', RECORD)],
  ['stored.zip', zipOf('a.json', RECORD, 0)],
  ['a.tar', tarOf('a.json', RECORD)],
] as const)
  test(`${name}: mutated files are read or refused as invalid input`, () => {
    fuzz(seed, (bytes) => [...readPack(name, bytes, { count: 0 })]);
  });

test('records whose values are of other kinds are read or refused as invalid input', () => {
  for (const seed of [RECORD, ALPINE])
    fuzzValues(seed, (text) => [...readPack('a.json', Buffer.from(text), { count: 0 })]);
});

test('a record of one package in very many parts is read in time that grows with their number', () => {
  const affected = Array.from({ length: 40_000 }, (_, at) => ({
    package: { ecosystem: 'npm', name: 'a' },
    versions: [`${at}`],
  }));
  const before = process.cpuUsage();
  const [advisory] = [...readPack('x.json', Buffer.from(JSON.stringify({ id: 'A-1', affected })), { count: 0 })];
  const { user } = process.cpuUsage(before);
  assert.equal(advisory?.affected[0]?.versions.length, 40_000);
  assert.ok(user / 1000 < 2000, `${user / 1000} ms`);
});
