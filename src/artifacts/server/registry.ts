/**
 * A registry after the OCI distribution specification 1.1: pull, push, content discovery with referrers, content management.
 * Requests in, responses out: no socket is needed. Not done: bearer tokens, rights per repository, garbage collection,
 * pages of referrers.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import {
  algorithmOf,
  AppError,
  findDigest,
  type Clock,
  type Descriptor,
  type Digest,
  type Files,
  type Random,
  type WebHandler,
} from '../../core/index.ts';
import { encodeDescriptor, MAX_MANIFEST_BYTES, parseImageManifest, readManifest, readSubject } from '../manifest.ts';
import { isIndexType, OCI_INDEX } from '../media-types.ts';
import type { Manifest } from '../repository.ts';
import { empty, json, Refusal } from './answers.ts';
import { isRepositoryName, Store } from './store.ts';
import { startUpload, useUpload, type UploadContext } from './uploads.ts';

export interface RegistryServerOptions {
  readonly random: Random;
  readonly clock: Clock;
  /** Demanded of every request when given. */
  readonly login?: { readonly username: string; readonly password: string };
}

const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const MAX_PAGE = 10_000;
/** Tags put with one manifest. */
const MAX_TAG_PARAMETERS = 50;

/** `root` is the folder that keeps everything; it is made when first needed. */
export function createRegistry(files: Files, root: string, options: RegistryServerOptions): WebHandler {
  const context: UploadContext = { store: new Store(files, root), random: options.random, clock: options.clock };
  return async (request) => {
    const response = await answer(context, request, options);
    response.headers.set('docker-distribution-api-version', 'registry/2.0');
    return response;
  };
}

async function answer(context: UploadContext, request: Request, options: RegistryServerOptions): Promise<Response> {
  try {
    checkLogin(request, options.login);
    return await route(context, request, new URL(request.url));
  } catch (error) {
    if (error instanceof Refusal) return error.response;
    if (error instanceof AppError && error.kind === 'invalid-input') {
      return new Refusal(400, 'MANIFEST_INVALID', error.message).response;
    }
    throw error;
  }
}

function checkLogin(request: Request, login: RegistryServerOptions['login']): void {
  if (login === undefined) return;
  const expected = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  // compared as digests of one length, so that time tells neither length nor common start
  const sum = (text: string) => createHash('sha256').update(text).digest();
  if (timingSafeEqual(sum(request.headers.get('authorization') ?? ''), sum(expected))) return;
  throw new Refusal(401, 'UNAUTHORIZED', 'credentials needed', { 'www-authenticate': 'Basic realm="plimsoll"' });
}

async function route(context: UploadContext, request: Request, url: URL): Promise<Response> {
  const path = decodePath(url.pathname);
  if (path === '/v2' || path === '/v2/') return json(200, {});
  if (path === '/v2/_catalog') return await listCatalog(context.store, url);
  const match = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/(.*)$/.exec(path);
  const [, name = '', kind = '', rest = ''] = match ?? [];
  if (match === null) throw new Refusal(404, 'UNSUPPORTED', 'no such endpoint');
  if (!isRepositoryName(name)) throw new Refusal(400, 'NAME_INVALID', 'expected a repository name');
  switch (kind) {
    case 'tags':
      return await listTags(context.store, name, url);
    case 'referrers':
      return await listReferrers(context.store, name, rest, url);
    case 'manifests':
      return await onManifest(context.store, { name, target: rest }, request, url);
    default:
      return rest.startsWith('uploads')
        ? await onUpload(context, name, request, url)
        : await onBlob(context.store, name, rest, request);
  }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Refusal(400, 'NAME_INVALID', 'expected a path in UTF-8');
  }
}

async function onUpload(context: UploadContext, name: string, request: Request, url: URL): Promise<Response> {
  const id = /\/blobs\/uploads\/?([^/]*)$/.exec(url.pathname)?.[1] ?? '';
  if (id !== '') return await useUpload(context, name, id, request);
  if (request.method !== 'POST') throw new Refusal(405, 'UNSUPPORTED', 'expected POST');
  return await startUpload(context, name, request, url);
}

