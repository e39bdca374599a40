import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { ecosystems, findEcosystem, findOsvEcosystem, parsePurl } from './index.ts';

const PUBLISHED: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['npm', ['semver.curated']],
  ['golang', ['semver.curated']],
  ['deb', ['debian.curated', 'debian.reference']],
  ['apk', ['alpine.curated', 'alpine.reference']],
  ['rpm', ['redhat.curated']],
  ['pypi', ['pypi.curated', 'pypi.reference']],
  ['maven', ['maven.curated', 'maven.reference']],
  ['gem', ['rubygems.curated', 'rubygems.reference']],
  ['nuget', ['nuget.curated']],
  ['composer', ['packagist.curated', 'packagist.reference']],
  ['pub', ['pub.curated']],
  ['cran', ['cran.curated', 'cran.reference']],
  ['hackage', ['hackage.curated']],
  ...['cargo', 'hex', 'swift', 'conan', 'julia', 'bitnami', 'github'].map(
    (type) => [type, ['semver.curated']] as const,
  ),
  ['alpm', []],
  ['ebuild', []],
]);

/** Of published lists that were made by rules of their own, what the ecosystem's own program says instead (Maven 3.9.11). */
const CORRECTED: ReadonlyMap<string, string> = new Map([
  ['1.0.0-RC16 < 1.0.0.RC8-beta', '>'],
  ['6.1.12.rc5 < 6.1.12rc1', '>'],
  ['1.1.31.sec10 < 1.1.31_noneautotype', '>'],
  ['1.1.34.sec10 < 1.1.34_noneautotype', '>'],
  ['1.1.46.sec10 < 1.1.46_noneautotype', '>'],
  ['1.2.8.sec10_noneautotype < 1.2.8_noneautotype', '>'],
  ['1.2.31.sec10 < 1.2.31_noneautotype', '>'],
  ['1.2.48.sec10 < 1.2.48_noneautotype', '>'],
  ['1.2.50.sec10 < 1.2.50_noneautotype', '>'],
  ['1.2.54.sec10 < 1.2.54_noneautotype', '>'],
  ['1.2.57.sec10 < 1.2.57_noneautotype', '>'],
  ['1.2.60.sec10 < 1.2.60_noneautotype', '>'],
  ['1.0.0rc0 < 1.0.beta8', '>'],
  ['1.5.9.RC1 < 1.5.9-RC0', '>'],
  ['1.1.0-01-glassfish < 1.1.0.Beta1', '>'],
  ['1-1 = 1-ga-1', '>'],
  // of PHP too, but then 1 = # = 2
  ['1.2.3.# = 1.2.3.1', '<'],
]);

const SIGNS: Readonly<Record<string, number>> = { '<': -1, '=': 0, '>': 1 };
const anyVersion = fc.oneof(
  fc.stringMatching(
    /^[0-9]{1,2}(\.[0-9]{1,2}){0,3}([a-z]|_(alpha|p|rc)[0-9]?|-r[0-9]|~[a-f0-9]|-[0-9a-z]{1,3}|\+[a-z])?$/,
  ),
  fc.stringMatching(/^[0-9a-z.:~+_-]{0,8}$/),
  fc.string({ maxLength: 6 }),
);

/** Maven's and pacman's own orders have circles among texts that nobody uses; these are what they are used for. */
const USUAL: ReadonlyMap<string, fc.Arbitrary<string>> = new Map([
  ['maven', fc.stringMatching(/^[1-9](\.[1-9][0-9]?){0,3}(-(alpha|beta|rc|SNAPSHOT|sp|jre|x))?(-?[1-9])?$/)],
  ['alpm', fc.stringMatching(/^([1-9]:)?[0-9]{1,2}(\.[0-9]{1,2}){0,3}(rc[0-9]?|[a-z]|\.rc|\+b|_1)?(-[1-9])?$/)],
]);

