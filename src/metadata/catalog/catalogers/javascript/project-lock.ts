/** Lock files that do not say all of what a project and its workspaces need: their manifests are read beside them. */
import type { FileEntry } from '../../../../core/index.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles, Finds } from '../../components.ts';
import { addLocked } from '../../locked.ts';
import type { Locked } from '../../locked.ts';
import { npmPurl } from './npm-package.ts';
import { readProjects, selectManifest } from './project.ts';
import type { Project } from './project.ts';

export interface LockSource {
  readonly file: FileEntry;
  /** By folder. */
  readonly projects: ReadonlyMap<string, Project>;
  readonly finds: Finds;
}

interface ProjectLock {
  readonly id: string;
  /** Of the lock file, which counts outside of installed packages. */
  readonly name: string;
  readonly maxBytes: number;
  /** The packages of each document of the file. */
  readonly read: (content: Uint8Array, source: LockSource) => Iterable<ReadonlyMap<string, Locked>>;
}

export function projectLock({ id, name, maxBytes, read }: ProjectLock): Cataloger {
  const finder = { foundBy: id, evidence: 'lock' } as const;
  const isLock = (path: string) => path === name || path.endsWith(`/${name}`);
  return {
    id,
    evidence: 'declared',
    names: [name, 'package.json'],
    select: (file) =>
      isLock(file.path) && !/(?:^|\/)node_modules\//.test(file.path)
        ? { kind: 'keep', maxBytes }
        : selectManifest(file),
    catalog: async (tree, files, context) => {
      const locks = files.filter(({ path }) => isLock(path));
      // who has no such lock file needs no manifests
      const manifests = new Finds(finder);
      const projects = locks.length === 0 ? new Map<string, Project>() : await readProjects(tree, files, manifests);
      return await catalogFiles(locks, { tree, context, finder }, (content, file, finds) => {
        for (const locked of read(content, { file, projects, finds }))
          addLocked(finds, file, { locked, identify: npmPurl });
      });
    },
  };
}
