/** A FileTree over a table of entries; symbolic links are resolved inside the root, as chroot would. */
import type { FileEntry, FileTree, FileVersion, LayerChange, SkippedFile } from '../../core/index.ts';

/** As Linux. */
const MAX_LINKS = 40;

export interface TreeParts {
  readonly entries: ReadonlyMap<string, FileEntry>;
  /** By an entry's own path. */
  readonly read: (entry: FileEntry) => Promise<Uint8Array | undefined>;
  readonly history?: (path: string) => readonly FileVersion[];
  readonly changes?: () => ReadonlyMap<string, readonly LayerChange[]>;
  readonly skipped: readonly SkippedFile[];
}

export function createFileTree(parts: TreeParts): FileTree {
  const resolve = createResolver(parts.entries);
  const find = (path: string) => {
    const resolved = resolve(path);
    return resolved === undefined ? undefined : parts.entries.get(resolved);
  };
  let sorted: readonly FileEntry[] | undefined;
  return {
    entries: () => {
      sorted ??= [...parts.entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
      return sorted;
    },
    find,
    read: async (path) => {
      const entry = find(path);
      return entry === undefined ? undefined : await parts.read(entry);
    },
    history: async (path) => parts.history?.(resolve(path) ?? '') ?? [],
    changes: () => parts.changes?.() ?? new Map(),
    skipped: parts.skipped,
  };
}

/** As resolvePath; what a folder resolves to is looked up once for all its files. */
function createResolver(entries: ReadonlyMap<string, FileEntry>): (path: string) => string | undefined {
  const folders = new Map<string, string | undefined>();
  return (path) => {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    if (slash <= 0 || name === '' || name === '.' || name === '..') return resolvePath(entries, path);
    const folder = path.slice(0, slash);
    if (!folders.has(folder)) folders.set(folder, resolvePath(entries, folder));
    const resolved = folders.get(folder);
    if (resolved === undefined) return undefined;
    const here = resolved === '' ? name : `${resolved}/${name}`;
    return entries.get(here)?.kind === 'symlink' ? resolvePath(entries, path) : here;
  };
}

/** The path with all its symbolic links followed, whether something is there or not; undefined for a circle. */
function resolvePath(entries: ReadonlyMap<string, FileEntry>, path: string): string | undefined {
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
    const entry = entries.get(here.join('/'));
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
