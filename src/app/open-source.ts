/** From what a user names (an image, an archive, a folder, a file) to its files. */
import {
  defaultTarget,
  firstBytes,
  openArchive,
  openDockerArchive,
  openFileTree,
  openFolder,
  openFolderTree,
  openImage,
  openImageTree,
  openLayoutReader,
  overlayLayers,
  readLayer,
  type Image,
  type ImageConfig,
  type ImageManifest,
  type ReadableRepository,
  type StoredFiles,
} from '../artifacts/index.ts';
import {
  AppError,
  formatReference,
  parseReference,
  referenceWithDigest,
  targetOf,
  type Digest,
  type FileSelector,
  type FileTree,
  type Platform,
  type Ports,
  type Reference,
} from '../core/index.ts';
import { layerReader } from './layer-reader.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';

export type SourceKind = 'image' | 'folder' | 'archive' | 'file';

export interface SourceOptions {
  readonly selector: FileSelector;
  /** Of an index; linux/amd64 when absent. */
  readonly platform?: Platform | undefined;
  readonly access?: RepositoryAccess;
  readonly signal?: AbortSignal | undefined;
}

export interface OpenedSource {
  /** What the result is about: a reference, or a path. */
  readonly name: string;
  readonly kind: SourceKind;
  readonly tree: FileTree;
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

const SCHEMES = ['registry', 'oci-dir', 'oci-archive', 'docker-archive', 'dir', 'file'] as const;
type Scheme = (typeof SCHEMES)[number];

/** Where a SOURCE points to. */
export type SourceName =
  | { readonly scheme: 'registry'; readonly reference: Reference }
  | { readonly scheme: Exclude<Scheme, 'registry'>; readonly path: string; readonly target?: string }
  | { readonly scheme: 'archive'; readonly path: string };

/**
 * SOURCE is `registry:REF`, `oci-dir:PATH[:TAG]`, `oci-archive:PATH`, `docker-archive:PATH`, `dir:PATH`, `file:PATH`, an
 * existing path (its kind is found out), or a registry reference. Throws `not-found`, `invalid-input`.
 */
export async function openSource(ports: Ports, source: string, options: SourceOptions): Promise<OpenedSource> {
  const name = await resolveSource(ports, source);
  switch (name.scheme) {
    case 'registry':
      return await openRegistryImage(ports, name.reference, options);
    case 'oci-dir':
      return await openStoredLayout(ports, openFolder(ports.files, name.path), { target: name.target, options });
    case 'oci-archive':
      return await openStoredLayout(ports, await openArchive(ports.files, name.path), { target: name.target, options });
    case 'docker-archive':
      return await openSavedImage(ports, await openArchive(ports.files, name.path), options);
    case 'dir':
      return { name: name.path, kind: 'folder', tree: await openFolderTree(ports.files, name.path, options.selector) };
    case 'file':
      return { name: name.path, kind: 'file', tree: await openFileTree(ports.files, name.path, options.selector) };
    case 'archive':
      return await openPlainArchive(ports, name.path, options);
  }
}

/** Reads the SOURCE grammar and looks at paths. */
export async function resolveSource(ports: Ports, source: string): Promise<SourceName> {
  const colon = source.indexOf(':');
  const scheme = SCHEMES.find((known) => known === source.slice(0, colon));
  if (scheme !== undefined && (await ports.files.stat(source)) === undefined) {
    return await namedSource(ports, scheme, source.slice(colon + 1));
  }
  const stat = await ports.files.stat(source);
  if (stat?.kind === 'directory') {
    const isLayout = (await ports.files.stat(`${source}/oci-layout`)) !== undefined;
    return { scheme: isLayout ? 'oci-dir' : 'dir', path: source };
  }
  if (stat !== undefined) return await detectFile(ports, source);
  if (/^[./~]/.test(source)) throw new AppError('not-found', `${source}: no such file or folder`);
  return { scheme: 'registry', reference: parseReference(source) };
}

async function namedSource(ports: Ports, scheme: Scheme, rest: string): Promise<SourceName> {
  if (scheme === 'registry') return { scheme, reference: parseReference(rest) };
  const isLayout = scheme === 'oci-dir' || scheme === 'oci-archive';
  if (!isLayout || (await ports.files.stat(rest)) !== undefined) return await existing(ports, scheme, rest);
  // `path:tag` or `path@digest`, when the whole is no path
  const match = /^(.+?)(?:@(sha(?:256|512):[0-9a-f]+)|:([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))$/.exec(rest);
  const target = match?.[2] ?? match?.[3];
  const found = await existing(ports, scheme, match?.[1] ?? rest);
  return target === undefined ? found : { ...found, target };
}

async function existing(ports: Ports, scheme: Exclude<Scheme, 'registry'>, path: string) {
  const stat = await ports.files.stat(path);
  if (stat === undefined) throw new AppError('not-found', `${path}: no such file or folder`);
  return { scheme, path };
}

/** Images in archives first; then a tar of files; then a single file. */
async function detectFile(ports: Ports, path: string): Promise<SourceName> {
  const head = await firstBytes(ports.files, path);
  const isTar = Buffer.from(head).toString('latin1', 257, 262) === 'ustar';
  const isCompressed = (head[0] === 0x1f && head[1] === 0x8b) || (head[0] === 0x28 && head[1] === 0xb5);
  if (!isTar && !(isCompressed && /\.(?:tar\.\w+|tgz|tzst)$/.test(path))) return { scheme: 'file', path };
  const archive = await openArchive(ports.files, path);
  if ((await archive.size('oci-layout')) !== undefined) return { scheme: 'oci-archive', path };
  if ((await archive.size('manifest.json')) !== undefined) return { scheme: 'docker-archive', path };
  return { scheme: 'archive', path };
}

async function openRegistryImage(ports: Ports, reference: Reference, options: SourceOptions): Promise<OpenedSource> {
  const repository = openRepository(ports, reference, options.access);
  const opened = await openFrom(ports, repository, targetOf(reference), options);
  const digest = opened.image?.digest;
  const name = formatReference(reference);
  if (digest === undefined || opened.image === undefined) return { ...opened, name };
  return {
    ...opened,
    name,
    image: { ...opened.image, reference: formatReference(referenceWithDigest(reference, digest)) },
  };
}

async function openStoredLayout(
  ports: Ports,
  stored: StoredFiles,
  wanted: { readonly target: string | undefined; readonly options: SourceOptions },
): Promise<OpenedSource> {
  const repository = await openLayoutReader(stored);
  return await openFrom(ports, repository, wanted.target ?? (await defaultTarget(stored)), wanted.options);
}

async function openSavedImage(ports: Ports, stored: StoredFiles, options: SourceOptions): Promise<OpenedSource> {
  const { repository, images } = await openDockerArchive(stored);
  const [first] = images;
  if (first === undefined || images.length > 1) {
    throw new AppError('invalid-input', `${stored.name}: expected one image in the archive, found ${images.length}`);
  }
  return await openFrom(ports, repository, first.digest, options);
}

async function openFrom(
  ports: Ports,
  repository: ReadableRepository,
  target: string,
  options: SourceOptions,
): Promise<OpenedSource> {
  const image = await openImage(repository, target, options);
  const tree = await openImageTree(image, options.selector, {
    cache: ports.cache,
    read: layerReader(ports),
    parallelism: ports.settings.parallelism,
    signal: options.signal,
    progress: ports.progress,
  });
  return {
    name: repository.name,
    kind: 'image',
    tree,
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
  return { name: path, kind: 'archive', tree: overlayLayers([{ index }]) };
}
