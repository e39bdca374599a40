/** Deletion of manifests and blobs by digest, after a look at what it would take along. */
import { cosignTags, type RegistryRepository } from '../artifacts/index.ts';
import {
  AppError,
  formatReference,
  parseReference,
  targetOf,
  type Descriptor,
  type Digest,
  type Ports,
} from '../core/index.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';

export interface DeletionInput {
  readonly reference: string;
  readonly access?: RepositoryAccess;
}

/** What would be deleted; nothing is yet. */
export interface Deletion {
  readonly reference: string;
  readonly descriptor: Descriptor;
  /** Digests and cosign's tags of what refers to it and would dangle. */
  readonly dangling: readonly string[];
  readonly run: () => Promise<void>;
}

/** A tag stands for its manifest, which all its tags go with. Undefined when nothing is there. */
export async function prepareManifestDeletion(
  ports: Ports,
  input: DeletionInput,
  signal: AbortSignal,
): Promise<Deletion | undefined> {
  const reference = parseReference(input.reference);
  if (reference.digest === undefined && reference.tag === undefined) {
    throw new AppError('usage', `${input.reference}: expected a tag or a digest to delete`);
  }
  const repository = openRepository(ports, reference, input.access);
  const manifest = await repository.findManifest(targetOf(reference), signal);
  if (manifest === undefined) return undefined;
  const { descriptor } = manifest;
  return {
    reference: formatReference(reference),
    descriptor,
    dangling: await danglingOf(repository, descriptor.digest, signal),
    run: () => repository.deleteManifest(descriptor.digest, signal),
  };
}

async function danglingOf(
  repository: RegistryRepository,
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const dangling: string[] = (await repository.listReferrers(digest, undefined, signal)).map((entry) => entry.digest);
  for (const tag of cosignTags(digest)) {
    if ((await repository.findManifest(tag, signal)) !== undefined) dangling.push(tag);
  }
  return dangling;
}

/** Whether manifests need it a registry does not tell. Undefined when nothing is there. */
export async function prepareBlobDeletion(
  ports: Ports,
  input: DeletionInput,
  signal: AbortSignal,
): Promise<Deletion | undefined> {
  const reference = parseReference(input.reference);
  const { digest } = reference;
  if (digest === undefined) throw new AppError('usage', `${input.reference}: expected a digest of a blob to delete`);
  const repository = openRepository(ports, reference, input.access);
  const size = await repository.findBlobSize(digest, signal);
  if (size === undefined) return undefined;
  return {
    reference: formatReference(reference),
    descriptor: { mediaType: 'application/octet-stream', digest, size },
    dangling: [],
    run: () => repository.deleteBlob(digest, signal),
  };
}
