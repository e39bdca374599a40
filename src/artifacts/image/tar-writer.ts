/**
 * Writer of tar archives (ustar, PAX for long names and large sizes): deterministic ones with no owner and one time for all, and
 * single entries that keep what another archive says about them.
 */
import type { TarEntry } from './tar.ts';

const BLOCK = 512;
/** What the size field of ustar holds: eleven octal digits. */
const MAX_USTAR_SIZE = 0o77777777777;

export interface TarFile {
  readonly path: string;
  readonly size: number;
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
  /** Permission bits; readable for all when absent. */
  readonly mode?: number;
  /** Of a symbolic link, which has no content. */
  readonly linkTarget?: string;
  readonly isFolder?: boolean;
}

/** `time` in seconds of the epoch. */
export async function* writeTar(files: Iterable<TarFile>, time = 0): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    if (file.isFolder === true) {
      yield* folderEntry(file.path);
      continue;
    }
    const name = Buffer.from(file.path);
    const link = Buffer.from(file.linkTarget ?? '');
    if (name.length > 100 || link.length > 100 || file.size > MAX_USTAR_SIZE) {
      const linked = link.length > 100 ? [paxRecord('linkpath', link.toString())] : [];
      yield* paxEntry([paxRecord('path', file.path), ...linked, paxRecord('size', String(file.size))], time);
    }
    const type = file.linkTarget === undefined ? '0' : '2';
    const mode = file.mode === undefined ? {} : { mode: file.mode };
    yield header({ name: name.subarray(0, 100), size: Math.min(file.size, MAX_USTAR_SIZE), type, time, link, ...mode });
    if (file.content instanceof Uint8Array) yield file.content;
    else yield* file.content;
    yield padding(file.size);
  }
  yield TAR_END;
}

/** The last blocks of an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

/** A folder with the mode that is usual for one. */
export function* folderEntry(path: string): Generator<Uint8Array> {
  const name = Buffer.from(`${path}/`);
  if (name.length > 100) yield* paxEntry([paxRecord('path', `${path}/`)], 0);
  yield header({ name: name.subarray(0, 100), size: 0, type: '5', time: 0, mode: 0o755 });
}

/** The header of an entry of another archive under a new path; content and padding() follow. */
export function* copyEntry(entry: TarEntry, path: string): Generator<Uint8Array> {
  const isFolder = entry.kind === 'directory';
  const type = isFolder ? '5' : String.fromCharCode(entry.header[156] ?? 0);
  yield* rewritten(entry, { path: isFolder ? `${path}/` : path, type, linkName: entry.linkName, size: entry.size });
}

/** A hard link to what was written under `target`, with the attributes of the entry. */
export function* linkEntry(entry: TarEntry, path: string, target: string): Generator<Uint8Array> {
  yield* rewritten(entry, { path, type: '1', linkName: target, size: 0 });
}

interface NewFields {
  readonly path: string;
  readonly type: string;
  readonly linkName: string;
  readonly size: number;
}

/** Records that say what the new fields say, or that belong to forms that are not written. */
const REPLACED_RECORD = /^(?:path|linkpath|size|hdrcharset|GNU\.sparse\..*)$/;

/** Owner, mode, times, device numbers and extended attributes stay, as bytes. */
function* rewritten(entry: TarEntry, { path, type, linkName, size }: NewFields): Generator<Uint8Array> {
  const [name, link] = [Buffer.from(path), Buffer.from(type === '1' || type === '2' ? linkName : '')];
  const records: (string | Uint8Array)[] = [];
  for (const [key, record] of entry.records) if (!REPLACED_RECORD.test(key)) records.push(record);
  if (name.length > 100) records.push(paxRecord('path', path));
  if (link.length > 100) records.push(paxRecord('linkpath', linkName));
  if (size > MAX_USTAR_SIZE) records.push(paxRecord('size', String(size)));
  if (records.length > 0) yield* paxEntry(records, 0);
  const block = Buffer.from(entry.header);
  block.fill(0, 0, 100).set(name.subarray(0, 100), 0);
  writeOctal(block, Math.min(size, MAX_USTAR_SIZE), { at: 124, length: 12 });
  block.write(type, 156, 'latin1');
  block.fill(0, 157, 257).set(link.subarray(0, 100), 157);
  // ustar's prefix, or GNU's times, of the header that this was
  block.fill(0, 345);
  yield sealed(block);
}

function* paxEntry(records: readonly (string | Uint8Array)[], time: number): Generator<Uint8Array> {
  const content = Buffer.concat(records.map((record) => (typeof record === 'string' ? Buffer.from(record) : record)));
  yield header({ name: Buffer.from('PaxHeaders/0'), size: content.length, type: 'x', time });
  yield content;
  yield padding(content.length);
}

/** The length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

interface HeaderFields {
  readonly name: Uint8Array;
  readonly size: number;
  readonly type: string;
  readonly time: number;
  readonly mode?: number;
  readonly link?: Uint8Array;
}

function header({ name, size, type, time, mode = 0o644, link }: HeaderFields): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  block.set(name, 0);
  writeOctal(block, mode, { at: 100, length: 8 });
  writeOctal(block, 0, { at: 108, length: 8 });
  writeOctal(block, 0, { at: 116, length: 8 });
  writeOctal(block, size, { at: 124, length: 12 });
  writeOctal(block, time, { at: 136, length: 12 });
  block.write(type, 156, 'latin1');
  if (link !== undefined) block.set(link.subarray(0, 100), 157);
  return sealed(block);
}

function writeOctal(
  block: Buffer,
  value: number,
  { at, length }: { readonly at: number; readonly length: number },
): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
}

/** With the mark of ustar and its checksum. */
function sealed(block: Buffer): Uint8Array {
  block.write('ustar\u000000', 257, 'latin1');
  block.write('        ', 148, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** To the end of a block after content of this many bytes. */
export function padding(size: number): Uint8Array {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}
