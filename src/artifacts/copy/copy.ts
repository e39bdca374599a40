/**
 * Copies between repositories: see what the target lacks, send that, read all of it back. Children go before parents, subjects
 * before referrers and the tag last, so that a copy that breaks off leaves nothing half-named and the next one goes on with the rest.
 */
import { AppError, mapParallel, type Descriptor, type Digest, type Progress } from '../../core/index.ts';
import type { Manifest, ReadableRepository, Repository } from '../repository.ts';
import { report, sendBlob } from './report.ts';
import { planCopy, type CopyPlan, type TaggedManifest } from './plan.ts';

export interface CopyOptions {
  /** Leave out referrers and cosign's tags. */
  readonly only?: boolean | undefined;
  /** Take along layers that only their vendor may hand out. */
  readonly foreign?: boolean | undefined;
  /** Leave tags of the target alone that name something else. */
  readonly keepTags?: boolean | undefined;
  /** All tags of the source, where they are known. */
  readonly sourceTags?: ReadonlySet<string> | undefined;
  /** Transfers at the same time; one when absent. */
  readonly parallelism?: number | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Amount {
  readonly manifests: number;
  readonly blobs: number;
  /** Of the blobs. */
  readonly bytes: number;
}

/** A tag of the target and what it named before. */
export interface MovedTag {
  readonly tag: string;
  readonly from: Digest;
  readonly to: Digest;
}

export interface CopyResult {
  readonly descriptor: Descriptor;
  /** What belongs to the artifact, besides what the same run copied before. */
  readonly manifests: number;
  readonly blobs: number;
  /** Manifests that refer to something copied, cosign's tags among them. */
  readonly referrers: number;
  /** What the target lacked: sent, or to be sent in a dry run. */
  readonly sent: Amount;
  readonly movedTags: readonly MovedTag[];
  /** Tags of the target that were left alone. */
  readonly keptTags: readonly MovedTag[];
  /** Each way in which the target is not what was copied, after reading it back; none in a dry run. */
  readonly differences: readonly string[];
  readonly remarks: readonly string[];
}

/** What the target lacks. */
interface Survey {
  readonly manifests: readonly Manifest[];
  readonly blobs: readonly Descriptor[];
  readonly tags: readonly TaggedManifest[];
  readonly moved: readonly MovedTag[];
  readonly kept: readonly MovedTag[];
}

/** One run between two repositories: what was copied once is not looked at again. */
export class ArtifactCopy {
  readonly #from: ReadableRepository;
  readonly #to: Repository;
  readonly #options: CopyOptions;
  readonly #planned = new Set<Digest>();
  readonly #copiedBlobs = new Set<Digest>();

  constructor(from: ReadableRepository, to: Repository, options: CopyOptions = {}) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
  }

  /** Whether an earlier copy of this run took the manifest along. */
  has(digest: Digest): boolean {
    return this.#planned.has(digest);
  }

  /** Copies what `root` is the root of, under these tags; by digest alone when there are none. */
  async copy(root: Manifest, tags: readonly string[]): Promise<CopyResult> {
    const plan = await this.#plan(root);
    const survey = await this.#survey(plan, tags);
    await this.#send(survey);
    return resultOf(plan, survey, await this.#compare(plan, survey, tags));
  }

  /** What copy() would do. */
  async dryRun(root: Manifest, tags: readonly string[]): Promise<CopyResult> {
    const plan = await this.#plan(root);
    return resultOf(plan, await this.#survey(plan, tags), []);
  }

  #plan(root: Manifest): Promise<CopyPlan> {
    const { only, foreign, sourceTags, signal } = this.#options;
    const options = { only, foreign, tags: sourceTags, parallelism: this.#width, signal };
    return planCopy(this.#from, root, options, this.#planned);
  }

  get #width(): number {
    return this.#options.parallelism ?? 1;
  }

  async #survey(plan: CopyPlan, tags: readonly string[]): Promise<Survey> {
    const { signal } = this.#options;
    const unlisted = await this.#unlistedReferrers(plan);
    const manifests = await this.#lacking(plan.manifests, async ({ descriptor }) => {
      return !unlisted.has(descriptor.digest) && (await this.#to.findManifest(descriptor.digest, signal)) !== undefined;
    });
    const fresh = plan.blobs.filter(({ digest }) => !this.#copiedBlobs.has(digest));
    const blobs = await this.#lacking(fresh, ({ digest }) => this.#to.hasBlob(digest, signal));
    for (const { digest } of fresh) this.#copiedBlobs.add(digest);
    return { manifests, blobs, ...(await this.#surveyTags(plan, tags)) };
  }

  /** Of manifests that are there already: a copy that broke off may have left them out of the list of referrers. */
  async #unlistedReferrers({ referrers }: CopyPlan): Promise<ReadonlySet<Digest>> {
    const unlisted = await mapParallel([...referrers], this.#width, async ([subject, wanted]) => {
      const there = await this.#listedAtTarget(subject);
      return wanted.filter((digest) => !there.has(digest));
    });
    return new Set(unlisted.flat());
  }

  async #listedAtTarget(subject: Digest): Promise<ReadonlySet<Digest>> {
    const listed = await this.#to.listReferrers(subject, undefined, this.#options.signal);
    return new Set(listed.map(({ digest }) => digest));
  }

