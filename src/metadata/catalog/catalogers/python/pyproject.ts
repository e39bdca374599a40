/** pyproject.toml (PEP 621, PEP 735, and the tables of Poetry, PDM and uv), for lock files and where there is none. */
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { MAX_DATABASE_BYTES } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles, trying } from '../../components.ts';
import { parseToml } from '../../documents.ts';
import { folderOf } from '../../paths.ts';
import { addPins } from './pins.ts';
import { recordOf, textOr, textsOf } from '../../values.ts';
import { foldName, parseRequirement } from './python-package.ts';
import { listFolders } from './local-folders.ts';
import type { Raw } from '../../values.ts';

export interface Project {
  readonly name: string;
  readonly version: string;
  /** Requirements as written, by what they are for. */
  readonly runtime: readonly string[];
  readonly optional: readonly string[];
  readonly development: readonly string[];
}

function parseProject(bytes: Uint8Array, what: string): Project {
  const document = parseToml(bytes, what);
  const project = recordOf(document.project);
  const tool = recordOf(document.tool);
  const poetry = recordOf(tool.poetry);
  const poetryNeeds = Object.entries(recordOf(poetry.dependencies)).filter(([name]) => name !== 'python');
  const isOptional = (raw: unknown) => recordOf(raw).optional === true;
  return {
    name: textOr(project.name, textOr(poetry.name, '')),
    version: textOr(project.version, textOr(poetry.version, '')),
    runtime: [
      ...textsOf(project.dependencies),
      ...poetryNeeds.filter(([, raw]) => !isOptional(raw)).map(([name, raw]) => written(name, raw)),
    ],
    optional: [
      ...Object.values(recordOf(project['optional-dependencies'])).flatMap(textsOf),
      ...poetryNeeds.filter(([, raw]) => isOptional(raw)).map(([name, raw]) => written(name, raw)),
    ],
    development: developmentOf(document, tool, poetry),
  };
}

function developmentOf(document: Raw, tool: Raw, poetry: Raw): readonly string[] {
  const poetryGroups = Object.values(recordOf(poetry.group)).map((group) => recordOf(group).dependencies);
  return [
    ...Object.values(recordOf(document['dependency-groups'])).flatMap(textsOf),
    ...Object.values(recordOf(recordOf(tool.pdm)['dev-dependencies'])).flatMap(textsOf),
    ...textsOf(recordOf(tool.uv)['dev-dependencies']),
    ...[...poetryGroups, poetry['dev-dependencies']].flatMap((needs) =>
      Object.entries(recordOf(needs)).map(([name, raw]) => written(name, raw)),
    ),
  ];
}

/** Poetry has a table of names, where a bare version is a range around it. */
function written(name: string, raw: unknown): string {
  const version = textOr(raw, textOr(recordOf(raw).version, ''));
  return /^={2,3}/.test(version) ? `${name}${version}` : name;
}

/** The names of these requirements, as they are compared. */
export function namesOf(requirements: readonly string[]): readonly string[] {
  return requirements.flatMap((text) => {
    const name = parseRequirement(text)?.name;
    return name === undefined ? [] : [foldName(name)];
  });
}

/** The project beside a lock file. Undefined when there is none; throws `invalid-input` for a damaged one. */
export async function findProject(tree: FileTree, lock: string): Promise<Project | undefined> {
  const path = `${lock.slice(0, lock.lastIndexOf('/') + 1)}pyproject.toml`;
  const bytes = await tree.read(path);
  return bytes === undefined ? undefined : parseProject(bytes, path);
}

/** They name folders beside packages. */
const WITH_FOLDERS = ['poetry.lock', 'uv.lock', 'pdm.lock', 'pylock.toml'];
const LOCKS = [...WITH_FOLDERS, 'Pipfile.lock'];

/** Without a lock file, in its folder or of the workspace that it is a member of: only what is pinned to one version. */
export const pyproject: Cataloger = {
  id: 'pyproject',
  evidence: 'declared',
  names: ['pyproject.toml', ...WITH_FOLDERS],
  select: () => ({ kind: 'keep', maxBytes: MAX_DATABASE_BYTES }),
  catalog: async (tree, files, context) => {
    const isLocked = (path: string) =>
      LOCKS.some((lock) => tree.find(path.replace(/pyproject\.toml$/, lock))?.kind === 'file');
    const locks = await findFolders(tree, files);
    const lockOf = (path: string) => locks.get(folderOf(path).slice(0, -1));
    return await catalogFiles(
      // of members of a workspace, uv.lock says all that their own files do
      files.filter(({ path }) => isProject(path) && !isLocked(path) && lockOf(path)?.endsWith('uv.lock') !== true),
      { tree, context, finder: { foundBy: 'pyproject', evidence: 'manifest' } },
      (content, file, finds) => {
        const project = parseProject(content, file.path);
        // what else a lock file names is told of there
        addPins(finds, file, lockOf(file.path) === undefined ? project : { ...project, name: '' });
      },
    );
  },
};

function isProject(path: string): boolean {
  return path.endsWith('pyproject.toml');
}

/** Folders that lock files name, each with the lock file; a damaged one is told of where it is read. */
async function findFolders(tree: FileTree, files: readonly FileEntry[]): Promise<ReadonlyMap<string, string>> {
  const folders = new Map<string, string>();
  for (const { path } of files.filter((file) => !isProject(file.path))) {
    await trying(path, [], async () => {
      const content = await tree.read(path);
      for (const folder of content === undefined ? [] : listFolders(content, path)) folders.set(folder, path);
    });
  }
  return folders;
}