for (const ecosystem of ecosystems) {
  test(`${ecosystem.purlType}: the order agrees with published version lists`, needsSharedData, () => {
    const wrong: string[] = [];
    for (const list of PUBLISHED.get(ecosystem.purlType) ?? assert.fail('no published list')) {
      for (const line of readFileSync(join(dataSet('versions'), `${list}.txt`), 'utf8').split('\n')) {
        const [a, operator, b] = line.split(' ');
        if (a === undefined || operator === undefined || b === undefined) continue;
        const found = [ecosystem.compare(a, b), ecosystem.compare(b, a)];
        const want = SIGNS[CORRECTED.get(line) ?? operator] ?? assert.fail(line);
        if (found[0] !== want || found[1] !== (0 - want || 0)) wrong.push(`${line}, found ${found.join(' ')}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  test(`${ecosystem.purlType}: the order is total, whatever the text`, () => {
    const version = USUAL.get(ecosystem.purlType) ?? anyVersion;
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
  assert.equal(findOsvEcosystem('Red Hat:enterprise_linux:9::baseos')?.purlType, 'rpm');
  assert.equal(findOsvEcosystem('GIT'), undefined);
  assert.deepEqual(ask('pkg:rpm/almalinux/bash@1?distro=almalinux-9.4'), ['AlmaLinux:9', 'AlmaLinux']);
  assert.deepEqual(ask('pkg:rpm/rocky/bash@1', { id: 'rocky', versionId: '8.10' }), ['Rocky Linux:8', 'Rocky Linux']);
  assert.ok(ask('pkg:rpm/redhat/bash@1?distro=rhel-9.4')?.includes('Red Hat:enterprise_linux:9::baseos'));
  assert.deepEqual(ask('pkg:rpm/opensuse/bash@1?distro=opensuse-leap-15.6'), ['openSUSE:Leap 15.6']);
  assert.deepEqual(ask('pkg:rpm/suse/bash@1', { id: 'almalinux', versionId: '9' }), []);
  assert.deepEqual(ask('pkg:rpm/fedora/bash@1?distro=fedora-40'), []);
  assert.deepEqual(ask('pkg:rpm/constructor/bash@1?distro=x-1'), []);
  assert.deepEqual(ask('pkg:pypi/django@1'), ['PyPI']);
});

test('names in advisories are put together from the package URL', () => {
  const name = (purl: string) => findEcosystem(parsePurl(purl).type)?.packageName(parsePurl(purl));
  assert.equal(name('pkg:npm/%40octokit/request@1'), '@octokit/request');
  assert.equal(name('pkg:golang/github.com/opencontainers/runc@v1.0.1'), 'github.com/opencontainers/runc');
  assert.equal(name('pkg:golang/stdlib@1.21.3'), 'stdlib');
  assert.equal(name('pkg:deb/debian/zlib1g@1'), 'zlib1g');
  assert.equal(name('pkg:maven/org.apache.commons/commons-text@1'), 'org.apache.commons:commons-text');
  assert.equal(name('pkg:composer/symfony/http-kernel@1'), 'symfony/http-kernel');
  assert.equal(name('pkg:swift/github.com/apple/swift-nio@1'), 'github.com/apple/swift-nio');
  assert.equal(name('pkg:conan/openssl@1?user=u&channel=c'), 'openssl');
  assert.equal(findEcosystem('pypi')?.normalizeName('Zope.Interface__x'), 'zope-interface-x');
  assert.equal(findEcosystem('nuget')?.normalizeName('Newtonsoft.Json'), 'newtonsoft.json');
});

test('a Go main module without a version is said to be incomparable', () => {
  const go = findEcosystem('golang');
  assert.match(go?.whyIncomparable?.('(devel)') ?? '', /main module/);
  assert.equal(go?.whyIncomparable?.('v1.2.3'), undefined);
});

test('orders whose programs published no list agree with what these answer', () => {
  // vercmp of pacman, and the examples of the Package Manager Specification
  const ordered: Readonly<Record<string, readonly string[]>> = {
    alpm: ['1.0a', '1.0b', '1.0beta', '1.0p', '1.0pre', '1.0rc', '1.0', '1.0.a', '1.0.1', '1:0.1', '1:0.1-2'],
    ebuild: [
      'no version',
      '1.0_alpha',
      '1.0_alpha1',
      '1.0_beta',
      '1.0_pre',
      '1.0_rc1',
      '1.0',
      '1.0-r1',
      '1.0_p',
      '1.0a',
      '1.01',
      '1.1',
      '1.10',
    ],
  };
  for (const [type, versions] of Object.entries(ordered)) {
    for (let index = 1; index < versions.length; index++) {
      const [a = '', b = ''] = versions.slice(index - 1);
      assert.equal(findEcosystem(type)?.compare(a, b), -1, `${type}: ${a} < ${b}`);
    }
  }
});

test('an action pinned to a commit or a branch is said to be incomparable', () => {
  const actions = findEcosystem('github');
  assert.match(actions?.whyIncomparable?.('8ade135a41bc03ea155e62e844d188df1ea18608') ?? '', /commit/);
  assert.equal(actions?.whyIncomparable?.('v4.1'), undefined);
});
