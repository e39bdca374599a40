/**
 * The entries of a layer by columns: images have some hundred thousand, and an object for each with its path would take ten times the
 * memory. Folders are named once, names are one text.
 */
import type { TarEntry } from './tar.ts';

export interface LayerEntry {
  /** Its number in the table. */
  readonly row: number;
  /** Empty at the root. */
  readonly folder: string;
  readonly name: string;
  readonly kind: TarEntry['kind'];
  readonly size: number;
  readonly mode: number;
  /** Of links, as written. */
  readonly linkName: string;
  /** Whether the selector chose it, by this path. */
  readonly isChosen: boolean;
}

export type NewEntry = Omit<LayerEntry, 'row'>;

/** All but `folders`, `names` and `links` have one number for each row. */
export interface Columns {
  readonly folders: readonly string[];
  /** UTF-8; each name ends with a slash. */
  readonly names: Uint8Array;
  /** Of links only, by row. */
  readonly links: ReadonlyMap<number, string>;
  /** Indexes into `folders`. */
  readonly folderOf: Uint32Array<ArrayBuffer>;
  readonly sizes: Float64Array<ArrayBuffer>;
  readonly modes: Uint16Array<ArrayBuffer>;
  /** Indexes into KINDS, and CHOSEN. */
  readonly kinds: Uint8Array<ArrayBuffer>;
}

const KINDS = ['file', 'directory', 'symlink', 'hardlink', 'other'] as const;
const CHOSEN = 0x80;

/** In the tar's order; a path may come twice, the later one counts. */
export class LayerTable {
  readonly columns: Columns;

  constructor(columns: Columns) {
    this.columns = columns;
  }

  get length(): number {
    return this.columns.kinds.length;
  }

  *[Symbol.iterator](): Generator<LayerEntry> {
    const { folders, folderOf } = this.columns;
    const names = Buffer.from(this.columns.names).toString('utf8');
    for (let row = 0, at = 0; row < this.length; row += 1) {
      const end = names.indexOf('/', at);
      yield { row, folder: folders[folderOf[row] ?? 0] ?? '', name: names.slice(at, end), ...this.attributesOf(row) };
      at = end + 1;
    }
  }

  attributesOf(row: number): Omit<LayerEntry, 'row' | 'folder' | 'name'> {
    const { sizes, modes, links } = this.columns;
    return {
      kind: this.kindOf(row),
      size: sizes[row] ?? 0,
      mode: modes[row] ?? 0,
      linkName: links.get(row) ?? '',
      isChosen: ((this.columns.kinds[row] ?? 0) & CHOSEN) !== 0,
    };
  }

  kindOf(row: number): TarEntry['kind'] {
    return KINDS[(this.columns.kinds[row] ?? 0) & ~CHOSEN] ?? 'other';
  }
}

const FIRST_ROWS = 256;
const FIRST_NAMES = 4096;

export class LayerTableBuilder {
  readonly #folders = new Map<string, number>();
  readonly #links = new Map<number, string>();
  #names = Buffer.alloc(FIRST_NAMES);
  #namesLength = 0;
  #otherLength = 0;
  #folderOf = new Uint32Array(FIRST_ROWS);
  #sizes = new Float64Array(FIRST_ROWS);
  #modes = new Uint16Array(FIRST_ROWS);
  #kinds = new Uint8Array(FIRST_ROWS);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Of all names, folders and what links point to. */
  get textLength(): number {
    return this.#namesLength + this.#otherLength;
  }

  add({ folder, name, kind, size, mode, linkName, isChosen }: NewEntry): void {
    const row = this.#length;
    if (row === this.#kinds.length) this.#grow();
    this.#folderOf[row] = this.#numberOf(folder);
    this.#sizes[row] = size;
    this.#modes[row] = mode;
    this.#kinds[row] = KINDS.indexOf(kind) | (isChosen ? CHOSEN : 0);
    if (linkName !== '') this.#links.set(row, linkName);
    this.#otherLength += linkName.length;
    this.#write(`${name}/`);
    this.#length += 1;
  }

  finish(): LayerTable {
    const length = this.#length;
    return new LayerTable({
      folders: [...this.#folders.keys()],
      names: new Uint8Array(this.#names.subarray(0, this.#namesLength)),
      links: this.#links,
      folderOf: this.#folderOf.slice(0, length),
      sizes: this.#sizes.slice(0, length),
      modes: this.#modes.slice(0, length),
      kinds: this.#kinds.slice(0, length),
    });
  }

  #numberOf(folder: string): number {
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    this.#folders.set(folder, this.#folders.size);
    this.#otherLength += folder.length;
    return this.#folders.size - 1;
  }

  #write(text: string): void {
    // a unit of UTF-16 is at most three bytes of UTF-8
    if (this.#namesLength + 3 * text.length > this.#names.length)
      this.#names = Buffer.concat([this.#names], 2 * this.#names.length + 3 * text.length);
    this.#namesLength += this.#names.write(text, this.#namesLength);
  }

  #grow(): void {
    const length = 2 * this.#length;
    this.#folderOf = copied(new Uint32Array(length), this.#folderOf);
    this.#sizes = copied(new Float64Array(length), this.#sizes);
    this.#modes = copied(new Uint16Array(length), this.#modes);
    this.#kinds = copied(new Uint8Array(length), this.#kinds);
  }
}

function copied<T extends { set(from: T): void }>(to: T, from: T): T {
  to.set(from);
  return to;
}

/** Of a table and all others: where a path is. */
export function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const slash = path.lastIndexOf('/');
  return { folder: slash < 0 ? '' : path.slice(0, slash), name: path.slice(slash + 1) };
}

export function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
