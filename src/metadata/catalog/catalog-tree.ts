/** All catalogers over one tree. */
import type { FileEntry, FileSelector, FileTree, Selection, SkippedFile } from '../../core/index.ts';
import type { Distro } from '../ecosystem/index.ts';
import type { Component, Dependency } from '../sbom/index.ts';
import { SKIP } from './cataloger.ts';
import type { Catalog, Cataloger } from './cataloger.ts';
import { apk } from './catalogers/apk.ts';
import { dpkg } from './catalogers/dpkg.ts';
import { goBinary } from './catalogers/go-binary.ts';
import { goMod } from './catalogers/go-mod.ts';
import { npmInstalled } from './catalogers/npm-installed.ts';
import { npmLock } from './catalogers/npm-lock.ts';
import { osRelease } from './catalogers/os-release.ts';
import { detectDistro } from './distro.ts';
import { mergeComponents } from './merge.ts';

/** OS packages first: where two catalogers find the same thing, the first one's facts win. */
export const catalogers: readonly Cataloger[] = [osRelease, dpkg, apk, npmInstalled, npmLock, goBinary, goMod];

/** Raised by hand whenever a cataloger's choice or condensed form changes: cached layers are then read anew. */
const SELECTION_VERSION = 1;

/** What any cataloger wants to see of a tree. No two catalogers choose the same path. */
export const catalogSelector: FileSelector = {
  id: `catalog-${SELECTION_VERSION}:${catalogers.map(({ id }) => id).join(',')}`,
  select: (file) => findCataloger(file)?.selection ?? SKIP,
};

function findCataloger(file: {
  readonly path: string;
  readonly mode: number;
  readonly size: number;
}): { readonly cataloger: Cataloger; readonly selection: Selection } | undefined {
  for (const cataloger of catalogers) {
    const selection = cataloger.select(file);
    if (selection.kind !== 'skip') return { cataloger, selection };
  }
  return undefined;
}

export interface CatalogOptions {
  /** Whether lock files count as evidence: yes for a source folder, no for an image, where only what is installed can run. */
  readonly declared: boolean;
  readonly signal?: AbortSignal;
}

export interface TreeCatalog {
  readonly distro: Distro | undefined;
  /** One per package URL. */
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
  readonly skipped: readonly SkippedFile[];
}

/** `tree` must have been opened with `catalogSelector`, or hold everything. */
export async function catalogTree(tree: FileTree, options: CatalogOptions): Promise<TreeCatalog> {
  const chosen = chooseFiles(tree);
  const distro = await detectDistro(tree);
  const catalogs: Catalog[] = [];
  for (const cataloger of catalogers) {
    options.signal?.throwIfAborted();
    if (cataloger.evidence === 'declared' && !options.declared) continue;
    catalogs.push(await cataloger.catalog(tree, chosen.get(cataloger) ?? [], { distro }));
  }
  const owners = new Map(
    catalogs.flatMap(({ owners }) => [...(owners ?? [])]).map(([path, id]) => [foldUsr(path), id]),
  );
  return {
    distro,
    components: mergeComponents(catalogs.flatMap(({ components }) => components)).map((component) =>
      markOwned(component, owners),
    ),
    dependencies: catalogs.flatMap(({ dependencies }) => dependencies),
    skipped: uniqueSkipped([...tree.skipped, ...catalogs.flatMap(({ skipped }) => skipped)]),
  };
}

function chooseFiles(tree: FileTree): ReadonlyMap<Cataloger, readonly FileEntry[]> {
  const chosen = new Map<Cataloger, FileEntry[]>();
  for (const entry of tree.entries()) {
    const cataloger = entry.kind === 'file' ? findCataloger(entry)?.cataloger : undefined;
    if (cataloger === undefined) continue;
    const files = chosen.get(cataloger);
    if (files === undefined) chosen.set(cataloger, [entry]);
    else files.push(entry);
  }
  return chosen;
}

/** Distributions moved /bin, /lib and /sbin below /usr; package lists may name either place. */
function foldUsr(path: string): string {
  return path.replace(/^usr\/(?=(?:bin|sbin|lib\w*)\/)/, '');
}

function markOwned(component: Component, owners: ReadonlyMap<string, string>): Component {
  if (component.foundBy === 'dpkg' || component.foundBy === 'apk') return component;
  for (const { path } of component.locations) {
    const ownedBy = owners.get(foldUsr(path));
    if (ownedBy !== undefined) return { ...component, ownedBy };
  }
  return component;
}

function uniqueSkipped(skipped: readonly SkippedFile[]): readonly SkippedFile[] {
  return [...new Map(skipped.map((entry) => [`${entry.path}\n${entry.reason}`, entry])).values()];
}
