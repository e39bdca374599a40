/** A FileTree over a table of entries; symbolic links are resolved inside the root, as chroot would. */
import type { FileEntry, FileTree, FileVersion, LayerChange, SkippedFile } from '../../core/index.ts';

/** As Linux. */
const MAX_LINKS = 40;

export interface TreeParts {
  /** What is at a path, no link followed. */
  readonly get: (path: string) => FileEntry | undefined;
  /** See FileTree. */
  readonly list: FileTree['entries'];
  readonly candidates?: () => Iterable<FileEntry>;
  /** By an entry's own path. */
  readonly read: (entry: FileEntry) => Promise<Uint8Array | undefined>;
  readonly history?: (path: string) => readonly FileVersion[];
  readonly changes?: () => ReadonlyMap<string, readonly LayerChange[]>;
  readonly skipped: readonly SkippedFile[];
}

export function createFileTree(parts: TreeParts): FileTree {
  const { get, list, candidates = list } = parts;
  const locate = createLocator(get);
  const find = (path: string) => locate(path)?.entry;
  return {
    entries: list,
    candidates,
    find,
    read: async (path) => {
      const entry = find(path);
      return entry === undefined ? undefined : await parts.read(entry);
    },
    history: async (path) => parts.history?.(locate(path)?.path ?? '') ?? [],
    changes: () => parts.changes?.() ?? new Map(),
    skipped: parts.skipped,
  };
}

interface Located {
  readonly path: string;
  readonly entry: FileEntry | undefined;
}

/** As resolvePath; what a folder resolves to is looked up once for all its files. */
function createLocator(get: TreeParts['get']): (path: string) => Located | undefined {
  const folders = new Map<string, string | undefined>();
  const locate = (path: string) => {
    const resolved = resolvePath(get, path);
    return resolved === undefined ? undefined : { path: resolved, entry: get(resolved) };
  };
  return (path) => {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    if (slash <= 0 || name === '' || name === '.' || name === '..') return locate(path);
    const folder = path.slice(0, slash);
    if (!folders.has(folder)) folders.set(folder, resolvePath(get, folder));
    const resolved = folders.get(folder);
    if (resolved === undefined) return undefined;
    const here = resolved === '' ? name : `${resolved}/${name}`;
    const entry = get(here);
    return entry?.kind === 'symlink' ? locate(path) : { path: here, entry };
  };
}

/** The path with all its symbolic links followed, whether something is there or not; undefined for a circle. */
function resolvePath(get: TreeParts['get'], path: string): string | undefined {
  const todo = path.split('/').reverse();
  let resolved: string[] = [];
  let links = 0;
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      // at the root it stays at the root
      resolved.pop();
      continue;
    }
    const here = [...resolved, part];
    const entry = get(here.join('/'));
    if (entry?.kind !== 'symlink' || entry.linkTarget === undefined) {
      resolved = here;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) return undefined;
    if (entry.linkTarget.startsWith('/')) resolved = [];
    todo.push(...entry.linkTarget.split('/').reverse());
  }
  return resolved.join('/');
}
