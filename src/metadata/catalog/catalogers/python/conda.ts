/** Conda: what is installed (conda-meta/*.json, with the files of each package), and what an environment file asks for. */
import { AppError, isRecord, parseJson } from '../../../../core/index.ts';
import type { FileEntry } from '../../../../core/index.ts';
import { tellablePlace } from '../../../sbom/index.ts';
import type { Component } from '../../../sbom/index.ts';
import { MAX_DATABASE_BYTES, SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import type { Finds } from '../../components.ts';
import { parseYaml } from '../../documents.ts';
import { onlyHash, recordOf, textOr, textsOf } from '../../values.ts';
import { parseRequirement, pinOf, pypiPurl } from './python-package.ts';

const META = /(?:^|\/)conda-meta\/[^/]+\.json$/;

export const condaMeta: Cataloger = {
  id: 'conda-meta',
  evidence: 'installed',
  names: ['*.json'],
  select: ({ path }) => (META.test(path) ? { kind: 'keep', maxBytes: MAX_DATABASE_BYTES } : SKIP),
  catalog: async (tree, files, context) => {
    const installed: { readonly prefix: string; readonly component: Component; readonly wanted: readonly string[] }[] =
      [];
    const owners = new Map<string, string>();
    const finder = { foundBy: 'conda-meta', evidence: 'installed-metadata' } as const;
    const found = await catalogFiles(files, { tree, context, finder }, (content, file, finds) => {
      const meta = recordOf(parseJson(content, { what: file.path, maxBytes: MAX_DATABASE_BYTES }));
      const component = addMeta(meta, file, finds);
      const prefix = file.path.replace(/conda-meta\/[^/]+$/, '');
      if (component === undefined) return;
      const wanted = textsOf(meta.depends).map((text) => text.split(/[\s<>=!]/, 1)[0] ?? '');
      installed.push({ prefix, component, wanted });
      for (const path of textsOf(meta.files)) owners.set(`${prefix}${path}`, component.id);
    });
    const byName = new Map(installed.map(({ prefix, component }) => [`${prefix} ${component.name}`, component.id]));
    const dependencies = installed.map(({ prefix, component, wanted }) => ({
      from: component.id,
      to: wanted.flatMap((name) => byName.get(`${prefix} ${name}`) ?? []),
    }));
    return { ...found, dependencies, owners };
  },
};

/** Servers of Anaconda take the token of a user as part of the path (`/t/TOKEN/channel`). */
function tellableChannel(address: unknown): string | undefined {
  return tellablePlace(textOr(address, '').replace(/(\/\/[^/]*)\/t\/[^/]*(?=\/)/, '$1')) || undefined;
}

function withoutEnd(text: string, end: string): string {
  return text.endsWith(end) ? text.slice(0, -end.length) : text;
}

function addMeta(meta: Readonly<Record<string, unknown>>, file: FileEntry, finds: Finds): Component | undefined {
  const { name, version } = meta;
  if (typeof name !== 'string' || typeof version !== 'string' || name === '' || version === '') {
    throw new AppError('invalid-input', `${file.path}: expected a package's name and version, found none`);
  }
  const licence = textOr(meta.license, '');
  const [channel = '', url] = [meta.channel, meta.url].map(tellableChannel);
  const subdir = textOr(meta.subdir, '');
  const qualifiers = {
    build: textOr(meta.build, ''),
    channel: withoutEnd(withoutEnd(channel, '/'), `/${subdir}`),
    subdir,
    type: textOr(meta.fn, '').endsWith('.conda') ? 'conda' : 'tar.bz2',
  };
  return finds.add(file, {
    name,
    version,
    purl: { type: 'conda', name, version, qualifiers },
    licences: licence === '' ? [] : [licence],
    hashes: [...onlyHash([`sha256:${textOr(meta.sha256, '')}`]), ...onlyHash([`md5:${textOr(meta.md5, '')}`])],
    properties: url === undefined ? {} : { 'conda:url': url },
  });
}

export const condaEnvironment: Cataloger = {
  id: 'conda-environment',
  evidence: 'declared',
  names: ['environment.yaml', 'environment.yml'],
  select: () => ({ kind: 'keep', maxBytes: MAX_DATABASE_BYTES }),
  catalog: async (tree, files, context) =>
    await catalogFiles(
      files,
      { tree, context, finder: { foundBy: 'conda-environment', evidence: 'manifest' } },
      (content, file, finds) => {
        const document = recordOf(parseYaml(content, file.path));
        if (!Array.isArray(document.dependencies)) throw unlike(file, 'a list of dependencies');
        for (const entry of document.dependencies as readonly unknown[]) addWanted(entry, file, finds);
      },
    ),
};

/** `channel::name=version=build`, `name>=1`, or what pip shall install. */
function addWanted(entry: unknown, file: FileEntry, finds: Finds): void {
  if (isRecord(entry)) {
    if (!Array.isArray(entry.pip)) throw unlike(file, 'a list of requirements for pip');
    for (const text of textsOf(entry.pip)) {
      const requirement = parseRequirement(text);
      const version = pinOf(requirement?.specifier ?? '');
      const purl = version === undefined ? undefined : pypiPurl({ name: requirement?.name ?? '', version });
      if (version !== undefined && purl !== undefined) finds.add(file, { name: purl.name, version, purl });
    }
    return;
  }
  const match = /^(?:[^\s:]+::)?([A-Za-z0-9_.-]*[A-Za-z_][A-Za-z0-9_.-]*)\s*(.*)$/.exec(String(entry));
  const [, name, specifier = ''] = match ?? [];
  if (name === undefined) throw unlike(file, 'names of packages');
  const version = /^={1,2}\s*([^\s=<>!*,|]+)/.exec(specifier)?.[1] ?? '';
  finds.add(file, { name, version, purl: { type: 'conda', name, version } });
}

function unlike(file: FileEntry, expected: string): AppError {
  return new AppError('invalid-input', `${file.path}: expected ${expected}, found something else`);
}
