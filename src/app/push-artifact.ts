/** From the disk into a registry: files as an artifact, or an image from a layout or archive as it is. */
import { basename } from 'node:path';
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
  createHasher,
  formatReference,
  parseReference,
  referenceWithDigest,
  targetOf,
  type Descriptor,
  type Ports,
  type Reference,
} from '../core/index.ts';
import { openArtifact } from './open-artifact.ts';
import { resolveSource } from './resolve-source.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';

export interface PushFilesInput {
  readonly reference: string;
  /** `PATH` or `PATH:MEDIA/TYPE`. */
  readonly files: readonly string[];
  /** `application/vnd.unknown.artifact.v1` when absent, as oras has it. */
  readonly artifactType?: string | undefined;
  /** `KEY=VALUE`. */
  readonly annotations: readonly string[];
  /** A reference in the same repository: the artifact then refers to it. */
  readonly subject?: string | undefined;
  readonly access?: RepositoryAccess;
}

export interface Pushed {
  /** By digest. */
  readonly reference: string;
  readonly descriptor: Descriptor;
}

const UNKNOWN_ARTIFACT = 'application/vnd.unknown.artifact.v1';
const DEFAULT_FILE_TYPE = 'application/octet-stream';
const TITLE = 'org.opencontainers.image.title';
const CREATED = 'org.opencontainers.image.created';

/** Each file becomes a layer named by its title annotation. */
export async function pushFiles(ports: Ports, input: PushFilesInput, signal: AbortSignal): Promise<Pushed> {
  const reference = parseReference(input.reference);
  const repository = openRepository(ports, reference, input.access);
  const layers: Descriptor[] = [];
  for (const file of input.files) layers.push(await pushFile(ports, repository, file, signal));
  if (layers.length === 0) layers.push(EMPTY_DESCRIPTOR);
  await repository.pushBlob(EMPTY_DESCRIPTOR, EMPTY_CONTENT, signal);
  const subject = input.subject === undefined ? undefined : await findSubject(repository, input.subject, signal);
  const annotations = { [CREATED]: createdAt(ports), ...parsePairs(input.annotations, 'annotation') };
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: input.artifactType ?? UNKNOWN_ARTIFACT,
    config: EMPTY_DESCRIPTOR,
    layers: layers.map(encodeDescriptor),
    ...(subject === undefined ? {} : { subject: encodeDescriptor(subject) }),
    annotations,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  // what refers to another artifact is found through it and needs no tag
  const tag = reference.tag ?? (subject === undefined ? targetOf(reference) : undefined);
  return pushed(reference, await repository.pushManifest(bytes, OCI_MANIFEST, tag, signal));
}

async function pushFile(ports: Ports, repository: Repository, text: string, signal: AbortSignal): Promise<Descriptor> {
  const { path, mediaType } = await splitFile(ports, text);
  const hasher = createHasher();
  let size = 0;
  for await (const chunk of ports.files.stream(path)) {
    hasher.update(chunk);
    size += chunk.length;
  }
  const blob = { mediaType, digest: hasher.digest(), size, annotations: { [TITLE]: basename(path) } };
  await repository.pushBlob(blob, (range) => ports.files.stream(path, range), signal);
  return blob;
}

async function splitFile(ports: Ports, text: string): Promise<{ readonly path: string; readonly mediaType: string }> {
  if ((await ports.files.stat(text))?.kind === 'file') return { path: text, mediaType: DEFAULT_FILE_TYPE };
  const match = /^(.+):([\w.+-]+\/[\w.+-]+)$/.exec(text);
  const path = match?.[1] ?? text;
  const stat = await ports.files.stat(path);
  if (stat === undefined) throw new AppError('not-found', `${path}: no such file`);
  if (stat.kind !== 'file') throw new AppError('invalid-input', `${path}: expected a file, found a ${stat.kind}`);
  return { path, mediaType: match?.[2] ?? DEFAULT_FILE_TYPE };
}

async function findSubject(repository: Repository, text: string, signal: AbortSignal): Promise<Descriptor> {
  const subject = parseReference(text);
  if (`${subject.registry}/${subject.repository}` !== repository.name) {
    throw new AppError('usage', `subject: expected an artifact in ${repository.name}, found ${text}`);
  }
  const { mediaType, digest, size } = (await repository.fetchManifest(targetOf(subject), signal)).descriptor;
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
  readonly access?: RepositoryAccess;
}

/** An image as it is, with its referrers when the source has any. Throws `invalid-input` when the source is no image. */
export async function pushImage(ports: Ports, input: PushImageInput, signal: AbortSignal): Promise<Pushed> {
  const reference = parseReference(input.reference);
  const { repository, findTarget } = await openArtifact(ports, input.source);
  const to = openRepository(ports, reference, input.access);
  const tag = reference.digest === undefined ? targetOf(reference) : undefined;
  const { descriptor } = await copyArtifact(repository, to, await findTarget(), {
    tag,
    parallelism: ports.settings.parallelism,
    progress: ports.progress,
    signal,
  });
  return pushed(reference, descriptor);
}

/** Whether a path is an image on disk rather than a file to be pushed as it is. */
export async function isLocalImage(ports: Ports, source: string): Promise<boolean> {
  const isNamed = /^(?:oci|oci-dir|oci-archive|docker-archive|blobs):/.test(source);
  if (!isNamed && (await ports.files.stat(source)) === undefined) return false;
  return ['oci-dir', 'oci-archive', 'docker-archive', 'blobs'].includes((await resolveSource(ports, source)).scheme);
}

function pushed(reference: Reference, descriptor: Descriptor): Pushed {
  return { descriptor, reference: formatReference(referenceWithDigest(reference, descriptor.digest)) };
}
