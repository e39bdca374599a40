/** From a registry (or a local form) to the disk: as `docker load` reads it, as OCI layout or archive, or as the files that were pushed. */
import {
  copyArtifact,
  copyToArchive,
  openImage,
  openLayout,
  selectManifest,
  streamReported,
  type Manifest,
} from '../artifacts/index.ts';
import { AppError, DEFAULT_TAG, formatReference, type Descriptor, type Platform, type Ports } from '../core/index.ts';
import { tagIn } from './copy-artifact.ts';
import { fetchRoot, nameByDigest, openArtifact, type OpenedArtifact } from './open-artifact.ts';
import { pullFiles, writeOne, type FileOptions, type PulledFile, type WriteStream } from './pull-files.ts';
import type { RepositoryAccess } from './registry.ts';
import { dockerStream } from './write-docker-archive.ts';

export interface PullInput extends FileOptions {
  /** Of tarballs and layouts there may be several. */
  readonly references: readonly string[];
  /** File of a tarball, folder of a layout or of files; or where the bytes of the one file go, a layout then as its archive. */
  readonly output: string | WriteStream;
  readonly format: 'tarball' | 'oci' | 'files';
  /** Of an index; a tarball takes linux/amd64 when absent, a layout takes all. */
  readonly platform?: Platform | undefined;
  /** In a layout, the whole reference instead of the tag. */
  readonly annotateRef?: boolean | undefined;
  readonly access?: RepositoryAccess;
}

export interface Pulled {
  /** By digest. */
  readonly reference: string;
  readonly descriptor: Descriptor;
  /** What was written. */
  readonly paths: readonly string[];
  /** With format `files`, what they are. */
  readonly files?: readonly PulledFile[];
}

/** One entry for each reference. */
export async function pullArtifacts(ports: Ports, input: PullInput, signal: AbortSignal): Promise<readonly Pulled[]> {
  const pulls: Pull[] = [];
  for (const reference of input.references) {
    const from = await openArtifact(ports, reference, input.access);
    pulls.push({ ports, input, from, root: await chosenRoot(from, input, signal), signal });
  }
  if (input.format === 'tarball') return await pullTarball(pulls);
  if (pulls.length > 1 && (input.format === 'files' || typeof input.output !== 'string')) {
    throw new AppError('usage', `expected one reference with these flags, found ${pulls.length}`);
  }
  const pulled: Pulled[] = [];
  for (const pull of pulls) pulled.push(await (input.format === 'oci' ? pullLayout(pull) : pullToFolder(pull)));
  return pulled;
}

interface Pull {
  readonly ports: Ports;
  readonly input: PullInput;
  readonly from: OpenedArtifact;
  readonly root: Manifest;
  readonly signal: AbortSignal;
}

async function chosenRoot(
  from: OpenedArtifact,
  { platform }: Pick<PullInput, 'platform'>,
  signal: AbortSignal,
): Promise<Manifest> {
  const root = await fetchRoot(from, signal);
  return platform === undefined ? root : await selectManifest(from.repository, root, platform, signal);
}

async function pullLayout({ ports, input, from, root, signal }: Pull): Promise<Pulled> {
  const { output } = input;
  const { parallelism } = ports.settings;
  const options = { tag: layoutTag(from, input), parallelism, progress: ports.progress, signal };
  const { descriptor } = root;
  const reference = nameByDigest(from, descriptor.digest);
  if (typeof output === 'string') {
    await copyArtifact(from.repository, await openLayout(ports.files, output), descriptor.digest, options);
    return { reference, descriptor, paths: [output] };
  }
  await copyToArchive(from.repository, root, { ...options, write: output });
  return { reference, descriptor, paths: [] };
}

function layoutTag({ tag, reference }: OpenedArtifact, { annotateRef }: PullInput): string {
  if (annotateRef === true && reference !== undefined) {
    return formatReference(tag === undefined ? reference : { ...reference, tag });
  }
  return tag === undefined ? DEFAULT_TAG : tagIn(tag);
}

async function pullTarball(pulls: readonly Pull[]): Promise<readonly Pulled[]> {
  const images = await Promise.all(
    pulls.map(async ({ from, root, signal }) => ({
      from,
      image: await openImage(from.repository, root.descriptor.digest, { signal }),
    })),
  );
  const [first] = pulls;
  if (first === undefined) throw new AppError('usage', 'expected an image to pull');
  const { ports, input, signal } = first;
  const paths = await writeOne(ports, input.output, dockerStream(ports, images, signal));
  return images.map(({ from, image: { descriptor } }) => ({
    reference: nameByDigest(from, descriptor.digest),
    descriptor,
    paths,
  }));
}

async function pullToFolder({ ports, input, from, root, signal }: Pull): Promise<Pulled> {
  const { repository } = from;
  const stream = (blob: Descriptor) => streamReported(repository, blob, { progress: ports.progress, signal });
  const files = await pullFiles(ports, { ...input, from, root, stream }, signal);
  const { descriptor } = root;
  return { reference: nameByDigest(from, descriptor.digest), descriptor, paths: files.map(({ path }) => path), files };
}
