/** From a registry (or a local form) to the disk: as `docker load` reads it, as OCI layout or archive, or as the files that were pushed. */
import { join } from 'node:path';
import {
  copyArtifact,
  copyToArchive,
  openLayout,
  parseImageManifest,
  selectManifest,
  type Manifest,
} from '../artifacts/index.ts';
import { AppError, DEFAULT_TAG, type Descriptor, type Platform, type Ports } from '../core/index.ts';
import { tagIn } from './copy-artifact.ts';
import { fetchRoot, nameByDigest, openArtifact, type OpenedArtifact } from './open-artifact.ts';
import type { RepositoryAccess } from './registry.ts';
import { openDockerStream } from './write-docker-archive.ts';
import { writeWhole } from './write-whole.ts';

/** Takes content as it comes; what it was is only certain at its end. */
export type WriteStream = (content: AsyncIterable<Uint8Array>) => Promise<void>;

export interface PullInput {
  readonly reference: string;
  /** File of a tarball, folder of a layout or of files; or where the bytes of the one file go, a layout then as its archive. */
  readonly output: string | WriteStream;
  readonly format: 'tarball' | 'oci' | 'files';
  /** Of an index; a tarball takes linux/amd64 when absent, a layout takes all. */
  readonly platform?: Platform | undefined;
  readonly access?: RepositoryAccess;
}

export interface Pulled {
  /** By digest. */
  readonly reference: string;
  readonly descriptor: Descriptor;
  /** What was written. */
  readonly paths: readonly string[];
}

const TITLE = 'org.opencontainers.image.title';

export async function pullArtifact(ports: Ports, input: PullInput, signal: AbortSignal): Promise<Pulled> {
  const from = await openArtifact(ports, input.reference, input.access);
  const root = await fetchRoot(from, signal);
  const { descriptor, paths } = await pullAs({ ports, input, from, root, signal });
  return { descriptor, paths, reference: nameByDigest(from, descriptor.digest) };
}

interface Pull {
  readonly ports: Ports;
  readonly input: PullInput;
  readonly from: OpenedArtifact;
  readonly root: Manifest;
  readonly signal: AbortSignal;
}

type Written = Omit<Pulled, 'reference'>;

async function pullAs(run: Pull): Promise<Written> {
  switch (run.input.format) {
    case 'tarball':
      return await pullTarball(run);
    case 'oci':
      return await pullLayout(run);
    case 'files':
      return await pullFiles(run);
  }
}

async function pullLayout({ ports, input, from, root, signal }: Pull): Promise<Written> {
  const { platform, output } = input;
  const { descriptor } = platform === undefined ? root : await selectManifest(from.repository, root, platform, signal);
  const { parallelism } = ports.settings;
  const tag = from.tag === undefined ? DEFAULT_TAG : tagIn(from.tag);
  const options = { tag, parallelism, progress: ports.progress, signal };
  if (typeof output === 'string') {
    await copyArtifact(from.repository, await openLayout(ports.files, output), descriptor.digest, options);
    return { descriptor, paths: [output] };
  }
  const chosen = await from.repository.fetchManifest(descriptor.digest, signal);
  await copyToArchive(from.repository, chosen, { ...options, write: output });
  return { descriptor, paths: [] };
}

async function pullTarball({ ports, input, from, root, signal }: Pull): Promise<Written> {
  const { image, content } = await openDockerStream(ports, { from, root, platform: input.platform }, signal);
  return { descriptor: image.descriptor, paths: await writeOne(ports, input.output, content) };
}

/** Files go by their titles; a title may not leave the folder, whoever pushed it. */
async function pullFiles({ ports, input, from, root, signal }: Pull): Promise<Written> {
  const { repository } = from;
  const titled = parseImageManifest(root).layers.flatMap((layer) => {
    const title = layer.annotations?.[TITLE];
    return title === undefined ? [] : [{ layer, title: safeTitle(title) }];
  });
  if (titled.length === 0) {
    throw new AppError('invalid-input', `${repository.name}: expected files with titles in the artifact, found none`, {
      hint: 'pull images with --format tarball or --format oci',
    });
  }
  const { output } = input;
  if (typeof output !== 'string' && titled.length > 1) {
    throw new AppError('usage', `${repository.name}: expected one file for standard output, found ${titled.length}`);
  }
  const paths: string[] = [];
  for (const { layer, title } of titled) {
    const place = typeof output === 'string' ? join(output, title) : output;
    paths.push(...(await writeOne(ports, place, repository.streamBlob(layer, signal))));
  }
  return { descriptor: root.descriptor, paths };
}

function safeTitle(title: string): string {
  const parts = title.split('/');
  const isSafe = parts.every((part) => part !== '' && part !== '.' && part !== '..') && !/[\\\0]/.test(title);
  if (isSafe && title.length <= 1024) return title;
  throw new AppError(
    'invalid-input',
    `expected a title inside the folder, found ${JSON.stringify(title.slice(0, 200))}`,
  );
}

/** Gives the path when there is one. */
async function writeOne(
  ports: Ports,
  output: PullInput['output'],
  content: AsyncIterable<Uint8Array>,
): Promise<readonly string[]> {
  if (typeof output !== 'string') {
    await output(content);
    return [];
  }
  await writeWhole(ports, output, content);
  return [output];
}
