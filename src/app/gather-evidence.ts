/**
 * Fetches and verifies what policies require of an image, once per digest. Nothing is decided here and nothing is swallowed: what
 * cannot be fetched throws, what does not verify comes back as a reason.
 */
import { signerId } from '../policies/index.ts';
import type { PolicySigners } from './policy-signers.ts';
import { createPolicySigners } from './policy-signers.ts';
import { targetOf } from '../core/index.ts';
import type { Digest, Evidence, Ports, Reason, Reference, Verification } from '../core/index.ts';
import type { RequiredSigner, Requirement } from '../policies/index.ts';
import {
  fetchAttestations,
  fetchSignatures,
  importPublicKey,
  verifyAttestations,
  verifySignatures,
} from '../trust/index.ts';
import type { SignerDemand } from '../trust/index.ts';
import { openRepository } from './registry.ts';
import type { RepositoryAccess } from './registry.ts';

export interface Gathered {
  readonly evidence: readonly Evidence[];
  readonly rejected: readonly Reason[];
  /** Whether it was gathered before it was asked for: more may have come since, so no denial should rest on it. */
  readonly isOld?: boolean;
}

export interface Wanted {
  readonly reference: Reference;
  readonly digest: Digest;
  readonly requirements: readonly Requirement[];
  /** Asks the registry even if an answer is kept. */
  readonly isFresh?: boolean;
}

export interface EvidenceSource {
  /** The digest that the reference means now; a reference with a digest is asked for by it, and its tag is not looked at. */
  resolve(reference: Reference, signal: AbortSignal): Promise<Digest>;
  gather(wanted: Wanted, signal: AbortSignal): Promise<Gathered>;
}

export interface EvidenceOptions extends RepositoryAccess {
  /** Milliseconds for which what was gathered for a digest is used again; 0 asks anew each time. */
  readonly reuseFor: number;
}

/** Digests whose evidence is kept: an image's is some hundred kilobytes where SBOMs are attested. */
const MAX_KEPT = 200;

interface Kept {
  readonly gathered: Promise<Gathered>;
  /** Milliseconds of the epoch. */
  readonly since: number;
  /** Still on its way: whoever asks now shares it, so a burst of reviews of one image asks the registry once. */
  isRunning: boolean;
}

/**
 * Tags are always resolved anew. Evidence is kept by repository, digest and the keys asked for, never by tag, and only if it was
 * gathered without an error.
 */
export function createEvidenceSource(ports: Ports, options: EvidenceOptions): EvidenceSource {
  const kept = new Map<string, Kept>();
  const signers = createPolicySigners(ports);
  return {
    resolve: async (reference, signal) =>
      (await openRepository(ports, reference, options).fetchManifest(targetOf(reference), signal)).descriptor.digest,
    gather: async (wanted, signal) => {
      const key = keyOf(wanted);
      const now = ports.clock().getTime();
      const known = wanted.isFresh === true ? undefined : kept.get(key);
      if (known !== undefined && now - known.since < options.reuseFor) {
        const { isRunning } = known;
        // Whoever asked first may have had less time than we have: its failure is not ours.
        const shared = await known.gathered.catch(() => undefined);
        if (shared !== undefined) return { ...shared, isOld: !isRunning };
      }
      const gathered = gather(ports, wanted, { access: options, signers, signal });
      if (options.reuseFor > 0) keep(kept, key, { gathered, since: now, isRunning: true });
      return await gathered;
    },
  };
}

function keyOf({ reference, digest, requirements }: Wanted): string {
  const needs = requirements.map((need) => `${need.kind} ${signerId(need.signer)}`);
  return [reference.registry, reference.repository, digest, ...new Set(needs)].join('\n');
}

function keep(kept: Map<string, Kept>, key: string, entry: Kept): void {
  kept.delete(key);
  kept.set(key, entry);
  for (const oldest of kept.keys()) {
    if (kept.size <= MAX_KEPT) break;
    kept.delete(oldest);
  }
  entry.gathered.then(
    () => (entry.isRunning = false),
    () => kept.get(key) === entry && kept.delete(key),
  );
}

async function gather(
  ports: Ports,
  { reference, digest, requirements }: Wanted,
  {
    access,
    signers,
    signal,
  }: { readonly access: RepositoryAccess; readonly signers: PolicySigners; readonly signal: AbortSignal },
): Promise<Gathered> {
  const repository = openRepository(ports, reference, access);
  const demandsOf = (kind: Requirement['kind']) => {
    const needed = requirements.filter((need) => need.kind === kind).map((need) => need.signer);
    return openDemands(needed, signers);
  };
  const [signing, attesting] = await Promise.all([demandsOf('signature'), demandsOf('attestation')]);
  const [signatures, attestations] = await Promise.all([
    signing.length === 0 ? [] : fetchSignatures(repository, digest, signal),
    attesting.length === 0 ? [] : fetchAttestations(repository, digest, signal),
  ]);
  const results = [
    ...signing.map(({ demand, by }) => marked(demand, verifySignatures(signatures, { artifact: digest, by }))),
    ...attesting.map(({ demand, by }) =>
      marked(demand, verifyAttestations(attestations, { artifact: digest, by, predicateType: undefined })),
    ),
  ];
  return {
    evidence: results.flatMap((result): readonly Evidence[] => result.verified),
    rejected: results.flatMap((result) => result.rejected).filter((reason) => !isOtherKind(reason)),
  };
}

interface Demand {
  /** Absent for keys, which evidence names itself. */
  readonly demand: Digest | undefined;
  readonly by: SignerDemand;
}

/** All keys in one, each keyless signer by itself: whom to believe differs between them. */
async function openDemands(needed: readonly RequiredSigner[], signers: PolicySigners): Promise<readonly Demand[]> {
  const pems = needed.flatMap((signer) => (signer.kind === 'key' ? [signer.key.pem] : []));
  const keys = [...new Set(pems)].map((pem) => importPublicKey(pem, 'policy key'));
  const byKeys: Demand = { demand: undefined, by: { kind: 'keys', keys } };
  const keyless = new Map(
    needed.flatMap((signer) => (signer.kind === 'keyless' ? [[signer.id, signer] as const] : [])),
  );
  const opened = [...keyless.values()].map(async (signer) => ({ demand: signer.id, by: await signers.demand(signer) }));
  return [...(keys.length === 0 ? [] : [byKeys]), ...(await Promise.all(opened))];
}

function marked<E extends Evidence>(demand: Digest | undefined, found: Verification<E>): Verification<E> {
  if (demand === undefined) return found;
  return { ...found, verified: found.verified.map((evidence) => ({ ...evidence, demand })) };
}

/** An attestation seen while looking for signatures, or the reverse, is nothing to report. */
function isOtherKind(reason: Reason): boolean {
  return reason.code === 'predicate-type-mismatch';
}
