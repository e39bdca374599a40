/** What databases and manifests tell of an RPM package, and how versions, sources and package URLs are spelt. */
import type { Distro, PurlParts } from '../../../../ecosystem/index.ts';
import type { Component } from '../../../../sbom/index.ts';

export interface RpmPackage {
  readonly name: string;
  /** 0 where there is none, which rpm takes as the same. */
  readonly epoch: number;
  readonly version: string;
  readonly release: string;
  readonly arch: string | undefined;
  readonly vendor: string | undefined;
  readonly licence: string | undefined;
  readonly url: string | undefined;
  readonly sourceRpm: string | undefined;
  readonly modularityLabel: string | undefined;
}

/** `epoch:version-release`, by which rpm orders. */
export function evrOf({ epoch, version, release }: RpmPackage): string {
  const versioned = release === '' ? version : `${version}-${release}`;
  return epoch === 0 || version === '' ? versioned : `${epoch}:${versioned}`;
}

/** The type definition has the epoch as a qualifier. */
export function rpmPurl(found: RpmPackage, distro: Distro | undefined): PurlParts {
  return {
    type: 'rpm',
    namespace: distro === undefined ? undefined : rpmNamespace(distro.id),
    name: found.name,
    version: evrOf({ ...found, epoch: 0 }),
    qualifiers: {
      arch: found.arch,
      epoch: found.epoch === 0 ? undefined : String(found.epoch),
      distro: distro?.versionId === undefined ? undefined : `${distro.id}-${distro.versionId}`,
    },
  };
}

/** Vendors' names, as package URLs of rpm have them. */
export function rpmNamespace(id: string): string {
  if (id === 'rhel') return 'redhat';
  return id.startsWith('opensuse') ? 'opensuse' : id;
}

/** The source package from its file's name: `util-linux-2.32.1-42.el8_8.src.rpm`. */
export function sourceOf(found: RpmPackage): Component['source'] {
  const match = /^(.+)-([^-]+)-([^-]+)\.(?:no)?src\.rpm$/.exec(found.sourceRpm ?? '');
  const [, name, version, release] = match ?? [];
  if (name === undefined || version === undefined || release === undefined) return undefined;
  const source = { name, version: evrOf({ ...found, version, release }) };
  return source.name === found.name && source.version === evrOf(found) ? undefined : source;
}
