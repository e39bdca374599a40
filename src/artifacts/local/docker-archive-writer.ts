/** An archive as `docker load` reads it: images, whose manifests (and so their digests) it does not keep. */
import { hexOf, type Descriptor } from '../../core/index.ts';
import type { Image } from '../image/image.ts';
import { writeTar, type TarFile } from '../image/tar-writer.ts';

export interface ArchivedImage {
  readonly image: Image;
  /** Whole references with tags. */
  readonly names: readonly string[];
  /** Throws at its end when size or digest is wrong. */
  readonly stream: (layer: Descriptor) => AsyncIterable<Uint8Array>;
}

/** What images share is written once. */
export function dockerArchive(images: readonly ArchivedImage[]): AsyncIterable<Uint8Array> {
  const files = new Map<string, TarFile>();
  const document = images.map(({ image, names, stream }) => {
    const { config, layers } = image.manifest;
    const path = `${hexOf(config.digest)}.json`;
    files.set(path, { path, size: image.configBytes.length, content: image.configBytes });
    for (const layer of layers) {
      const layerPath = pathOf(layer);
      if (!files.has(layerPath)) files.set(layerPath, { path: layerPath, size: layer.size, content: stream(layer) });
    }
    return { Config: path, RepoTags: names, Layers: layers.map(pathOf) };
  });
  const text = new TextEncoder().encode(JSON.stringify(document));
  return writeTar([...files.values(), { path: 'manifest.json', size: text.length, content: text }]);
}

function pathOf({ digest, mediaType }: Descriptor): string {
  return `${hexOf(digest)}.tar${mediaType.endsWith('gzip') ? '.gz' : ''}`;
}
