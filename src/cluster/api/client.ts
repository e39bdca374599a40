/**
 * Client of the Kubernetes API: JSON over HTTP as kubernetes.io "Kubernetes API Concepts" has it. Get, list in pages, watch, create,
 * server-side apply, merge patch. Objects are foreign documents: whoever asks decodes them.
 */
import { AppError, decodeJson, isRecord, parseJson, record } from '../../core/index.ts';
import type { ErrorKind, Http, HttpRequest } from '../../core/index.ts';
import type { Connection } from './connection.ts';

export type KubeObject = Readonly<Record<string, unknown>>;

/**
 * Path of a collection, for example `/api/v1/namespaces/shop/secrets` or `/apis/policy.sigstore.dev/v1beta1/clusterimagepolicies`. A query
 * selects of it, as in `/api/v1/namespaces/shop/secrets?fieldSelector=metadata.name%3Dtls`.
 */
export type Collection = string;

export interface KubeClient {
  /** The namespace that is meant where none is named. */
  readonly namespace: string;
  /** Throws `not-found`, `unauthorized`, `unavailable` (also a conflict, which may be tried again) and `invalid-input` as the API server says. */
  get(path: string, signal: AbortSignal): Promise<KubeObject>;
  /** All pages. */
  list(collection: Collection, signal: AbortSignal): Promise<ObjectList>;
  /** One page after the other, for collections that are too large to hold. */
  pages(collection: Collection, signal: AbortSignal): AsyncIterable<readonly KubeObject[]>;
  /** Changes after a version, in order, until the API server ends the stream. */
  watch(collection: Collection, since: string, signal: AbortSignal): AsyncIterable<WatchEvent>;
  create(collection: Collection, value: KubeObject, signal: AbortSignal): Promise<KubeObject>;
  /** Throws `unavailable` with `details.status` 409 when `metadata.resourceVersion` is not the stored one's. */
  replace(path: string, value: KubeObject, signal: AbortSignal): Promise<KubeObject>;
  /** Server-side apply: makes the object or takes over the fields that are told. */
  apply(path: string, value: KubeObject, signal: AbortSignal): Promise<KubeObject>;
}

