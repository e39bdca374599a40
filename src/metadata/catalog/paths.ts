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

/** A folder of tests within a package of a language, or within the library of Python itself. */
const TESTS_OF_PACKAGE =
  /(?:^|\/)(?:node_modules\/(?:@[^/]+\/)?[^/]+|(?:site|dist)-packages\/[^/]+|lib\/python\d[\d.]*|gems\/[^/]+-\d[^/]*)\/(?:.+\/)?(?<!node_modules\/(?:@[^/]+\/)?)(?:tests?|__tests__|spec|fixtures|__fixtures__)\//;

/** Whether the file belongs to the tests of a package: what looks installed there is an example. */
export function isFixture(path: string): boolean {
  return TESTS_OF_PACKAGE.test(path);
}
