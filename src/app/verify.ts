/** Verifies signatures and attestations of images, in registries or on the disk: many at a time, whom to believe read once. */
import { resolveSource } from './resolve-source.ts';
import { AppError, mapParallel, parseReference, targetOf, toAppError } from '../core/index.ts';
import type { Digest, Platform, Ports, Reason, Verification, VerifiedSignature } from '../core/index.ts';
import { selectManifest } from '../artifacts/index.ts';
import type { Manifest, ReadableRepository } from '../artifacts/index.ts';
import { formatEnvelope } from '../attestations/index.ts';
import { fetchAttestations, fetchSignatures, verifyAttestations, verifySignatures } from '../trust/index.ts';
import type { Candidate, ProvenAttestation, SignerDemand } from '../trust/index.ts';
import { listImages } from './list-images.ts';
import { openNamed as openSource } from './open-artifact.ts';
import { openSigners } from './open-signers.ts';
import type { SignersInput } from './open-signers.ts';
import { openSignedRepository } from './evidence-repository.ts';
import type { RepositoryAccess } from './registry.ts';
import { openStatementPolicies } from './statement-policies.ts';

/** cosign's exit code for a tag that does not exist. */
const EXIT_TAG_MISSING = 11;

export interface VerifyInput {
  /** Registry references; local forms (`oci:PATH` and the like) where they can be nothing else, or all if `isLocal`. */
  readonly references: readonly string[];
  readonly signers: SignersInput;
  readonly isLocal?: boolean;
  /** Which image of an index; the index itself when absent. */
  readonly platform?: Platform | undefined;
  /** Also every image that an index names. */
  readonly isRecursive?: boolean;
  /** References at the same time; as configured when absent. */
  readonly jobs?: number | undefined;
  /** Takes evidence about any artifact: then only who signed is asked. */
  readonly unsafeAnyArtifact?: boolean;
  readonly access?: RepositoryAccess;
}

export interface VerifyImagesInput extends VerifyInput {
  readonly annotations: Readonly<Record<string, string>>;
}

export interface VerifyAttestationsInput extends VerifyInput {
  /** A URI; `predicateTypeOf` gives it for a short name. */
  readonly predicateType: string;
  /** Files of CUE and Rego that every verified statement must meet. */
  readonly policies?: readonly string[];
}

export interface ImageVerification<V> {
  readonly reference: string;
  readonly digest: Digest;
  /** `absent`: nothing of this kind is there at all; `unmatched`: none of what is there proves it. */
  readonly outcome: 'verified' | 'absent' | 'unmatched';
  readonly verification: V;
}

/** One image that could not be looked at, beside others that could. */
export interface FailedVerification {
  readonly reference: string;
  readonly outcome: 'failed';
  readonly error: Pick<AppError, 'kind' | 'message' | 'exitCode'>;
}

export type SignatureResult = ImageVerification<Verification<VerifiedSignature>>;
export type AttestationResult = ImageVerification<Verification<ProvenAttestation>>;

export async function verifyImages(
  ports: Ports,
  input: VerifyImagesInput,
  signal?: AbortSignal,
): Promise<readonly (SignatureResult | FailedVerification)[]> {
  const { annotations, unsafeAnyArtifact = false } = input;
  return await verifyEach(ports, input, {
    fetch: (repository, digest) => fetchSignatures(repository, digest, { signal }),
    verify: (candidates, artifact, by) =>
      verifySignatures(candidates, { artifact, by, annotations, unsafeAnyArtifact }),
    signal,
  });
}

export async function verifyImageAttestations(
  ports: Ports,
  input: VerifyAttestationsInput,
  signal?: AbortSignal,
): Promise<readonly (AttestationResult | FailedVerification)[]> {
  const { predicateType, unsafeAnyArtifact = false, policies = [] } = input;
  const judge = await openStatementPolicies(ports, policies);
  return await verifyEach(ports, input, {
    fetch: (repository, digest) => fetchAttestations(repository, digest, { signal }),
    verify: (candidates, artifact, by) => {
      const found = verifyAttestations(candidates, { artifact, by, predicateType, unsafeAnyArtifact });
      const unmet = found.verified.flatMap(({ payload, source }) =>
        judge(payload, ports.clock()).map((message) => ({ subject: source, code: 'policy-not-met', message })),
      );
      // one that is not met speaks against the image, whatever others say
      return unmet.length === 0 ? found : { verified: [], rejected: [...unmet, ...found.rejected] };
    },
    signal,
  });
}

