/**
 * Reader of bbolt databases, format version 2: buckets and keys of the last committed transaction, page by page.
 * The file is not locked: a writer may use pages again that are being read, so what is found must be proved otherwise (images are,
 * by their digests), and a page that makes no sense is an error. Not done: writing, freelists, encrypted or other forms.
 */
import { AppError, type Files } from '../../core/index.ts';

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const PAGE_HEADER = 16;
const META = 4;
const LEAF = 2;
const BRANCH = 1;
const ELEMENT = 16;
const BUCKET_HEADER = 16;
/** Of a page and those that overflow from it. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
/** Beyond it lie more bytes than a number counts. */
const MAX_PAGE = 2n ** 36n;
/** A tree of real size is four or five pages high. */
const MAX_DEPTH = 32;
/** Keys in one bucket, or pages on the way to them: more is no list of images. */
const MAX_ENTRIES = 1_000_000;

export interface BoltBucket {
  /** In the order of their bytes; a bucket's value is undefined. */
  list(): AsyncIterable<{ readonly key: string; readonly value: Uint8Array | undefined }>;
  bucket(key: string): Promise<BoltBucket | undefined>;
}

interface Meta {
  readonly pageSize: number;
  readonly root: number;
  readonly transaction: bigint;
}

interface Element {
  readonly key: string;
  readonly value: Buffer;
  readonly isBucket: boolean;
}

/** The root bucket. Throws `not-found` without a file, `invalid-input` for what is no such database. */
export async function openBolt(files: Files, path: string): Promise<BoltBucket> {
  const { pageSize, root } = await readMeta(files, path);
  return openBucket({ files, path, pageSize, pages: { read: 0 } }, { root });
}

interface Database {
  readonly files: Files;
  readonly path: string;
  readonly pageSize: number;
  readonly pages: { read: number };
}

/** Small buckets lie inside the value that names them. */
type BucketPlace = { readonly root: number } | { readonly inline: Buffer };

function openBucket(database: Database, place: BucketPlace): BoltBucket {
  const elements = async function* (): AsyncGenerator<Element> {
    if ('inline' in place) yield* leafElements(database, place.inline);
    else yield* treeElements(database, place.root, 0);
  };
  return {
    list: async function* () {
      for await (const { key, value, isBucket } of elements()) yield { key, value: isBucket ? undefined : value };
    },
    bucket: async (wanted) => {
      for await (const { key, value, isBucket } of elements()) {
        if (key === wanted) return isBucket ? openBucket(database, placeOf(database, value)) : undefined;
      }
      return undefined;
    },
  };
}

function placeOf(database: Database, value: Buffer): BucketPlace {
  if (value.length < BUCKET_HEADER) throw damaged(database, 'a bucket');
  const root = pageId(database, value.readBigUInt64LE(0));
  return root === 0 ? { inline: value.subarray(BUCKET_HEADER) } : { root };
}

async function* treeElements(database: Database, id: number, depth: number): AsyncGenerator<Element> {
  if (depth > MAX_DEPTH) throw damaged(database, `at most ${MAX_DEPTH} levels`);
  const page = await readPage(database, id);
  const flags = page.readUInt16LE(8);
  if ((flags & LEAF) !== 0) yield* leafElements(database, page);
  else if ((flags & BRANCH) !== 0) {
    for (const child of branchChildren(database, page)) yield* treeElements(database, child, depth + 1);
  } else throw damaged(database, 'a page of keys');
}

function* leafElements(database: Database, page: Buffer): Generator<Element> {
  for (const at of elementOffsets(database, page)) {
    const start = at + page.readUInt32LE(at + 4);
    const middle = start + page.readUInt32LE(at + 8);
    const end = middle + page.readUInt32LE(at + 12);
    if (end > page.length) throw damaged(database, 'keys inside their page');
    const isBucket = (page.readUInt32LE(at) & 1) !== 0;
    yield { key: page.toString('utf8', start, middle), value: page.subarray(middle, end), isBucket };
  }
}

function* branchChildren(database: Database, page: Buffer): Generator<number> {
  for (const at of elementOffsets(database, page)) yield pageId(database, page.readBigUInt64LE(at + 8));
}

function elementOffsets(database: Database, page: Buffer): readonly number[] {
  if (page.length < PAGE_HEADER) throw damaged(database, 'a page');
  const count = page.readUInt16LE(10);
  if (PAGE_HEADER + count * ELEMENT > page.length) throw damaged(database, 'entries inside their page');
  return Array.from({ length: count }, (_, index) => PAGE_HEADER + index * ELEMENT);
}

async function readPage(database: Database, id: number): Promise<Buffer> {
  const { files, path, pageSize, pages } = database;
  pages.read += 1;
  if (pages.read > MAX_ENTRIES) throw damaged(database, `at most ${MAX_ENTRIES} pages`);
  const start = id * pageSize;
  const first = await readRange(files, path, start, start + pageSize);
  if (first.length < pageSize || first.readBigUInt64LE(0) !== BigInt(id)) throw damaged(database, `page ${id}`);
  const length = (first.readUInt32LE(12) + 1) * pageSize;
  if (length > MAX_PAGE_BYTES) throw damaged(database, `pages of at most ${MAX_PAGE_BYTES} bytes`);
  return length === pageSize ? first : await readRange(files, path, start, start + length);
}

async function readMeta(files: Files, path: string): Promise<Meta> {
  const stat = await files.stat(path);
  if (stat?.kind !== 'file') throw new AppError('not-found', `${path}: no such file`);
  const first = parseMeta(await readRange(files, path, 0, 4096));
  // the second one lies a page further on; systems have pages of 4 to 64 KiB
  const sizes = first === undefined ? [4096, 8192, 16_384, 32_768, 65_536] : [first.pageSize];
  const metas = [first];
  for (const size of sizes) metas.push(parseMeta(await readRange(files, path, size, size + 4096)));
  const [newest] = metas.filter((meta) => meta !== undefined).sort((a, b) => (a.transaction < b.transaction ? 1 : -1));
  if (newest !== undefined) return newest;
  throw new AppError('invalid-input', `${path}: expected a bbolt database of version ${VERSION}, found none`);
}

/** Undefined when it is none, or was only half written: then the other one counts. */
function parseMeta(page: Buffer): Meta | undefined {
  if (page.length < PAGE_HEADER + 64 || (page.readUInt16LE(8) & META) === 0) return undefined;
  const meta = page.subarray(PAGE_HEADER);
  if (meta.readUInt32LE(0) !== MAGIC || meta.readUInt32LE(4) !== VERSION) return undefined;
  if (meta.readBigUInt64LE(56) !== fnv1a(meta.subarray(0, 56))) return undefined;
  const [pageSize, root] = [meta.readUInt32LE(8), Number(meta.readBigUInt64LE(16))];
  if (pageSize < 512 || pageSize > 65_536) return undefined;
  return { pageSize, root, transaction: meta.readBigUInt64LE(48) };
}

/** FNV-1a of 64 bits. */
function fnv1a(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

function pageId(database: Database, id: bigint): number {
  if (id > MAX_PAGE) throw damaged(database, 'a page number');
  return Number(id);
}

async function readRange(files: Files, path: string, start: number, end: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of files.stream(path, { start, end })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function damaged({ path }: Database, expected: string): AppError {
  return new AppError('invalid-input', `${path}: expected ${expected}, found something else`, {
    hint: 'a writer may have been at work: try again',
  });
}
