/** From what a user names to the repository that holds it: in a registry, a layout, an archive, or a folder of blobs. */
import {
  defaultTarget,
  listContainerdImages,
  openContainerd,
  openArchive,
  openBlobFolder,
  openDockerArchive,
  openFolder,
  openLayoutReader,
  readLayoutIndex,
  type Manifest,
  type ReadableRepository,
  type StoredFiles,
} from '../artifacts/index.ts';
import {
  AppError,
  DEFAULT_TAG,
  DOCKER_HUB,
  formatReference,
  parseReference,
  referenceWithDigest,
  targetOf,
  type Digest,
  type Ports,
  type Reference,
} from '../core/index.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';
import { resolveSource, type SourceName } from './resolve-source.ts';

export interface OpenedArtifact {
  readonly repository: ReadableRepository;
  /** As it was named; absent for local forms without a tag. */
  readonly tag: string | undefined;
  /** What to ask the repository for. Throws `usage` when a local form holds several images and none was named. */
  readonly findTarget: () => Promise<string>;
  /** Of layouts only: the index of all images in it. */
  readonly fetchAll?: () => Promise<Manifest>;
  /** Of registries only. */
  readonly reference?: Reference;
}

/** See resolveSource for the grammar. Throws `invalid-input` for a folder or a file that is no image. */
export async function openArtifact(ports: Ports, source: string, access?: RepositoryAccess): Promise<OpenedArtifact> {
  return await openNamed(ports, await resolveSource(ports, source), access);
}

export async function openNamed(ports: Ports, name: SourceName, access?: RepositoryAccess): Promise<OpenedArtifact> {
  switch (name.scheme) {
    case 'registry': {
      const { reference } = name;
      const repository = openRepository(ports, reference, access);
      // nothing said means the default tag
      const tag = reference.digest === undefined ? targetOf(reference) : reference.tag;
      return { repository, tag, findTarget: async () => targetOf(reference), reference };
    }
    case 'oci-dir':
      return await openStoredLayout(openFolder(ports.files, name.path), name.target);
    case 'oci-archive':
      return await openStoredLayout(await openArchive(ports.files, name.path), name.target);
    case 'docker-archive':
      return await openSavedImage(await openArchive(ports.files, name.path), name.target);
    case 'blobs':
      return local(openBlobFolder(openFolder(ports.files, name.path)), name.target, async () => {
        throw new AppError('usage', `${name.path}: expected blobs:PATH@DIGEST, found no digest`);
      });
    case 'containerd':
      return await openEngineImage(ports, name.name);
    case 'dir':
    case 'file':
    case 'proc':
    case 'archive':
      throw new AppError('invalid-input', `${name.path}: expected an OCI layout, an OCI archive or a docker archive`);
  }
}

/** As containerd names it, or as a reference that means the same: `nginx` is `docker.io/library/nginx:latest`. */
async function openEngineImage(ports: Ports, name: string): Promise<OpenedArtifact> {
  const { containerdDir: root } = ports.settings;
  const { CONTAINERD_NAMESPACE: wanted = '' } = ports.environment;
  const whole = engineName(name);
  const named = (await listContainerdImages(ports.files, root, whole)).filter(
    ({ namespace }) => wanted === '' || namespace === wanted,
  );
  const [first, ...others] = named;
  if (first === undefined) throw new AppError('not-found', `${root}: no image ${whole}`);
  if (others.some(({ digest }) => digest !== first.digest)) {
    const places = named.map(({ namespace }) => namespace).join(', ');
    throw new AppError('usage', `${root}: expected one image ${whole}, found others of that name in ${places}`, {
      hint: 'CONTAINERD_NAMESPACE chooses one of these namespaces',
    });
  }
  const repository = openContainerd(ports.files, root);
  return { repository, tag: parseReference(name).tag ?? DEFAULT_TAG, findTarget: async () => first.digest };
}

function engineName(name: string): string {
  const { registry, repository, tag, digest } = parseReference(name);
  const host = registry === DOCKER_HUB ? 'docker.io' : registry;
  if (digest !== undefined) return `${host}/${repository}@${digest}`;
  return `${host}/${repository}:${tag ?? DEFAULT_TAG}`;
}

async function openStoredLayout(stored: StoredFiles, target: string | undefined): Promise<OpenedArtifact> {
  const opened = local(await openLayoutReader(stored), target, () => defaultTarget(stored));
  return { ...opened, fetchAll: () => readLayoutIndex(stored) };
}

async function openSavedImage(stored: StoredFiles, target: string | undefined): Promise<OpenedArtifact> {
  const { repository, images } = await openDockerArchive(stored);
  return local(repository, target, async () => {
    const [first] = images;
    if (first !== undefined && images.length === 1) return first.digest;
    const tags = images.flatMap((image) => image.tags);
    throw new AppError('usage', `${stored.name}: expected one image in the archive, found ${images.length}`, {
      hint: `add :NAME:TAG to the path; there are ${tags.slice(0, 20).join(', ') || 'no tags'}`,
    });
  });
}

function local(
  repository: ReadableRepository,
  target: string | undefined,
  findDefault: () => Promise<string>,
): OpenedArtifact {
  const tag = target?.includes('sha256:') === true || target?.includes('sha512:') === true ? undefined : target;
  return { repository, tag, findTarget: async () => target ?? (await findDefault()) };
}

/** What was named: an index, or a lone manifest. */
export async function fetchRoot(opened: OpenedArtifact, signal: AbortSignal): Promise<Manifest> {
  return await opened.repository.fetchManifest(await opened.findTarget(), signal);
}

/** How results name an artifact: by digest, in its repository or at its path. */
export function nameByDigest({ reference, repository }: OpenedArtifact, digest: Digest): string {
  return reference === undefined
    ? `${repository.name}@${digest}`
    : formatReference(referenceWithDigest(reference, digest));
}
