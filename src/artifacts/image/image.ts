/** An image of one platform: manifest, configuration and its layers as one FileTree. */
import {
  AppError,
  arrayOf,
  decodeJson,
  isRecord,
  mapOf,
  mapParallel,
  object,
  optional,
  parseJson,
  string,
  boolean,
  untimed,
  type Cache,
  type Descriptor,
  type Digest,
  type FileSelector,
  type LayerRef,
  type Platform,
  type Progress,
  type TimeStep,
} from '../../core/index.ts';
import { digest, parseImageManifest, refuseAliases, type ImageManifest } from '../manifest.ts';
import type { Manifest, ReadableRepository } from '../repository.ts';
import { loadLayerIndex, saveLayerIndex } from './layer-cache.ts';
import { readLayer, type LayerIndex, type LayerReadOptions } from './layer-index.ts';
import type { PlacedLayer } from './overlay.ts';
import { DEFAULT_PLATFORM, selectManifest } from './platform.ts';

export interface ImageLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
}

export interface ImageConfig {
  readonly os: string | undefined;
  readonly architecture: string | undefined;
  readonly variant: string | undefined;
  readonly created: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: readonly string[];
  readonly diffIds: readonly Digest[];
  /** Oldest first; an empty one has no layer. */
  readonly history: readonly ImageHistory[];
  /** The whole configuration, parsed. */
  readonly document: unknown;
}

export interface ImageHistory {
  readonly createdBy: string;
  readonly isEmptyLayer: boolean;
}

export interface Image {
  readonly repository: ReadableRepository;
  /** What was asked for: an index, or the same as `descriptor`. */
  readonly root: Descriptor;
  /** The image manifest of the chosen platform. */
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
  /** Exact bytes of the configuration. */
  readonly configBytes: Uint8Array;
  /** Lowest first. */
  readonly layers: readonly ImageLayer[];
}

const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/** What decides about how an image is run, and by whom it is judged. */
const CONFIG_FIELDS = ['os', 'architecture', 'variant', 'created', 'config', 'rootfs', 'history'];
const RUN_FIELDS = ['User', 'Env', 'Entrypoint', 'Cmd', 'WorkingDir', 'ExposedPorts', 'Volumes', 'Labels'];

const configFields = object({
  os: optional(string),
  architecture: optional(string),
  variant: optional(string),
  created: optional(string),
  config: optional(object({ Labels: optional(mapOf(string)), Env: optional(arrayOf(string)) })),
  rootfs: object({ diff_ids: optional(arrayOf(digest)) }),
  history: optional(arrayOf(object({ created_by: optional(string), empty_layer: optional(boolean) }))),
});

/** Throws `invalid-input` when what is stored is no container image, `not-found` when an index has none for the platform. */
export async function openImage(
  repository: ReadableRepository,
  target: string,
  options: { readonly platform?: Platform | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Image> {
  const root = await repository.fetchManifest(target, options.signal);
  const chosen = await selectManifest(repository, root, options.platform ?? DEFAULT_PLATFORM, options.signal);
  return await readImage(repository, root.descriptor, chosen, options.signal);
}

async function readImage(
  repository: ReadableRepository,
  root: Descriptor,
  chosen: Manifest,
  signal: AbortSignal | undefined,
): Promise<Image> {
  const manifest = parseImageManifest(chosen);
  const configBytes = await repository.fetchBlob(manifest.config, MAX_CONFIG_BYTES, signal);
  const config = parseImageConfig(configBytes, `${repository.name}: configuration ${manifest.config.digest}`);
  if (config.diffIds.length !== manifest.layers.length) {
    throw new AppError(
      'invalid-input',
      `${repository.name}: expected ${manifest.layers.length} diff ids in the configuration, found ${config.diffIds.length}`,
    );
  }
  const layers = manifest.layers.map((descriptor, index) => ({ descriptor, diffId: config.diffIds[index] as Digest }));
  return { repository, root, descriptor: chosen.descriptor, manifest, config, configBytes, layers };
}

export function parseImageConfig(bytes: Uint8Array, what: string): ImageConfig {
  const fields = decodeJson(bytes, configFields, { what });
  const document = parseJson(bytes, { what });
  refuseAliases(document, CONFIG_FIELDS, what);
  refuseAliases(isRecord(document) ? document.config : undefined, RUN_FIELDS, `${what}.config`);
  return {
    os: fields.os,
    architecture: fields.architecture,
    variant: fields.variant,
    created: fields.created,
    labels: fields.config?.Labels ?? {},
    environment: fields.config?.Env ?? [],
    diffIds: fields.rootfs.diff_ids ?? [],
    history: (fields.history ?? []).map((entry) => ({
      createdBy: entry.created_by ?? '',
      isEmptyLayer: entry.empty_layer === true,
    })),
    document,
  };
}

/** Reads one layer, here or on another thread; `size` is in stored bytes. */
export type LayerReader = (
  source: AsyncIterable<Uint8Array>,
  options: LayerReadOptions & { readonly size: number },
) => Promise<LayerIndex>;

export interface TreeOptions {
  readonly cache: Cache;
  /** readLayer when absent. */
  readonly read?: LayerReader;
  /** Layers read at the same time. */
  readonly parallelism: number;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress;
  readonly timeStep?: TimeStep | undefined;
}

/** Streams each layer once, or not at all when its index is cached. */
export async function indexLayers(
  image: Image,
  selector: FileSelector,
  options: TreeOptions,
): Promise<readonly (PlacedLayer & { readonly ref: LayerRef })[]> {
  const { timeStep = untimed } = options;
  const indexes = new Map<Digest, LayerIndex>();
  // the same layer may occur twice; largest first, so that the last one to finish is a small one
  const unique = [...new Map(image.layers.map((layer) => [layer.diffId, layer])).values()];
  const largestFirst = unique.sort((a, b) => b.descriptor.size - a.descriptor.size);
  await mapParallel(largestFirst, options.parallelism, async (layer) => {
    const { digest: name, size } = layer.descriptor;
    const { index } = await timeStep(
      async () => await indexLayer(image, layer, { selector, ...options }),
      ({ isCached }) => ({ kind: 'layer', name, size, isCached }),
    );
    indexes.set(layer.diffId, index);
  });
  return image.layers.map(({ descriptor, diffId }, index) => ({
    index: indexes.get(diffId) as LayerIndex,
    ref: { index, digest: descriptor.digest, diffId },
  }));
}

async function indexLayer(
  image: Image,
  layer: ImageLayer,
  options: TreeOptions & { readonly selector: FileSelector },
): Promise<{ readonly index: LayerIndex; readonly isCached: boolean }> {
  const { selector, cache, read = readLayer, signal, progress } = options;
  const cached = await loadLayerIndex(cache, layer.diffId, selector);
  if (cached !== undefined) return { index: cached, isCached: true };
  const { digest: item, size } = layer.descriptor;
  const what = `${image.repository.name}: layer ${item}`;
  let total = 0;
  const index = await read(image.repository.streamBlob(layer.descriptor, signal), {
    selector,
    what,
    size,
    onBytes: (done) => {
      total = done;
      progress?.({ item, action: 'read', done });
    },
  });
  if (index.diffId !== layer.diffId) {
    throw new AppError(
      'invalid-input',
      `${what}: expected diff id ${layer.diffId} as configured, found ${index.diffId}`,
    );
  }
  progress?.({ item, action: 'read', done: total, total });
  await saveLayerIndex(cache, index, selector);
  return { index, isCached: false };
}
