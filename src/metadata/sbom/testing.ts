/** Bills of materials for tests: one with every field set, one with next to nothing. */
import { digestOf } from '../../core/index.ts';
import type { Component, Sbom } from './sbom.ts';

export function createComponent(
  part: Partial<Component> & { readonly name: string; readonly version: string },
): Component {
  const purl = part.purl ?? `pkg:npm/${part.name.replace('@', '%40')}@${part.version}`;
  return {
    id: purl,
    kind: 'library',
    purl,
    licences: [],
    locations: [],
    hashes: [],
    scope: 'runtime',
    properties: {},
    ...part,
  };
}

const digest = digestOf('layer');

export const fullSbom: Sbom = {
  subject: {
    kind: 'image',
    name: 'localhost:5000/shop/app:1.0',
    digest: digestOf('manifest'),
    version: '1.0',
    platform: 'linux/arm/v7',
  },
  distro: { id: 'debian', versionId: '12', codename: 'bookworm', prettyName: 'Debian GNU/Linux 12 (bookworm)' },
  layers: [
    { index: 0, digest, diffId: digestOf('diff'), instruction: 'ADD "rootfs" = <all> in /\nENV A=1', isBase: true },
    { index: 1, digest: digestOf('second'), diffId: digestOf('second diff'), isBase: false },
  ],
  base: { name: 'docker.io/library/debian:12', digest: digestOf('base'), foundBy: 'annotations', isExcluded: false },
  layerScope: 'all-layers',
  licenceTexts: [
    { licence: 'House licence', text: 'You may look,\nbut <not> "touch".' },
    { licence: 'LicenseRef-house-2', text: 'You may touch, & look.' },
  ],
  components: [
    createComponent({ name: 'own', version: '1', licences: ['House licence'] }),
    createComponent({ name: 'own', version: '2', licences: ['ISC OR LicenseRef-house-2'] }),
    createComponent({ name: 'own', version: '3', licences: ['LicenseRef-house-3'] }),
    createComponent({
      name: 'own',
      version: '4',
      licences: [`Permission is hereby granted\n\n${'to whom '.repeat(40)}`],
    }),
    createComponent({
      id: 'pkg:deb/debian/libssl3@3.0.11-1+b1?arch=amd64&distro=debian-12',
      purl: 'pkg:deb/debian/libssl3@3.0.11-1+b1?arch=amd64&distro=debian-12',
      name: 'libssl3',
      version: '3.0.11-1+b1',
      licences: ['Apache-2.0', 'BSD something odd'],
      detectedLicences: ['OpenSSL'],
      cpes: ['cpe:2.3:a:openssl:libssl3:3.0.11:*:*:*:*:*:*:*', 'cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*'],
      evidence: 'installed-db',
      locations: [
        { path: 'var/lib/dpkg/status', layer: digest, lines: [3, 9] },
        { path: 'usr/share/doc/libssl3/copyright' },
      ],
      introducedBy: { index: 0, digest, diffId: digestOf('diff') },
      foundBy: 'dpkg',
      supplier: 'Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>',
      originator: 'The OpenSSL Project',
      description: 'Secure Sockets Layer toolkit - shared libraries',
      copyright: 'Copyright (c) 1998-2023 The OpenSSL Project',
      homepage: 'https://www.openssl.org/',
      downloadLocation: 'https://www.openssl.org/source/openssl-3.0.11.tar.gz',
      sourceRepository: 'https://github.com/openssl/openssl',
      hashes: [{ algorithm: 'sha256', value: 'a'.repeat(64) }],
      source: { name: 'openssl', version: '3.0.11-1' },
      properties: { 'go:h1': 'h1:abc=' },
    }),
    createComponent({
      name: '@scope/left-pad',
      version: '1.3.0',
      licences: ['MIT OR Apache-2.0'],
      scope: 'development',
      ownedBy: 'pkg:deb/debian/libssl3@3.0.11-1+b1?arch=amd64&distro=debian-12',
    }),
    createComponent({ name: 'node-1', version: 'v1.34.0', purl: 'pkg:generic/node-1@v1.34.0', kind: 'platform' }),
    createComponent({ name: 'gone', version: '1', deletedBy: { index: 1, digest, diffId: digestOf('second diff') } }),
    createComponent({ name: 'web', version: '1', purl: 'pkg:oci/web@sha256%3Aab', kind: 'container' }),
    {
      ...withoutPurl(createComponent({ name: 'tool', version: '2' })),
      id: 'tool@2',
      kind: 'application',
      scope: 'optional',
      licences: ['custom'],
    },
  ],
  dependencies: [{ from: 'pkg:npm/%40scope/left-pad@1.3.0', to: ['tool@2'] }],
  skipped: [{ path: 'usr/bin/huge', reason: 'expected at most 100 bytes, found 200' }],
  tool: { name: 'plimsoll', version: '0.1.0' },
  author: { kind: 'person', name: 'Jane Doe', email: 'jane@example.com' },
  created: '2026-01-02T03:04:05Z',
};

function withoutPurl({ purl: _purl, ...rest }: Component): Component {
  return rest;
}

export const smallSbom: Sbom = {
  subject: { kind: 'folder', name: '.' },
  components: [],
  dependencies: [],
  skipped: [],
  tool: { name: 'plimsoll', version: '0.1.0' },
  author: { kind: 'organization', name: 'ACME (Europe)', url: 'https://acme.example' },
  created: '1970-01-01T00:00:00Z',
};
