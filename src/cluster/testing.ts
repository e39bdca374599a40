/** An API server in memory for tests: collections with versions, watches that end, requests that can be made to fail. */
import type { Http, HttpRequest, HttpResponse } from '../core/index.ts';
import type { KubeObject } from './api/client.ts';

type Answer = { readonly status: number; readonly body: unknown };
type Change = { readonly version: number; readonly type: string; readonly object: KubeObject };

export interface MemoryApi {
  readonly http: Http;
  /** Method and path of each request, without the query. */
  readonly asked: readonly string[];
  put(collection: string, name: string, fields: KubeObject): void;
  remove(collection: string, name: string): void;
  get(collection: string, name: string): KubeObject | undefined;
  /** All that is asked is answered so, until it is taken back with undefined. */
  failWith(answer: Answer | undefined): void;
  /** Forgets which changes led here: a watch from before gets 410. */
  compact(): void;
}

export function createMemoryApi(): MemoryApi {
  let version = 1;
  let oldest = 1;
  let failure: Answer | undefined;
  const asked: string[] = [];
  const collections = new Map<string, Map<string, KubeObject>>();
  const changes = new Map<string, Change[]>();
  const collectionOf = (path: string) => collections.getOrInsertComputed(path, () => new Map<string, KubeObject>());
  const change = (path: string, type: string, object: KubeObject) => {
    version += 1;
    const changed = { ...object, metadata: { ...(object.metadata as KubeObject), resourceVersion: String(version) } };
    changes.getOrInsertComputed(path, () => []).push({ version, type, object: changed });
    return changed;
  };
  const put = (path: string, name: string, fields: KubeObject): KubeObject => {
    const known = collectionOf(path).get(name);
    const metadata = { ...(known?.metadata as KubeObject), ...(fields.metadata as KubeObject | undefined), name };
    const stored = change(path, known === undefined ? 'ADDED' : 'MODIFIED', { ...known, ...fields, metadata });
    collectionOf(path).set(name, stored);
    return stored;
  };
  const answer = (request: HttpRequest): Answer | readonly Change[] => {
    const { pathname, searchParams } = new URL(request.url);
    asked.push(`${request.method} ${pathname}`);
    if (failure !== undefined) return failure;
    const [, path = '', name = ''] = /^(.*)\/([^/]+?)(?:\/status)?$/.exec(pathname.replace(/\/status$/, '')) ?? [];
    if (request.method !== 'GET') {
      const value = JSON.parse(Buffer.from(request.body as Uint8Array).toString()) as KubeObject;
      return { status: 200, body: put(request.method === 'POST' ? pathname : path, nameOf(value), value) };
    }
    if (searchParams.get('watch') === '1') {
      const since = Number(searchParams.get('resourceVersion'));
      if (since < oldest) return { status: 200, body: { type: 'ERROR', object: { code: 410, message: 'too old' } } };
      return (changes.get(pathname) ?? []).filter((one) => one.version > since);
    }
    const one = collections.get(path)?.get(name);
    if (one !== undefined) return { status: 200, body: one };
    const items = [...collectionOf(pathname).values()];
    return { status: 200, body: { items, metadata: { resourceVersion: String(version) } } };
  };
  return {
    asked,
    http: async (request) => await respond(answer(request), request.signal),
    put: (collection, name, fields) => void put(collection, name, fields),
    remove: (collection, name) => {
      const known = collectionOf(collection).get(name);
      if (known !== undefined) change(collection, 'DELETED', known);
      collectionOf(collection).delete(name);
    },
    get: (collection, name) => collectionOf(collection).get(name),
    failWith: (answer) => (failure = answer),
    compact: () => {
      oldest = version += 1;
      changes.clear();
    },
  };
}

function nameOf({ metadata }: KubeObject): string {
  return String((metadata as KubeObject).name);
}

/** Milliseconds that a watch without news stays open. */
const WATCH_MS = 5;

async function respond(answer: Answer | readonly Change[], signal: AbortSignal | undefined): Promise<HttpResponse> {
  signal?.throwIfAborted();
  if ('status' in answer) return responseOf(answer.status, [JSON.stringify(answer.body)]);
  if (answer.length === 0) await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  return responseOf(
    200,
    answer.map(({ type, object }) => JSON.stringify({ type, object })),
  );
}

function responseOf(status: number, lines: readonly string[]): HttpResponse {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  // cut where nobody expects it, as a network does
  const chunks = [bytes.subarray(0, 7), bytes.subarray(7)];
  return {
    status,
    headers: new Map(),
    body: (async function* body() {
      yield* chunks;
    })(),
  };
}