  async #lacking<T>(items: readonly T[], isThere: (item: T) => Promise<boolean>): Promise<readonly T[]> {
    const there = await mapParallel(items, this.#width, isThere);
    return items.filter((_, index) => there[index] === false);
  }

  /** Cosign's tags first, the artifact's own last. */
  async #surveyTags(plan: CopyPlan, own: readonly string[]): Promise<Omit<Survey, 'manifests' | 'blobs'>> {
    const wanted = [...plan.tags, ...own.map((tag) => ({ tag, manifest: plan.root }))];
    const found = await mapParallel(wanted, this.#width, ({ tag }) => this.#to.findManifest(tag, this.#options.signal));
    const tags: TaggedManifest[] = [];
    const others: MovedTag[] = [];
    for (const [index, entry] of wanted.entries()) {
      const from = found[index]?.descriptor.digest;
      const to = entry.manifest.descriptor.digest;
      if (from === to) continue;
      if (from !== undefined) others.push({ tag: entry.tag, from, to });
      if (from === undefined || this.#options.keepTags !== true) tags.push(entry);
    }
    return this.#options.keepTags === true ? { tags, moved: [], kept: others } : { tags, moved: others, kept: [] };
  }

  async #send({ manifests, blobs, tags }: Survey): Promise<void> {
    const { signal } = this.#options;
    for (const blob of blobs) report(this.#options, blob, 0);
    // largest first, so that the last one to finish is a small one
    await mapParallel(
      blobs.toSorted((a, b) => b.size - a.size),
      this.#width,
      (blob) => sendBlob(this.#from, this.#to, blob, this.#options),
    );
    for (const { bytes, descriptor } of manifests) {
      await this.#to.pushManifest(bytes, descriptor.mediaType, descriptor.digest, signal);
    }
    for (const { tag, manifest } of tags) {
      await this.#to.pushManifest(manifest.bytes, manifest.descriptor.mediaType, tag, signal);
    }
  }

  /** Asks the target for every manifest, the blobs that were sent, the tags and the referrers. */
  async #compare(plan: CopyPlan, survey: Survey, own: readonly string[]): Promise<readonly string[]> {
    const { signal } = this.#options;
    const gone = await this.#lacking(plan.manifests, async ({ descriptor }) => {
      return (await this.#to.findManifest(descriptor.digest, signal)) !== undefined;
    });
    const lost = await this.#lacking(survey.blobs, ({ digest }) => this.#to.hasBlob(digest, signal));
    const { tags, kept } = await this.#surveyTags(plan, own);
    const left = new Set(kept.map(({ tag }) => tag));
    const unlisted = await this.#unlistedReferrers(plan);
    return [
      ...gone.map(({ descriptor }) => `manifest ${descriptor.digest} is missing`),
      ...lost.map(({ digest }) => `blob ${digest} is missing`),
      ...tags
        .filter(({ tag }) => !left.has(tag))
        .map(({ tag, manifest }) => `tag ${tag} does not name ${manifest.descriptor.digest}`),
      ...[...unlisted].map((digest) => `referrer ${digest} is not listed`),
    ].map((difference) => `${this.#to.name}: ${difference}`);
  }
}

export function resultOf(plan: CopyPlan, survey: Survey, differences: readonly string[]): CopyResult {
  const referrers = [...plan.referrers.values()].reduce((sum, list) => sum + list.length, 0);
  return {
    descriptor: plan.root.descriptor,
    manifests: plan.manifests.length,
    blobs: plan.blobs.length,
    referrers: referrers + plan.tags.length,
    sent: {
      manifests: survey.manifests.length,
      blobs: survey.blobs.length,
      bytes: survey.blobs.reduce((sum, { size }) => sum + size, 0),
    },
    movedTags: survey.moved,
    keptTags: survey.kept,
    differences,
    remarks: plan.remarks,
  };
}

/** One artifact into a repository, for what goes on with it there. Throws `unavailable` when the target is not what was copied. */
export async function copyArtifact(
  from: ReadableRepository,
  to: Repository,
  target: string | Manifest,
  options: CopyOptions & { readonly tag?: string | undefined } = {},
): Promise<CopyResult> {
  const root = typeof target === 'string' ? await from.fetchManifest(target, options.signal) : target;
  const result = await new ArtifactCopy(from, to, options).copy(root, options.tag === undefined ? [] : [options.tag]);
  const [difference] = result.differences;
  if (difference === undefined) return result;
  throw new AppError('unavailable', `${difference} after the copy`, { details: { differences: result.differences } });
}
