/**
 * The registry's content on disk, by content address:
 *
 *     blobs/ALG/HH/HEX                          bytes, shared by all repositories
 *     repositories/NAME/_blobs/ALG/HEX          this repository has the blob
 *     repositories/NAME/_manifests/ALG/HEX      this repository has the manifest; its media type
 *     repositories/NAME/_referrers/ALG/HEX/D    descriptor of a manifest whose subject is ALG:HEX
 *     repositories/NAME/_tags/TAG               digest
 *
 * Every file appears whole by rename, and a pointer is written after what it points to, so that a process killed at any
 * moment leaves only whole things that are listed, or whole things that nothing lists.
 * Not done: garbage collection of bytes that no repository lists any more.
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
  type Descriptor,
  type Digest,
  type Files,
} from '../../core/index.ts';
import { descriptor, encodeDescriptor, readSubject, referrerEntryOf } from '../manifest.ts';
import type { Manifest } from '../repository.ts';

const MAX_POINTER_BYTES = 1024 * 1024;
const MAX_MANIFEST_FILE = 16 * 1024 * 1024;
/** Folders below repositories/ that are looked into for the catalog. */
const MAX_FOLDERS = 100_000;

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

export class Store {
  readonly #files: Files;
  readonly #root: string;
  #turns = new Map<string, Promise<unknown>>();

  constructor(files: Files, root: string) {
    this.#files = files;
    this.#root = root;
  }

  get files(): Files {
    return this.#files;
  }

  uploadPath(id: string): string {
    return join(this.#root, 'uploads', id);
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

  blobPath(digest: Digest): string {
    const hex = hexOf(digest);
    return join(this.#root, 'blobs', algorithmOf(digest), hex.slice(0, 2), hex);
  }

  async blobSize(repository: string, digest: Digest): Promise<number | undefined> {
    if ((await this.#files.stat(this.#marker(repository, '_blobs', digest))) === undefined) return undefined;
    return (await this.#files.stat(this.blobPath(digest)))?.size;
  }

  /** `from` is a finished file with these bytes on the same disk; it is moved. */
  async adoptBlob(repository: string, digest: Digest, from: string): Promise<void> {
    await this.#files.rename(from, this.blobPath(digest));
    await this.linkBlob(repository, digest);
  }

  async linkBlob(repository: string, digest: Digest): Promise<void> {
    await this.#files.writeAtomic(this.#marker(repository, '_blobs', digest), '');
  }

  async unlinkBlob(repository: string, digest: Digest): Promise<boolean> {
    return await this.#removeExisting(this.#marker(repository, '_blobs', digest));
  }

  /** By digest or tag. */
  async findManifest(repository: string, target: string): Promise<StoredManifest | undefined> {
    const digest = findDigest(target) ?? (await this.findTag(repository, target));
    if (digest === undefined) return undefined;
    const path = this.#marker(repository, '_manifests', digest);
    const marker = await this.#readPointer(path);
    if (marker === undefined) return undefined;
    const { mediaType } = decodeJson(marker, pointer, { what: path });
    return { digest, mediaType, bytes: await this.#files.read(this.blobPath(digest), MAX_MANIFEST_FILE) };
  }

  async saveManifest(repository: string, manifest: Manifest): Promise<void> {
    const { digest, mediaType } = manifest.descriptor;
    await this.#files.writeAtomic(this.blobPath(digest), manifest.bytes);
    await this.#files.writeAtomic(this.#marker(repository, '_manifests', digest), JSON.stringify({ mediaType }));
    const { subject } = readSubject(manifest);
    if (subject === undefined) return;
    const entry = JSON.stringify(encodeDescriptor(referrerEntryOf(manifest)));
    await this.#files.writeAtomic(this.#referrer(repository, subject.digest, digest), entry);
  }

  async removeManifest(repository: string, manifest: Manifest): Promise<void> {
    const { digest } = manifest.descriptor;
    const { subject } = readSubject(manifest);
    // pointers first: nothing may be listed that is not there
    for (const tag of await this.listTags(repository)) {
      if ((await this.findTag(repository, tag)) === digest) await this.removeTag(repository, tag);
    }
    if (subject !== undefined) await this.#files.remove(this.#referrer(repository, subject.digest, digest));
    await this.#files.remove(this.#marker(repository, '_manifests', digest));
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

  /** Names of all repositories that have or had a manifest, sorted. */
  async listRepositories(): Promise<readonly string[]> {
    const found: string[] = [];
    const todo = [''];
    for (let seen = 0; todo.length > 0 && seen < MAX_FOLDERS; seen += 1) {
      const name = todo.pop() ?? '';
      for (const part of await this.#files.list(join(this.#root, 'repositories', name))) {
        if (part === '_manifests') found.push(name);
        else if (!part.startsWith('_') && !part.startsWith('.')) todo.push(name === '' ? part : `${name}/${part}`);
      }
    }
    return found.sort();
  }

  #folder(repository: string): string {
    return join(this.#root, 'repositories', repository);
  }

  #marker(repository: string, kind: '_blobs' | '_manifests', digest: Digest): string {
    return join(this.#folder(repository), kind, algorithmOf(digest), hexOf(digest));
  }

  #referrer(repository: string, subject: Digest, digest: Digest): string {
    const name = digest.replace(':', '-');
    return join(this.#folder(repository), '_referrers', algorithmOf(subject), hexOf(subject), name);
  }

  async #readPointer(path: string): Promise<Uint8Array | undefined> {
    try {
      return await this.#files.read(path, MAX_POINTER_BYTES);
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not-found') return undefined;
      throw error;
    }
  }

  async #removeExisting(path: string): Promise<boolean> {
    if ((await this.#files.stat(path)) === undefined) return false;
    await this.#files.remove(path);
    return true;
  }
}
