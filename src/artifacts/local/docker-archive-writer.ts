/** An archive as `docker load` reads it: one image, whose manifest (and so its digest) it does not keep. */
import { hexOf, type Descriptor } from '../../core/index.ts';
import type { Image } from '../image/image.ts';
import { writeTar, type TarFile } from '../image/tar-writer.ts';

/** `names` are whole references with tags. Each layer's stream throws at its end when size or digest is wrong. */
export function dockerArchive(
  image: Image,
  names: readonly string[],
  stream: (layer: Descriptor) => AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const config = `${hexOf(image.manifest.config.digest)}.json`;
  const pathOf = (layer: Descriptor) => `${hexOf(layer.digest)}.tar${layer.mediaType.endsWith('gzip') ? '.gz' : ''}`;
  const { layers } = image.manifest;
  const document = [{ Config: config, RepoTags: names, Layers: layers.map(pathOf) }];
  const text = new TextEncoder().encode(JSON.stringify(document));
  const unique = new Map(layers.map((layer) => [pathOf(layer), layer]));
  const files: TarFile[] = [
    { path: config, size: image.configBytes.length, content: image.configBytes },
    ...[...unique].map(([path, layer]) => ({ path, size: layer.size, content: stream(layer) })),
    { path: 'manifest.json', size: text.length, content: text },
  ];
  return writeTar(files);
}
