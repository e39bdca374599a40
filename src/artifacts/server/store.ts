/**
 * What each repository has, as small files beside the content (see blob-store.ts):
 *
 *     repositories/NAME/_blobs/ALG/HEX          this repository has the blob
 *     repositories/NAME/_manifests/ALG/HEX      this repository has the manifest; its media type
 *     repositories/NAME/_referrers/ALG/HEX/D    descriptor of a manifest whose subject is ALG:HEX
 *     repositories/NAME/_tags/TAG               digest
 *
 * Every file appears whole by rename, and a pointer is written after what it points to, so that a process killed at any moment leaves
 * only whole things that are listed, or whole things that nothing lists. After a pointer is written, what it points to is looked for
 * once more before anybody is told: garbage collection, perhaps of another process, looks for new pointers after it has taken a thing
 * out of sight. Whichever of both comes second sees the other.
 */
import { join } from 'node:path';
import {
  algorithmOf,
  AppError,
  decodeJson,
  findDigest,
  hexOf,
  object,
  string,
  type Clock,
  type Descriptor,
  type Digest,
  type Files,
} from '../../core/index.ts';
import { descriptor, encodeDescriptor, readManifest, readSubject, referrerEntryOf } from '../manifest.ts';
import type { Manifest } from '../repository.ts';
import { createDiskBlobs, removeTemporary, type BlobStore, type Stored } from './blob-store.ts';

export const MAX_POINTER_BYTES = 1024 * 1024;
const MAX_MANIFEST_FILE = 16 * 1024 * 1024;
/** Folders below repositories/ that are looked into: a hundred bytes for each, and fewer than a disk has inodes. */
const MAX_FOLDERS = 10_000_000;
/** Pointers are made young again when they are asked for and older than this, in milliseconds; garbage is older. */
const REFRESH_AFTER = 10 * 60 * 1000;

/** Clause "Pulling manifests": names of repositories. None begins with `_` or `.`, nor leaves the root. */
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const MAX_NAME = 255;

export function isRepositoryName(name: string): boolean {
  return name.length <= MAX_NAME && NAME.test(name);
}

const pointer = object({ mediaType: string });

export interface StoredManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly digest: Digest;
}

export type PointerKind = '_blobs' | '_manifests';

