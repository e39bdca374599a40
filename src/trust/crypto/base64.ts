import { AppError } from '../../core/index.ts';

/** Searched for what does not belong: a pattern of the whole text would need stack by the million characters. */
const NOT_STANDARD = /[^A-Za-z0-9+/]/;
const NOT_URL_SAFE = /[^A-Za-z0-9_-]/;

/**
 * Standard or URL-safe base64 (RFC 4648 4 and 5), padded or not, but never mixed and never with other characters:
 * Node's own decoder skips what it does not know, so two readers could see different bytes.
 * Throws `invalid-input` naming `path`.
 */
export function decodeBase64(text: string, path: string): Uint8Array {
  const found = findBase64(text);
  if (found !== undefined) return found;
  throw new AppError('invalid-input', `${path}: expected base64, found ${text.length} characters that are not`);
}

/** The bytes, or undefined when the text is not base64. */
export function findBase64(text: string): Uint8Array | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const body = text.slice(0, text.length - padding);
  const rest = body.length % 4;
  if (rest === 1 || (padding > 0 && rest + padding !== 4)) return undefined;
  if (!NOT_STANDARD.test(body)) return new Uint8Array(Buffer.from(body, 'base64'));
  if (!NOT_URL_SAFE.test(body)) return new Uint8Array(Buffer.from(body, 'base64url'));
  return undefined;
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
