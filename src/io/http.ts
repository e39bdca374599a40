/**
 * HTTP/1.1 client over node:http and node:https with kept-alive connections, one pool for all; honours HTTP_PROXY,
 * HTTPS_PROXY and NO_PROXY. Trusts the authorities of the system and those that come with Node.
 * Not done: redirects (the caller decides), HTTP/2, content decoding.
 */
import type { Agent, ClientRequest, IncomingMessage, request } from 'node:http';
import type { AgentOptions } from 'node:https';
import { pipeline } from 'node:stream/promises';
import type { SecureContextOptions } from 'node:tls';
import {
  AppError,
  type Environment,
  type Http,
  type HttpRequest,
  type HttpResponse,
  type HttpTls,
} from '../core/index.ts';
import { countBuffersAsHeap, largeReads } from './bulk.ts';
import { createLimiter, type Limiter } from './limiter.ts';

export interface HttpOptions {
  /** For the proxy variables; none when absent. */
  readonly environment?: Environment;
  /** Milliseconds until a connection must stand. */
  readonly connectTimeout?: number;
  /** Milliseconds without any byte in either direction. */
  readonly stallTimeout?: number;
}

const CONNECT_TIMEOUT = 10_000;
/** A registry may think for a minute after an upload; longer silence is a dead peer. */
const STALL_TIMEOUT = 90_000;
/** From so many bytes on memory is looked after; nearly all answers are smaller. */
const BULK = 16 * 1024 * 1024;

interface Pool {
  readonly agent: Agent;
  readonly request: typeof request;
}

interface Exchange {
  readonly poolFor: (url: URL, tls: HttpTls | undefined) => Pool;
  readonly limiter: Limiter;
  readonly connectTimeout: number;
  readonly stallTimeout: number;
}

export function createHttp(options: HttpOptions = {}): Http {
  const shared = { keepAlive: true, maxSockets: 64, proxyEnv: { ...options.environment } };
  const pools = new Map<string, Pool>();
  const exchange: Exchange = {
    poolFor: (url, tls = {}) => {
      const key = url.protocol === 'http:' ? '' : JSON.stringify(tls);
      const pool = pools.get(key) ?? (key === '' ? openPlainPool(shared) : openPool(shared, tls));
      pools.set(key, pool);
      return pool;
    },
    limiter: createLimiter(),
    connectTimeout: options.connectTimeout ?? CONNECT_TIMEOUT,
    stallTimeout: options.stallTimeout ?? STALL_TIMEOUT,
  };
  return (request) => send(request, exchange);
}

async function send(request: HttpRequest, exchange: Exchange): Promise<HttpResponse> {
  const url = parseUrl(request.url);
  if (request.signal?.aborted === true) throw unavailable(url, request.signal.reason);
  const isStream = request.body !== undefined && !(request.body instanceof Uint8Array);
  // a stream may come from an answer of the same host: it never waits, or both might wait for each other
  const leave = isStream ? undefined : await exchange.limiter.enter(url.host);
  let status: number | undefined;
  try {
    const incoming = await ask(request, url, exchange);
    status = incoming.statusCode;
    return responseOf(incoming, request.method, url);
  } catch (cause) {
    throw cause instanceof AppError ? cause : unavailable(url, cause);
  } finally {
    leave?.(status);
  }
}

async function ask(request: HttpRequest, url: URL, exchange: Exchange): Promise<IncomingMessage> {
  const outgoing = open(request, url, exchange);
  watchTimeouts(outgoing, exchange);
  const answer = answerOf(outgoing);
  let isSent = false;
  try {
    const sending = sendBody(outgoing, request.body).then(() => {
      isSent = true;
    });
    // An answer may come before the body is through (401, 413): then the broken sending is no error.
    const incoming = await Promise.race([answer, sending.then(() => answer)]);
    // and nobody wants the rest of it
    incoming.once('end', () => {
      if (!isSent) outgoing.destroy();
    });
    return incoming;
  } catch (cause) {
    outgoing.destroy();
    throw cause;
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new AppError('invalid-input', `expected an http or https address, found ${JSON.stringify(text.slice(0, 200))}`);
}

// Node's modules are loaded when they are first needed: a cold start should not pay for them. (An import statement would also read every
// export of node:http, one of which loads the whole web client.)

function openPlainPool(options: AgentOptions): Pool {
  const http = process.getBuiltinModule('node:http');
  const plain = { ...options, onread: largeReads() };
  return { agent: new http.Agent(plain), request: http.request };
}

/** One secure context for all connections: reading the authorities takes longer than a handshake. */
function openPool(options: AgentOptions, tls: HttpTls): Pool {
  const https = process.getBuiltinModule('node:https');
  const { createSecureContext, getCACertificates } = process.getBuiltinModule('node:tls');
  const trusted = new Set([...getCACertificates('default'), ...getCACertificates('system')]);
  const context: SecureContextOptions = {
    ca: [...trusted, ...(tls.ca === undefined ? [] : [tls.ca])],
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  };
  const agent = new https.Agent({
    ...options,
    secureContext: createSecureContext(context),
    rejectUnauthorized: tls.skipVerify !== true,
  });
  return { agent, request: https.request };
}

function open(request: HttpRequest, url: URL, exchange: Exchange): ClientRequest {
  const headers: Record<string, string> = { ...request.headers };
  if (request.body instanceof Uint8Array) headers['content-length'] = String(request.body.length);
  const options = {
    method: request.method,
    headers,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  };
  const pool = exchange.poolFor(url, request.tls);
  return pool.request(url, { ...options, agent: pool.agent });
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
    // 101 (Switching Protocols), which nobody asked for, is neither answer nor error to node: it closes the connection
    outgoing.once('close', () => reject(new Error('the connection was closed without an answer')));
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
  if (Number(incoming.headers['content-length'] ?? 0) > BULK) countBuffersAsHeap();
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
  const message = cause instanceof Error ? textOf(cause) || code : String(cause);
  const reason = cause instanceof Error && cause.name === 'AbortError' ? 'cancelled or out of time' : message;
  return new AppError('unavailable', `${url.host}: ${reason}`, { cause, details: { host: url.host, code, reason } });
}

/** OpenSSL's own words without its place in memory and source, Node's without its advice to those who run Node. */
function textOf(cause: Error): string {
  const isOpenSsl = 'code' in cause && String(cause.code).startsWith('ERR_SSL_');
  if (isOpenSsl && 'reason' in cause && typeof cause.reason === 'string') return cause.reason;
  return cause.message.replace(/; if the root CA .*$/, '');
}
