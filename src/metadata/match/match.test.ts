import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { advisoryPacks, dataSet, hasSharedData, needsSharedData } from '../../../test/shared-data.ts';
import { openAdvisoryStore, readPack } from '../advisory/index.ts';
import type { Advisory, AdvisoryStore } from '../advisory/index.ts';
import { affects, createAdvisory } from '../advisory/testing.ts';
import { createPurl, findOsvEcosystem, formatPurl, parsePurl } from '../ecosystem/index.ts';
import type { Component, Sbom } from '../sbom/index.ts';
import { createComponent, smallSbom } from '../sbom/testing.ts';
import { matchSbom } from './index.ts';

async function storeOf(...advisories: readonly Advisory[]): Promise<AdvisoryStore> {
  const store = openAdvisoryStore(':memory:');
  await store.import(advisories, new Date('2026-02-03'));
  return store;
}

const sbomOf = (...components: readonly Component[]): Sbom => ({ ...smallSbom, components });
const leftPad = createComponent({ name: 'left-pad', version: '1.2.0' });
const openssl = createComponent({
  name: 'libssl3',
  version: '3.0.11-1+b1',
  purl: 'pkg:deb/debian/libssl3@3.0.11-1+b1?distro=debian-12',
  source: { name: 'openssl', version: '3.0.11-1' },
});

test('a finding says what it is, why it matched and what mends it', async () => {
  using store = await storeOf(createAdvisory());
  const { findings, unjudged } = matchSbom(sbomOf(leftPad), store);
  assert.deepEqual(unjudged, []);
  assert.equal(findings.length, 1);
  assert.equal(findings[0]?.id, 'GHSA-aaaa-bbbb-cccc');
  assert.equal(findings[0]?.severity, 'high');
  assert.deepEqual(findings[0]?.fixedIn, ['1.3.0']);
  assert.equal(findings[0]?.fixState, 'fixed');
  assert.match(findings[0]?.because ?? '', /1\.2\.0 is in all versions <1\.3\.0.*npm/);
});

test('a version that is mended is not found', async () => {
  using store = await storeOf(createAdvisory());
  assert.deepEqual(matchSbom(sbomOf(createComponent({ name: 'left-pad', version: '1.3.0' })), store).findings, []);
});

test('names keep their scope: @octokit/request is not request', async () => {
  using store = await storeOf(createAdvisory({ affected: [affects('npm', 'request')] }));
  assert.deepEqual(
    matchSbom(
      sbomOf(createComponent({ name: '@octokit/request', version: '1.0.0', purl: 'pkg:npm/%40octokit/request@1.0.0' })),
      store,
    ).findings,
    [],
  );
});

test('an OS package is judged by source name and source version, and the report says so', async () => {
  // The binary's +b1 is above the fixed version, the source is not.
  using store = await storeOf(
    createAdvisory({ id: 'DSA-1', affected: [affects('Debian:12', 'openssl', '3.0.11-1+a')] }),
  );
  const { findings } = matchSbom(sbomOf(openssl), store);
  assert.match(findings[0]?.because ?? '', /source package openssl/);
  using other = await storeOf(createAdvisory({ id: 'DSA-1', affected: [affects('Debian:11', 'openssl')] }));
  assert.deepEqual(matchSbom(sbomOf(openssl), other).findings, []);
});

test('records of one vulnerability become one finding with all names, under the preferred one', async () => {
  using store = await storeOf(
    createAdvisory({ id: 'GO-1', aliases: ['CVE-1'], rating: { severity: 'unknown' } }),
    createAdvisory({ id: 'GHSA-1', aliases: ['CVE-1'], affected: [affects('npm', 'left-pad', '1.2.5')] }),
  );
  const { findings } = matchSbom(sbomOf(leftPad), store);
  assert.deepEqual(
    findings.map(({ id, aliases, severity }) => [id, aliases, severity]),
    [['GO-1', ['CVE-1', 'GHSA-1'], 'high']],
  );
  assert.deepEqual(findings[0]?.fixedIn, ['1.2.5', '1.3.0']);
  assert.equal(matchSbom(sbomOf(leftPad), store, { preferIds: ['CVE-'] }).findings[0]?.id, 'CVE-1');
});

