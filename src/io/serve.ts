import { createServer as createHttpsServer, type Server as TlsServer } from 'node:https';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { getRequestListener, RequestError } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { countBuffersAsHeap } from './bulk.ts';
import { AppError, type ServeOptions, type WebHandler, type WebServer } from '../core/index.ts';

/** Requests whose headers take longer are cut off: slow-header attacks. */
const HEADERS_TIMEOUT = 15_000;
/** Longer than clients keep an idle connection (the API server: 90 seconds): who is cut off while it asks gets no answer. */
const IDLE_TIMEOUT = 120_000;
/** Milliseconds without a byte in either direction after which a connection is cut: longer than it takes to check a large layer. */
const STALL_TIMEOUT = 300_000;
/** Milliseconds for which running answers may go on after close(), where nobody says otherwise. */
const CLOSE_GRACE = 5_000;
const IDLE_SWEEP = 50;
/** Bytes received ahead of the reader: with node's 64 KiB a fast sender is paused after each read. */
const SERVER = { highWaterMark: 1024 * 1024 };
/** Fields of which clients want each value on a line of its own; Web headers join them (RFC 9110 5.3). */
const SEPARATE = 'oci-tag';

/** Serves a handler on a socket; a thrown error is answered with 500 and tells nothing of its cause. */
export async function serveHttp(handler: WebHandler, options: ServeOptions): Promise<WebServer> {
  countBuffersAsHeap();
  const listener = getRequestListener(
    async (request, { incoming, outgoing }) => {
      const address = incoming.socket.remoteAddress ?? '';
      // whoever stops reading may still want to answer
      const body = { [Symbol.asyncIterator]: () => incoming.iterator({ destroyOnReturn: false }) };
      const contents = new WeakMap<Response, AsyncIterable<Uint8Array>>();
      const send = (answer: Response, content: AsyncIterable<Uint8Array>) => void contents.set(answer, content);
      const response = await handler(request, { address, body, send });
      const content = contents.get(response);
      if (content !== undefined) return await sendContent(response, content, outgoing as ServerResponse);
      const joined = response.headers.get(SEPARATE);
      if (joined === null) return response;
      response.headers.delete(SEPARATE);
      (outgoing as ServerResponse).setHeader(SEPARATE, joined.split(', '));
      return response;
    },
    // probes of load balancers speak HTTP/1.0 and name no host
    { overrideGlobalObjects: false, hostname: 'localhost', errorHandler: answerError },
  );
  const answer: RequestListener = (incoming, outgoing) => void listener(incoming, outgoing);
  const server: Server =
    options.tls === undefined
      ? createServer(SERVER, answer)
      : createHttpsServer({ ...SERVER, cert: options.tls.certificate, key: options.tls.key }, answer);
  server.headersTimeout = HEADERS_TIMEOUT;
  server.keepAliveTimeout = IDLE_TIMEOUT;
  // a layer of gigabytes may take longer than node's five minutes, as long as something comes
  server.requestTimeout = 0;
  server.setTimeout(STALL_TIMEOUT);
  await listen(server, options);
  return {
    url: urlOf(server, options),
    renew: ({ certificate, key }) => {
      if ('setSecureContext' in server) (server as TlsServer).setSecureContext({ cert: certificate, key });
    },
    close: () => close(server, options.graceMs ?? CLOSE_GRACE),
  };
}

function answerError(error: unknown): Response {
  return error instanceof RequestError
    ? new Response('expected a host and a path\n', { status: 400 })
    : new Response('internal error\n', { status: 500 });
}

async function sendContent(head: Response, content: AsyncIterable<Uint8Array>, to: ServerResponse): Promise<Response> {
  to.writeHead(head.status, Object.fromEntries(head.headers));
  try {
    for await (const chunk of content) await write(to, chunk);
    to.end();
  } catch (cause) {
    // too late to say anything: the client sees less than was promised
    to.destroy(cause instanceof Error ? cause : undefined);
  }
  return RESPONSE_ALREADY_SENT;
}

/** Done when the system has all of it, so that its memory may be used again. */
function write(to: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new AppError('unavailable', 'the client closed the connection'));
    if (to.destroyed) return onClose();
    to.once('close', onClose);
    to.write(chunk, (cause) => {
      to.off('close', onClose);
      if (cause) reject(cause);
      else resolve();
    });
  });
}

function listen(server: Server, options: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new AppError('unavailable', `${options.host}:${options.port}: ${cause.message}`, { cause }));
    });
    server.listen(options.port, options.host, resolve);
  });
}

function urlOf(server: Server, options: ServeOptions): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return `${options.tls === undefined ? 'http' : 'https'}://${host}:${port}`;
}

async function close(server: Server, graceMs: number): Promise<void> {
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
  // a connection that is kept alive becomes idle when its answer is done
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  clearTimeout(deadline);
  clearInterval(sweep);
}
