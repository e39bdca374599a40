/** From what a user names (an image, an archive, a folder, a file) to its files. */
import {
  checkPlatform,
  indexLayers,
  openFileTree,
  openFolderTree,
  openImage,
  overlayLayers,
  readLayer,
  stackLayers,
  type Image,
  type ImageConfig,
  type ImageManifest,
  type LayerState,
} from '../artifacts/index.ts';
import {
  formatReference,
  type Digest,
  type FileSelector,
  type FileTree,
  type Platform,
  type Ports,
  type TimeStep,
} from '../core/index.ts';
import { layerReader } from './layer-reader.ts';
import { nameByDigest, openNamed, type OpenedArtifact } from './open-artifact.ts';
import type { RepositoryAccess } from './registry.ts';
import { resolveSource, type SourceName } from './resolve-source.ts';

export type SourceKind = 'image' | 'process' | 'folder' | 'archive' | 'file';

export interface SourceOptions {
  readonly selector: FileSelector;
  /** Of images and processes, whose files are there to run; `selector` when absent. */
  readonly imageSelector?: FileSelector;
  /** Of an index; linux/amd64 when absent. */
  readonly platform?: Platform | undefined;
  readonly access?: RepositoryAccess;
  readonly signal?: AbortSignal | undefined;
  readonly timeStep?: TimeStep | undefined;
}

export interface OpenedSource {
  /** What the result is about: a reference, or a path. */
  readonly name: string;
  readonly kind: SourceKind;
  /** Layers of an image are read when it is first asked for. */
  readonly tree: () => Promise<FileTree>;
  /** Of images only: what was there before layers took it away or changed it, see `stackLayers`. */
  readonly states?: () => Promise<Iterable<LayerState>>;
  /** Of images only. */
  readonly image?: OpenedImage;
}

export interface OpenedImage {
  /** Registry images: by digest, as `registry/repository@digest`. */
  readonly reference?: string;
  /** Of the image manifest of the chosen platform. */
  readonly digest: Digest;
  /** Of what was named: the index, or the same as `digest`. */
  readonly rootDigest: Digest;
  readonly config: ImageConfig;
  readonly manifest: ImageManifest;
  /** Lowest first. */
  readonly layers: Image['layers'];
}

/** See resolveSource for the grammar. Throws `not-found`, `invalid-input`. */
export async function openSource(ports: Ports, source: string, options: SourceOptions): Promise<OpenedSource> {
  const name = await resolveSource(ports, source);
  switch (name.scheme) {
    case 'dir': {
      const tree = await openFolderTree(ports.files, name.path, options.selector);
      return { name: name.path, kind: 'folder', tree: async () => tree };
    }
    case 'proc': {
      const tree = await openFolderTree(ports.files, name.path, options.imageSelector ?? options.selector, {
        isSystem: true,
      });
      return { name: `proc:${name.pid}`, kind: 'process', tree: async () => tree };
    }
    case 'file': {
      const tree = await openFileTree(ports.files, name.path, options.selector);
      return { name: name.path, kind: 'file', tree: async () => tree };
    }
    case 'archive':
      return await openPlainArchive(ports, name.path, options);
    case 'registry':
    case 'oci-dir':
    case 'oci-archive':
    case 'docker-archive':
    case 'blobs':
    case 'containerd':
      return await openImageSource(ports, name, options);
  }
}

/** Of a registry named as it was asked for, with its reference by digest; of a local form named by its path. */
async function openImageSource(ports: Ports, name: SourceName, options: SourceOptions): Promise<OpenedSource> {
  const opened = await openNamed(ports, name, options.access);
  const { image, ...source } = await openFrom(ports, opened, options);
  if (opened.reference === undefined) return { ...source, image };
  const reference = nameByDigest(opened, image.digest);
  return { ...source, name: formatReference(opened.reference), image: { ...image, reference } };
}

async function openFrom(
  ports: Ports,
  { repository, findTarget }: OpenedArtifact,
  options: SourceOptions,
): Promise<OpenedSource & { readonly image: OpenedImage }> {
  const image = await openImage(repository, await findTarget(), options);
  // an index may call its images what they do not call themselves
  const isLone = image.root.digest === image.descriptor.digest;
  if (isLone && options.platform !== undefined) checkPlatform(image, options.platform);
  let layers: ReturnType<typeof indexLayers> | undefined;
  const readLayers = async () =>
    await (layers ??= indexLayers(image, options.imageSelector ?? options.selector, {
      cache: ports.cache,
      read: layerReader(ports),
      parallelism: ports.settings.parallelism,
      signal: options.signal,
      progress: ports.progress,
      timeStep: options.timeStep,
    }));
  return {
    name: repository.name,
    kind: 'image',
    tree: async () => overlayLayers(await readLayers()),
    states: async () => stackLayers(await readLayers()),
    image: {
      digest: image.descriptor.digest,
      rootDigest: image.root.digest,
      config: image.config,
      manifest: image.manifest,
      layers: image.layers,
    },
  };
}

/** A tar of files is read like a lone layer. */
async function openPlainArchive(ports: Ports, path: string, options: SourceOptions): Promise<OpenedSource> {
  const index = await readLayer(ports.files.stream(path), { selector: options.selector, what: path });
  return { name: path, kind: 'archive', tree: async () => overlayLayers([{ index }]) };
}
