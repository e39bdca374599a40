/** All catalogers over one tree. */
import { untimed } from '../../core/index.ts';
import type { FileEntry, FileSelector, FileTree, SkippedFile, TimeStep } from '../../core/index.ts';
import { candidateCpes, findPurl } from '../ecosystem/index.ts';
import type { Distro } from '../ecosystem/index.ts';
import { mergeComponents } from '../sbom/index.ts';
import type { Component, Dependency } from '../sbom/index.ts';
import type { Catalog, CatalogContext, Cataloger, Placed } from './cataloger.ts';
import { binaryCatalogers } from './catalogers/binary/index.ts';
import { cppCatalogers } from './catalogers/cpp/index.ts';
import { dotnetCatalogers } from './catalogers/dotnet/index.ts';
import { embeddedCatalogers } from './catalogers/embedded/index.ts';
import { erlangCatalogers } from './catalogers/erlang/index.ts';
import { goCatalogers } from './catalogers/go/index.ts';
import { infrastructureCatalogers } from './catalogers/infrastructure/index.ts';
import { javaCatalogers } from './catalogers/java/index.ts';
import { javascriptCatalogers } from './catalogers/javascript/index.ts';
import { languageCatalogers } from './catalogers/languages/index.ts';
import { modelCatalogers } from './catalogers/models/index.ts';
import { osCatalogers } from './catalogers/os/index.ts';
import { phpCatalogers } from './catalogers/php/index.ts';
import { pythonCatalogers } from './catalogers/python/index.ts';
import { rubyCatalogers } from './catalogers/ruby/index.ts';
import { rustCatalogers } from './catalogers/rust/index.ts';
import { swiftCatalogers } from './catalogers/swift/index.ts';
import { detectDistro } from './distro.ts';
import { findIntroductions, settleLayer } from './introduction.ts';
import { findDescribed, findProjects, joinPlaced, renameIds } from './placed.ts';
import { CatalogerIndex } from './selection.ts';

/** OS packages first: where two catalogers find the same thing, the first one's facts win. */
export const catalogers: readonly Cataloger[] = [
  ...osCatalogers,
  ...javascriptCatalogers,
  ...pythonCatalogers,
  ...javaCatalogers,
  ...goCatalogers,
  ...rustCatalogers,
  ...dotnetCatalogers,
  ...cppCatalogers,
  ...rubyCatalogers,
  ...phpCatalogers,
  ...swiftCatalogers,
  ...erlangCatalogers,
  ...languageCatalogers,
  ...infrastructureCatalogers,
  ...modelCatalogers,
  ...embeddedCatalogers,
  ...binaryCatalogers,
];

const fallbackIds = idsOf(catalogers.filter(({ isFallback }) => isFallback === true));
const osIds = idsOf(osCatalogers);

function idsOf(family: readonly Cataloger[]): ReadonlySet<string | undefined> {
  return new Set(family.map(({ id }) => id));
}

/** Raised by hand whenever a cataloger's choice or condensed form changes: cached layers are then read anew. */
const SELECTION_VERSION = 9;

/** Catalogers, and what any of them wants to see of a tree. */
export interface CatalogerSet {
  readonly catalogers: readonly Cataloger[];
  readonly index: CatalogerIndex;
  readonly selector: FileSelector;
  /** Without what counts in folders alone: lock files. */
  readonly imageSelector: FileSelector;
}

function createSet(members: readonly Cataloger[], name: string): CatalogerSet {
  const index = new CatalogerIndex(members);
  const id = `catalog-${SELECTION_VERSION}:${members.map((one) => one.id).join(',')}${name}`;
  return {
    catalogers: members,
    index,
    selector: index.selector(id),
    imageSelector: index.selector(`image-${id}`, ({ evidence }) => evidence !== 'declared'),
  };
}

const standard = createSet(catalogers, '');
export const { selector: catalogSelector, imageSelector: imageCatalogSelector } = standard;

/** With this in the place of the cataloger of the same id. `name` tells the set from others wherever what was seen of a tree is kept. */
export function createCatalogerSet(replacing: Cataloger, name: string): CatalogerSet {
  return createSet(
    catalogers.map((one) => (one.id === replacing.id ? replacing : one)),
    name,
  );
}

export interface CatalogOptions {
  /** Whether lock files count as evidence: yes for a source folder, no for an image, where only what is installed can run. */
  readonly declared: boolean;
  /** The usual ones when absent. */
  readonly catalogers?: CatalogerSet | undefined;
  readonly signal?: AbortSignal;
  readonly timeStep?: TimeStep | undefined;
}

export interface TreeCatalog {
  readonly distro: Distro | undefined;
  /** One per id. */
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
  readonly skipped: readonly SkippedFile[];
}

/** `tree` must have been opened with a selector of the catalogers (of an image where nothing is declared), or hold everything. */
export async function catalogTree(tree: FileTree, options: CatalogOptions): Promise<TreeCatalog> {
  return nameProjects(await catalogPlaced(tree, options));
}

/** Before projects of one name are told apart. */
export interface PlacedCatalog extends TreeCatalog {
  readonly placed: ReadonlyMap<string, Placed>;
}

export function nameProjects({ placed, ...catalog }: PlacedCatalog): TreeCatalog {
  const ids = findProjects(placed);
  if (ids.size === 0) return catalog;
  const { components, dependencies } = renameIds(catalog, ids);
  return { ...catalog, components: mergeComponents(components), dependencies };
}

