/** Packages that Portage installed: one folder each below `var/db/pkg`. Not read: dependencies, which name versions and use flags. */
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { AppError, pushAll } from '../../../../core/index.ts';
import { MAX_DATABASE_BYTES, SKIP } from '../../cataloger.ts';
import type { Catalog, CatalogContext, Cataloger } from '../../cataloger.ts';
import { Finds, locationOf, readText, trying } from '../../components.ts';

const PACKAGE = /^var\/db\/pkg\/([^/]+)\/([^/]+)\/(?:PF|CONTENTS|LICENSE|repository)$/;
const GROUPS = /^(?:etc\/portage|var\/db\/repos\/[^/]+\/profiles)\/license_groups$/;
/** Gentoo's longest is half of it. */
const MAX_NAME = 128;

export const portage: Cataloger = {
  id: 'portage',
  evidence: 'installed',
  names: ['PF', 'CONTENTS', 'LICENSE', 'repository', 'license_groups'],
  select: ({ path }) =>
    PACKAGE.test(path) || GROUPS.test(path) ? { kind: 'keep', maxBytes: MAX_DATABASE_BYTES } : SKIP,
  catalog,
};

type Groups = ReadonlyMap<string, readonly string[]>;

async function catalog(tree: FileTree, files: readonly FileEntry[], context: CatalogContext): Promise<Catalog> {
  const finds = new Finds({ foundBy: 'portage', evidence: 'installed-db' });
  const groups = await readGroups(tree, files);
  const owners = new Map<string, string>();
  const folders = Map.groupBy(
    files.filter(({ path }) => PACKAGE.test(path)),
    ({ path }) => path.slice(0, path.lastIndexOf('/')),
  );
  for (const [folder, parts] of folders) {
    context.signal?.throwIfAborted();
    await trying(parts[0]?.path ?? folder, finds.skipped, async () => {
      const id = await addPackage({ folder, parts, groups }, tree, finds);
      for (const path of listFiles((await readText(tree, `${folder}/CONTENTS`)) ?? '')) {
        if (id !== undefined) owners.set(path, id);
      }
    });
  }
  return { components: finds.components, dependencies: [], skipped: finds.skipped, owners };
}

interface Package {
  readonly folder: string;
  readonly parts: readonly FileEntry[];
  readonly groups: Groups;
}

async function addPackage(
  { folder, parts, groups }: Package,
  tree: FileTree,
  finds: Finds,
): Promise<string | undefined> {
  const [first] = parts;
  if (first === undefined) return undefined;
  const pf =
    (await readText(tree, `${folder}/PF`))?.slice(0, MAX_NAME).trim() ?? folder.slice(folder.lastIndexOf('/') + 1);
  // PMS 3.1.2 and 3.2: the version is the last hyphen followed by digits, with its revision
  const [, name, version] = /^([A-Za-z0-9+_][\w+-]*?)-(\d+(?:\.\d+)*[a-z]?(?:_\w+)*(?:-r\d+)?)$/.exec(pf) ?? [];
  if (name === undefined || version === undefined) {
    throw new AppError('invalid-input', `${folder}/PF: expected name-version, found ${JSON.stringify(pf)}`);
  }
  const qualified = `${PACKAGE.exec(first.path)?.[1]}/${name}`;
  const licence = expandLicence((await readText(tree, `${folder}/LICENSE`)) ?? '', groups);
  const component = finds.add(first, {
    name: qualified,
    version,
    purl: { type: 'ebuild', name: qualified, version },
    licences: licence === '' ? [] : [licence],
    locations: parts.map(locationOf),
  });
  return component?.id;
}

/** `obj PATH MD5 TIME`, `sym PATH -> TARGET TIME`; paths may hold spaces. */
function listFiles(contents: string): readonly string[] {
  return contents.split('\n').flatMap((line) => {
    const path = /^obj \/(.+) [0-9a-f]+ \d+$/.exec(line)?.[1] ?? /^sym \/(.+?) -> /.exec(line)?.[1];
    return path === undefined ? [] : [path];
  });
}

/** All of them apply, unless it offers a choice: that is left as written. */
function expandLicence(text: string, groups: Groups): string {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.some((word) => /[|?()]/.test(word))) return words.join(' ');
  const licences = new Set<string>();
  const waiting = [...words];
  const expanded = new Set<string>();
  for (let word = waiting.pop(); word !== undefined; word = waiting.pop()) {
    if (expanded.has(word)) continue;
    expanded.add(word);
    if (word.startsWith('@')) pushAll(waiting, groups.get(word.slice(1)) ?? [word.slice(1)]);
    else licences.add(word);
  }
  return [...licences].toSorted().join(' AND ');
}

async function readGroups(tree: FileTree, files: readonly FileEntry[]): Promise<Groups> {
  const groups = new Map<string, readonly string[]>();
  for (const { path } of files.filter((file) => GROUPS.test(file.path))) {
    for (const line of ((await readText(tree, path)) ?? '').split('\n')) {
      const [name, ...members] = line
        .replace(/#.*$/, '')
        .split(/\s+/)
        .filter((word) => word !== '');
      if (name !== undefined) groups.set(name, members);
    }
  }
  return groups;
}
