/** For the tests of all rooms: a repository in memory, and an HTTP port that asks handlers instead of sockets. */
import {
  AppError,
  findDigest,
  algorithmOf,
  type Descriptor,
  type Digest,
  type Http,
  type HttpResponse,
  type WebHandler,
} from '../core/index.ts';
import { checked } from './content-check.ts';
import { readManifest, readSubject, referrerEntryOf } from './manifest.ts';
import { openContent, type BlobContent, type Manifest, type Repository } from './repository.ts';

/** `name` is `registry/repository`. It behaves as a registry with the referrers API. */
export function createMemoryRepository(name = 'registry.example.com/app'): Repository {
  const blobs = new Map<Digest, Uint8Array>();
  const manifests = new Map<Digest, Manifest>();
  const tags = new Map<string, Digest>();
  const find = (target: string) => manifests.get(findDigest(target) ?? tags.get(target) ?? ('' as Digest));
  const get = (blob: Descriptor) => {
    const content = blobs.get(blob.digest);
    if (content === undefined) throw new AppError('not-found', `${name}: no blob ${blob.digest}`);
    return content;
  };
  return {
    name,
    findManifest: async (target) => find(target),
    fetchManifest: async (target) => {
      const manifest = find(target);
      if (manifest === undefined) throw new AppError('not-found', `${name}: no manifest ${target}`);
      return manifest;
    },
    fetchBlob: async (blob, maxBytes) => {
      if (blob.size > maxBytes) throw new AppError('invalid-input', `${name}: expected at most ${maxBytes} bytes`);
      return get(blob);
    },
    streamBlob: async function* (blob, _signal, range) {
      yield get(blob).subarray(range?.start, range?.end);
    },
    listReferrers: async (subject, artifactType) =>
      [...manifests.values()]
        .filter((manifest) => readSubject(manifest).subject?.digest === subject)
        .map(referrerEntryOf)
        .filter((entry) => artifactType === undefined || entry.artifactType === artifactType),
    listTags: async () => [...tags.keys()].sort(),
    hasBlob: async (digest) => blobs.has(digest),
    pushBlob: async (blob, content) => void blobs.set(blob.digest, await collectChecked(blob, content)),
    pushManifest: async (bytes, mediaType, target = '') => {
      const digest = findDigest(target);
      const algorithm = digest === undefined ? 'sha256' : algorithmOf(digest);
      const manifest = readManifest(Uint8Array.from(bytes), mediaType, name, algorithm);
      manifests.set(manifest.descriptor.digest, manifest);
      if (target !== '' && digest === undefined) tags.set(target, manifest.descriptor.digest);
      return manifest.descriptor;
    },
    deleteManifest: async (target) => {
      const digest = findDigest(target);
      if (!(digest === undefined ? tags.delete(target) : manifests.delete(digest))) {
        throw new AppError('not-found', `${name}: no manifest ${target}`);
      }
      for (const [tag, tagged] of tags) if (tagged === digest) tags.delete(tag);
    },
  };
}

async function collectChecked(blob: Descriptor, content: BlobContent): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of checked(openContent(content, blob), blob, `blob ${blob.digest}`)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Hosts (`host` or `host:port`) answered by handlers; any other is `unavailable`. */
export function createHandlerHttp(handlers: Readonly<Record<string, WebHandler>>): Http {
  return async (request) => {
    const url = new URL(request.url);
    const handler = handlers[url.host];
    if (handler === undefined) throw new AppError('unavailable', `${url.host}: no such host`);
    const { body } = request;
    const content = body === undefined || body instanceof Uint8Array ? body : ReadableStream.from(body);
    const init = { method: request.method, headers: { ...request.headers }, duplex: 'half' as const };
    const sent = content instanceof Uint8Array ? Uint8Array.from(content) : content;
    return toHttpResponse(await handler(new Request(url, sent === undefined ? init : { ...init, body: sent })));
  };
}

function toHttpResponse(response: Response): HttpResponse {
  const headers = new Map<string, string[]>();
  for (const [name, value] of response.headers) headers.set(name, [...(headers.get(name) ?? []), value]);
  return { status: response.status, headers, body: response.body ?? new Blob([]).stream() };
}
