/** Indexes made of manifests in one repository, and changes to them. */
import {
  encodeDescriptor,
  isIndexType,
  OCI_INDEX,
  openImage,
  parseImageIndex,
  parseImageManifest,
  type Manifest,
  type Repository,
} from '../artifacts/index.ts';
import {
  AppError,
  formatReference,
  mapParallel,
  parseDigest,
  parseJson,
  record,
  referenceWithDigest,
  targetOf,
  type Descriptor,
  type Ports,
} from '../core/index.ts';
import { parseTarget } from './open-target.ts';
import { parsePairs, type Pushed } from './push-artifact.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';

export interface IndexInput {
  /** Repository with tags (`repository:tag,tag`), or without any; of an update with the one tag or digest of the index to change. */
  readonly target: string;
  /** Manifests to list, by tag or digest. */
  readonly add: readonly string[];
  /** Indexes whose entries are to be listed too, by tag or digest. */
  readonly merge: readonly string[];
  /** Digests to list no more. */
  readonly remove: readonly string[];
  /** `KEY=VALUE`. */
  readonly annotations: readonly string[];
  readonly artifactType?: string | undefined;
  /** Further tags of the result. */
  readonly tags: readonly string[];
  /** Begin with what the target names. */
  readonly isUpdate: boolean;
  readonly access?: RepositoryAccess;
}

type Json = Readonly<Record<string, unknown>>;

const IMAGE_CONFIG = /^application\/vnd\.(?:oci\.image\.config\.v1|docker\.container\.image\.v1)\+json$/;

/** Each manifest is listed once, with its platform if it is an image. Throws `not-found` for a manifest that is not there. */
export async function editIndex(ports: Ports, input: IndexInput, signal: AbortSignal): Promise<Pushed> {
  const target = parseTarget(input.target);
  if (target.scheme !== 'registry') throw new AppError('usage', `${input.target}: expected a repository in a registry`);
  const { reference } = target;
  const repository = openRepository(ports, reference, input.access);
  const old = input.isUpdate ? await fetchIndex(repository, targetOf(reference), signal) : undefined;
  const entries = await entriesOf({ ports, repository, signal }, input, old);
  const annotations = {
    ...(old === undefined ? {} : parseImageIndex(old).annotations),
    ...parsePairs(input.annotations, 'annotation'),
  };
  const document: Json = {
    ...(old === undefined
      ? { schemaVersion: 2, mediaType: OCI_INDEX }
      : record(parseJson(old.bytes, { what: 'index' }), 'index')),
    ...(input.artifactType === undefined ? {} : { artifactType: input.artifactType }),
    manifests: entries.map(encodeDescriptor),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const mediaType = old?.descriptor.mediaType ?? OCI_INDEX;
  const descriptor = await repository.pushManifest(bytes, mediaType, undefined, signal);
  for (const tag of [...target.tags, ...input.tags]) await repository.pushManifest(bytes, mediaType, tag, signal);
  return { descriptor, reference: formatReference(referenceWithDigest(reference, descriptor.digest)) };
}

interface Place {
  readonly ports: Ports;
  readonly repository: Repository;
  readonly signal: AbortSignal;
}

async function fetchIndex(repository: Repository, target: string, signal: AbortSignal): Promise<Manifest> {
  const manifest = await repository.fetchManifest(target, signal);
  if (isIndexType(manifest.descriptor.mediaType)) return manifest;
  throw new AppError('invalid-input', `${repository.name}: ${target}: expected an index, found an image manifest`);
}

async function entriesOf(place: Place, input: IndexInput, old: Manifest | undefined): Promise<readonly Descriptor[]> {
  const { ports, repository, signal } = place;
  const entries = new Map(
    (old === undefined ? [] : parseImageIndex(old).manifests).map((entry) => [entry.digest, entry]),
  );
  for (const text of input.remove) {
    if (!entries.delete(parseDigest(text))) {
      throw new AppError('not-found', `${repository.name}: expected ${text} in the index, found it nowhere`);
    }
  }
  const added = await mapParallel(input.add, ports.settings.parallelism, async (target) =>
    describe(place, await repository.fetchManifest(target, signal)),
  );
  const merged = await mapParallel(
    input.merge,
    ports.settings.parallelism,
    async (target) => parseImageIndex(await fetchIndex(repository, target, signal)).manifests,
  );
  for (const entry of [...added, ...merged.flat()]) if (!entries.has(entry.digest)) entries.set(entry.digest, entry);
  return [...entries.values()];
}

async function describe({ repository, signal }: Place, manifest: Manifest): Promise<Descriptor> {
  const { descriptor } = manifest;
  if (isIndexType(descriptor.mediaType)) return descriptor;
  if (!IMAGE_CONFIG.test(parseImageManifest(manifest).config.mediaType)) return descriptor;
  const { os, architecture, variant } = (await openImage(repository, descriptor.digest, { signal })).config;
  if (os === undefined || os === '' || architecture === undefined || architecture === '') return descriptor;
  const platform = { os, architecture, ...(variant === undefined || variant === '' ? {} : { variant }) };
  return { ...descriptor, platform };
}
