/**
 * From which source package one of a distribution was built, in the words in which Syft, Grype and Trivy read it: advisories of most distributions
 * name source packages, and without these words other scanners find less in a document than in what it describes.
 */
import { createPurl, findPurl, formatPurl } from '../ecosystem/index.ts';
import type { Pair } from './properties.ts';
import type { Component } from './sbom.ts';

interface Told {
  readonly purl?: string | undefined;
  readonly source?: Component['source'] | undefined;
}

/** As properties of CycloneDX: Trivy's, and Syft's, which Grype reads. None where the names are the same. */
export function sourceProperties({ purl, source }: Told): readonly Pair[] {
  const type = osTypeOf(purl);
  if (source === undefined || type === undefined) return [];
  const syft: Readonly<Record<OsType, readonly Pair[]>> = {
    apk: [['originPackage', source.name]],
    deb: [
      ['source', source.name],
      ['sourceVersion', source.version],
    ],
    rpm: [['sourceRpm', sourceRpm(source)]],
  };
  return [
    ['aquasecurity:trivy:SrcName', source.name],
    ['aquasecurity:trivy:SrcVersion', source.version],
    ['syft:package:type', type],
    ['syft:package:metadataType', `${type === 'deb' ? 'dpkg' : type}-db-entry`],
    ...syft[type].map(([name, value]): Pair => [`syft:metadata:${name}`, value]),
  ];
}

/** Names of sources and versions are a tenth of it; what foreign documents call a source may be no part of a package URL. */
const MAX_UPSTREAM = 1024;

/** The package URL with the qualifier `upstream`, by which Syft and Grype know it in SPDX; as it is where that says nothing new. */
export function purlWithSource({ version, purl: text, source }: Component): string | undefined {
  const type = osTypeOf(text);
  const purl = source === undefined || type === undefined ? undefined : findPurl(text ?? '');
  if (source === undefined || purl === undefined || purl.qualifiers.has('upstream')) return text;
  const versioned = source.version === version ? source.name : `${source.name}@${source.version}`;
  const upstream = type === 'rpm' ? sourceRpm(source) : versioned;
  if (upstream.length > MAX_UPSTREAM || !upstream.isWellFormed()) return text;
  return formatPurl(createPurl({ ...purl, qualifiers: { ...Object.fromEntries(purl.qualifiers), upstream } }));
}

/** Whether a distribution's package manager put it there. */
export function isOfSystem({ purl }: Told): boolean {
  return osTypeOf(purl) !== undefined;
}

const OS_TYPES = ['apk', 'deb', 'rpm'] as const;
type OsType = (typeof OS_TYPES)[number];

function osTypeOf(purl: string | undefined): OsType | undefined {
  return OS_TYPES.find((type) => purl?.startsWith(`pkg:${type}/`));
}

/** What the source's file is called, which says no epoch. */
function sourceRpm({ name, version }: NonNullable<Component['source']>): string {
  return `${name}-${version.replace(/^\d+:/, '')}.src.rpm`;
}

/** Of SPDX 2, as Trivy writes and reads it. */
export function formatSourceInfo({ source }: Told): string | undefined {
  return source === undefined ? undefined : `built package from: ${source.name} ${source.version}`;
}

export function readSourceInfo(text: string | undefined): Component['source'] {
  const [, name, version] = /^built package from: (\S+) (\S+)$/.exec(text ?? '') ?? [];
  return name === undefined || version === undefined ? undefined : { name, version };
}
