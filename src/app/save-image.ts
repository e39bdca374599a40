/** Images in folders as `cosign save` writes them: OCI layouts that also say what is the image and what its signatures are. */
import { isAbsolute } from 'node:path';
import { markForCosign } from '../artifacts/index.ts';
import type { Ports } from '../core/index.ts';
import { copyArtifact, type Copied } from './copy-artifact.ts';
import type { RepositoryAccess } from './registry.ts';

export interface SavedImageInput {
  readonly reference: string;
  /** The folder. */
  readonly path: string;
  readonly access?: RepositoryAccess;
}

/** With signatures, attestations and SBOMs of all forms, those of an index's images too. */
export async function saveImage(ports: Ports, input: SavedImageInput, signal: AbortSignal): Promise<Copied> {
  const { reference, path, access } = input;
  const source = { source: reference, target: layoutName(path) };
  const copied = await copyArtifact(ports, { ...source, ...(access === undefined ? {} : { access }) }, signal);
  await markForCosign(ports.files, path, copied.descriptor.digest);
  return copied;
}

/** From what `saveImage`, `cosign save` of any version or another writer of layouts left. */
export async function loadImage(ports: Ports, input: SavedImageInput, signal: AbortSignal): Promise<Copied> {
  const { reference, path, access } = input;
  const names = { source: layoutName(path), target: reference };
  return await copyArtifact(ports, { ...names, ...(access === undefined ? {} : { access }) }, signal);
}

/** A folder and no `PATH:TAG`. */
function layoutName(path: string): string {
  return `oci-dir:${isAbsolute(path) || path.startsWith('.') ? path : `./${path}`}`;
}