/** As `catalogTree`. */
export async function catalogPlaced(tree: FileTree, options: CatalogOptions): Promise<PlacedCatalog> {
  const { timeStep = untimed, catalogers: set = standard } = options;
  const { index } = set;
  const wanted = ['installed', options.declared ? 'declared' : 'deployed'];
  const counted = set.catalogers.filter(({ evidence }) => wanted.includes(evidence));
  const { chosen, skipped } = chooseFiles(tree, index, new Set(counted));
  const context = { distro: await detectDistro(tree), signal: options.signal };
  const catalogs: Catalog[] = [];
  for (const cataloger of counted) {
    options.signal?.throwIfAborted();
    const files = await Promise.all((chosen.get(cataloger) ?? []).map((file) => settleLayer(tree, file)));
    const catalog = await timeStep(
      async () => await catalogWith(cataloger, { tree, files, context, index }),
      () => ({ kind: 'cataloger', name: cataloger.id, size: files.length, isCached: false }),
    );
    catalogs.push(catalog);
  }
  const owners = joinOwners(catalogs);
  const found = renameIds(
    {
      components: catalogs.flatMap(({ components }) => components),
      dependencies: catalogs.flatMap(({ dependencies }) => dependencies),
    },
    findDescribed(catalogs),
  );
  return {
    distro: context.distro,
    components: mergeComponents(found.components.filter((component) => !isToldAlready(component, owners))).map(
      (component) => nameCpes(markOwned(component, owners)),
    ),
    dependencies: found.dependencies,
    placed: joinPlaced(catalogs),
    skipped: uniqueSkipped([...tree.skipped, ...skipped, ...catalogs.flatMap(({ skipped }) => skipped)]),
  };
}

interface Given {
  readonly tree: FileTree;
  readonly files: readonly FileEntry[];
  readonly context: CatalogContext;
  readonly index: CatalogerIndex;
}

async function catalogWith(cataloger: Cataloger, { tree, files, context, index }: Given): Promise<Catalog> {
  const run = (at: FileTree, some: readonly FileEntry[]) =>
    cataloger.catalog(index.viewFor(cataloger, at), some, context);
  const catalog = await run(tree, files);
  const introduced = await findIntroductions(tree, files, async (at, file) => {
    context.signal?.throwIfAborted();
    return new Set((await run(at, [file])).components.map(({ id }) => id));
  });
  if (introduced.size === 0) return catalog;
  const components = catalog.components.map((component) => {
    const introducedBy = introduced.get(component.id);
    return introducedBy === undefined ? component : { ...component, introducedBy };
  });
  return { ...catalog, components };
}

function chooseFiles(
  tree: FileTree,
  index: CatalogerIndex,
  counted: ReadonlySet<Cataloger>,
): { readonly chosen: ReadonlyMap<Cataloger, readonly FileEntry[]>; readonly skipped: readonly SkippedFile[] } {
  const chosen = new Map<Cataloger, FileEntry[]>();
  const skipped: SkippedFile[] = [];
  for (const entry of tree.candidates?.() ?? tree.entries()) {
    if (entry.kind !== 'file') continue;
    for (const [cataloger, { maxBytes }] of index.choicesOf(entry)) {
      const files = chosen.get(cataloger);
      if (!counted.has(cataloger)) continue;
      if (entry.size > maxBytes) skipped.push({ path: entry.path, reason: `larger than ${maxBytes} bytes` });
      else if (files === undefined) chosen.set(cataloger, [entry]);
      else files.push(entry);
    }
  }
  return { chosen, skipped };
}

/** What an OS package and a language package both list is the OS package's, which comes first. */
function joinOwners(catalogs: readonly Catalog[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const catalog of catalogs) {
    for (const [written, id] of catalog.owners ?? []) {
      const path = foldUsr(written);
      if (!owners.has(path)) owners.set(path, id);
    }
  }
  return owners;
}

/** Distributions moved /bin, /lib and /sbin below /usr; package lists may name either place. */
function foldUsr(path: string): string {
  return path.replace(/^usr\/(?=(?:bin|sbin|lib\w*)\/)/, '');
}

function isToldAlready(component: Component, owners: ReadonlyMap<string, string>): boolean {
  if (!fallbackIds.has(component.foundBy)) return false;
  return component.locations.every(({ path }) => owners.has(foldUsr(path)));
}

/** Only what lies nowhere else: another copy is not its owner's to mend. */
function markOwned(component: Component, owners: ReadonlyMap<string, string>): Component {
  if (osIds.has(component.foundBy)) return component;
  const found = component.locations.map(({ path }) => owners.get(foldUsr(path)));
  const ownedBy = found.find((owner) => owner !== component.id);
  return ownedBy === undefined || found.includes(undefined) ? component : { ...component, ownedBy };
}

/** Where its finder knows none. */
function nameCpes(component: Component): Component {
  const { purl, cpes, source } = component;
  const parts = purl === undefined || cpes !== undefined ? undefined : findPurl(purl);
  const found = parts === undefined ? [] : candidateCpes(parts, source?.name);
  return found.length === 0 ? component : { ...component, cpes: found };
}

function uniqueSkipped(skipped: readonly SkippedFile[]): readonly SkippedFile[] {
  return [...new Map(skipped.map((entry) => [`${entry.path}\n${entry.reason}`, entry])).values()];
}
