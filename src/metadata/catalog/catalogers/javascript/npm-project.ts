/**
 * Applications that lie in an image with their package.json. Nothing says that a registry has them, so they have no package URL: somebody else may
 * have published under their name. Below one only what has modules of its own is another. They need what they name and Node finds for them.
 */
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import type { Component, Dependency } from '../../../sbom/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Catalog, Cataloger } from '../../cataloger.ts';
import { catalogFiles, Finds, trying } from '../../components.ts';
import { npmInstalled, readManifest } from './npm-installed.ts';
import { npmPurl } from './npm-package.ts';
import { createModuleFinder, findUpwards } from './npm-resolution.ts';
import { parseProject, selectManifest } from './project.ts';
import type { Project } from './project.ts';

/** The folder, which a layer need not name, or what npm, Yarn and pnpm leave in it. */
const MODULES = ['', '/.package-lock.json', '/.yarn-integrity', '/.modules.yaml'];
const FINDER = { foundBy: 'npm-project', evidence: 'installed-metadata' } as const;

export const npmProject: Cataloger = {
  id: 'npm-project',
  evidence: 'deployed',
  isFallback: true,
  names: ['package.json'],
  // installed packages to look up which ones applications need
  select: (file) => {
    const choice = selectManifest(file);
    return choice === SKIP ? npmInstalled.select(file) : choice;
  },
  catalog: async (tree, files, context) => {
    const applications = new Map<string, Application>();
    const isKnown = (folder: string) => applications.has(`${folder}package.json`);
    // a folder before what is in it
    const sorted = files
      .filter((file) => selectManifest(file) !== SKIP)
      .toSorted((a, b) => a.path.length - b.path.length);
    const found = await catalogFiles(sorted, { tree, context, finder: FINDER }, (content, file, finds) => {
      const project = parseProject(content, file.path);
      const { name, version, folder } = project;
      if (version === '' || npmPurl({ name, version }) === undefined) return;
      const hasModules = MODULES.some((mark) => tree.find(`${folder}node_modules${mark}`) !== undefined);
      if (!hasModules && findUpwards(folder.slice(0, -1), (at) => (at === '' ? '' : `${at}/`), isKnown) !== undefined)
        return;
      const component = finds.add(file, { name, version, kind: 'application', folder: folder.slice(0, -1) });
      if (component !== undefined) applications.set(file.path, { component, project });
    });
    return { ...found, dependencies: await resolve(tree, files, applications) };
  },
};

interface Application {
  readonly component: Component;
  readonly project: Project;
}

/** `applications` by the paths of their manifests. */
async function resolve(
  tree: FileTree,
  files: readonly FileEntry[],
  applications: ReadonlyMap<string, Application>,
): Promise<Catalog['dependencies']> {
  const byPath = new Map(applications.size === 0 ? [] : files.map((file) => [file.path, file]));
  const find = createModuleFinder(tree, (path) => byPath.has(path));
  const dependencies: Dependency[] = [];
  for (const { component, project } of applications.values()) {
    const { folder, dependencies: runtime, optionalDependencies, peerDependencies, devDependencies } = project;
    const to = [];
    for (const name of Object.keys({ ...runtime, ...optionalDependencies, ...peerDependencies, ...devDependencies })) {
      const file = byPath.get(find(folder.slice(0, -1), name) ?? '');
      if (file === undefined) continue;
      const id = applications.get(file.path)?.component.id ?? (await idOf(tree, file));
      if (id !== undefined) to.push(id);
    }
    dependencies.push({ from: component.id, to });
  }
  return dependencies;
}

/** As who lists the installed packages has it, and says what is damaged. */
async function idOf(tree: FileTree, file: FileEntry): Promise<string | undefined> {
  const finds = new Finds(FINDER);
  await trying(file.path, finds.skipped, async () => {
    const content = await tree.read(file.path);
    if (content !== undefined) readManifest(content, file, finds);
  });
  return finds.components[0]?.id;
}
