/** Writer of deterministic tar archives (ustar, PAX for long names and large sizes): no owner, one time for all. */

const BLOCK = 512;
/** What the size field of ustar holds: eleven octal digits. */
const MAX_USTAR_SIZE = 0o77777777777;

export interface TarFile {
  readonly path: string;
  readonly size: number;
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
}

/** `time` in seconds of the epoch. */
export async function* writeTar(files: Iterable<TarFile>, time = 0): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    const name = Buffer.from(file.path);
    if (name.length > 100 || file.size > MAX_USTAR_SIZE) yield* paxEntry(file, time);
    yield header({ name: name.subarray(0, 100), size: Math.min(file.size, MAX_USTAR_SIZE), type: '0', time });
    if (file.content instanceof Uint8Array) yield file.content;
    else yield* file.content;
    yield padding(file.size);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function* paxEntry(file: TarFile, time: number): Generator<Uint8Array> {
  const content = Buffer.from(paxRecord('path', file.path) + paxRecord('size', String(file.size)));
  yield header({ name: Buffer.from('PaxHeaders/0'), size: content.length, type: 'x', time });
  yield content;
  yield padding(content.length);
}

/** The length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

interface HeaderFields {
  readonly name: Uint8Array;
  readonly size: number;
  readonly type: string;
  readonly time: number;
}

function header({ name, size, type, time }: HeaderFields): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  block.set(name, 0);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(time, 136, 12);
  block.write('        ', 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function padding(size: number): Uint8Array {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}
