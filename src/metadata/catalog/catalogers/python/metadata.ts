/**
 * Core metadata of Python packages (METADATA and PKG-INFO): headers as of mail, then a blank line and a description. A licence is taken
 * from License-Expression, else License, else the classifiers.
 */
import { AppError } from '../../../../core/index.ts';
import type { FileEntry } from '../../../../core/index.ts';
import type { PurlParts } from '../../../ecosystem/index.ts';
import type { Component } from '../../../sbom/index.ts';
import type { Finds, Given } from '../../components.ts';
import { linksOf } from '../../values.ts';
import { parseRequirement, pypiPurl } from './python-package.ts';
import type { Requirement } from './python-package.ts';

/** Descriptions of some hundred KiB follow the headers. */
export const MAX_METADATA_BYTES = 16 * 1024 * 1024;
/** Some put a licence's whole text there. */
const MAX_LICENCE = 120;

export interface Metadata {
  readonly name: string;
  readonly version: string;
  readonly licences: readonly string[];
  readonly supplier: string | undefined;
  readonly links: ReturnType<typeof linksOf>;
  readonly requirements: readonly Requirement[];
}

/** Throws `invalid-input` where no name is. */
export function parseMetadata(text: string, what: string): Metadata {
  const fields = parseHeaders(text);
  const first = (name: string) => fields.get(name)?.[0] ?? '';
  const name = first('name');
  if (pypiPurl({ name, version: first('version') }) === undefined) {
    const found = JSON.stringify(`${name} ${first('version')}`.slice(0, 80));
    throw new AppError('invalid-input', `${what}: expected a package's name and version, found ${found}`);
  }
  const requirements = (fields.get('requires-dist') ?? []).flatMap((line) => parseRequirement(line) ?? []);
  return {
    name,
    version: first('version'),
    licences: licencesOf(fields),
    supplier: ['author', 'author-email', 'maintainer', 'maintainer-email'].map(first).find(isSaid),
    links: readLinks(fields),
    requirements,
  };
}

export function addPackage(
  finds: Finds,
  file: FileEntry,
  metadata: Metadata,
  { qualifiers = {}, ...more }: Partial<Given> & Pick<PurlParts, 'qualifiers'> = {},
): Component | undefined {
  const { name, version, licences, links, supplier } = metadata;
  const purl = { type: 'pypi', name, version, qualifiers };
  return finds.add(file, {
    name,
    version,
    licences,
    ...links,
    ...(supplier === undefined ? {} : { supplier }),
    purl,
    ...more,
  });
}

function isSaid(text: string): boolean {
  return text !== '' && text !== 'UNKNOWN';
}

/** By name in lower case; what is folded over lines is joined. */
function parseHeaders(text: string): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  let values: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') {
      // blank lines before the first header are common
      if (fields.size > 0) break;
      continue;
    }
    if (/^[ \t]/.test(line)) {
      if (values !== undefined) values.push(`${values.pop() ?? ''}\n${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    values = fields.get(name) ?? [];
    values.push(line.slice(colon + 1).trim());
    fields.set(name, values);
  }
  return fields;
}

function licencesOf(fields: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const expression = fields.get('license-expression')?.find(isSaid);
  if (expression !== undefined) return [expression.replaceAll(/\s+/g, ' ')];
  const named = fields.get('license')?.find(isSaid);
  if (named !== undefined && named.length <= MAX_LICENCE && !named.includes('\n')) return [named];
  const classified = (fields.get('classifier') ?? []).filter((line) => /^License :: ./.test(line));
  const names = classified.map((line) => line.split(' :: ').at(-1) ?? '').filter((name) => name !== 'OSI Approved');
  return [...new Set(names.map((name) => CLASSIFIERS.get(name) ?? name))];
}

/** Labels are compared by their letters and digits (packaging.python.org, "Well-known Project URLs in Metadata"). */
function readLinks(fields: ReadonlyMap<string, readonly string[]>): ReturnType<typeof linksOf> {
  const urls = (fields.get('project-url') ?? []).map((line) => {
    const comma = line.indexOf(',');
    const label = line
      .slice(0, Math.max(0, comma))
      .toLowerCase()
      .replaceAll(/[^a-z\d]/g, '');
    return [label, line.slice(comma + 1).trim()] as const;
  });
  const find = (labels: readonly string[]) => urls.find(([label]) => labels.includes(label))?.[1];
  const repository = find(['source', 'repository', 'sourcecode', 'github', 'code']);
  return linksOf(fields.get('home-page')?.find(isSaid) ?? find(['homepage']), repository);
}

/** Classifiers that mean one licence (pypi.org/classifiers). */
const CLASSIFIERS: ReadonlyMap<string, string> = new Map([
  ['Apache Software License', 'Apache-2.0'],
  ['GNU Affero General Public License v3', 'AGPL-3.0-only'],
  ['GNU Affero General Public License v3 or later (AGPLv3+)', 'AGPL-3.0-or-later'],
  ['GNU General Public License v2 (GPLv2)', 'GPL-2.0-only'],
  ['GNU General Public License v2 or later (GPLv2+)', 'GPL-2.0-or-later'],
  ['GNU General Public License v3 (GPLv3)', 'GPL-3.0-only'],
  ['GNU General Public License v3 or later (GPLv3+)', 'GPL-3.0-or-later'],
  ['GNU Lesser General Public License v3 (LGPLv3)', 'LGPL-3.0-only'],
  ['GNU Lesser General Public License v3 or later (LGPLv3+)', 'LGPL-3.0-or-later'],
  ['ISC License (ISCL)', 'ISC'],
  ['MIT License', 'MIT'],
  ['MIT No Attribution License (MIT-0)', 'MIT-0'],
  ['Mozilla Public License 2.0 (MPL 2.0)', 'MPL-2.0'],
  ['Python Software Foundation License', 'PSF-2.0'],
  ['The Unlicense (Unlicense)', 'Unlicense'],
  ['Zope Public License', 'ZPL-2.1'],
]);
