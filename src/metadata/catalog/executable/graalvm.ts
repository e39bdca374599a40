/**
 * The SBOM that GraalVM's `native-image --enable-sbom` puts into a program: the symbol `sbom` names gzipped CycloneDX JSON, `sbom_length` its
 * length as 64 bits. Read from ELF of 64 bits in little-endian order; Mach-O and PE are not.
 */
import { gunzipSync } from 'node:zlib';
import { sliceAt } from './segments.ts';

const SECTION_SIZE = 64;
const SYMBOL_SIZE = 24;
/** Section types of symbol tables (System V ABI): all symbols, and those that a dynamic linker sees. */
const SYMBOL_TABLES: ReadonlySet<number> = new Set([2, 11]);
/** Real programs have below 100 sections and below a million symbols in all of them. */
const MAX_SECTIONS = 4096;
const MAX_SYMBOLS = 2_000_000;
/** Of the document, packed and not. */
const MAX_PACKED = 16 * 1024 * 1024;
const MAX_TEXT = 64 * 1024 * 1024;

/** The document's text; undefined where there is none. */
export function findGraalvmSbom(content: Buffer): string | undefined {
  const isElf64 =
    content.length >= 64 && content.readUInt32BE(0) === 0x7f454c46 && content[4] === 2 && content[5] === 1;
  if (!isElf64) return undefined;
  try {
    const symbols = findSymbols(content, ['sbom', 'sbom_length']);
    const [start, lengthAt] = [symbols.get('sbom'), symbols.get('sbom_length')];
    const length = lengthAt === undefined ? undefined : sliceAt(content, lengthAt, 8)?.readBigUInt64LE(0);
    if (start === undefined || length === undefined || length > BigInt(MAX_PACKED)) return undefined;
    const packed = sliceAt(content, start, Number(length));
    return packed === undefined ? undefined : gunzipSync(packed, { maxOutputLength: MAX_TEXT }).toString('utf8');
  } catch {
    // A cut-off table, or bytes that are no gzip: a program like any other.
    return undefined;
  }
}

/** Addresses by name. */
function findSymbols(content: Buffer, names: readonly string[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  let left = MAX_SYMBOLS;
  const sections = Number(content.readBigUInt64LE(40));
  const count = Math.min(content.readUInt16LE(60), MAX_SECTIONS);
  const wide = (at: number) => Number(content.readBigUInt64LE(at));
  for (let index = 0; index < count; index++) {
    const section = sections + index * SECTION_SIZE;
    if (!SYMBOL_TABLES.has(content.readUInt32LE(section + 4))) continue;
    const strings = sections + content.readUInt32LE(section + 40) * SECTION_SIZE;
    const [start, size, texts] = [wide(section + 24), wide(section + 32), wide(strings + 24)];
    // most programs are told apart by this, in one search
    if (!content.subarray(texts, texts + wide(strings + 32)).includes('\0sbom_length\0', 0, 'latin1')) continue;
    for (let at = start; at + SYMBOL_SIZE <= start + size && found.size < names.length; at += SYMBOL_SIZE) {
      if (left-- === 0) return found;
      const text = texts + content.readUInt32LE(at);
      const name = names.find((one) => content.toString('latin1', text, text + one.length + 1) === `${one}\0`);
      if (name !== undefined && !found.has(name)) found.set(name, wide(at + 8));
    }
  }
  return found;
}
