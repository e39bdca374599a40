/** A folder on disk as a FileTree: one walk, no link followed out of the folder, unreadable things listed as skipped. */
import { basename, dirname, join } from 'node:path';
import {
  AppError,
  HEAD_BYTES,
  type FileEntry,
  type Files,
  type FileSelector,
  type FileTree,
  type Selection,
  type SkippedFile,
} from '../../core/index.ts';
import { createFileTree, type TreeParts } from '../image/file-tree.ts';

/** A host with more files is scanned by its packages, not by its root folder. */
const MAX_ENTRIES = 5_000_000;
const MAX_DEPTH = 256;

/** What the kernel makes up at the root of a running system: it holds no packages and has no end. */
const KERNEL_FOLDERS: ReadonlySet<string> = new Set(['dev', 'proc', 'sys']);
/**
 * Contents are read when asked for, always below `root` as it is written: the root of another process, `/proc/PID/root`, reads as a link to
 * `/`, but is that process's. Of a running system, which `/` is and other roots may be, what the kernel makes up is passed over. Throws
 * `not-found` when nothing is there.
 */
export async function openFolderTree(
  files: Files,
  root: string,
  selector: FileSelector,
  options: { readonly isSystem?: boolean } = {},
): Promise<FileTree> {
  const stat = await files.stat(root);
  if (stat?.kind !== 'directory') throw new AppError('not-found', `${root}: no such folder`);
  const entries = new Map<string, FileEntry>();
  const skipped: SkippedFile[] = [];
  const { isSystem = (await files.realPath(root)) === '/' } = options;
  await walk({ files, root, entries, skipped, passesOver: isSystem ? KERNEL_FOLDERS : new Set() });
  let sorted: readonly FileEntry[] | undefined;
  return createFileTree({
    get: (path) => entries.get(path),
    list: (folder) => {
      sorted ??= [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
      return folder === undefined ? sorted : sorted.filter(({ path }) => path.startsWith(`${folder}/`));
    },
    read: createReader({ files, root, skipped }, selector),
    skipped,
  });
}

/** One file as the only one of a tree. */
export async function openFileTree(files: Files, path: string, selector: FileSelector): Promise<FileTree> {
  const stat = await files.stat(path);
  if (stat?.kind !== 'file') throw new AppError('not-found', `${path}: expected a file`);
  const folder = dirname(path);
  const name = basename(path);
  const entry: FileEntry = { path: name, kind: 'file', size: stat.size, mode: stat.mode };
  const skipped: SkippedFile[] = [];
  return createFileTree({
    get: (found) => (found === name ? entry : undefined),
    list: (folder) => (folder === undefined ? [entry] : []),
    read: createReader({ files, root: folder, skipped }, selector),
    skipped,
  });
}

interface Walk {
  readonly files: Files;
  readonly root: string;
  readonly entries: Map<string, FileEntry>;
  readonly skipped: SkippedFile[];
  /** Names at the root. */
  readonly passesOver: ReadonlySet<string>;
}

async function walk(run: Walk): Promise<void> {
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const names = await attempt(run, folder, () => run.files.list(join(run.root, folder ?? '')));
    for (const name of names ?? []) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (run.passesOver.has(path)) continue;
      const entry = await attempt(run, path, () => describe(run, path));
      if (entry === undefined) continue;
      if (run.entries.size >= MAX_ENTRIES) {
        throw new AppError('invalid-input', `${run.root}: expected at most ${MAX_ENTRIES} files, found more`);
      }
      run.entries.set(path, entry);
      if (entry.kind !== 'directory') continue;
      if (path.split('/').length < MAX_DEPTH) folders.push(path);
      else run.skipped.push({ path, reason: `deeper than ${MAX_DEPTH} folders` });
    }
  }
}

async function describe(run: Walk, path: string): Promise<FileEntry | undefined> {
  const full = join(run.root, path);
  const stat = await run.files.stat(full, { follow: false });
  // gone since the folder was listed, or a device or socket
  if (stat === undefined || stat.kind === 'other') return undefined;
  const entry = { path, kind: stat.kind, size: stat.kind === 'file' ? stat.size : 0, mode: stat.mode };
  return stat.kind === 'symlink' ? { ...entry, linkTarget: await run.files.readLink(full) } : entry;
}

/** Undefined when the system refuses, which is noted. */
async function attempt<T>(run: Pick<Walk, 'skipped'>, path: string, action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === 'internal') throw error;
    run.skipped.push({ path, reason: error.message });
    return undefined;
  }
}

/** Several catalogers ask for what a file was condensed to, which is little: the file, which may be large, is read once for all. */
function createReader(place: Pick<Walk, 'files' | 'root' | 'skipped'>, selector: FileSelector): TreeParts['read'] {
  const condensed = new Map<string, Promise<Uint8Array | undefined>>();
  return async (entry) => {
    if (entry.kind !== 'file') return undefined;
    const selection = selector.select({ path: entry.path, mode: entry.mode, size: entry.size });
    if (selection.kind === 'skip') return undefined;
    if (entry.size > selection.maxBytes) {
      place.skipped.push({ path: entry.path, reason: `larger than ${selection.maxBytes} bytes` });
      return undefined;
    }
    const path = join(place.root, entry.path);
    const read = async () =>
      await attempt(place, entry.path, () => readSelected(place.files, { path, size: entry.size }, selection));
    if (selection.kind === 'keep') return await read();
    const content = condensed.get(entry.path) ?? read();
    condensed.set(entry.path, content);
    return await content;
  };
}

async function readSelected(
  files: Files,
  { path, size }: { readonly path: string; readonly size: number },
  selection: Exclude<Selection, { kind: 'skip' }>,
): Promise<Uint8Array | undefined> {
  if (selection.kind === 'keep') return await files.read(path, selection.maxBytes);
  const chunks: Uint8Array[] = [];
  for await (const chunk of files.stream(path, { start: 0, end: HEAD_BYTES })) chunks.push(chunk);
  const condenser = selection.open(Buffer.concat(chunks), size);
  if (condenser === undefined) return undefined;
  const end = Math.min(size, condenser.bytes ?? size);
  for await (const chunk of files.stream(path, { start: 0, end, recycle: true })) condenser.write(chunk);
  return condenser.end();
}
