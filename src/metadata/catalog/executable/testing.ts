/** Executables with one section, as tests need them. */
import { deflateSync } from 'node:zlib';

/** ELF of 64 bits, little-endian, whose only sections are this one and that of names. */
export function elfFile(name: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(64);
  header.write('7f454c46020101', 'hex');
  const names = Buffer.from(`\0${name}\0.names\0`);
  const sections = [
    { name: 0, offset: 0, size: 0 },
    { name: 1, offset: 64, size: content.length },
    { name: name.length + 2, offset: 64 + content.length, size: names.length },
  ].map(({ name: at, offset, size }) => {
    const section = Buffer.alloc(64);
    section.writeUInt32LE(at, 0);
    section.writeBigUInt64LE(BigInt(offset), 24);
    section.writeBigUInt64LE(BigInt(size), 32);
    return section;
  });
  header.writeBigUInt64LE(BigInt(64 + content.length + names.length), 40);
  [64, sections.length, 2].forEach((value, index) => header.writeUInt16LE(value, 58 + 2 * index));
  return Buffer.concat([header, content, names, ...sections]);
}

export function peFile(name: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(0x40 + 24 + 40);
  header.write('MZ');
  header.writeUInt32LE(0x40, 0x3c);
  header.writeUInt16LE(1, 0x46);
  const section = 0x40 + 24;
  header.write(name, section);
  header.writeUInt32LE(content.length, section + 8);
  header.writeUInt32LE(content.length, section + 16);
  header.writeUInt32LE(header.length, section + 20);
  return Buffer.concat([header, content]);
}

/** Of 64 bits. */
export function machFile(name: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(32 + 72 + 80);
  header.writeUInt32LE(0xfeedfacf, 0);
  header.writeUInt32LE(1, 16);
  header.writeUInt32LE(0x19, 32);
  header.writeUInt32LE(72 + 80, 36);
  header.writeUInt32LE(1, 32 + 64);
  const section = 32 + 72;
  header.write(name, section);
  header.writeBigUInt64LE(BigInt(content.length), section + 40);
  header.writeUInt32LE(header.length, section + 48);
  return Buffer.concat([header, content]);
}

export function fatFile(slice: Uint8Array): Buffer {
  const header = Buffer.alloc(28);
  header.writeUInt32BE(0xcafebabe, 0);
  header.writeUInt32BE(1, 4);
  header.writeUInt32BE(28, 16);
  header.writeUInt32BE(slice.length, 20);
  return Buffer.concat([header, slice]);
}

export function wasmFile(name: string, content: Uint8Array): Buffer {
  const size = 1 + name.length + content.length;
  const varint = Buffer.from([(size & 0x7f) | 0x80, (size >> 7) & 0x7f]);
  const start = Buffer.from('0061736d0100000001010000', 'hex');
  return Buffer.concat([start, varint, Buffer.from([name.length]), Buffer.from(name), content]);
}

export function crates(document: unknown): Buffer {
  return deflateSync(JSON.stringify(document));
}

/** Content of `.note.package`. */
export function packageNote(document: unknown): Buffer {
  const json = Buffer.from(`${JSON.stringify(document)}\0`);
  const header = Buffer.alloc(16);
  [4, json.length, 0xcafe1a7e].forEach((value, index) => header.writeUInt32LE(value, 4 * index));
  header.write('FDO', 12);
  return Buffer.concat([header, json]);
}
