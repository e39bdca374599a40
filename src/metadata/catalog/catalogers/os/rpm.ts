/**
 * Packages that rpm installed: its database as SQLite, NDB or Berkeley DB, the manifest that Azure Linux leaves in images without one,
 * and Red Hat's content sets, by which its advisories are filed. Not read: signatures, conditional requirements.
 */
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { arrayOf, decodeJson, object, optional, pushAll, string } from '../../../../core/index.ts';
import type { Component, Dependency } from '../../../sbom/index.ts';
import { MAX_DATABASE_BYTES, SKIP } from '../../cataloger.ts';
import type { Catalog, CatalogContext, Cataloger } from '../../cataloger.ts';
import { Finds, trying, withinBounds } from '../../components.ts';
import type { Given } from '../../components.ts';
import { linksOf } from '../../values.ts';
import { resolveByName } from './relations.ts';
import { readBdbValues } from './rpm/bdb.ts';
import { RpmHeader, TAG } from './rpm/header.ts';
import { readManifest } from './rpm/manifest.ts';
import { readNdbBlobs } from './rpm/ndb.ts';
import { evrOf, rpmPurl, sourceOf } from './rpm/package.ts';
import type { RpmPackage } from './rpm/package.ts';
import { readTable } from './rpm/sqlite.ts';

const FOLDER = '(?:var/lib|usr/lib/sysimage|usr/share)/rpm';
const DATABASE = new RegExp(`^(${FOLDER})/(rpmdb\\.sqlite|Packages\\.db|Packages)$`);
const LOG = new RegExp(`^${FOLDER}/rpmdb\\.sqlite-wal$`);
const MANIFEST = /^var\/lib\/rpmmanifest\/container-manifest-2$/;
const CONTENT_SETS = /^(?:root\/buildinfo\/content_manifests|usr\/share\/buildinfo)\/[^/]+\.json$/;
/** The live database where a migration left the older ones behind. */
const PREFERENCE = ['rpmdb.sqlite', 'Packages.db', 'Packages'];

export const rpm: Cataloger = {
  id: 'rpm',
  evidence: 'installed',
  names: ['rpmdb.sqlite', 'rpmdb.sqlite-wal', 'Packages.db', 'Packages', 'container-manifest-2', '*.json'],
  select: ({ path }) =>
    [DATABASE, LOG, MANIFEST, CONTENT_SETS].some((pattern) => pattern.test(path))
      ? { kind: 'keep', maxBytes: MAX_DATABASE_BYTES }
      : SKIP,
  catalog,
};

interface Installed {
  readonly component: Component;
  readonly header: RpmHeader;
}

async function catalog(tree: FileTree, files: readonly FileEntry[], context: CatalogContext): Promise<Catalog> {
  const finds = new Finds({ foundBy: 'rpm', evidence: 'installed-db' });
  const contentSets = await readContentSets(tree, files, finds);
  const installed: Installed[] = [];
  for (const group of databases(files)) {
    for (const file of group) {
      context.signal?.throwIfAborted();
      const before = installed.length;
      await trying(file.path, finds.skipped, async () => {
        pushAll(installed, await readDatabase(tree, file, { finds, context, contentSets }));
      });
      if (installed.length > before) break;
    }
  }
  for (const file of files.filter(({ path }) => MANIFEST.test(path))) {
    const content = await tree.read(file.path);
    const read = (bytes: Uint8Array) => readManifest(Buffer.from(bytes).toString('utf8'), file.path);
    await trying(file.path, finds.skipped, () => {
      for (const found of read(content ?? Buffer.alloc(0))) finds.add(file, toGiven(found, { context, contentSets }));
    });
  }
  const owners = new Map(
    installed.flatMap(({ component, header }) => header.paths().map((path) => [path, component.id] as const)),
  );
  return {
    components: finds.components,
    dependencies: resolveRequirements(installed, owners),
    skipped: finds.skipped,
    owners,
  };
}

