import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { ecosystems, findEcosystem, findOsvEcosystem, parsePurl } from './index.ts';

const PUBLISHED: ReadonlyMap<string, readonly string[]> = new Map([
  ['npm', ['semver.curated']],
  ['golang', ['semver.curated']],
  ['deb', ['debian.curated', 'debian.reference']],
  ['apk', ['alpine.curated', 'alpine.reference']],
]);

const SIGNS: Readonly<Record<string, number>> = { '<': -1, '=': 0, '>': 1 };
const version = fc.oneof(
  fc.stringMatching(
    /^[0-9]{1,2}(\.[0-9]{1,2}){0,3}([a-z]|_(alpha|p|rc)[0-9]?|-r[0-9]|~[a-f0-9]|-[0-9a-z]{1,3}|\+[a-z])?$/,
  ),
  fc.stringMatching(/^[0-9a-z.:~+_-]{0,8}$/),
  fc.string({ maxLength: 6 }),
);

for (const ecosystem of ecosystems) {
  test(`${ecosystem.purlType}: the order agrees with published version lists`, needsSharedData, () => {
    const wrong: string[] = [];
    for (const list of PUBLISHED.get(ecosystem.purlType) ?? assert.fail('no published list')) {
      for (const line of readFileSync(join(dataSet('versions'), `${list}.txt`), 'utf8').split('\n')) {
        const [a, operator, b] = line.split(' ');
        if (a === undefined || operator === undefined || b === undefined) continue;
        const found = [ecosystem.compare(a, b), ecosystem.compare(b, a)];
        const want = SIGNS[operator] ?? assert.fail(line);
        if (found[0] !== want || found[1] !== (0 - want || 0)) wrong.push(`${line}, found ${found.join(' ')}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  test(`${ecosystem.purlType}: the order is total, whatever the text`, () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const ab = ecosystem.compare(a, b);
        assert.equal(ecosystem.compare(a, a), 0);
        assert.equal(ecosystem.compare(b, a), 0 - ab || 0);
        if (ab <= 0 && ecosystem.compare(b, c) <= 0) assert.ok(ecosystem.compare(a, c) <= 0);
      }),
      { numRuns: 2000 },
    );
  });

  test(`${ecosystem.purlType}: names are normalised once and for all`, () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const once = ecosystem.normalizeName(name);
        assert.equal(ecosystem.normalizeName(once), once);
      }),
    );
  });
}

test('advisory ecosystems carry the release of the package, never a guessed one', () => {
  const ask = (purl: string, distro?: { id: string; versionId?: string }) => {
    const parsed = parsePurl(purl);
    return findEcosystem(parsed.type)?.advisoryEcosystems(parsed, distro);
  };
  assert.deepEqual(ask('pkg:deb/debian/zlib1g@1?distro=debian-12'), ['Debian:12', 'Debian']);
  assert.deepEqual(ask('pkg:deb/debian/zlib1g@1?distro=debian-12.5'), ['Debian:12', 'Debian']);
  assert.deepEqual(ask('pkg:deb/debian/zlib1g@1', { id: 'debian', versionId: '11' }), ['Debian:11', 'Debian']);
  assert.deepEqual(ask('pkg:deb/debian/zlib1g@1', { id: 'ubuntu', versionId: '22.04' }), []);
  assert.deepEqual(ask('pkg:deb/debian/zlib1g@1'), []);
  assert.deepEqual(ask('pkg:deb/ubuntu/zlib1g@1?distro=ubuntu-22.04'), ['Ubuntu:22.04:LTS', 'Ubuntu:22.04', 'Ubuntu']);
  assert.deepEqual(ask('pkg:apk/alpine/zlib@1?distro=alpine-3.20.1'), ['Alpine:v3.20', 'Alpine']);
  assert.deepEqual(ask('pkg:apk/alpine/zlib@1?distro=3.10.2'), ['Alpine:v3.10', 'Alpine']);
  assert.deepEqual(ask('pkg:apk/alpine/zlib@1'), []);
  assert.deepEqual(ask('pkg:apk/wolfi/zlib@1'), ['Wolfi']);
  assert.deepEqual(ask('pkg:golang/github.com/x/y@v1'), ['Go']);
  assert.equal(findOsvEcosystem('Debian:12')?.purlType, 'deb');
  assert.equal(findOsvEcosystem('Hackage'), undefined);
});

test('names in advisories are put together from the package URL', () => {
  const name = (purl: string) => findEcosystem(parsePurl(purl).type)?.packageName(parsePurl(purl));
  assert.equal(name('pkg:npm/%40octokit/request@1'), '@octokit/request');
  assert.equal(name('pkg:golang/github.com/opencontainers/runc@v1.0.1'), 'github.com/opencontainers/runc');
  assert.equal(name('pkg:golang/stdlib@1.21.3'), 'stdlib');
  assert.equal(name('pkg:deb/debian/zlib1g@1'), 'zlib1g');
});

test('a Go main module without a version is said to be incomparable', () => {
  const go = findEcosystem('golang');
  assert.match(go?.whyIncomparable?.('(devel)') ?? '', /main module/);
  assert.equal(go?.whyIncomparable?.('v1.2.3'), undefined);
});
