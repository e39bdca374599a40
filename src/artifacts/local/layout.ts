/**
 * OCI image layout 1.0.0 (image specification 1.1) as a repository: a folder, or a tar of one (then read-only).
 * Tags are the `org.opencontainers.image.ref.name` annotations of index.json; referrers are found by their subject there.
 */
import { join } from 'node:path';
import {
  algorithmOf,
  AppError,
  decodeJson,
  findDigest,
  hexOf,
  isRecord,
  parseJson,
  arrayOf,
  object,
  type Descriptor,
  type Digest,
  type Files,
} from '../../core/index.ts';
import {
  descriptor,
  encodeDescriptor,
  MAX_MANIFEST_BYTES,
  readManifest,
  readSubject,
  referrerEntryOf,
} from '../manifest.ts';
import { isIndexType, OCI_INDEX } from '../media-types.ts';
import { parseImageIndex } from '../manifest.ts';
import { checked } from '../content-check.ts';
import {
  openContent,
  type BlobContent,
  type ByteRange,
  type Manifest,
  type ReadableRepository,
  type Repository,
} from '../repository.ts';
import { openFolder, readStored, type StoredFiles } from './stored-files.ts';

const REF_NAME = 'org.opencontainers.image.ref.name';

/** Where `cosign save` says what an entry is: it writes no names. */
const COSIGN_KIND = 'kind';
const COSIGN_KINDS: Readonly<Record<string, string>> = {
  sig: 'dev.cosignproject.cosign/sigs',
  att: 'dev.cosignproject.cosign/atts',
};
/** And `imageIndex`. */
const COSIGN_IMAGE = 'dev.cosignproject.cosign/image';

/** Fallback tags of referrers, and those of cosign. */
const BELONGING_TAG = /(?:^|:)sha(?:256|512)-[0-9a-f]{64}(?:\.\w+)?$/;

/** The content of `oci-layout`. */
export const LAYOUT_MARKER = '{"imageLayoutVersion":"1.0.0"}';

const MAX_ENTRIES = 100_000;
const MAX_INDEX_BYTES = 64 * 1024 * 1024;

const indexFields = object({ manifests: arrayOf(descriptor, MAX_ENTRIES) });

/** A layout that is read; the folder or archive must have `oci-layout`. Throws `invalid-input` when it has not. */
export async function openLayoutReader(stored: StoredFiles): Promise<ReadableRepository> {
  const marker = parseJson(await readStored(stored, 'oci-layout', 4096), { what: `${stored.name}: oci-layout` });
  const version = isRecord(marker) ? marker.imageLayoutVersion : undefined;
  if (version !== '1.0.0') {
    throw new AppError(
      'invalid-input',
      `${stored.name}: expected image layout version 1.0.0, found ${JSON.stringify(version)}`,
    );
  }
  return createReader(stored, () => readEntries(stored));
}

/**
 * A folder with `blobs/ALGORITHM/HEX` and no index, such as containerd's content store: there are no tags, and what refers to a
 * manifest is not known.
 */
export function openBlobFolder(stored: StoredFiles): ReadableRepository {
  return createReader(stored, async () => []);
}

/** A layout folder for writing; made when nothing is there. Two processes must not write the same one at once. */
export async function openLayout(files: Files, path: string): Promise<Repository> {
  if ((await files.stat(join(path, 'oci-layout'))) === undefined) {
    if ((await files.list(path)).length > 0) {
      throw new AppError('invalid-input', `${path}: expected an OCI layout or an empty folder, found other files`);
    }
    await files.writeAtomic(join(path, 'index.json'), encodeLayoutIndex([]));
    await files.writeAtomic(join(path, 'oci-layout'), LAYOUT_MARKER);
  }
  const stored = openFolder(files, path);
  const reader = await openLayoutReader(stored);
  const writing = new Map<Digest, Promise<void>>();
  // one writer after the other: index.json is read, changed and written
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(action: () => Promise<T>): Promise<T> => {
    const next = turn.then(action, action);
    turn = next.catch(() => undefined);
    return next;
  };
  return {
    ...reader,
    hasBlob: async (digest) => (await stored.size(blobPath(digest))) !== undefined,
    pushBlob: (blob, content) => {
      // an image may have one layer twice, and both are pushed at the same time
      const written = writing.get(blob.digest) ?? writeBlob(files, path, blob, content);
      writing.set(blob.digest, written);
      return written.finally(() => writing.delete(blob.digest));
    },
    pushManifest: (bytes, mediaType, target) =>
      inTurn(() => writeManifest({ files, path, stored }, { bytes, mediaType, target })),
    deleteManifest: (target) => inTurn(() => removeManifest({ files, path, stored }, target)),
  };
}

