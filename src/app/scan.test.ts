import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HttpRequest, Ports } from '../core/index.ts';
import { createTestPorts, temporaryFolder } from '../io/testing.ts';
import { zipOf } from '../metadata/advisory/testing.ts';
import { advisoryStatus, importAdvisories, updateAdvisories } from './advisories.ts';
import { createSbom, formatSbom, loadSbom } from './sbom.ts';
import { formatScanTable, toSarif, toVulnPredicate } from './scan-report.ts';
import { reachesThreshold, scanSbom, scanSource } from './scan.ts';

const ADVISORY = {
  id: 'GHSA-1',
  aliases: ['CVE-2026-1'],
  modified: '2026-01-01T00:00:00Z',
  summary: 'left-pad pads on the right',
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H' }],
  affected: [
    {
      package: { ecosystem: 'npm', name: 'left-pad' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.3.0' }] }],
    },
  ],
};

const LOCK = { lockfileVersion: 3, packages: { '': { name: 'app' }, 'node_modules/left-pad': { version: '1.2.0' } } };

/** A folder with a lock file, an advisory about what it locks, and a VEX document that denies it. */
function project(): { readonly folder: string; readonly advisory: string; readonly vex: string } {
  const folder = temporaryFolder();
  const outside = temporaryFolder();
  const [advisory, vex] = [join(outside, 'advisory.json'), join(outside, 'vex.json')];
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(LOCK));
  writeFileSync(advisory, JSON.stringify(ADVISORY));
  writeFileSync(
    vex,
    JSON.stringify({
      '@context': 'https://openvex.dev/ns/v0.2.0',
      timestamp: '2026-01-01T00:00:00Z',
      statements: [
        {
          vulnerability: { name: 'CVE-2026-1' },
          products: ['pkg:npm/left-pad'],
          status: 'not_affected',
          justification: 'vulnerable_code_not_present',
        },
      ],
    }),
  );
  return { folder, advisory, vex };
}

async function readyPorts(advisory: string): Promise<Ports> {
  const ports = createTestPorts();
  await importAdvisories(ports, [advisory]);
  return ports;
}

test('a scan without advisories fails with a hint: it never reads as no vulnerabilities', async () => {
  const ports = createTestPorts();
  await assert.rejects(scanSource(ports, 'pkg:npm/left-pad@1.2.0'), { kind: 'not-found', hint: /db import/ });
  await assert.rejects(advisoryStatus(ports), { kind: 'not-found' });
});

test('a folder, its stored SBOM and the package alone give the same finding', async () => {
  const { folder, advisory } = project();
  const ports = await readyPorts(advisory);
  const stored = join(temporaryFolder(), 'app.spdx.json');
  writeFileSync(stored, formatSbom(await createSbom(ports, folder), 'spdx-json'));
  for (const source of [folder, `sbom:${stored}`, 'pkg:npm/left-pad@1.2.0']) {
    const result = await scanSource(ports, source);
    assert.deepEqual(
      result.findings.map(({ id, severity, fixedIn }) => [id, severity, fixedIn]),
      [['GHSA-1', 'high', ['1.3.0']]],
      source,
    );
    assert.equal(reachesThreshold(result, 'high'), true);
    assert.equal(reachesThreshold(result, 'critical'), false);
    assert.match(formatScanTable(result), /0 days old/);
  }
});

test('VEX hides the finding, which the reports still show as hidden', async () => {
  const { folder, advisory, vex } = project();
  const ports = await readyPorts(advisory);
  const result = await scanSource(ports, folder, { vex: [vex] });
  assert.equal(result.counts.high, 0);
  assert.equal(reachesThreshold(result, 'negligible'), false);
  assert.match(formatScanTable(result), /1 hidden by VEX/);
  assert.match(JSON.stringify(toSarif(result)), /"suppressions".*vulnerable_code_not_present/);
  const predicate = toVulnPredicate(result) as {
    scanner: { result: { summary: { high: number }; suppressed: number } };
  };
  assert.deepEqual([predicate.scanner.result.summary.high, predicate.scanner.result.suppressed], [0, 1]);
});

