/** Paths in a tree: from its root, with slashes, without a leading one. */

/** The folder that a file lies in: empty, or ending in a slash. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** A path as it is written in a file of this folder; undefined for what is absolute or leaves the tree. */
export function joinPath(folder: string, relative: string): string | undefined {
  if (relative.startsWith('/')) return undefined;
  const parts = folder.split('/').slice(0, -1);
  for (const part of relative.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

const TESTS: ReadonlySet<string> = new Set(['test', 'tests', '__tests__', 'spec', 'fixtures', '__fixtures__']);

/**
 * Whether the file belongs to the tests of a package of a language, or of the library of Python itself: what looks installed there is an
 * example.
 */
export function isFixture(path: string): boolean {
  const folders = path.split('/').slice(0, -1);
  const first = folders.findIndex((_, at) => isPackage(folders, at));
  return first >= 0 && folders.some((name, at) => at > first && TESTS.has(name) && !isModule(folders, at));
}

function isPackage(folders: readonly string[], at: number): boolean {
  const [parent = '', name = ''] = [folders[at - 1], folders[at]];
  if (parent === 'lib') return /^python\d[\d.]*$/.test(name);
  if (parent === 'gems') return /^.+-\d/.test(name);
  return ['node_modules', 'site-packages', 'dist-packages'].includes(parent);
}

/** A package may have the name of a folder of tests, with a scope or without. */
function isModule(folders: readonly string[], at: number): boolean {
  const parent = folders[at - 1] ?? '';
  return parent === 'node_modules' || (/^@./.test(parent) && folders[at - 2] === 'node_modules');
}
