/** Layer indexes kept by diff id and selector: a layer's content never changes, so neither does what we learnt from it. */
import {
  arrayOf,
  decodeJson,
  findDigest,
  natural,
  object,
  oneOf,
  string,
  type Cache,
  type Decoder,
  type Digest,
  type FileSelector,
} from '../../core/index.ts';
import type { LayerEntry, LayerIndex } from './layer-index.ts';

/** Changes when the stored form or the reading of layers changes. */
const FORM = 'layer-index-1';
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
    return decode(stored, diffId);
  } catch {
    // a damaged entry is as good as none: the layer is read again
    return undefined;
  }
}

export async function saveLayerIndex(cache: Cache, index: LayerIndex, selector: FileSelector): Promise<void> {
  await cache.save(keyOf(index.diffId, selector), encode(index));
}

function keyOf(diffId: Digest, selector: FileSelector): string {
  return `${FORM}\n${diffId}\n${selector.id}`;
}

const row: Decoder<LayerEntry> = (value, path) => {
  const [entryPath, kind, size, mode, linkName] = arrayOf<unknown>((entry) => entry, 5)(value, path);
  return {
    path: string(entryPath, path),
    kind: oneOf('file', 'directory', 'symlink', 'hardlink', 'other')(kind, path),
    size: natural(size, path),
    mode: natural(mode, path),
    linkName: string(linkName, path),
  };
};

const table = object({
  diffId: string,
  entries: arrayOf(row, MAX_ROWS),
  whiteouts: arrayOf(string, MAX_ROWS),
  opaques: arrayOf(string, MAX_ROWS),
  skipped: arrayOf(object({ path: string, reason: string }), MAX_ROWS),
  contents: arrayOf(object({ path: string, size: natural }), MAX_ROWS),
});

/** Four bytes of the table's length, the table as JSON, then the contents one after the other. */
function encode(index: LayerIndex): Uint8Array {
  const document = {
    diffId: index.diffId,
    entries: index.entries.map((entry) => [entry.path, entry.kind, entry.size, entry.mode, entry.linkName]),
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

function decode(stored: Uint8Array, diffId: Digest): LayerIndex | undefined {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  let at = 4 + bytes.readUInt32BE(0);
  const found = decodeJson(bytes.subarray(4, at), table, { what: 'layer index', maxBytes: MAX_TABLE_BYTES });
  if (findDigest(found.diffId) !== diffId) return undefined;
  const contents = new Map<string, Uint8Array>();
  for (const { path, size } of found.contents) {
    contents.set(path, bytes.subarray(at, at + size));
    at += size;
  }
  return at === bytes.length ? { ...found, diffId, contents } : undefined;
}
