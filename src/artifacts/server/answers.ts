/** Answers of the registry in the form of the distribution specification, clause "Error Codes". */

export type ErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'TOOMANYREQUESTS'
  | 'UNSUPPORTED';

type HeaderValues = Readonly<Record<string, string>>;

/** Thrown inside a route to answer with an error. */
export class Refusal extends Error {
  readonly response: Response;

  constructor(status: number, code: ErrorCode, message: string, headers: HeaderValues = {}) {
    super(message);
    this.response = json(status, { errors: [{ code, message, detail: null }] }, headers);
  }
}

export function json(status: number, value: unknown, headers: HeaderValues = {}): Response {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return new Response(body, {
    status,
    headers: { 'content-type': 'application/json', 'content-length': String(body.length), ...headers },
  });
}

export function empty(status: number, headers: HeaderValues = {}): Response {
  const isBodiless = status === 204 || status === 304;
  return new Response(null, { status, headers: isBodiless ? headers : { 'content-length': '0', ...headers } });
}

export function text(status: number, body: string, type = 'text/plain'): Response {
  return new Response(body, { status, headers: { 'content-type': type } });
}
