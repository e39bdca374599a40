/**
 * What is left in a repository of artifacts that are gone: cosign's tags, fallback tags of referrers, and referrers, with all that
 * refers to those. A registry does not list untagged manifests, so they are found through the digests that such tags name.
 */
import { isIndexType, parseImageIndex, readSubject, type Manifest, type Repository } from '../artifacts/index.ts';
import { AppError, findDigest, mapParallel, type Digest, type Ports } from '../core/index.ts';
import { findReferrers, type ReferrerNode, type Search } from './list-referrers.ts';
import { openTarget, parseTarget } from './open-target.ts';
import type { RepositoryAccess } from './registry.ts';

export interface GarbageInput {
  /** A repository in a registry, or a layout. */
  readonly repository: string;
  /** Without it, only looks. */
  readonly delete: boolean;
  readonly access?: RepositoryAccess;
}

export interface Garbage {
  readonly digest: Digest;
  /** Absent for what only a subject finds. */
  readonly tag?: string;
  /** What it belongs to, which is gone. */
  readonly subject: Digest;
}

export interface GarbageReport {
  readonly repository: string;
  readonly tags: number;
  /** In the order in which it is deleted: what refers to others before them. */
  readonly garbage: readonly Garbage[];
  /** Tags of people's own that name a referrer whose subject is gone; never deleted here. */
  readonly kept: readonly Garbage[];
  readonly deleted: boolean;
}

const BELONGING_TAG = /^(sha(?:256|512))-([0-9a-f]{64,128})(?:\.(?:sig|att|sbom))?$/;

export async function findGarbage(ports: Ports, input: GarbageInput, signal: AbortSignal): Promise<GarbageReport> {
  const { repository } = await openTarget(ports, parseTarget(input.repository), input.access);
  const { parallelism } = ports.settings;
  const tags = await repository.listTags(signal);
  const tagged = await mapParallel(tags, parallelism, async (tag) => ({
    tag,
    manifest: await repository.findManifest(tag, signal),
  }));
  const named = new Map(
    tagged.flatMap(({ tag, manifest }) => (manifest === undefined ? [] : [[tag, manifest] as const])),
  );
  const gone = await goneSubjects({ repository, named, signal });
  const garbage = await garbageOf({ repository, named, signal }, gone);
  if (input.delete) await deleteAll({ repository, named, signal }, garbage);
  return {
    repository: repository.name,
    tags: tags.length,
    garbage,
    kept: [...named].flatMap(([tag, manifest]) => keptOf(tag, manifest, gone)),
    deleted: input.delete,
  };
}

interface Place {
  readonly repository: Repository;
  readonly named: ReadonlyMap<string, Manifest>;
  readonly signal: AbortSignal;
}

function subjectOfTag(tag: string): Digest | undefined {
  const [, algorithm, value] = BELONGING_TAG.exec(tag) ?? [];
  return value === undefined ? undefined : findDigest(`${String(algorithm)}:${value}`);
}

/** Asked for by digest: only a plain "not there" counts, whatever else goes wrong is thrown. */
async function goneSubjects({ repository, named, signal }: Place): Promise<ReadonlySet<Digest>> {
  const subjects = new Set<Digest>();
  for (const [tag, manifest] of named) {
    const subject = subjectOfTag(tag) ?? readSubject(manifest).subject?.digest;
    if (subject !== undefined) subjects.add(subject);
  }
  // some registries give by its tag what they do not give by its digest
  for (const { descriptor } of named.values()) subjects.delete(descriptor.digest);
  const gone = new Set<Digest>();
  for (const subject of subjects) {
    if ((await repository.findManifest(subject, signal)) === undefined) gone.add(subject);
  }
  return gone;
}

function keptOf(tag: string, manifest: Manifest, gone: ReadonlySet<Digest>): readonly Garbage[] {
  const subject = subjectOfTag(tag) === undefined ? readSubject(manifest).subject?.digest : undefined;
  return subject !== undefined && gone.has(subject) ? [{ digest: manifest.descriptor.digest, tag, subject }] : [];
}

async function garbageOf({ repository, named, signal }: Place, gone: ReadonlySet<Digest>): Promise<readonly Garbage[]> {
  // what somebody gave a tag of his own stays, with all that refers to it
  const own = [...named].filter(([tag]) => subjectOfTag(tag) === undefined);
  const search: Search = {
    repository,
    withClaims: false,
    signal,
    seen: new Set(own.map(([, manifest]) => manifest.descriptor.digest)),
  };
  const garbage: Garbage[] = [];
  for (const subject of gone) {
    garbage.push(...deepestFirst(await findReferrers(search, subject), subject));
  }
  // the lists themselves, when all that they list is gone
  const subjects = new Set([...gone, ...garbage.map(({ digest }) => digest)]);
  for (const [tag, { descriptor }] of named) {
    const subject = subjectOfTag(tag);
    const isList = isListTag(tag) && isIndexType(descriptor.mediaType);
    if (isList && subject !== undefined && subjects.has(subject))
      garbage.push({ digest: descriptor.digest, tag, subject });
  }
  return garbage;
}

function deepestFirst(nodes: readonly ReferrerNode[], subject: Digest): readonly Garbage[] {
  return nodes.flatMap(({ descriptor, tag, referrers }) => [
    ...deepestFirst(referrers, descriptor.digest),
    { digest: descriptor.digest, ...(tag === undefined ? {} : { tag }), subject },
  ]);
}

async function deleteAll(place: Place, garbage: readonly Garbage[]): Promise<void> {
  const going = new Set(garbage.flatMap(({ tag }) => tag ?? []));
  for (const entry of garbage) {
    const target = isListTag(entry.tag) ? await listTarget(place, entry.tag, garbage) : targetOf(place, entry, going);
    if (target === undefined) continue;
    await deleteTarget(place, target);
    // some registries leave the tags of a deleted manifest
    const isLeft =
      entry.tag !== undefined && (await place.repository.findManifest(entry.tag, place.signal)) !== undefined;
    if (isLeft && entry.tag !== undefined) await deleteTarget(place, entry.tag);
  }
}

/** A fallback tag, which holds a list and no signature. */
function isListTag(tag: string | undefined): tag is string {
  return tag !== undefined && !tag.includes('.');
}

/** The tag alone when another tag, one that stays, names the manifest too. */
function targetOf({ named }: Place, { digest, tag }: Garbage, going: ReadonlySet<string>): string | undefined {
  const stays = [...named].some(([name, { descriptor }]) => descriptor.digest === digest && !going.has(name));
  return stays ? tag : digest;
}

/** A list changes with every referrer that is deleted, so it is looked at again; one that still lists something stays. */
async function listTarget(
  { repository, signal }: Place,
  tag: string,
  garbage: readonly Garbage[],
): Promise<Digest | undefined> {
  const list = await repository.findManifest(tag, signal);
  if (list === undefined || !isIndexType(list.descriptor.mediaType)) return undefined;
  const deleted = new Set(garbage.map(({ digest }) => digest));
  const isEmpty = parseImageIndex(list).manifests.every(({ digest }) => deleted.has(digest));
  return isEmpty ? list.descriptor.digest : undefined;
}

/** What is gone meanwhile is no failure: a registry may take a fallback tag along with its last entry. */
async function deleteTarget({ repository, signal }: Place, target: string): Promise<void> {
  try {
    await repository.deleteManifest(target, signal);
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== 'not-found') throw error;
  }
}
