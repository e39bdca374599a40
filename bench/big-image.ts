/**
 * An OCI layout with one large image, made quickly: gzip allows members one after the other, so the same few compressed files come again
 * and again under headers of their own. Contents are this Node's binary and sources, which compress as images do.
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const MIB = 1024 * 1024;
const BLOCK = 512;
const SLICE = 4 * MIB;
const SLICES = 16;
/** Small files in a folder, between two slices. */
const SMALL_FILES = 100;
const SMALL_BYTES = 6000;

interface Member {
  readonly size: number;
  readonly plain: Buffer;
  readonly packed: Buffer;
}

/** Writes `layers` layers of about `bytes` stored bytes each, tagged `latest`. */
export function makeBigImage(folder: string, layers: number, bytes: number): void {
  const binary = readFileSync(process.execPath);
  const slices = Array.from({ length: SLICES }, (_, index) =>
    member(binary.subarray(index * SLICE, (index + 1) * SLICE)),
  );
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  const made = Array.from({ length: layers }, (_, index) => writeLayer(folder, { slices, index, bytes }));
  const config = store(folder, {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: made.map(({ diffId }) => diffId) },
  });
  const manifest = store(folder, {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: made.map(({ digest, size }) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest,
      size,
    })),
  });
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  const entry = { mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest, annotations };
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}

function writeLayer(
  folder: string,
  { slices, index, bytes }: { readonly slices: readonly Member[]; readonly index: number; readonly bytes: number },
): { readonly digest: string; readonly diffId: string; readonly size: number } {
  const stored = createHash('sha256');
  const content = createHash('sha256');
  const path = join(folder, `layer-${index}`);
  const file = openSync(path, 'w');
  const state = { size: 0, count: 0 };
  const write = ({ plain, packed }: Pick<Member, 'plain' | 'packed'>): void => {
    writeSync(file, packed);
    stored.update(packed);
    content.update(plain);
    state.size += packed.length;
  };
  while (state.size < bytes) {
    const slice = slices[(state.count + index) % slices.length] as Member;
    const path = `opt/layer-${index}/file-${state.count}`;
    write(member(Buffer.concat([...smallFiles(index, state.count), header(path, slice.size)])));
    write(slice);
    state.count += 1;
  }
  write(member(Buffer.alloc(2 * BLOCK)));
  closeSync(file);
  const digest = stored.digest('hex');
  renameSync(path, join(folder, 'blobs/sha256', digest));
  return { digest: `sha256:${digest}`, diffId: `sha256:${content.digest('hex')}`, size: state.size };
}

const words =
  'const function return import from export await async readonly string number undefined if else for of'.split(' ');

function* smallFiles(index: number, count: number): Generator<Buffer> {
  for (let file = 0; file < SMALL_FILES; file += 1) {
    let seed = index * 1_000_003 + count * 1009 + file + 1;
    let text = '';
    while (text.length < SMALL_BYTES) {
      seed = (seed * 48_271) % 2_147_483_647;
      text += `${words[seed % words.length]}${seed % 7 === 0 ? seed.toString(36) : ''} `;
    }
    const content = Buffer.from(text.slice(0, SMALL_BYTES));
    yield header(`usr/lib/layer-${index}/folder-${count}/file-${file}.ts`, SMALL_BYTES);
    yield Buffer.concat([content, Buffer.alloc((BLOCK - (SMALL_BYTES % BLOCK)) % BLOCK)]);
  }
}

function member(plain: Buffer): Member {
  return { size: plain.length, plain, packed: gzipSync(plain) };
}

function header(path: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(path, 0);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write('0', 156);
  block.write('ustar\0', 257);
  block.write('00', 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function store(folder: string, document: unknown): { readonly digest: string; readonly size: number } {
  const bytes = Buffer.from(JSON.stringify(document));
  const hex = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(folder, 'blobs/sha256', hex), bytes);
  return { digest: `sha256:${hex}`, size: bytes.length };
}
