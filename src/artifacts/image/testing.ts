/** Small tars for tests, with every oddity on demand. */

export interface TarSpec {
  readonly path: string;
  readonly kind?: 'file' | 'directory' | 'symlink' | 'hardlink';
  readonly content?: string;
  readonly linkName?: string;
  readonly mode?: number;
  /** Overrides the type flag. */
  readonly type?: string;
  /** Overrides the size field's twelve bytes. */
  readonly sizeField?: Uint8Array;
  /** Of a GNU sparse file: its map goes on. */
  readonly isExtended?: boolean;
}

const TYPES = { file: '0', directory: '5', symlink: '2', hardlink: '1' } as const;

export function makeTar(specs: readonly TarSpec[]): Buffer {
  return Buffer.concat([...specs.map(makeEntry), Buffer.alloc(1024)]);
}

export function makeEntry(spec: TarSpec): Buffer {
  const kind = spec.kind ?? 'file';
  const content = Buffer.from(kind === 'file' ? (spec.content ?? '') : '');
  const header = Buffer.alloc(512);
  header.write(spec.path, 0);
  header.write(`${(spec.mode ?? 0o644).toString(8).padStart(7, '0')}\0`, 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  if (spec.sizeField !== undefined) header.set(spec.sizeField, 124);
  if (spec.isExtended === true) header[482] = 1;
  header.write('        ', 148);
  header.write(spec.type ?? TYPES[kind], 156);
  header.write(spec.linkName ?? '', 157);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