/** Of each folder the databases, the likeliest first. */
function databases(files: readonly FileEntry[]): readonly (readonly FileEntry[])[] {
  const folders = Map.groupBy(
    files.filter(({ path }) => DATABASE.test(path)),
    ({ path }) => DATABASE.exec(path)?.[1] ?? '',
  );
  const rank = ({ path }: FileEntry) => PREFERENCE.indexOf(path.slice(path.lastIndexOf('/') + 1));
  return [...folders.values()].map((group) => group.toSorted((a, b) => rank(a) - rank(b)));
}

interface Place {
  readonly context: CatalogContext;
  readonly contentSets: readonly string[];
}

async function readDatabase(
  tree: FileTree,
  file: FileEntry,
  given: Place & { readonly finds: Finds },
): Promise<readonly Installed[]> {
  const content = await tree.read(file.path);
  if (content === undefined) return [];
  const headers = [...readHeaders(content, file.path, await tree.read(`${file.path}-wal`))];
  return headers.flatMap((header) => {
    const component = given.finds.add(file, toGiven(packageOf(header), given));
    return component === undefined ? [] : [{ component, header }];
  });
}

function readHeaders(content: Uint8Array, path: string, log: Uint8Array | undefined): readonly RpmHeader[] {
  return withinBounds(path, () => [...readBlobs(bufferOf(content), path, log)].map((blob) => new RpmHeader(blob)));
}

function* readBlobs(content: Buffer, path: string, log: Uint8Array | undefined): Generator<Buffer> {
  if (path.endsWith('.db')) yield* readNdbBlobs(content);
  else if (!path.endsWith('.sqlite')) yield* readBdbValues(content);
  else {
    for (const [, blob] of readTable(content, 'Packages', log === undefined ? undefined : bufferOf(log))) {
      if (Buffer.isBuffer(blob)) yield blob;
    }
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function packageOf(header: RpmHeader): RpmPackage {
  return {
    name: header.text(TAG.name) ?? '',
    epoch: header.numbers(TAG.epoch)[0] ?? 0,
    version: header.text(TAG.version) ?? '',
    release: header.text(TAG.release) ?? '',
    arch: header.text(TAG.arch),
    vendor: header.text(TAG.vendor) ?? header.text(TAG.packager),
    licence: header.text(TAG.license),
    url: header.text(TAG.url),
    sourceRpm: header.text(TAG.sourceRpm),
    modularityLabel: header.text(TAG.modularityLabel),
  };
}

function toGiven(found: RpmPackage, { context, contentSets }: Place): Given {
  const source = sourceOf(found);
  const properties = {
    ...(contentSets.length === 0 ? {} : { 'rpm:contentSets': contentSets.join(' ') }),
    ...(found.modularityLabel === undefined ? {} : { 'rpm:modularityLabel': found.modularityLabel }),
  };
  return {
    name: found.name,
    version: evrOf(found),
    purl: rpmPurl(found, context.distro),
    licences: found.licence === undefined || found.licence === '' ? [] : [found.licence],
    properties,
    ...linksOf(found.url),
    ...(found.vendor === undefined ? {} : { supplier: found.vendor }),
    ...(source === undefined ? {} : { source }),
  };
}

/** What a package requires is a name that some package provides, or the path of a file. */
function resolveRequirements(
  installed: readonly Installed[],
  owners: ReadonlyMap<string, string>,
): readonly Dependency[] {
  const related = installed.map(({ component, header }) => ({
    id: component.id,
    provides: [component.name, ...header.texts(TAG.provideName)],
    requires: header.texts(TAG.requireName),
  }));
  return resolveByName(related, (name) => owners.get(name.slice(1)));
}

const decodeContentSets = object({ content_sets: optional(arrayOf(string)) });

async function readContentSets(tree: FileTree, files: readonly FileEntry[], finds: Finds): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const { path } of files.filter((file) => CONTENT_SETS.test(file.path))) {
    await trying(path, finds.skipped, async () => {
      const content = await tree.read(path);
      if (content === undefined) return;
      for (const name of decodeJson(content, decodeContentSets, { what: path }).content_sets ?? []) names.add(name);
    });
  }
  return [...names].toSorted();
}
