/** One exchange with a service of Sigstore or an OpenID provider: JSON or bytes, small, with a deadline and few tries. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, parseJson, type Http, type HttpTls } from '../../core/index.ts';

/** A certificate chain or a log entry has some kilobytes. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const MAX_EXCERPT = 300;
const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 300;
/** Rekor v2 answers when a checkpoint holds the entry, which takes seconds. */
const DEADLINE_MS = 60_000;

export interface Exchange {
  readonly method?: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly tls?: HttpTls | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Of the answer; 4 MiB when absent. */
  readonly maxBytes?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly bytes: Uint8Array;
}

/** Tried again while there is no answer, or 429 or 5xx. `what` names the service in errors. Throws `unavailable`. */
export async function exchange(http: Http, what: string, request: Exchange): Promise<Answer> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await once(http, what, { ...request, signal });
      if ((answer.status !== 429 && answer.status < 500) || attempt === ATTEMPTS) return answer;
    } catch (error) {
      const mayRetry = error instanceof AppError && error.kind === 'unavailable' && attempt < ATTEMPTS;
      if (!mayRetry || signal.aborted) throw error;
    }
    await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1), undefined, { signal });
  }
}

async function once(http: Http, what: string, request: Exchange): Promise<Answer> {
  const { method = 'GET', url, headers = {}, body, tls, signal, maxBytes = MAX_ANSWER_BYTES } = request;
  const response = await http({
    method,
    url,
    headers,
    ...(body === undefined ? {} : { body }),
    ...(tls === undefined ? {} : { tls }),
    ...(signal === undefined ? {} : { signal }),
  });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > maxBytes) throw new AppError('invalid-input', `${what} at ${url}: expected at most ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return { status: response.status, headers: response.headers, bytes: Buffer.concat(chunks) };
}

/** The answer's JSON when its status is one of these; else an error of what the service said. */
export function jsonOf(answer: Answer, what: string, url: string, good: readonly number[] = [200, 201]): unknown {
  if (!good.includes(answer.status)) throw refusal(answer, what, url);
  return parseJson(answer.bytes, { what: `${what} at ${url}`, maxBytes: MAX_ANSWER_BYTES });
}

export function refusal(answer: Answer, what: string, url: string): AppError {
  const said = new TextDecoder().decode(answer.bytes.subarray(0, MAX_EXCERPT)).trim();
  const message = `${what} at ${url}: answered ${answer.status}${said === '' ? '' : `: ${said}`}`;
  if (answer.status === 401 || answer.status === 403) return new AppError('unauthorized', message);
  return new AppError(answer.status >= 500 || answer.status === 429 ? 'unavailable' : 'invalid-input', message);
}

export function postJson(
  http: Http,
  what: string,
  url: string,
  value: unknown,
  options: Partial<Exchange> = {},
): Promise<Answer> {
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...options.headers };
  return exchange(http, what, { ...options, method: 'POST', url, headers, body: Buffer.from(JSON.stringify(value)) });
}