test("a distribution's record of one CVE is that CVE; a notice about several stays by itself", async () => {
  using store = await storeOf(
    createAdvisory({ id: 'DEBIAN-CVE-1', upstream: ['CVE-1'], affected: [affects('Debian:12', 'openssl')] }),
    createAdvisory({ id: 'DSA-1', upstream: ['CVE-1', 'CVE-2'], affected: [affects('Debian:12', 'openssl')] }),
    createAdvisory({ id: 'OTHER-1', aliases: ['CVE-1'], affected: [affects('Debian:12', 'openssl')] }),
  );
  const { findings } = matchSbom(sbomOf(openssl), store);
  assert.deepEqual(findings.map(({ id }) => id).sort(), ['DEBIAN-CVE-1', 'DSA-1']);
});

test('a record without an id of its own is shown under the one it speaks of', async () => {
  using store = await storeOf(
    createAdvisory({
      id: 'ALPINE-v3.20-main-CVE-1',
      shownAs: 'CVE-1',
      upstream: ['CVE-1'],
      affected: [affects('Alpine:v3.20', 'zlib', '1.3-r0')],
    }),
  );
  const zlib = createComponent({
    name: 'zlib',
    version: '1.2-r9',
    purl: 'pkg:apk/alpine/zlib@1.2-r9?distro=alpine-3.20.1',
  });
  const [finding, ...others] = matchSbom(sbomOf(zlib), store).findings;
  assert.deepEqual([finding?.id, finding?.aliases, finding?.fixedIn, others], ['CVE-1', [], ['1.3-r0'], []]);
});

test('the version of the package URL counts, with an epoch that stands apart', async () => {
  using store = await storeOf(createAdvisory({ affected: [affects('Debian:12', 'git', '1:2.0-1')] }));
  const git = (purl: string) =>
    matchSbom(sbomOf(createComponent({ name: 'git', version: '2.5', purl })), store).findings.length;
  assert.equal(git('pkg:deb/debian/git@2.5-1?distro=debian-12'), 1);
  assert.equal(git('pkg:deb/debian/git@2.5-1?distro=debian-12&epoch=1'), 0);
});

test('a severity that the record lacks comes from an alias filed elsewhere', async () => {
  using store = await storeOf(
    createAdvisory({ id: 'GO-1', aliases: ['CVE-1'], rating: { severity: 'unknown' } }),
    createAdvisory({ id: 'CVE-1', affected: [], rating: { severity: 'critical', score: 9.8 } }),
  );
  const [finding] = matchSbom(sbomOf(leftPad), store).findings;
  assert.deepEqual([finding?.severity, finding?.score], ['critical', 9.8]);
});

test('what cannot be judged is said, never passed over', async () => {
  using store = await storeOf(
    createAdvisory({ affected: [affects('npm', 'left-pad'), affects('Go', 'example.com/tool')] }),
  );
  const without = ({ purl: _purl, ...rest }: Component): Component => rest;
  const { findings, unjudged } = matchSbom(
    sbomOf(
      openssl,
      createComponent({ name: 'x', version: '1', purl: 'pkg:generic/x@1' }),
      createComponent({ name: 'bash', version: '5', purl: 'pkg:deb/debian/bash@5' }),
      createComponent({ name: 'example.com/tool', version: '(devel)', purl: 'pkg:golang/example.com/tool@(devel)' }),
      without(createComponent({ name: 'y', version: '1' })),
    ),
    store,
  );
  assert.deepEqual(findings, []);
  assert.deepEqual(
    unjudged.map(({ reason }) => reason),
    [
      'no advisories for Debian:12 in the store',
      'no known release of debian',
      'no matching rules for packages of type generic',
      'no package URL',
      'version "(devel)" of a main module says nothing about its age',
    ],
  );
});

test('records of another release say nothing about this one', async () => {
  using store = await storeOf(createAdvisory({ affected: [affects('Debian:11', 'openssl')] }));
  const { unjudged } = matchSbom(sbomOf(openssl), store);
  assert.deepEqual(unjudged, [{ reason: 'no advisories for Debian:12 in the store', components: 1 }]);
});

