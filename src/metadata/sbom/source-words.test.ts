import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrangeSbom, parseSbom, parseSbomDocument, sbomFormats, writeSbom } from './index.ts';
import { createComponent, smallSbom } from './testing.ts';

const component = (purl: string, version: string, source: { readonly name: string; readonly version: string }) =>
  createComponent({ name: purl, version, purl, source });

const sbom = arrangeSbom({
  ...smallSbom,
  distro: { id: 'alpine', versionId: '3.19.1', prettyName: 'Alpine Linux v3.19' },
  components: [
    component('pkg:apk/alpine/ssl_client@1.36-r1?arch=x86_64', '1.36-r1', { name: 'busybox', version: '1.36-r1' }),
    component('pkg:deb/debian/libc6@2.36-9?arch=amd64', '2.36-9', { name: 'glibc', version: '1:2.36-8' }),
    component('pkg:rpm/fedora/bash-doc@5.2-1?epoch=2', '2:5.2-1', { name: 'bash', version: '2:5.2-1' }),
    component('pkg:deb/debian/zlib1g@1.3?upstream=zlib', '1.3', { name: 'zlib', version: '1.3' }),
    createComponent({ name: 'ajv', version: '6', purl: 'pkg:npm/ajv@6' }),
  ],
});

interface Raw {
  readonly name: string;
  readonly SPDXID: string;
  readonly sourceInfo?: string;
  readonly primaryPackagePurpose?: string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
  readonly externalRefs?: readonly { readonly referenceLocator: string }[];
  readonly software_packageUrl?: string;
}
const write = (form: string) =>
  parseSbomDocument(writeSbom(sbom, form)) as {
    readonly components: readonly Raw[];
    readonly packages: readonly Raw[];
    readonly '@graph': readonly Raw[];
    readonly relationships: readonly Readonly<Record<string, string>>[];
  };

test('in CycloneDX Trivy and Grype find the source of what a distribution built from one of another name', () => {
  const told = new Map(
    write('cyclonedx-json').components.map(({ name, properties = [] }) => [
      name,
      properties.filter((one) => !one.name.startsWith('plimsoll:')).map((one) => `${one.name}=${one.value}`),
    ]),
  );
  const wordsOf = (type: string) => [...told].find(([name]) => name.startsWith(`pkg:${type}`))?.[1];
  assert.deepEqual(wordsOf('apk'), [
    'aquasecurity:trivy:SrcName=busybox',
    'aquasecurity:trivy:SrcVersion=1.36-r1',
    'syft:package:type=apk',
    'syft:package:metadataType=apk-db-entry',
    'syft:metadata:originPackage=busybox',
  ]);
  assert.deepEqual(wordsOf('deb')?.slice(3), [
    'syft:package:metadataType=dpkg-db-entry',
    'syft:metadata:source=glibc',
    'syft:metadata:sourceVersion=1:2.36-8',
  ]);
  assert.deepEqual(wordsOf('rpm')?.slice(4), ['syft:metadata:sourceRpm=bash-5.2-1.src.rpm']);
  assert.deepEqual(told.get('ajv'), []);
});

test('in SPDX Grype finds it in the package URL, and Trivy in words and below the distribution', () => {
  const { packages, relationships } = write('spdx-json');
  const purls = [
    'pkg:apk/alpine/ssl_client@1.36-r1?arch=x86_64&upstream=busybox',
    'pkg:deb/debian/libc6@2.36-9?arch=amd64&upstream=glibc%401:2.36-8',
    'pkg:deb/debian/zlib1g@1.3?upstream=zlib',
    'pkg:npm/ajv@6',
    'pkg:rpm/fedora/bash-doc@5.2-1?epoch=2&upstream=bash-5.2-1.src.rpm',
  ];
  assert.deepEqual(packages.flatMap((one) => one.externalRefs?.[0]?.referenceLocator ?? []).sort(), purls);
  const { '@graph': graph } = write('spdx-json@3.0');
  assert.deepEqual(graph.flatMap((one) => one.software_packageUrl ?? []).sort(), purls);
  assert.deepEqual(
    packages.flatMap(({ sourceInfo }) => sourceInfo ?? []).sort(),
    ['bash 2:5.2-1', 'busybox 1.36-r1', 'glibc 1:2.36-8', 'zlib 1.3'].map((text) => `built package from: ${text}`),
  );
  const system = packages.find(({ name }) => name === 'alpine');
  assert.match(system?.SPDXID ?? '', /^SPDXRef-OperatingSystem/);
  assert.equal(system?.primaryPackagePurpose, 'OPERATING_SYSTEM');
  const held = relationships.filter((one) => one['spdxElementId'] === system?.SPDXID);
  const idOf = (name: string) => packages.find((one) => one.name === name)?.SPDXID;
  assert.equal(held.length, 4);
  assert.ok(held.every((one) => one['relatedSpdxElement'] !== idOf('ajv')));
  assert.match(writeSbom(sbom, 'spdx-tag-value'), /^PrimaryPackagePurpose: OPERATING-SYSTEM$/m);
});

test('what is said for others is read back as nothing more, by every format', () => {
  for (const format of sbomFormats.filter(({ id }) => id !== 'github-json'))
    for (const version of format.versions)
      assert.deepEqual(parseSbom(format.write(sbom, version)), sbom, `${format.id}@${version}`);
});

test('a source whose name is no part of a package URL is told without it', () => {
  for (const name of ['x'.repeat(5000), '\ud800']) {
    const odd = component('pkg:deb/debian/a@1', '1', { name, version: '1' });
    const text = writeSbom({ ...sbom, components: [odd] }, 'spdx-json');
    assert.match(text, /"referenceLocator": "pkg:deb\/debian\/a@1"/);
  }
});

test('the words of Trivy for a source in SPDX are read, others are not taken for them', () => {
  const document = (sourceInfo: string) =>
    JSON.stringify({
      spdxVersion: 'SPDX-2.3',
      SPDXID: 'SPDXRef-DOCUMENT',
      creationInfo: { created: '2026-01-01T00:00:00Z' },
      packages: [{ SPDXID: 'SPDXRef-1', name: 'ssl_client', versionInfo: '1', sourceInfo }],
    });
  const sourceOf = (text: string) => parseSbom(document(text)).components[0]?.source;
  assert.deepEqual(sourceOf('built package from: busybox 1.36-r1'), { name: 'busybox', version: '1.36-r1' });
  assert.equal(sourceOf('acquired package info from APK DB: /lib/apk/db/installed'), undefined);
});
