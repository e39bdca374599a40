/** How a layer is stored, as its descriptor tells. */
import type { Descriptor } from '../../core/index.ts';

export type LayerFormat = 'tar' | 'gzip' | 'zstd' | 'estargz' | 'zstd:chunked' | 'foreign' | 'unknown';

/** Annotations of layers that can be read in part; to all other readers they are gzip and zstd. */
const PARTIAL: readonly (readonly [string, LayerFormat])[] = [
  ['containerd.io/snapshot/stargz/toc.digest', 'estargz'],
  ['io.github.containers.zstd-chunked.manifest-checksum', 'zstd:chunked'],
  ['io.containers.zstd-chunked.manifest-checksum', 'zstd:chunked'],
];

export function layerFormatOf({ mediaType, annotations = {} }: Descriptor): LayerFormat {
  if (/\.(?:nondistributable|foreign)\./.test(mediaType)) return 'foreign';
  const partial = PARTIAL.find(([name]) => annotations[name] !== undefined);
  if (partial !== undefined) return partial[1];
  if (mediaType.endsWith('.tar')) return 'tar';
  if (/[.+]gzip$/.test(mediaType)) return 'gzip';
  return mediaType.endsWith('+zstd') ? 'zstd' : 'unknown';
}
