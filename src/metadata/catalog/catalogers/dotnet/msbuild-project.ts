/**
 * Package references of MSBuild projects (`*.csproj` and kin), of what all projects of a folder share (`Directory.Build.props`) and of
 * central package management (`Directory.Packages.props`, learn.microsoft.com/nuget). Properties are resolved where the same file or the
 * nearest Directory.Build.props sets them; conditions are not evaluated. Without restoring, what these packages need in turn is not known.
 */
import { mismatch, parseXml } from '../../../../core/index.ts';
import type { FileTree, XmlElement } from '../../../../core/index.ts';
import { textOf, trying } from '../../components.ts';
import { createFileCataloger, linesOf, MAX_FILE_BYTES } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { folderOf, joinPath } from '../../paths.ts';
import { nugetIdentity } from './nuget.ts';

const CENTRAL = 'Directory.Packages.props';
const SHARED = 'Directory.Build.props';

export const msbuildProject = createFileCataloger({
  id: 'nuget-project',
  evidence: 'manifest',
  names: ['*.csproj', '*.fsproj', '*.vbproj', CENTRAL, 'Packages.props', SHARED, 'Directory.Build.targets'],
  read,
});

const REFERENCES: ReadonlySet<string> = new Set(['PackageReference', 'PackageVersion', 'GlobalPackageReference']);

async function read({ content, file, finds, tree }: Reading): Promise<void> {
  const items = await readItems(content, file.path, tree);
  const central = items.some(({ version }) => version === '') ? await readCentral(tree, file.path) : new Map();
  for (const { name, version, isPrivate, line } of items) {
    const found = exactVersion(version === '' ? (central.get(name.toLowerCase()) ?? '') : version);
    if (found === undefined)
      finds.skip(file, `expected a version of ${name.slice(0, 80)}, found "${version.slice(0, 80)}"`);
    else
      finds.add(file, {
        ...nugetIdentity(name, found),
        locations: linesOf(file, line),
        scope: isPrivate ? 'development' : 'runtime',
      });
  }
}

interface Item {
  readonly name: string;
  readonly version: string;
  /** Nothing of it reaches who uses the project. */
  readonly isPrivate: boolean;
  readonly line: number;
}

async function readItems(content: Uint8Array, path: string, tree: FileTree): Promise<readonly Item[]> {
  const root = parseProject(content, path);
  const properties = new Map([...(await readShared(tree, path)), ...readProperties(root)]);
  return root.children
    .filter(({ name }) => name === 'ItemGroup')
    .flatMap(({ children }) => children.filter(({ name }) => REFERENCES.has(name)))
    .flatMap((element) => {
      const field = (name: string) =>
        (element.attributes[name] ?? element.children.find((child) => child.name === name)?.text ?? '').trim();
      const name = field('Include') || field('Update');
      const version = expand(field('VersionOverride') || field('Version'), properties);
      const isPrivate = field('PrivateAssets').toLowerCase() === 'all' || element.name === 'GlobalPackageReference';
      return name === '' ? [] : [{ name, version, isPrivate, line: element.line }];
    });
}

function parseProject(content: Uint8Array, what: string): XmlElement {
  const root = parseXml(textOf(content), { what, maxLength: MAX_FILE_BYTES });
  if (root.name !== 'Project') throw mismatch(what, 'the element Project', root.name);
  return root;
}

/** No version is longer. */
const MAX_PROPERTY = 100;

function readProperties(root: XmlElement): ReadonlyMap<string, string> {
  const groups = root.children.filter(({ name }) => name === 'PropertyGroup');
  return new Map(
    groups.flatMap(({ children }) =>
      children.map(({ name, text }) => [name, text.trim().slice(0, MAX_PROPERTY)] as const),
    ),
  );
}

/** Properties may be made of properties: as many rounds as anybody nests them. */
const MAX_ROUNDS = 8;

function expand(text: string, properties: ReadonlyMap<string, string>): string {
  let expanded = text;
  for (let round = 0; round < MAX_ROUNDS && expanded.includes('$(') && expanded.length < 1024; round++) {
    expanded = expanded.replaceAll(/\$\(([\w.]+)\)/g, (whole, name: string) => properties.get(name) ?? whole);
  }
  return expanded;
}

/** `1.0` and `[1.0]`; a range or a floating version says which ones would do, not which one is taken. */
export function exactVersion(text: string): string | undefined {
  return /^\[?\s*([\w.+-]+)\s*\]?$/.exec(text)?.[1];
}

/** Properties of the nearest Directory.Build.props; a damaged one is told of where it is read itself. */
async function readShared(tree: FileTree, path: string): Promise<ReadonlyMap<string, string>> {
  const shared = await findNearest(tree, path, SHARED);
  let properties: ReadonlyMap<string, string> = new Map();
  if (shared !== undefined)
    await trying(shared.path, [], () => void (properties = readProperties(parseProject(shared.content, shared.path))));
  return properties;
}

/** Folders between a project and the files of its repository. */
const MAX_LEVELS = 16;

/** Versions by name from the nearest Directory.Packages.props. */
async function readCentral(tree: FileTree, path: string): Promise<ReadonlyMap<string, string>> {
  const central = await findNearest(tree, path, CENTRAL);
  const items = central === undefined ? [] : await readItems(central.content, central.path, tree);
  return new Map(items.map(({ name, version }) => [name.toLowerCase(), version]));
}

/** In the folder of a file or the nearest around it; not the file itself. */
async function findNearest(
  tree: FileTree,
  from: string,
  name: string,
): Promise<{ readonly path: string; readonly content: Uint8Array } | undefined> {
  for (let level = 0; level < MAX_LEVELS; level++) {
    const path = joinPath(folderOf(from), `${'../'.repeat(level)}${name}`);
    if (path === undefined) break;
    const content = path === from ? undefined : await tree.read(path);
    if (content !== undefined) return { path, content };
  }
  return undefined;
}
