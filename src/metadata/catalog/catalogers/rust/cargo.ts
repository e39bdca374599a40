/**
 * Crates of a source tree: Cargo.lock of versions 1 to 4, and Cargo.toml for which of them are only for building and testing. Crates
 * of the tree itself have no package URL: who publishes under their name need not be who wrote them. Not computed: features, targets.
 */
import { isRecord, recordsOf } from '../../../../core/index.ts';
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { repositoryAddress } from '../../../sbom/index.ts';
import type { Component, Hash } from '../../../sbom/index.ts';
import type { Catalog, CatalogContext, Cataloger } from '../../cataloger.ts';
import { Finds, locationOf, textOf, trying } from '../../components.ts';
import { parseToml } from '../../documents.ts';
import { MAX_FILE_BYTES } from '../../file-cataloger.ts';
import { linksOf } from '../../values.ts';

export const cargo: Cataloger = {
  id: 'cargo',
  evidence: 'declared',
  names: ['Cargo.lock', 'Cargo.toml'],
  select: () => ({ kind: 'keep', maxBytes: MAX_FILE_BYTES }),
  catalog,
};

type Table = Readonly<Record<string, unknown>>;

/** A crate's own account of its dependencies, by name. */
interface Manifest {
  readonly needed: ReadonlySet<string>;
  /** For building and testing; may be needed for running too. */
  readonly development: ReadonlySet<string>;
}

interface Crate {
  readonly name: string;
  readonly version: string;
  readonly source: string | undefined;
  readonly checksum: string | undefined;
  /** `name`, `name version` or `name version (source)`. */
  readonly needs: readonly string[];
}

async function catalog(tree: FileTree, files: readonly FileEntry[], context: CatalogContext): Promise<Catalog> {
  const finds = new Finds({ foundBy: 'cargo', evidence: 'lock' });
  const manifests = new Map<string, Manifest>();
  const read = async (name: string, use: (content: Uint8Array, file: FileEntry) => void) => {
    for (const file of files.filter(({ path }) => path.endsWith(name))) {
      context.signal?.throwIfAborted();
      await trying(file.path, finds.skipped, async () => {
        const content = await tree.read(file.path);
        if (content !== undefined) use(content, file);
      });
    }
  };
  await read('Cargo.toml', (content, file) => {
    const table = parseToml(content, file.path);
    const { package: own } = table;
    if (!isRecord(own) || typeof own.name !== 'string') return;
    manifests.set(own.name, readManifest(table));
    if (typeof own.version !== 'string') return;
    const licences = typeof own.license === 'string' ? [own.license] : [];
    finds.add(file, {
      name: own.name,
      version: own.version,
      kind: 'application',
      licences,
      ...linksOf(own.homepage, own.repository),
      evidence: 'manifest',
    });
  });
  await read('Cargo.lock', (content, file) => addLock(content, file, { finds, manifests }));
  return { components: finds.components, dependencies: finds.dependencies, skipped: finds.skipped };
}

function readManifest(table: Table): Manifest {
  const targets = isRecord(table.target) ? Object.values(table.target) : [];
  const tables = [table, ...targets].filter(isRecord);
  const names = (...keys: readonly string[]) =>
    new Set(tables.flatMap((one) => keys.flatMap((key) => namesIn(one[key]))));
  return { needed: names('dependencies'), development: names('dev-dependencies', 'build-dependencies') };
}

/** `alias = { package = "name" }`. */
function namesIn(table: unknown): readonly string[] {
  if (!isRecord(table)) return [];
  return Object.entries(table).map(([key, value]) =>
    isRecord(value) && typeof value.package === 'string' ? value.package : key,
  );
}

interface Place {
  readonly finds: Finds;
  readonly manifests: ReadonlyMap<string, Manifest>;
}

