/** Archives and programs for tests. */
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

/** A ZIP archive of these files, deflated. */
export function createZip(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [path, file] of Object.entries(files)) {
    const content = Buffer.from(file);
    const packed = deflateRawSync(content);
    const name = Buffer.from(path);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(8, 8);
    header.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(crc32(content), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    local.push(header, name, packed);
    central.push(entry, name);
    offset += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}

/** An ELF program of one segment with the symbols of GraalVM, which name an SBOM of one component. */
export function createNativeImage(): Buffer {
  const component = { type: 'library', name: 'guava', version: '31.1', purl: 'pkg:maven/com.google.guava/guava@31.1' };
  const sbom = gzipSync(JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.5', components: [component] }));
  const base = 0x40_0000;
  const names = Buffer.from('\0sbom_length\0sbom\0', 'latin1');
  const content = Buffer.alloc(1024 * 1024 + 4096);
  content.write('\x7fELF\x02\x01', 'latin1');
  const wide = (at: number, ...values: readonly number[]) => {
    for (const [index, value] of values.entries()) content.writeBigUInt64LE(BigInt(value), at + 8 * index);
  };
  // where program headers and section headers begin, their sizes and counts
  wide(32, 64, 128);
  for (const [at, value] of [
    [54, 56],
    [56, 1],
    [58, 64],
    [60, 3],
  ] as const)
    content.writeUInt16LE(value, at);
  // offset, address, physical address, size in the file
  wide(72, 0, base, base, content.length);
  const [symbols, strings, length, document] = [0x400, 0x500, 0x600, 0x700];
  // the second section holds symbols, whose names are in the third
  content.writeUInt32LE(11, 192 + 4);
  wide(192 + 24, symbols, 2 * 24);
  content.writeUInt32LE(2, 192 + 40);
  wide(256 + 24, strings, names.length);
  names.copy(content, strings);
  content.writeUInt32LE(1, symbols);
  wide(symbols + 8, base + length);
  content.writeUInt32LE(13, symbols + 24);
  wide(symbols + 32, base + document);
  wide(length, sbom.length);
  sbom.copy(content, document);
  return content;
}

/** A file of ELF magic with inline build information, as Go 1.18 and later write it. */
export function createGoProgram(version: string, modules: string): Uint8Array {
  const varint = (value: number) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
  const framed = `${'0'.repeat(16)}${modules}${'1'.repeat(16)}`;
  const header = Buffer.concat([Buffer.from('\xff Go buildinf:', 'latin1'), Buffer.from([8, 2]), Buffer.alloc(16)]);
  const texts = [version, framed].map((text) => Buffer.concat([Buffer.from(varint(text.length)), Buffer.from(text)]));
  return Buffer.concat([Buffer.from('7f454c46', 'hex'), Buffer.alloc(64 * 1024), header, ...texts]);
}
