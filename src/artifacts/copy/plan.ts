/**
 * What belongs to an artifact and is copied with it: children of indexes (all platforms), referrers of each manifest and of the
 * referrers themselves, and the tags under which cosign keeps signatures, attestations and SBOMs. Only a manifest's own subject
 * makes it a referrer: what merely lists or contains the artifact stays where it is.
 */
import { AppError, mapParallel, type Descriptor, type Digest } from '../../core/index.ts';
import { parseImageIndex, parseImageManifest, readSubject } from '../manifest.ts';
import { isForeignLayer, isIndexType, MANIFEST_TYPES } from '../media-types.ts';
import { printable } from '../registry/errors.ts';
import type { Manifest, ReadableRepository } from '../repository.ts';

/** An artifact whose graph is larger is flooded with referrers. */
const MAX_MANIFESTS = 20_000;
/** Manifests are held until they are written; real ones have a few kilobytes. */
const MAX_MANIFEST_BYTES = 512 * 1024 * 1024;
const COSIGN_SUFFIXES = ['sig', 'att', 'sbom'];

export interface TaggedManifest {
  readonly tag: string;
  readonly manifest: Manifest;
}

export interface CopyPlan {
  readonly root: Manifest;
  /** Children before parents, subjects before referrers. */
  readonly manifests: readonly Manifest[];
  /** Cosign's, under which some of them are found. */
  readonly tags: readonly TaggedManifest[];
  readonly blobs: readonly Descriptor[];
  /** By subject; only of manifests that have some. */
  readonly referrers: ReadonlyMap<Digest, readonly Digest[]>;
  /** What was listed and could not be taken, in sentences. */
  readonly remarks: readonly string[];
}

export interface PlanOptions {
  /** Leave out referrers and cosign's tags. */
  readonly only?: boolean | undefined;
  /** Take along layers that only their vendor may hand out; else they stay where their URLs say. */
  readonly foreign?: boolean | undefined;
  /** All tags of the source, where they are known: then it is not asked for absent ones. */
  readonly tags?: ReadonlySet<string> | undefined;
  readonly parallelism: number;
  readonly signal?: AbortSignal | undefined;
}

/** `cosign` keeps what belongs to a digest under these tags. */
export function cosignTags(digest: Digest): readonly string[] {
  return COSIGN_SUFFIXES.map((suffix) => `${digest.replace(':', '-')}.${suffix}`);
}

/** What `known` holds is left out with all that belongs to it; what is planned is added to it. */
export async function planCopy(
  from: ReadableRepository,
  root: Manifest,
  options: PlanOptions,
  known = new Set<Digest>(),
): Promise<CopyPlan> {
  const planner = new Planner(from, options, known);
  await planner.add([root]);
  if (options.only !== true) await planner.addReferrers();
  return { root, ...planner.parts };
}

class Planner {
  readonly #from: ReadableRepository;
  readonly #options: PlanOptions;
  readonly #known: Set<Digest>;
  readonly #manifests: Manifest[] = [];
  readonly #tags: TaggedManifest[] = [];
  readonly #blobs = new Map<Digest, Descriptor>();
  readonly #referrers = new Map<Digest, Digest[]>();
  readonly #remarks: string[] = [];
  /** Whose referrers have not been looked for yet. */
  #todo: Digest[] = [];
  /** Of all manifests that came, wanted or not. */
  #bytes = 0;

  constructor(from: ReadableRepository, options: PlanOptions, known: Set<Digest>) {
    this.#from = from;
    this.#options = options;
    this.#known = known;
  }

