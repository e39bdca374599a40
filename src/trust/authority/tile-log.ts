/**
 * A transparency log in a folder (C2SP tlog-tiles): entries in bundles, hashes in tiles, a signed checkpoint that commits to them.
 *
 *     checkpoint            the newest tree that was promised to anybody
 *     checkpoint.pending    with witnesses: the newest tree that was shown to any of them
 *     tile/L/N[.p/W]        hashes
 *     tile/entries/N[.p/W]  entries, each behind its length in two bytes
 *     extra/N               what is kept with entries and not promised, each behind its length in four bytes
 *
 * An entry is acknowledged when a checkpoint that includes it is on the disk; files of it are there before. So a crash leaves files that no
 * checkpoint speaks of, which the next batch replaces: nothing acknowledged is lost, and no two checkpoints ever contradict each other.
 *
 * With witnesses, what a tree holds is settled before they see it, for they will never cosign another, and it is promised when enough of
 * them have cosigned. What is settled and was not promised stays in the tree, and becomes public with the next entries.
 */
import { join } from 'node:path';
import { AppError, type Files } from '../../core/index.ts';
import {
  encodeBase64,
  findNoteFault,
  formatSignatureLine,
  HASH_BYTES,
  hashLeaf,
  isEqualBytes,
  parseCheckpoint,
  type NoteSigner,
  type SigningKey,
} from '../crypto/index.ts';
import type { CollectCosignatures } from '../witness/client.ts';
import {
  addLeaves,
  edgeRoot,
  EMPTY_EDGE,
  readEdge,
  TILE_WIDTH,
  tilePath,
  TreeReader,
  type Edge,
} from '../logs/tree.ts';

/** Two bytes say how long an entry is. */
const MAX_ENTRY_BYTES = 0xffff;
const MAX_EXTRA_BYTES = 1024 * 1024;
const MAX_CHECKPOINT_BYTES = 64 * 1024;
/** Entries of one checkpoint: what comes while one is written waits for the next. */
const MAX_BATCH = 4096;
/** Entries that wait; more are refused until the disk has caught up. */
const MAX_WAITING = 16_384;
/** Full tiles in memory, of 8 KiB each. */
const MAX_CACHED_TILES = 2048;
const CHECKPOINT = 'checkpoint';
const PENDING = 'checkpoint.pending';

export interface LogSigner extends NoteSigner {
  /** The first line of checkpoints: the name, and whatever tells trees of one log apart. */
  readonly origin: string;
  readonly signing: SigningKey;
}

export interface LogHead {
  readonly size: number;
  readonly root: Uint8Array;
  /** The signed note. */
  readonly checkpoint: string;
}

export interface Appended {
  readonly index: number;
  readonly head: LogHead;
  /** From the entry to the root of `head`. */
  readonly proof: readonly Uint8Array[];
}

export interface Kept {
  readonly entry: Uint8Array;
  readonly extra: Uint8Array;
}

interface OpenedLog {
  readonly signer: LogSigner;
  readonly cosign: CollectCosignatures | undefined;
  readonly head: LogHead;
}

interface Waiting extends Kept {
  readonly done: (appended: Appended) => void;
  readonly failed: (error: unknown) => void;
}

export class TileLog {
  readonly #files: Files;
  readonly #folder: string;
  readonly #signer: LogSigner;
  readonly #cosign: CollectCosignatures | undefined;
  readonly #tiles = new Map<string, Uint8Array>();
  readonly #waiting: Waiting[] = [];
  /** Both checkpoints as this process wrote or found them. */
  readonly #written = new Map<string, string | undefined>();
  /** Of the newest tree that is settled. */
  #edge: Edge = EMPTY_EDGE;
  /** Of the newest tree that was promised. */
  #head: LogHead;
  /** Of the last bundle, which is not full. */
  #bundle: readonly Kept[] = [];
  #running: Promise<void> | undefined;

