import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { diffSboms, listUnread, mergeSboms, parseSbom, parseSbomDocument, sbomFormats } from './index.ts';
import type { Hash, Sbom } from './index.ts';
import { createComponent, fullSbom, smallSbom } from './testing.ts';

const base = { subject: { kind: 'unknown', name: 'both' }, tool: smallSbom.tool, created: smallSbom.created } as const;
const sbomOf = (name: string, components: Sbom['components'], dependencies: Sbom['dependencies'] = []): Sbom => ({
  ...smallSbom,
  subject: { kind: 'folder', name },
  components,
  dependencies,
});

test('merging keeps what both have once, with the places of both, and says whose what is not read was', () => {
  const a = createComponent({ name: 'a', version: '1', locations: [{ path: 'x' }] });
  const b = createComponent({ name: 'b', version: '1' });
  const first = sbomOf('one', [a, b], [{ from: b.id, to: [a.id] }]);
  const second = { ...sbomOf('two', [{ ...a, locations: [{ path: 'y' }] }]), skipped: [{ path: 'p', reason: 'r' }] };
  const merged = mergeSboms(base, [first, second]);
  assert.deepEqual(
    merged.components.map(({ id }) => id),
    ['folder:one', 'folder:two', a.id, b.id],
  );
  assert.deepEqual(merged.components.find(({ id }) => id === a.id)?.locations, [{ path: 'x' }, { path: 'y' }]);
  assert.deepEqual(merged.dependencies, [
    { from: 'folder:one', to: [b.id] },
    { from: 'folder:two', to: [a.id] },
    { from: b.id, to: [a.id] },
  ]);
  assert.deepEqual(merged.skipped, [{ path: 'two: p', reason: 'r' }]);
});

test('merging tells two things under one id apart, and edges follow', () => {
  const thing = (version: string) => ({ ...createComponent({ name: 'x', version, purl: 'pkg:generic/x' }), id: 'ref' });
  const other = createComponent({ name: 'b', version: '1' });
  const merged = mergeSboms(base, [
    sbomOf('one', [thing('1')]),
    sbomOf('two', [thing('2'), other], [{ from: other.id, to: ['ref'] }]),
    sbomOf('three', [thing('2')]),
  ]);
  assert.deepEqual(
    merged.components.filter(({ name }) => name === 'x').map(({ id, version }) => `${id} ${version}`),
    ['ref 1', 'ref#2 2'],
  );
  assert.deepEqual(merged.dependencies.find(({ from }) => from === other.id)?.to, ['ref#2']);
  assert.throws(() => mergeSboms(base, []), { kind: 'usage' });
});

test('merging joins what several tools found, however they call and refer to it', () => {
  const ours = createComponent({ name: 'org.x:core', version: '1.0', purl: 'pkg:maven/org.x/core@1.0' });
  const theirs = { ...ours, id: 'pkg:maven/org.x/core@1.0?package-id=12', name: 'core' };
  const system = (purl: string) => createComponent({ name: 'tar', version: '1:2', purl });
  const merged = mergeSboms(base, [
    sbomOf('ours', [ours, system('pkg:deb/debian/tar@1:2?arch=amd64')], [{ from: ours.id, to: [] }]),
    sbomOf('theirs', [theirs, system('pkg:deb/debian/tar@1%3A2?arch=amd64&upstream=tar%402')]),
    sbomOf('another', [system('pkg:deb/debian/tar@1:2?arch=arm64')], []),
  ]);
  const libraries = merged.components.filter(({ kind }) => kind === 'library').map(({ id }) => id);
  assert.deepEqual(libraries, ['pkg:deb/debian/tar@1:2?arch=amd64', 'pkg:deb/debian/tar@1:2?arch=arm64', ours.id]);
  assert.deepEqual(merged.dependencies.find(({ from }) => from === 'folder:theirs')?.to, [libraries[0], ours.id]);
});

