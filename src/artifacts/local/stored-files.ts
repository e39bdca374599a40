/** Named files in a folder or in a tar archive, so that layouts and docker archives read the same from both. */
import { join } from 'node:path';
import { AppError, type Files } from '../../core/index.ts';
import { compressionOf, inflate } from '../image/inflate.ts';
import { cleanPath, TarParser } from '../image/tar.ts';
import type { ByteRange } from '../repository.ts';

export interface StoredFiles {
  /** The folder's or archive's path. */
  readonly name: string;
  /** Bytes; undefined when absent. */
  size(path: string): Promise<number | undefined>;
  /** All of it, or a range. */
  stream(path: string, range?: ByteRange): AsyncIterable<Uint8Array>;
}

/** Archives of images hold a handful of files; more are something else. */
const MAX_ARCHIVE_ENTRIES = 100_000;
/** Read at once while looking for headers: a header and a long name. */
const WINDOW = 4096;
/** A compressed archive has no random access, so it is held in memory. */
const MAX_COMPRESSED_ARCHIVE = 2 * 1024 ** 3;
const MAX_LINKS = 8;

export function openFolder(files: Files, path: string): StoredFiles {
  return {
    name: path,
    size: async (name) => {
      const stat = await files.stat(join(path, name));
      return stat?.kind === 'file' ? stat.size : undefined;
    },
    stream: (name, range) => files.stream(join(path, name), range),
  };
}

/** Throws `invalid-input` when the file is no tar. */
export async function openArchive(files: Files, path: string): Promise<StoredFiles> {
  const access = await openAccess(files, path);
  const table = await indexArchive(access, path);
  const find = (name: string): Placed | undefined => {
    let found = table.get(name);
    for (let hop = 0; hop < MAX_LINKS && found?.linkPath !== undefined; hop += 1) found = table.get(found.linkPath);
    return found?.linkPath === undefined ? found : undefined;
  };
  return {
    name: path,
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
  readonly size: number;
  stream(start: number, end: number): AsyncIterable<Uint8Array>;
}

async function openAccess(files: Files, path: string): Promise<Access> {
  const stat = await files.stat(path);
  if (stat === undefined) throw new AppError('not-found', `${path}: no such file`);
  const head = await firstBytes(files, path);
  if (compressionOf(head) === 'none') {
    return { size: stat.size, stream: (start, end) => files.stream(path, { start, end }) };
  }
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of inflate(files.stream(path), path)) {
    total += chunk.length;
    if (total > MAX_COMPRESSED_ARCHIVE) {
      const hint = 'uncompress the archive first';
      throw new AppError(
        'invalid-input',
        `${path}: expected at most ${MAX_COMPRESSED_ARCHIVE} bytes uncompressed, found more`,
        { hint },
      );
    }
    chunks.push(chunk);
  }
  const content = Buffer.concat(chunks);
  return {
    size: content.length,
    stream: async function* (start, end) {
      yield content.subarray(start, end);
    },
  };
}

export async function firstBytes(files: Files, path: string, length = 512): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of files.stream(path, { start: 0, end: length })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

interface Placed {
  readonly start: number;
  readonly size: number;
  readonly linkPath: string | undefined;
}

/** Reads headers and leaps over contents. */
async function indexArchive(access: Access, what: string): Promise<ReadonlyMap<string, Placed>> {
  const table = new Map<string, Placed>();
  const place = { position: 0 };
  const parser = new TarParser(what, (entry) => {
    const path = cleanPath(entry.path);
    if (path === undefined || path === '') return undefined;
    if (table.size >= MAX_ARCHIVE_ENTRIES) {
      throw new AppError(
        'invalid-input',
        `${what}: expected at most ${MAX_ARCHIVE_ENTRIES} entries in an image archive, found more`,
      );
    }
    const isLink = entry.kind === 'symlink' || entry.kind === 'hardlink';
    if (entry.kind !== 'file' && !isLink) return undefined;
    const base = entry.kind === 'symlink' && !entry.linkName.startsWith('/') ? `${path}/../` : '';
    table.set(path, {
      start: place.position,
      size: entry.size,
      linkPath: isLink ? (cleanPath(`${base}${entry.linkName}`) ?? '') : undefined,
    });
    return undefined;
  });
  while (place.position < access.size && !parser.isEnded) {
    for await (const window of access.stream(place.position, Math.min(place.position + WINDOW, access.size))) {
      feed(parser, window, place);
    }
    const leap = Math.min(parser.unwanted, access.size - place.position);
    parser.skip(leap);
    place.position += leap;
  }
  return table;
}

/** Header by header, so that `position` is the content's start when the visitor is called. */
function feed(parser: TarParser, window: Uint8Array, place: { position: number }): void {
  let at = 0;
  while (at < window.length && parser.unwanted === 0) {
    const block = window.subarray(at, at + 512 - (place.position % 512));
    place.position += block.length;
    at += block.length;
    parser.push(block);
  }
}