test('a finding of unknown severity reaches every threshold', async () => {
  const { advisory, folder } = project();
  writeFileSync(advisory, JSON.stringify({ ...ADVISORY, severity: [] }));
  const result = await scanSource(await readyPorts(advisory), folder);
  assert.equal(reachesThreshold(result, 'critical'), true);
});

test('a scan that could compare nothing fails, whatever else the store holds', async () => {
  const ports = await readyPorts(project().advisory);
  const source = 'pkg:deb/debian/openssl@1?distro=debian-12';
  await assert.rejects(scanSource(ports, source), { kind: 'not-found', message: /no advisories for Debian:12/ });
});

test('only-fixed leaves out what has no fix', async () => {
  const { advisory, folder } = project();
  const open = { ...ADVISORY, affected: [{ package: ADVISORY.affected[0]?.package, versions: ['1.2.0'] }] };
  writeFileSync(advisory, JSON.stringify(open));
  const ports = await readyPorts(advisory);
  const sbom = await createSbom(ports, folder);
  assert.equal((await scanSbom(ports, sbom)).findings.length, 1);
  assert.equal((await scanSbom(ports, sbom, { onlyFixed: true })).findings.length, 0);
});

test('the time of a document is SOURCE_DATE_EPOCH where that is set', async () => {
  const { folder } = project();
  const ports = createTestPorts({ environment: { SOURCE_DATE_EPOCH: '1700000000' } });
  assert.equal((await createSbom(ports, folder)).created, '2023-11-14T22:13:20Z');
  await assert.rejects(createSbom(createTestPorts({ environment: { SOURCE_DATE_EPOCH: 'now' } }), folder), {
    kind: 'usage',
  });
});

test('an SBOM inside a DSSE envelope is read', async () => {
  const { folder } = project();
  const ports = createTestPorts();
  const sbom = await createSbom(ports, folder);
  const statement = {
    predicateType: 'https://cyclonedx.org/bom',
    predicate: JSON.parse(formatSbom(sbom, 'cyclonedx-json')) as unknown,
  };
  const path = join(temporaryFolder(), 'envelope.json');
  writeFileSync(
    path,
    JSON.stringify({
      payloadType: 'application/vnd.in-toto+json',
      payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
    }),
  );
  assert.deepEqual(await loadSbom(ports, path), sbom);
});

test('scans refuse what they cannot judge', async () => {
  const ports = await readyPorts(project().advisory);
  await assert.rejects(scanSource(ports, 'pkg:npm/left-pad'), { kind: 'invalid-input' });
  await assert.rejects(scanSource(ports, 'pkg:generic/b@1'), { kind: 'invalid-input' });
  await assert.rejects(scanSource(ports, 'sbom:/nowhere.json'), { kind: 'not-found' });
  await assert.rejects(importAdvisories(ports, [project().vex]), { kind: 'invalid-input' });
  await assert.rejects(importAdvisories(ports, ['/nowhere']), { kind: 'not-found' });
});

test('an update fetches the pack of each ecosystem, from a mirror if told so', async () => {
  const asked: string[] = [];
  const zip = zipOf('GHSA-1.json', JSON.stringify(ADVISORY));
  const http = async (request: HttpRequest) => {
    asked.push(request.url);
    return {
      status: request.url.includes('npm') ? 200 : 404,
      headers: new Map(),
      body: (async function* () {
        yield zip;
      })(),
    };
  };
  const ports = createTestPorts({ http });
  const result = await updateAdvisories(ports, { ecosystems: ['npm'], url: 'http://127.0.0.1:9/osv/' });
  assert.deepEqual([asked, result.changed], [['http://127.0.0.1:9/osv/npm/all.zip'], 1]);
  assert.deepEqual((await advisoryStatus(ports)).ecosystems, [{ ecosystem: 'npm', advisories: 1 }]);
  await assert.rejects(updateAdvisories(ports, { ecosystems: ['Nothing'] }), { kind: 'not-found' });
});
