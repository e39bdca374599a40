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
  DEFAULT_TAG,
  digestOf,
  mapParallel,
  parseDigest,
  parseJson,
  record,
  targetOf,
  type Descriptor,
  type Ports,
} from '../core/index.ts';
import { intoTarget } from './edit-target.ts';
import { openTarget, parseTarget, type TargetName } from './open-target.ts';
import { parsePairs, type Pushed } from './push-artifact.ts';
import type { RepositoryAccess } from './registry.ts';

export interface IndexInput {
  /** See parseTarget; of an update with the one tag or digest of the index to change. */
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
  /** Begin with this instead. */
  readonly base?: Manifest | undefined;
  /** Of what it begins with, the entries to keep; all when absent. */
  readonly keeps?: ((entry: Descriptor) => boolean) | undefined;
  readonly access?: RepositoryAccess;
}

type Json = Readonly<Record<string, unknown>>;

const IMAGE_CONFIG = /^application\/vnd\.(?:oci\.image\.config\.v1|docker\.container\.image\.v1)\+json$/;

/** Each manifest is listed once, with its platform if it is an image. Throws `not-found` for a manifest that is not there. */
export async function editIndex(ports: Ports, input: IndexInput, signal: AbortSignal): Promise<Pushed> {
  const target = parseTarget(input.target);
  const remarks: string[] = [];
  const run = { ...input, named: nameIn(target), remarks };
  const make = (repository: Repository) => makeIndex(ports, { ...run, repository }, signal);
  const made = await intoTarget(ports, { target, access: input.access }, make, signal);
  const pushed = remarks.length === 0 ? made : { ...made, remarks };
  if (input.tags.length === 0) return pushed;
  const { repository } = await openTarget(ports, target, input.access);
  const { bytes, descriptor } = await repository.fetchManifest(pushed.descriptor.digest, signal);
  for (const tag of input.tags) await repository.pushManifest(bytes, descriptor.mediaType, tag, signal);
  return { ...pushed, tags: [...(pushed.tags ?? []), ...input.tags] };
}

/** The index that editIndex would push. */
export async function previewIndex(ports: Ports, input: IndexInput, signal: AbortSignal): Promise<Manifest> {
  const target = parseTarget(input.target);
  const { repository } = await openTarget(ports, target, input.access);
  return await makeIndex(ports, { ...input, repository, named: nameIn(target), remarks: [] }, signal);
}

function nameIn(target: TargetName): string {
  return target.scheme === 'registry' ? targetOf(target.reference) : (target.tag ?? DEFAULT_TAG);
}

interface IndexRun extends IndexInput {
  readonly repository: Repository;
  /** What the target names. */
  readonly named: string;
  /** Gathers what a reader of the index will miss. */
  readonly remarks: string[];
}

async function makeIndex(ports: Ports, input: IndexRun, signal: AbortSignal): Promise<Manifest> {
  const { repository } = input;
  const old = input.base ?? (input.isUpdate ? await fetchIndex(repository, input.named, signal) : undefined);
  const entries = await entriesOf({ ports, repository, signal, remarks: input.remarks }, input, old);
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
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length } };
}

interface Place {
  readonly ports: Ports;
  readonly repository: Repository;
  readonly signal: AbortSignal;
  readonly remarks: string[];
}

async function fetchIndex(repository: Repository, target: string, signal: AbortSignal): Promise<Manifest> {
  const manifest = await repository.fetchManifest(target, signal);
  if (isIndexType(manifest.descriptor.mediaType)) return manifest;
  throw new AppError('invalid-input', `${repository.name}: ${target}: expected an index, found an image manifest`);
}

async function entriesOf(place: Place, input: IndexInput, old: Manifest | undefined): Promise<readonly Descriptor[]> {
  const { ports, repository, signal } = place;
  const entries = new Map(
    (old === undefined ? [] : parseImageIndex(old).manifests)
      .filter(input.keeps ?? (() => true))
      .map((entry) => [entry.digest, entry]),
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

async function describe({ repository, signal, remarks }: Place, manifest: Manifest): Promise<Descriptor> {
  const { descriptor } = manifest;
  if (isIndexType(descriptor.mediaType)) {
    remarks.push(
      `${descriptor.digest}: an index, listed without a platform; \`index append\` lists its images instead`,
    );
    return descriptor;
  }
  if (!IMAGE_CONFIG.test(parseImageManifest(manifest).config.mediaType)) return descriptor;
  const { os, architecture, variant } = (await openImage(repository, descriptor.digest, { signal })).config;
  if (os === undefined || os === '' || architecture === undefined || architecture === '') {
    remarks.push(`${descriptor.digest}: listed without a platform, since the image's configuration names none`);
    return descriptor;
  }
  const platform = { os, architecture, ...(variant === undefined || variant === '' ? {} : { variant }) };
  return { ...descriptor, platform };
}
