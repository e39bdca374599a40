/** The disk through node:fs, with durable writes. */
import { randomBytes } from 'node:crypto';
// `promises` is loaded when it is first used, which a short command never does
import { lstatSync, promises, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import type { promises as Promises, Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError, type FileRange, type Files, type FileStat } from '../core/index.ts';

/** Ceiling of a whole-file read whose caller names none. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const READ_CHUNK = 512 * 1024;
/** Chunks in memory that is used again: one with the receiver, one that he may still send, one that is read. */
const RING = 3;
const WRITE_BATCH = 1024 * 1024;

/**
 * The first looks at the disk are made on this thread: a short command makes fewer, and the threads that would wait in its place take longer
 * to start than it runs. A longer one, which may have thousands to make and a slow disk, lets the threads wait.
 */
let looks = 256;
/** Milliseconds: a look at names that takes less does not count, for the system had the answer at hand and a thread would take ten times that. */
const AT_HAND = 0.05;

function isFirst(): boolean {
  looks -= 1;
  return looks >= 0;
}

async function look<T>(now: () => T, later: () => Promise<T>): Promise<T> {
  if (looks <= 0) return await later();
  const start = performance.now();
  try {
    return now();
  } finally {
    if (performance.now() - start > AT_HAND) looks -= 1;
  }
}

export function createFiles(): Files {
  return {
    read: (path, maxBytes = MAX_FILE_BYTES) => guard(path, () => readWhole(path, maxBytes)),
    stream: streamFile,
    stat: (path, options) => guard(path, () => statFile(path, options?.follow ?? true)),
    list: (path) => guard(path, () => listFolder(path)),
    readLink: (path) =>
      guard(path, () =>
        look(
          () => readlinkSync(path),
          () => promises.readlink(path),
        ),
      ),
    writeAtomic: (path, content, options) => guard(path, () => writeAtomic(path, content, options?.mode)),
    append: (path, content, options) => guard(path, () => append(path, content, options)),
    truncate: (path, size) => guard(path, () => promises.truncate(path, size)),
    rename: (from, to) => guard(from, () => renameDurably(from, to)),
    remove: (path) => guard(path, () => removeAll(path)),
    makeFolder: (path) => guard(path, () => makeFolders(path)),
    realPath: (path) =>
      guard(path, async () => (isFirst() ? realpathSync.native(path) : await promises.realpath(path))),
  };
}

async function guard<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw fileError(path, cause);
  }
}

function fileError(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || !('code' in cause) || cause instanceof AppError) return cause;
  const details = { path, code: cause.code };
  switch (cause.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new AppError('not-found', `${path}: no such file`, { cause, details });
    case 'EACCES':
    case 'EPERM':
      return new AppError('unauthorized', `${path}: the system refuses access`, { cause, details });
    case 'EISDIR':
      return new AppError('invalid-input', `${path}: expected a file, found a folder`, { cause, details });
    default:
      return new AppError('unavailable', `${path}: ${cause.message}`, { cause, details });
  }
}

async function readWhole(path: string, maxBytes: number): Promise<Uint8Array> {
  const small = isFirst() ? readSmall(path) : undefined;
  if (small !== undefined && small.length <= maxBytes) return small;
  const file = await promises.open(path, 'r');
  try {
    const { size } = await file.stat();
    const buffer = Buffer.allocUnsafe(Math.min(size, maxBytes) + 1);
    let length = 0;
    const chunks: Uint8Array[] = [];
    // files of /proc say size 0 and pipes lie: read until the end, whatever the size said
    for (let total = 0; ;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
      total += bytesRead;
      if (total > maxBytes) throw new AppError('invalid-input', `${path}: expected at most ${maxBytes} bytes`);
      if (length < buffer.length) continue;
      chunks.push(Uint8Array.from(buffer));
      length = 0;
    }
    return chunks.length === 0 ? buffer.subarray(0, length) : Buffer.concat([...chunks, buffer.subarray(0, length)]);
  } finally {
    await file.close();
  }
}

/** Undefined for a large file and for what is none: of a pipe nobody knows when it ends. */
function readSmall(path: string): Uint8Array | undefined {
  const stats = statSync(path);
  return stats.isFile() && stats.size > 0 && stats.size <= READ_CHUNK ? readFileSync(path) : undefined;
}

async function* streamFile(path: string, range: FileRange = {}): AsyncGenerator<Uint8Array> {
  const { start = 0, end = Infinity, recycle = false } = range;
  if (end <= start) return;
  const small = isFirst() ? await guard(path, async () => readSmall(path)) : undefined;
  if (small !== undefined) {
    if (start < small.length) yield small.subarray(start, end);
    return;
  }
  const file = await guard(path, () => promises.open(path, 'r'));
  const size = Math.min(READ_CHUNK, end - start);
  const ring: Uint8Array[] = [];
  const read = async (at: number) => {
    const memory = (ring.length === RING ? ring.shift() : undefined) ?? Buffer.allocUnsafeSlow(size);
    if (recycle) ring.push(memory);
    const { bytesRead } = await guard(path, () => file.read(memory, 0, Math.min(size, end - at), at));
    return memory.subarray(0, bytesRead);
  };
  try {
    let chunk = await read(start);
    for (let at = start + chunk.length; chunk.length > 0; at += chunk.length) {
      // the next is read while this one is worked on
      const next = at < end ? read(at) : Promise.resolve(chunk.subarray(0, 0));
      next.catch(() => undefined); // thrown where it is awaited
      yield chunk;
      chunk = await next;
    }
  } finally {
    await file.close();
  }
}

