/**
 * Copies of artifacts with all that belongs to them: children of indexes (all platforms), referrers of each manifest and
 * of the referrers themselves, and the tags under which cosign keeps signatures, attestations and SBOMs.
 */
import { AppError, type Descriptor, type Digest, type Progress } from '../core/index.ts';
import { parseImageIndex, parseImageManifest } from './manifest.ts';
import { isIndexType } from './media-types.ts';
import type { Manifest, ReadableRepository, Repository } from './repository.ts';

export interface CopyOptions {
  /** Under this tag at the target; by digest alone when absent. */
  readonly tag?: string | undefined;
  /** Leave out referrers and cosign's tags. */
  readonly only?: boolean;
  /** Blobs on their way at the same time; one when absent. */
  readonly parallelism?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal | undefined;
}

export interface CopyResult {
  readonly descriptor: Descriptor;
  readonly manifests: number;
  readonly blobs: number;
  /** Manifests that refer to something copied, cosign's tags among them. */
  readonly referrers: number;
}

/** An artifact whose graph is larger is flooded with referrers. */
const MAX_MANIFESTS = 20_000;
const COSIGN_SUFFIXES = ['sig', 'att', 'sbom'];

/** `cosign` keeps what belongs to a digest under these tags. */
export function cosignTags(digest: Digest): readonly string[] {
  return COSIGN_SUFFIXES.map((suffix) => `${digest.replace(':', '-')}.${suffix}`);
}

/** Children before parents, subjects before referrers, the tag last: a copy that breaks off leaves nothing half-named. */
export async function copyArtifact(
  from: ReadableRepository,
  to: Repository,
  target: string,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const copy = new Copy(from, to, options);
  const root = await from.fetchManifest(target, options.signal);
  await copy.withChildren(root);
  if (options.only !== true) await copy.referrersOfAll();
  const { bytes, descriptor } = root;
  if (options.tag !== undefined) await to.pushManifest(bytes, descriptor.mediaType, options.tag, options.signal);
  await copy.verify(root, options.tag);
  return { descriptor, ...copy.counts };
}

class Copy {
  readonly #from: ReadableRepository;
  readonly #to: Repository;
  readonly #options: CopyOptions;
  readonly #manifests = new Set<Digest>();
  readonly #blobs = new Set<Digest>();
  readonly #tags = new Map<string, Digest>();
  /** Whose referrers have not been looked for yet. */
  readonly #todo: Digest[] = [];
  #referrers = 0;

  constructor(from: ReadableRepository, to: Repository, options: CopyOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
  }

  get counts() {
    return { manifests: this.#manifests.size, blobs: this.#blobs.size, referrers: this.#referrers };
  }

  async withChildren(manifest: Manifest, tag?: string): Promise<void> {
    const { digest, mediaType } = manifest.descriptor;
    if (this.#manifests.has(digest)) return;
    if (this.#manifests.size >= MAX_MANIFESTS) {
      throw new AppError(
        'invalid-input',
        `${this.#from.name}: expected at most ${MAX_MANIFESTS} manifests to copy, found more`,
      );
    }
    this.#manifests.add(digest);
    this.#todo.push(digest);
    if (isIndexType(mediaType)) {
      for (const child of parseImageIndex(manifest).manifests) {
        await this.withChildren(await this.#from.fetchManifest(child.digest, this.#options.signal));
      }
    } else {
      const { config, layers } = parseImageManifest(manifest);
      await this.#allBlobs([config, ...layers]);
    }
    await this.#to.pushManifest(manifest.bytes, mediaType, tag, this.#options.signal);
  }

  async referrersOfAll(): Promise<void> {
    const { signal } = this.#options;
    for (let subject = this.#todo.pop(); subject !== undefined; subject = this.#todo.pop()) {
      for (const entry of await this.#from.listReferrers(subject, undefined, signal)) {
        if (this.#manifests.has(entry.digest)) continue;
        this.#referrers += 1;
        await this.withChildren(await this.#from.fetchManifest(entry.digest, signal));
      }
      for (const tag of cosignTags(subject)) {
        const manifest = await this.#from.findManifest(tag, signal);
        if (manifest === undefined || this.#tags.has(tag)) continue;
        this.#referrers += 1;
        this.#tags.set(tag, manifest.descriptor.digest);
        await this.withChildren(manifest);
        await this.#to.pushManifest(manifest.bytes, manifest.descriptor.mediaType, tag, signal);
      }
    }
  }

  /** Asks the target for everything by its digest, and for the tags. */
  async verify(root: Manifest, tag: string | undefined): Promise<void> {
    const wanted = new Map<string, Digest>([
      ...this.#tags,
      ...[...this.#manifests].map((digest) => [digest, digest] as const),
    ]);
    wanted.set(tag ?? root.descriptor.digest, root.descriptor.digest);
    for (const [target, digest] of wanted) {
      const found = await this.#to.findManifest(target, this.#options.signal);
      if (found?.descriptor.digest === digest) continue;
      const what = found === undefined ? 'nothing' : found.descriptor.digest;
      throw new AppError(
        'unavailable',
        `${this.#to.name}: expected ${digest} under ${target} after the copy, found ${what}`,
      );
    }
  }

  async #allBlobs(blobs: readonly Descriptor[]): Promise<void> {
    const todo = [...blobs];
    const work = async () => {
      try {
        for (let blob = todo.shift(); blob !== undefined; blob = todo.shift()) await this.#blob(blob);
      } finally {
        // done, or failed: then the others need not go on
        todo.length = 0;
      }
    };
    await Promise.all(Array.from({ length: Math.max(this.#options.parallelism ?? 1, 1) }, work));
  }

  async #blob(blob: Descriptor): Promise<void> {
    if (this.#blobs.has(blob.digest)) return;
    this.#blobs.add(blob.digest);
    const { signal, progress } = this.#options;
    if (await this.#to.hasBlob(blob.digest, signal)) return;
    if ((await this.#to.mountBlob?.(blob, this.#from, signal)) === true) return;
    progress?.({ item: blob.digest, action: 'copy', done: 0, total: blob.size });
    await this.#to.pushBlob(blob, this.#reported(blob), signal);
  }

  async *#reported(blob: Descriptor): AsyncGenerator<Uint8Array> {
    let done = 0;
    for await (const chunk of this.#from.streamBlob(blob, this.#options.signal)) {
      done += chunk.length;
      yield chunk;
      this.#options.progress?.({ item: blob.digest, action: 'copy', done, total: blob.size });
    }
  }
}
