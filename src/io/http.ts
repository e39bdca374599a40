/**
 * HTTP/1.1 client over node:http and node:https with kept-alive connections; honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
 * Not done: redirects (the caller decides), HTTP/2, content decoding.
 */
import type { Agent as HttpAgent, ClientRequest, IncomingMessage } from 'node:http';
import type { Agent as HttpsAgent, AgentOptions } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { AppError, type Environment, type Http, type HttpRequest, type HttpResponse } from '../core/index.ts';

// An import statement would read every export of the module, and one of them loads node's whole web client: a third of a cold start.
const { Agent, request: requestHttp } = process.getBuiltinModule('node:http');

export interface HttpOptions {
  /** For the proxy variables; none when absent. */
  readonly environment?: Environment;
  /** PEM certificates trusted besides the system's. */
  readonly extraCa?: string;
  /** Milliseconds until a connection must stand. */
  readonly connectTimeout?: number;
  /** Milliseconds without any byte in either direction. */
  readonly stallTimeout?: number;
}

const CONNECT_TIMEOUT = 10_000;
/** A registry may think for a minute after an upload; longer silence is a dead peer. */
const STALL_TIMEOUT = 90_000;

interface Exchange {
  readonly http: HttpAgent;
  /** Loaded when first needed: a registry on loopback needs no TLS, and a cold start should not pay for it. */
  readonly https: () => { readonly agent: HttpsAgent; readonly request: typeof requestHttp };
  readonly connectTimeout: number;
  readonly stallTimeout: number;
}

export function createHttp(options: HttpOptions = {}): Http {
  const shared = { keepAlive: true, maxSockets: 64, proxyEnv: { ...options.environment } };
  let tls: ReturnType<Exchange['https']> | undefined;
  const exchange: Exchange = {
    http: new Agent(shared),
    https: () => (tls ??= loadTls({ ...shared, ...(options.extraCa === undefined ? {} : { ca: options.extraCa }) })),
    connectTimeout: options.connectTimeout ?? CONNECT_TIMEOUT,
    stallTimeout: options.stallTimeout ?? STALL_TIMEOUT,
  };
  return (request) => send(request, exchange);
}

async function send(request: HttpRequest, exchange: Exchange): Promise<HttpResponse> {
  const url = parseUrl(request.url);
  if (request.signal?.aborted === true) throw unavailable(url, request.signal.reason);
  const outgoing = open(request, url, exchange);
  watchTimeouts(outgoing, exchange);
  const answer = answerOf(outgoing);
  try {
    const sending = sendBody(outgoing, request.body);
    // An answer may come before the body is through (401, 413): then the broken sending is no error.
    const incoming = await Promise.race([answer, sending.then(() => answer)]);
    return responseOf(incoming, request.method, url);
  } catch (cause) {
    outgoing.destroy();
    throw cause instanceof AppError ? cause : unavailable(url, cause);
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new AppError('invalid-input', `expected an http or https address, found ${JSON.stringify(text.slice(0, 200))}`);
}

function loadTls(options: AgentOptions): ReturnType<Exchange['https']> {
  const https = process.getBuiltinModule('node:https');
  return { agent: new https.Agent(options), request: https.request };
}

function open(request: HttpRequest, url: URL, exchange: Exchange): ClientRequest {
  const headers: Record<string, string> = { ...request.headers };
  if (request.body instanceof Uint8Array) headers['content-length'] = String(request.body.length);
  const options = {
    method: request.method,
    headers,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  };
  if (url.protocol === 'http:') return requestHttp(url, { ...options, agent: exchange.http });
  const tls = exchange.https();
  return tls.request(url, { ...options, agent: tls.agent });
}

function watchTimeouts(outgoing: ClientRequest, exchange: Exchange): void {
  outgoing.setTimeout(exchange.stallTimeout, () => {
    outgoing.destroy(new Error(`no byte for ${exchange.stallTimeout / 1000} s`));
  });
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => {
      outgoing.destroy(new Error(`no connection within ${exchange.connectTimeout / 1000} s`));
    }, exchange.connectTimeout);
    const done = () => clearTimeout(timer);
    socket.once('connect', done);
    socket.once('close', done);
  });
}

function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    // stays for errors after the answer too: they reach the reader of the body
    outgoing.on('error', reject);
  });
  answer.catch(() => undefined);
  return answer;
}

async function sendBody(outgoing: ClientRequest, body: HttpRequest['body']): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) {
    outgoing.end(body);
    return;
  }
  await pipeline(body, outgoing);
}

function responseOf(incoming: IncomingMessage, method: string, url: URL): HttpResponse {
  const status = incoming.statusCode ?? 0;
  const headers = new Map<string, readonly string[]>();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) if (values) headers.set(name, values);
  if (method === 'HEAD' || status === 204 || status === 304) {
    incoming.resume();
    return { status, headers, body: empty() };
  }
  return { status, headers, body: { [Symbol.asyncIterator]: () => readBody(incoming, url) } };
}

async function* empty(): AsyncGenerator<Uint8Array> {
  // nothing comes
}

/** Not a generator: `return()` before the first `next()` must free the connection too. */
function readBody(incoming: IncomingMessage, url: URL): AsyncIterator<Uint8Array> {
  const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return {
    next: async () => {
      try {
        return await chunks.next();
      } catch (cause) {
        throw unavailable(url, cause);
      }
    },
    return: async () => {
      if (!incoming.readableEnded) incoming.destroy();
      return { done: true, value: undefined };
    },
  };
}

function unavailable(url: URL, cause: unknown): AppError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const message = cause instanceof Error ? cause.message || code : String(cause);
  const reason = cause instanceof Error && cause.name === 'AbortError' ? 'cancelled or out of time' : message;
  return new AppError('unavailable', `${url.host}: ${reason}`, { cause, details: { host: url.host, code, reason } });
}
