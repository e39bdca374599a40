/** Where older cosign keeps what belongs to an image. */
import { formatReference, parseReference, referenceWithDigest, targetOf, type Ports } from '../core/index.ts';
import { signatureTag } from '../trust/index.ts';
import { evidenceReference } from './evidence-repository.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';

const SUFFIXES = { signature: 'sig', attestation: 'att', sbom: 'sbom' } as const;
export const TRIANGULATE_TYPES = ['signature', 'attestation', 'sbom', 'digest'] as const;

export interface TriangulateInput {
  readonly reference: string;
  readonly type: (typeof TRIANGULATE_TYPES)[number];
  readonly access?: RepositoryAccess;
}

export interface Triangulated {
  /** The image by digest. */
  readonly reference: string;
  /** The same, or what is kept beside it by tag. */
  readonly location: string;
}

export async function triangulate(ports: Ports, input: TriangulateInput, signal: AbortSignal): Promise<Triangulated> {
  const parsed = parseReference(input.reference);
  const digest =
    parsed.digest ??
    (await openRepository(ports, parsed, input.access).fetchManifest(targetOf(parsed), signal)).descriptor.digest;
  const reference = formatReference(referenceWithDigest(parsed, digest));
  if (input.type === 'digest') return { reference, location: reference };
  const tag = signatureTag(digest, SUFFIXES[input.type]);
  return { reference, location: formatReference({ ...evidenceReference(ports, parsed), tag }) };
}
