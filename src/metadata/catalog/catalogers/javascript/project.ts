/** The package.json files of a source tree, for lock files that do not say what a project needs only for development. */
import { isRecord, parseJson } from '../../../../core/index.ts';
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Choice, SelectedFile } from '../../cataloger.ts';
import { folderOf } from '../../paths.ts';
import { trying } from '../../components.ts';
import type { Finds } from '../../components.ts';
import { recordOf } from '../../values.ts';
import type { Raw } from '../../values.ts';

/** Manifests seldom pass 100 KiB. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MANIFEST = /(?:^|\/)package\.json$/;

/** Not of installed packages. */
export function selectManifest({ path }: SelectedFile): Choice {
  return MANIFEST.test(path) && !/(?:^|\/)node_modules\//.test(path)
    ? { kind: 'keep', maxBytes: MAX_MANIFEST_BYTES }
    : SKIP;
}

export interface Project {
  /** Empty, or ending in a slash. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** By kind, names with their ranges. */
  readonly dependencies: Raw;
  readonly optionalDependencies: Raw;
  readonly peerDependencies: Raw;
  readonly devDependencies: Raw;
  readonly workspaces: readonly string[];
  /** Of yarn: ranges in place of those that packages ask for. */
  readonly resolutions: Raw;
}

/** By folder. A damaged manifest is said to be skipped. */
export async function readProjects(
  tree: FileTree,
  files: readonly FileEntry[],
  finds: Finds,
): Promise<ReadonlyMap<string, Project>> {
  const projects = new Map<string, Project>();
  for (const file of files.filter(({ path }) => MANIFEST.test(path))) {
    await trying(file.path, finds.skipped, async () => {
      const bytes = await tree.read(file.path);
      if (bytes !== undefined) projects.set(folderOf(file.path), parseProject(bytes, file.path));
    });
  }
  return projects;
}

export function parseProject(bytes: Uint8Array, path: string): Project {
  const manifest = recordOf(parseJson(bytes, { what: path, maxBytes: MAX_MANIFEST_BYTES }));
  const globs = isRecord(manifest.workspaces) ? manifest.workspaces.packages : manifest.workspaces;
  return {
    folder: folderOf(path),
    name: typeof manifest.name === 'string' ? manifest.name : '',
    version: typeof manifest.version === 'string' ? manifest.version : '',
    dependencies: recordOf(manifest.dependencies),
    optionalDependencies: recordOf(manifest.optionalDependencies),
    peerDependencies: recordOf(manifest.peerDependencies),
    devDependencies: recordOf(manifest.devDependencies),
    resolutions: recordOf(manifest.resolutions),
    workspaces: Array.isArray(globs) ? globs.filter((glob) => typeof glob === 'string') : [],
  };
}

/** The project in a folder and, as its globs say, its workspaces. */
export function workspacesOf(folder: string, projects: ReadonlyMap<string, Project>): readonly Project[] {
  const root = projects.get(folder);
  if (root === undefined) return [];
  const globs = root.workspaces.map(globPattern);
  const members = [...projects.values()].filter((project) => {
    const inner = project.folder.startsWith(folder) ? project.folder.slice(folder.length) : '';
    return inner !== '' && globs.some((pattern) => pattern.test(inner));
  });
  return [root, ...members];
}

/** Real globs have one or two; each multiplies the ways in which a path may match. */
const MAX_STARS = 4;
/** Characters, all of which become a part of a pattern. */
const MAX_GLOB = 1024;
const NOTHING = /(?!)/;

/** `packages/*`, `libs/**`: stars within a folder's name and across folders. */
function globPattern(glob: string): RegExp {
  const parts = glob
    .replace(/^\.\//, '')
    .split('/')
    .filter((part) => part !== '');
  if (glob.length > MAX_GLOB || glob.split(/\*+/).length > MAX_STARS + 1) return NOTHING;
  const source = parts.map((part) =>
    part === '**'
      ? '(?:[^/]+/)*'
      : `${part
          .split(/\*+/)
          .map((text) => RegExp.escape(text))
          .join('[^/]*')}/`,
  );
  return new RegExp(`^${source.join('')}$`);
}
