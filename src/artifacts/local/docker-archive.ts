/**
 * Archives of `docker save` as a repository: manifest.json [{Config, RepoTags, Layers}]. They hold no image manifest, so one
 * is made: its digest is ours, not one that a registry knows.
 */
import {
  AppError,
  arrayOf,
  createHasher,
  decodeJson,
  digestOf,
  findDigest,
  object,
  optional,
  string,
  type Descriptor,
  type Digest,
} from '../../core/index.ts';
import { parseImageConfig } from '../image/image.ts';
import { compressionOf, type Compression } from '../image/inflate.ts';
import { cleanPath } from '../image/tar.ts';
import { encodeDescriptor, readManifest } from '../manifest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST } from '../media-types.ts';
import { checked } from '../content-check.ts';
import type { ByteRange, Manifest, ReadableRepository } from '../repository.ts';
import { readStored, type StoredFiles } from './stored-files.ts';

const MAX_IMAGES = 1000;
const MAX_LAYERS = 1000;
const MAX_JSON = 16 * 1024 * 1024;

const LAYER_TYPES: Readonly<Record<Compression, string>> = {
  none: OCI_LAYER,
  gzip: OCI_LAYER_GZIP,
  zstd: OCI_LAYER_ZSTD,
};

const images = arrayOf(
  object({ Config: string, RepoTags: optional(arrayOf(string)), Layers: optional(arrayOf(string, MAX_LAYERS)) }),
  MAX_IMAGES,
);

type SavedImage = ReturnType<typeof images>[number];

export interface DockerArchive {
  readonly repository: ReadableRepository;
  /** The digest of each image's manifest as we make it, in the archive's order. */
  readonly images: readonly { readonly digest: Digest; readonly tags: readonly string[] }[];
}

export async function openDockerArchive(stored: StoredFiles): Promise<DockerArchive> {
  const saved = decodeJson(await readStored(stored, 'manifest.json', MAX_JSON), images, {
    what: `${stored.name}: manifest.json`,
  });
  if (saved.length === 0)
    throw new AppError('invalid-input', `${stored.name}: expected an image in manifest.json, found none`);
  const paths = new Map<Digest, string>();
  const manifests = new Map<Digest, Manifest>();
  const tags = new Map<string, Digest>();
  const listed: { readonly digest: Digest; readonly tags: readonly string[] }[] = [];
  for (const image of saved) {
    const manifest = await makeManifest(stored, image, paths);
    const { digest } = manifest.descriptor;
    manifests.set(digest, manifest);
    for (const tag of image.RepoTags ?? []) tags.set(tag, digest);
    listed.push({ digest, tags: image.RepoTags ?? [] });
  }
  return { repository: createReader(stored, { paths, manifests, tags }), images: listed };
}

async function makeManifest(stored: StoredFiles, image: SavedImage, paths: Map<Digest, string>): Promise<Manifest> {
  const what = `${stored.name}: manifest.json`;
  const configPath = inside(image.Config, what);
  const configBytes = await readStored(stored, configPath, MAX_JSON);
  const config: Descriptor = { mediaType: OCI_CONFIG, digest: digestOf(configBytes), size: configBytes.length };
  paths.set(config.digest, configPath);
  const { diffIds } = parseImageConfig(configBytes, `${stored.name}: ${configPath}`);
  const names = image.Layers ?? [];
  if (names.length !== diffIds.length) {
    throw new AppError(
      'invalid-input',
      `${what}: expected ${diffIds.length} layers as configured, found ${names.length}`,
    );
  }
  const layers: Descriptor[] = [];
  for (const [index, name] of names.entries()) {
    const path = inside(name, what);
    const layer = await describeLayer(stored, path, diffIds[index]);
    paths.set(layer.digest, path);
    layers.push(layer);
  }
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: layers.map(encodeDescriptor) };
  return readManifest(new TextEncoder().encode(JSON.stringify(document)), OCI_MANIFEST, what);
}

function inside(path: string, what: string): string {
  const clean = cleanPath(path);
  if (clean === undefined || clean === '')
    throw new AppError('invalid-input', `${what}: path ${JSON.stringify(path.slice(0, 200))} leaves the archive`);
  return clean;
}

/** An uncompressed layer's digest is its diff id, which is verified on reading; a compressed one must be hashed. */
async function describeLayer(stored: StoredFiles, path: string, diffId: Digest | undefined): Promise<Descriptor> {
  const size = await stored.size(path);
  if (size === undefined) throw new AppError('not-found', `${stored.name}: no layer ${path}`);
  const hasher = createHasher();
  let kind: Compression | undefined;
  for await (const chunk of stored.stream(path)) {
    kind ??= compressionOf(chunk);
    if (kind === 'none') break;
    hasher.update(chunk);
  }
  const mediaType = LAYER_TYPES[kind ?? 'none'];
  return { mediaType, digest: (kind ?? 'none') === 'none' && diffId !== undefined ? diffId : hasher.digest(), size };
}

interface Tables {
  readonly paths: ReadonlyMap<Digest, string>;
  readonly manifests: ReadonlyMap<Digest, Manifest>;
  readonly tags: ReadonlyMap<string, Digest>;
}

function createReader(stored: StoredFiles, tables: Tables): ReadableRepository {
  const find = (target: string): Manifest | undefined => {
    const tagged = [...tables.tags].find(([tag]) => tag === target || tag.endsWith(`:${target}`))?.[1];
    const digest = findDigest(target) ?? tagged;
    return digest === undefined ? undefined : tables.manifests.get(digest);
  };
  return {
    name: stored.name,
    findManifest: async (target) => find(target),
    fetchManifest: async (target) => {
      const found = find(target);
      if (found === undefined) throw new AppError('not-found', `${stored.name}: no image ${target}`);
      return found;
    },
    fetchBlob: async (blob, maxBytes) => {
      if (blob.size > maxBytes)
        throw new AppError(
          'invalid-input',
          `${stored.name}: blob ${blob.digest}: expected at most ${maxBytes} bytes, found ${blob.size}`,
        );
      const chunks: Uint8Array[] = [];
      for await (const chunk of streamChecked(stored, blob, { paths: tables.paths, range: undefined }))
        chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    streamBlob: (blob, _signal, range) => streamChecked(stored, blob, { paths: tables.paths, range }),
    listReferrers: async () => [],
    listTags: async () => [...tables.tags.keys()].sort(),
  };
}

async function* streamChecked(
  stored: StoredFiles,
  blob: Descriptor,
  { paths, range }: { readonly paths: ReadonlyMap<Digest, string>; readonly range: ByteRange | undefined },
): AsyncGenerator<Uint8Array> {
  const path = paths.get(blob.digest);
  if (path === undefined) throw new AppError('not-found', `${stored.name}: no blob ${blob.digest}`);
  const content = stored.stream(path, range);
  yield* range === undefined ? checked(content, blob, `${stored.name}: ${path}`) : content;
}