async function onBlob(store: Store, name: string, text: string, request: Request): Promise<Response> {
  const digest = findDigest(text);
  if (digest === undefined) throw new Refusal(400, 'DIGEST_INVALID', 'expected a digest');
  if (request.method === 'DELETE') {
    if (!(await store.unlinkBlob(name, digest))) throw new Refusal(404, 'BLOB_UNKNOWN', 'no such blob');
    return empty(202);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new Refusal(405, 'UNSUPPORTED', 'expected GET');
  const size = await store.blobSize(name, digest);
  if (size === undefined) throw new Refusal(404, 'BLOB_UNKNOWN', 'no such blob');
  return sendBlob(store, { digest, size }, request);
}

function sendBlob(store: Store, blob: { readonly digest: Digest; readonly size: number }, request: Request): Response {
  const { digest, size } = blob;
  const range = parseRange(request.headers.get('range'), size);
  const [start, end] = range ?? [0, size];
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(end - start),
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
  };
  const body =
    request.method === 'HEAD' ? null : ReadableStream.from(store.files.stream(store.blobPath(digest), { start, end }));
  return new Response(body, { status: range === undefined ? 200 : 206, headers });
}

/** RFC 9110 14.1.2, one range; start and the place after the end. Undefined means all. */
function parseRange(header: string | null, size: number): readonly [number, number] | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [, first = '', last = ''] = match;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size);
  if (start < end) return [start, end];
  throw new Refusal(416, 'SIZE_INVALID', 'expected a range inside the blob', { 'content-range': `bytes */${size}` });
}

interface ManifestPlace {
  readonly name: string;
  readonly target: string;
}

async function onManifest(store: Store, place: ManifestPlace, request: Request, url: URL): Promise<Response> {
  if (findDigest(place.target) === undefined && !TAG.test(place.target)) {
    const isDigest = place.target.includes(':');
    throw new Refusal(
      request.method === 'PUT' ? 400 : 404,
      isDigest ? 'DIGEST_INVALID' : 'MANIFEST_UNKNOWN',
      'expected a tag or digest',
    );
  }
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return await sendManifest(store, place, request);
    case 'PUT':
      return await store.inTurn(place.name, () => putManifest(store, place, request, url));
    case 'DELETE':
      return await store.inTurn(place.name, () => deleteManifest(store, place));
    default:
      throw new Refusal(405, 'UNSUPPORTED', `method ${request.method} is not for manifests`);
  }
}

async function sendManifest(store: Store, { name, target }: ManifestPlace, request: Request): Promise<Response> {
  const found = await store.findManifest(name, target);
  if (found === undefined) throw new Refusal(404, 'MANIFEST_UNKNOWN', 'no such manifest');
  const headers = {
    'content-type': found.mediaType,
    'content-length': String(found.bytes.length),
    'docker-content-digest': found.digest,
    etag: `"${found.digest}"`,
  };
  return new Response(request.method === 'HEAD' ? null : Uint8Array.from(found.bytes), { status: 200, headers });
}

async function putManifest(
  store: Store,
  { name, target }: ManifestPlace,
  request: Request,
  url: URL,
): Promise<Response> {
  const asked = findDigest(target);
  const bytes = await readBounded(request);
  const algorithm = asked === undefined ? 'sha256' : algorithmOf(asked);
  const manifest = readManifest(bytes, request.headers.get('content-type') ?? undefined, 'manifest', algorithm);
  const { digest } = manifest.descriptor;
  if (asked !== undefined && asked !== digest)
    throw new Refusal(400, 'DIGEST_INVALID', `expected content with the digest asked for, found ${digest}`);
  await checkBlobs(store, name, manifest);
  await checkCondition(store, { name, target }, request);
  const parameters = url.searchParams.getAll('tag');
  if (parameters.length > MAX_TAG_PARAMETERS || !parameters.every((tag) => TAG.test(tag))) {
    throw new Refusal(400, 'MANIFEST_INVALID', `expected at most ${MAX_TAG_PARAMETERS} tags`);
  }
  await store.saveManifest(name, manifest);
  for (const tag of asked === undefined ? [target] : parameters) await store.saveTag(name, tag, digest);
  const { subject } = readSubject(manifest);
  const response = empty(201, {
    location: `/v2/${name}/manifests/${digest}`,
    'docker-content-digest': digest,
    etag: `"${digest}"`,
    ...(subject === undefined ? {} : { 'oci-subject': subject.digest }),
  });
  if (asked !== undefined) for (const tag of parameters) response.headers.append('oci-tag', tag);
  return response;
}

