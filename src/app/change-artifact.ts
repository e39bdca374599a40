/** Small changes in a registry: tagging and deleting. */
import {
  AppError,
  formatReference,
  parseReference,
  referenceWithDigest,
  targetOf,
  type Descriptor,
  type Ports,
} from '../core/index.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';

export interface TagInput {
  readonly reference: string;
  readonly tags: readonly string[];
  readonly access?: RepositoryAccess;
}

/** Gives what the tags name now. */
export async function tagArtifact(ports: Ports, input: TagInput, signal: AbortSignal): Promise<Descriptor> {
  const reference = parseReference(input.reference);
  // checked before the first one is written
  const tags = input.tags.map((tag) => parseReference(`${reference.registry}/${reference.repository}:${tag}`).tag);
  const repository = openRepository(ports, reference, input.access);
  const { bytes, descriptor } = await repository.fetchManifest(targetOf(reference), signal);
  for (const tag of tags) await repository.pushManifest(bytes, descriptor.mediaType, tag, signal);
  return descriptor;
}

export interface DeleteInput {
  /** With a digest or a tag: nothing is deleted by a default. */
  readonly reference: string;
  readonly access?: RepositoryAccess;
}

/** Gives the reference that is gone. A tag alone is removed where the registry can; its manifest stays. */
export async function deleteArtifact(ports: Ports, input: DeleteInput, signal: AbortSignal): Promise<string> {
  const reference = parseReference(input.reference);
  const target = reference.digest ?? reference.tag;
  if (target === undefined) throw new AppError('usage', `${input.reference}: expected a tag or a digest to delete`);
  await openRepository(ports, reference, input.access).deleteManifest(target, signal);
  const { digest } = reference;
  return formatReference(digest === undefined ? reference : referenceWithDigest(reference, digest));
}
