/**
 * Adds layers to the manifest under a cosign tag. Registries have no compare-and-swap on tags, so two signers can
 * overwrite each other: whoever wrote looks again until its layers have stayed for longer than another's read and write take.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, digestOf } from '../../core/index.ts';
import type { Descriptor, Digest } from '../../core/index.ts';
import { OCI_MANIFEST, parseImageManifest } from '../../artifacts/index.ts';
import { SIGNATURE_ANNOTATION } from './fetch.ts';
import type { Repository } from '../../artifacts/index.ts';

const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
/** As many signers as may start at the same moment, each losing a round to every other. */
const MAX_ROUNDS = 100;
/** Over two of these (and as much again by chance) a signer that read before us has finished its pushes. */
const SETTLE_MILLISECONDS = 75;
const SIGHTINGS = 2;

export interface AppendOptions {
  /** Pause before each look whether a layer is still there. */
  readonly settleMilliseconds?: number;
  readonly signal?: AbortSignal;
}

/**
 * Gives the digest of the manifest that holds the layer at the end. The layer's blob must have been pushed.
 * Throws `unavailable` when others kept overwriting the tag.
 */
export async function appendLayer(
  repository: Repository,
  tag: string,
  layer: Descriptor,
  options: AppendOptions = {},
): Promise<Digest> {
  const { signal } = options;
  const settle = options.settleMilliseconds ?? SETTLE_MILLISECONDS;
  // A layer that was there before us is not ours to guard.
  let sightings = SIGHTINGS;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const current = await readLayers(repository, tag, signal);
    if (current.digest !== undefined && current.layers.some((entry) => isSameLayer(entry, layer))) {
      if (sightings === SIGHTINGS) return current.digest;
      sightings += 1;
    } else {
      await pushLayers(repository, tag, { ...current, layers: [...current.layers, layer] }, signal);
      sightings = 0;
    }
    await sleep(settle + Math.random() * settle, undefined, signal === undefined ? {} : { signal });
  }
  throw new AppError('unavailable', `${repository.name}:${tag}: other signers kept overwriting it, try again`);
}

interface Layers {
  readonly digest?: Digest;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

async function readLayers(repository: Repository, tag: string, signal?: AbortSignal): Promise<Layers> {
  const manifest = await repository.findManifest(tag, signal);
  if (manifest === undefined) return { layers: [], annotations: {} };
  const { layers, annotations } = parseImageManifest(manifest);
  return { digest: manifest.descriptor.digest, layers, annotations };
}

/** One payload may be signed several times, so the annotations count too. */
function isSameLayer(one: Descriptor, other: Descriptor): boolean {
  return (
    one.digest === other.digest && one.annotations?.[SIGNATURE_ANNOTATION] === other.annotations?.[SIGNATURE_ANNOTATION]
  );
}

async function pushLayers(repository: Repository, tag: string, content: Layers, signal?: AbortSignal): Promise<void> {
  const config = encodeConfig(content.layers);
  const descriptor: Descriptor = { mediaType: CONFIG_TYPE, size: config.length, digest: digestOf(config) };
  await repository.pushBlob(descriptor, config, signal);
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: CONFIG_TYPE, size: config.length, digest: descriptor.digest },
    layers: content.layers.map(encodeLayer),
    ...(Object.keys(content.annotations).length === 0 ? {} : { annotations: content.annotations }),
  };
  await repository.pushManifest(new TextEncoder().encode(JSON.stringify(manifest)), OCI_MANIFEST, tag, signal);
}

/** The key order of go-containerregistry, so that equal content gives equal digests. */
function encodeLayer(layer: Descriptor): Readonly<Record<string, unknown>> {
  const { mediaType, size, digest, ...rest } = layer;
  return { mediaType, size, digest, ...rest };
}

/** The image config that cosign writes: no platform, the zero time of Go, one history entry per layer. */
export function encodeConfig(layers: readonly Descriptor[]): Uint8Array {
  const zero = '0001-01-01T00:00:00Z';
  const config = {
    architecture: '',
    created: zero,
    history: layers.map(() => ({ created: zero })),
    os: '',
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
    config: {},
  };
  return new TextEncoder().encode(JSON.stringify(config));
}
