/** Named files in a folder or in a tar archive, so that layouts and docker archives read the same from both. */
import { join } from 'node:path';
import { AppError, type Files } from '../../core/index.ts';
import { compressionOf, inflate, refuseBomb } from '../image/inflate.ts';
import { cleanPath, TarParser, type TarEntry } from '../image/tar.ts';
import type { ByteRange } from '../repository.ts';

export interface StoredFiles {
  /** The folder's or archive's path. */
  readonly name: string;
  /** Bytes; undefined when absent. */
  size(path: string): Promise<number | undefined>;
  /** All of it, or a range. */
  stream(path: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Names in a folder; absent where nobody asks for them. */
  list?(folder: string): Promise<readonly string[]>;
}

export interface StoredArchive extends StoredFiles {
  /** Files and links, each with its permission bits; a link reads as what it points to inside the archive. */
  readonly entries: readonly { readonly path: string; readonly mode: number }[];
}

/** Archives of images hold a handful of files; more are something else. */
const MAX_ARCHIVE_ENTRIES = 100_000;
/** Read at once while looking for headers: a header and a long name. */
const WINDOW = 4096;
/** Of a compressed archive, uncompressed: above the largest known images. */
const MAX_COMPRESSED_ARCHIVE = 64 * 1024 ** 3;
/** Up to here a compressed archive is held in memory, so that it is inflated once. */
const MAX_HELD = 64 * 1024 ** 2;
const MAX_LINKS = 8;
/** Some readers take the first of two members of one name and some the last: what is verified must be what is loaded. */
const ONLY_ONCE: ReadonlySet<string> = new Set(['oci-layout', 'index.json', 'manifest.json', 'repositories']);

export function openFolder(files: Files, path: string): StoredFiles {
  return {
    name: path,
    size: async (name) => {
      const stat = await files.stat(join(path, name));
      return stat?.kind === 'file' ? stat.size : undefined;
    },
    stream: (name, range) => files.stream(join(path, name), range),
    list: async (folder) => await files.list(join(path, folder)),
  };
}

/** Throws `invalid-input` when the file is no tar. */
export async function openArchive(files: Files, path: string): Promise<StoredArchive> {
  const access = await openAccess(files, path);
  const find = (name: string): Placed | undefined => {
    let found = access.table.get(name);
    for (let hop = 0; hop < MAX_LINKS && found?.linkPath !== undefined; hop += 1)
      found = access.table.get(found.linkPath);
    return found?.linkPath === undefined ? found : undefined;
  };
  return {
    name: path,
    entries: [...access.table].map(([name]) => ({ path: name, mode: find(name)?.mode ?? 0 })),
    size: async (name) => find(name)?.size,
    stream: (name, range) => {
      const found = find(name);
      if (found === undefined) throw new AppError('not-found', `${path}: no ${name} in the archive`);
      const { start, end } = range ?? { start: 0, end: found.size };
      return access.stream(found.start + start, found.start + Math.min(end, found.size));
    },
  };
}

/** Whole content of at most maxBytes. Throws `not-found`. */
export async function readStored(stored: StoredFiles, path: string, maxBytes: number): Promise<Uint8Array> {
  const size = await stored.size(path);
  if (size === undefined) throw new AppError('not-found', `${stored.name}: no file ${path}`);
  if (size > maxBytes)
    throw new AppError('invalid-input', `${stored.name}: ${path}: expected at most ${maxBytes} bytes, found ${size}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of stored.stream(path)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

interface Access {
  readonly table: ReadonlyMap<string, Placed>;
  /** Bytes of the uncompressed archive, from `start` to before `end`. */
  stream(start: number, end: number): AsyncIterable<Uint8Array>;
}

async function openAccess(files: Files, path: string): Promise<Access> {
  const stat = await files.stat(path);
  if (stat === undefined) throw new AppError('not-found', `${path}: no such file`);
  const head = await firstBytes(files, path);
  if (compressionOf(head) !== 'none') return await openCompressed(files, path, stat.size);
  return {
    table: await indexWindows(files, path, stat.size),
    stream: (start, end) => files.stream(path, { start, end }),
  };
}

/**
 * A compressed archive has no random access. A small one is held; a larger one is inflated anew, up to where its part ends, for each
 * file that is read: that takes time for an image of many layers, and no memory.
 */
async function openCompressed(files: Files, path: string, size: number): Promise<Access> {
  const index = new ArchiveIndex(path);
  let held: Uint8Array[] | undefined = [];
  let total = 0;
  for await (const chunk of inflate(files.stream(path), path)) {
    index.take(chunk);
    total += chunk.length;
    if (total > MAX_HELD) held = undefined;
    held?.push(chunk);
    refuseBomb(total, size, { what: path, inflatedBytes: MAX_COMPRESSED_ARCHIVE });
  }
  index.finish();
  const { table } = index;
  if (held === undefined)
    return { table, stream: (start, end) => streamPart(inflate(files.stream(path), path), start, end) };
  const content = Buffer.concat(held);
  return {
    table,
    stream: async function* (start, end) {
      yield content.subarray(start, end);
    },
  };
}

async function* streamPart(all: AsyncIterable<Uint8Array>, start: number, end: number): AsyncGenerator<Uint8Array> {
  let position = 0;
  for await (const chunk of all) {
    const part = chunk.subarray(Math.max(start - position, 0), Math.max(end - position, 0));
    position += chunk.length;
    if (part.length > 0) yield part;
    if (position >= end) return;
  }
}

export async function firstBytes(files: Files, path: string, length = 512): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of files.stream(path, { start: 0, end: length })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

interface Placed {
  readonly start: number;
  readonly size: number;
  readonly mode: number;
  readonly linkPath: string | undefined;
}

/** Where the files of a tar lie, learnt from its headers alone. */
class ArchiveIndex {
  readonly table = new Map<string, Placed>();
  position = 0;
  readonly #parser: TarParser;
  readonly #what: string;

  constructor(what: string) {
    this.#what = what;
    this.#parser = new TarParser(what, (entry) => this.#visit(entry));
  }

  /** At the end mark. */
  get isEnded(): boolean {
    return this.#parser.isEnded;
  }

  /** Bytes that follow and need not be taken, once skip() was told. */
  get unwanted(): number {
    return this.#parser.unwanted;
  }

  skip(bytes: number): void {
    this.#parser.skip(bytes);
    this.position += bytes;
  }

  /** Throws `invalid-input` for an archive that was cut off. */
  finish(): void {
    this.#parser.finish();
  }

  /** Header by header, so that `position` is the content's start when an entry is visited. */
  take(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.isEnded) {
      const leap = Math.min(this.unwanted, chunk.length - at);
      if (leap > 0) this.skip(leap);
      const block = chunk.subarray(at + leap, at + leap + (leap > 0 ? 0 : 512 - (this.position % 512)));
      this.position += block.length;
      at += leap + block.length;
      this.#parser.push(block);
    }
  }

  #visit(entry: TarEntry): undefined {
    const path = cleanPath(entry.path);
    if (path === undefined || path === '') return;
    if (this.table.size >= MAX_ARCHIVE_ENTRIES) {
      const expected = `expected at most ${MAX_ARCHIVE_ENTRIES} entries in an image archive, found more`;
      throw new AppError('invalid-input', `${this.#what}: ${expected}`);
    }
    if (ONLY_ONCE.has(path) && this.table.has(path))
      throw new AppError('invalid-input', `${this.#what}: expected one ${path} in the archive, found two`);
    const isLink = entry.kind === 'symlink' || entry.kind === 'hardlink';
    if (entry.kind !== 'file' && !isLink) return;
    const base = entry.kind === 'symlink' && !entry.linkName.startsWith('/') ? `${path}/../` : '';
    this.table.set(path, {
      start: this.position,
      size: entry.size,
      mode: entry.mode,
      linkPath: isLink ? (cleanPath(`${base}${entry.linkName}`) ?? '') : undefined,
    });
  }
}

/** Reads headers and leaps over contents. */
async function indexWindows(files: Files, path: string, size: number): Promise<ReadonlyMap<string, Placed>> {
  const index = new ArchiveIndex(path);
  while (index.position < size && !index.isEnded) {
    const { position } = index;
    for await (const window of files.stream(path, { start: position, end: Math.min(position + WINDOW, size) })) {
      index.take(window);
    }
    index.skip(Math.min(index.unwanted, size - index.position));
  }
  index.finish();
  return index.table;
}
