/**
 * Metadata of a managed assembly (ECMA-335, partition II, 22 to 24): its own name and version, and those of the assemblies that it
 * refers to. All tables before these two are only measured.
 */
import type { Image } from './pe.ts';

export interface AssemblyName {
  readonly name: string;
  readonly version: string;
}

export interface AssemblyFacts extends AssemblyName {
  readonly references: readonly AssemblyName[];
}

/** The largest assemblies have about 50 MiB of metadata. */
const MAX_METADATA_BYTES = 256 * 1024 * 1024;
const MAX_STREAMS = 16;
/** Assemblies refer to some hundred others at most. */
const MAX_REFERENCES = 4096;
const MAX_NAME_BYTES = 1024;
const ASSEMBLY = 0x20;
const ASSEMBLY_REFERENCE = 0x23;

/**
 * Columns of the tables up to AssemblyRef (II.22): a number for so many bytes, `S`, `G` and `B` for a place in the heap of strings,
 * GUIDs and blobs, `t` and a number for a row of that table, else the name of a coded index.
 */
const COLUMNS: readonly string[] = [
  '2 S G G G',
  'ResolutionScope S S',
  '4 S S TypeDefOrRef t4 t6',
  't4',
  '2 S B',
  't6',
  '4 2 2 S B t8',
  't8',
  '2 2 S',
  't2 TypeDefOrRef',
  'MemberRefParent S B',
  '2 HasConstant B',
  'HasCustomAttribute CustomAttributeType B',
  'HasFieldMarshal B',
  '2 HasDeclSecurity B',
  '2 4 t2',
  '4 t4',
  'B',
  't2 t20',
  't20',
  '2 S TypeDefOrRef',
  't2 t23',
  't23',
  '2 S B',
  '2 t6 HasSemantics',
  't2 MethodDefOrRef MethodDefOrRef',
  'S',
  'B',
  '2 MemberForwarded S t26',
  '4 t4',
  '4 4',
  '4',
  '4 2 2 2 2 4 B S S',
  '4',
  '4 4 4',
  '2 2 2 2 4 B S S B',
];

/** Bits of the tag, and the tables that it chooses from (II.24.2.6). */
const CODED: Readonly<Record<string, readonly [bits: number, ...tables: number[]]>> = {
  TypeDefOrRef: [2, 2, 1, 27],
  HasConstant: [2, 4, 8, 23],
  HasCustomAttribute: [5, 6, 4, 1, 2, 8, 9, 10, 0, 14, 23, 20, 17, 26, 27, 32, 35, 38, 39, 40, 42, 44, 43],
  HasFieldMarshal: [1, 4, 8],
  HasDeclSecurity: [2, 2, 6, 32],
  MemberRefParent: [3, 2, 1, 26, 6, 27],
  HasSemantics: [1, 20, 23],
  MethodDefOrRef: [1, 6, 10],
  MemberForwarded: [1, 4, 6],
  CustomAttributeType: [3, 6, 10],
  ResolutionScope: [2, 0, 26, 35, 1],
};

/** Throws RangeError for cut-off metadata; undefined for a program that is not managed, or a module without an assembly. */
export function readAssembly(
  image: Image,
  directory: { readonly address: number; readonly size: number },
): AssemblyFacts | undefined {
  if (directory.address === 0) return undefined;
  const header = image.slice(directory.address, 16);
  const size = header.readUInt32LE(12);
  if (size > MAX_METADATA_BYTES) return undefined;
  const metadata = image.slice(header.readUInt32LE(8), size);
  const streams = readStreams(metadata);
  const [tables, strings] = [streams.get('#~') ?? streams.get('#-'), streams.get('#Strings')];
  if (tables === undefined || strings === undefined) return undefined;
  const { rows, columnsOf } = readTables(tables);
  const nameOf = (row: Buffer, at: number, bytes: number) => {
    const start = row.readUIntLE(at, bytes);
    const text = strings.subarray(start, start + MAX_NAME_BYTES);
    return text.toString('utf8', 0, Math.max(0, text.indexOf(0)));
  };
  const [assembly] = rows(ASSEMBLY);
  if (assembly === undefined) return undefined;
  const { bytesOf } = columnsOf;
  return {
    name: nameOf(assembly, 16 + bytesOf('B'), bytesOf('S')),
    version: versionAt(assembly, 4),
    references: rows(ASSEMBLY_REFERENCE)
      .slice(0, MAX_REFERENCES)
      .map((row) => ({ name: nameOf(row, 12 + bytesOf('B'), bytesOf('S')), version: versionAt(row, 0) })),
  };
}

function versionAt(row: Buffer, at: number): string {
  return [0, 2, 4, 6].map((part) => row.readUInt16LE(at + part)).join('.');
}

/** The root (II.24.2.1): a signature, the version of the format as text, then the streams by name. */
function readStreams(metadata: Buffer): ReadonlyMap<string, Buffer> {
  const streams = new Map<string, Buffer>();
  if (metadata.toString('latin1', 0, 4) !== 'BSJB') return streams;
  let at = 16 + metadata.readUInt32LE(12);
  const count = Math.min(metadata.readUInt16LE(at + 2), MAX_STREAMS);
  at += 4;
  for (let index = 0; index < count; index++) {
    const [offset, size] = [metadata.readUInt32LE(at), metadata.readUInt32LE(at + 4)];
    const end = metadata.indexOf(0, at + 8);
    if (end < 0) break;
    const name = metadata.toString('latin1', at + 8, end);
    streams.set(name, metadata.subarray(offset, offset + size));
    at += 8 + ((name.length + 4) & ~3);
  }
  return streams;
}

/** The stream of tables (II.24.2.6): which there are, how many rows each has, then the rows. */
function readTables(stream: Buffer): {
  readonly rows: (table: number) => readonly Buffer[];
  readonly columnsOf: { readonly bytesOf: (column: string) => number };
} {
  const heaps = stream.readUInt8(6);
  const present = stream.readBigUInt64LE(8);
  const counts: number[] = [];
  let at = 24;
  for (let table = 0; table < 64; table++) {
    const isPresent = ((present >> BigInt(table)) & 1n) === 1n;
    counts.push(isPresent ? stream.readUInt32LE(at) : 0);
    if (isPresent) at += 4;
  }
  const heapBytes = (bit: number) => ((heaps & bit) === 0 ? 2 : 4);
  const bytesOf = (column: string): number => {
    if (column === 'S') return heapBytes(1);
    if (column === 'G') return heapBytes(2);
    if (column === 'B') return heapBytes(4);
    if (column.startsWith('t')) return (counts[Number(column.slice(1))] ?? 0) < 0x10000 ? 2 : 4;
    const [bits, ...tables] = CODED[column] ?? [];
    if (bits === undefined) return Number(column);
    return Math.max(...tables.map((table) => counts[table] ?? 0)) < 2 ** (16 - bits) ? 2 : 4;
  };
  const rowBytes = COLUMNS.map((columns) => columns.split(' ').reduce((sum, column) => sum + bytesOf(column), 0));
  const startOf = (table: number) =>
    rowBytes.slice(0, table).reduce((sum, bytes, index) => sum + bytes * (counts[index] ?? 0), at);
  return {
    columnsOf: { bytesOf },
    rows: (table) =>
      Array.from({ length: Math.min(counts[table] ?? 0, MAX_REFERENCES) }, (_, index) => {
        const bytes = rowBytes[table] ?? 0;
        const start = startOf(table) + index * bytes;
        if (start + bytes > stream.length) throw new RangeError('outside of the stream');
        return stream.subarray(start, start + bytes);
      }),
  };
}