/** What lists all images of a layout, as an index that can be pushed. */
export async function readLayoutIndex(stored: StoredFiles): Promise<Manifest> {
  const bytes = await readStored(stored, 'index.json', MAX_MANIFEST_BYTES);
  return readManifest(bytes, OCI_INDEX, `${stored.name}: index.json`);
}

/** The only tagged image of a layout, else the only one, else the one named `latest`. Throws `usage` when it takes a name. */
export async function defaultTarget(stored: StoredFiles): Promise<string> {
  const entries = await readEntries(stored);
  const tagged = entries.filter((entry) => {
    const name = entry.annotations?.[REF_NAME];
    return name !== undefined && !BELONGING_TAG.test(name);
  });
  const saved = entries.filter(isSavedImage);
  for (const candidates of [tagged, saved, entries.filter((entry) => entry.artifactType === undefined), entries]) {
    const [only, ...others] = new Set(candidates.map((entry) => entry.digest));
    if (only !== undefined && others.length === 0) return only;
  }
  const names = tagged.flatMap((entry) => entry.annotations?.[REF_NAME] ?? []);
  if (names.includes('latest')) return 'latest';
  const list =
    names.slice(0, 20).join(', ') ||
    entries
      .slice(0, 5)
      .map((entry) => entry.digest)
      .join(', ') ||
    'none';
  throw new AppError('usage', `${stored.name}: expected one image, found ${entries.length}`, {
    hint: `add :TAG or @DIGEST to the path; there are ${list}`,
  });
}

/**
 * Says in a layout folder what is what, as `cosign save` does, so that cosign can load it: the image, and what is under its tags.
 * Throws `usage` when the folder holds another image that is marked so: cosign knows one.
 */
export async function markForCosign(files: Files, path: string, image: Digest): Promise<void> {
  const entries = await readEntries(openFolder(files, path));
  const other = entries.find((entry) => isSavedImage(entry) && entry.digest !== image);
  if (other !== undefined)
    throw new AppError('usage', `${path}: expected a folder for one image, found one that holds ${other.digest}`);
  const tag = image.replace(':', '-');
  const marked = entries.map((entry) => {
    const name = entry.annotations?.[REF_NAME] ?? '';
    const suffix = name.startsWith(`${tag}.`) ? name.slice(tag.length + 1) : '';
    const kind = entry.digest === image ? imageKind(entry) : COSIGN_KINDS[suffix];
    return kind === undefined ? entry : { ...entry, annotations: { ...entry.annotations, [COSIGN_KIND]: kind } };
  });
  await files.writeAtomic(join(path, 'index.json'), encodeLayoutIndex(marked));
}

function imageKind({ mediaType }: Descriptor): string {
  return `${COSIGN_IMAGE}${isIndexType(mediaType) ? 'Index' : ''}`;
}

function isSavedImage({ annotations }: Descriptor): boolean {
  const kind = annotations?.[COSIGN_KIND];
  return kind === COSIGN_IMAGE || kind === `${COSIGN_IMAGE}Index`;
}

type Entries = () => Promise<readonly Descriptor[]>;

