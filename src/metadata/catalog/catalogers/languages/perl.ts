/**
 * Distributions of CPAN by their META.json or META.yml (CPAN::Meta::Spec), of which installers keep MYMETA.json below `.meta/`. What a
 * distribution needs are modules: which other distribution has one, its own `provides` says.
 */
import { isRecord, mismatch, parseJson } from '../../../../core/index.ts';
import { parseYaml } from '../../documents.ts';
import { createFileCataloger, MAX_FILE_BYTES } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { linksOf, recordOf, textsOf } from '../../values.ts';
import type { Raw } from '../../values.ts';

const NAMES = ['META.json', 'META.yml', 'MYMETA.json', 'MYMETA.yml'];
const INSTALLED = /(?:^|\/)\.meta\/[^/]+\/[^/]+$/;

export const cpanInstalled = createFileCataloger({
  id: 'cpan-installed',
  evidence: 'installed-metadata',
  names: NAMES,
  isChosen: (path) => INSTALLED.test(path),
  read,
});

export const cpanMeta = createFileCataloger({
  id: 'cpan-meta',
  evidence: 'manifest',
  names: NAMES,
  isChosen: (path) => !INSTALLED.test(path),
  read,
});

/** Names that stand for licences in META, and what they mean. */
const LICENCES: ReadonlyMap<string, string> = new Map([
  ['perl_5', 'Artistic-1.0-Perl OR GPL-1.0-or-later'],
  ['perl', 'Artistic-1.0-Perl OR GPL-1.0-or-later'],
  ['apache_2_0', 'Apache-2.0'],
  ['artistic_1', 'Artistic-1.0'],
  ['artistic_2', 'Artistic-2.0'],
  ['bsd', 'BSD-3-Clause'],
  ['freebsd', 'BSD-2-Clause'],
  ['gpl_2', 'GPL-2.0-only'],
  ['gpl_3', 'GPL-3.0-only'],
  ['lgpl_2_1', 'LGPL-2.1-only'],
  ['lgpl_3_0', 'LGPL-3.0-only'],
  ['mit', 'MIT'],
  ['mozilla_1_1', 'MPL-1.1'],
]);

/** META.yml gives way to META.json beside it, which says more. */
function read({ content, file, finds, tree, link }: Reading): void {
  if (file.path.endsWith('.yml') && tree.find(file.path.replace(/yml$/, 'json')) !== undefined) return;
  const meta = file.path.endsWith('.json')
    ? parseJson(content, { what: file.path, maxBytes: MAX_FILE_BYTES })
    : parseYaml(content, file.path);
  if (!isRecord(meta)) throw mismatch(file.path, 'an object', meta);
  const { name, version } = meta;
  if (typeof name !== 'string' || typeof version !== 'string') {
    finds.skip(file, 'expected the name and the version of a distribution');
    return;
  }
  const [supplier] = wordsOf(meta.author);
  const resources = recordOf(meta.resources);
  const component = finds.add(file, {
    name,
    version,
    purl: { type: 'cpan', name, version },
    licences: licencesOf(meta),
    ...linksOf(resources.homepage, isRecord(resources.repository) ? resources.repository.url : resources.repository),
    ...(supplier === undefined ? {} : { supplier }),
  });
  const runtime = recordOf(recordOf(recordOf(meta.prereqs).runtime).requires);
  const needs = Object.keys({ ...runtime, ...recordOf(meta.requires) });
  // the distribution's own module, and each that it says to provide
  const modules = new Set([name.replaceAll('-', '::'), ...Object.keys(recordOf(meta.provides))]);
  for (const module of modules) link({ component, within: placeOf(file.path), name: module, needs });
}

/** Distributions in one folder of `.meta`, or in one project, see each other. */
function placeOf(path: string): string {
  return path.split('/').slice(0, -2).join('/');
}

function licencesOf(meta: Raw): readonly string[] {
  if (typeof meta.x_spdx_expression === 'string') return [meta.x_spdx_expression];
  return wordsOf(meta.license).flatMap((text) => (text === 'unknown' ? [] : [LICENCES.get(text) ?? text]));
}

/** One or a list; `~` is nothing in YAML. */
function wordsOf(value: unknown): readonly string[] {
  return textsOf([value].flat()).filter((text) => text !== '' && text !== '~');
}