/** The envelope as JSON, as cosign prints it. */
export function formatAttestation(attestation: ProvenAttestation): string {
  return formatEnvelope(attestation.envelope);
}

interface Question<V> {
  fetch(repository: ReadableRepository, digest: Digest): Promise<readonly Candidate[]>;
  verify(candidates: readonly Candidate[], artifact: Digest, by: SignerDemand): V;
  readonly signal: AbortSignal | undefined;
}

/** In the order given. Of several references one that cannot be looked at spoils no other; a single one throws. */
async function verifyEach<V extends Verification>(
  ports: Ports,
  input: VerifyInput,
  question: Question<V>,
): Promise<readonly (ImageVerification<V> | FailedVerification)[]> {
  const by = await openSigners(ports, input.signers, question.signal);
  if (input.unsafeAnyArtifact === true) ports.log.warn('which artifact was signed is not looked at');
  const { references, jobs = ports.settings.parallelism } = input;
  const results = await mapParallel(references, jobs, async (reference) => {
    try {
      return await verifyReference(ports, { ...input, reference, by, jobs }, question);
    } catch (error) {
      if (references.length === 1) throw error;
      const { kind, message, exitCode } = toAppError(error);
      return [{ reference, outcome: 'failed', error: { kind, message, exitCode } } as const];
    }
  });
  return results.flat();
}

async function verifyReference<V extends Verification>(
  ports: Ports,
  input: VerifyInput & { readonly reference: string; readonly by: SignerDemand; readonly jobs: number },
  question: Question<V>,
): Promise<readonly ImageVerification<V>[]> {
  const { reference, by } = input;
  const { repository, digests } = await resolve(ports, input, question.signal);
  return await mapParallel(digests, input.jobs, async (digest) => {
    const verification = question.verify(await question.fetch(repository, digest), digest, by);
    const isRoot = digest === digests[0];
    const named = isRoot ? reference : `${reference} (${digest})`;
    return { reference: named, digest, outcome: outcomeOf(verification), verification };
  });
}

interface Resolved {
  readonly repository: ReadableRepository;
  /** The artifact first; what it names behind it. */
  readonly digests: readonly Digest[];
}

async function resolve(
  ports: Ports,
  input: VerifyInput & { readonly reference: string },
  signal: AbortSignal | undefined,
): Promise<Resolved> {
  const { repository, target, digest } = await openNamed(ports, input);
  const isWhole = input.isRecursive !== true && input.platform === undefined;
  // A digest needs no look at what it names: signatures are found by it.
  if (digest !== undefined && isWhole) return { repository, digests: [digest] };
  const found = await repository.findManifest(target, signal);
  if (found === undefined) {
    throw new AppError('not-found', `${input.reference}: the tag does not exist`, { exitCode: EXIT_TAG_MISSING });
  }
  const root: Manifest =
    input.platform === undefined ? found : await selectManifest(repository, found, input.platform, signal);
  if (input.isRecursive !== true) return { repository, digests: [root.descriptor.digest] };
  const images = await listImages(repository, root, signal);
  return { repository, digests: images.map((image) => image.digest) };
}

/** Names that can only mean the disk. Any other is a registry's, even where a folder of that name lies about. */
const LOCAL_NAME = /^(?:[./~]|(?:oci|oci-dir|oci-archive|docker-archive|blobs):)/;

async function openNamed(ports: Ports, input: VerifyInput & { readonly reference: string }) {
  const { reference: text } = input;
  if (input.isLocal === true || LOCAL_NAME.test(text)) {
    const name = await resolveSource(ports, text);
    // Who says that it lies here must not have a registry asked instead.
    if (name.scheme === 'registry')
      throw new AppError('not-found', `${text}: expected an image on the disk, found none`);
    const { repository, findTarget } = await openSource(ports, name);
    return { repository, target: await findTarget(), digest: undefined };
  }
  const reference = parseReference(text);
  const repository = openSignedRepository(ports, reference, input.access);
  return { repository, target: targetOf(reference), digest: reference.digest };
}

/** Evidence of another kind is as good as none: an SBOM attestation does not make an image signed. */
function outcomeOf(verification: Verification): ImageVerification<unknown>['outcome'] {
  if (verification.verified.length > 0) return 'verified';
  const isOther = (reason: Reason): boolean => reason.code === 'predicate-type-mismatch';
  return verification.rejected.every(isOther) ? 'absent' : 'unmatched';
}
