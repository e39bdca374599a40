/** A new image from a base and tar files as further layers; the same inputs give the same digest. */
import {
  DEFAULT_PLATFORM,
  encodeDescriptor,
  OCI_CONFIG,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
  copyArtifact,
  openImage,
  type ImageLayer,
  type Repository,
} from '../artifacts/index.ts';
import {
  AppError,
  digestOf,
  formatReference,
  isRecord,
  parseReference,
  referenceWithDigest,
  targetOf,
  type Descriptor,
  type Digest,
  type Platform,
  type Ports,
  type Reference,
} from '../core/index.ts';
import { pushTarLayers } from './layer-file.ts';
import { createdAt, type Pushed } from './push-artifact.ts';
import { accessBeside, openRepository, type RepositoryAccess } from './registry.ts';

export interface AppendInput {
  /** Absent: the new layers are all there is. */
  readonly base: string | undefined;
  /** Tar files, compressed or not. */
  readonly layers: readonly string[];
  /** Where the new image goes. */
  readonly target: string;
  readonly platform?: Platform | undefined;
  /** Its credential is for the target's registry. */
  readonly access?: RepositoryAccess;
}

export async function appendLayers(ports: Ports, input: AppendInput, signal: AbortSignal): Promise<Pushed> {
  const target = parseReference(input.target);
  const to = openRepository(ports, target, input.access);
  const platform = input.platform ?? DEFAULT_PLATFORM;
  const base =
    input.base === undefined
      ? emptyBase(platform)
      : await bringBase(ports, { access: input.access ?? {}, target, base: input.base, platform, to }, signal);
  const layers = await pushTarLayers(ports, { to, files: input.layers }, signal);
  const configBytes = newConfig(base, layers, createdAt(ports));
  const config = { mediaType: OCI_CONFIG, digest: digestOf(configBytes), size: configBytes.length };
  await to.pushBlob(config, configBytes, signal);
  const all = [...base.layers, ...layers.map((layer) => layer.descriptor)];
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config,
    layers: all.map(toOciLayer).map(encodeDescriptor),
    ...(Object.keys(base.annotations).length === 0 ? {} : { annotations: base.annotations }),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const descriptor = await to.pushManifest(bytes, OCI_MANIFEST, target.tag ?? targetOf(target), signal);
  return { descriptor, reference: formatReference(referenceWithDigest(target, descriptor.digest)) };
}

/** What the new image begins with. */
interface Base {
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly Digest[];
  /** The configuration to extend. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, string>>;
}

function emptyBase({ os, architecture, variant }: Platform): Base {
  const config = { os, architecture, ...(variant === undefined ? {} : { variant }), config: {} };
  return { layers: [], diffIds: [], config, annotations: {} };
}

interface BaseInput {
  readonly base: string;
  readonly platform: Platform;
  readonly access: RepositoryAccess;
  readonly target: Reference;
  readonly to: Repository;
}

/** Copies the base's blobs to where the new image goes. */
async function bringBase(ports: Ports, input: BaseInput, signal: AbortSignal): Promise<Base> {
  const { base, platform, to } = input;
  const reference = parseReference(base);
  const from = openRepository(ports, reference, accessBeside(input.access, input.target, reference));
  const image = await openImage(from, targetOf(reference), { platform, signal });
  await copyArtifact(from, to, image.descriptor.digest, {
    only: true,
    parallelism: ports.settings.parallelism,
    progress: ports.progress,
    signal,
  });
  const { document, diffIds } = image.config;
  if (!isRecord(document)) throw new AppError('invalid-input', `${base}: expected an object as configuration`);
  return { layers: image.manifest.layers, diffIds, config: document, annotations: image.manifest.annotations };
}

/** The new manifest is of OCI, so Docker's names of layer types give way to their equals. */
function toOciLayer(layer: Descriptor): Descriptor {
  const isDocker = layer.mediaType.startsWith('application/vnd.docker.image.rootfs.diff.tar');
  if (!isDocker) return layer;
  return { ...layer, mediaType: layer.mediaType.endsWith('gzip') ? OCI_LAYER_GZIP : OCI_LAYER };
}

function newConfig(base: Base, layers: readonly ImageLayer[], created: string): Uint8Array {
  const history = Array.isArray(base.config.history) ? (base.config.history as readonly unknown[]) : [];
  const added = layers.map(() => ({ created, created_by: 'plimsoll append' }));
  const changed = {
    ...base.config,
    created,
    rootfs: { type: 'layers', diff_ids: [...base.diffIds, ...layers.map((layer) => layer.diffId)] },
    history: [...history, ...added],
  };
  return new TextEncoder().encode(JSON.stringify(changed));
}