function addLock(content: Uint8Array, file: FileEntry, { finds, manifests }: Place): void {
  const table = parseToml(content, file.path);
  const crates = readCrates(table);
  const byName = Map.groupBy(crates, ({ name }) => name);
  const find = (need: string) => findCrate(need, byName);
  const needed = findNeeded(crates, manifests, find);
  const lines = findBlocks(textOf(content));
  const components = new Map<Crate, Component | undefined>();
  crates.forEach((crate, index) => {
    const place = lines[index];
    components.set(
      crate,
      finds.add(file, {
        name: crate.name,
        version: crate.version,
        ...(crate.source === undefined
          ? { kind: 'application' }
          : { purl: { type: 'cargo', name: crate.name, version: crate.version } }),
        hashes: hashesOf(crate),
        scope: needed === undefined || needed.has(crate) ? 'runtime' : 'development',
        locations: [{ ...locationOf(file), ...(place === undefined ? {} : { lines: place }) }],
        ...sourceOf(crate.source),
      }),
    );
  });
  for (const crate of crates) {
    finds.depend(
      components.get(crate),
      crate.needs.map((need) => {
        const found = find(need);
        return found === undefined ? undefined : components.get(found);
      }),
    );
  }
}

/** Of a crate from a repository: which one, as far as it may be told, and which commit of it. */
function sourceOf(source: string | undefined): Partial<Pick<Component, 'sourceRepository' | 'properties'>> {
  const address = source?.startsWith('git+') === true ? repositoryAddress(source) : undefined;
  if (source === undefined || address === undefined) return {};
  return {
    sourceRepository: address,
    properties: {
      'cargo:source': `git+${address}${/(?:\?(?:branch|tag|rev)=[^#&]*)?(?:#.*)?$/s.exec(source)?.[0] ?? ''}`,
    },
  };
}

function readCrates(table: Table): readonly Crate[] {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const metadata = isRecord(table.metadata) ? table.metadata : {};
  const packages = recordsOf(table.package);
  return packages.flatMap((entry) => {
    const [name, version, source] = [text(entry.name), text(entry.version), text(entry.source)];
    if (name === undefined || version === undefined) return [];
    // version 1 has checksums apart
    const checksum = text(entry.checksum) ?? text(metadata[`checksum ${name} ${version} (${source})`]);
    const needs = Array.isArray(entry.dependencies)
      ? entry.dependencies.filter((need) => typeof need === 'string')
      : [];
    return [{ name, version, source, checksum, needs }];
  });
}

function findCrate(need: string, byName: ReadonlyMap<string, readonly Crate[]>): Crate | undefined {
  const [, name = '', version, source] = /^(\S+)(?: (\S+))?(?: \((.*)\))?$/.exec(need) ?? [];
  return byName.get(name)?.find(
    (crate) =>
      (version === undefined || crate.version === version) &&
      // a lock file leaves out the commit where nothing else is meant
      (source === undefined || crate.source?.startsWith(source) === true),
  );
}

/** Crates that those of the tree need for running; undefined where no manifest says what else they need. */
function findNeeded(
  crates: readonly Crate[],
  manifests: ReadonlyMap<string, Manifest>,
  find: (need: string) => Crate | undefined,
): ReadonlySet<Crate> | undefined {
  const own = crates.filter(({ source }) => source === undefined);
  if (!own.some(({ name }) => manifests.has(name))) return undefined;
  const reached = new Set<Crate>();
  const waiting = [...own];
  for (let crate = waiting.pop(); crate !== undefined; crate = waiting.pop()) {
    if (reached.has(crate)) continue;
    reached.add(crate);
    const manifest = crate.source === undefined ? manifests.get(crate.name) : undefined;
    for (const need of crate.needs) {
      const found = find(need);
      const name = found?.name ?? '';
      const isApart = manifest?.development.has(name) === true && !manifest.needed.has(name);
      if (found !== undefined && !isApart) waiting.push(found);
    }
  }
  return reached;
}

function hashesOf({ checksum }: Crate): readonly Hash[] {
  return checksum !== undefined && /^[0-9a-f]{64}$/.test(checksum) ? [{ algorithm: 'sha256', value: checksum }] : [];
}

/** First and last line of each `[[package]]`, as Cargo writes them. */
function findBlocks(text: string): readonly (readonly [first: number, last: number])[] {
  const lines = text.split('\n');
  const starts = lines.flatMap((line, index) => (line.trim() === '[[package]]' ? [index] : []));
  return starts.map((start) => {
    let end = start;
    while (end + 1 < lines.length && lines[end + 1]?.trim() !== '') end++;
    return [start + 1, end + 1] as const;
  });
}