test('a language package of a distribution is judged by the distribution alone, if there are its records', async () => {
  const owned = { ...leftPad, ownedBy: openssl.id };
  using both = await storeOf(createAdvisory({ affected: [affects('npm', 'left-pad'), affects('Debian:12', 'other')] }));
  assert.deepEqual(matchSbom(sbomOf(owned), both).findings, []);
  using npmOnly = await storeOf(createAdvisory());
  assert.equal(matchSbom(sbomOf(owned), npmOnly).findings.length, 1);
});

test('what Debian calls unimportant is hidden unless asked for', async () => {
  using store = await storeOf(
    createAdvisory({ affected: [{ ...affects('Debian:12', 'openssl'), urgency: 'unimportant' }] }),
  );
  assert.deepEqual(matchSbom(sbomOf(openssl), store).findings, []);
  assert.equal(matchSbom(sbomOf(openssl), store, { includeUnimportant: true }).findings.length, 1);
});

let go: AdvisoryStore | undefined;
before(async () => {
  if (!hasSharedData) return;
  go = openAdvisoryStore(':memory:');
  for (const pack of ['go-vulndb.osv.tar.zst', 'npm-ghsa-sample.osv.tar.gz']) {
    await go.import(readPack(pack, readFileSync(join(advisoryPacks, pack)), { count: 0 }), new Date('2026-08-22'));
  }
});
after(() => go?.close());

const module = (name: string, version: string) => {
  const slash = name.lastIndexOf('/');
  const purl = createPurl({
    type: 'golang',
    namespace: name.slice(0, Math.max(0, slash)),
    name: name.slice(slash + 1),
    version,
  });
  return createComponent({ name, version, purl: formatPurl(purl), id: formatPurl(purl) });
};

