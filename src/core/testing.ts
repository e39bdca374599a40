/** Fakes of ports that several rooms' tests share. */
import { condense } from './condenser.ts';
import { digestOf } from './digest.ts';
import type { FileEntry, FileSelector, FileTree, FileVersion, LayerRef, SkippedFile } from './ports.ts';

/** Content, or what needs saying besides it. A link has a target and no content. */
export type MemoryFile =
  | string
  | Uint8Array
  | { readonly content: string | Uint8Array; readonly mode?: number }
  | { readonly link: string };

export type MemoryFiles = Readonly<Record<string, MemoryFile>>;

interface Stored {
  readonly entry: FileEntry;
  readonly content: Uint8Array | undefined;
}

/** A folder from an object literal of paths. With a selector, content is kept and condensed as a real reader would. */
export function createMemoryTree(files: MemoryFiles, selector?: FileSelector): FileTree {
  const skipped: SkippedFile[] = [];
  const stored = new Map(Object.entries(files).map(([path, file]) => [path, store(path, file, { selector, skipped })]));
  return treeOf(stored, new Map(), skipped);
}

/** An image from its layers, lowest first; null deletes what lower layers have. */
export function createLayeredTree(
  layers: readonly Readonly<Record<string, MemoryFile | null>>[],
  selector?: FileSelector,
): FileTree {
  const skipped: SkippedFile[] = [];
  const top = new Map<string, Stored>();
  const history = new Map<string, FileVersion[]>();
  layers.forEach((files, index) => {
    const layer: LayerRef = { index, digest: digestOf(`layer ${index}`), diffId: digestOf(`diff ${index}`) };
    for (const [path, file] of Object.entries(files)) {
      const next = file === null ? undefined : store(path, file, { selector, skipped, layer });
      if (next === undefined) top.delete(path);
      else top.set(path, next);
      history.set(path, [...(history.get(path) ?? []), { layer, content: next?.content }]);
    }
  });
  return treeOf(top, history, skipped);
}

interface StoreOptions {
  readonly selector: FileSelector | undefined;
  readonly skipped: SkippedFile[];
  readonly layer?: LayerRef;
}

function store(path: string, file: MemoryFile, options: StoreOptions): Stored {
  const layer = options.layer === undefined ? {} : { layer: options.layer };
  if (typeof file === 'object' && 'link' in file) {
    return {
      entry: { path, kind: 'symlink', size: 0, mode: 0o777, linkTarget: file.link, ...layer },
      content: undefined,
    };
  }
  const plain = typeof file === 'string' || file instanceof Uint8Array ? { content: file } : file;
  const content = typeof plain.content === 'string' ? Buffer.from(plain.content) : plain.content;
  const entry: FileEntry = { path, kind: 'file', size: content.length, mode: plain.mode ?? 0o644, ...layer };
  return { entry, content: choose(entry, content, options) };
}

function choose(entry: FileEntry, content: Uint8Array, options: StoreOptions): Uint8Array | undefined {
  if (options.selector === undefined) return content;
  const selection = options.selector.select(entry);
  if (selection.kind === 'skip') return undefined;
  if (content.length > selection.maxBytes) {
    options.skipped.push({
      path: entry.path,
      reason: `expected at most ${selection.maxBytes} bytes, found ${content.length}`,
    });
    return undefined;
  }
  return condense(selection, content);
}

function treeOf(
  stored: ReadonlyMap<string, Stored>,
  history: ReadonlyMap<string, readonly FileVersion[]>,
  skipped: readonly SkippedFile[],
): FileTree {
  const folders = new Set([...stored.keys()].flatMap(foldersOf));
  const get = (path: string) => stored.get(path) ?? (folders.has(path) ? folder(path) : undefined);
  const find = (path: string, hops = 0): Stored | undefined => {
    const link = [...foldersOf(path), path].find((at) => stored.get(at)?.entry.kind === 'symlink');
    if (link === undefined || hops > 40) return get(path);
    const target = resolveLink(link, stored.get(link)?.entry.linkTarget ?? '');
    return find(`${target}${path.slice(link.length)}`, hops + 1);
  };
  return {
    entries: (folder) =>
      [...stored.values()]
        .map(({ entry }) => entry)
        .filter(({ path }) => folder === undefined || path.startsWith(`${folder}/`))
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
    find: (path) => find(path)?.entry,
    read: async (path) => find(path)?.content,
    history: async (path) => history.get(path) ?? [],
    changes: () => new Map(),
    skipped,
  };
}

/** Outermost first. */
function foldersOf(path: string): readonly string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
}

function folder(path: string): Stored {
  return { entry: { path, kind: 'directory', size: 0, mode: 0o755 }, content: undefined };
}

function resolveLink(path: string, target: string): string {
  const parts = target.startsWith('/') ? [] : path.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
