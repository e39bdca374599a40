/** Clauses "Listing Tags" and "Listing Referrers", and the catalog of repositories; all in pages. */
import { findDigest, type Descriptor, type Digest } from '../../core/index.ts';
import { encodeDescriptor, MAX_MANIFEST_BYTES, parseImageIndex, readSubject, referrerEntryOf } from '../manifest.ts';
import { isIndexType, OCI_INDEX } from '../media-types.ts';
import { fallbackTag } from '../registry/referrers.ts';
import { json, Refusal } from './answers.ts';
import { describeStored, type Store } from './store.ts';

const MAX_PAGE = 10_000;
/** A page of referrers is an index, and clients refuse large ones; what is around its entries takes less than this. */
const MAX_REFERRERS_BYTES = MAX_MANIFEST_BYTES - 4096;

export async function listTags(store: Store, name: string, url: URL): Promise<Response> {
  if (!(await store.hasRepository(name))) throw new Refusal(404, 'NAME_UNKNOWN', 'no such repository');
  const { page, link } = cutPage(await store.listTags(name), url);
  return json(200, { name, tags: page }, link);
}

export async function listCatalog(store: Store, url: URL, isShown: (name: string) => boolean): Promise<Response> {
  const { page, link } = cutPage((await store.listRepositories()).filter(isShown), url);
  return json(200, { repositories: page }, link);
}

export async function listReferrers(store: Store, name: string, text: string, url: URL): Promise<Response> {
  const subject = findDigest(text);
  if (subject === undefined) throw new Refusal(400, 'DIGEST_INVALID', 'expected a digest');
  const artifactType = url.searchParams.get('artifactType');
  const all = new Map((await findReferrers(store, name, subject)).map((entry) => [entry.digest as string, entry]));
  const wanted = [...all.values()].filter((entry) => artifactType === null || entry.artifactType === artifactType);
  const { page, link } = cutPage(
    wanted.map((entry) => entry.digest),
    url,
    (digest) => Buffer.byteLength(JSON.stringify(encodeDescriptor(all.get(digest) as Descriptor))) + 1,
  );
  const manifests = page.map((digest) => encodeDescriptor(all.get(digest) as Descriptor));
  const filtered: Record<string, string> = artifactType === null ? {} : { 'oci-filters-applied': 'artifactType' };
  const headers = { 'content-type': OCI_INDEX, ...filtered, ...link };
  return json(200, { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, headers);
}

/**
 * Sorted by digest. Clause "Enabling the Referrers API": what clients have listed only under a tag of the referrers tag schema, while
 * the repository was kept by another registry, is found too.
 */
async function findReferrers(store: Store, name: string, subject: Digest): Promise<readonly Descriptor[]> {
  const found = new Map((await store.listReferrers(name, subject)).map((entry) => [entry.digest, entry]));
  const tagged = await store.findManifest(name, fallbackTag(subject));
  if (tagged === undefined || !isIndexType(tagged.mediaType)) return [...found.values()];
  for (const entry of parseImageIndex(describeStored(tagged)).manifests) {
    if (found.has(entry.digest)) continue;
    const stored = await store.findManifest(name, entry.digest);
    const manifest = stored === undefined ? undefined : describeStored(stored);
    if (manifest === undefined || readSubject(manifest).subject?.digest !== subject) continue;
    found.set(entry.digest, referrerEntryOf(manifest));
  }
  return [...found.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** `n` entries after `last`, not more bytes than a page may have, and where the next page is. `all` is sorted. */
function cutPage(all: readonly string[], url: URL, bytesOf: (entry: string) => number = () => 0) {
  const last = url.searchParams.get('last');
  const asked = Number(url.searchParams.get('n') ?? MAX_PAGE);
  if (!Number.isInteger(asked) || asked < 0) throw new Refusal(400, 'UNSUPPORTED', 'n: expected a whole number');
  const rest = last === null ? all : all.filter((name) => name > last);
  const page: string[] = [];
  let bytes = 0;
  for (const entry of rest.slice(0, Math.min(asked, MAX_PAGE))) {
    bytes += bytesOf(entry);
    if (bytes > MAX_REFERRERS_BYTES && page.length > 0) break;
    page.push(entry);
  }
  const end = page.at(-1);
  if (end === undefined || page.length === rest.length) return { page, link: {} };
  const next = new URLSearchParams(url.searchParams);
  next.set('n', String(asked));
  next.set('last', end);
  return { page, link: { link: `<${url.pathname}?${next.toString()}>; rel="next"` } };
}
