/** Small changes: tagging and deleting. */
import { openLayout, type Repository } from '../artifacts/index.ts';
import {
  AppError,
  formatReference,
  isTag,
  parseReference,
  referenceWithDigest,
  type Descriptor,
  type Ports,
} from '../core/index.ts';
import { fetchRoot, openArtifact } from './open-artifact.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';
import { resolveSource } from './resolve-source.ts';

export interface TagInput {
  readonly reference: string;
  readonly tags: readonly string[];
  readonly access?: RepositoryAccess;
}

/** Gives what the tags name now. */
export async function tagArtifact(ports: Ports, input: TagInput, signal: AbortSignal): Promise<Descriptor> {
  // checked before the first one is written
  const bad = input.tags.find((tag) => !isTag(tag));
  if (bad !== undefined) {
    throw new AppError(
      'invalid-input',
      `expected a tag of 1 to 128 letters, digits, _ . -, found ${JSON.stringify(bad)}`,
    );
  }
  const opened = await openArtifact(ports, input.reference, input.access);
  const repository = await openForTags(ports, input);
  const { bytes, descriptor } = await fetchRoot(opened, signal);
  for (const tag of input.tags) await repository.pushManifest(bytes, descriptor.mediaType, tag, signal);
  return descriptor;
}

async function openForTags(ports: Ports, { reference, access }: TagInput): Promise<Repository> {
  const name = await resolveSource(ports, reference);
  if (name.scheme === 'registry') return openRepository(ports, name.reference, access);
  if (name.scheme === 'oci-dir') return await openLayout(ports.files, name.path);
  throw new AppError('usage', `${reference}: expected an artifact in a registry or in a layout folder`);
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
