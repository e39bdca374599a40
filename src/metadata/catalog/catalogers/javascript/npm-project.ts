/**
 * Applications that lie in an image with their package.json. Nothing says that a registry has them, so they have no package URL: somebody else may
 * have published under their name. Below one only what has modules of its own is another.
 */
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import { npmPurl } from './npm-package.ts';
import { findUpwards } from './npm-resolution.ts';
import { parseProject, selectManifest } from './project.ts';

/** The folder, which a layer need not name, or what npm, Yarn and pnpm leave in it. */
const MODULES = ['', '/.package-lock.json', '/.yarn-integrity', '/.modules.yaml'];

export const npmProject: Cataloger = {
  id: 'npm-project',
  evidence: 'deployed',
  isFallback: true,
  names: ['package.json'],
  select: selectManifest,
  catalog: async (tree, files, context) => {
    const finder = { foundBy: 'npm-project', evidence: 'installed-metadata' } as const;
    const known = new Set<string>();
    const isKnown = (folder: string) => known.has(folder);
    // a folder before what is in it
    const sorted = files.toSorted((a, b) => a.path.length - b.path.length);
    return await catalogFiles(sorted, { tree, context, finder }, (content, file, finds) => {
      const { name, version, folder } = parseProject(content, file.path);
      if (version === '' || npmPurl({ name, version }) === undefined) return;
      const hasModules = MODULES.some((mark) => tree.find(`${folder}node_modules${mark}`) !== undefined);
      if (!hasModules && findUpwards(folder.slice(0, -1), (at) => (at === '' ? '' : `${at}/`), isKnown) !== undefined)
        return;
      known.add(folder);
      finds.add(file, { name, version, kind: 'application' });
    });
  },
};
