/** Archives of which a few texts matter: condensed to these while a layer is read. */
import { AppError, decodeJson, holdWhole, mapOf, object, optional, string } from '../../core/index.ts';
import type { Condensing } from './cataloger.ts';
import { ZipArchive } from './zip.ts';

/** Extensions and Python packages seldom pass 100 MiB; the archive is in memory while it is read. */
const MAX_ARCHIVE_BYTES = 512 * 1024 * 1024;
/** The texts of one archive together. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;
const MAX_ENTRIES = 200_000;

/** The texts whose path matches. A damaged archive is told of by readArchiveTexts. */
export function archiveTexts(id: string, wanted: RegExp): Condensing {
  return {
    kind: 'condense',
    id,
    maxBytes: MAX_ARCHIVE_BYTES,
    open: (_, size) => holdWhole(size, (content) => Buffer.from(JSON.stringify(condense(content, wanted)))),
  };
}

function condense(
  content: Uint8Array,
  wanted: RegExp,
): { readonly texts: Record<string, string>; readonly damage?: string } {
  const texts = Object.create(null) as Record<string, string>;
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  try {
    const archive = new ZipArchive(bytes, 'archive', { bytes: MAX_TEXT_BYTES, entries: MAX_ENTRIES });
    for (const entry of archive.entries)
      if (wanted.test(entry.path)) texts[entry.path] = archive.read(entry).toString('utf8');
    return { texts };
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.kind !== 'invalid-input') throw thrown;
    return { texts, damage: thrown.message };
  }
}

const decodeTexts = object({ texts: mapOf(string), damage: optional(string) });

/** By path. `damage` says why there may be more. */
export function readArchiveTexts(
  condensed: Uint8Array,
  what: string,
): { readonly texts: ReadonlyMap<string, string>; readonly damage: string | undefined } {
  const found = decodeJson(condensed, decodeTexts, { what, maxBytes: 2 * MAX_TEXT_BYTES });
  return { texts: new Map(Object.entries(found.texts)), damage: found.damage };
}
