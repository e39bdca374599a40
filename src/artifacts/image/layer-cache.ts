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

/** Changes when the stored form or the reading of layers changes. */
const FORM = 'layer-index-3';
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

const KINDS = ['file', 'directory', 'symlink', 'hardlink', 'other'] as const;

/** By columns: a tenth of the objects that a list of rows would make. */
const table = object({
  diffId: string,
  paths: arrayOf(string, MAX_ROWS),
  /** Indexes into KINDS. */
  kinds: arrayOf(natural, MAX_ROWS),
  sizes: arrayOf(natural, MAX_ROWS),
  modes: arrayOf(natural, MAX_ROWS),
  /** Of links only, by the row's number. */
  links: mapOf(string),
  whiteouts: arrayOf(string, MAX_ROWS),
  opaques: arrayOf(string, MAX_ROWS),
  skipped: arrayOf(object({ path: string, reason: string }), MAX_ROWS),
  contents: arrayOf(object({ path: string, size: natural }), MAX_ROWS),
});

/** Four bytes of the table's length, the table as JSON, then the contents one after the other. */
export function encodeLayerIndex(index: LayerIndex): Uint8Array {
  const document = {
    diffId: index.diffId,
    paths: index.entries.map(({ path }) => path),
    kinds: index.entries.map(({ kind }) => KINDS.indexOf(kind)),
    sizes: index.entries.map(({ size }) => size),
    modes: index.entries.map(({ mode }) => mode),
    links: Object.fromEntries(index.entries.flatMap(({ linkName }, row) => (linkName === '' ? [] : [[row, linkName]]))),
    whiteouts: index.whiteouts,
    opaques: index.opaques,
    skipped: index.skipped,
    contents: [...index.contents].map(([path, content]) => ({ path, size: content.length })),
  };
  const json = Buffer.from(JSON.stringify(document));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, ...index.contents.values()]);
}

/** Throws `invalid-input` for anything but what encodeLayerIndex made. */
export function decodeLayerIndex(stored: Uint8Array): LayerIndex {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  let at = 4 + bytes.readUInt32BE(0);
  const found = decodeJson(bytes.subarray(4, at), table, { what: 'layer index', maxBytes: MAX_TABLE_BYTES });
  const contents = new Map<string, Uint8Array>();
  for (const { path, size } of found.contents) {
    contents.set(path, bytes.subarray(at, at + size));
    at += size;
  }
  if (at !== bytes.length)
    throw new AppError('invalid-input', `layer index: expected ${at} bytes, found ${bytes.length}`);
  return {
    diffId: parseDigest(found.diffId),
    entries: found.paths.map((path, row) => ({
      path,
      kind: KINDS[found.kinds[row] ?? -1] ?? fail(`a kind in row ${row}`),
      size: found.sizes[row] ?? fail(`a size in row ${row}`),
      mode: found.modes[row] ?? fail(`a mode in row ${row}`),
      linkName: found.links[String(row)] ?? '',
    })),
    whiteouts: found.whiteouts,
    opaques: found.opaques,
    skipped: found.skipped,
    contents,
  };
}

function fail(missing: string): never {
  throw new AppError('invalid-input', `layer index: expected ${missing}, found none`);
}
