/** Cases of the data set: reading them, laying out their files as they are met in the field, comparing what is found. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createMemoryTree } from '../../../src/core/testing.ts';
import type { MemoryFile } from '../../../src/core/testing.ts';
import { catalogSelector, catalogTree, createOwnCatalogers } from '../../../src/metadata/catalog/index.ts';
import type { TreeCatalog } from '../../../src/metadata/catalog/index.ts';
import { comparablePurl, fullName, fullVersion, isCounted, isOptional, isProject, keyOf } from './conventions.ts';
import { compareDistro } from './distro.ts';
import type { EcosystemCases } from './table.ts';

export interface ExpectedPackage {
  readonly name: string;
  readonly version: string;
  readonly epoch?: number;
  readonly release?: string;
  readonly purl?: string;
  readonly relationship?: string;
  readonly metadata?: { readonly epoch?: number; readonly versionComparator?: string };
}

export interface Expectation {
  readonly ecosystem: string;
  readonly case: string;
  readonly input: string;
  readonly inputFile?: string;
  readonly inputFrom?: { readonly sameContentAs: string };
  readonly treatAs?: string;
  readonly packages?: readonly ExpectedPackage[];
  readonly variants?: readonly Pick<Expectation, 'packages' | 'expectError' | 'osRelease'>[];
  readonly gzippedInputs?: readonly string[];
  readonly expectError?: boolean;
  readonly osRelease?: string;
  readonly os?: { readonly family: string; readonly name?: string };
}

export interface Outcome {
  /** Undefined where the case is as expected, else what differs. */
  readonly difference: string | undefined;
  readonly matched: number;
  readonly missing: number;
  readonly extra: number;
}

/** Case names of one ecosystem, sorted. */
export function listCases(root: string, ecosystem: string): readonly string[] {
  const folder = join(root, ecosystem);
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'expected.json')));
}

export async function runCase(root: string, path: string, table: EcosystemCases): Promise<Outcome> {
  const expectation = JSON.parse(readFileSync(join(root, path, 'expected.json'), 'utf8')) as Expectation;
  const { files, place } = layOut(root, path, { expectation, table });
  const rules = table.rules?.[expectation.case];
  const catalogers = rules === undefined ? undefined : createOwnCatalogers(rules, path);
  const tree = createMemoryTree(files, catalogers?.selector ?? catalogSelector);
  const all = await catalogTree(tree, { declared: true, catalogers });
  const catalog = onlyIn(place, all, hasModules(expectation));
  if (expectation.ecosystem === 'os-release') return outcomeOf(compareDistro(expectation, catalog.distro));
  const outcomes = (expectation.variants ?? [expectation]).map((variant) =>
    isRefused(variant) ? compareRefusal(catalog) : compare(variant.packages ?? [], catalog, expectation),
  );
  return outcomes.find(({ difference }) => difference === undefined) ?? outcomes[0] ?? outcomeOf('no expectation');
}

function layOut(
  root: string,
  path: string,
  { expectation, table }: { readonly expectation: Expectation; readonly table: EcosystemCases },
): { readonly files: Readonly<Record<string, MemoryFile>>; readonly place: string | undefined } {
  const beside = table.beside?.[expectation.case] ?? {};
  const files: Record<string, MemoryFile> = { ...beside };
  const input = readFiles(join(root, path, 'input'));
  const { inputFile } = expectation;
  const osRelease = (expectation.variants ?? [expectation]).find((variant) => variant.osRelease)?.osRelease;
  if (osRelease !== undefined) files['etc/os-release'] = osRelease;
  const place = expectation.input.startsWith('file') ? placeOf(expectation, table) : undefined;
  const base = place ?? folderOf(expectation, table);
  const folder = base.slice(0, base.lastIndexOf('/') + 1);
  for (const [name, stored] of input) {
    const isZipped = expectation.gzippedInputs?.includes(name) === true || expectation.input.includes('gzip');
    const content = isZipped ? gunzipSync(stored) : stored;
    const target = name === inputFile && place !== undefined ? place : `${folder}${name}`;
    files[isZipped ? target.replace(/\.gz$/, '') : target] = { content, mode: 0o755 };
  }
  const same = expectation.inputFrom?.sameContentAs;
  if (same === undefined) return { files, place: input.size + Object.keys(beside).length > 1 ? place : undefined };
  return { files: { ...files, ...layOutShared(root, same) }, place: `app/${same.split('/').slice(2).join('/')}` };
}

