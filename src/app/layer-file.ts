/** New layers, compressed on their way into a file: nothing holds one in memory. */
import { join } from 'node:path';
import {
  compressionOf,
  LAYER_ALONE,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  readLayer,
  type ImageLayer,
  type Repository,
} from '../artifacts/index.ts';
import { createHasher, type Descriptor, type Digest, type Ports } from '../core/index.ts';
import { describeFile, pushFrom } from './transfer-blob.ts';

interface NewLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  /** Where its bytes are. */
  readonly path: string;
}

/** A tar file on the disk: compressed ones are taken as they are. Throws `invalid-input` when it is no tar. */
async function withTarLayer<T>(ports: Ports, path: string, action: (layer: NewLayer) => Promise<T>): Promise<T> {
  // reading it as a layer is the check that it is a tar
  const { diffId } = await readLayer(ports.files.stream(path), { selector: LAYER_ALONE, what: path });
  const kind = await compressionOfFile(ports, path);
  if (kind === 'none') return await withLayer(ports, ports.files.stream(path), action);
  const mediaType = kind === 'gzip' ? OCI_LAYER_GZIP : OCI_LAYER_ZSTD;
  return await action({ diffId, path, descriptor: await describeFile(ports, path, mediaType) });
}

/** A tar as it comes. Its file is gone after the action. */
export async function withLayer<T>(
  ports: Ports,
  tar: AsyncIterable<Uint8Array>,
  action: (layer: NewLayer) => Promise<T>,
): Promise<T> {
  const path = join(ports.settings.cacheDir, `layer-${Buffer.from(ports.random(8)).toString('hex')}.tar.gz`);
  const whole = createHasher();
  try {
    await ports.files.append(
      path,
      compress(tar, (chunk) => whole.update(chunk)),
    );
    const descriptor = await describeFile(ports, path, OCI_LAYER_GZIP);
    return await action({ diffId: whole.digest(), path, descriptor });
  } finally {
    await ports.files.remove(path);
  }
}

/** zlib writes no time, so that the same tar gives the same bytes. */
async function* compress(
  tar: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const { createGzip } = process.getBuiltinModule('node:zlib');
  const { Readable } = process.getBuiltinModule('node:stream');
  const copied = async function* () {
    for await (const chunk of tar) {
      onChunk(chunk);
      // a chunk may be good only until the next one is asked for, and streams look ahead
      yield Uint8Array.from(chunk);
    }
  };
  const source = Readable.from(copied());
  const gzip = createGzip({ level: 6, chunkSize: 1024 * 1024 });
  source.on('error', (error) => gzip.destroy(error));
  for await (const chunk of source.pipe(gzip)) yield chunk as Uint8Array;
}

async function compressionOfFile(ports: Ports, path: string) {
  for await (const chunk of ports.files.stream(path, { start: 0, end: 4 })) return compressionOf(chunk);
  return 'none';
}

export async function pushLayer(ports: Ports, to: Repository, layer: NewLayer, signal: AbortSignal): Promise<void> {
  await pushFrom(ports, to, { blob: layer.descriptor, path: layer.path }, signal);
}

/** Tar files, one after the other, as layers of a repository. */
export async function pushTarLayers(
  ports: Ports,
  { to, files }: { readonly to: Repository; readonly files: readonly string[] },
  signal: AbortSignal,
): Promise<readonly ImageLayer[]> {
  const layers: ImageLayer[] = [];
  for (const path of files) {
    const { diffId, descriptor } = await withTarLayer(ports, path, async (layer) => {
      await pushLayer(ports, to, layer, signal);
      return layer;
    });
    layers.push({ diffId, descriptor });
  }
  return layers;
}
