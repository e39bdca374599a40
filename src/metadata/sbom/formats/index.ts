/** All forms of documents: how each is written, and which reader understands what was read. */
import { AppError } from '../../../core/index.ts';
import { arrangeSbom } from '../sbom.ts';
import type { Sbom } from '../sbom.ts';
import { writeCyclonedxXml } from './cyclonedx-xml.ts';
import { cyclonedx, CYCLONEDX_VERSIONS, toCyclonedx } from './cyclonedx.ts';
import type { CyclonedxVersion } from './cyclonedx.ts';
import type { SbomFormat, SbomReader } from './format.ts';
import { toGithub } from './github.ts';
import { writeTagValue } from './spdx-tag-value.ts';
import { writeSpdxYaml } from './spdx-yaml.ts';
import { spdx2, SPDX2_VERSIONS, toSpdx2 } from './spdx2.ts';
import type { Spdx2Version } from './spdx2.ts';
import { spdx3, toSpdx3 } from './spdx3.ts';
import { syft } from './syft.ts';

export const sbomReaders: readonly SbomReader[] = [spdx2, cyclonedx, spdx3, syft];

const json = (document: unknown) => `${JSON.stringify(document, undefined, 2)}\n`;

function spdxForm(
  id: string,
  mediaType: string,
  print: (document: Readonly<Record<string, unknown>>) => string,
): SbomFormat {
  return {
    id,
    versions: SPDX2_VERSIONS,
    mediaType,
    write: (sbom, version) => print(toSpdx2(arrangeSbom(sbom), version as Spdx2Version)),
  };
}

function cyclonedxForm(
  syntax: 'json' | 'xml',
  print: (document: Readonly<Record<string, unknown>>) => string,
): SbomFormat {
  return {
    id: `cyclonedx-${syntax}`,
    versions: CYCLONEDX_VERSIONS,
    mediaType: `application/vnd.cyclonedx+${syntax}`,
    write: (sbom, version) => print(toCyclonedx(arrangeSbom(sbom), version as CyclonedxVersion)),
  };
}

const spdxJson = spdxForm('spdx-json', 'application/spdx+json', json);

export const sbomFormats: readonly SbomFormat[] = [
  {
    ...spdxJson,
    versions: [...SPDX2_VERSIONS, '3.0'],
    write: (sbom, version) => (version === '3.0' ? json(toSpdx3(arrangeSbom(sbom))) : spdxJson.write(sbom, version)),
  },
  spdxForm('spdx-tag-value', 'text/spdx', writeTagValue),
  spdxForm('spdx-yaml', 'application/spdx+yaml', writeSpdxYaml),
  cyclonedxForm('json', json),
  cyclonedxForm('xml', writeCyclonedxXml),
  {
    id: 'github-json',
    versions: ['0'],
    mediaType: 'application/vnd.github+json',
    write: (sbom) => json(toGithub(arrangeSbom(sbom))),
  },
];

export interface SbomForm {
  readonly format: SbomFormat;
  readonly version: string;
}

/** `ID` or `ID@VERSION`. Throws `usage` naming what is known, with `others` that the caller knows. */
export function findSbomForm(text: string, others: readonly string[] = []): SbomForm {
  const [id = '', version] = text.split('@', 2);
  const format = sbomFormats.find((candidate) => candidate.id === id);
  if (format === undefined) {
    const known = [...sbomFormats.map((candidate) => candidate.id), ...others].join(', ');
    throw new AppError('usage', `unknown SBOM format "${id}", expected one of ${known}`);
  }
  if (version === undefined) return { format, version: format.versions[0] };
  if (format.versions.includes(version)) return { format, version };
  throw new AppError('usage', `${id}: expected a version of ${format.versions.join(', ')}, found "${version}"`);
}

/** Throws `usage` for an unknown form. */
export function writeSbom(sbom: Sbom, text: string): string {
  const { format, version } = findSbomForm(text);
  return format.write(sbom, version);
}