/** A file of a tree that many cases share, with what lies beside it and the repository from which it is served. */
function layOutShared(root: string, path: string): Readonly<Record<string, MemoryFile>> {
  const [ecosystem = '', shared = '', top = ''] = path.split('/');
  const files: Record<string, MemoryFile> = {};
  for (const [name, content] of readFiles(join(root, ecosystem, shared, top)))
    files[`app/${top}/${name}`] = { content, mode: 0o755 };
  for (const [name, content] of readFiles(join(root, ecosystem, shared, 'repository'))) {
    files[`root/.m2/repository/${name}`] = { content };
  }
  return files;
}

/** A case about one file of several is about what is found in that one, or below it where it is a project with modules. */
function onlyIn(place: string | undefined, catalog: TreeCatalog, isProject: boolean): TreeCatalog {
  const folder = place?.slice(0, place.lastIndexOf('/') + 1) ?? '';
  const isThere = ({ locations }: { readonly locations: readonly { readonly path: string }[] }) =>
    place === undefined || locations.some(({ path }) => path === place || (isProject && path.startsWith(folder)));
  return { ...catalog, components: catalog.components.filter(isThere) };
}

function placeOf(expectation: Expectation, table: EcosystemCases): string {
  const matching = (list: EcosystemCases['cases']) => list?.find(([pattern]) => pattern.test(expectation.case))?.[1];
  const place = matching(table.apart) ?? table.treatAs?.[expectation.treatAs ?? ''] ?? matching(table.cases);
  return (place ?? 'app/{name}').replace('{name}', expectation.inputFile ?? '');
}

function hasModules({ inputFrom, packages = [] }: Expectation): boolean {
  return inputFrom !== undefined && packages.some(({ relationship }) => relationship === 'workspace');
}

function folderOf(expectation: Expectation, table: EcosystemCases): string {
  const placed = table.cases?.find(([pattern]) => pattern.test(expectation.case))?.[1] ?? '';
  return placed.endsWith('/') ? placed : '';
}

/** By path below the folder. */
function readFiles(folder: string, prefix = ''): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  if (!existsSync(folder)) return files;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!statSync(path).isDirectory()) files.set(`${prefix}${name}`, readFileSync(path));
    else for (const [inner, content] of readFiles(path, `${prefix}${name}/`)) files.set(inner, content);
  }
  return files;
}

function outcomeOf(difference: string | undefined): Outcome {
  return { difference, matched: 0, missing: 0, extra: 0 };
}

/**
 * Some tests of Trivy say `wantErr: require.NoError`, which the data set took for an error. What is no executable Trivy's reader of
 * executables refuses, and OSV-Scalibr passes over, as here.
 */
function isRefused({
  expectError,
  packages = [],
  treatAs = '',
}: Pick<Expectation, 'packages' | 'expectError' | 'treatAs'>): boolean {
  return expectError === true && packages.length === 0 && !treatAs.endsWith('executable');
}

/** A file that must be refused is named as skipped. */
function compareRefusal(catalog: TreeCatalog): Outcome {
  if (catalog.components.length > 0) return outcomeOf(`expected nothing, found ${catalog.components.length}`);
  return outcomeOf(catalog.skipped.length > 0 ? undefined : 'expected a reason for finding nothing');
}

function compare(packages: readonly ExpectedPackage[], catalog: TreeCatalog, expectation: Expectation): Outcome {
  const { ecosystem } = expectation;
  const wanted = packages
    .filter((entry) => isCounted(entry, expectation))
    .map((entry) => ({ ...entry, name: fullName(entry), version: fullVersion(entry) }));
  const keys = new Set(wanted.map((entry) => keyOf(ecosystem, entry)));
  const found = new Map(catalog.components.map((component) => [keyOf(ecosystem, component), component]));
  const missing = [...keys].filter((key) => !found.has(key));
  const roots = new Set(
    packages.filter(({ relationship }) => relationship === 'root').map((entry) => keyOf(ecosystem, entry)),
  );
  const extra = [...found].filter(
    ([key, component]) => !keys.has(key) && !roots.has(key) && !isOptional(component, expectation),
  );
  const purls = wanted.flatMap(({ purl, ...entry }) => {
    const other = catalog.components.filter((component) => keyOf(ecosystem, component) === keyOf(ecosystem, entry));
    const isThere = other.some(
      (component) => isProject(component) || comparablePurl(component.purl ?? '') === comparablePurl(purl ?? ''),
    );
    return purl === undefined || purl === '' || isThere || other.length === 0 ? [] : [`${purl} as ${other[0]?.purl}`];
  });
  const parts = [
    ...missing.map((key) => `missing ${key}`),
    ...extra.map(([key]) => `extra ${key}`),
    ...purls.map((text) => `purl ${text}`),
  ];
  return {
    difference: parts.length === 0 ? undefined : parts.join('; '),
    matched: keys.size - missing.length,
    missing: missing.length,
    extra: extra.length,
  };
}