async function readBounded(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of request.body ?? []) {
    total += chunk.length;
    if (total > MAX_MANIFEST_BYTES)
      throw new Refusal(413, 'SIZE_INVALID', `expected at most ${MAX_MANIFEST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** An image's blobs must be there; an index may be sparse, a subject may come later. */
async function checkBlobs(store: Store, name: string, manifest: Manifest): Promise<void> {
  if (isIndexType(manifest.descriptor.mediaType)) return;
  const { config, layers } = parseImageManifest(manifest);
  for (const blob of [config, ...layers]) {
    if (isElsewhere(blob) || (await store.blobSize(name, blob.digest)) !== undefined) continue;
    throw new Refusal(404, 'MANIFEST_BLOB_UNKNOWN', `blob ${blob.digest} is not in this repository`);
  }
}

function isElsewhere(blob: Descriptor): boolean {
  return (
    blob.mediaType.includes('nondistributable') || blob.mediaType.includes('foreign') || (blob.urls ?? []).length > 0
  );
}

/** Conditions let writers of one tag see each other; see the referrers fallback tag. */
async function checkCondition(store: Store, { name, target }: ManifestPlace, request: Request): Promise<void> {
  const match = request.headers.get('if-match');
  const current = (await store.findManifest(name, target))?.digest;
  const isChanged = match !== null && (match === '*' ? current === undefined : match !== `"${current}"`);
  const isTaken = request.headers.get('if-none-match') === '*' && current !== undefined;
  if (isChanged || isTaken) throw new Refusal(412, 'MANIFEST_INVALID', 'the tag was changed by another writer');
}

async function deleteManifest(store: Store, { name, target }: ManifestPlace): Promise<Response> {
  const found = await store.findManifest(name, target);
  if (found === undefined) throw new Refusal(404, 'MANIFEST_UNKNOWN', 'no such manifest');
  if (findDigest(target) === undefined) await store.removeTag(name, target);
  else await store.removeManifest(name, readManifest(found.bytes, found.mediaType, target, algorithmOf(found.digest)));
  return empty(202);
}

async function listReferrers(store: Store, name: string, text: string, url: URL): Promise<Response> {
  const subject = findDigest(text);
  if (subject === undefined) throw new Refusal(400, 'DIGEST_INVALID', 'expected a digest');
  const artifactType = url.searchParams.get('artifactType');
  const found = await store.listReferrers(name, subject);
  const manifests = found.filter((entry) => artifactType === null || entry.artifactType === artifactType);
  const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: manifests.map(encodeDescriptor) };
  const filtered: Record<string, string> = artifactType === null ? {} : { 'oci-filters-applied': 'artifactType' };
  return json(200, document, { 'content-type': OCI_INDEX, ...filtered });
}

async function listTags(store: Store, name: string, url: URL): Promise<Response> {
  if (!(await store.hasRepository(name))) throw new Refusal(404, 'NAME_UNKNOWN', 'no such repository');
  const { page, link } = cutPage(await store.listTags(name), url);
  return json(200, { name, tags: page }, link);
}

async function listCatalog(store: Store, url: URL): Promise<Response> {
  const { page, link } = cutPage(await store.listRepositories(), url);
  return json(200, { repositories: page }, link);
}

/** Clause "Listing Tags": `n` entries after `last`, and where the next page is. */
function cutPage(all: readonly string[], url: URL) {
  const last = url.searchParams.get('last');
  const asked = Number(url.searchParams.get('n') ?? MAX_PAGE);
  if (!Number.isInteger(asked) || asked < 0) throw new Refusal(400, 'UNSUPPORTED', 'n: expected a whole number');
  const rest = last === null ? all : all.filter((name) => name > last);
  const page = rest.slice(0, Math.min(asked, MAX_PAGE));
  const end = page.at(-1);
  if (end === undefined || page.length === rest.length) return { page, link: {} };
  const next = `${url.pathname}?n=${asked}&last=${encodeURIComponent(end)}`;
  return { page, link: { link: `<${next}>; rel="next"` } };
}
