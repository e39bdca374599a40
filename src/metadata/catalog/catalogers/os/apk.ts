/** Packages that apk installed: the database of apk-tools 2 and 3 (`lib/apk/db/installed`), its file lists and provided names. */
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { AppError, pushAll } from '../../../../core/index.ts';
import type { Component, Dependency, Hash } from '../../../sbom/index.ts';
import { isLicenceExpression, spdxLicenceName } from '../../../sbom/index.ts';
import { MAX_DATABASE_BYTES, SKIP } from '../../cataloger.ts';
import type { Catalog, CatalogContext, Cataloger } from '../../cataloger.ts';
import { catalogFiles, textOf } from '../../components.ts';
import type { Finds, Given } from '../../components.ts';
import { linksOf } from '../../values.ts';

const DATABASE = /^(?:usr\/)?lib\/apk\/db\/installed$/;

export const apk: Cataloger = {
  id: 'apk',
  evidence: 'installed',
  names: ['installed'],
  select: ({ path }) => (DATABASE.test(path) ? { kind: 'keep', maxBytes: MAX_DATABASE_BYTES } : SKIP),
  catalog,
};

/** Fields by their letter; files apart. */
interface Block {
  readonly fields: ReadonlyMap<string, string>;
  readonly files: readonly string[];
}

interface Installed {
  readonly component: Component;
  readonly block: Block;
}

async function catalog(tree: FileTree, files: readonly FileEntry[], context: CatalogContext): Promise<Catalog> {
  const finder = { foundBy: 'apk', evidence: 'installed-db' } as const;
  const installed: Installed[] = [];
  const found = await catalogFiles(files, { tree, context, finder }, (content, file, finds) =>
    pushAll(installed, readDatabase(textOf(content), file, { context, finds })),
  );
  return {
    ...found,
    dependencies: resolveRelations(installed),
    owners: new Map(
      installed.flatMap(({ component, block }) => block.files.map((path) => [path, component.id] as const)),
    ),
  };
}

function readDatabase(
  text: string,
  file: FileEntry,
  { context, finds }: { readonly context: CatalogContext; readonly finds: Finds },
): readonly Installed[] {
  const blocks = parseDatabase(text);
  for (const { fields } of blocks.filter((block) => !isNamed(block))) {
    const shown = JSON.stringify(`${fields.get('P')} ${fields.get('V')}`.slice(0, 80));
    finds.skip(file, `expected an Alpine package name and version, found ${shown}`);
  }
  if (blocks.length === 0 && text.trim() !== '') {
    throw new AppError('invalid-input', `${file.path}: expected blocks with P: and V: lines, found none`);
  }
  return blocks.filter(isNamed).flatMap((block) => {
    const component = finds.add(file, describe(block, context));
    return component === undefined ? [] : [{ block, component }];
  });
}

function parseDatabase(text: string): readonly Block[] {
  return text.split(/\r?\n\r?\n+/).flatMap((part) => {
    const block = parseBlock(part);
    return block.fields.has('P') && block.fields.has('V') ? [block] : [];
  });
}

/** A name and a version that could be installed; one block that is not must not hide the others. */
function isNamed({ fields }: Block): boolean {
  return /^[A-Za-z0-9_.][\w.+-]{0,255}$/.test(fields.get('P') ?? '') && /^[^\s/@]{1,512}$/.test(fields.get('V') ?? '');
}

function parseBlock(text: string): Block {
  const fields = new Map<string, string>();
  const files: string[] = [];
  let folder = '';
  for (const line of text.split(/\r?\n/)) {
    const letter = line[0];
    if (letter === undefined || line[1] !== ':') continue;
    const value = line.slice(2);
    if (letter === 'F') folder = value;
    else if (letter === 'R') files.push(folder === '' ? value : `${folder}/${value}`);
    // After the first folder, letters describe files, not the package.
    else if (folder === '' && files.length === 0) fields.set(letter, value);
  }
  return { fields, files };
}

function describe({ fields }: Block, { distro }: CatalogContext): Given {
  const name = fields.get('P') ?? '';
  const version = fields.get('V') ?? '';
  const origin = fields.get('o');
  const supplier = fields.get('m');
  return {
    name,
    version,
    purl: {
      type: 'apk',
      namespace: distro?.id ?? 'alpine',
      name,
      version,
      qualifiers: {
        arch: fields.get('A'),
        distro: distro?.versionId === undefined ? undefined : `${distro.id}-${distro.versionId}`,
      },
    },
    licences: splitLicences(fields.get('L') ?? ''),
    hashes: checksum(fields.get('C') ?? ''),
    ...linksOf(fields.get('U')),
    ...(supplier === undefined || supplier === '' ? {} : { supplier }),
    ...(origin === undefined || origin === '' || origin === name ? {} : { source: { name: origin, version } }),
  };
}

/** New packages have an SPDX expression, old ones names with spaces between. */
function splitLicences(text: string): readonly string[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  if (isLicenceExpression(trimmed)) return [trimmed];
  return [...new Set(trimmed.split(/\s+(?:AND\s+)?/i).map(spdxLicenceName))].sort();
}

/** `Q1` and the base64 of the SHA-1 of the control part of the package. */
function checksum(text: string): readonly Hash[] {
  if (!text.startsWith('Q1')) return [];
  const value = Buffer.from(text.slice(2), 'base64').toString('hex');
  return value.length === 40 ? [{ algorithm: 'sha1', value }] : [];
}

function resolveRelations(installed: readonly Installed[]): readonly Dependency[] {
  const providers = new Map<string, string>();
  for (const { component, block } of installed) {
    providers.set(component.name, component.id);
    for (const name of names(block.fields.get('p'))) if (!providers.has(name)) providers.set(name, component.id);
  }
  return installed.map(({ component, block }) => ({
    from: component.id,
    to: names(block.fields.get('D')).flatMap((name) => providers.get(name) ?? []),
  }));
}

/** `so:libc.so.1=1 !conflict cmd:sh>=1` without versions and conflicts. */
function names(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(/\s+/)
    .flatMap((word) => (word === '' || word.startsWith('!') ? [] : [word.replace(/[<>=~].*$/, '')]));
}
