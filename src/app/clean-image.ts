/** Removes what is stored beside an image: by kind, in both of cosign's storage forms. */
import { readSubject, type Repository } from '../artifacts/index.ts';
import {
  AppError,
  formatReference,
  parseReference,
  referenceWithDigest,
  targetOf,
  type Digest,
  type Ports,
} from '../core/index.ts';
import { SIGN_PREDICATE, signatureTag } from '../trust/index.ts';
import { openSignedRepository } from './evidence-repository.ts';
import type { RepositoryAccess } from './registry.ts';

/** `referrer` is whatever refers to the image, also what is none of cosign's. */
export const CLEAN_TYPES = ['signature', 'attestation', 'sbom', 'referrer', 'all'] as const;
export type CleanType = (typeof CLEAN_TYPES)[number];

export interface CleanInput {
  readonly reference: string;
  readonly type: CleanType;
  readonly access?: RepositoryAccess;
}

export interface Doomed {
  readonly kind: Exclude<CleanType, 'all'>;
  readonly digest: Digest;
  /** Where it is kept under one of cosign's tags. */
  readonly tag?: string;
}

/** What would be removed; nothing is yet. */
export interface Cleaning {
  /** The image by digest. */
  readonly reference: string;
  readonly doomed: readonly Doomed[];
  readonly run: () => Promise<void>;
}

const SUFFIXES = [
  ['sig', 'signature'],
  ['att', 'attestation'],
  ['sbom', 'sbom'],
] as const;

/** An image has some dozens; beyond this it is flooded, and another tool is needed. */
const MAX_REFERRERS = 10_000;

export async function prepareCleaning(ports: Ports, input: CleanInput, signal: AbortSignal): Promise<Cleaning> {
  const reference = parseReference(input.reference);
  const repository = openSignedRepository(ports, reference, input.access);
  const digest = reference.digest ?? (await repository.fetchManifest(targetOf(reference), signal)).descriptor.digest;
  const found = [
    ...(await findTagged(repository, digest, signal)),
    ...(await findReferring(repository, digest, signal)),
  ];
  const doomed = found.filter(({ kind, tag }) => {
    if (input.type === 'all' || input.type === kind) return true;
    return input.type === 'referrer' && tag === undefined;
  });
  return {
    reference: formatReference(referenceWithDigest(reference, digest)),
    doomed,
    run: async () => {
      for (const entry of doomed) await remove(repository, entry, signal);
    },
  };
}

async function findTagged(repository: Repository, digest: Digest, signal: AbortSignal) {
  const found: Doomed[] = [];
  for (const [suffix, kind] of SUFFIXES) {
    const tag = signatureTag(digest, suffix);
    const manifest = await repository.findManifest(tag, signal);
    if (manifest !== undefined) found.push({ kind, digest: manifest.descriptor.digest, tag });
  }
  return found;
}

async function findReferring(repository: Repository, subject: Digest, signal: AbortSignal): Promise<readonly Doomed[]> {
  const listed = await repository.listReferrers(subject, undefined, signal);
  if (listed.length > MAX_REFERRERS)
    throw new AppError('invalid-input', `expected at most ${MAX_REFERRERS} referrers, found ${listed.length}`);
  const found: Doomed[] = [];
  for (const { digest } of listed) {
    const manifest = await repository.findManifest(digest, signal);
    if (manifest === undefined) continue;
    // of an index too
    const { annotations } = readSubject(manifest);
    found.push({
      kind: kindOf(manifest.descriptor.artifactType ?? '', annotations['dev.sigstore.bundle.predicateType']),
      digest,
    });
  }
  return found;
}

function kindOf(artifactType: string, predicateType: string | undefined): Doomed['kind'] {
  if (artifactType === 'application/vnd.dev.cosign.artifact.sig.v1+json') return 'signature';
  if (artifactType === 'application/vnd.dev.cosign.artifact.sbom.v1+json') return 'sbom';
  if (!artifactType.startsWith('application/vnd.dev.sigstore.bundle')) return 'referrer';
  return predicateType === undefined || predicateType === SIGN_PREDICATE ? 'signature' : 'attestation';
}

/** By digest, for many registries refuse to delete tags; some leave the tag of what is gone. */
async function remove(repository: Repository, { digest, tag }: Doomed, signal: AbortSignal): Promise<void> {
  await removeTarget(repository, digest, signal);
  const isLeft = tag !== undefined && (await repository.findManifest(tag, signal)) !== undefined;
  if (isLeft) await removeTarget(repository, tag, signal);
}

async function removeTarget(repository: Repository, target: string, signal: AbortSignal): Promise<void> {
  try {
    await repository.deleteManifest(target, signal);
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== 'not-found') throw error;
  }
}
