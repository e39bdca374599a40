/**
 * The build information that the Go linker puts into executables (debug/buildinfo): both the inline form of Go 1.18 and later
 * and the pointer form of 1.13 to 1.17. Not unpacked: UPX.
 */
import { sectionOrWhole } from './sections.ts';
import { sliceAt } from './segments.ts';

const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');
/** Module lists of the largest Go programs have about 200 KiB. */
const MAX_TEXT = 8 * 1024 * 1024;
/** A scanner's own executable holds the magic as a constant too; more places than this are no accident. */
const MAX_PLACES = 64;

export interface GoBuildInfo {
  /** `go1.22.4`, with experiments and suffixes as written. */
  readonly goVersion: string;
  /** Lines of `path`, `mod`, `dep`, `=>` and `build`. */
  readonly modules: string;
}

export function findGoBuildInfo(bytes: Uint8Array): GoBuildInfo | undefined {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const searched = sectionOrWhole(content, '.go.buildinfo') ?? content.subarray(0, 0);
  const start = searched.byteOffset - content.byteOffset;
  let at = searched.indexOf(MAGIC);
  for (let places = 0; at >= 0 && places < MAX_PLACES; places++) {
    const found = readAt(content, start + at);
    if (found !== undefined) return found;
    at = searched.indexOf(MAGIC, at + 1);
  }
  return undefined;
}

/** What a search keeps from where the magic is: the largest lists have about 200 KiB. */
const WINDOW = 2 * 1024 * 1024;
/** The linker's own comes after what the program says of others. */
const MAX_WINDOWS = 8;

/** The same over bytes as they pass, each once and in order: the inline form only, for pointers may lead anywhere. */
export function searchGoBuildInfo(): {
  readonly write: (chunk: Uint8Array) => void;
  readonly end: () => GoBuildInfo | undefined;
} {
  let kept = Buffer.alloc(0);
  let windows = 0;
  let found: GoBuildInfo | undefined;
  const look = (isLast: boolean) => {
    for (
      let at = kept.indexOf(MAGIC);
      at >= 0 && found === undefined && windows < MAX_WINDOWS;
      at = kept.indexOf(MAGIC)
    ) {
      if (!isLast && kept.length - at < WINDOW) {
        kept = kept.subarray(at);
        return;
      }
      windows++;
      found = readAt(kept, at);
      kept = kept.subarray(at + 1);
    }
    // the magic may go on in the next chunk
    kept = Buffer.from(kept.subarray(Math.max(0, kept.length - MAGIC.length)));
  };
  return {
    write: (chunk) => {
      if (found !== undefined || windows >= MAX_WINDOWS) return;
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      // most chunks are passed over uncopied
      if (kept.length <= MAGIC.length && bytes.length >= MAGIC.length && !bytes.includes(MAGIC)) {
        const seam = Buffer.concat([kept, bytes.subarray(0, MAGIC.length - 1)]);
        if (!seam.includes(MAGIC)) {
          kept = Buffer.from(bytes.subarray(-MAGIC.length));
          return;
        }
      }
      kept = Buffer.concat([kept, chunk]);
      look(false);
    },
    end: () => {
      look(true);
      return found;
    },
  };
}

function readAt(content: Buffer, at: number): GoBuildInfo | undefined {
  if (at + 32 > content.length) return undefined;
  const flags = content[at + 15] ?? 0;
  const [goVersion, framed] = (flags & 2) === 2 ? readInline(content, at + 32) : readPointers(content, at, flags);
  if (goVersion === undefined || !/^(?:go\d|devel)/.test(goVersion)) return undefined;
  return { goVersion, modules: unframe(framed ?? '') };
}

function readInline(content: Buffer, start: number): readonly (string | undefined)[] {
  const version = readVarintText(content, start);
  const modules = version === undefined ? undefined : readVarintText(content, version.end);
  return [version?.text, modules?.text];
}

function readVarintText(content: Buffer, start: number): { readonly text: string; readonly end: number } | undefined {
  let length = 0;
  let at = start;
  // Four groups of seven bits are above MAX_TEXT already.
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = content[at++];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) << shift;
    if (byte < 0x80) {
      const end = at + length;
      return length > MAX_TEXT || end > content.length ? undefined : { text: content.toString('latin1', at, end), end };
    }
  }
  return undefined;
}

function readPointers(content: Buffer, at: number, flags: number): readonly (string | undefined)[] {
  const size = content[at + 14] ?? 0;
  if (size !== 4 && size !== 8) return [];
  const isBig = (flags & 1) === 1;
  const word = (bytes: Buffer, offset: number): number => {
    if (size === 4) return isBig ? bytes.readUInt32BE(offset) : bytes.readUInt32LE(offset);
    return Number(isBig ? bytes.readBigUInt64BE(offset) : bytes.readBigUInt64LE(offset));
  };
  return [word(content, at + 16), word(content, at + 16 + size)].map((pointer) => {
    const header = sliceAt(content, pointer, 2 * size);
    const length = header === undefined ? Infinity : word(header, size);
    if (header === undefined || length > MAX_TEXT) return undefined;
    return sliceAt(content, word(header, 0), length)?.toString('latin1');
  });
}

/** The list stands between two marks of 16 bytes, seen by the newline before the second. Text is UTF-8. */
function unframe(framed: string): string {
  const isFramed = framed.length >= 33 && framed[framed.length - 17] === '\n';
  return isFramed ? Buffer.from(framed.slice(16, -16), 'latin1').toString('utf8') : '';
}
