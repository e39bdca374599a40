import { AppError, type Decoder, decodeJson } from '../../core/index.ts';
import { readBody } from './errors.ts';
import type { RegistryRequest, RegistryResponse, Transport } from './transport.ts';

/** A list that never ends is an attack or a bug; 1000 pages of 1000 entries are neither. */
const MAX_PAGES = 1000;
const MAX_PAGE_BYTES = 8 * 1024 * 1024;
/** Of all pages: a million tags of 128 characters, or ten thousand referrers with many annotations. */
const MAX_LIST_BYTES = 256 * 1024 * 1024;

export interface PageRequest<T> {
  readonly request: RegistryRequest;
  readonly decoder: Decoder<T>;
  /** A first answer with one of these statuses is an empty list. */
  readonly absent: readonly number[];
  /** The first page's answer, when it is here already. */
  readonly first?: RegistryResponse;
}

/** All pages of a list, following `Link: <...>; rel="next"` on the registry itself. */
export async function* fetchPages<T>(transport: Transport, wanted: PageRequest<T>): AsyncGenerator<T> {
  const seen = new Set<string>();
  let url = wanted.request.url;
  let total = 0;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    if (seen.has(url))
      throw new AppError('invalid-input', `${wanted.request.what}: the pages of the list form a circle`);
    seen.add(url);
    const request = { ...wanted.request, url };
    const isHere = page === 0 && wanted.first !== undefined;
    const response = isHere ? wanted.first : await transport.send(request, [200, ...(page === 0 ? wanted.absent : [])]);
    const body = await readBody(response, MAX_PAGE_BYTES);
    if (response.status !== 200) return;
    if (body === undefined)
      throw new AppError('invalid-input', `${wanted.request.what}: a page of more than ${MAX_PAGE_BYTES} bytes`);
    total += body.length;
    if (total > MAX_LIST_BYTES)
      throw new AppError('invalid-input', `${wanted.request.what}: a list of more than ${MAX_LIST_BYTES} bytes`);
    yield decodeJson(body, wanted.decoder, { what: wanted.request.what });
    const next = nextPage(response, transport.origin, wanted.request.what);
    if (next === undefined) return;
    url = next;
  }
  throw new AppError('invalid-input', `${wanted.request.what}: expected at most ${MAX_PAGES} pages, found more`);
}

/** The next page's address; on another host it would take our token along. */
function nextPage(response: RegistryResponse, origin: URL, what: string): string | undefined {
  for (const value of response.headers.get('link') ?? []) {
    const match = /<([^>]{1,4096})>\s*;[^<]*\brel="?next"?/i.exec(value);
    if (match?.[1] === undefined) continue;
    const url = URL.parse(match[1], response.url.href);
    if (url?.origin !== origin.origin) throw new AppError('invalid-input', `${what}: the next page is on another host`);
    return url.href;
  }
  return undefined;
}
