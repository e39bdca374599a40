/**
 * Just enough of ELF, Mach-O and PE to turn a virtual address into a place in the file, as pre-1.18 Go build information needs.
 * Not read: symbols, relocations, 32-bit Mach-O of other than little-endian order.
 */
import { numbersOfElf } from './elf.ts';

interface Segment {
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

/** Places in a file. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Ceiling of segments and sections looked at: real files have below 100. */
const MAX_SEGMENTS = 4096;

/** First bytes of executables: ELF, PE, WebAssembly, Mach-O. */
export function isExecutable(head: Uint8Array): boolean {
  const magic = Buffer.from(head.subarray(0, 4)).toString('hex');
  return (
    magic === '7f454c46' ||
    magic.startsWith('4d5a') ||
    magic === '0061736d' ||
    ['feedface', 'feedfacf', 'cefaedfe', 'cffaedfe'].includes(magic) ||
    // A fat Mach-O counts its slices where a Java class has its version, which is never that low.
    (magic === 'cafebabe' && (head[7] ?? 0xff) < 0x30 && (head[6] ?? 1) === 0)
  );
}

/** Segments with content in the file; none for what is not understood. */
function readSegments(content: Buffer): readonly Segment[] {
  try {
    const magic = content.toString('hex', 0, 4);
    if (magic === '7f454c46') return readElf(content);
    if (magic.startsWith('4d5a')) return readPe(content);
    if (magic === 'cffaedfe' || magic === 'cefaedfe') return readMachO(content);
    return [];
  } catch (thrown) {
    // A cut-off header: reading past the end is the only thing that can go wrong here.
    if (thrown instanceof RangeError) return [];
    throw thrown;
  }
}

/** Where program headers of real files end; the linker puts them first. */
export const HEADERS_BYTES = 4096;

/**
 * The largest stretch of nothing but instructions, by the first bytes of a file. Only of 64-bit ELF in little-endian order, where the linker
 * gave instructions a segment of their own: one that begins the file holds tables and texts as well.
 */
export function findCode(head: Buffer): Range | undefined {
  const [table, count] = isElf64(head) ? [Number(head.readBigUInt64LE(32)), head.readUInt16LE(56)] : [0, 0];
  let found = { start: 0, end: 0 };
  for (let at = table; at < table + 56 * count && at + 56 <= head.length; at += 56) {
    const isLoaded = head.readUInt32LE(at) === 1 && (head.readUInt32LE(at + 4) & 1) === 1;
    const start = Number(head.readBigUInt64LE(at + 8));
    const end = start + Number(head.readBigUInt64LE(at + 32));
    if (isLoaded && start > 0 && end - start > found.end - found.start) found = { start, end };
  }
  return found.end > 0 ? found : undefined;
}

/** Where the parts of an ELF file are. Not of a file in which one of them lies outside of what numbers can say. */
export interface Layout {
  readonly segments: readonly (Range & { readonly isCode: boolean })[];
  readonly notes: readonly Range[];
  /** Of sections. */
  readonly table: Range;
}

const LOADED = 1;
const NOTE = 4;

/** By the first bytes of a 64-bit ELF in little-endian order of which something is loaded; undefined of all else. */
export function readLayout(head: Buffer): Layout | undefined {
  if (!isElf64(head)) return undefined;
  const wide = (at: number) => Number(head.readBigUInt64LE(at));
  const code = findCode(head);
  const headers = [];
  for (let at = wide(32), left = head.readUInt16LE(56); left > 0 && at + 56 <= head.length; at += 56, left--) {
    const [type, start] = [head.readUInt32LE(at), wide(at + 8)];
    headers.push({ type, start, end: start + wide(at + 32), isCode: start === code?.start });
  }
  const tableStart = wide(40);
  const segments = headers.filter(({ type }) => type === LOADED);
  if (segments.length === 0) return undefined;
  return {
    segments,
    notes: headers.filter(({ type }) => type === NOTE),
    table: { start: tableStart, end: tableStart + head.readUInt16LE(58) * head.readUInt16LE(60) },
  };
}

function isElf64(head: Buffer): boolean {
  return head.length >= 64 && head.readUInt32BE(0) === 0x7f454c46 && head[4] === 2 && head[5] === 1;
}

/** The bytes at a virtual address, or undefined when no segment holds all of them. */
export function sliceAt(content: Buffer, address: number, size: number): Buffer | undefined {
  for (const segment of readSegments(content)) {
    const start = address - segment.address;
    if (start >= 0 && start + size <= segment.size && segment.offset + start + size <= content.length) {
      return content.subarray(segment.offset + start, segment.offset + start + size);
    }
  }
  return undefined;
}

function readElf(content: Buffer): readonly Segment[] {
  const { is64, u16, word } = numbersOfElf(content);
  const start = word(is64 ? 32 : 28);
  const entrySize = u16(is64 ? 54 : 42);
  const count = Math.min(u16(is64 ? 56 : 44), MAX_SEGMENTS);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * entrySize;
    return is64
      ? { offset: word(at + 8), address: word(at + 16), size: word(at + 32) }
      : { offset: word(at + 4), address: word(at + 8), size: word(at + 16) };
  });
}

function readPe(content: Buffer): readonly Segment[] {
  const header = content.readUInt32LE(0x3c);
  const count = Math.min(content.readUInt16LE(header + 6), MAX_SEGMENTS);
  const optional = header + 24;
  const is64 = content.readUInt16LE(optional) === 0x20b;
  const base = is64 ? Number(content.readBigUInt64LE(optional + 24)) : content.readUInt32LE(optional + 28);
  const sections = optional + content.readUInt16LE(header + 20);
  return Array.from({ length: count }, (_, index) => {
    const at = sections + index * 40;
    return {
      address: base + content.readUInt32LE(at + 12),
      size: content.readUInt32LE(at + 16),
      offset: content.readUInt32LE(at + 20),
    };
  });
}

function readMachO(content: Buffer): readonly Segment[] {
  const is64 = content.readUInt32LE(0) === 0xfeedfacf;
  const count = Math.min(content.readUInt32LE(16), MAX_SEGMENTS);
  const segments: Segment[] = [];
  let at = is64 ? 32 : 28;
  for (let index = 0; index < count; index++) {
    const kind = content.readUInt32LE(at);
    if (kind === 0x19) {
      segments.push({
        address: Number(content.readBigUInt64LE(at + 24)),
        offset: Number(content.readBigUInt64LE(at + 40)),
        size: Number(content.readBigUInt64LE(at + 48)),
      });
    } else if (kind === 0x1) {
      segments.push({
        address: content.readUInt32LE(at + 24),
        offset: content.readUInt32LE(at + 32),
        size: content.readUInt32LE(at + 36),
      });
    }
    at += content.readUInt32LE(at + 4);
  }
  return segments;
}
