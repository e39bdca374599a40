/** Layer indexes as bytes, and kept by diff id and selector: a layer's content never changes, so neither does what we learnt from it. */
import {
  AppError,
  arrayOf,
  decodeJson,
  natural,
  mapOf,
  object,
  parseDigest,
  string,
  type Cache,
  type Digest,
  type FileSelector,
} from '../../core/index.ts';
import type { LayerIndex } from './layer-index.ts';
import { LayerTable } from './layer-table.ts';

/** Changes when the stored form or the reading of layers changes. */
const FORM = 'layer-index-4';
const MAX_TABLE_BYTES = 1024 * 1024 * 1024;
const MAX_ROWS = 4_000_000;

export async function loadLayerIndex(
  cache: Cache,
  diffId: Digest,
  selector: FileSelector,
): Promise<LayerIndex | undefined> {
  const stored = await cache.load(keyOf(diffId, selector));
  if (stored === undefined) return undefined;
  try {
    const index = decodeLayerIndex(stored);
    return index.diffId === diffId ? index : undefined;
  } catch {
    // a damaged entry is as good as none: the layer is read again
    return undefined;
  }
}

export async function saveLayerIndex(cache: Cache, index: LayerIndex, selector: FileSelector): Promise<void> {
  await cache.save(keyOf(index.diffId, selector), encodeLayerIndex(index));
}

function keyOf(diffId: Digest, selector: FileSelector): string {
  return `${FORM}\n${diffId}\n${selector.id}`;
}

const table = object({
  diffId: string,
  folders: arrayOf(string, MAX_ROWS),
  /** By the row's number. */
  links: mapOf(string),
  whiteouts: arrayOf(string, MAX_ROWS),
  opaques: arrayOf(string, MAX_ROWS),
  skipped: arrayOf(object({ path: string, reason: string }), MAX_ROWS),
  contents: arrayOf(object({ path: string, size: natural }), MAX_ROWS),
  rows: natural,
  /** Bytes. */
  names: natural,
});

/** Four bytes of the table's length, the table as JSON, the columns, then the contents one after the other. */
export function encodeLayerIndex(index: LayerIndex): Uint8Array {
  const { folders, links, names, ...columns } = index.entries.columns;
  const document = {
    diffId: index.diffId,
    folders,
    links: Object.fromEntries(links),
    whiteouts: index.whiteouts,
    opaques: index.opaques,
    skipped: index.skipped,
    contents: [...index.contents].map(([path, content]) => ({ path, size: content.length })),
    rows: index.entries.length,
    names: names.length,
  };
  const json = Buffer.from(JSON.stringify(document));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  const { sizes, folderOf, modes, kinds } = columns;
  const bytes = [sizes, folderOf, modes, kinds].map((column) => Buffer.from(column.buffer));
  return Buffer.concat([length, json, ...bytes, names, ...index.contents.values()]);
}

/** Throws `invalid-input` for anything but what encodeLayerIndex made. */
export function decodeLayerIndex(stored: Uint8Array): LayerIndex {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  let at = 4 + bytes.readUInt32BE(0);
  const found = decodeJson(bytes.subarray(4, at), table, { what: 'layer index', maxBytes: MAX_TABLE_BYTES });
  const take = (size: number): Buffer => {
    at += size;
    if (at > bytes.length)
      throw new AppError('invalid-input', `layer index: expected ${at} bytes, found ${bytes.length}`);
    return bytes.subarray(at - size, at);
  };
  /** In memory of their own: they must begin at multiples of their size, and all that is stored would be held with them. */
  const column = (size: number): ArrayBuffer => new Uint8Array(take(size * found.rows)).buffer;
  const entries = new LayerTable({
    folders: found.folders,
    links: new Map(Object.entries(found.links).map(([row, link]) => [Number(row), link])),
    sizes: new Float64Array(column(8)),
    folderOf: new Uint32Array(column(4)),
    modes: new Uint16Array(column(2)),
    kinds: new Uint8Array(column(1)),
    names: new Uint8Array(take(found.names)),
  });
  const contents = new Map(found.contents.map(({ path, size }) => [path, take(size)]));
  if (at !== bytes.length)
    throw new AppError('invalid-input', `layer index: expected ${at} bytes, found ${bytes.length}`);
  const { whiteouts, opaques, skipped } = found;
  return { diffId: parseDigest(found.diffId), entries, whiteouts, opaques, skipped, contents };
}
