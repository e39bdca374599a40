/** From the disk into a registry: files as an artifact, or an image from a layout or archive as it is. */
import {
  copyArtifact,
  EMPTY_CONTENT,
  EMPTY_DESCRIPTOR,
  encodeDescriptor,
  OCI_MANIFEST,
  type Repository,
} from '../artifacts/index.ts';
import {
  AppError,
  DEFAULT_TAG,
  formatReference,
  parseReference,
  referenceWithDigest,
  targetOf,
  type Descriptor,
  type Ports,
} from '../core/index.ts';
import { FILE_TYPE, pushLayers, readAnnotations, splitFile, type FileAnnotations } from './artifact-files.ts';
import { fetchRoot, openArtifact } from './open-artifact.ts';
import { openTarget, parseTarget } from './open-target.ts';
import { resolveSource } from './resolve-source.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';
import { describeFile, pushFrom } from './transfer-blob.ts';

/** What goes into an artifact made of files. */
export interface ArtifactContent {
  /** `PATH` or `PATH:MEDIA/TYPE`. */
  readonly files: readonly string[];
  /** `application/vnd.unknown.artifact.v1` when absent, as oras has it. */
  readonly artifactType?: string | undefined;
  /** `KEY=VALUE`. */
  readonly annotations: readonly string[];
  /** JSON of annotations by what has them: `$manifest`, `$config`, or the title of a file. */
  readonly annotationFile?: string | undefined;
  /** `PATH` or `PATH:MEDIA/TYPE`, instead of the empty configuration. */
  readonly config?: string | undefined;
  /** As image specification 1.0 had it: without an artifact type, which the configuration's type stands for. */
  readonly isSpec10?: boolean | undefined;
  /** Where the manifest is written too. */
  readonly exportManifest?: string | undefined;
}

export interface PushFilesInput extends ArtifactContent {
  /** See parseTarget. */
  readonly reference: string;
  /** A reference in the same repository: the artifact then refers to it. */
  readonly subject?: string | undefined;
  readonly access?: RepositoryAccess;
}

export interface Pushed {
  /** By digest. */
  readonly reference: string;
  readonly descriptor: Descriptor;
  /** Under which it was pushed; by digest alone when empty. */
  readonly tags?: readonly string[];
  /** What was left out, in sentences. */
  readonly remarks?: readonly string[];
}

const UNKNOWN_ARTIFACT = 'application/vnd.unknown.artifact.v1';
const UNKNOWN_CONFIG = 'application/vnd.unknown.config.v1+json';
const CREATED = 'org.opencontainers.image.created';

/** Each file becomes a layer named by its title annotation. */
export async function pushFiles(ports: Ports, input: PushFilesInput, signal: AbortSignal): Promise<Pushed> {
  const target = parseTarget(input.reference);
  const { repository, nameOf } = await openTarget(ports, target, input.access);
  const subject = input.subject === undefined ? undefined : await findSubject(ports, input, repository, signal);
  const named = target.scheme === 'registry' ? target.tags : target.tag === undefined ? [] : [target.tag];
  // what refers to another artifact is found through it and needs no tag
  const tags = named.length > 0 || subject !== undefined ? named : [DEFAULT_TAG];
  const descriptor = await pushContent(ports, { ...input, subject }, { repository, tags }, signal);
  return { descriptor, reference: nameOf(descriptor.digest), tags };
}

async function findSubject(
  ports: Ports,
  { subject = '', access = {} }: PushFilesInput,
  repository: Repository,
  signal: AbortSignal,
): Promise<Descriptor> {
  const opened = await openArtifact(ports, subject, access);
  // before any request: the access is for this repository's registry
  if (opened.repository.name === repository.name) return (await fetchRoot(opened, signal)).descriptor;
  throw new AppError('usage', `subject: expected an artifact in ${repository.name}, found ${subject}`);
}

/** Under all of the tags, or by digest alone. */
export async function pushContent(
  ports: Ports,
  content: ArtifactContent & { readonly subject: Descriptor | undefined },
  { repository, tags }: { readonly repository: Repository; readonly tags: readonly string[] },
  signal: AbortSignal,
): Promise<Descriptor> {
  const notes = await readAnnotations(ports, content.annotationFile);
  const pushed = await pushLayers(ports, { repository, files: content.files, notes }, signal);
  const layers = pushed.length === 0 ? [await pushEmpty(repository, signal)] : pushed;
  const { subject, artifactType, annotations } = content;
  const config = await pushConfig(ports, { repository, content, notes }, signal);
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    ...(content.isSpec10 === true ? {} : { artifactType: artifactType ?? UNKNOWN_ARTIFACT }),
    config: encodeDescriptor(config),
    layers: layers.map(encodeDescriptor),
    ...(subject === undefined ? {} : { subject: encodeDescriptor(plain(subject)) }),
    annotations: { [CREATED]: createdAt(ports), ...notes.get('$manifest'), ...parsePairs(annotations, 'annotation') },
  };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  if (content.exportManifest !== undefined) await ports.files.writeAtomic(content.exportManifest, bytes);
  const [first, ...others] = tags;
  const descriptor = await repository.pushManifest(bytes, OCI_MANIFEST, first, signal);
  for (const tag of others) await repository.pushManifest(bytes, OCI_MANIFEST, tag, signal);
  return descriptor;
}

