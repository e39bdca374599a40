/** What each layer of an image is and did: which added a path, which changed it, which deleted it. */
import { chainIdsOf, LAYER_ALONE, layerFormatOf, stepsOf, type LayerFormat } from '../artifacts/index.ts';
import { AppError, type Digest, type LayerChange, type Platform, type Ports } from '../core/index.ts';
import { openSource, type OpenedImage } from './open-source.ts';
import type { RepositoryAccess } from './registry.ts';

export interface LayersInput {
  readonly source: string;
  /** Only what layers did to this path and what is under it. */
  readonly path?: string | undefined;
  readonly platform?: Platform | undefined;
  readonly access?: RepositoryAccess;
}

export interface LayerFacts {
  /** 0 is the lowest. */
  readonly index: number;
  readonly digest: Digest;
  readonly diffId: Digest;
  /** Of it with all layers below: the name of its snapshot in container stores. */
  readonly chainId: Digest;
  /** Stored bytes. */
  readonly size: number;
  readonly format: LayerFormat;
  /** The build step, where the configuration tells. */
  readonly createdBy: string;
  /** Paths that it added, changed and deleted. */
  readonly added: number;
  readonly changed: number;
  readonly deleted: number;
}

export interface PathFacts {
  readonly path: string;
  /** Lowest layer first. */
  readonly changes: readonly { readonly layer: number; readonly change: LayerChange['change'] }[];
}

export interface ImageLayers {
  readonly name: string;
  readonly digest: Digest;
  readonly layers: readonly LayerFacts[];
  /** Sorted; only where a path was asked for. */
  readonly paths?: readonly PathFacts[];
}

/** Throws `usage` when the source is no image, `not-found` when no layer ever had the path. */
export async function describeLayers(ports: Ports, input: LayersInput, signal: AbortSignal): Promise<ImageLayers> {
  const { source, platform, access } = input;
  const options = { selector: LAYER_ALONE, platform, signal, ...(access === undefined ? {} : { access }) };
  const { name, tree, image } = await openSource(ports, source, options);
  if (image === undefined) throw new AppError('usage', `${source}: expected an image, found files without layers`);
  const changes = (await tree()).changes();
  const layers = layerFacts(image, changes);
  const described = { name, digest: image.digest, layers };
  return input.path === undefined ? described : { ...described, paths: pathFacts(changes, input.path, name) };
}

function layerFacts(image: OpenedImage, changes: ReadonlyMap<string, readonly LayerChange[]>): readonly LayerFacts[] {
  const counts = image.layers.map(() => ({ added: 0, changed: 0, deleted: 0 }));
  for (const { layer, change } of [...changes.values()].flat()) {
    const count = counts[layer.index];
    if (count !== undefined) count[change] += 1;
  }
  const chainIds = chainIdsOf(image.layers.map(({ diffId }) => diffId));
  const steps = stepsOf(image.config);
  return image.layers.map(({ descriptor, diffId }, index) => ({
    index,
    digest: descriptor.digest,
    diffId,
    chainId: chainIds[index] ?? diffId,
    size: descriptor.size,
    format: layerFormatOf(descriptor),
    createdBy: steps?.[index] ?? '',
    ...(counts[index] ?? { added: 0, changed: 0, deleted: 0 }),
  }));
}

function pathFacts(
  changes: ReadonlyMap<string, readonly LayerChange[]>,
  asked: string,
  name: string,
): readonly PathFacts[] {
  const wanted = asked.replace(/^\/+|\/+$/g, '');
  const found = [...changes].filter(([path]) => wanted === '' || path === wanted || path.startsWith(`${wanted}/`));
  if (found.length === 0) throw new AppError('not-found', `${name}: no layer has ${asked}`);
  return found
    .map(([path, steps]) => ({ path, changes: steps.map(({ layer, change }) => ({ layer: layer.index, change })) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
