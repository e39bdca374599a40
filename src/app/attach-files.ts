/** Files as an artifact that refers to another one. */
import { formatReference, parseReference, referenceWithDigest, type Platform, type Ports } from '../core/index.ts';
import { resolveDigest } from './inspect-artifact.ts';
import { pushFiles, type Pushed } from './push-artifact.ts';
import type { RepositoryAccess } from './registry.ts';

export interface AttachInput {
  /** What the files belong to. */
  readonly reference: string;
  /** Of an index, the image for this platform; absent: the index itself. */
  readonly platform?: Platform | undefined;
  /** `PATH` or `PATH:MEDIA/TYPE`. */
  readonly files: readonly string[];
  readonly artifactType: string;
  /** `KEY=VALUE`. */
  readonly annotations: readonly string[];
  readonly access?: RepositoryAccess;
}

export interface Attached extends Pushed {
  /** What it refers to, by digest. */
  readonly subject: string;
}

/** The new artifact is found through its subject and has no tag. Throws `not-found` when there is no subject. */
export async function attachFiles(ports: Ports, input: AttachInput, signal: AbortSignal): Promise<Attached> {
  const { digest } = await resolveDigest(ports, input, signal);
  const { registry, repository } = parseReference(input.reference);
  const subject = formatReference(referenceWithDigest({ registry, repository }, digest));
  const pushed = await pushFiles(ports, { ...input, reference: `${registry}/${repository}`, subject }, signal);
  return { ...pushed, subject };
}
