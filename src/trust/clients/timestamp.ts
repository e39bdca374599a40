/** A client of timestamp authorities (RFC 3161 over HTTP). */
import { AppError, type Http, type Random } from '../../core/index.ts';
import { encodeTimestampRequest, isEqualBytes, parseTimestamp } from '../crypto/index.ts';
import { exchange, refusal } from './exchange.ts';

const WHAT = 'timestamp authority';
const NONCE_BYTES = 16;

/** A TimeStampResp over these bytes. `url` is the whole address that requests go to. */
export async function requestTimestamp(
  ports: { readonly http: Http; readonly random: Random },
  url: string,
  content: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { request, digest } = encodeTimestampRequest(content, ports.random(NONCE_BYTES));
  const headers = { 'content-type': 'application/timestamp-query' };
  const answer = await exchange(ports.http, WHAT, { method: 'POST', url, headers, body: request, signal });
  if (answer.status !== 200 && answer.status !== 201) throw refusal(answer, WHAT, url);
  const { imprint } = parseTimestamp(answer.bytes, `${WHAT} at ${url}`);
  if (isEqualBytes(imprint.digest, digest)) return answer.bytes;
  throw new AppError(
    'invalid-input',
    `${WHAT} at ${url}: expected a timestamp of what was sent, found one of something else`,
  );
}
