/** What a registry answers when it refuses, as one of our errors. */
import { AppError, isRecord, type ErrorKind, type HttpResponse } from '../../core/index.ts';

/** An error body says what it has to say in this many bytes. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_MESSAGE = 300;

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

/** Frees the connection of an answer whose body does not matter. */
export async function discard(response: HttpResponse): Promise<void> {
  try {
    await readBody(response, MAX_ERROR_BYTES);
  } catch {
    // the status is known; a connection that breaks now takes nothing away
  }
}

/** `what` names the request's object: `registry.example.com/app: manifest v1`. */
export async function refusal(response: HttpResponse, what: string): Promise<AppError> {
  const said = await errorMessage(response);
  const kind = kindOf(response.status);
  const message = `${what}: the registry answered ${response.status}${said === '' ? '' : `, ${said}`}`;
  return new AppError(kind, message, {
    details: { status: response.status },
    ...(kind === 'unauthorized'
      ? { hint: 'plimsoll login REGISTRY stores credentials; check that they may do this' }
      : {}),
  });
}

function kindOf(status: number): ErrorKind {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not-found';
  if (status === 408 || status === 429 || status >= 500) return 'unavailable';
  return 'invalid-input';
}

async function errorMessage(response: HttpResponse): Promise<string> {
  try {
    const body = await readBody(response, MAX_ERROR_BYTES);
    const document: unknown = JSON.parse(new TextDecoder().decode(body ?? new Uint8Array()));
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
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7E\u00A0-\uFFFF]/g, ' ').slice(0, MAX_MESSAGE);
}