async function statFile(path: string, follow: boolean): Promise<FileStat | undefined> {
  try {
    const stats = await look(
      () => (follow ? statSync(path) : lstatSync(path)),
      () => (follow ? promises.stat(path) : promises.lstat(path)),
    );
    return describeStats(stats);
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw cause;
  }
}

function describeStats(stats: Stats): FileStat {
  const kind = stats.isFile()
    ? 'file'
    : stats.isDirectory()
      ? 'directory'
      : stats.isSymbolicLink()
        ? 'symlink'
        : 'other';
  return { kind, size: stats.size, mode: stats.mode & 0o7777, modified: stats.mtime };
}

async function listFolder(path: string): Promise<readonly string[]> {
  try {
    const names = await look(
      () => readdirSync(path),
      () => promises.readdir(path),
    );
    return names.sort();
  } catch (cause) {
    if (isAbsent(cause)) return [];
    throw cause;
  }
}

function isAbsent(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR');
}

async function writeAtomic(wanted: string, content: Uint8Array | string, mode = 0o644): Promise<void> {
  const present = await promises.stat(wanted).catch(() => undefined);
  // A device or a pipe (`/dev/null`, `/dev/stdout`) takes what is written; replacing it by a file would break the machine.
  if (present !== undefined && !present.isFile() && !present.isDirectory())
    return await promises.writeFile(wanted, content);
  // A link stays a link: what it points to is replaced. What went away meanwhile is made.
  const path = present === undefined ? wanted : await promises.realpath(wanted).catch(() => wanted);
  const folder = dirname(path);
  await makeFolders(folder);
  const temporary = join(folder, `.${basename(path).slice(0, 100)}.${randomBytes(8).toString('hex')}.tmp`);
  try {
    const file = await promises.open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await promises.rename(temporary, path);
  } catch (cause) {
    await promises.rm(temporary, { force: true });
    throw cause;
  }
  await syncFolder(folder);
}

/** With the folders above it. Node's own way never ends where the system makes no folders, as in `/proc`. */
async function makeFolders(path: string): Promise<void> {
  if (await isFolderNow(path)) return;
  const above = dirname(path);
  if (above !== path && (await promises.stat(above).catch(() => undefined)) === undefined) await makeFolders(above);
  // somebody else may have made it meanwhile, or what it lies in
  if (await isFolderNow(path)) return;
  throw new AppError('unavailable', `${path}: expected to make a folder there`);
}

/** Makes it when there is nothing. */
async function isFolderNow(path: string): Promise<boolean> {
  try {
    await promises.mkdir(path);
    return true;
  } catch (cause) {
    const found = await promises.stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) return true;
    if (isAbsent(cause) || found !== undefined) return false;
    throw cause;
  }
}

/** What lies below a file is not there either. */
async function removeAll(path: string): Promise<void> {
  try {
    await promises.rm(path, { recursive: true, force: true });
  } catch (cause) {
    if (!isAbsent(cause)) throw cause;
  }
}

async function append(
  path: string,
  content: AsyncIterable<Uint8Array> | Uint8Array,
  { durable = true, mode = 0o666 }: { readonly durable?: boolean; readonly mode?: number } = {},
): Promise<void> {
  await makeFolders(dirname(path));
  const file = await promises.open(path, 'a', mode);
  try {
    if (content instanceof Uint8Array) await file.writeFile(content);
    else await appendStream(file, content);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
}

/** Few large writes, each of which runs while the next chunks come; what came before an error is written. */
async function appendStream(file: Promises.FileHandle, content: AsyncIterable<Uint8Array>): Promise<void> {
  let batch: Uint8Array[] = [];
  let size = 0;
  let writing = Promise.resolve();
  const flush = () => {
    const [chunks, before] = [batch, writing];
    writing = before.then(() => writeAll(file, chunks));
    writing.catch(() => undefined); // thrown where it is awaited
    [batch, size] = [[], 0];
    return before;
  };
  try {
    for await (const chunk of content) {
      batch.push(chunk);
      size += chunk.length;
      if (size >= WRITE_BATCH) await flush();
    }
  } finally {
    void flush();
    await writing;
  }
}

async function writeAll(file: Promises.FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const { bytesWritten } = await file.writev(chunks);
  // a disk that is nearly full takes a part
  if (bytesWritten !== size) await file.writeFile(Buffer.concat(chunks).subarray(bytesWritten));
}

async function renameDurably(from: string, to: string): Promise<void> {
  await makeFolders(dirname(to));
  await promises.rename(from, to);
  await syncFolder(dirname(to));
}

/** Per folder, the sync that runs and the one that has not begun: all who wait for that one share it. */
const syncs = new Map<string, { readonly running: Promise<void>; next?: Promise<void> }>();

/** Without this a rename may be lost in a power cut although the file's content is safe. */
async function syncFolder(path: string): Promise<void> {
  const busy = syncs.get(path);
  // the one that runs may have begun before the caller's rename
  if (busy !== undefined) return await (busy.next ??= busy.running.catch(() => undefined).then(() => startSync(path)));
  await startSync(path);
}

function startSync(path: string): Promise<void> {
  const running = syncNow(path);
  const entry = { running };
  syncs.set(path, entry);
  const forget = () => void (syncs.get(path) === entry && syncs.delete(path));
  running.then(forget, forget);
  return running;
}

async function syncNow(path: string): Promise<void> {
  const folder = await promises.open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