test('recorded answers of OSV.dev for Go are all found', needsSharedData, () => {
  const store = go ?? assert.fail();
  const lines = readFileSync(join(dataSet('match-labels'), 'osv-live-answers.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const questions = lines
    .map((line) => JSON.parse(line) as { ecosystem?: string; name: string; version: string; ids: string[] })
    .filter(({ ecosystem }) => ecosystem === 'Go');
  assert.equal(questions.length, 18);
  // Records that came after the answers were recorded.
  const later = /^GO-2026-(?:5026|5942|5972|6088|6089|6090|6091|6179|6180|6218|6222)$/;
  for (const { name, version, ids } of questions) {
    const { findings } = matchSbom(sbomOf(module(name, version)), store);
    const found = new Set(findings.flatMap(({ id, aliases }) => [id, ...aliases]).filter((id) => id.startsWith('GO-')));
    assert.deepEqual(
      ids.filter((id) => id.startsWith('GO-') && !found.has(id)),
      [],
      `${name} ${version}`,
    );
    assert.deepEqual(
      [...found].filter((id) => !ids.includes(id) && !later.test(id)),
      [],
      `${name} ${version}`,
    );
  }
});

test('recorded answers of OSV.dev for npm are never exceeded', needsSharedData, () => {
  const store = go ?? assert.fail();
  const lines = readFileSync(join(dataSet('match-labels'), 'osv-live-answers.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const questions = lines
    .map((line) => JSON.parse(line) as { ecosystem?: string; name: string; version: string; ids: string[] })
    .filter(({ ecosystem }) => ecosystem === 'npm');
  assert.ok(questions.length > 0);
  for (const { name, version, ids } of questions) {
    const purl = formatPurl(
      createPurl({
        type: 'npm',
        namespace: name.includes('/') ? name.split('/')[0] : undefined,
        name: name.split('/').at(-1) ?? name,
        version,
      }),
    );
    const { findings } = matchSbom(sbomOf(createComponent({ name, version, purl, id: purl })), store);
    assert.deepEqual(
      findings.map(({ id }) => id).filter((id) => !ids.includes(id)),
      [],
      `${name} ${version}`,
    );
  }
});

for (const { ecosystem, pack, later } of [
  { ecosystem: 'crates.io', pack: 'rustsec.osv.tar.zst', later: /(?!)/ },
  // records that came after the answers were recorded
  { ecosystem: 'Maven', pack: 'ghsa-sample.osv.tar.zst', later: /^GHSA-(?:crjg-w57m-rqqf|mmwx-rj87-vfgr)$/ },
]) {
  test(`recorded answers of OSV.dev for ${ecosystem} are those of the records at hand`, needsSharedData, async () => {
    using store = openAdvisoryStore(':memory:');
    await store.import(readPack(pack, readFileSync(join(advisoryPacks, pack)), { count: 0 }), new Date('2026-08-22'));
    const rules = findOsvEcosystem(ecosystem) ?? assert.fail();
    const questions = readFileSync(join(dataSet('match-labels'), 'osv-live-answers.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { ecosystem?: string; name: string; version: string; ids: string[] })
      .filter((question) => question.ecosystem === ecosystem);
    assert.ok(questions.length > 30);
    for (const { name, version, ids } of questions) {
      const [namespace, last] = name.includes(':') ? name.split(':') : [undefined, name];
      const purl = formatPurl(createPurl({ type: rules.purlType, namespace, name: last ?? '', version }));
      const { findings } = matchSbom(sbomOf(createComponent({ name, version, purl, id: purl })), store);
      const found = new Set(findings.flatMap(({ id, aliases }) => [id, ...aliases]));
      const known = ids.filter((id) => store.findById(id) !== undefined);
      assert.deepEqual(
        known.filter((id) => !found.has(id)),
        [],
        `${name} ${version}`,
      );
      assert.deepEqual(
        findings.map(({ id }) => id).filter((id) => !ids.includes(id) && !later.test(id)),
        [],
        `${name} ${version}`,
      );
    }
  });
}

test('an RPM package is judged with its epoch', async () => {
  using store = await storeOf(createAdvisory({ affected: [affects('AlmaLinux:9', 'bash', '1:4.0-2.el9')] }));
  const judge = (purl: string) =>
    matchSbom(sbomOf(createComponent({ name: 'bash', version: '', purl, id: purl })), store);
  const of = (version: string) => judge(`pkg:rpm/almalinux/bash@${version}`).findings.length;
  assert.equal(of('5.1-1.el9?distro=almalinux-9.4'), 1);
  assert.equal(of('4.0-1.el9?distro=almalinux-9.4&epoch=1'), 1);
  assert.equal(of('4.0-2.el9?distro=almalinux-9.4&epoch=1'), 0);
  assert.equal(of('4.0-1.el9?distro=almalinux-8.4&epoch=1'), 0);
});

test('the Go programs of a recorded image have the recorded findings', needsSharedData, () => {
  const store = go ?? assert.fail();
  const text = readFileSync(join(dataSet('match-labels'), 'sboms/postgres-stretch.cdx.xml'), 'utf8');
  const purls = [...text.matchAll(/<purl>(pkg:golang[^<]+)<\/purl>/g)].map((match) =>
    parsePurl((match[1] ?? '').replaceAll('&amp;', '&')),
  );
  const components = purls.map((purl) => module(`${purl.namespace ?? ''}/${purl.name}`, purl.version ?? ''));
  const found = new Map<string, string[]>();
  for (const { id, component } of matchSbom(sbomOf(...components), store).findings) {
    found.set(component.name, [...(found.get(component.name) ?? []), id].sort());
  }
  assert.equal(found.get('github.com/opencontainers/runc')?.length, 11);
  assert.deepEqual(found.get('golang.org/x/sys'), ['GO-2022-0493', 'GO-2026-5024']);
});

test('a bill of a thousand modules is judged in well under a second', needsSharedData, () => {
  const store = go ?? assert.fail();
  const many = Array.from({ length: 1000 }, (_, index) =>
    module(index % 10 === 0 ? 'golang.org/x/net' : `example.com/m${index}`, `v0.${index}.0`),
  );
  matchSbom(sbomOf(...many), store);
  const started = performance.now();
  matchSbom(sbomOf(...many), store);
  assert.ok(performance.now() - started < 500, `${performance.now() - started} ms`);
});
