/** Indexes of manifests from anywhere, which are copied to where the index goes, and indexes without some platforms. */
import {
  copyArtifact,
  fitsPlatform,
  isIndexType,
  parseImageIndex,
  type Manifest,
  type Repository,
} from '../artifacts/index.ts';
import { AppError, type Digest, type Platform, type Ports } from '../core/index.ts';
import { openCopySource } from './copy-artifact.ts';
import { editIndex } from './edit-index.ts';
import { fetchRoot, type OpenedArtifact } from './open-artifact.ts';
import { openTarget, parseTarget } from './open-target.ts';
import type { Pushed } from './push-artifact.ts';
import type { RepositoryAccess } from './registry.ts';

interface Place {
  /** See parseTarget. */
  readonly target: string;
  /** Its credential is for the target's registry. */
  readonly access?: RepositoryAccess;
}

export interface AppendInput extends Place {
  /** The index to begin with; absent: an empty one. */
  readonly base?: string | undefined;
  /** Images and indexes, in registries or on the disk. */
  readonly manifests: readonly string[];
  /** Of an index, list what it lists instead of itself. */
  readonly flatten: boolean;
}

/** Throws `invalid-input` when the base is no index. */
export async function appendToIndex(ports: Ports, input: AppendInput, signal: AbortSignal): Promise<Pushed> {
  const place = await openPlace(ports, input, signal);
  const base = input.base === undefined ? undefined : await place.fetchIndex(input.base);
  if (base !== undefined) await place.bring(base.from, base.root);
  const added: Digest[] = [];
  const merged: Digest[] = [];
  for (const source of input.manifests) {
    const { from, root } = await place.fetch(source);
    await place.bring(from, root);
    const isMerged = input.flatten && isIndexType(root.descriptor.mediaType);
    (isMerged ? merged : added).push(root.descriptor.digest);
  }
  const change = { ...NO_CHANGE, target: input.target, base: base?.root, add: added, merge: merged };
  return await editIndex(ports, { ...change, ...accessOf(input) }, signal);
}

export interface FilterInput extends Place {
  readonly base: string;
  /** An entry stays when it fits one of them. */
  readonly platforms: readonly Partial<Platform>[];
}

/** Throws `not-found` when nothing is left. */
export async function filterIndex(ports: Ports, input: FilterInput, signal: AbortSignal): Promise<Pushed> {
  const place = await openPlace(ports, input, signal);
  const { from, root } = await place.fetchIndex(input.base);
  const kept = parseImageIndex(root).manifests.filter(({ platform }) =>
    input.platforms.some((wanted) => fitsPlatform(platform, wanted)),
  );
  if (kept.length === 0) throw new AppError('not-found', `${input.base}: expected an image for a platform that stays`);
  for (const { digest } of kept) await place.bring(from, await from.repository.fetchManifest(digest, signal));
  const digests = new Set(kept.map(({ digest }) => digest));
  const keeps = (entry: { readonly digest: Digest }) => digests.has(entry.digest);
  const change = { ...NO_CHANGE, target: input.target, base: root, keeps };
  return await editIndex(ports, { ...change, ...accessOf(input) }, signal);
}

const NO_CHANGE = { add: [], merge: [], remove: [], annotations: [], tags: [], isUpdate: false } as const;

function accessOf({ access }: Place): Pick<Place, 'access'> {
  return access === undefined ? {} : { access };
}

interface Fetched {
  readonly from: OpenedArtifact;
  readonly root: Manifest;
}

async function openPlace(ports: Ports, { target, access }: Place, signal: AbortSignal) {
  const name = parseTarget(target);
  const { repository: to } = await openTarget(ports, name, access);
  const fetch = async (source: string): Promise<Fetched> => {
    const from = await openCopySource(ports, { source, ...(access === undefined ? {} : { access }) }, name);
    return { from, root: await fetchRoot(from, signal) };
  };
  return {
    fetch,
    fetchIndex: async (source: string): Promise<Fetched> => {
      const fetched = await fetch(source);
      if (isIndexType(fetched.root.descriptor.mediaType)) return fetched;
      throw new AppError('invalid-input', `${source}: expected an index, found an image manifest`);
    },
    bring: (from: OpenedArtifact, root: Manifest) => bring(ports, { from, to, root }, signal),
  };
}

interface Bringing extends Fetched {
  readonly to: Repository;
}

/** Nothing is sent that is there. */
async function bring(ports: Ports, { from, to, root }: Bringing, signal: AbortSignal): Promise<void> {
  if (from.repository.name === to.name) return;
  const { parallelism } = ports.settings;
  await copyArtifact(from.repository, to, root, { only: true, parallelism, progress: ports.progress, signal });
}