export interface ObjectList {
  readonly items: readonly KubeObject[];
  /** From where to watch. */
  readonly resourceVersion: string;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

const PAGE = 500;
/** Ceiling of a collection: far more policies, exceptions or secrets than one namespace should hold. */
const MAX_OBJECTS = 20_000;
/** Ceiling of a collection that is looked through: more pods than Kubernetes holds (150,000). */
const MAX_SEEN = 200_000;
/** Ceiling of one answer: a page of objects of etcd's maximum size (1.5 MiB) is never seen, some hundred kilobytes are. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_EVENT_BYTES = 8 * 1024 * 1024;
/** Seconds after which the API server is to end a watch, so that a dead connection is noticed. */
const WATCH_SECONDS = 50;
const FIELD_MANAGER = 'plimsoll';

export interface KubeOptions {
  /** That of the connection when absent. */
  readonly namespace?: string | undefined;
  /** Of what is listed and watched only `metadata` is sent: for collections of large objects. */
  readonly metadataOnly?: boolean;
}

/** As kubernetes.io "API Concepts" has it under "Metadata-only fetches". */
const metadataAs = (kind: string) => ({ accept: `application/json;as=${kind};g=meta.k8s.io;v=v1` });

export function createKubeClient(http: Http, connection: Connection, options: KubeOptions = {}): KubeClient {
  const { namespace = connection.namespace, metadataOnly = false } = options;
  const [listed, watched] = metadataOnly
    ? [metadataAs('PartialObjectMetadataList'), metadataAs('PartialObjectMetadata')]
    : [{}, {}];
  const send = async (path: string, request: Partial<HttpRequest> & { readonly signal: AbortSignal }) => {
    const authorization = await connection.authorization();
    const response = await http({
      method: 'GET',
      ...request,
      url: connection.url + path,
      tls: connection.tls,
      headers: {
        accept: 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
        ...request.headers,
      },
    });
    if (response.status < 300) return response.body;
    throw await refusal(path, response.status, response.body);
  };
  const exchange = async (path: string, request: Partial<HttpRequest> & { readonly signal: AbortSignal }) =>
    decodeJson(await readAll(await send(path, request), path), record, { what: path, maxBytes: MAX_ANSWER_BYTES });
  const write = async (
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    { value, signal, type = 'application/json' }: Written,
  ) =>
    await exchange(path, {
      method,
      signal,
      headers: { 'content-type': type },
      body: Buffer.from(JSON.stringify(value)),
    });
  return {
    namespace,
    get: async (path, signal) => await exchange(path, { signal }),
    list: async (collection, signal) =>
      await listAll(collection, async (path) => await exchange(path, { signal, headers: listed })),
    pages: async function* (collection, signal) {
      const get = async (path: string) => await exchange(path, { signal, headers: listed });
      for await (const { items } of pagesOf(collection, { get, ceiling: MAX_SEEN })) yield items;
    },
    watch: (collection, since, signal) =>
      watch(collection, since, async (path) => await send(path, { signal, headers: watched })),
    create: async (collection, value, signal) => await write('POST', collection, { value, signal }),
    replace: async (path, value, signal) => await write('PUT', path, { value, signal }),
    apply: async (path, value, signal) =>
      await write('PATCH', `${path}?fieldManager=${FIELD_MANAGER}&force=true`, {
        value,
        signal,
        type: 'application/apply-patch+yaml',
      }),
  };
}

interface Written {
  readonly value: KubeObject;
  readonly signal: AbortSignal;
  readonly type?: string;
}

interface Paging {
  readonly get: (path: string) => Promise<KubeObject>;
  /** Of objects. */
  readonly ceiling: number;
}

async function listAll(collection: Collection, get: Paging['get']): Promise<ObjectList> {
  const items: KubeObject[] = [];
  let resourceVersion = '';
  for await (const page of pagesOf(collection, { get, ceiling: MAX_OBJECTS })) {
    items.push(...page.items);
    ({ resourceVersion } = page);
  }
  return { items, resourceVersion };
}

async function* pagesOf(collection: Collection, { get, ceiling }: Paging): AsyncGenerator<ObjectList> {
  for (let next = '', seen = 0; ;) {
    const query = `limit=${PAGE}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
    const page = await get(withQuery(collection, query));
    const found: unknown = page.items;
    if (!Array.isArray(found)) throw new AppError('invalid-input', `${collection}: expected a list, found no items`);
    seen += found.length;
    if (seen > ceiling)
      throw new AppError('invalid-input', `${collection}: expected at most ${ceiling} objects, found more`);
    const metadata = record(page.metadata, `${collection}.metadata`);
    const items = found.map((entry, index) => record(entry, `${collection}.items[${index}]`));
    yield { items, resourceVersion: String(metadata.resourceVersion) };
    next = typeof metadata.continue === 'string' ? metadata.continue : '';
    if (next === '') return;
  }
}

async function* watch(
  collection: Collection,
  since: string,
  open: (path: string) => Promise<AsyncIterable<Uint8Array>>,
): AsyncGenerator<WatchEvent> {
  const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${encodeURIComponent(since)}&timeoutSeconds=${WATCH_SECONDS}`;
  for await (const line of lines(await open(withQuery(collection, query)), collection)) {
    const event = record(parseJson(line, { what: collection, maxBytes: MAX_EVENT_BYTES }), collection);
    const object = record(event.object, `${collection}.object`);
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
      case 'BOOKMARK':
        yield { type: event.type, object };
        break;
      default:
        throw statusError(collection, Number(object.code ?? 500), object);
    }
  }
}

function withQuery(collection: Collection, query: string): string {
  return `${collection}${collection.includes('?') ? '&' : '?'}${query}`;
}

async function* lines(chunks: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > MAX_EVENT_BYTES)
      throw new AppError('invalid-input', `${where}: expected events of at most ${MAX_EVENT_BYTES} bytes, found more`);
    yield* parts.filter((part) => part !== '');
  }
}

async function readAll(body: AsyncIterable<Uint8Array>, where: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES)
      throw new AppError('invalid-input', `${where}: expected at most ${MAX_ANSWER_BYTES} bytes, found more`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function refusal(path: string, status: number, body: AsyncIterable<Uint8Array>): Promise<AppError> {
  const bytes = await readAll(body, path);
  let value: unknown;
  try {
    value = parseJson(bytes, { what: path });
  } catch {
    value = undefined; // what stands between us and the API server answered: the status says enough
  }
  return statusError(path, status, isRecord(value) ? value : {});
}

/** The kind of a Status (meta/v1) of failure. */
function statusError(path: string, status: number, { message }: KubeObject): AppError {
  const text = typeof message === 'string' ? message.slice(0, 1000) : `HTTP ${status}`;
  return new AppError(KINDS.get(status) ?? 'unavailable', `API server: ${path.split('?')[0]}: ${text}`, {
    details: { status },
  });
}

const KINDS: ReadonlyMap<number, ErrorKind> = new Map([
  [400, 'invalid-input'],
  [401, 'unauthorized'],
  [403, 'unauthorized'],
  [404, 'not-found'],
  [413, 'invalid-input'],
  [422, 'invalid-input'],
]);

/** The HTTP status that the API server gave, where it was one that says why. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof AppError && typeof error.details.status === 'number' ? error.details.status : undefined;
}

/** Undefined where there is no such object, or no such kind. */
export async function findObject(
  client: KubeClient,
  path: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    return await client.get(path, signal);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
