/** How Node finds what a package needs. */
import type { FileTree } from '../../../../core/index.ts';

/** Folders between a package and what it needs; npm flattens, so real files stay below 10. */
const MAX_LEVELS = 64;

/** As Node does: the key of the nearest package of a name, from a place upwards. */
export function findUpwards(
  place: string,
  keyAt: (place: string) => string,
  isKey: (key: string) => boolean,
): string | undefined {
  let at = place;
  for (let level = 0; level < MAX_LEVELS; level++) {
    const key = keyAt(at);
    if (isKey(key)) return key;
    if (at === '') return undefined;
    at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
  }
  return undefined;
}

/** A name as it is in node_modules. */
const NAME = /^(?:(@[^/]+)\/)?[^/]+$/;

/**
 * Of the package.json files that `isKnown`, which one Node finds for a name that a folder's code asks for; the folder is empty for the root.
 * Links are followed, as pnpm and workspaces have them. What is looked up is asked for folder by folder, so that a tree remembers no name that
 * is not there.
 */
export function createModuleFinder(
  tree: Pick<FileTree, 'find'>,
  isKnown: (path: string) => boolean,
): (folder: string, name: string) => string | undefined {
  const holders = new Map<string, boolean>();
  const isThere = (holder: string) => {
    const known = holders.get(holder) ?? tree.find(holder) !== undefined;
    holders.set(holder, known);
    return known;
  };
  const findIn = (holder: string, name: string) => {
    const path = `${holder}/${name}/package.json`;
    if (isKnown(path)) return path;
    const scope = NAME.exec(name)?.[1];
    if (!isThere(holder) || (scope !== undefined && tree.find(`${holder}/${scope}`) === undefined)) return undefined;
    const real = `${tree.find(`${holder}/${name}`)?.path}/package.json`;
    return isKnown(real) ? real : undefined;
  };
  return (folder, name) => {
    if (!NAME.test(name)) return undefined;
    const holderOf = (at: string) => `${at === '' ? '' : `${at}/`}node_modules`;
    const holder = findUpwards(folder, holderOf, (candidate) => findIn(candidate, name) !== undefined);
    return holder === undefined ? undefined : findIn(holder, name);
  };
}
