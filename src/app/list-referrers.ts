/** What refers to an artifact: referrers of the API and the fallback tag, cosign's tags, and what refers to those. */
import { cosignTags, isIndexType, selectManifest, type ReadableRepository } from '../artifacts/index.ts';
import { AppError, type Descriptor, type Digest, type Platform, type Ports } from '../core/index.ts';
import { openSignedArtifact } from './evidence-repository.ts';
import { fetchRoot, nameByDigest } from './open-artifact.ts';
import { readClaims, type Claim } from './read-claims.ts';
import type { RepositoryAccess } from './registry.ts';
import { resolveSource } from './resolve-source.ts';

export interface ReferrersInput {
  readonly reference: string;
  /** Of an index, the image for this platform; absent: the index itself. */
  readonly platform?: Platform | undefined;
  readonly artifactType?: string | undefined;
  /** Levels of referrers; all when absent. */
  readonly depth?: number | undefined;
  /** Also read what they say about themselves. */
  readonly withClaims?: boolean;
  readonly access?: RepositoryAccess;
}

export interface ReferrerNode {
  readonly descriptor: Descriptor;
  /** Under cosign's tag, not by its subject. */
  readonly tag?: string;
  /** Nothing of it is verified. Absent when not asked for. */
  readonly claims?: readonly Claim[];
  readonly referrers: readonly ReferrerNode[];
}

export interface ReferrerTree {
  /** By digest. */
  readonly reference: string;
  readonly descriptor: Descriptor;
  readonly referrers: readonly ReferrerNode[];
}

/** Signatures of attestations of images: three; deeper is a chain made to keep us busy. */
const MAX_DEPTH = 8;
const MAX_NODES = 20_000;

export async function listReferrers(ports: Ports, input: ReferrersInput, signal: AbortSignal): Promise<ReferrerTree> {
  const opened = await openSignedArtifact(ports, await resolveSource(ports, input.reference), input.access);
  const { artifactType, platform, depth, withClaims = false } = input;
  const root = await fetchRoot(opened, signal);
  const { descriptor } =
    platform === undefined ? root : await selectManifest(opened.repository, root, platform, signal);
  const seen = new Set<Digest>([descriptor.digest]);
  const search = { repository: opened.repository, artifactType, depth, withClaims, signal, seen };
  return {
    reference: nameByDigest(opened, descriptor.digest),
    descriptor,
    referrers: await findReferrers(search, descriptor.digest),
  };
}

export interface Search {
  readonly repository: ReadableRepository;
  readonly artifactType?: string | undefined;
  readonly depth?: number | undefined;
  readonly withClaims: boolean;
  readonly signal: AbortSignal;
  readonly seen: Set<Digest>;
}

/** Of a manifest that may be gone itself. What `seen` holds is left out; what is found is added to it. */
export async function findReferrers(search: Search, subject: Digest, depth = 0): Promise<readonly ReferrerNode[]> {
  const { repository, artifactType, signal, seen } = search;
  if (depth === search.depth) return [];
  if (depth >= MAX_DEPTH) {
    throw new AppError(
      'invalid-input',
      `${repository.name}: expected referrers at most ${MAX_DEPTH} deep, found deeper`,
    );
  }
  const found: { readonly descriptor: Descriptor; readonly tag?: string }[] = [];
  for (const descriptor of await repository.listReferrers(subject, artifactType, signal)) found.push({ descriptor });
  for (const tag of cosignTags(subject)) {
    const manifest = await repository.findManifest(tag, signal);
    if (manifest !== undefined) found.push({ descriptor: manifest.descriptor, tag });
  }
  const nodes: ReferrerNode[] = [];
  for (const entry of found) {
    if (seen.has(entry.descriptor.digest)) continue;
    seen.add(entry.descriptor.digest);
    if (seen.size > MAX_NODES)
      throw new AppError('invalid-input', `${repository.name}: expected at most ${MAX_NODES} referrers, found more`);
    nodes.push({
      ...entry,
      ...(search.withClaims ? { claims: await claimsOf(search, entry.descriptor) } : {}),
      referrers: await findReferrers(search, entry.descriptor.digest, depth + 1),
    });
  }
  return nodes;
}

/** A referrer that is listed and gone says so; an index says nothing. */
async function claimsOf({ repository, signal }: Search, { digest }: Descriptor): Promise<readonly Claim[]> {
  const manifest = await repository.findManifest(digest, signal);
  if (manifest === undefined) return [{ kind: 'unreadable', reason: 'it is listed and not there' }];
  return isIndexType(manifest.descriptor.mediaType) ? [] : await readClaims(repository, manifest, signal);
}
