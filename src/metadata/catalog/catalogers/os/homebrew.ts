/** Formulae and casks that Homebrew installed: the receipt of each formula, the folder of each cask. */
import { anything, arrayOf, decodeJson, isRecord, object, optional, string } from '../../../../core/index.ts';
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import type { Component } from '../../../sbom/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Catalog, CatalogContext, Cataloger } from '../../cataloger.ts';
import { Finds, locationOf, trying } from '../../components.ts';
import { resolveByName } from './relations.ts';

const RECEIPT = /(?:^|\/)Cellar\/([^/]+)\/([^/]+)\/INSTALL_RECEIPT\.json$/;
const CASK = /(?:^|\/)Caskroom\/([^/.][^/]*)\/([^/]+)\/./;
/** Where Homebrew installs itself; elsewhere it is found by its formulae. */
const PREFIXES = ['', 'opt/homebrew/', 'usr/local/', 'home/linuxbrew/.linuxbrew/'];
const MAX_BYTES = 4 * 1024 * 1024;

export const homebrew: Cataloger = {
  id: 'homebrew',
  evidence: 'installed',
  names: ['INSTALL_RECEIPT.json'],
  select: ({ path }) => (RECEIPT.test(path) ? { kind: 'keep', maxBytes: MAX_BYTES } : SKIP),
  catalog,
};

const decodeReceipt = object({
  arch: optional(string),
  runtime_dependencies: optional(arrayOf(anything)),
});

async function catalog(tree: FileTree, files: readonly FileEntry[], context: CatalogContext): Promise<Catalog> {
  const finds = new Finds({ foundBy: 'homebrew', evidence: 'installed-metadata' });
  const formulae: { readonly component: Component; readonly requires: readonly string[] }[] = [];
  for (const file of files) {
    context.signal?.throwIfAborted();
    await trying(file.path, finds.skipped, async () => {
      const content = await tree.read(file.path);
      const [, name, version] = RECEIPT.exec(file.path) ?? [];
      if (content === undefined || name === undefined || version === undefined) return;
      const receipt = decodeJson(content, decodeReceipt, { what: file.path });
      const component = finds.add(file, { name, version, purl: { type: 'brew', name, version } });
      const requires = (receipt.runtime_dependencies ?? []).flatMap(nameOfDependency);
      if (component !== undefined) formulae.push({ component, requires });
    });
  }
  const prefixes = new Set([...PREFIXES, ...files.map(({ path }) => path.replace(/Cellar\/.*$/, ''))]);
  addCasks(
    [...prefixes].flatMap((prefix) => [...tree.entries(`${prefix}Caskroom`)]),
    finds,
  );
  return {
    components: finds.components,
    dependencies: resolveByName(
      formulae.map(({ component, requires }) => ({ id: component.id, provides: [component.name], requires })),
    ),
    skipped: finds.skipped,
  };
}

function nameOfDependency(dependency: unknown): readonly string[] {
  const name = isRecord(dependency) ? dependency.full_name : undefined;
  return typeof name === 'string' ? [name.slice(name.lastIndexOf('/') + 1)] : [];
}

/** What a cask installed is told by its folder alone. */
function addCasks(entries: Iterable<FileEntry>, finds: Finds): void {
  const known = new Set<string>();
  for (const entry of entries) {
    const [whole, name, version] = CASK.exec(entry.path) ?? [];
    if (whole === undefined || name === undefined || version === undefined || known.has(`${name}@${version}`)) continue;
    known.add(`${name}@${version}`);
    const locations = [
      { ...locationOf(entry), path: entry.path.slice(0, entry.path.indexOf(whole) + whole.length - 2) },
    ];
    finds.add(entry, { name, version, kind: 'application', purl: { type: 'brew', name, version }, locations });
  }
}
