/** Requests and answers of an authority's services: small bodies with a ceiling, errors as JSON with a message. */
import { AppError, httpStatusOf, parseJson } from '../../core/index.ts';

/** A log entry proposal with an envelope around a large SBOM. */
const MAX_BODY_BYTES = 48 * 1024 * 1024;

export interface Call {
  readonly request: Request;
  readonly url: URL;
  /** What the groups of the route's pattern matched. */
  readonly parts: readonly string[];
}

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly answer: (call: Call) => Promise<Response> | Response;
}

/** The first route of the path and method answers; undefined when none is of the path. */
export async function answerRoute(routes: readonly Route[], request: Request): Promise<Response | undefined> {
  const url = new URL(request.url);
  const matching = routes.flatMap((route) => {
    const parts = route.path.exec(url.pathname);
    return parts === null ? [] : [{ route, parts: parts.slice(1) }];
  });
  const [first] = matching;
  if (first === undefined) return undefined;
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const found = matching.find(({ route }) => route.method === method);
  if (found === undefined) return problem(405, `expected ${first.route.method}`);
  try {
    return await found.route.answer({ request, url, parts: found.parts });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const status = error.kind === 'invalid-input' ? 400 : httpStatusOf(error.kind);
    return problem(status, error.message);
  }
}

/** In the form that clients of Fulcio and Rekor print. */
export function problem(status: number, message: string): Response {
  return json(status, { code: status, message });
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json', ...headers } });
}

export function content(bytes: Uint8Array, type: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(Uint8Array.from(bytes), { headers: { 'content-type': type, ...headers } });
}

export function text(body: string, type = 'text/plain; charset=utf-8'): Response {
  return new Response(body, { headers: { 'content-type': type } });
}

export async function readBody(request: Request, maxBytes = MAX_BODY_BYTES): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new AppError('invalid-input', `body: expected at most ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export async function readJson(request: Request): Promise<unknown> {
  return parseJson(await readBody(request), { what: 'body', maxBytes: MAX_BODY_BYTES });
}
