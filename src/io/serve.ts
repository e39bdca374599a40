import { createServer as createHttpsServer } from 'node:https';
import { createServer, type RequestListener, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { AppError, type ServeOptions, type WebHandler, type WebServer } from '../core/index.ts';

/** Requests whose headers take longer are cut off: slow-header attacks. */
const HEADERS_TIMEOUT = 15_000;
/** Milliseconds for which running answers may go on after close(). */
const CLOSE_GRACE = 5_000;

/** Serves a handler on a socket; a thrown error is answered with 500 and tells nothing of its cause. */
export async function serveHttp(handler: WebHandler, options: ServeOptions): Promise<WebServer> {
  const listener = getRequestListener((request) => handler(request), {
    overrideGlobalObjects: false,
    errorHandler: () => new Response('internal error\n', { status: 500 }),
  });
  const answer: RequestListener = (incoming, outgoing) => void listener(incoming, outgoing);
  const server: Server =
    options.tls === undefined
      ? createServer(answer)
      : createHttpsServer({ cert: options.tls.certificate, key: options.tls.key }, answer);
  server.headersTimeout = HEADERS_TIMEOUT;
  // a layer of gigabytes may take longer than node's five minutes
  server.requestTimeout = 0;
  await listen(server, options);
  return { url: urlOf(server, options), close: () => close(server) };
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

async function close(server: Server): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE);
  server.closeIdleConnections();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  clearTimeout(timer);
}