  private constructor(files: Files, folder: string, { signer, cosign, head }: OpenedLog) {
    this.#files = files;
    this.#folder = folder;
    this.#signer = signer;
    this.#cosign = cosign;
    this.#head = head;
  }

  /** Makes the log when there is none. Throws `untrusted-root` when what lies there is not what its key signed. */
  static async open(files: Files, folder: string, signer: LogSigner, cosign?: CollectCosignatures): Promise<TileLog> {
    const [found, pending] = await Promise.all([
      readHead(files, join(folder, CHECKPOINT), signer),
      readHead(files, join(folder, PENDING), signer),
    ]);
    const head = found ?? (await signHead(signer, EMPTY_EDGE));
    const log = new TileLog(files, folder, { signer, cosign, head });
    if (found === undefined) await files.writeAtomic(join(folder, CHECKPOINT), head.checkpoint);
    log.#written.set(CHECKPOINT, head.checkpoint).set(PENDING, pending?.checkpoint);
    const settled = pending !== undefined && pending.size > head.size ? pending : head;
    log.#edge = await readEdge(settled.size, (level, index, width) => log.#readFile(level, index, width));
    if (!isEqualBytes(edgeRoot(log.#edge), settled.root)) throw damaged(folder, 'tiles of its checkpoint', 'others');
    const full = Math.floor(settled.size / TILE_WIDTH);
    log.#bundle = await log.#readBundle(full, settled.size - full * TILE_WIDTH);
    return log;
  }

  get head(): LogHead {
    return this.#head;
  }

  /** Done when the entry is on the disk and a checkpoint promises it. Throws `unavailable` when too many wait. */
  append(entry: Uint8Array, extra: Uint8Array = new Uint8Array()): Promise<Appended> {
    if (entry.length > MAX_ENTRY_BYTES || extra.length > MAX_EXTRA_BYTES) {
      throw new AppError(
        'invalid-input',
        `log entry: expected at most ${MAX_ENTRY_BYTES} bytes, found ${entry.length}`,
      );
    }
    if (this.#waiting.length >= MAX_WAITING) throw new AppError('unavailable', 'log: too many entries wait, try again');
    return new Promise((done, failed) => {
      this.#waiting.push({ entry, extra, done, failed });
      this.#running ??= this.#run();
    });
  }

  /** Ends when all that was appended is written. */
  async close(): Promise<void> {
    await this.#running;
  }

  /** An entry that was acknowledged, or undefined. */
  async read(index: number): Promise<Kept | undefined> {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#head.size) return undefined;
    return (await this.readBundle(Math.floor(index / TILE_WIDTH)))[index % TILE_WIDTH];
  }

  /** The acknowledged entries of a bundle, in order. */
  async readBundle(bundle: number): Promise<readonly Kept[]> {
    const [acknowledged, settled] = [this.#head.size, this.#edge.size].map((size) => size - bundle * TILE_WIDTH);
    if (acknowledged === undefined || settled === undefined || acknowledged <= 0) return [];
    const kept = settled < TILE_WIDTH ? this.#bundle : await this.#readBundle(bundle, TILE_WIDTH);
    return kept.slice(0, acknowledged);
  }

  async #readBundle(bundle: number, width: number): Promise<readonly Kept[]> {
    if (width === 0) return [];
    const entries = unpack(await this.#files.read(this.#place('tile/entries', bundle, width)), 2);
    const extras = unpack(await this.#files.read(join(this.#folder, 'extra', tilePath(bundle))), 4);
    return entries.slice(0, width).map((entry, at) => ({ entry, extra: extras[at] ?? new Uint8Array() }));
  }

  /** Proof that the entry stands in the tree of `size` leaves, by default the newest. */
  inclusionProof(index: number, size = this.#head.size): Promise<readonly Uint8Array[]> {
    return this.#reader(size).inclusionProof(index);
  }

  consistencyProof(older: number, size = this.#head.size): Promise<readonly Uint8Array[]> {
    return this.#reader(size).consistencyProof(older);
  }

  root(size: number): Promise<Uint8Array> {
    return this.#reader(size).root();
  }

  /** A file of the log for whoever reads it: `checkpoint`, `tile/0/x001/067`, `tile/entries/000.p/5`. */
  async file(path: string): Promise<Uint8Array | undefined> {
    if (path === 'checkpoint') return Buffer.from(this.#head.checkpoint);
    if (!TILE_PATH.test(path)) return undefined;
    try {
      return await this.#files.read(join(this.#folder, path));
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not-found') return undefined;
      throw error;
    }
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      try {
        const first = this.#edge.size;
        await this.#publish(await this.#integrate(batch));
        const reader = this.#reader(this.#head.size);
        for (const [at, { done }] of batch.entries()) {
          done({ index: first + at, head: this.#head, proof: await reader.inclusionProof(first + at) });
        }
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#running = undefined;
  }

  /** Puts the entries into the tree. */
  async #integrate(batch: readonly Waiting[]): Promise<LogHead> {
    const leaves = batch.map(({ entry }) => hashLeaf(entry));
    const { edge, tiles } = addLeaves(this.#edge, leaves);
    const head = await signHead(this.#signer, edge);
    const bundles = bundlesOf(this.#edge.size, [...this.#bundle, ...batch]);
    // all have ended before anything else is written to the same places
    const written = await Promise.allSettled([
      ...tiles.map(({ level, index, hashes }) =>
        this.#files.writeAtomic(this.#place(`tile/${level}`, index, hashes.length / HASH_BYTES), hashes),
      ),
      ...bundles.flatMap(({ index, kept }) => [
        this.#files.writeAtomic(
          this.#place('tile/entries', index, kept.length),
          pack(
            kept.map(({ entry }) => entry),
            2,
          ),
        ),
        this.#files.writeAtomic(
          join(this.#folder, 'extra', tilePath(index)),
          pack(
            kept.map(({ extra }) => extra),
            4,
          ),
        ),
      ]),
    ]);
    for (const result of written) if (result.status === 'rejected') throw result.reason;
    await this.#replace(this.#cosign === undefined ? CHECKPOINT : PENDING, head.checkpoint);
    const last = bundles.at(-1)?.kept ?? [];
    this.#bundle = last.length === TILE_WIDTH ? [] : last;
    this.#edge = edge;
    const full = tiles.filter(({ hashes }) => hashes.length === TILE_WIDTH * HASH_BYTES);
    // the entries are settled already: parts that cannot be removed only take room
    for (const { level, index } of full) await this.#removeParts(level, index).catch(() => undefined);
    return head;
  }

  /** Throws `unavailable` when too few witnesses cosign. */
  async #publish(head: LogHead): Promise<void> {
    if (this.#cosign === undefined) {
      this.#head = head;
      return;
    }
    const reader = this.#reader(head.size);
    const checkpoint = await this.#cosign(head, (older) => reader.consistencyProof(older));
    await this.#replace(CHECKPOINT, checkpoint);
    this.#head = { ...head, checkpoint };
  }

  /** Whoever else writes here would fork the log. */
  async #replace(name: string, text: string): Promise<void> {
    for (const [known, written] of this.#written) {
      if ((await readText(this.#files, join(this.#folder, known))) === written) continue;
      throw damaged(this.#folder, `the ${known} written last`, 'another: does another process write this log?');
    }
    await this.#files.writeAtomic(join(this.#folder, name), text);
    this.#written.set(name, text);
  }

  async #removeParts(level: number, index: number): Promise<void> {
    await this.#files.remove(join(this.#folder, `tile/${level}/${tilePath(index)}.p`));
    if (level === 0) await this.#files.remove(join(this.#folder, `tile/entries/${tilePath(index)}.p`));
  }

  #reader(size: number): TreeReader {
    if (size > this.#edge.size)
      throw new AppError('invalid-input', `log: expected a size of at most ${this.#edge.size}`);
    return new TreeReader(size, (level, index, width) => this.#readTile(level, index, width));
  }

  async #readTile(level: number, index: number, width: number): Promise<Uint8Array> {
    const partial = this.#edge.partial[level] ?? [];
    const isLast = index === Math.floor(this.#edge.size / TILE_WIDTH ** (level + 1));
    if (isLast) return Buffer.concat(partial.slice(0, width));
    const key = `${level}/${index}`;
    let tile = this.#tiles.get(key);
    if (tile === undefined) {
      tile = await this.#readFile(level, index, TILE_WIDTH);
      const [oldest] = this.#tiles.keys();
      if (this.#tiles.size >= MAX_CACHED_TILES && oldest !== undefined) this.#tiles.delete(oldest);
      this.#tiles.set(key, tile);
    }
    return tile.subarray(0, width * HASH_BYTES);
  }

  async #readFile(level: number, index: number, width: number): Promise<Uint8Array> {
    const path = this.#place(`tile/${level}`, index, width);
    const hashes = await this.#files.read(path);
    if (hashes.length === width * HASH_BYTES) return hashes;
    throw damaged(path, `${width} hashes`, `${hashes.length} bytes`);
  }

  #place(kind: string, index: number, width: number): string {
    return join(this.#folder, kind, tilePath(index) + (width === TILE_WIDTH ? '' : `.p/${width}`));
  }
}

const TILE_PATH = /^tile\/(?:entries|[0-6])\/(?:x\d{3}\/){0,5}\d{3}(?:\.p\/[1-9]\d{0,2})?$/;

/** The bundles that change when these come behind the full ones before `size`: the first of them is the open bundle from its beginning. */
function bundlesOf(
  size: number,
  kept: readonly Kept[],
): readonly { readonly index: number; readonly kept: readonly Kept[] }[] {
  const first = Math.floor(size / TILE_WIDTH);
  return Array.from({ length: Math.ceil(kept.length / TILE_WIDTH) }, (_, at) => ({
    index: first + at,
    kept: kept.slice(at * TILE_WIDTH, (at + 1) * TILE_WIDTH),
  }));
}

function pack(parts: readonly Uint8Array[], lengthBytes: number): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(lengthBytes);
      length.writeUIntBE(part.length, 0, lengthBytes);
      return [length, part];
    }),
  );
}

function unpack(bytes: Uint8Array, lengthBytes: number): readonly Uint8Array[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  for (let at = 0; at + lengthBytes <= buffer.length;) {
    const start = at + lengthBytes;
    at = start + buffer.readUIntBE(at, lengthBytes);
    if (at <= buffer.length) parts.push(buffer.subarray(start, at));
  }
  return parts;
}

async function signHead(signer: LogSigner, edge: Edge): Promise<LogHead> {
  const root = edgeRoot(edge);
  const text = `${signer.origin}\n${edge.size}\n${encodeBase64(root)}\n`;
  const line = formatSignatureLine(signer, await signer.signing.sign(Buffer.from(text)));
  return { size: edge.size, root, checkpoint: `${text}\n${line}` };
}

async function readHead(files: Files, path: string, signer: LogSigner): Promise<LogHead | undefined> {
  const checkpoint = await readText(files, path);
  if (checkpoint === undefined) return undefined;
  const { origin, note, size, root } = parseCheckpoint(checkpoint, path);
  if (origin === signer.origin && findNoteFault(note, signer) === undefined) return { size, root, checkpoint };
  throw damaged(path, `a checkpoint of ${signer.origin} by its key`, `one of ${origin} or by another key`);
}

async function readText(files: Files, path: string): Promise<string | undefined> {
  if ((await files.stat(path)) === undefined) return undefined;
  return new TextDecoder().decode(await files.read(path, MAX_CHECKPOINT_BYTES));
}

function damaged(what: string, expected: string, found: string): AppError {
  return new AppError('untrusted-root', `${what}: expected ${expected}, found ${found}`);
}
