/** What one layer says, learnt in a single pass: paths, whiteouts, and the content of chosen files only. */
import {
  AppError,
  createHasher,
  HEAD_BYTES,
  holdWhole,
  type Condenser,
  type Digest,
  type FileSelector,
  type Selection,
  type SkippedFile,
} from '../../core/index.ts';
import { inflate, refuseBomb } from './inflate.ts';
import { joinPath, LayerTableBuilder, splitPath, type LayerTable } from './layer-table.ts';
import { cleanPath, TarParser, type TarEntry, type TarSink } from './tar.ts';

export interface LayerIndex {
  readonly diffId: Digest;
  readonly entries: LayerTable;
  /** Paths of lower layers that this one deletes. */
  readonly whiteouts: readonly string[];
  /** Folders of which this layer hides all that lower layers put there. */
  readonly opaques: readonly string[];
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly skipped: readonly SkippedFile[];
}

export interface LayerLimits {
  /** Bytes of the uncompressed tar: a bomb of a few megabytes inflates a thousandfold. */
  readonly inflatedBytes: number;
  readonly entries: number;
  /** Of the names of all entries and of their folders. */
  readonly nameBytes: number;
  /** Bytes kept of chosen files. */
  readonly keptBytes: number;
}

/** Above the largest known images (machine learning bases: 20 GB, 600,000 files in a layer). */
export const LAYER_LIMITS: LayerLimits = {
  inflatedBytes: 64 * 1024 ** 3,
  entries: 2_000_000,
  nameBytes: 256 * 1024 ** 2,
  keptBytes: 1024 ** 3,
};

/** PATH_MAX of Linux. */
const MAX_PATH_LENGTH = 4096;
const MAX_DEPTH = 256;
/** What no entry of a folder is called: `.wh...` would delete the folder above. */
const NO_NAMES: ReadonlySet<string> = new Set(['', '.', '..']);

export interface LayerReadOptions {
  readonly selector: FileSelector;
  /** Names the layer in errors. */
  readonly what: string;
  readonly limits?: LayerLimits;
  /** Inflated bytes so far. */
  readonly onBytes?: (total: number) => void;
}

/** Learns what is in a layer and keeps no content. */
export const LAYER_ALONE: FileSelector = { id: 'none', select: () => ({ kind: 'skip' }) };

/** Reads a layer's bytes as stored, compressed or not. The diff id found is in the result: the caller compares. */
export async function readLayer(source: AsyncIterable<Uint8Array>, options: LayerReadOptions): Promise<LayerIndex> {
  const limits = options.limits ?? LAYER_LIMITS;
  const collector = new LayerCollector(options, limits);
  const parser = new TarParser(options.what, (entry) => collector.visit(entry));
  const hasher = createHasher('sha256');
  let total = 0;
  const stored = { bytes: 0 };
  for await (const chunk of inflate(counted(source, stored), options.what, { lend: true })) {
    total += chunk.length;
    refuseBomb(total, stored.bytes, { what: options.what, inflatedBytes: limits.inflatedBytes });
    hasher.update(chunk);
    parser.push(chunk);
    options.onBytes?.(total);
  }
  parser.finish();
  return collector.finish(hasher.digest());
}

async function* counted(source: AsyncIterable<Uint8Array>, count: { bytes: number }): AsyncIterable<Uint8Array> {
  for await (const chunk of source) {
    count.bytes += chunk.length;
    yield chunk;
  }
}

/** The path under which an index has a tar entry; undefined for whiteouts, the root, and what leaves it. */
export function indexedPath(written: string): string | undefined {
  const path = cleanPath(written);
  return path === undefined || path === '' || splitPath(path).name.startsWith('.wh.') ? undefined : path;
}

type Chosen = Exclude<Selection, { readonly kind: 'skip' }>;

class LayerCollector {
  readonly #options: LayerReadOptions;
  readonly #limits: LayerLimits;
  readonly #entries = new LayerTableBuilder();
  readonly #whiteouts: string[] = [];
  readonly #opaques: string[] = [];
  readonly #contents = new Map<string, Uint8Array>();
  readonly #skipped: SkippedFile[] = [];
  #kept = 0;

  constructor(options: LayerReadOptions, limits: LayerLimits) {
    this.#options = options;
    this.#limits = limits;
  }

  finish(diffId: Digest): LayerIndex {
    return {
      diffId,
      entries: this.#entries.finish(),
      whiteouts: this.#whiteouts,
      opaques: this.#opaques,
      contents: this.#contents,
      skipped: this.#skipped,
    };
  }

