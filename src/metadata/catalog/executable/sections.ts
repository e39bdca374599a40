/** The content of one named section of an ELF, PE, Mach-O (each slice of a fat one) or WebAssembly file. Not read: compressed sections. */
import { numbersOfElf } from './elf.ts';

/** Real files have below 100; a fat Mach-O has a handful of slices. */
const MAX_SECTIONS = 4096;
const MAX_SLICES = 16;

/** Undefined where there is none, or where the file is cut off before. */
export function findSection(content: Buffer, name: string): Buffer | undefined {
  try {
    return find(content, name);
  } catch (thrown) {
    // A cut-off table: reading past the end is the only thing that can go wrong here.
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

/**
 * What to search for something that the linker puts into this section of an ELF file: the section, nothing where there is none, and all of
 * a file that has lost its table of sections or is of another form.
 */
export function sectionOrWhole(content: Buffer, name: string): Buffer | undefined {
  const isElf = content.length >= 64 && content.readUInt32BE(0) === 0x7f454c46;
  const hasTable = isElf && content.readUInt16LE(content[4] === 2 ? 60 : 48) > 0;
  return hasTable ? findSection(content, name) : content;
}

function find(content: Buffer, name: string): Buffer | undefined {
  const magic = content.toString('hex', 0, 4);
  if (magic === '7f454c46') return findInElf(content, name);
  if (magic.startsWith('4d5a')) return findInPe(content, name);
  if (magic === 'cffaedfe' || magic === 'cefaedfe') return findInMachO(content, name);
  if (magic === 'cafebabe') return findInFat(content, name);
  return magic === '0061736d' ? findInWasm(content, name) : undefined;
}

function slice(content: Buffer, offset: number, size: number): Buffer | undefined {
  return offset + size <= content.length ? content.subarray(offset, offset + size) : undefined;
}

function findInElf(content: Buffer, wanted: string): Buffer | undefined {
  const { is64, u16, u32, word } = numbersOfElf(content);
  const table = word(is64 ? 40 : 32);
  const entrySize = u16(is64 ? 58 : 46);
  const count = Math.min(u16(is64 ? 60 : 48), MAX_SECTIONS);
  const bounds = (index: number) => {
    const at = table + index * entrySize;
    return is64
      ? { name: u32(at), offset: word(at + 24), size: word(at + 32) }
      : { name: u32(at), offset: word(at + 16), size: word(at + 20) };
  };
  const { offset: names, size: namesSize } = bounds(u16(is64 ? 62 : 50));
  // most files lack what is asked for
  if (!content.subarray(names, names + namesSize).includes(`${wanted}\0`, 0, 'latin1')) return undefined;
  for (let index = 0; index < count; index++) {
    const { name, offset, size } = bounds(index);
    if (content.toString('latin1', names + name, names + name + wanted.length + 1) === `${wanted}\0`) {
      return slice(content, offset, size);
    }
  }
  return undefined;
}

/** A name of eight bytes, padded with zeros. */
function findInPe(content: Buffer, wanted: string): Buffer | undefined {
  const header = content.readUInt32LE(0x3c);
  const count = Math.min(content.readUInt16LE(header + 6), MAX_SECTIONS);
  const table = header + 24 + content.readUInt16LE(header + 20);
  for (let at = table; at < table + 40 * count; at += 40) {
    if (content.toString('latin1', at, at + 8).replace(/\0+$/, '') !== wanted) continue;
    const [virtual, raw] = [content.readUInt32LE(at + 8), content.readUInt32LE(at + 16)];
    return slice(content, content.readUInt32LE(at + 20), Math.min(virtual, raw));
  }
  return undefined;
}

function findInMachO(content: Buffer, wanted: string): Buffer | undefined {
  const is64 = content.readUInt32LE(0) === 0xfeedfacf;
  const [segment, headerSize, sectionSize] = is64 ? [0x19, 72, 80] : [0x1, 56, 68];
  const count = Math.min(content.readUInt32LE(16), MAX_SECTIONS);
  let at = is64 ? 32 : 28;
  for (let index = 0; index < count; index++) {
    const sections = content.readUInt32LE(at) === segment ? content.readUInt32LE(at + headerSize - 8) : 0;
    for (let number = 0; number < Math.min(sections, MAX_SECTIONS); number++) {
      const section = at + headerSize + number * sectionSize;
      if (content.toString('latin1', section, section + 16).replace(/\0+$/, '') !== wanted) continue;
      const size = is64 ? Number(content.readBigUInt64LE(section + 40)) : content.readUInt32LE(section + 36);
      return slice(content, content.readUInt32LE(section + (is64 ? 48 : 40)), size);
    }
    at += content.readUInt32LE(at + 4);
  }
  return undefined;
}

function findInFat(content: Buffer, wanted: string): Buffer | undefined {
  const count = Math.min(content.readUInt32BE(4), MAX_SLICES);
  for (let index = 0; index < count; index++) {
    const at = 8 + 20 * index;
    const part = slice(content, content.readUInt32BE(at + 8), content.readUInt32BE(at + 12));
    const found = part === undefined || part.readUInt32BE(0) === 0xcafebabe ? undefined : find(part, wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findInWasm(content: Buffer, wanted: string): Buffer | undefined {
  let at = 8;
  for (let index = 0; index < MAX_SECTIONS && at < content.length; index++) {
    const id = content.readUInt8(at);
    const size = readLeb128(content, at + 1);
    const end = size.end + size.value;
    if (id === 0) {
      const name = readLeb128(content, size.end);
      const start = name.end + name.value;
      if (content.toString('utf8', name.end, start) === wanted) return slice(content, start, end - start);
    }
    at = end;
  }
  return undefined;
}

function readLeb128(content: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = start; at < start + 5; at++) {
    const byte = content.readUInt8(at);
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new RangeError('a size of more than five bytes');
}