function createReader(stored: StoredFiles, entries: Entries): ReadableRepository {
  const seen = new Map<Digest, Referrer | undefined>();
  const findManifest = async (target: string): Promise<Manifest | undefined> => {
    const digest = findDigest(target) ?? findTagged(await entries(), target)?.digest;
    return digest === undefined ? undefined : await readStoredManifest(stored, digest);
  };
  return {
    name: stored.name,
    findManifest,
    fetchManifest: async (target) => {
      const found = await findManifest(target);
      if (found === undefined) throw new AppError('not-found', `${stored.name}: no manifest ${target}`);
      return found;
    },
    fetchBlob: async (blob, maxBytes) => {
      if (blob.size > maxBytes)
        throw new AppError(
          'invalid-input',
          `${stored.name}: blob ${blob.digest}: expected at most ${maxBytes} bytes, found ${blob.size}`,
        );
      const chunks: Uint8Array[] = [];
      for await (const chunk of streamStored(stored, blob)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    streamBlob: (blob, _signal, range) => streamStored(stored, blob, range),
    listReferrers: async (subject, artifactType) =>
      listStoredReferrers(stored, await entries(), { subject, artifactType, seen }),
    listTags: async () =>
      [...new Set((await entries()).flatMap((entry) => entry.annotations?.[REF_NAME] ?? []))].sort(),
  };
}

/** By the whole name, else by what follows the last colon: some writers put the full reference there; else by cosign's kinds. */
function findTagged(entries: readonly Descriptor[], tag: string): Descriptor | undefined {
  const nameOf = (entry: Descriptor) => entry.annotations?.[REF_NAME] ?? '';
  return (
    entries.findLast((entry) => nameOf(entry) === tag) ??
    entries.findLast((entry) => nameOf(entry).endsWith(`:${tag}`)) ??
    findSaved(entries, tag)
  );
}

/** What `cosign save` kept under one of cosign's tags. It saves one image to a folder, so the tag's digest is that image's. */
function findSaved(entries: readonly Descriptor[], tag: string): Descriptor | undefined {
  const [, hex, suffix = ''] = /^sha256-([0-9a-f]{64})\.(sig|att)$/.exec(tag) ?? [];
  const images = entries.filter(isSavedImage);
  if (images.length !== 1 || images[0]?.digest !== `sha256:${hex}`) return undefined;
  return entries.find((entry) => entry.annotations?.[COSIGN_KIND] === COSIGN_KINDS[suffix]);
}

async function readEntries(stored: StoredFiles): Promise<readonly Descriptor[]> {
  const what = `${stored.name}: index.json`;
  return decodeJson(await readStored(stored, 'index.json', MAX_INDEX_BYTES), indexFields, {
    what,
    maxBytes: MAX_INDEX_BYTES,
  }).manifests;
}

async function readStoredManifest(stored: StoredFiles, digest: Digest): Promise<Manifest | undefined> {
  if ((await stored.size(blobPath(digest))) === undefined) return undefined;
  const bytes = await readStored(stored, blobPath(digest), MAX_MANIFEST_BYTES);
  const what = `${stored.name}: manifest ${digest}`;
  const manifest = readManifest(bytes, undefined, what, algorithmOf(digest));
  if (manifest.descriptor.digest === digest) return manifest;
  throw new AppError('invalid-input', `${what}: expected its digest, found ${manifest.descriptor.digest}`);
}

async function* streamStored(stored: StoredFiles, blob: Descriptor, range?: ByteRange): AsyncGenerator<Uint8Array> {
  const what = `${stored.name}: blob ${blob.digest}`;
  const size = await stored.size(blobPath(blob.digest));
  if (size === undefined) throw new AppError('not-found', `${what}: no such blob`);
  if (size !== blob.size) throw new AppError('invalid-input', `${what}: expected ${blob.size} bytes, found ${size}`);
  const content = stored.stream(blobPath(blob.digest), range);
  yield* range === undefined ? checked(content, blob, what) : content;
}

interface Referrer {
  readonly subject: Digest;
  /** How lists show it. */
  readonly entry: Descriptor;
}

interface ReferrerSearch {
  readonly subject: Digest;
  readonly artifactType: string | undefined;
  /** What manifests refer to, so that each is read once, not for each subject; content under a digest never changes. */
  readonly seen: Map<Digest, Referrer | undefined>;
}

async function listStoredReferrers(
  stored: StoredFiles,
  entries: readonly Descriptor[],
  { subject, artifactType, seen }: ReferrerSearch,
): Promise<readonly Descriptor[]> {
  const found = new Map<Digest, Descriptor>();
  const fallback = findTagged(entries, subject.replace(':', '-'));
  const index = fallback === undefined ? undefined : await readStoredManifest(stored, fallback.digest);
  const listed = index !== undefined && isIndexType(index.descriptor.mediaType) ? parseImageIndex(index).manifests : [];
  const unlisted = entries.some(isSavedImage) ? await listSmallBlobs(stored) : [];
  for (const { digest } of [...entries, ...listed, ...unlisted]) {
    if (!seen.has(digest)) {
      const isListed = !unlisted.some((entry) => entry.digest === digest);
      seen.set(digest, isListed ? await findReferrer(stored, digest) : await findReferringBlob(stored, digest));
    }
    const referrer = seen.get(digest);
    if (referrer?.subject !== subject) continue;
    if (artifactType === undefined || referrer.entry.artifactType === artifactType) found.set(digest, referrer.entry);
  }
  return [...found.values()];
}

/** One saved image has some hundreds. */
const MAX_BLOBS = 100_000;

/** `cosign save` of version 3 keeps referrers among the blobs and lists them nowhere. */
async function listSmallBlobs(stored: StoredFiles): Promise<readonly { readonly digest: Digest }[]> {
  const names = (await stored.list?.('blobs/sha256')) ?? [];
  if (names.length > MAX_BLOBS)
    throw new AppError('invalid-input', `${stored.name}: expected at most ${MAX_BLOBS} blobs, found ${names.length}`);
  const digests = names.flatMap((name) => findDigest(`sha256:${name}`) ?? []);
  const sizes = await Promise.all(digests.map((digest) => stored.size(blobPath(digest))));
  return digests.flatMap((digest, index) => ((sizes[index] ?? 0) <= MAX_REFERRER_BYTES ? [{ digest }] : []));
}

/** Manifests of referrers have about a kilobyte. */
const MAX_REFERRER_BYTES = 64 * 1024;

/** Undefined for a blob that is no manifest, which most are. */
async function findReferringBlob(stored: StoredFiles, digest: Digest): Promise<Referrer | undefined> {
  const bytes = await readStored(stored, blobPath(digest), MAX_REFERRER_BYTES);
  if (bytes[0] !== 0x7b || !Buffer.from(bytes).includes('"subject"')) return undefined;
  try {
    return await findReferrer(stored, digest);
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input') return undefined;
    throw error;
  }
}

async function findReferrer(stored: StoredFiles, digest: Digest): Promise<Referrer | undefined> {
  const manifest = await readStoredManifest(stored, digest);
  return manifest === undefined ? undefined : referrerOf(manifest);
}

function referrerOf(manifest: Manifest): Referrer | undefined {
  const { subject } = readSubject(manifest);
  return subject === undefined ? undefined : { subject: subject.digest, entry: referrerEntryOf(manifest) };
}

export function blobPath(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

export function encodeLayoutIndex(entries: readonly Descriptor[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries.map(encodeDescriptor) });
}

async function writeBlob(files: Files, path: string, blob: Descriptor, content: BlobContent): Promise<void> {
  const target = join(path, blobPath(blob.digest));
  if ((await files.stat(target)) !== undefined) return;
  const temporary = `${target}.part`;
  await files.remove(temporary);
  try {
    await files.append(temporary, checked(openContent(content, blob), blob, `${path}: blob ${blob.digest}`));
  } catch (error) {
    await files.remove(temporary);
    throw error;
  }
  await files.rename(temporary, target);
}

interface LayoutPlace {
  readonly files: Files;
  readonly path: string;
  readonly stored: StoredFiles;
}

async function writeManifest(
  place: LayoutPlace,
  pushed: { readonly bytes: Uint8Array; readonly mediaType: string; readonly target: string | undefined },
): Promise<Descriptor> {
  const { bytes, mediaType, target } = pushed;
  const wanted = findDigest(target ?? '');
  const tag = wanted === undefined ? target : undefined;
  const algorithm = wanted === undefined ? 'sha256' : algorithmOf(wanted);
  const manifest = readManifest(bytes, mediaType, `${place.path}: manifest to write`, algorithm);
  await writeBlob(
    place.files,
    place.path,
    { ...manifest.descriptor, digest: wanted ?? manifest.descriptor.digest },
    bytes,
  );
  const isListed = tag !== undefined || readSubject(manifest).subject !== undefined;
  if (!isListed) return manifest.descriptor;
  const entries = await readEntries(place.stored);
  const kept = entries.filter((entry) => {
    const name = entry.annotations?.[REF_NAME];
    return name === undefined ? entry.digest !== manifest.descriptor.digest : name !== tag;
  });
  await place.files.writeAtomic(join(place.path, 'index.json'), encodeLayoutIndex([...kept, entryOf(manifest, tag)]));
  return manifest.descriptor;
}

/** How index.json lists it. */
export function entryOf(manifest: Manifest, tag: string | undefined): Descriptor {
  return tag === undefined ? referrerEntryOf(manifest) : { ...manifest.descriptor, annotations: { [REF_NAME]: tag } };
}

async function removeManifest(place: LayoutPlace, target: string): Promise<void> {
  const entries = await readEntries(place.stored);
  const digest = findDigest(target);
  const kept = entries.filter((entry) =>
    digest === undefined ? entry.annotations?.[REF_NAME] !== target : entry.digest !== digest,
  );
  if (kept.length === entries.length) throw new AppError('not-found', `${place.path}: no manifest ${target}`);
  await place.files.writeAtomic(join(place.path, 'index.json'), encodeLayoutIndex(kept));
  if (digest !== undefined) await place.files.remove(join(place.path, blobPath(digest)));
}
