/** What refers to an artifact: referrers of the API and the fallback tag, cosign's tags, and what refers to those. */
import { cosignTags, type ReadableRepository } from '../artifacts/index.ts';
import {
  AppError,
  formatReference,
  parseReference,
  referenceWithDigest,
  targetOf,
  type Descriptor,
  type Digest,
  type Ports,
} from '../core/index.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';

export interface ReferrersInput {
  readonly reference: string;
  readonly artifactType?: string | undefined;
  readonly access?: RepositoryAccess;
}

export interface ReferrerNode {
  readonly descriptor: Descriptor;
  /** Under cosign's tag, not by its subject. */
  readonly tag?: string;
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
  const reference = parseReference(input.reference);
  const repository = openRepository(ports, reference, input.access);
  const { descriptor } = await repository.fetchManifest(targetOf(reference), signal);
  const search = { repository, artifactType: input.artifactType, signal, seen: new Set<Digest>([descriptor.digest]) };
  return {
    reference: formatReference(referenceWithDigest(reference, descriptor.digest)),
    descriptor,
    referrers: await nodesOf(search, descriptor.digest, 0),
  };
}

interface Search {
  readonly repository: ReadableRepository;
  readonly artifactType: string | undefined;
  readonly signal: AbortSignal;
  readonly seen: Set<Digest>;
}

async function nodesOf(search: Search, subject: Digest, depth: number): Promise<readonly ReferrerNode[]> {
  const { repository, artifactType, signal, seen } = search;
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
    nodes.push({ ...entry, referrers: await nodesOf(search, entry.descriptor.digest, depth + 1) });
  }
  return nodes;
}
