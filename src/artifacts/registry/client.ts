/**
 * Client of registries after the OCI distribution specification 1.1.
 * Not done: foreign layers by URL.
 */
import {
  algorithmOf,
  AppError,
  arrayOf,
  findDigest,
  isTag,
  object,
  optional,
  string,
  type Clock,
  type Decoder,
  type Descriptor,
  type Digest,
  type Http,
  type Log,
  type Random,
  type Reference,
} from '../../core/index.ts';
import { embeddedContent, MAX_MANIFEST_BYTES, readManifest, readSubject, referrerEntryOf } from '../manifest.ts';
import { MANIFEST_TYPES, mediaTypeOf } from '../media-types.ts';
import type { BlobContent, Manifest, Repository } from '../repository.ts';
import { Authorizer, type Access } from './authorizer.ts';
import { RETRIES, type RetryPolicy } from './backoff.ts';
import { deleteBlob, findBlobSize, hasBlob, streamBlob, type BlobContext } from './blobs.ts';
import { connect, originsOf, type ConnectionOptions, type ConnectionPorts } from './connection.ts';
import { findCredential, type CredentialPorts, type CredentialSources } from './credentials.ts';
import type { Credential } from './docker-config.ts';
import { discard, readBody } from './errors.ts';
import { fetchPages } from './pages.ts';
import {
  listReferrers,
  updateFallback,
  type ReferrersContext,
  type TaggedManifest,
  type TaggedPut,
} from './referrers.ts';
import { Transport } from './transport.ts';
import { mountBlob, uploadBlob } from './uploads.ts';

export interface RegistryPorts extends CredentialPorts, ConnectionPorts {
  readonly http: Http;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: ConnectionPorts['settings'] & CredentialPorts['settings'];
}

export interface RegistryOptions extends ConnectionOptions, CredentialSources {
  /** Instead of stored credentials. */
  readonly credential?: Credential;
  readonly retries?: RetryPolicy;
}

