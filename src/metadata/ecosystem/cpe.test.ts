import assert from 'node:assert/strict';
import { test } from 'node:test';
import { candidateCpes, formatCpe } from './cpe.ts';
import { parsePurl } from './purl.ts';

/** Vendor, product and version of each candidate. */
function candidates(purl: string, source?: string): readonly string[] {
  return candidateCpes(parsePurl(purl), source).map((cpe) => /^cpe:2\.3:(.*?)(?::\*){7}$/.exec(cpe)?.[1] ?? cpe);
}

test('formatted strings quote as CPE naming 2.3 says', () => {
  assert.equal(
    formatCpe('Node.js', 'mysql_connector/j', '1.0+b'),
    String.raw`cpe:2.3:a:node.js:mysql_connector\/j:1.0\+b:*:*:*:*:*:*:*`,
  );
  assert.equal(formatCpe('a', 'b', '1:2~rc^x'), String.raw`cpe:2.3:a:a:b:1\:2\~rc\^x:*:*:*:*:*:*:*`);
  assert.equal(formatCpe('a', 'b', '-'), String.raw`cpe:2.3:a:a:b:\-:*:*:*:*:*:*:*`);
  assert.equal(formatCpe('a', 'b c', '*'), String.raw`cpe:2.3:a:a:b_c:\*:*:*:*:*:*:*:*`);
  assert.equal(formatCpe('a', 'naïve', '1'), undefined);
  assert.equal(formatCpe('a', 'b', ''), undefined);
});

test('packages of distributions have the name of their source and the version of its makers', () => {
  assert.deepEqual(candidates('pkg:deb/debian/libssl3@3.0.11-1~deb12u2', 'openssl'), [
    'a:openssl:openssl:3.0.11',
    'a:libssl3:libssl3:3.0.11',
  ]);
  assert.deepEqual(candidates('pkg:deb/debian/libgcc-s1@12.2.0-14%2Bdeb12u1', 'gcc-12'), [
    'a:gnu:gcc:12.2.0',
    'a:gcc-12:gcc-12:12.2.0',
    'a:libgcc-s1:libgcc-s1:12.2.0',
  ]);
  assert.deepEqual(candidates('pkg:apk/alpine/zlib@1.3.1-r2'), ['a:zlib:zlib:1.3.1']);
  assert.deepEqual(
    candidates('pkg:rpm/fedora/kernel-core@6.1.5-200.fc39?epoch=1', 'kernel')[0],
    'o:linux:linux_kernel:6.1.5',
  );
  for (const source of [undefined, 'jinja2', 'python-jinja2'])
    assert.equal(candidates('pkg:deb/debian/python3-jinja2@3.1.2-1', source)[0], 'a:palletsprojects:jinja:3.1.2');
});

test('what Debian and tags add to versions is not of the dictionary', () => {
  const versionOf = (purl: string) => candidates(purl)[0]?.split(':').at(-1);
  for (const [version, wanted] of [
    ['1:1.2.13.dfsg-1', '1.2.13'],
    ['2.5.13%2Bdfsg-5', '2.5.13'],
    ['3.2%2Bds1-1', '3.2'],
    ['1.0~repack-2', '1.0'],
    ['5.1%2Breally4.9-1', '4.9'],
    ['1.0~rc1-1', String.raw`1.0\~rc1`],
  ] as const)
    assert.equal(versionOf(`pkg:deb/debian/x@${version}`), wanted);
  assert.equal(versionOf('pkg:composer/psr/log@v1.1.4'), '1.1.4');
  assert.equal(versionOf('pkg:npm/x@v8'), '8');
  assert.equal(versionOf('pkg:npm/x@vnext'), 'vnext');
});

test('packages of languages are filed under owners, names and projects', () => {
  assert.deepEqual(candidates('pkg:npm/%40babel/traverse@7.0.0'), ['a:babel:traverse:7.0.0']);
  assert.deepEqual(candidates('pkg:npm/ws@8.0.0'), ['a:ws:ws:8.0.0', 'a:ws_project:ws:8.0.0']);
  assert.equal(candidates('pkg:npm/express@4.0.0')[0], 'a:openjsf:express:4.0.0');
  assert.equal(candidates('pkg:golang/github.com/docker/cli/v2@v2.0.0%2Bincompatible')[0], 'a:docker:cli:2.0.0');
  assert.deepEqual(candidates('pkg:golang/stdlib@go1.22.1'), ['a:golang:go:1.22.1']);
  assert.deepEqual(candidates('pkg:golang/gopkg.in/yaml.v3@v3.0.1'), ['a:gopkg:yaml:3.0.1']);
  assert.deepEqual(candidates('pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1'), [
    'a:apache:log4j:2.14.1',
    'a:apache:log4j-core:2.14.1',
  ]);
  assert.equal(candidates('pkg:maven/org.springframework/spring-web@5.3.0')[0], 'a:vmware:spring_framework:5.3.0');
  assert.equal(candidates('pkg:maven/io.github.jane/tool@1')[0], 'a:jane:tool:1');
  assert.equal(candidates('pkg:nuget/Newtonsoft.Json@13.0.1')[0], 'a:newtonsoft:newtonsoft.json:13.0.1');
  assert.equal(candidates('pkg:composer/twig/twig@3.0.0')[0], 'a:twig:twig:3.0.0');
});

test('what has no version or no place in the dictionary has no candidates', () => {
  for (const purl of ['pkg:npm/express', 'pkg:docker/nginx@1', 'pkg:huggingface/x/y@1', 'pkg:constructor/x@1'])
    assert.deepEqual(candidates(purl), []);
  assert.deepEqual(candidates('pkg:golang/example.com/tool@%28devel%29'), []);
  const long = 'x.'.repeat(150);
  for (const purl of [`pkg:npm/${long}@1`, `pkg:maven/${long}x/y@1`, `pkg:npm/a@1${long}`])
    assert.deepEqual(candidates(purl), []);
  assert.deepEqual(candidates('pkg:deb/debian/x@1', long), []);
  assert.equal(candidates('pkg:npm/constructor@1')[0], 'a:constructor:constructor:1');
});
