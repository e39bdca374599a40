/**
 * New images from old ones: each image of an index is edited by itself, and a new index lists the results. Manifests keep their
 * media types and all fields that are not edited. Attestations that build tools keep in an index are left out: they are about images
 * that the new index no longer has.
 */
import {
  isForeignLayer,
  isIndexType,
  encodeDescriptor,
  openImage,
  parseImageIndex,
  selectManifest,
  sendBlob,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
  type Image,
  type ImageLayer,
  type Manifest,
  type ReadableRepository,
  type Repository,
} from '../artifacts/index.ts';
import {
  AppError,
  digestOf,
  mapParallel,
  parseJson,
  record,
  type Descriptor,
  type Platform,
  type Ports,
} from '../core/index.ts';
import { intoTarget } from './edit-target.ts';
import { fetchRoot, openArtifact, type OpenedArtifact } from './open-artifact.ts';
import { parseTarget, type TargetName } from './open-target.ts';
import type { Pushed } from './push-artifact.ts';
import { accessBeside, openRepository, type RepositoryAccess } from './registry.ts';

export interface EditInput {
  /** See resolveSource. */
  readonly source: string;
  /** Where the new image goes, see parseTarget; absent: by digest, to where the source is. */
  readonly target?: string | undefined;
  /** One image of an index; all when absent. */
  readonly platform?: Platform | undefined;
  /** Its credential is for the target's registry. */
  readonly access?: RepositoryAccess;
}

type Json = Readonly<Record<string, unknown>>;

/** What an image is made of, as editing sees it. */
export interface ImageParts {
  /** The configuration without its layers and history. */
  readonly config: Json;
  readonly history: readonly unknown[];
  readonly layers: readonly ImageLayer[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** Gives new parts; layers that the source does not have it pushes to the repository itself. */
export type Edit = (image: Image, parts: ImageParts, to: Repository) => Promise<ImageParts>;

/** As deep as platforms are looked for. */
const MAX_INDEX_DEPTH = 4;

export async function editImage(ports: Ports, input: EditInput, edit: Edit, signal: AbortSignal): Promise<Pushed> {
  const { from, target } = await openEdit(ports, input);
  const root = await fetchRoot(from, signal);
  const { platform, access } = input;
  const chosen = platform === undefined ? root : await selectManifest(from.repository, root, platform, signal);
  const make = (to: Repository) => editManifest({ ports, from: from.repository, to, edit, signal }, chosen, 0);
  return await intoTarget(ports, { target, platform, access }, make, signal);
}

async function openEdit(
  ports: Ports,
  { source, target, access }: EditInput,
): Promise<{ readonly from: OpenedArtifact; readonly target: TargetName }> {
  if (target === undefined) {
    const from = await openArtifact(ports, source, access);
    if (from.reference === undefined) throw new AppError('usage', `${source}: expected --tag for an image on the disk`);
    const { registry, repository } = from.reference;
    return { from, target: { scheme: 'registry', reference: { registry, repository }, tags: [] } };
  }
  const name = parseTarget(target);
  const other = await openArtifact(ports, source, access);
  if (other.reference === undefined || name.scheme !== 'registry') return { from: other, target: name };
  const beside = accessBeside(access, name.reference, other.reference);
  return { from: { ...other, repository: openRepository(ports, other.reference, beside) }, target: name };
}

interface EditRun {
  readonly ports: Ports;
  readonly from: ReadableRepository;
  readonly to: Repository;
  readonly edit: Edit;
  readonly signal: AbortSignal;
}

/** The new manifest; all that it names is in the target. */
async function editManifest(run: EditRun, manifest: Manifest, depth: number): Promise<Manifest> {
  if (!isIndexType(manifest.descriptor.mediaType)) return await editOne(run, manifest);
  const { from, to, signal } = run;
  if (depth >= MAX_INDEX_DEPTH) {
    throw new AppError('invalid-input', `${from.name}: expected at most ${MAX_INDEX_DEPTH} indexes inside each other`);
  }
  const entries: Descriptor[] = [];
  for (const entry of parseImageIndex(manifest).manifests) {
    if (isAboutOthers(entry)) continue;
    const edited = await editManifest(run, await from.fetchManifest(entry.digest, signal), depth + 1);
    const { mediaType, digest, size } = edited.descriptor;
    await to.pushManifest(edited.bytes, mediaType, digest, signal);
    entries.push({ ...entry, digest, size });
  }
  return manifestOf(manifest, { manifests: entries.map(encodeDescriptor) });
}

/** Build tools keep attestations as manifests for no platform. */
function isAboutOthers({ annotations, platform }: Descriptor): boolean {
  return annotations?.['vnd.docker.reference.type'] !== undefined || platform?.os === 'unknown';
}

async function editOne(run: EditRun, manifest: Manifest): Promise<Manifest> {
  const { ports, from, to, signal } = run;
  const image = await openImage(from, manifest.descriptor.digest, { signal });
  const parts = await run.edit(image, partsOf(image), to);
  await bringLayers(ports, { from, to, layers: parts.layers }, signal);
  const rootfs = { type: 'layers', diff_ids: parts.layers.map(({ diffId }) => diffId) };
  const bytes = new TextEncoder().encode(JSON.stringify({ ...parts.config, rootfs, history: parts.history }));
  const config = { mediaType: image.manifest.config.mediaType, digest: digestOf(bytes), size: bytes.length };
  await to.pushBlob(config, bytes, signal);
  const layers = parts.layers.map(({ descriptor }) => encodeDescriptor(layerIn(image.manifest.mediaType, descriptor)));
  const annotations = Object.keys(parts.annotations).length === 0 ? undefined : parts.annotations;
  return manifestOf(manifest, { config, layers, annotations });
}

export function partsOf({ config, layers, manifest, repository }: Image): ImageParts {
  const { history, rootfs: _, ...rest } = record(config.document, `${repository.name}: configuration`);
  const list = Array.isArray(history) ? (history as readonly unknown[]) : [];
  return { config: rest, history: list, layers, annotations: manifest.annotations };
}

/** Layers of a Docker manifest have Docker's names of types, those of others the specification's. */
function layerIn(manifestType: string, layer: Descriptor): Descriptor {
  const docker = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
  if (manifestType === OCI_MANIFEST)
    return layer.mediaType === docker ? { ...layer, mediaType: OCI_LAYER_GZIP } : layer;
  return layer.mediaType === OCI_LAYER_GZIP ? { ...layer, mediaType: docker } : layer;
}

function manifestOf(old: Manifest, changes: Json): Manifest {
  const document = record(parseJson(old.bytes, { what: 'manifest' }), 'manifest');
  const bytes = new TextEncoder().encode(JSON.stringify({ ...document, ...changes }));
  return { bytes, descriptor: { ...old.descriptor, digest: digestOf(bytes), size: bytes.length } };
}

/** Copies layers to where the new image goes, unless they are there. */
export async function bringLayers(
  ports: Ports,
  {
    from,
    to,
    layers,
  }: { readonly from: ReadableRepository; readonly to: Repository; readonly layers: readonly ImageLayer[] },
  signal: AbortSignal,
): Promise<void> {
  const { progress, settings } = ports;
  await mapParallel(layers, settings.parallelism, async ({ descriptor }) => {
    // what only its vendor may hand out stays there
    if (isForeignLayer(descriptor)) return;
    if (!(await to.hasBlob(descriptor.digest, signal))) await sendBlob(from, to, descriptor, { progress, signal });
  });
}
