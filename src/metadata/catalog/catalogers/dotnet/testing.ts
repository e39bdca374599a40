/** Programs of Windows and .NET for tests: as little of them as readers look at. */

interface Program {
  /** Of the version resource. */
  readonly strings: Readonly<Record<string, string>>;
  readonly assembly?: { readonly name: string; readonly references: Readonly<Record<string, string>> };
}

const SECTION = 0x2000;
const OFFSET = 0x200;

/** A 32-bit PE file with one section, which holds the version resource and the metadata of the assembly. */
export function createPe({ strings, assembly }: Program): Buffer {
  const version = versionInfo(strings);
  const resources = Buffer.concat([
    ...[16, 1, 1033].map((id, level) => folder(id, level < 2 ? 0x80000000 + 24 * (level + 1) : 72)),
    words(SECTION + 88, version.length, 0, 0),
    pad(version),
  ]);
  const metadata = assembly === undefined ? Buffer.alloc(0) : createMetadata(assembly);
  const clr = SECTION + resources.length;
  const section = Buffer.concat([resources, words(72, 0, clr + 16, metadata.length), metadata]);
  const head = Buffer.alloc(OFFSET);
  head.write('MZ');
  head.writeUInt32LE(64, 0x3c);
  head.write('PE\0\0', 64);
  head.writeUInt16LE(1, 70);
  head.writeUInt16LE(224, 84);
  head.writeUInt16LE(0x10b, 88);
  const directories = 88 + 96;
  words(SECTION, resources.length).copy(head, directories + 2 * 8);
  if (assembly !== undefined) words(clr, 72).copy(head, directories + 14 * 8);
  words(section.length, SECTION, section.length, OFFSET).copy(head, 88 + 224 + 8);
  return Buffer.concat([head, section]);
}

/** A folder of resources with one entry. */
function folder(id: number, offset: number): Buffer {
  const entry = Buffer.alloc(24);
  entry.writeUInt16LE(1, 14);
  words(id, offset).copy(entry, 16);
  return entry;
}

function versionInfo(strings: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(strings).map(([key, value]) => block(key, Buffer.from(`${value}\0`, 'utf16le')));
  const info = block('StringFileInfo', block('040904b0', Buffer.concat(entries)));
  return block('VS_VERSION_INFO', Buffer.concat([Buffer.alloc(52), info]), 52);
}

function block(key: string, content: Buffer, valueLength = 0): Buffer {
  const name = pad(Buffer.concat([Buffer.alloc(6), Buffer.from(`${key}\0`, 'utf16le')]));
  const whole = Buffer.concat([name, content]);
  whole.writeUInt16LE(whole.length, 0);
  whole.writeUInt16LE(valueLength, 2);
  return pad(whole);
}

function createMetadata({ name, references }: NonNullable<Program['assembly']>): Buffer {
  const names = [name, ...Object.keys(references)];
  const heap = pad(Buffer.from(`\0${names.map((text) => `${text}\0`).join('')}`));
  const place = (text: string) => heap.indexOf(`\0${text}\0`) + 1;
  const tables = Buffer.concat([
    // reserved, version, sizes of heaps, then which tables there are: Module, Assembly and AssemblyRef
    words(0, 0),
    bits(0x00, 0x20, 0x23),
    Buffer.alloc(8),
    words(1, 1, Object.keys(references).length),
    halves(0, 0, 0, 0, 0),
    words(0x8004),
    halves(1, 2, 3, 4),
    words(0),
    halves(0, place(name), 0),
    ...Object.entries(references).flatMap(([text, version]) => [
      halves(...version.split('.').map(Number)),
      words(0),
      halves(0, place(text), 0, 0),
    ]),
  ]);
  const streams = [stream('#~', 60, tables.length), stream('#Strings', 60 + pad(tables).length, heap.length)];
  return Buffer.concat([
    Buffer.from('BSJB'),
    halves(1, 1),
    words(0, 8),
    Buffer.from('v4.0.30\0'),
    halves(0, 2),
    ...streams,
    pad(tables),
    heap,
  ]);
}

function stream(name: string, offset: number, size: number): Buffer {
  return Buffer.concat([words(offset, size), Buffer.from(name.padEnd((name.length + 4) & ~3, '\0'))]);
}

function bits(...tables: readonly number[]): Buffer {
  const mask = Buffer.alloc(8);
  mask.writeBigUInt64LE(tables.reduce((sum, table) => sum | (1n << BigInt(table)), 0n));
  return mask;
}

function words(...values: readonly number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer);
}

function halves(...values: readonly number[]): Buffer {
  return Buffer.from(Uint16Array.from(values).buffer);
}

function pad(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc(-content.length & 3)]);
}

const BUNDLE_SIGNATURE = Buffer.from('8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae', 'hex');

/** A .NET program in a single file: a host that names its manifest, the document, the manifest. */
export function createDotnetBundle(depsJson: string, major: 1 | 6): Buffer {
  const host = Buffer.alloc(64 * 1024);
  host.write('7f454c46', 'hex');
  const deps = Buffer.from(depsJson);
  const place = longs(host.length, deps.length);
  longs(host.length + deps.length).copy(host, 4096);
  BUNDLE_SIGNATURE.copy(host, 4104);
  const id = Buffer.from('\x0cbundle000001');
  const rest = major === 1 ? Buffer.concat([place, Buffer.from('\x03\x0dapp.deps.json')]) : place;
  return Buffer.concat([host, deps, words(major, 0, 1), id, rest]);
}

function longs(...values: readonly number[]): Buffer {
  return Buffer.from(BigInt64Array.from(values.map(BigInt)).buffer);
}
