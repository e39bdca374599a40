/** A new image from a base and tar files as further layers; the same inputs give the same digest. */
import {
  copyArtifact,
  DEFAULT_PLATFORM,
  encodeDescriptor,
  OCI_CONFIG,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
  openImage,
  type ImageLayer,
  type Manifest,
  type Repository,
} from '../artifacts/index.ts';
import {
  AppError,
  DEFAULT_TAG,
  digestOf,
  formatReference,
  isRecord,
  type Descriptor,
  type Digest,
  type Platform,
  type Ports,
} from '../core/index.ts';
import { openCopySource } from './copy-artifact.ts';
import { intoTarget } from './edit-target.ts';
import { pushTarLayers } from './layer-file.ts';
import type { OpenedArtifact } from './open-artifact.ts';
import { parseTarget, type TargetName } from './open-target.ts';
import { createdAt, type Pushed } from './push-artifact.ts';
import { BASE_DIGEST, BASE_NAME } from './base-image.ts';
import type { RepositoryAccess } from './registry.ts';

export interface AppendInput {
  /** In a registry or on the disk; absent: the new layers are all there is. */
  readonly base: string | undefined;
  /** Tar files, compressed or not. */
  readonly layers: readonly string[];
  /** Where the new image goes, see parseTarget; in a registry as `latest` when it has no tag. */
  readonly target: string;
  readonly platform?: Platform | undefined;
  /** Say in the annotations what the base is, so that a rebase finds it. */
  readonly annotateBase?: boolean | undefined;
  /** Its credential is for the target's registry. */
  readonly access?: RepositoryAccess;
}

export async function appendLayers(ports: Ports, input: AppendInput, signal: AbortSignal): Promise<Pushed> {
  const named = parseTarget(input.target);
  const isUntagged = named.scheme === 'registry' && named.tags.length === 0;
  const target = isUntagged ? { ...named, tags: [DEFAULT_TAG] } : named;
  const platform = input.platform ?? DEFAULT_PLATFORM;
  const make = async (to: Repository) => {
    const run = { input, target, platform, to };
    const base = input.base === undefined ? emptyBase(platform) : await bringBase(ports, run, input.base, signal);
    return await appendTo(ports, { base, to, files: input.layers }, signal);
  };
  return await intoTarget(ports, { target, platform, access: input.access }, make, signal);
}

async function appendTo(
  ports: Ports,
  { base, to, files }: { readonly base: Base; readonly to: Repository; readonly files: readonly string[] },
  signal: AbortSignal,
): Promise<Manifest> {
  const layers = await pushTarLayers(ports, { to, files }, signal);
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
  return { bytes, descriptor: { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length } };
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

interface AppendRun {
  readonly input: AppendInput;
  readonly target: TargetName;
  readonly platform: Platform;
  readonly to: Repository;
}

/** Copies the base's blobs to where the new image goes. */
async function bringBase(ports: Ports, run: AppendRun, base: string, signal: AbortSignal): Promise<Base> {
  const { input, target, platform, to } = run;
  const from = await openCopySource(ports, { ...input, source: base }, target);
  const image = await openImage(from.repository, await from.findTarget(), { platform, signal });
  const { parallelism } = ports.settings;
  const options = { only: true, parallelism, progress: ports.progress, signal };
  await copyArtifact(from.repository, to, image.descriptor.digest, options);
  const { document, diffIds } = image.config;
  if (!isRecord(document)) throw new AppError('invalid-input', `${base}: expected an object as configuration`);
  const { layers, annotations } = image.manifest;
  const about = input.annotateBase === true ? baseAnnotations(from, image.descriptor.digest) : {};
  return { layers, diffIds, config: document, annotations: { ...annotations, ...about } };
}

function baseAnnotations({ reference, tag }: OpenedArtifact, digest: Digest): Readonly<Record<string, string>> {
  if (reference === undefined) return { [BASE_DIGEST]: digest };
  const { registry, repository } = reference;
  const name = formatReference({ registry, repository, ...(tag === undefined ? {} : { tag }) });
  return { [BASE_NAME]: name, [BASE_DIGEST]: digest };
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
