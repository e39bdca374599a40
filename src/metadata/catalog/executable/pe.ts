/**
 * Windows executables and libraries (PE/COFF): the version resource, and of managed ones the assembly's own name and those that it
 * refers to (ECMA-335). Not read: other resources, signatures, native imports.
 */
import { readAssembly } from './clr-metadata.ts';
import type { AssemblyFacts } from './clr-metadata.ts';

/** Real files have below 100. */
const MAX_SECTIONS = 96;
const RESOURCES = 2;
const CLR = 14;

export interface PeFacts {
  /** Of the version resource: `FileVersion`, `ProductName` and so on. */
  readonly strings: Readonly<Record<string, string>>;
  readonly assembly?: AssemblyFacts | undefined;
}

/** Bytes by their address when loaded. */
export interface Image {
  readonly slice: (address: number, size: number) => Buffer;
}

/** Undefined for what is no PE file; damaged parts give no facts. */
export function findPeFacts(content: Buffer): PeFacts | undefined {
  return orNothing(() => {
    const header = content.readUInt32LE(0x3c);
    if (content.toString('latin1', 0, 2) !== 'MZ' || content.toString('latin1', header, header + 4) !== 'PE\0\0')
      return;
    const image = openImage(content, header);
    const directory = directoriesOf(content, header);
    const strings = orNothing(() => readVersionStrings(image, directory(RESOURCES))) ?? {};
    return { strings, assembly: orNothing(() => readAssembly(image, directory(CLR))) };
  });
}

/** Reading past the end is all that can go wrong: the file is cut off, or its tables lie. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

function openImage(content: Buffer, header: number): Image {
  const count = Math.min(content.readUInt16LE(header + 6), MAX_SECTIONS);
  const table = header + 24 + content.readUInt16LE(header + 20);
  const sections = Array.from({ length: count }, (_, index) => {
    const at = table + index * 40;
    const [address, size, offset] = [12, 16, 20].map((field) => content.readUInt32LE(at + field));
    return { address: address ?? 0, size: size ?? 0, offset: offset ?? 0 };
  });
  return {
    slice: (address, size) => {
      const section = sections.find((one) => address >= one.address && address + size <= one.address + one.size);
      const start = section === undefined ? Infinity : section.offset + address - section.address;
      if (start + size > content.length) throw new RangeError('outside of the file');
      return content.subarray(start, start + size);
    },
  };
}

interface Directory {
  readonly address: number;
  readonly size: number;
}

function directoriesOf(content: Buffer, header: number): (index: number) => Directory {
  const optional = header + 24;
  const table = optional + (content.readUInt16LE(optional) === 0x20b ? 112 : 96);
  return (index) => ({
    address: content.readUInt32LE(table + index * 8),
    size: content.readUInt32LE(table + index * 8 + 4),
  });
}

const VERSION_INFO = 16;
/** Version resources have below 4 KiB. */
const MAX_RESOURCE_BYTES = 1024 * 1024;

/** Three levels: type, name, language; of the last two the first entry. */
function readVersionStrings(image: Image, { address }: Directory): Readonly<Record<string, string>> {
  if (address === 0) return {};
  let at = 0;
  for (const wanted of [VERSION_INFO, undefined, undefined]) {
    const found = findResource(image, address + at, wanted);
    if (found === undefined) return {};
    at = found;
  }
  const entry = image.slice(address + at, 8);
  const size = entry.readUInt32LE(4);
  return size > MAX_RESOURCE_BYTES ? {} : readStrings(image.slice(entry.readUInt32LE(0), size));
}

function findResource(image: Image, folder: number, wanted: number | undefined): number | undefined {
  const head = image.slice(folder, 16);
  const count = head.readUInt16LE(12) + head.readUInt16LE(14);
  const entries = image.slice(folder + 16, count * 8);
  for (let at = 0; at < entries.length; at += 8) {
    // the highest bit marks a folder
    if (wanted === undefined || entries.readUInt32LE(at) === wanted) return entries.readUInt32LE(at + 4) & 0x7fffffff;
  }
  return undefined;
}

/** VS_VERSIONINFO, StringFileInfo, StringTable, String: each a length, the length of its value, a kind, a key and what is in it. */
function readStrings(resource: Buffer): Readonly<Record<string, string>> {
  const strings: Record<string, string> = Object.create(null) as Record<string, string>;
  const root = readBlock(resource, 0);
  for (const info of blocksIn(resource, align(root.value + root.valueLength), root.end)) {
    if (info.key !== 'StringFileInfo') continue;
    for (const table of blocksIn(resource, info.value, info.end)) {
      for (const { key, value, end } of blocksIn(resource, table.value, table.end)) {
        const text = resource.toString('utf16le', value, end);
        strings[key] = (text.split('\0', 1)[0] ?? '').trim();
      }
    }
  }
  return strings;
}

/** The longest key of the format has 32 bytes; others are the program's own. */
const MAX_KEY_BYTES = 512;

interface Block {
  readonly key: string;
  /** Where the value begins, and how long it says that it is. */
  readonly value: number;
  readonly valueLength: number;
  readonly end: number;
}

function* blocksIn(resource: Buffer, start: number, end: number): Generator<Block> {
  for (let at = start; at + 6 < end;) {
    const block = readBlock(resource, at);
    if (block.end <= at) return;
    yield block;
    at = align(block.end);
  }
}

function readBlock(resource: Buffer, at: number): Block {
  let end = at + 6;
  while (resource.readUInt16LE(end) !== 0) {
    end += 2;
    if (end - at > MAX_KEY_BYTES) throw new RangeError('a key that does not end');
  }
  return {
    key: resource.toString('utf16le', at + 6, end),
    value: align(end + 2),
    valueLength: resource.readUInt16LE(at + 2),
    end: Math.min(at + resource.readUInt16LE(at), resource.length),
  };
}

function align(offset: number): number {
  return (offset + 3) & ~3;
}
