/** package.json of a project without a lock file: of what it needs, only what it names by one version. */
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import { addLocked } from '../../locked.ts';
import { findUpwards } from './npm-resolution.ts';
import type { Locked } from '../../locked.ts';
import { npmPurl } from './npm-package.ts';
import { folderOf } from '../../paths.ts';
import { parseProject, selectManifest } from './project.ts';

const LOCKS = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock', 'deno.lock'];
const EXACT = /^[=v]?(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)$/;

export const npmManifest: Cataloger = {
  id: 'npm-manifest',
  evidence: 'declared',
  names: ['package.json'],
  select: selectManifest,
  catalog: async (tree, files, context) => {
    const isThere = (path: string) => tree.find(path)?.kind === 'file';
    const isLocked = (path: string) =>
      LOCKS.some(
        (lock) =>
          findUpwards(folderOf(path).replace(/\/$/, ''), (at) => (at === '' ? lock : `${at}/${lock}`), isThere) !==
          undefined,
      );
    const read = files.filter(({ path }) => !isLocked(path));
    const finder = { foundBy: 'npm-manifest', evidence: 'manifest' } as const;
    return await catalogFiles(read, { tree, context, finder }, (content, file, finds) => {
      const project = parseProject(content, file.path);
      const locked = new Map<string, Locked>();
      const pins = (wanted: Readonly<Record<string, unknown>>) =>
        Object.entries(wanted).flatMap(([name, range]) => {
          const version = EXACT.exec(String(range))?.[1];
          if (version !== undefined) locked.set(name, { name, version });
          return version === undefined ? [] : [name];
        });
      const needs = {
        runtime: pins(project.dependencies),
        optional: pins(project.optionalDependencies),
        development: pins(project.devDependencies),
      };
      addLocked(finds, file, {
        locked: locked.set('', { name: project.name, version: project.version, isLocal: true, folder: '', needs }),
        identify: npmPurl,
      });
    });
  },
};