  get parts() {
    const blobs = [...this.#blobs.values()];
    return { manifests: this.#manifests, tags: this.#tags, blobs, referrers: this.#referrers, remarks: this.#remarks };
  }

  async add(found: readonly Manifest[]): Promise<void> {
    for (const manifest of found) {
      if (this.#known.has(manifest.descriptor.digest)) continue;
      this.#count(manifest);
      if (isIndexType(manifest.descriptor.mediaType)) await this.#addChildren(manifest);
      else this.#addBlobs(manifest);
      this.#manifests.push(manifest);
    }
  }

  async addReferrers(): Promise<void> {
    for (let batch = this.#todo; batch.length > 0; batch = this.#todo) {
      this.#todo = [];
      const found = await this.#each(batch, (subject) => this.#findReferrers(subject));
      await this.add(found.flat());
    }
  }

  #each<T, R>(items: readonly T[], action: (item: T) => Promise<R>): Promise<readonly R[]> {
    return mapParallel(items, this.#options.parallelism, action);
  }

  /** Counted as they come: an index has many children, and all of them are held before the first is added. */
  async #find(target: string): Promise<Manifest | undefined> {
    const found = await this.#from.findManifest(target, this.#options.signal);
    this.#bytes += found?.bytes.length ?? 0;
    this.#checkLimits();
    return found;
  }

  #count({ descriptor }: Manifest): void {
    this.#known.add(descriptor.digest);
    this.#todo.push(descriptor.digest);
    this.#checkLimits();
  }

  #checkLimits(): void {
    if (this.#todo.length + this.#manifests.length <= MAX_MANIFESTS && this.#bytes <= MAX_MANIFEST_BYTES) return;
    const limits = `${MAX_MANIFESTS} manifests of ${MAX_MANIFEST_BYTES} bytes`;
    throw new AppError('invalid-input', `${this.#from.name}: expected at most ${limits} to copy, found more`);
  }

  async #addChildren(index: Manifest): Promise<void> {
    const children = parseImageIndex(index).manifests.filter((child) => !this.#known.has(child.digest));
    // an index may list anything; what is no manifest is kept as a blob (build caches)
    const isManifest = (child: Descriptor) => (MANIFEST_TYPES as readonly string[]).includes(child.mediaType);
    for (const child of children) if (!isManifest(child)) this.#blobs.set(child.digest, child);
    const wanted = children.filter(isManifest);
    const manifests = await this.#each(wanted, (child) => this.#fetchChild(index, child));
    await this.add(manifests);
  }

  async #fetchChild({ descriptor }: Manifest, child: Descriptor): Promise<Manifest> {
    const found = await this.#find(child.digest);
    if (found !== undefined) return found;
    const { os, architecture } = child.platform ?? {};
    const platform = os === undefined ? '' : ` for ${os}/${String(architecture)}`;
    const expected = `expected manifest ${child.digest}${platform} as index ${descriptor.digest} says, found none`;
    throw new AppError('not-found', `${this.#from.name}: ${expected}`, {
      hint: 'copy one image that is there with --platform',
    });
  }

  #addBlobs(manifest: Manifest): void {
    const { config, layers } = parseImageManifest(manifest);
    for (const blob of [config, ...layers]) {
      if (this.#options.foreign === true || !isForeignLayer(blob)) this.#blobs.set(blob.digest, blob);
      else this.#remark(`has layer ${blob.digest} from ${blob.urls?.[0]}, which may not be handed on and stays there`);
    }
  }

  async #findReferrers(subject: Digest): Promise<readonly Manifest[]> {
    const { signal, tags } = this.#options;
    const listed = await this.#from.listReferrers(subject, undefined, signal);
    const found: Manifest[] = [];
    for (const { digest } of listed) {
      const manifest = await this.#find(digest);
      if (manifest === undefined) this.#remark(`lists referrer ${digest} of ${subject}, which is not there`);
      else if (readSubject(manifest).subject?.digest !== subject) {
        this.#remark(`lists ${digest} as referrer of ${subject}, which it is not`);
      } else found.push(manifest);
    }
    if (found.length > 0) {
      this.#referrers.set(
        subject,
        found.map(({ descriptor }) => descriptor.digest),
      );
    }
    for (const tag of cosignTags(subject)) {
      const manifest = tags?.has(tag) === false ? undefined : await this.#find(tag);
      if (manifest === undefined) continue;
      found.push(manifest);
      this.#tags.push({ tag, manifest });
    }
    return found;
  }

  #remark(text: string): void {
    const remark = `${this.#from.name} ${printable(text)}`;
    if (!this.#remarks.includes(remark)) this.#remarks.push(remark);
  }
}
