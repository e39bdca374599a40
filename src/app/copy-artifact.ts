/** Copies between registries, layouts and archives, with everything that refers to what is copied. */
import {
  ArtifactCopy,
  copyToArchive,
  openArchive,
  openLayoutReader,
  selectManifest,
  type CopyResult,
  type Manifest,
} from '../artifacts/index.ts';
import { AppError, DEFAULT_TAG, findDigest, type Platform, type Ports } from '../core/index.ts';
import { openSignedArtifact } from './evidence-repository.ts';
import { fetchRoot, type OpenedArtifact } from './open-artifact.ts';
import { openTarget, parseTarget, type TargetName } from './open-target.ts';
import { accessBeside, type RepositoryAccess } from './registry.ts';
import { resolveSource } from './resolve-source.ts';
import { writeDockerArchive } from './write-docker-archive.ts';
import { writeWhole } from './write-whole.ts';

export interface CopyOptions {
  /** See resolveSource. */
  readonly source: string;
  /** See parseTarget. */
  readonly target: string;
  /** Leave out what refers to the artifact. */
  readonly only?: boolean;
  /** Take along layers that only their vendor may hand out. */
  readonly foreign?: boolean;
  /** Leave tags of the target alone that name something else. */
  readonly keepTags?: boolean;
  /** Look, and send nothing. */
  readonly dryRun?: boolean;
  /** Its credential is for the target's registry. */
  readonly access?: RepositoryAccess;
  /** For the source's registry, where it is not to be as for the target's. */
  readonly sourceAccess?: RepositoryAccess;
}

export interface CopyInput extends CopyOptions {
  /** One image of an index; all when absent. */
  readonly platform?: Platform | undefined;
}

export interface Copied extends CopyResult {
  /** By digest, in the target. */
  readonly reference: string;
  /** Under which it is in the target. */
  readonly tags: readonly string[];
}

/**
 * Under the target's tags, else the source's, else by digest (in a layout or archive as `latest`). What the target has is not sent
 * again; at the end all is read back: `differences` says what is not the same.
 */
export async function copyArtifact(ports: Ports, input: CopyInput, signal: AbortSignal): Promise<Copied> {
  const target = parseTarget(input.target);
  const from = await openCopySource(ports, input, target);
  const root = await fetchRoot(from, signal);
  const chosen =
    input.platform === undefined ? root : await selectManifest(from.repository, root, input.platform, signal);
  const run = { ports, input, from, root: chosen, signal };
  if (target.scheme === 'oci-archive') return await intoArchive(run, target.path, target.tag);
  if (target.scheme === 'docker-archive') return await intoDockerArchive(run, target.path, target.tag);
  const to = await openTarget(ports, target, input.access);
  const tags = to.tagsFor(chosen.descriptor.digest, from.tag === undefined ? undefined : tagIn(from.tag));
  const copy = new ArtifactCopy(from.repository, to.repository, copyOptions(ports, input, signal));
  const result = await (input.dryRun === true ? copy.dryRun(chosen, tags) : copy.copy(chosen, tags));
  const differences = [...result.differences, ...(await movedSource(from, root, signal))];
  return { ...result, differences, tags, reference: to.nameOf(chosen.descriptor.digest) };
}

/** A credential given for the target's registry goes to no other one. */
export async function openCopySource(
  ports: Ports,
  input: Pick<CopyOptions, 'source' | 'access' | 'sourceAccess'>,
  target: TargetName,
): Promise<OpenedArtifact> {
  const name = await resolveSource(ports, input.source);
  const isBeside = name.scheme === 'registry' && target.scheme === 'registry';
  const access = isBeside ? accessBeside(input.access, target.reference, name.reference) : input.access;
  return await openSignedArtifact(ports, name, { ...access, ...input.sourceAccess });
}

export function copyOptions(ports: Ports, { only, foreign, keepTags }: CopyOptions, signal: AbortSignal) {
  return { only, foreign, keepTags, parallelism: ports.settings.parallelism, progress: ports.progress, signal };
}

/** Layouts may name an image by a whole reference; a registry's tag is what follows the last colon. */
export function tagIn(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1);
}

/** A tag that somebody moved while we copied what it named before. */
export async function movedSource(
  from: OpenedArtifact,
  root: Manifest,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const asked = await from.findTarget();
  if (findDigest(asked) !== undefined) return [];
  const now = (await from.repository.findManifest(asked, signal))?.descriptor.digest;
  if (now === root.descriptor.digest) return [];
  return [`${from.repository.name}: tag ${asked} was moved to ${now ?? 'nothing'} during the copy`];
}

interface CopyRun {
  readonly ports: Ports;
  readonly input: CopyInput;
  readonly from: OpenedArtifact;
  readonly root: Manifest;
  readonly signal: AbortSignal;
}

async function intoArchive(run: CopyRun, path: string, named: string | undefined): Promise<Copied> {
  const { ports, input, from, root, signal } = run;
  refuseDryRun(input);
  const tag = named ?? (from.tag === undefined ? DEFAULT_TAG : tagIn(from.tag));
  const write = async (content: AsyncIterable<Uint8Array>) => {
    await writeWhole(ports, path, content);
    return await openLayoutReader(await openArchive(ports.files, path));
  };
  const result = await copyToArchive(from.repository, root, { ...copyOptions(ports, input, signal), tag, write });
  return { ...result, tags: [tag], reference: `${path}@${root.descriptor.digest}` };
}

async function intoDockerArchive(run: CopyRun, path: string, named: string | undefined): Promise<Copied> {
  const { ports, input, from, root, signal } = run;
  refuseDryRun(input);
  const names = named === undefined ? undefined : [named];
  const image = await writeDockerArchive(ports, { from, root, path, names, platform: input.platform }, signal);
  const { layers } = image.manifest;
  const bytes = layers.reduce((sum, { size }) => sum + size, 0);
  return {
    descriptor: image.descriptor,
    manifests: 1,
    blobs: layers.length + 1,
    referrers: 0,
    sent: { manifests: 1, blobs: layers.length + 1, bytes },
    movedTags: [],
    keptTags: [],
    differences: [],
    remarks: ['a docker archive keeps neither the digest of the image nor what refers to it'],
    tags: [],
    reference: `${path}@${image.descriptor.digest}`,
  };
}

function refuseDryRun({ dryRun, target }: CopyInput): void {
  if (dryRun === true) throw new AppError('usage', `${target}: expected a registry or a layout with a dry run`);
}
