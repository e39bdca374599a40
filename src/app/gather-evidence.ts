/**
 * Fetches and verifies what policies require of an image, once per digest. Nothing is decided here and nothing is swallowed: what
 * cannot be fetched throws, what does not verify comes back as a reason.
 */
import type { PolicySigners } from './policy-signers.ts';
import { createPolicySigners } from './policy-signers.ts';
import type { PullSecret, RegistryRepository } from '../artifacts/index.ts';
import { digestOf, parseReference, targetOf } from '../core/index.ts';
import type { Descriptor, Digest, Evidence, Ports, Reason, Reference, Verification } from '../core/index.ts';
import type { RequiredSigner, Requirement } from '../policies/index.ts';
import { fetchAttestations, fetchSignatures, verifyAttestations, verifySignatures } from '../trust/index.ts';
import type { Candidate, SignerDemand } from '../trust/index.ts';
import { chooseImages, fetchConfigs } from './fetch-configs.ts';
import type { NodePlatform, PlatformSource } from './node-platforms.ts';
import { limited } from './review-time.ts';
import type { ReviewTime } from './review-time.ts';
import { accessBeside, shareRegistries } from './registry.ts';
import type { RepositoryAccess } from './registry.ts';
import type { Workload, WorkloadSecrets } from './workload-secrets.ts';

export interface Gathered {
  readonly evidence: readonly Evidence[];
  readonly rejected: readonly Reason[];
  /** The image's configuration by platform, where it was asked for. */
  readonly configs?: Readonly<Record<string, unknown>>;
  /** Whether it was gathered before it was asked for: more may have come since, so no denial should rest on it. */
  readonly isOld?: boolean;
}

export interface Wanted {
  readonly reference: Reference;
  readonly digest: Digest;
  readonly requirements: readonly Requirement[];
  /** Asks the registry even if an answer is kept. */
  readonly isFresh?: boolean;
  /** For whom: its credentials are used for it and for no other namespace's. */
  readonly workload?: Workload | undefined;
  /** What of the time each step may take. */
  readonly time?: ReviewTime | undefined;
}

export interface EvidenceSource {
  /** The digest that the reference means now. */
  resolve(reference: Reference, signal: AbortSignal, workload?: Workload): Promise<Digest>;
  /** Changes when others are believed than before, or nodes run something else. */
  epoch(): Promise<string>;
  gather(wanted: Wanted, signal: AbortSignal): Promise<Gathered>;
  /**
   * Images of an index that nodes may run; undefined for what is no index. Throws `invalid-input` for an index with none. Absent where an
   * index needs proofs of its own.
   */
  readonly listImages?: (
    wanted: Pick<Wanted, 'reference' | 'digest' | 'workload'>,
    signal: AbortSignal,
  ) => Promise<readonly Descriptor[] | undefined>;
}

/** What is looked at of an index. */
export interface IndexChoice {
  /** What nodes may run of an index; all of it when absent. */
  readonly platforms?: Pick<PlatformSource, 'current'> | undefined;
  /** Whether an index without proofs of its own may be let in by those of each of its images that nodes may run. */
  readonly acceptsPlatformProofs?: boolean | undefined;
}