export class Store {
  readonly blobs: BlobStore;
  readonly #files: Files;
  readonly #root: string;
  readonly #clock: Clock;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(files: Files, root: string, clock: Clock) {
    this.#files = files;
    this.#root = root;
    this.#clock = clock;
    this.blobs = createDiskBlobs(files, root);
  }

  /** One change of a repository after the other, so that conditional writes see what they compare with. */
  async inTurn<T>(repository: string, action: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(repository) ?? Promise.resolve();
    const next = before.then(action, action);
    const settled = next.catch(() => undefined);
    this.#turns.set(repository, settled);
    try {
      return await next;
    } finally {
      if (this.#turns.get(repository) === settled) this.#turns.delete(repository);
    }
  }

  async blobSize(repository: string, digest: Digest): Promise<number | undefined> {
    if ((await this.findPointer(repository, '_blobs', digest)) === undefined) return undefined;
    return (await this.blobs.stat(digest))?.size;
  }

  async findPointer(repository: string, kind: PointerKind, digest: Digest): Promise<Stored | undefined> {
    return await this.#files.stat(this.#pointer(repository, kind, digest));
  }

  /**
   * For who may rely on it from now on: whoever asked whether it is there, in order not to send it. On a full or read-only disk that
   * is not possible, nor needed: pulling goes on, and a manifest is not taken without its blobs.
   */
  async refreshPointer(repository: string, kind: PointerKind, digest: Digest): Promise<void> {
    const path = this.#pointer(repository, kind, digest);
    const stat = await this.#files.stat(path);
    if (stat === undefined || this.#clock().getTime() - stat.modified.getTime() < REFRESH_AFTER) return;
    const content = await this.#files.read(path, MAX_POINTER_BYTES);
    try {
      await this.#files.writeAtomic(path, content);
    } catch (error) {
      if (!(error instanceof AppError) || error.kind === 'internal') throw error;
    }
  }

  /** The content is there already. Throws `unavailable` when it went away meanwhile. */
  async linkBlob(repository: string, digest: Digest): Promise<void> {
    await this.#files.writeAtomic(this.#pointer(repository, '_blobs', digest), '');
    await this.#assureContent(digest);
  }

  async removePointer(repository: string, kind: PointerKind, digest: Digest): Promise<boolean> {
    return await this.#removeExisting(this.#pointer(repository, kind, digest));
  }

  async listPointers(repository: string, kind: PointerKind): Promise<readonly Digest[]> {
    const folder = join(this.#folder(repository), kind);
    const found: Digest[] = [];
    for (const algorithm of await this.#files.list(folder)) {
      for (const hex of await this.#files.list(join(folder, algorithm))) {
        const digest = findDigest(`${algorithm}:${hex}`);
        if (digest !== undefined) found.push(digest);
      }
    }
    return found;
  }

  /** By digest or tag. */
  async findManifest(repository: string, target: string): Promise<StoredManifest | undefined> {
    const digest = findDigest(target) ?? (await this.findTag(repository, target));
    if (digest === undefined) return undefined;
    const path = this.#pointer(repository, '_manifests', digest);
    const content = await this.#readPointer(path);
    if (content === undefined) return undefined;
    const { mediaType } = decodeJson(content, pointer, { what: path });
    const bytes = await this.#readContent(digest);
    return bytes === undefined ? undefined : { digest, mediaType, bytes };
  }

  /** `needed` are the blobs of this repository that it is made of; they were there. Throws `unavailable` when they went away. */
  async saveManifest(repository: string, manifest: Manifest, needed: readonly Digest[]): Promise<void> {
    const { digest } = manifest.descriptor;
    await this.blobs.write(digest, manifest.bytes);
    await this.linkManifest(repository, manifest);
    await this.#assureContent(digest);
    for (const blob of needed) {
      if ((await this.findPointer(repository, '_blobs', blob)) === undefined) await this.linkBlob(repository, blob);
      else await this.#assureContent(blob);
    }
  }

  /** Makes a manifest whose content is there one of the repository, findable by its subject. */
  async linkManifest(repository: string, manifest: Manifest): Promise<void> {
    const { digest, mediaType } = manifest.descriptor;
    const path = this.#pointer(repository, '_manifests', digest);
    await this.#files.writeAtomic(path, JSON.stringify({ mediaType }));
    const { subject } = readSubject(manifest);
    if (subject === undefined) return;
    await this.#files.writeAtomic(this.#referrer(repository, subject.digest, digest), encodeReferrer(manifest));
  }

  async removeManifest(repository: string, manifest: Manifest): Promise<void> {
    const { digest } = manifest.descriptor;
    // what leads here first: nothing may be listed that is not there
    for (const tag of await this.listTags(repository)) {
      if ((await this.findTag(repository, tag)) === digest) await this.removeTag(repository, tag);
    }
    const { subject } = readSubject(manifest);
    if (subject !== undefined) await this.#files.remove(this.#referrer(repository, subject.digest, digest));
    await this.removePointer(repository, '_manifests', digest);
  }

  /** Of a manifest that was removed; one that was pushed again meanwhile stays findable. */
  async unlinkReferrer(repository: string, manifest: Manifest): Promise<void> {
    const { digest } = manifest.descriptor;
    const { subject } = readSubject(manifest);
    if (subject === undefined) return;
    await this.#files.remove(this.#referrer(repository, subject.digest, digest));
    if ((await this.findPointer(repository, '_manifests', digest)) !== undefined)
      await this.linkManifest(repository, manifest);
  }

  async findTag(repository: string, tag: string): Promise<Digest | undefined> {
    const content = await this.#readPointer(join(this.#folder(repository), '_tags', tag));
    return content === undefined ? undefined : findDigest(new TextDecoder().decode(content));
  }

  async saveTag(repository: string, tag: string, digest: Digest): Promise<void> {
    await this.#files.writeAtomic(join(this.#folder(repository), '_tags', tag), digest);
  }

  async removeTag(repository: string, tag: string): Promise<boolean> {
    return await this.#removeExisting(join(this.#folder(repository), '_tags', tag));
  }

  async listTags(repository: string): Promise<readonly string[]> {
    return (await this.#files.list(join(this.#folder(repository), '_tags'))).filter((name) => !name.startsWith('.'));
  }

  /** Descriptors of all manifests with this subject, sorted by digest. */
  async listReferrers(repository: string, subject: Digest): Promise<readonly Descriptor[]> {
    const folder = join(this.#folder(repository), '_referrers', algorithmOf(subject), hexOf(subject));
    const found: Descriptor[] = [];
    for (const name of await this.#files.list(folder)) {
      if (name.startsWith('.')) continue;
      const content = await this.#readPointer(join(folder, name));
      if (content !== undefined) found.push(decodeJson(content, descriptor, { what: join(folder, name) }));
    }
    return found;
  }

  async hasRepository(repository: string): Promise<boolean> {
    for (const part of ['_manifests', '_blobs']) {
      if ((await this.#files.stat(join(this.#folder(repository), part))) !== undefined) return true;
    }
    return false;
  }

  /** Names of all repositories that have or had a manifest, or also those that only have blobs; sorted. */
  async listRepositories(having: readonly PointerKind[] = ['_manifests']): Promise<readonly string[]> {
    const found = new Set<string>();
    const todo = [''];
    for (let seen = 0; todo.length > 0; seen += 1) {
      if (seen >= MAX_FOLDERS)
        throw new AppError('invalid-input', `${this.#root}: expected at most ${MAX_FOLDERS} folders`);
      const name = todo.pop() ?? '';
      for (const part of await this.#files.list(join(this.#root, 'repositories', name))) {
        if ((having as readonly string[]).includes(part)) found.add(name);
        else if (!part.startsWith('_') && !part.startsWith('.')) todo.push(name === '' ? part : `${name}/${part}`);
      }
    }
    return [...found].sort();
  }

  async removeLeftovers(before: Date): Promise<void> {
    await this.blobs.removeLeftovers(before);
    await removeTemporary(this.#files, join(this.#root, 'repositories'), before);
  }

  async #assureContent(digest: Digest): Promise<void> {
    if ((await this.blobs.stat(digest)) !== undefined) return;
    if (await this.blobs.unhide(digest)) return;
    throw new AppError('unavailable', `${digest}: its content was removed meanwhile, push it again`);
  }

  #folder(repository: string): string {
    return join(this.#root, 'repositories', repository);
  }

  #pointer(repository: string, kind: PointerKind, digest: Digest): string {
    return join(this.#folder(repository), kind, algorithmOf(digest), hexOf(digest));
  }

  #referrer(repository: string, subject: Digest, digest: Digest): string {
    const name = digest.replace(':', '-');
    return join(this.#folder(repository), '_referrers', algorithmOf(subject), hexOf(subject), name);
  }

  async #readPointer(path: string): Promise<Uint8Array | undefined> {
    return await unlessAbsent(this.#files.read(path, MAX_POINTER_BYTES));
  }

  /** A pointer was there; where its content is hidden, that comes back, since somebody needs it. */
  async #readContent(digest: Digest): Promise<Uint8Array | undefined> {
    const read = () => unlessAbsent(this.blobs.read(digest, MAX_MANIFEST_FILE));
    return (await read()) ?? ((await this.blobs.unhide(digest)) ? await read() : undefined);
  }

  async #removeExisting(path: string): Promise<boolean> {
    if ((await this.#files.stat(path)) === undefined) return false;
    await this.#files.remove(path);
    return true;
  }
}

async function unlessAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof AppError && error.kind === 'not-found') return undefined;
    throw error;
  }
}

/** How the list of its subject's referrers shows the manifest. */
export function encodeReferrer(manifest: Manifest): string {
  return JSON.stringify(encodeDescriptor(referrerEntryOf(manifest)));
}

/** The stored manifest, checked and described anew. */
export function describeStored({ bytes, mediaType, digest }: StoredManifest): Manifest {
  return readManifest(bytes, mediaType, digest, algorithmOf(digest));
}