  visit(entry: TarEntry): TarSink | undefined {
    this.#refuseFlood();
    const path = this.#cleaned(entry.path);
    if (path === undefined || path === '' || this.#takeWhiteout(path)) return undefined;
    const { kind, size, mode, linkName } = entry;
    if (linkName.length > MAX_PATH_LENGTH) throw this.#tooLong(path);
    const selection: Selection =
      kind === 'file' ? this.#options.selector.select({ path, mode, size }) : { kind: 'skip' };
    this.#entries.add({ ...splitPath(path), kind, size, mode, linkName, isChosen: selection.kind !== 'skip' });
    this.#contents.delete(path);
    if (kind === 'hardlink') this.#noteLink(entry, path);
    return selection.kind === 'skip' ? undefined : this.#open(entry, path, selection);
  }

  #refuseFlood(): void {
    const { entries, nameBytes } = this.#limits;
    const { textLength } = this.#entries;
    const length = this.#entries.length + this.#whiteouts.length + this.#opaques.length + this.#skipped.length;
    const most = length >= entries ? `${entries} entries` : textLength > nameBytes ? `${nameBytes} bytes of names` : '';
    if (most !== '') throw new AppError('invalid-input', `${this.#options.what}: expected at most ${most}, found more`);
  }

  /** Content is chosen by the first name of a file; a later name that alone is wanted comes too late in a stream. */
  #noteLink(entry: TarEntry, path: string): void {
    const { kind } = this.#options.selector.select({ path, mode: entry.mode, size: 0 });
    const target = cleanPath(entry.linkName) ?? '';
    if (kind === 'keep' && !this.#contents.has(target)) {
      this.#skipped.push({ path, reason: `a hard link to ${target}, whose content was not chosen` });
    }
  }

  #cleaned(written: string): string | undefined {
    if (written.length > MAX_PATH_LENGTH) throw this.#tooLong(written);
    const path = cleanPath(written);
    if (path === undefined) this.#skipped.push({ path: written, reason: 'its path leaves the root' });
    if (path !== undefined && path.split('/').length > MAX_DEPTH) throw this.#tooLong(path);
    return path;
  }

  #tooLong(path: string): AppError {
    const shown = JSON.stringify(path.slice(0, 80));
    return new AppError(
      'invalid-input',
      `${this.#options.what}: expected paths of at most ${MAX_PATH_LENGTH} characters and ${MAX_DEPTH} folders, found ${shown}...`,
    );
  }

  /** OCI image specification, clause "Whiteouts"; other `.wh..wh.` names are bookkeeping of AUFS. */
  #takeWhiteout(path: string): boolean {
    const { folder, name } = splitPath(path);
    if (!name.startsWith('.wh.')) return false;
    if (name === '.wh..wh..opq') this.#opaques.push(folder);
    else if (!name.startsWith('.wh..wh.') && !NO_NAMES.has(name.slice(4)))
      this.#whiteouts.push(joinPath(folder, name.slice(4)));
    return true;
  }

  #open(entry: TarEntry, path: string, selection: Chosen): TarSink | undefined {
    const { size } = entry;
    const reason = entry.isSparse
      ? 'a sparse file'
      : size > selection.maxBytes
        ? `larger than ${selection.maxBytes} bytes`
        : this.#kept + size > this.#limits.keptBytes
          ? 'the layer has too much content to keep'
          : undefined;
    if (reason !== undefined) {
      this.#skipped.push({ path, reason });
      return undefined;
    }
    const keep = (kept: Uint8Array) => {
      this.#kept += kept.length;
      this.#contents.set(path, kept);
    };
    const open = selection.kind === 'keep' ? () => holdWhole(size, (content) => content) : selection.open;
    return new FileSink((head) => open(head, size), keep);
  }
}

/** Shows a file to its condenser, which may give up early when the head does not please. */
class FileSink implements TarSink {
  readonly #open: (head: Uint8Array) => Condenser | undefined;
  readonly #keep: (kept: Uint8Array) => void;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headLength = 0;
  #isOpened = false;
  #condenser: Condenser | undefined;

  constructor(open: (head: Uint8Array) => Condenser | undefined, keep: (kept: Uint8Array) => void) {
    this.#open = open;
    this.#keep = keep;
  }

  write(chunk: Uint8Array): void {
    if (this.#isOpened) {
      this.#condenser?.write(chunk);
      return;
    }
    const taken = chunk.subarray(0, HEAD_BYTES - this.#headLength);
    this.#head.set(taken, this.#headLength);
    this.#headLength += taken.length;
    if (this.#headLength < HEAD_BYTES) return;
    this.#start();
    this.#condenser?.write(chunk.subarray(taken.length));
  }

  end(): void {
    if (!this.#isOpened) this.#start();
    const kept = this.#condenser?.end();
    if (kept !== undefined) this.#keep(kept);
  }

  #start(): void {
    this.#isOpened = true;
    const head = this.#head.subarray(0, this.#headLength);
    this.#condenser = this.#open(head);
    this.#condenser?.write(head);
  }
}
