import { copyArtifact as copyBetween, selectManifest, type CopyResult } from '../artifacts/index.ts';
import {
  formatReference,
  parseReference,
  referenceWithDigest,
  targetOf,
  type Platform,
  type Ports,
} from '../core/index.ts';
import { accessBeside, openRepository, type RepositoryAccess } from './registry.ts';

export interface CopyInput {
  readonly source: string;
  /** With a tag, or by the source's digest when it has none. */
  readonly target: string;
  /** One image of an index; all when absent. */
  readonly platform?: Platform | undefined;
  /** Leave out what refers to the artifact. */
  readonly only?: boolean;
  /** Its credential is for the target's registry. */
  readonly access?: RepositoryAccess;
}

export interface Copied extends CopyResult {
  /** By digest. */
  readonly reference: string;
}

/** Copies between registries, with everything that refers to the artifact, and looks afterwards that all is there. */
export async function copyArtifact(ports: Ports, input: CopyInput, signal: AbortSignal): Promise<Copied> {
  const source = parseReference(input.source);
  const target = parseReference(input.target);
  const from = openRepository(ports, source, accessBeside(input.access, target, source));
  const to = openRepository(ports, target, input.access);
  const root = await from.fetchManifest(targetOf(source), signal);
  const chosen = input.platform === undefined ? root : await selectManifest(from, root, input.platform, signal);
  const tag = target.digest === undefined ? (target.tag ?? source.tag ?? targetOf(target)) : undefined;
  const result = await copyBetween(from, to, chosen.descriptor.digest, {
    tag,
    only: input.only === true,
    parallelism: ports.settings.parallelism,
    progress: ports.progress,
    signal,
  });
  return { ...result, reference: formatReference(referenceWithDigest(target, result.descriptor.digest)) };
}
