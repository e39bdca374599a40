/**
 * Content by its digest, and uploads that become such content: what an object storage can offer too. The one that is here keeps files:
 *
 *     blobs/ALG/HH/HEX     content
 *     hidden/ALG/HH/HEX    content on its way out: garbage collection takes it out of sight first, and a writer that needs it takes it back
 *     uploads/ID           bytes received so far
 *
 * Content appears whole by rename, after its bytes are on the disk.
 */
import { join } from 'node:path';
import { algorithmOf, AppError, findDigest, hexOf, type Digest, type Files } from '../../core/index.ts';

export interface Stored {
  /** Bytes. */
  readonly size: number;
  readonly modified: Date;
}

export interface ByteRange {
  readonly start: number;
  /** The place after the last byte. */
  readonly end: number;
}

export interface BlobStore {
  stat(digest: Digest): Promise<Stored | undefined>;
  /** With `recycle` a chunk is good only until the next but one is asked for. */
  stream(digest: Digest, range: ByteRange & { readonly recycle?: boolean }): AsyncIterable<Uint8Array>;
  /** Whole content of at most maxBytes. */
  read(digest: Digest, maxBytes: number): Promise<Uint8Array>;
  /** Durable when it returns; the caller has checked the digest. */
  write(digest: Digest, content: Uint8Array): Promise<void>;
  list(): AsyncIterable<Digest>;
  /** Out of sight, not gone. */
  hide(digest: Digest): Promise<void>;
  /** Back in sight; false when it is not hidden. */
  unhide(digest: Digest): Promise<boolean>;
  listHidden(): AsyncIterable<Digest>;
  /** Ends what was hidden. */
  purge(digest: Digest): Promise<void>;
  /** Removes what interrupted writes before this time left behind. */
  removeLeftovers(before: Date): Promise<void>;
  readonly uploads: UploadStore;
}

/** Ids are chosen by the caller and safe as file names. */
export interface UploadStore {
  create(id: string): Promise<void>;
  stat(id: string): Promise<Stored | undefined>;
  /** Durable when it returns; after an error, a beginning of the content may be there. */
  append(id: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  stream(id: string): AsyncIterable<Uint8Array>;
  /** Makes it the content of a digest that the caller has checked. */
  commit(id: string, digest: Digest): Promise<void>;
  remove(id: string): Promise<void>;
  list(): Promise<readonly string[]>;
}

/** `root` is made when first needed. */
export function createDiskBlobs(files: Files, root: string): BlobStore {
  const place = (part: string) => (digest: Digest) => {
    const hex = hexOf(digest);
    return join(root, part, algorithmOf(digest), hex.slice(0, 2), hex);
  };
  const [visible, hidden] = [place('blobs'), place('hidden')];
  return {
    stat: (digest) => files.stat(visible(digest)),
    stream: (digest, range) => files.stream(visible(digest), range),
    read: (digest, maxBytes) => files.read(visible(digest), maxBytes),
    write: (digest, content) => files.writeAtomic(visible(digest), content),
    list: () => listDigests(files, join(root, 'blobs')),
    hide: async (digest) => void (await moveExisting(files, visible(digest), hidden(digest))),
    unhide: (digest) => moveExisting(files, hidden(digest), visible(digest)),
    listHidden: () => listDigests(files, join(root, 'hidden')),
    purge: (digest) => files.remove(hidden(digest)),
    removeLeftovers: (before) => removeTemporary(files, join(root, 'blobs'), before),
    uploads: createDiskUploads(files, join(root, 'uploads'), visible),
  };
}

function createDiskUploads(files: Files, folder: string, place: (digest: Digest) => string): UploadStore {
  return {
    // an upload of which a power cut takes the empty file is begun anew by its client
    create: (id) => files.append(join(folder, id), new Uint8Array(), { durable: false }),
    stat: (id) => files.stat(join(folder, id)),
    append: (id, content) => files.append(join(folder, id), content),
    stream: (id) => files.stream(join(folder, id), { recycle: true }),
    commit: (id, digest) => files.rename(join(folder, id), place(digest)),
    remove: (id) => files.remove(join(folder, id)),
    list: () => files.list(folder),
  };
}

/** False when there is nothing at `from`, any more. */
async function moveExisting(files: Files, from: string, to: string): Promise<boolean> {
  try {
    await files.rename(from, to);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.kind === 'not-found') return false;
    throw error;
  }
}

async function* listDigests(files: Files, root: string): AsyncGenerator<Digest> {
  for (const algorithm of await files.list(root)) {
    for (const start of await files.list(join(root, algorithm))) {
      for (const hex of await files.list(join(root, algorithm, start))) {
        const digest = findDigest(`${algorithm}:${hex}`);
        if (digest !== undefined) yield digest;
      }
    }
  }
}

/** Folders below a root are this deep at most: a repository's name has at most 128 parts. */
const MAX_DEPTH = 140;

/** Files named as atomic writes name what is not finished. */
export async function removeTemporary(files: Files, folder: string, before: Date, depth = 0): Promise<void> {
  if (depth > MAX_DEPTH) return;
  for (const name of await files.list(folder)) {
    const path = join(folder, name);
    const stat = await files.stat(path, { follow: false });
    if (stat?.kind === 'directory') await removeTemporary(files, path, before, depth + 1);
    else if (/^\..*\.tmp$/.test(name) && stat !== undefined && stat.modified < before) await files.remove(path);
  }
}