export interface Registry {
  readonly host: string;
  repository(name: string): RegistryRepository;
  /** Names of all repositories, where the registry tells. */
  catalog(signal?: AbortSignal): Promise<readonly string[]>;
  /** Asks whether the credentials are good. Throws `unauthorized`. */
  ping(signal?: AbortSignal): Promise<void>;
  /** The Authorization header for requests with these scopes (`repository:NAME:pull`); undefined where none is asked for. */
  authorize(scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined>;
}

export interface RegistryRepository extends Repository {
  readonly registry: string;
  readonly repository: string;
  /** What the registry says of a manifest without sending it; undefined when it says too little, or that there is none. */
  askDescriptor(target: string, signal?: AbortSignal): Promise<Descriptor | undefined>;
  /** Size of a blob of which only the digest is known; undefined when absent. Throws `invalid-input` when not told. */
  findBlobSize(digest: Digest, signal?: AbortSignal): Promise<number | undefined>;
  /** Out of this repository. Throws `not-found` when it is not there. */
  deleteBlob(digest: Digest, signal?: AbortSignal): Promise<void>;
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const MAX_TAGS = 1_000_000;
const MANIFEST_ACCEPT = MANIFEST_TYPES.join(', ');

/** Lists are printed a name a line: one with a line feed in it would be two. */
const listedName: Decoder<string> = (value, path) => {
  const name = string(value, path);
  if (/^[^\s\p{Cc}]+$/u.test(name)) return name;
  throw new AppError('invalid-input', `${path}: expected a name, found ${JSON.stringify(name.slice(0, 80))}`);
};

/** `host` is a registry as in references. No request is made yet. */
export function openRegistry(ports: RegistryPorts, host: string, options: RegistryOptions = {}): Registry {
  const { clock, random, log } = ports;
  const http = connect(ports, host, options);
  const found = new Map<string, Promise<Credential | undefined>>();
  const credentialFor = (repository: string) => {
    if (options.credential !== undefined) return Promise.resolve(options.credential);
    const known = found.get(repository) ?? findCredential(ports, { registry: host, repository }, options);
    found.set(repository, known);
    // a helper may be back the next time
    known.catch(() => found.delete(repository));
    return known;
  };
  const authorizer = new Authorizer({
    http,
    clock,
    origin: () => transport.origin,
    registry: host,
    findCredential: credentialFor,
  });
  const transport: Transport = new Transport({
    http,
    clock,
    random,
    log,
    registry: host,
    origins: originsOf(ports, host, options),
    authorizer,
    retries: options.retries ?? RETRIES,
  });
  return {
    host,
    repository: (name) => openRegistryRepository({ transport, host, name, random: ports.random }),
    catalog: (signal) => listCatalog(transport, host, signal),
    ping: (signal) => ping(transport, host, { repository: '', scopes: [] }, signal),
    authorize: async (scopes, signal) => {
      const access = { repository: scopes[0]?.split(':')[1] ?? '', scopes };
      await ping(transport, host, access, signal);
      return await authorizer.header(access, signal);
    },
  };
}

async function ping(transport: Transport, host: string, access: Access, signal?: AbortSignal): Promise<void> {
  const request = { method: 'GET' as const, url: '/v2/', access, retry: true, what: `${host}: ping`, signal };
  await discard(await transport.send(request, [200]));
}

async function listCatalog(transport: Transport, host: string, signal?: AbortSignal): Promise<readonly string[]> {
  const access = { repository: '', scopes: ['registry:catalog:*'] };
  const request = {
    method: 'GET' as const,
    url: '/v2/_catalog?n=1000',
    access,
    retry: true,
    what: `${host}: catalog`,
    signal,
  };
  const decoder = object({ repositories: optional(arrayOf(listedName)) });
  const names: string[] = [];
  for await (const page of fetchPages(transport, { request, decoder, absent: [] }))
    names.push(...(page.repositories ?? []));
  return names;
}

interface Opened {
  readonly transport: Transport;
  readonly host: string;
  readonly name: string;
  readonly random: Random;
}

function openRegistryRepository({ transport, host, name, random }: Opened): RegistryRepository {
  const access = (actions: string) => ({ repository: name, scopes: [`repository:${name}:${actions}`] });
  const context: ReferrersContext = {
    transport,
    random,
    name: `${host}/${name}`,
    repository: name,
    pull: access('pull'),
    push: access('pull,push'),
    findTagged: (tag, signal) => getManifest(context, tag, signal),
    putTagged: (put, signal) => putTagged(context, put, signal),
  };
  const remove = access('pull,push,delete');
  const running = new Map<Digest, Promise<void>>();
  return {
    name: context.name,
    registry: host,
    repository: name,
    findManifest: async (target, signal) => (await getManifest(context, target, signal))?.manifest,
    fetchManifest: (target, signal) => fetchManifest(context, target, signal),
    fetchBlob: (blob, maxBytes, signal) => fetchBlob(context, blob, { maxBytes, signal }),
    streamBlob: (blob, signal, range) => streamBlob(context, blob, { signal, range }),
    listReferrers: (subject, artifactType, signal) => listReferrers(context, subject, artifactType, signal),
    listTags: (signal) => listTags(context, signal),
    askDescriptor: (target, signal) => askDescriptor(context, target, signal),
    findBlobSize: (digest, signal) => findBlobSize(context, digest, signal),
    hasBlob: (digest, signal) => hasBlob(context, digest, signal),
    deleteBlob: (digest, signal) => deleteBlob({ ...context, push: remove }, digest, signal),
    pushBlob: (blob, content, signal) => pushBlob(context, blob, { content, signal, running }),
    mountBlob: async (blob, source, signal) =>
      isOnRegistry(source, host) && (await mountBlob(context, blob, source.repository, signal)),
    pushManifest: (bytes, mediaType, target, signal) => pushManifest(context, { bytes, mediaType, target }, signal),
    deleteManifest: (target, signal) => deleteManifest({ ...context, push: remove }, target, signal),
  };
}

interface BlobPush {
  readonly content: BlobContent;
  readonly signal: AbortSignal | undefined;
  /** Uploads on their way to this repository. */
  readonly running: Map<Digest, Promise<void>>;
}

/** Who wants to push what is on its way already waits for that; when it fails, pushes himself. */
async function pushBlob(context: BlobContext, blob: Descriptor, push: BlobPush): Promise<void> {
  const { content, signal, running } = push;
  if (await hasBlob(context, blob.digest, signal)) return;
  const theirs = running.get(blob.digest);
  if (theirs !== undefined) {
    await theirs.catch(() => undefined);
    return await pushBlob(context, blob, push);
  }
  const upload = uploadBlob(context, blob, content, signal);
  running.set(blob.digest, upload);
  try {
    await upload;
  } finally {
    running.delete(blob.digest);
  }
}

function isOnRegistry(source: object, host: string): source is { readonly repository: string } {
  return (
    'registry' in source && source.registry === host && 'repository' in source && typeof source.repository === 'string'
  );
}

async function fetchManifest(context: ReferrersContext, target: string, signal?: AbortSignal): Promise<Manifest> {
  const found = await getManifest(context, target, signal);
  if (found !== undefined) return found.manifest;
  throw new AppError('not-found', `${context.name}: no manifest ${target}`);
}

async function getManifest(
  context: ReferrersContext,
  target: string,
  signal?: AbortSignal,
): Promise<TaggedManifest | undefined> {
  const what = `${context.name}: manifest ${target}`;
  const response = await context.transport.send(
    manifestRequest(context, target, { method: 'GET', what, signal }),
    [200, 404],
  );
  if (response.status === 404) {
    await discard(response);
    return undefined;
  }
  const bytes = await readBody(response, MAX_MANIFEST_BYTES);
  if (bytes === undefined) throw new AppError('invalid-input', `${what}: expected at most ${MAX_MANIFEST_BYTES} bytes`);
  const asked = findDigest(target);
  const said = findDigest(response.headers.get('docker-content-digest')?.[0] ?? '');
  const expected = asked ?? said;
  const algorithm = expected === undefined ? 'sha256' : algorithmOf(expected);
  const manifest = readManifest(bytes, response.headers.get('content-type')?.[0], what, algorithm);
  if (expected !== undefined && manifest.descriptor.digest !== expected) {
    const found = manifest.descriptor.digest;
    throw new AppError('invalid-input', `${what}: expected content with digest ${expected}, found ${found}`);
  }
  return { manifest, etag: response.headers.get('etag')?.[0] };
}

/** All three headers must be there and good: older registries leave some out. */
async function askDescriptor(
  context: ReferrersContext,
  target: string,
  signal?: AbortSignal,
): Promise<Descriptor | undefined> {
  const what = `${context.name}: manifest ${target}`;
  const response = await context.transport.send(manifestRequest(context, target, { method: 'HEAD', what, signal }));
  await discard(response);
  const { status, headers } = response;
  const [digest, length] = ['docker-content-digest', 'content-length'].map((name) => headers.get(name)?.[0] ?? '');
  const mediaType = mediaTypeOf(headers.get('content-type')?.[0] ?? '');
  const said = findDigest(digest ?? '');
  const isKnown = (MANIFEST_TYPES as readonly string[]).includes(mediaType) && /^[1-9]\d{0,9}$/.test(length ?? '');
  if (status !== 200 || said === undefined || !isKnown) return undefined;
  // a registry that answers with another manifest is asked for it, and found out
  const asked = findDigest(target);
  return asked === undefined || asked === said ? { mediaType, digest: said, size: Number(length) } : undefined;
}

interface ManifestRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  readonly what: string;
  readonly signal: AbortSignal | undefined;
}

/** Tags come from other registries and layouts too: `../../OTHER/manifests/v1` would be a path into another repository. */
function manifestRequest(context: ReferrersContext, target: string, { method, what, signal }: ManifestRequest) {
  if (!isTag(target) && findDigest(target) === undefined)
    throw new AppError('invalid-input', `${context.name}: expected a tag or digest, found ${JSON.stringify(target)}`);
  return {
    method,
    url: `/v2/${context.repository}/manifests/${target}`,
    access: READING.has(method) ? context.pull : context.push,
    headers: READING.has(method) ? { accept: MANIFEST_ACCEPT } : {},
    retry: true,
    what,
    signal,
  };
}

interface Pushed {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly target: string | undefined;
}

async function pushManifest(context: ReferrersContext, pushed: Pushed, signal?: AbortSignal): Promise<Descriptor> {
  const { bytes, mediaType } = pushed;
  const wanted = findDigest(pushed.target ?? '');
  const algorithm = wanted === undefined ? 'sha256' : algorithmOf(wanted);
  const manifest = readManifest(bytes, mediaType, `${context.name}: manifest to push`, algorithm);
  const { digest } = manifest.descriptor;
  const target = pushed.target ?? digest;
  if (wanted !== undefined && wanted !== digest) {
    throw new AppError('invalid-input', `${context.name}: expected a manifest with digest ${wanted}, found ${digest}`);
  }
  const what = `${context.name}: manifest ${target}`;
  const request = manifestRequest(context, target, { method: 'PUT', what, signal });
  const response = await context.transport.send(
    { ...request, headers: { 'content-type': mediaType }, body: bytes },
    [201],
  );
  await discard(response);
  const { subject } = readSubject(manifest);
  // clause "Pushing Manifests with Subject": without this header the client keeps the list
  if (subject !== undefined && response.headers.get('oci-subject') === undefined) {
    await updateFallback(context, subject.digest, { add: referrerEntryOf(manifest) }, signal);
  }
  return manifest.descriptor;
}

async function putTagged(context: ReferrersContext, put: TaggedPut, signal?: AbortSignal): Promise<void> {
  const { mediaType } = readManifest(put.bytes, undefined, context.name).descriptor;
  const what = `${context.name}: tag ${put.tag}`;
  const request = manifestRequest(context, put.tag, { method: 'PUT', what, signal });
  // RFC 9110 13.1: nobody else may have written, or created, the tag since we looked
  const condition: Record<string, string> = put.isNew
    ? { 'if-none-match': '*' }
    : put.etag === undefined
      ? {}
      : { 'if-match': put.etag };
  const headers = { 'content-type': mediaType, ...condition };
  const response = await context.transport.send({ ...request, headers, body: put.bytes }, [201, 412]);
  await discard(response);
}

async function deleteManifest(context: ReferrersContext, target: string, signal?: AbortSignal): Promise<void> {
  const digest = findDigest(target);
  const manifest = digest === undefined ? undefined : (await getManifest(context, digest, signal))?.manifest;
  const what = `${context.name}: deletion of ${target}`;
  const response = await context.transport.send(manifestRequest(context, target, { method: 'DELETE', what, signal }));
  if (![200, 202, 204].includes(response.status)) throw await context.transport.refusal(response, what);
  await discard(response);
  if (manifest === undefined) return;
  const { subject } = readSubject(manifest);
  if (subject === undefined) return;
  const remaining = await listReferrers(context, subject.digest, undefined, signal);
  if (remaining.some((entry) => entry.digest === digest)) {
    await updateFallback(context, subject.digest, { remove: manifest.descriptor.digest }, signal);
  }
}

async function fetchBlob(
  context: ReferrersContext,
  blob: Descriptor,
  limits: { readonly maxBytes: number; readonly signal: AbortSignal | undefined },
): Promise<Uint8Array> {
  if (blob.size > limits.maxBytes) {
    throw new AppError(
      'invalid-input',
      `${context.name}: blob ${blob.digest}: expected at most ${limits.maxBytes} bytes, found ${blob.size}`,
    );
  }
  const embedded = embeddedContent(blob);
  if (embedded !== undefined) return embedded;
  const chunks: Uint8Array[] = [];
  for await (const chunk of streamBlob(context, blob, { signal: limits.signal, range: undefined })) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function listTags(context: ReferrersContext, signal?: AbortSignal): Promise<readonly string[]> {
  const what = `${context.name}: tags`;
  const url = `/v2/${context.repository}/tags/list?n=1000`;
  const request = { method: 'GET' as const, url, access: context.pull, retry: true, what, signal };
  const decoder = object({ tags: optional(arrayOf(listedName)) });
  const tags: string[] = [];
  for await (const page of fetchPages(context.transport, { request, decoder, absent: [] })) {
    tags.push(...(page.tags ?? []));
    if (tags.length > MAX_TAGS)
      throw new AppError('invalid-input', `${what}: expected at most ${MAX_TAGS}, found more`);
  }
  return tags;
}

/** The repository that a reference names; see openRegistry. */
export function openReference(
  ports: RegistryPorts,
  reference: Reference,
  options: RegistryOptions = {},
): RegistryRepository {
  return openRegistry(ports, reference.registry, options).repository(reference.repository);
}
