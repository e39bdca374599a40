/** From a registry to the disk: as `docker load` reads it, as OCI layout, or as the files that were pushed. */
import { join } from 'node:path';
import {
  copyArtifact,
  openImage,
  openLayout,
  parseImageManifest,
  selectManifest,
  writeTar,
  type RegistryRepository,
  type TarFile,
} from '../artifacts/index.ts';
import {
  AppError,
  formatReference,
  hexOf,
  parseReference,
  referenceWithDigest,
  targetOf,
  type Descriptor,
  type Platform,
  type Ports,
  type Reference,
} from '../core/index.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';

export interface PullInput {
  readonly reference: string;
  /** File of a tarball; folder of a layout or of files. */
  readonly output: string;
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
  const reference = parseReference(input.reference);
  const run = { ports, input, reference, repository: openRepository(ports, reference, input.access), signal };
  const { descriptor, paths } = await pullAs(run);
  return { descriptor, paths, reference: formatReference(referenceWithDigest(reference, descriptor.digest)) };
}

interface Pull {
  readonly ports: Ports;
  readonly input: PullInput;
  readonly reference: Reference;
  readonly repository: RegistryRepository;
  readonly signal: AbortSignal;
}

interface Written {
  readonly descriptor: Descriptor;
  readonly paths: readonly string[];
}

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

async function pullLayout({ ports, input, reference, repository, signal }: Pull): Promise<Written> {
  const root = await repository.fetchManifest(targetOf(reference), signal);
  const chosen = input.platform === undefined ? root : await selectManifest(repository, root, input.platform, signal);
  const layout = await openLayout(ports.files, input.output);
  const tag = reference.tag ?? targetOf({ ...reference, digest: chosen.descriptor.digest }).replace(':', '-');
  const { descriptor } = await copyArtifact(repository, layout, chosen.descriptor.digest, {
    tag,
    parallelism: ports.settings.parallelism,
    progress: ports.progress,
    signal,
  });
  return { descriptor, paths: [input.output] };
}

async function pullTarball(run: Pull): Promise<Written> {
  const { ports, input, reference, repository, signal } = run;
  const image = await openImage(repository, targetOf(reference), { platform: input.platform, signal });
  const config = `${hexOf(image.manifest.config.digest)}.json`;
  const layerPath = (layer: Descriptor) => `${hexOf(layer.digest)}.tar${layer.mediaType.endsWith('gzip') ? '.gz' : ''}`;
  const name = `${reference.registry}/${reference.repository}`;
  const manifest = JSON.stringify([
    {
      Config: config,
      RepoTags: reference.tag === undefined ? [] : [`${name}:${reference.tag}`],
      Layers: image.manifest.layers.map(layerPath),
    },
  ]);
  const text = new TextEncoder().encode(manifest);
  const layers = new Map(image.manifest.layers.map((layer) => [layerPath(layer), layer]));
  const files: TarFile[] = [
    { path: config, size: image.configBytes.length, content: image.configBytes },
    ...[...layers].map(([path, layer]) => ({ path, size: layer.size, content: repository.streamBlob(layer, signal) })),
    { path: 'manifest.json', size: text.length, content: text },
  ];
  await writeWhole(ports, input.output, writeTar(files));
  return { descriptor: image.descriptor, paths: [input.output] };
}

/** Files go by their titles; a title may not leave the folder, whoever pushed it. */
async function pullFiles({ ports, input, reference, repository, signal }: Pull): Promise<Written> {
  const manifest = await repository.fetchManifest(targetOf(reference), signal);
  const { layers } = parseImageManifest(manifest);
  const paths: string[] = [];
  for (const layer of layers) {
    const title = layer.annotations?.[TITLE];
    if (title === undefined) continue;
    const path = join(input.output, safeTitle(title));
    await writeWhole(ports, path, repository.streamBlob(layer, signal));
    paths.push(path);
  }
  if (paths.length > 0) return { descriptor: manifest.descriptor, paths };
  throw new AppError('invalid-input', `${repository.name}: expected files with titles in the artifact, found none`, {
    hint: 'pull images with --format tarball or --format oci',
  });
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

/** Content is verified at its end, so the file gets its name only then. */
async function writeWhole(ports: Ports, path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const part = `${path}.${Buffer.from(ports.random(6)).toString('hex')}.part`;
  try {
    await ports.files.append(part, content);
    await ports.files.rename(part, path);
  } catch (error) {
    await ports.files.remove(part);
    throw error;
  }
}
