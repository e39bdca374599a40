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
  let sorted: readonly FileEntry[] | undefined;
  return {
    entries: () => {
      sorted ??= [...parts.entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
      return sorted;
    },
    find: (path) => findEntry(parts.entries, path),
    read: async (path) => {
      const entry = findEntry(parts.entries, path);
      return entry === undefined ? undefined : await parts.read(entry);
    },
    history: async (path) => parts.history?.(resolvePath(parts.entries, path) ?? '') ?? [],
    changes: () => parts.changes?.() ?? new Map(),
    skipped: parts.skipped,
  };
}

function findEntry(entries: ReadonlyMap<string, FileEntry>, path: string): FileEntry | undefined {
  const resolved = resolvePath(entries, path);
  return resolved === undefined ? undefined : entries.get(resolved);
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
