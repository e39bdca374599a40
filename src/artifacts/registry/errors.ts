/** What a registry answers when it refuses, as one of our errors. */
import { AppError, isRecord, parseShallowJson, type ErrorKind, type HttpResponse } from '../../core/index.ts';

/** An error body says what it has to say in this many bytes. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_MESSAGE = 300;
/** Answers after which the same request may fare better; 499 and 522 come from proxies. */
export const RETRYABLE: readonly number[] = [408, 429, 499, 500, 502, 503, 504, 522];

/** Reads at most maxBytes of a body; `undefined` when there is more. The connection is freed either way. */
export async function readBody(response: HttpResponse, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of response.body) {
    total += chunk.length;
    if (total > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/** The text of an error's body, and the body to be read once more; one of more than 64 KiB counts as empty. */
export async function peek(
  response: HttpResponse,
): Promise<{ readonly text: string; readonly body: AsyncIterable<Uint8Array> }> {
  const content = (await readBody(response, MAX_ERROR_BYTES)) ?? new Uint8Array();
  const body = async function* () {
    yield content;
  };
  return { text: new TextDecoder().decode(content), body: body() };
}

/** Frees the connection of an answer whose body does not matter. */
export async function discard(response: HttpResponse): Promise<void> {
  try {
    await readBody(response, MAX_ERROR_BYTES);
  } catch {
    // the status is known; a connection that breaks now takes nothing away
  }
}

/** `what` names the request's object: `registry.example.com/app: manifest v1`; `now` turns waits into times of day. */
export async function refusal(response: HttpResponse, what: string, now: Date): Promise<AppError> {
  const said = await errorMessage(response);
  const kind = kindOf(response.status);
  const wait = retryAfter(response, now);
  const limit = response.status === 429 ? rateLimit(response, wait, now) : '';
  const message = `${what}: the registry answered ${response.status}${said === '' ? '' : `, ${said}`}${limit}`;
  return new AppError(kind, message, {
    details: { status: response.status, ...(wait === undefined ? {} : { retryAfter: wait }) },
    ...(kind === 'unauthorized'
      ? { hint: 'plimsoll login REGISTRY stores credentials; check that they may do this' }
      : {}),
  });
}

/** Milliseconds that a Retry-After header asks for, in seconds or as a date (RFC 9110 10.2.3). */
function retryAfter(response: HttpResponse, now: Date): number | undefined {
  const text = response.headers.get('retry-after')?.[0];
  if (text === undefined) return undefined;
  const wait = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  return Number.isFinite(wait) ? Math.max(wait, 0) : undefined;
}

/** `ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 0;w=21600`: so many requests in so many seconds. */
function rateLimit(response: HttpResponse, wait: number | undefined, now: Date): string {
  const read = (name: string) => /^(\d{1,9})(?:;w=(\d{1,9}))?/.exec(response.headers.get(name)?.[0] ?? '');
  const [limit, remaining] = [read('ratelimit-limit'), read('ratelimit-remaining')];
  const window = limit?.[2] ?? remaining?.[2];
  const per = window === undefined ? '' : ` in ${Number(window) / 3600} h`;
  const counts =
    limit === null ? '' : `, its limit is ${limit[1]}${per}${remaining === null ? '' : `, ${remaining[1]} left`}`;
  // a sliding window without Retry-After: at its end at the latest all of it is free again
  const end = wait ?? (window === undefined ? undefined : Number(window) * 1000);
  const when = end === undefined ? '' : `, try again ${wait === undefined ? 'by' : 'at'} ${timeText(now, end)}`;
  return `${counts}${when}`;
}

function timeText(now: Date, wait: number): string {
  return new Date(Math.min(now.getTime() + wait, 8.64e15)).toISOString().replace(/\.\d+Z$/, 'Z');
}

function kindOf(status: number): ErrorKind {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not-found';
  if (RETRYABLE.includes(status) || status >= 500) return 'unavailable';
  return 'invalid-input';
}

async function errorMessage(response: HttpResponse): Promise<string> {
  try {
    const body = await readBody(response, MAX_ERROR_BYTES);
    const document: unknown = parseShallowJson(new TextDecoder().decode(body ?? new Uint8Array()));
    if (!isRecord(document) || !Array.isArray(document.errors)) return '';
    const texts = document.errors
      .slice(0, 3)
      .filter(isRecord)
      .map((error) => `${textOf(error.code)} ${textOf(error.message)}`);
    return printable(texts.join('; ')).trim();
  } catch {
    // no error body in the form of the specification: the status alone must do
    return '';
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Foreign text must not steer the reader's terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7E\u00A0-\uFFFF]/g, ' ').slice(0, MAX_MESSAGE);
}