export interface EvidenceOptions extends RepositoryAccess, IndexChoice {
  /** Milliseconds for which what was gathered for a digest is used again; 0 asks anew each time. */
  readonly reuseFor: number;
  /** Whom to believe, where somebody keeps that up to date. */
  readonly signers?: PolicySigners | undefined;
  /** Where workloads' own credentials are; without it only those of this program are used. */
  readonly secrets?: WorkloadSecrets | undefined;
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
 * Tags are always resolved anew. Evidence is kept by repository, digest, the signers asked for and whom is believed, never by tag, and
 * only if it was gathered without an error. What a workload's own credentials opened is kept for its namespace and these alone.
 */
export function createEvidenceSource(ports: Ports, options: EvidenceOptions): EvidenceSource {
  const kept = new Map<string, Kept>();
  const signers = options.signers ?? createPolicySigners(ports);
  const share = shareRegistries(ports);
  const epoch = async () => `${await signers.epoch()} ${JSON.stringify(options.platforms?.current() ?? null)}`;
  const listImages: EvidenceSource['listImages'] = async ({ reference, digest, workload }, signal) => {
    const secrets = await openSecrets(options, [], workload);
    const repository = openPlace({ access: options, secrets, share }, reference, { reference });
    return chooseImages(await repository.fetchManifest(digest, signal), options.platforms?.current());
  };
  return {
    resolve: async (reference, signal, workload) => {
      const secrets = await openSecrets(options, [], workload);
      const repository = openPlace({ access: options, secrets, share }, reference, { reference });
      return (await repository.fetchManifest(targetOf(reference), signal)).descriptor.digest;
    },
    epoch,
    ...(options.acceptsPlatformProofs === true ? { listImages } : {}),
    gather: async (wanted, signal) => {
      const platforms = options.platforms?.current();
      const secrets = await openSecrets(options, wanted.requirements, wanted.workload);
      const key = `${keyOf(wanted)}\n${await epoch()}\n${secrets.scope}`;
      const now = ports.clock().getTime();
      const known = wanted.isFresh === true ? undefined : kept.get(key);
      if (known !== undefined && now - known.since < options.reuseFor) {
        const { isRunning } = known;
        // Whoever asked first may have had less time than we have: its failure is not ours.
        const shared = await known.gathered.catch(() => undefined);
        if (shared !== undefined) return { ...shared, isOld: !isRunning };
      }
      const work = async (limit: AbortSignal) =>
        await gather(wanted, { access: options, signers, signal: limit, secrets, share, platforms });
      const gathered = limited(wanted.time, 'fetching its signatures and attestations', { signal, work });
      if (options.reuseFor > 0) keep(kept, key, { gathered, since: now, isRunning: true });
      return await gathered;
    },
  };
}

/** Credentials of a workload, as they were when it was asked about. */
interface Secrets {
  /** Of its images. */
  readonly image: readonly PullSecret[];
  /** Of those that sources of signatures name, by name. */
  readonly named: ReadonlyMap<string, readonly PullSecret[]>;
  /** Equal only for the same credentials in the same namespace; empty where there are none. */
  readonly scope: string;
  /** Undefined where none were looked for. */
  readonly namespace?: string;
}

async function openSecrets(
  { secrets }: EvidenceOptions,
  requirements: readonly Requirement[],
  workload: Workload | undefined,
): Promise<Secrets> {
  if (secrets === undefined || workload === undefined) return { image: [], named: new Map(), scope: '' };
  const { namespace } = workload;
  const names = requirements.flatMap((need) => (need.kind === 'config' ? [] : (need.signer.source?.pullSecrets ?? [])));
  const [image, ...entries] = await Promise.all([
    secrets.ofWorkload(workload),
    ...new Set(names).values().map(async (name) => [name, await secrets.named(namespace, [name])] as const),
  ]);
  const all = [...image, ...entries.flatMap(([, found]) => found)];
  const scope = all.length === 0 ? '' : digestOf(JSON.stringify([namespace, textsOf(all)]));
  return { image, named: new Map(entries), scope, namespace };
}

function textsOf(secrets: readonly PullSecret[]): unknown {
  return secrets.map(({ name, auths }) => [name, [...auths]]);
}

function keyOf({ reference, digest, requirements }: Wanted): string {
  // attestations of every type are kept together
  const needs = requirements.map((need) => (need.kind === 'config' ? need.kind : `${need.kind} ${need.signer.id}`));
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

interface Access {
  readonly access: RepositoryAccess;
  readonly secrets: Secrets;
  readonly share: ReturnType<typeof shareRegistries>;
}

/** A repository as `reference`'s workload sees it, with the secrets that are named for this place before those of the image. */
function openPlace(
  { access, secrets, share }: Access,
  place: Reference,
  { reference, pullSecrets = [] }: { readonly reference: Reference; readonly pullSecrets?: readonly string[] },
): RegistryRepository {
  const own = pullSecrets.flatMap((name) => secrets.named.get(name) ?? []);
  const workloadSecrets = [...own, ...secrets.image];
  const isBeside = place.registry !== reference.registry;
  const scope = JSON.stringify([isBeside, secrets.namespace, textsOf(workloadSecrets)]);
  return share(place, { ...accessBeside(access, place, reference), workloadSecrets }, digestOf(scope));
}

interface Search extends Access {
  readonly signers: PolicySigners;
  readonly platforms: readonly NodePlatform[] | undefined;
  readonly signal: AbortSignal;
}

async function gather(wanted: Wanted, search: Search): Promise<Gathered> {
  const { reference, digest, requirements } = wanted;
  const signed = requirements.filter((need) => need.kind !== 'config');
  const places = Map.groupBy(signed, ({ signer }) => JSON.stringify(signer.source ?? {}));
  const wantsConfig = requirements.some(({ kind }) => kind === 'config');
  const [results, configs] = await Promise.all([
    Promise.all([...places.values()].map((needs) => gatherFrom(wanted, needs, search))),
    wantsConfig ? fetchConfigs(openPlace(search, reference, { reference }), digest, search) : undefined,
  ]);
  return {
    evidence: results.flatMap((result) => result.evidence),
    rejected: results.flatMap((result) => result.rejected),
    ...(configs === undefined ? {} : { configs }),
  };
}

type SignedNeed = Exclude<Requirement, { readonly kind: 'config' }>;

/** All that is kept in one place is fetched once, however many signers are looked for. */
async function gatherFrom(
  { reference, digest, time }: Wanted,
  needs: readonly SignedNeed[],
  search: Search,
): Promise<Gathered> {
  const { signers, signal } = search;
  const { repository: elsewhere, pullSecrets, tagPrefix } = needs[0]?.signer.source ?? {};
  const place = elsewhere === undefined ? reference : parseReference(elsewhere);
  const repository = openPlace(search, place, { reference, ...(pullSecrets && { pullSecrets }) });
  const demandsOf = async (kind: SignedNeed['kind']) => {
    const needed = needs.filter((need) => need.kind === kind).map((need) => need.signer);
    const work = async () => await openDemands(needed, signers);
    return await limited(time, 'asking whom to believe', { signal, work });
  };
  const asks = (kind: SignedNeed['kind']) => needs.some((need) => need.kind === kind);
  const options = { signal, tagPrefix, artifactName: `${reference.registry}/${reference.repository}` };
  const [signing, attesting, signatures, attestations] = await Promise.all([
    demandsOf('signature'),
    demandsOf('attestation'),
    asks('signature') ? fetchSignatures(repository, digest, options) : [],
    asks('attestation') ? fetchAttestations(repository, digest, options) : [],
  ]);
  const results = [
    ...signing.map((demand) =>
      marked(demand, verifySignatures(countable(signatures, demand), { artifact: digest, by: demand.by })),
    ),
    ...attesting.map((demand) => {
      const requirement = { artifact: digest, by: demand.by, predicateType: undefined };
      return marked(demand, verifyAttestations(countable(attestations, demand), requirement));
    }),
  ];
  return {
    evidence: results.flatMap((result): readonly Evidence[] => result.verified),
    rejected: results.flatMap((result) => result.rejected).filter((reason) => !isOtherKind(reason)),
  };
}

interface Demand {
  /** Absent for keys of which nothing more is demanded, which evidence names itself. */
  readonly demand: Digest | undefined;
  readonly bundlesOnly: boolean;
  readonly by: SignerDemand;
}

/** All plain keys in one, each other signer by itself: whom to believe differs between them. */
async function openDemands(needed: readonly RequiredSigner[], signers: PolicySigners): Promise<readonly Demand[]> {
  const distinct = [...new Map(needed.map((signer) => [signer.id, signer])).values()];
  const plain = distinct.filter((signer) => signer.kind === 'key' && signer.id === signer.key.keyId);
  const opened = await Promise.all(
    distinct.map(async (signer) => ({
      demand: signer.id,
      bundlesOnly: signer.bundlesOnly ?? false,
      by: await signers.demand(signer),
    })),
  );
  const keys = opened.flatMap(({ demand, by }) =>
    plain.some(({ id }) => id === demand) && by.kind === 'keys' ? by.keys : [],
  );
  const others = opened.filter(({ demand }) => !plain.some(({ id }) => id === demand));
  if (keys.length === 0) return others;
  return [{ demand: undefined, bundlesOnly: false, by: { kind: 'keys', keys } }, ...others];
}

function countable(candidates: readonly Candidate[], { bundlesOnly }: Demand): readonly Candidate[] {
  return bundlesOnly ? candidates.filter(({ kind }) => kind === 'bundle' || kind === 'unreadable') : candidates;
}

function marked<E extends Evidence>({ demand }: Demand, found: Verification<E>): Verification<E> {
  if (demand === undefined) return found;
  return { ...found, verified: found.verified.map((evidence) => ({ ...evidence, demand })) };
}

/** An attestation seen while looking for signatures, or the reverse, is nothing to report. */
function isOtherKind(reason: Reason): boolean {
  return reason.code === 'predicate-type-mismatch';
}
