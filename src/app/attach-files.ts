/** Files as an artifact that refers to another one. */
import { AppError, type Platform, type Ports } from '../core/index.ts';
import { resolveManifest } from './inspect-artifact.ts';
import { openTarget, type OpenedTarget } from './open-target.ts';
import { pushContent, type ArtifactContent, type Pushed } from './push-artifact.ts';
import type { RepositoryAccess } from './registry.ts';
import { resolveSource } from './resolve-source.ts';

export interface AttachInput extends ArtifactContent {
  /** What the files belong to: in a registry, or in a layout folder. */
  readonly reference: string;
  /** Of an index, the image for this platform; absent: the index itself. */
  readonly platform?: Platform | undefined;
  readonly artifactType: string;
  readonly access?: RepositoryAccess;
}

export interface Attached extends Pushed {
  /** What it refers to, by digest. */
  readonly subject: string;
}

/** The new artifact is found through its subject and has no tag. Throws `not-found` when there is no subject. */
export async function attachFiles(ports: Ports, input: AttachInput, signal: AbortSignal): Promise<Attached> {
  const { reference: subject, descriptor: about } = await resolveManifest(ports, input, signal);
  const { repository, nameOf } = await openPlace(ports, input);
  const descriptor = await pushContent(ports, { ...input, subject: about }, { repository, tags: [] }, signal);
  return { descriptor, reference: nameOf(descriptor.digest), subject };
}

/** Where the subject is. */
async function openPlace(ports: Ports, { reference, access }: AttachInput): Promise<OpenedTarget> {
  const name = await resolveSource(ports, reference);
  if (name.scheme === 'registry') {
    const { registry, repository } = name.reference;
    return await openTarget(ports, { scheme: 'registry', reference: { registry, repository }, tags: [] }, access);
  }
  if (name.scheme === 'oci-dir') return await openTarget(ports, { scheme: 'oci-dir', path: name.path, tag: undefined });
  throw new AppError('usage', `${reference}: expected an artifact in a registry or in a layout folder`);
}