test('a difference is a package added, removed, or in another version, licence, hash or layer', () => {
  const layer = (diffId: string) => ({ index: 0, digest: 'sha256:d', diffId });
  const sha1 = (value: string): Hash => ({ algorithm: 'sha1', value });
  const c = (name: string, version: string, more = {}) => createComponent({ name, version, ...more });
  const before = sbomOf('a', [
    c('gone', '1'),
    c('up', '1'),
    c('two', '1'),
    c('two', '2'),
    c('lic', '1', { licences: ['MIT'] }),
    c('lay', '1', { introducedBy: layer('a') }),
    c('other', '1', { hashes: [sha1('a'), { algorithm: 'md5', value: 'a' }] }),
    c('silent', '1', { introducedBy: layer('a'), hashes: [sha1('a')] }),
    c('hidden', '1'),
  ]);
  const after = sbomOf('b', [
    c('new', '1'),
    c('up', '2'),
    c('two', '2'),
    c('two', '3'),
    c('lic', '1', { licences: ['ISC'] }),
    c('lay', '1', { introducedBy: layer('b') }),
    c('other', '1', { hashes: [sha1('b'), { algorithm: 'sha256', value: 'b' }] }),
    c('silent', '1'),
    c('hidden', '1', { deletedBy: layer('b') }),
  ]);
  assert.deepEqual(diffSboms(before, after), {
    added: [{ type: 'npm', name: 'new', after: '1' }],
    removed: [
      { type: 'npm', name: 'gone', before: '1' },
      { type: 'npm', name: 'hidden', before: '1' },
    ],
    versions: [
      { type: 'npm', name: 'two', before: '1', after: '3' },
      { type: 'npm', name: 'up', before: '1', after: '2' },
    ],
    licences: [{ type: 'npm', name: 'lic@1', before: 'MIT', after: 'ISC' }],
    hashes: [{ type: 'npm', name: 'other@1', before: 'sha1:a', after: 'sha1:b' }],
    layers: [{ type: 'npm', name: 'lay@1', before: 'a', after: 'b' }],
  });
  const same = diffSboms(fullSbom, fullSbom);
  assert.ok(Object.values(same).every((list: readonly unknown[]) => list.length === 0));
});

test('what SPDX and CycloneDX can both say goes from one to the other and back', () => {
  const [from, to] = ['spdx-json', 'cyclonedx-json'].map((id) => sbomFormats.find((format) => format.id === id));
  assert.ok(from && to);
  for (const version of from.versions) {
    const there = parseSbom(to.write(parseSbom(from.write(fullSbom, version)), to.versions[0]));
    assert.equal(from.write(there, version), from.write(fullSbom, version));
  }
});

test('the platform of an image is read from what Syft writes', () => {
  const platformOf = (metadata: object) => {
    const source = { type: 'image', name: 'app', metadata };
    return parseSbom(Buffer.from(JSON.stringify({ schema: {}, artifacts: [], source }))).subject.platform;
  };
  assert.equal(platformOf({ os: 'linux', architecture: 'arm', architectureVariant: 'v7' }), 'linux/arm/v7');
  assert.equal(platformOf({ os: 'linux', architecture: 'amd64', architectureVariant: '' }), 'linux/amd64');
  assert.equal(platformOf({ architecture: 'amd64' }), undefined);
  assert.equal(platformOf({ os: '', architecture: 'amd64' }), undefined);
  assert.equal(platformOf({ os: 'Linux', architecture: 'x86-64' }), undefined);
});

test('what is no platform is none in documents, where a base of it would be looked for', () => {
  const platformOf = (value: string) => {
    const properties = [{ name: 'plimsoll:platform', value }];
    const document = { bomFormat: 'CycloneDX', specVersion: '1.6', metadata: { properties } };
    return parseSbom(Buffer.from(JSON.stringify(document))).subject.platform;
  };
  for (const text of ['linux/arm64/v8', 'linux/s390x', 'linux/mips64le', 'windows/amd64:10.0.1A'])
    assert.equal(platformOf(text), text);
  for (const text of ['linux/AMD64', 'linux/arm64/V8', 'linux/', 'linux', 'linux/arm64/', 'linux/amd64;'])
    assert.equal(platformOf(text), undefined, text);
});

test('what is written by us is read whole; what has no place is named', needsSharedData, () => {
  for (const format of sbomFormats.filter(({ id }) => id !== 'github-json')) {
    for (const version of format.versions) {
      assert.deepEqual(listUnread(parseSbomDocument(format.write(fullSbom, version))), [], `${format.id}@${version}`);
    }
  }
  const path = join(dataSet('spdx'), 'examples/spec-2.3/SPDXJSONExample-v2.3.spdx.json');
  const fields = listUnread(parseSbomDocument(readFileSync(path))).map(({ field }) => field);
  for (const field of ['files', 'snippets', 'packages[].attributionTexts', 'relationships of DYNAMIC_LINK']) {
    assert.ok(fields.includes(field), `${field} in ${fields.join(', ')}`);
  }
});