async function pushEmpty(repository: Repository, signal: AbortSignal): Promise<Descriptor> {
  await repository.pushBlob(EMPTY_DESCRIPTOR, EMPTY_CONTENT, signal);
  return EMPTY_DESCRIPTOR;
}

interface ConfigPush {
  readonly repository: Repository;
  readonly content: ArtifactContent;
  readonly notes: FileAnnotations;
}

async function pushConfig(
  ports: Ports,
  { repository, content, notes }: ConfigPush,
  signal: AbortSignal,
): Promise<Descriptor> {
  const annotations = notes.get('$config');
  const noted = (blob: Descriptor) => (annotations === undefined ? blob : { ...blob, annotations });
  const mediaType = content.isSpec10 === true ? (content.artifactType ?? UNKNOWN_CONFIG) : UNKNOWN_CONFIG;
  if (content.config !== undefined) {
    const named = await splitFile(ports, content.config, mediaType);
    if (named.isFolder) throw new AppError('invalid-input', `${named.path}: expected a file, found a folder`);
    const config = await describeFile(ports, named.path, named.mediaType);
    await pushFrom(ports, repository, { blob: config, path: named.path }, signal);
    return noted(config);
  }
  const config = await pushEmpty(repository, signal);
  return noted(content.isSpec10 === true ? { ...config, mediaType } : config);
}

function plain({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

/** `KEY=VALUE` texts. Throws `usage`; `what` names one. */
export function parsePairs(texts: readonly string[], what: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=');
      if (equals < 1) throw new AppError('usage', `${what}: expected KEY=VALUE, found ${JSON.stringify(text)}`);
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

/** SOURCE_DATE_EPOCH makes the result the same each time (reproducible-builds.org). */
export function createdAt(ports: Pick<Ports, 'environment' | 'clock'>): string {
  const epoch = ports.environment.SOURCE_DATE_EPOCH;
  if (epoch === undefined || epoch === '')
    return ports
      .clock()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
  if (!/^\d{1,11}$/.test(epoch)) {
    throw new AppError('usage', `SOURCE_DATE_EPOCH: expected seconds since 1970, found ${JSON.stringify(epoch)}`);
  }
  return new Date(Number(epoch) * 1000).toISOString().replace('.000Z', 'Z');
}

export interface PushImageInput {
  /** A layout folder, a tar of one, or a docker archive; with its scheme or without. */
  readonly source: string;
  readonly reference: string;
  /** The layout's whole index, instead of the one image. */
  readonly withAll?: boolean | undefined;
  /** Take along layers that only their vendor may hand out. */
  readonly foreign?: boolean | undefined;
  readonly access?: RepositoryAccess;
}

/** An image as it is, with its referrers when the source has any. Throws `invalid-input` when the source is no image. */
export async function pushImage(ports: Ports, input: PushImageInput, signal: AbortSignal): Promise<Pushed> {
  const reference = parseReference(input.reference);
  const opened = await openArtifact(ports, input.source);
  if (input.withAll === true && opened.fetchAll === undefined) {
    throw new AppError('usage', `${input.source}: expected an OCI layout, which has an index to push`);
  }
  const root = input.withAll === true ? await opened.fetchAll?.() : undefined;
  const to = openRepository(ports, reference, input.access);
  const tag = reference.digest === undefined ? targetOf(reference) : undefined;
  const { descriptor, remarks } = await copyArtifact(opened.repository, to, root ?? (await opened.findTarget()), {
    tag,
    foreign: input.foreign,
    parallelism: ports.settings.parallelism,
    progress: ports.progress,
    signal,
  });
  return {
    descriptor,
    reference: formatReference(referenceWithDigest(reference, descriptor.digest)),
    tags: tag === undefined ? [] : [tag],
    remarks,
  };
}

const IMAGE_SCHEMES: ReadonlySet<string> = new Set(['oci-dir', 'oci-archive', 'docker-archive', 'blobs', 'containerd']);

/** Whether a path is an image on disk rather than a file to be pushed as it is, or a layout where the files that follow go. */
export async function isLocalImage(ports: Ports, source: string, following: readonly string[] = []): Promise<boolean> {
  const [file] = following;
  const isFile = file !== undefined && (await ports.files.stat(file.replace(FILE_TYPE, ''))) !== undefined;
  if (isFile && /^(?:oci|oci-dir):/.test(source)) return false;
  const isNamed = /^(?:oci|oci-dir|oci-archive|docker-archive|blobs|containerd):/.test(source);
  const isThere = (await ports.files.stat(source)) !== undefined;
  const isImage = isNamed || isThere ? IMAGE_SCHEMES.has((await resolveSource(ports, source)).scheme) : false;
  // two words of which the second is no file: an image and where it goes, and the image is amiss
  const isMeant = following.length === 1 && !isFile && (isThere || /\.(?:tar|tgz)(?:\.\w+)?$/.test(source));
  if (isImage || !isMeant) return isImage;
  if (!isThere) throw new AppError('not-found', `${source}: no such file or folder`);
  throw new AppError('invalid-input', `${source}: expected an OCI layout, an OCI archive or a docker archive`);
}
